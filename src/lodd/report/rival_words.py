"""The numbers of a finding in words: each with its interval, in its own unit."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from math import isfinite, isnan
from typing import Final

from lodd import locale
from lodd.evaluation.conclusions import Finding, Number
from lodd.evaluation.verdict import contrast, implementation, instruments
from lodd.protocol.months import MonthRange
from lodd.protocol.types import PARTICIPATES
from lodd.report import disclosure
from lodd.report.context import Context
from lodd.report.tables import DASH, rows_of
from lodd.report.units import Unit

LEVELS: Final = frozenset(
    {"months_in_control", "months_in_treated", "started_by", "placed", "practice_control", "practice_treated"}
    | {"ordinary_work_treated", "faithful", "use_control", "use_treated"}
)
"""Shares that are levels, in per cent; all other shares are differences, in percentage points."""
SIZES: Final = frozenset({"smallest_found", "margin", "limit"})
"""Sizes: without a sign."""
THRESHOLDS: Final[Mapping[str, float]] = {
    "moved_few": contrast.MOVED_FEW,
    "moved_many": contrast.MOVED_MANY,
    "alike": contrast.ALIKE,
    "start_share": implementation.START_SHARE,
    "placed_share": implementation.PLACED_SHARE,
    "practice_limit": implementation.PRACTICE,
    "faithful_share": implementation.FAITHFUL,
    "used_alike": instruments.USED_ALIKE,
}
_BEGINNING: Final = re.compile(r"(?:^|(?<=\. ))[a-zæøå]")
"""A sentence that begins with a group's name."""
_OF_PEOPLE: Final = frozenset({"started_by", "placed", "faithful", "ordinary_work_treated"})


class _Known(dict[str, str]):
    """What a sentence asks for and a finding does not have is a dash."""

    def __missing__(self, key: str) -> str:
        return DASH


def sentence(c: Context, finding: Finding) -> str:
    """What the finding says, from its numbers."""
    texts, values = c.words.texts, _values(c, finding)
    said = " ".join(texts[f"rival.{finding.rival}.{code}"].format_map(values) for code in _codes(finding))
    return _BEGINNING.sub(lambda found: found[0].upper(), said)


def _codes(finding: Finding) -> tuple[str, ...]:
    """Of the sentences: what decided, what else holds, and the numbers of an aspect that decided nothing."""
    codes = (finding.why, *finding.also)
    if finding.rival != "implementation":
        return codes
    if finding.number("practice_treated") and finding.number("ordinary_work_treated"):
        codes += ("beside",)
    if finding.number("faithful") and "low_fidelity" not in codes:
        codes += ("quality",)
    return codes


def _values(c: Context, finding: Finding) -> _Known:
    plan = c.trial.analysis.explanations
    goal = plan.placement_months if plan else None
    score = plan.fidelity_at_least if plan else None
    early, _, late = finding.months.partition(" ")
    values = _Known(
        arm=c.drawn_to(finding.arm),
        group=c.group(finding.arm),
        reference=c.group(finding.reference),
        outcome=c.outcome(finding.outcome) if finding.outcome else "",
        goal=DASH if goal is None else c.number(goal),
        score=DASH if score is None else c.number(float(score), 0 if score == int(score) else 1),
        started_month=c.number(contrast.STARTED_BY),
        start_month=c.number(implementation.START_BY),
        months=_months(c, early) if early else "",
        late_months=_months(c, late) if late else "",
        **{name: c.percent(share) for name, share in THRESHOLDS.items()},
    )
    values |= {f"{name}_points": _points(c).with_name(share) for name, share in THRESHOLDS.items()}
    for number in finding.numbers:
        if number.name not in values or number.of in {"", contrast.ANY}:
            values[number.name] = said(c, finding, number)
        if number.of and "target" not in values:
            values["target"] = label_of(c, number.of)
    return values


def _months(c: Context, months: str) -> str:
    return c.months(MonthRange.parse(months))


def _points(c: Context) -> Unit:
    w = c.words
    return Unit(c.language, 100.0, 0, w("unit.points"), w("unit.percent_axis"), w("unit.points_axis"), is_share=True)


def unit_of(c: Context, finding: Finding, number: Number) -> Unit:
    """The unit of a number that is a difference or a size."""
    if number.unit == "outcome" and finding.outcome:
        return c.unit(finding.outcome, "mean" if finding.rival == "catch_up" else finding.summary or "mean")
    w = c.words
    return Unit(c.language, 100.0, 1, w("unit.points"), w("unit.percent_axis"), w("unit.points_axis"), is_share=True)


def said(c: Context, finding: Finding, number: Number) -> str:
    """A number with its interval, for a sentence: "+3.2 percentage points (95% interval −1.0 to 7.4)"."""
    value, interval = value_of(c, finding, number), interval_of(c, finding, number)
    if interval == DASH:
        return value
    return c.words("rivals.with_interval", value=value, level=c.percent(finding.level), interval=interval)


def value_of(c: Context, finding: Finding, number: Number) -> str:
    """A number alone, with its unit."""
    if isnan(number.value):
        return DASH
    if hidden(c, finding, number):
        return c.words("rivals.few") if number.name in _OF_PEOPLE else DASH
    plain: dict[str, Callable[[float], str]] = {
        "p": c.p_phrase,
        "people": lambda count: c.people(round(count)),
        "studies": c.number,
        "ratio": lambda ratio: c.number(ratio, 2),
    }
    if number.unit in plain:
        return plain[number.unit](number.value)
    if number.name in LEVELS:
        return c.percent(number.value, 1)
    unit = unit_of(c, finding, number)
    return unit.with_name(number.value) if number.name in SIZES else unit.signed_with_name(number.value)


def interval_of(c: Context, finding: Finding, number: Number) -> str:
    """A number's interval without its unit; a dash where it has none."""
    if hidden(c, finding, number) or isnan(number.low) or isnan(number.high):
        return DASH
    if number.unit == "ratio":
        return locale.interval(number.low, number.high, c.language, 2)
    if number.name in LEVELS:
        return locale.interval(number.low * 100, number.high * 100, c.language, 1)
    return unit_of(c, finding, number).interval(number.low, number.high)


def hidden(c: Context, finding: Finding, number: Number) -> bool:
    """Is a number about one to four people?"""
    people = finding.number("people")
    if people is not None and people.value < disclosure.SMALLEST and number is not people:
        return finding.rival == "catch_up"
    drawn = [c.drawn[finding.arm], c.drawn[finding.reference]]
    if finding.rival != "earlier_evidence" and any(disclosure.hidden(count) for count in drawn):
        return True
    return number.name in _OF_PEOPLE and disclosure.hidden(round(number.value * _base(c, finding, number)))


def _base(c: Context, finding: Finding, number: Number) -> float:
    """How many people a share is of; 0 where it has no value."""
    if not isfinite(number.value):
        return 0.0
    if number.name == "placed":
        rows = rows_of(c, "placement", arm=finding.arm, event="ordinary_work")
        return float(rows[0]["n"]) if rows else 0.0
    return float(c.drawn[finding.arm])


def label_of(c: Context, of: str) -> str:
    """What a number is about: a kind of programme, an outcome, a target group."""
    if of == contrast.ANY:
        return c.words("rivals.any_programme")
    if of.startswith(PARTICIPATES) and of.removeprefix(PARTICIPATES) in c.trial.arms:
        return c.words("rivals.programme_of", arm=c.group(of.removeprefix(PARTICIPATES)))
    if of in c.trial.outcomes:
        return c.outcome(of)
    label = next((target.label for target in c.trial.analysis.targets if target.id == of), None)
    return c.text(label) if label else of
