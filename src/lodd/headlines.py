"""The primary outcomes on the terminal: a line each, in the outcome's unit, with the verdict."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from lodd.locale import LANGUAGES, Language, Text, percent, signed

if TYPE_CHECKING:
    from lodd.evaluation import Evaluation
    from lodd.protocol import Trial

_KEYS: Final = (
    "outcome",
    "arm",
    "months",
    "summary",
    "estimator",
    "adjusted",
    "estimate",
    "std_error",
    "ci_low",
    "ci_high",
    "prespecified",
)
_POINTS: Final = Text(nb="prosentpoeng", en="percentage points")
_MONTHS: Final = Text(nb="måneder", en="months")
VERDICTS: Final[Mapping[str, Text]] = {
    "different": Text(nb="forskjell", en="different"),
    "equivalent": Text(nb="ingen forskjell av betydning", en="equivalent"),
    "different_but_small": Text(nb="forskjell, men mindre enn marginen", en="different, but smaller than the margin"),
    "inconclusive": Text(nb="ikke avklart", en="inconclusive"),
}
"""The verdict on a primary outcome in a word or two; one that is not estimated has none."""


def primary_rows(evaluation: Evaluation) -> list[dict[str, Any]]:
    """The main estimate of every primary outcome and arm, with its verdict, as a script reads it."""
    rows = evaluation.estimates.filter(role="primary", main=True, population="all")
    rows = rows.filter(rows["subgroup"].is_null())
    return [{key: row[key] for key in _KEYS} | _verdict(evaluation, row) for row in rows.to_dicts()]


def _verdict(evaluation: Evaluation, row: Mapping[str, Any]) -> dict[str, Any]:
    """``verdict`` (a code), the p-value that decided it, and which p that is."""
    key = tuple(row[name] for name in ("outcome", "arm", "months", "summary"))
    found = next((v for v in evaluation.verdicts if (v.outcome, v.arm, v.months, v.summary) == key), None)
    if found is None:
        return {"verdict": None, "verdict_p": None, "verdict_p_kind": None}
    p_value = None if math.isnan(found.p_value) else found.p_value
    return {"verdict": found.code, "verdict_p": p_value, "verdict_p_kind": found.p_kind}


def primary_lines(trial: Trial, evaluation: Evaluation) -> Iterator[Text]:
    """A line for every primary outcome and arm of the plan, also where nothing could be estimated."""
    found = {(row["outcome"], row["months"], row["summary"], row["arm"]): row for row in primary_rows(evaluation)}
    for primary in trial.analysis.primary:
        for arm in trial.arm_ids[1:]:
            months = str(primary.months)
            heading = _heading(trial, primary.outcome, months, arm)
            row = found.get((primary.outcome, months, primary.summary, arm))
            yield _not_estimated(heading) if row is None else _estimated(trial, heading, row)


def _heading(trial: Trial, outcome: str, months: str, arm: str) -> Text:
    """ "In work, months 1..36", with the arm where several are compared."""
    label, drawn_to = trial.outcomes[outcome].label, trial.arms[arm].label
    several = len(trial.arm_ids) > 2
    return Text(
        nb=f"{label.nb}, måned {months}" + (f", {drawn_to.nb}" if several else ""),
        en=f"{label.en}, months {months}" + (f", {drawn_to.en}" if several else ""),
    )


def _not_estimated(heading: Text) -> Text:
    return Text(nb=f"{heading.nb}: kan ikke anslås", en=f"{heading.en}: cannot be estimated")


def _estimated(trial: Trial, heading: Text, row: Mapping[str, Any]) -> Text:
    outcome = trial.outcomes[row["outcome"]]
    months = outcome.binary and row["summary"] == "sum"
    scale = 100.0 if outcome.binary and not months else 1.0
    unit = _MONTHS if months else outcome.unit or _POINTS
    level = float(trial.analysis.confidence)
    shown = {language: _numbers(row, scale, unit[language], level, language) for language in LANGUAGES}
    word = VERDICTS.get(row["verdict"])
    verdict = Text.same("") if word is None else Text(nb=f". Konklusjon: {word.nb}", en=f". Verdict: {word.en}")
    return Text(nb=f"{heading.nb}: {shown['nb']}{verdict.nb}", en=f"{heading.en}: {shown['en']}{verdict.en}")


def _numbers(row: Mapping[str, Any], scale: float, unit: str, level: float, language: Language) -> str:
    """ "+1,794 dollars (95% CI +475 to +3,113)"; an outcome that does not vary has no interval."""
    estimate, low, high = (
        math.nan if row[key] is None else row[key] * scale for key in ("estimate", "ci_low", "ci_high")
    )
    decimals = 1 if abs(estimate) < 1000 else 0
    effect = f"{signed(estimate, language, decimals)} {unit}"
    if math.isnan(low) or math.isnan(high):
        return effect + Text(nb=" (uten usikkerhetsintervall)", en=" (without an interval)")[language]
    words = Text(nb="KI", en="CI")[language], Text(nb="til", en="to")[language]
    interval = f"{signed(low, language, decimals)} {words[1]} {signed(high, language, decimals)}"
    return f"{effect} ({percent(level, language, _level_decimals(level))} {words[0]} {interval})"


def _level_decimals(level: float) -> int:
    """As many as show it: none for 95 %, one for 97.5 %."""
    return next(decimals for decimals in range(3) if decimals == 2 or math.isclose(level, round(level, decimals + 2)))
