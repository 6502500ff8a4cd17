"""A register over time: its rows by month, with coverage, gaps and breaks marked; its columns as small multiples."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from statistics import median
from typing import Final

from lodd.locale import Language, number, percent
from lodd.registers.quality import Months, RegisterQuality
from lodd.report.drawing.calendar import Bars, Small, bars_by_month, small_multiples
from lodd.report.drawing.curves import NARROW, WIDE
from lodd.report.model import Figure
from lodd.report.quality.said import month_name
from lodd.report.words import Words

_MOST_PANELS: Final = 6
_FEW: Final = 5
"""With fewer in a usual month, the number in a year says more."""
_ODD: Final = frozenset({"gap", "thin", "spike", "declared_spike"})
_BREAKS: Final = frozenset({"break", "declared_break", "enrolment_break"})


def rows_figure(register: RegisterQuality, label: str, w: Words) -> Figure:
    """The register's rows by month, and in words what the bars show."""
    months = register.months
    assert months is not None
    assert register.covers is not None
    found = [finding for finding in register.findings if not finding.column]
    bars = Bars(
        months=months.month,
        counts=months.rows,
        covered=register.covers,
        gaps=[month for finding in found if finding.kind in _ODD for month in finding.months],
        breaks=sorted(
            {month for finding in found if finding.kind in _BREAKS for month in finding.months} | set(register.breaks)
        ),
        labels=(
            w("register_check.uncovered_legend"),
            w("register_check.gap_legend"),
            w("register_check.break_legend"),
        ),
        tick=lambda count: number(count, w.language),
        step=months.step,
    )
    return Figure(
        id=f"fig-rows-{register.register}",
        headline=_headline(register, months, w),
        subtitle=w("register_check.subtitle_figure", label=label),
        wide=bars_by_month(bars, WIDE),
        narrow=bars_by_month(bars, NARROW),
        alternative=_alternative(months, w),
        note=_not_shown(months, w),
    )


def columns_figure(register: RegisterQuality, w: Words) -> Figure | None:
    """Missing values and means by month; None where no column has either."""
    months = register.months
    if months is None or months.step != 1:
        return None
    panels = [*_missing_panels(register, months, w), *_mean_panels(months, w)][:_MOST_PANELS]
    if not panels:
        return None
    return Figure(
        id=f"fig-columns-{register.register}",
        headline=w("register_check.multiples"),
        subtitle=w("register_check.multiples_subtitle"),
        wide=small_multiples(months.month, panels, WIDE),
        narrow=small_multiples(months.month, panels, NARROW),
        alternative=" ".join(_range(panel, w) for panel in panels),
    )


def _missing_panels(register: RegisterQuality, months: Months, w: Words) -> list[Small]:
    return [
        Small(
            w("register_check.panel_missing", column=missing.column),
            [count / rows if rows else None for count, rows in zip(missing.by_month, months.rows, strict=True)],
            _PercentTick(missing.by_month, months.rows, w.language),
        )
        for missing in register.missing
        if any(missing.by_month)
    ]


class _PercentTick:
    """Shares with as many decimals as the largest of them needs."""

    def __init__(self, counts: Sequence[int], rows: Sequence[int], language: Language) -> None:
        most = max(count / of for count, of in zip(counts, rows, strict=True) if of)
        self._decimals = 0 if most >= 0.05 else 1 if most >= 0.005 else 2
        self._language = language

    def __call__(self, share: float) -> str:
        return percent(share, self._language, self._decimals)


def _mean_panels(months: Months, w: Words) -> list[Small]:
    return [
        Small(w("register_check.panel_mean", column=name), values, lambda mean: number(mean, w.language))
        for name, values in months.means.items()
        if any(value is not None and isfinite(value) for value in values)
    ]


def _range(panel: Small, w: Words) -> str:
    known = [value for value in panel.values if value is not None]
    low, high = panel.tick(min(known)), panel.tick(max(known))
    return f"{w('register_check.panel_alternative', panel=panel.label, low=low, high=high)}."


def _headline(register: RegisterQuality, months: Months, w: Words) -> str:
    what = w(f"register_check.over_time_{register.temporality}")
    if not any(months.rows):
        return w("register_check.headline_none", what=what)
    typical = median(months.rows)
    if months.step == 1 and typical >= _FEW:
        return w("register_check.headline", what=what, median=number(typical, w.language))
    by_year = sum(months.rows) / len(months.rows) * 12 / months.step
    return w("register_check.headline_year", what=what, median=number(by_year, w.language))


def _alternative(months: Months, w: Words) -> str:
    named = list(zip(months.rows, months.month, strict=True))
    (least, least_month), (most, most_month) = min(named), max(named, key=lambda pair: pair[0])
    language = w.language
    return w(
        "register_check.alternative",
        first=month_name(months.month[0], language),
        last=month_name(months.month[-1], language),
        least=number(least, language),
        least_month=month_name(least_month, language),
        most=number(most, language),
        most_month=month_name(most_month, language),
    )


def _not_shown(months: Months, w: Words) -> str:
    counts = {"not_shown_before": months.before, "not_shown_after": months.after, "undated": months.undated}
    return " ".join(w.counted(f"register_check.{key}", count) for key, count in counts.items() if count)
