"""The draw: how the lots were drawn, and whether the shares drawn are those that were declared."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from lodd.locale import long_date, month_year
from lodd.report import disclosure
from lodd.report.context import Context
from lodd.report.drawing.shares import PeriodShare, SitePanel, share_panels
from lodd.report.labels import stratum_label
from lodd.report.model import (
    Block,
    Bullets,
    Cell,
    Column,
    Details,
    Drawing,
    Figure,
    Notice,
    Paragraph,
    Part,
    Row,
    Section,
    Table,
)
from lodd.report.sections.integrity import integrity

_DASH = "\N{EN DASH}"
Rows = Sequence[dict[str, Any]]


def draw(c: Context) -> Section:
    """Method, what is not verified, shares by site and period."""
    w = c.words
    blocks: list[Block] = [Paragraph(w(f"draw.method.{c.trial.draw.method}"))]
    blocks += _verified(c)
    blocks.append(Part("shares", w("shares.heading"), tuple(_shares(c))))
    blocks += integrity(c)
    return Section("draw", w("draw.heading"), tuple(blocks))


def _verified(c: Context) -> list[Block]:
    """What verifying the ledger gave, and what it cannot show. Single events are not named: the report is public."""
    w, result = c.words, c.verification
    if c.external or result is None or not result.applicable:
        key = "draw.nothing_to_verify" if c.external else "draw.not_verified"
        return [Notice(w(key), w(f"{key}_text"), "plain" if c.external else "warning")]
    blocks: list[Block] = []
    if result.ok and c.agrees is not False:
        counts = {name: c.number(result.counts.get(name, 0)) for name in ("recomputed", "answers", "events")}
        blocks.append(Notice(w("draw.verified"), w("draw.verified_text", **counts)))
    else:
        found = c.number(len(result.findings) + (c.agrees is False))
        blocks.append(Notice(w("draw.failed"), w("draw.failed_text", found=found), "warning"))
    if c.agrees is not None:
        blocks.append(Paragraph(w("draw.agrees" if c.agrees else "draw.disagrees")))
    for heading, said in (("draw.shown", result.proven), ("draw.not_shown", result.not_proven)):
        if said:
            blocks += [Paragraph(w(heading)), Bullets(tuple(c.text(text) for text in said))]
    return blocks


def _shares(c: Context) -> list[Block]:
    rows = [row for row in c.evaluation.draw_shares_site.to_dicts() if row["arm"] in c.treated_arms]
    sites = [row for row in rows if row["period_from"] is None]
    periods = [row for row in rows if row["period_from"] is not None]
    if not sites:
        return [Paragraph(c.words("shares.none"))]
    blocks: list[Block] = [Paragraph(_verdict(c, periods or sites))]
    if len(periods) > len(sites):
        blocks.append(_figure(c, periods))
    blocks.append(_site_table(c, sites))
    if len(periods) > len(sites):
        blocks.append(_folded(c, "tab-shares-period", "shares.period_caption", _period_rows(c, periods)))
    strata = [row for row in c.evaluation.draw_shares.to_dicts() if row["arm"] in c.treated_arms]
    if len(strata) > len(periods):
        blocks.append(_folded(c, "tab-shares-stratum", "shares.stratum_caption", _stratum_rows(c, strata)))
    return blocks


def _verdict(c: Context, rows: Rows) -> str:
    """How many shares lie further from the declared than lots alone would often bring."""
    tested = [float(row["p_value"]) for row in rows if row.get("p_value") is not None]
    if not tested:
        return c.words("shares.fixed" if c.trial.draw.method in {"complete", "blocks"} else "shares.untested")
    small = sum(p < 0.05 for p in tested)
    return c.words(
        "shares.verdict",
        small=c.number(small),
        tested=c.number(len(tested)),
        expected=c.number(0.05 * len(tested), 1),
        smallest=c.p(min(tested)),
    )


# Figure ---------------------------------------------------------------------------------------------------------------


def _figure(c: Context, periods: Rows) -> Figure:
    w, panels = c.words, _panels(c, periods)
    arms = c.join([c.drawn_to(arm) for arm in c.treated_arms])

    def drawn(columns: int, width: int) -> Drawing:
        legend = (w("shares.declared"), w("shares.drawn"))
        return share_panels(panels, tick=c.percent, legend=legend, columns=columns, width=width)

    return Figure(
        id="fig-shares",
        headline=w("shares.headline", arms=arms),
        subtitle=w("shares.subtitle"),
        wide=drawn(3, 720),
        narrow=drawn(2, 350),
        alternative=w("shares.alternative", verdict=_verdict(c, periods)),
        note=w("shares.figure_note"),
        source=c.source,
    )


def _panels(c: Context, periods: Rows) -> list[SitePanel]:
    panels = []
    for site, declared in c.trial.sites.items():
        shares = []
        for arm in c.treated_arms:
            own = sorted((r for r in periods if r["site"] == site and r["arm"] == arm), key=lambda r: r["period_from"])
            shares += [_period_share(c, row, following) for row, following in zip(own, [*own[1:], None], strict=True)]
        if shares:
            panels.append(SitePanel(declared.label, shares))
    return panels


def _period_share(c: Context, row: dict[str, Any], following: dict[str, Any] | None) -> PeriodShare:
    until: date = following["period_from"] - timedelta(days=1) if following else c.trial.enrolment.closes
    since: date = row["period_from"]
    drawn = None if disclosure.hidden(row["n"]) or not row["n"] else row["share"]
    return PeriodShare(c.arm_class(row["arm"]), since, max(since, until), row["declared"], drawn)


# Tables ---------------------------------------------------------------------------------------------------------------


def _columns(c: Context, *labels: str) -> tuple[Column, ...]:
    w = c.words
    texts = [Column(w(label), numeric=False) for label in labels]
    arm = [Column(w("shares.arm"), numeric=False)] if c.several_arms else []
    numbers = [Column(w(f"shares.{name}")) for name in ("people", "count", "drawn", "declared", "p")]
    return (*texts, *arm, *numbers)


def _numbers(c: Context, row: dict[str, Any]) -> list[Cell]:
    n, count = int(row["n"]), int(row["drawn"])
    small = disclosure.hidden(n) or disclosure.hidden(count) or disclosure.hidden(n - count)
    share = _DASH if small or not n else c.percent(float(row["share"]), 1)
    declared = _DASH if row["declared"] is None else c.percent(row["declared"], 1)
    arm = [Cell(c.arm(row["arm"]))] if c.several_arms else []
    p = Cell(_DASH) if small else Cell(c.p(row["p_value"]))
    shown = [Cell(c.people(n)), Cell(c.words("disclosure.hidden") if small else c.people(count))]
    return [*arm, *shown, Cell(share), Cell(declared), p]


def _site(c: Context, row: dict[str, Any]) -> str:
    site = str(row["site"])
    return c.trial.sites[site].label if site in c.trial.sites else site


def _site_table(c: Context, sites: Rows) -> Table:
    rows = tuple(Row((Cell(_site(c, row)), *_numbers(c, row))) for row in sites)
    columns = _columns(c, "where.site")
    return Table("tab-shares", c.words("shares.caption"), columns, rows, c.words("shares.note"), c.source)


def _period_rows(c: Context, periods: Rows) -> tuple[tuple[Column, ...], tuple[Row, ...]]:
    rows = tuple(
        Row((Cell(_site(c, r)), Cell(month_year(r["period_from"], c.language)), *_numbers(c, r))) for r in periods
    )
    return _columns(c, "where.site", "shares.period"), rows


def _stratum_rows(c: Context, strata: Rows) -> tuple[tuple[Column, ...], tuple[Row, ...]]:
    rows = tuple(Row((Cell(_stratum(c, row)), *_numbers(c, row))) for row in strata)
    return _columns(c, "shares.stratum"), rows


def _stratum(c: Context, row: dict[str, Any]) -> str:
    label = stratum_label(c, str(row["stratum"]))
    since = row.get("period_from")
    return (
        label.replace(since.isoformat(), c.words("shares.since", date=long_date(since, c.language))) if since else label
    )


def _folded(c: Context, id_: str, caption: str, made: tuple[tuple[Column, ...], tuple[Row, ...]]) -> Details:
    columns, rows = made
    table = Table(id_, c.words(caption), columns, rows, c.words("disclosure.note"), c.source)
    return Details(f"more-{id_}", c.words(caption), (table,), hint=c.words.counted("details.rows", len(rows)))
