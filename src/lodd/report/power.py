"""Power on a page: what the planned trial can find, with a curve for each number of people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl

from lodd.errors import UsageError
from lodd.evaluation.power import power
from lodd.files import whole
from lodd.locale import LANGUAGES, Language, join_words, number, percent
from lodd.protocol.model import Trial
from lodd.report.chrome import chrome
from lodd.report.drawing.curves import NARROW, WIDE
from lodd.report.drawing.power import PowerChart, PowerLine, power_curves
from lodd.report.html import render_html
from lodd.report.model import (
    Block,
    Bullets,
    Cell,
    Column,
    Figure,
    Paragraph,
    Report,
    Row,
    Section,
    Table,
)
from lodd.report.units import Unit, decimals_for
from lodd.report.words import Words, words
from lodd.report.write import unwritable
from lodd.version import __version__

_POINTS: Final = 60
_STYLES: Final = 5
_EFFECTS: Final = ("error", "80", "90", "simulated")
Rows = Sequence[Mapping[str, Any]]


def write_power_pages(trial: Trial, frame: pl.DataFrame, folder: Path) -> tuple[Path, ...]:
    """Write ``results/power.nb.html`` and ``power.en.html`` from a table of ``planned_power``; returns them.

    Raises:
        UsageError: the folder cannot be written to.
    """
    results = folder / "results"
    try:
        results.mkdir(parents=True, exist_ok=True)
        return tuple(_write(results / f"power.{language}.html", trial, frame, language) for language in LANGUAGES)
    except OSError as error:
        raise UsageError(unwritable(results, error)) from error


def power_report(trial: Trial, frame: pl.DataFrame, language: Language) -> Report:
    """The page as a value."""
    page = _Page(trial, words(language), language)
    groups = [rows.to_dicts() for _, rows in frame.group_by("outcome", "months", "arm", maintain_order=True)]
    return Report(
        language=language,
        other="en" if language == "nb" else "nb",
        kicker=page.words("power.kicker"),
        title=page.words("power.title"),
        subtitle=page.words("power.subtitle", trial=trial.trial.title[language]),
        facts=page.facts(frame),
        banners=(),
        sections=(page.summary(frame, groups), *(page.section(i, rows) for i, rows in enumerate(groups))),
        chrome=chrome(page.words, __version__),
        name="power",
    )


def _write(path: Path, trial: Trial, frame: pl.DataFrame, language: Language) -> Path:
    with whole(path) as beside:
        beside.write_text(render_html(power_report(trial, frame, language)), encoding="utf-8")
    return path


@dataclass(frozen=True, slots=True)
class _Page:
    trial: Trial
    words: Words
    language: Language

    def facts(self, frame: pl.DataFrame) -> tuple[tuple[str, str], ...]:
        people = [number(count, self.language) for count in dict.fromkeys(frame["people"].to_list())]
        simulated = int(frame["simulations"].fill_null(0).to_numpy().max())
        return (
            (self.words("power.fact_people"), join_words(people, self.language)),
            (self.words("power.fact_level"), percent(self._level, self.language)),
            (self.words("power.fact_simulated"), number(simulated, self.language)),
        )

    def summary(self, frame: pl.DataFrame, groups: Sequence[Rows]) -> Section:
        blocks: list[Block] = [Bullets(tuple(" ".join(self._said(rows)) for rows in groups))]
        tried = [self.words("power.simulated")] if frame["simulations"].is_not_null().any() else []
        blocks.append(Paragraph(" ".join([self.words("power.about"), *tried]), "note"))
        if "registers" in frame["basis"].to_list():
            blocks.append(Paragraph(self.words("power.registers"), "note"))
        return Section("summary", self.words("power.summary"), tuple(blocks))

    def section(self, place: int, rows: Rows) -> Section:
        first = rows[0]
        what = {"outcome": self._outcome(first), "months": _months(first), "arm": self._arm(first)}
        blocks = (self._figure(place, rows), self._table(place, rows, self.words("power.table", **what)))
        return Section(f"outcome-{place + 1}", self._outcome(first) + self._arm(first), blocks)

    @property
    def _level(self) -> float:
        return 1.0 - float(self.trial.analysis.confidence)

    def _said(self, rows: Rows) -> Iterator[str]:
        """A sentence for the largest number of people."""
        most = max(row["people"] for row in rows)
        own = {row["power"]: row for row in rows if row["people"] == most}
        unit, row = self._unit(rows), own[0.8]
        yield self.words(
            "power.sentence",
            outcome=self._outcome(row),
            months=_months(row),
            arm=self._arm(row),
            people=number(most, self.language),
            smallest=unit.with_name(row["smallest"]),
            ninety=unit.with_name(own[0.9]["smallest"]),
        )
        if row["margin"] is not None:
            share = percent(row["power_equivalence"], self.language)
            yield self.words("power.equivalence", margin=unit.with_name(row["margin"]), share=share)

    def _figure(self, place: int, rows: Rows) -> Figure:
        w, unit = self.words, self._unit(rows)
        chosen = [row for row in rows if row["power"] == 0.8]
        shown = [
            w("power.point", people=number(r["people"], self.language), smallest=unit.with_name(r["smallest"]))
            for r in chosen
        ]
        what = {"months": _months(chosen[0]), "arm": self._arm(chosen[0])}
        best = min(chosen, key=lambda row: float(row["smallest"]))
        chart = self._chart(rows, unit)
        wide, narrow = (power_curves(chart, size) for size in (WIDE, NARROW))
        return Figure(
            id=f"fig-power-{place + 1}",
            headline=w(
                "power.headline",
                outcome=self._outcome(best),
                smallest=unit.with_name(best["smallest"]),
                people=number(best["people"], self.language),
            ),
            subtitle=w("power.figure_subtitle", **what),
            wide=wide,
            narrow=narrow,
            alternative=w(
                "power.alternative", level=percent(self._level, self.language), points=join_words(shown, self.language)
            ),
            source=w("power.source"),
        )

    def _chart(self, rows: Rows, unit: Unit) -> PowerChart:
        effects = np.linspace(0.0, 1.3 * max(row["smallest"] for row in rows), _POINTS).tolist()
        lines = [
            PowerLine(
                self.words("power.people", people=number(row["people"], self.language)),
                f"arm-{i % _STYLES}",
                effects,
                [power(effect, row["std_error"], max(1.0, row["used"] - 2.0), self._level) for effect in effects],
            )
            for i, row in enumerate(row for row in rows if row["power"] == 0.8)
        ]
        return PowerChart(
            lines=lines,
            tick=lambda effect: unit.difference_tick(effect).removeprefix("+"),
            percent=lambda share: percent(share, self.language),
            x_title=self.words("power.x", unit=unit.name),
            y_title=self.words("power.y"),
        )

    def _table(self, place: int, rows: Rows, caption: str) -> Table:
        w, unit, first = self.words, self._unit(rows), rows[0]
        simulated, margin = first["simulations"] is not None, first["margin"] is not None
        names = ["people", "used", "error", "80", "90", *["simulated"] * simulated, *["equivalence"] * margin]
        ninety = {row["people"]: row["smallest"] for row in rows if row["power"] == 0.9}
        body = [self._row(row, ninety[row["people"]], unit) for row in rows if row["power"] == 0.8]
        note = w(
            "power.note",
            deviation=unit.with_name(first["sd"]),
            r2=percent(first["r2"], self.language),
            basis=w(f"power.basis_{first['basis']}"),
        )
        columns = tuple(
            Column(w(f"power.column_{name}"), name != "people", unit.name if name in _EFFECTS else "") for name in names
        )
        return Table(f"tab-power-{place + 1}", caption, columns, tuple(body), note, w("power.source"))

    def _row(self, row: Mapping[str, Any], ninety: float, unit: Unit) -> Row:
        cells = [number(row["people"], self.language), number(row["used"], self.language)]
        cells += [unit.plain(value) for value in (row["std_error"], row["smallest"], ninety)]
        if row["simulations"] is not None:
            cells.append(unit.plain(row["smallest_simulated"]))
        if row["margin"] is not None:
            cells.append(percent(row["power_equivalence"], self.language))
        return Row(tuple(Cell(text) for text in cells))

    def _outcome(self, row: Mapping[str, Any]) -> str:
        return self.trial.outcomes[row["outcome"]].label[self.language]

    def _arm(self, row: Mapping[str, Any]) -> str:
        """Named only where several arms are compared."""
        return f", {self.trial.arms[row['arm']].label[self.language]}" if len(self.trial.arm_ids) > 2 else ""

    def _unit(self, rows: Rows) -> Unit:
        """The outcome's unit, with as many decimals as its smallest effects need."""
        row, outcome = rows[0], self.trial.outcomes[rows[0]["outcome"]]
        months = outcome.binary and row["summary"] == "sum"
        scale = 100.0 if outcome.binary and not months else 1.0
        key = "unit.months" if months else "unit.points"
        name = outcome.unit[self.language] if outcome.unit is not None else self.words(key)
        decimals = decimals_for(scale * min(r["smallest"] for r in rows))
        return Unit(self.language, scale, decimals, name, name, name, is_share=False)


def _months(row: Mapping[str, Any]) -> str:
    return str(row["months"]).replace("..", "\N{EN DASH}")
