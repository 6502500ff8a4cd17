"""The verdict on every primary outcome, from its main estimate.

- *Different*: p below the level (1 - ``analysis.confidence``). The p is the randomisation p, corrected by step-down
  within the family; where the lots could not be redrawn, t's with Holm's (1979) correction over the family's primary
  outcomes. ``p_kind`` says which.
- *Equivalent*: both one-sided tests against the margin reject at the level (Schuirmann 1987), which is to say that the
  interval at 1 - 2 x level lies inside the margin. Only a margin that is in the lock can give this verdict.
- Both: *different, but smaller than the margin*. Neither: *inconclusive*.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import nan
from typing import Any, Final

import numpy as np
import polars as pl

from lodd.evaluation import inference
from lodd.evaluation.conclusions import BayesFactor, Equivalence, PKind, Size, Verdict, VerdictCode
from lodd.evaluation.estimates import family_of
from lodd.evaluation.plan import Plan
from lodd.evaluation.verdict.bayes import log10_factor
from lodd.evaluation.verdict.sizes import size_of
from lodd.protocol.analysis import Primary
from lodd.protocol.lock import primary_entry
from lodd.protocol.model import Trial

INTERVAL_SCHEMA: Final = {
    "outcome": pl.String(),
    "arm": pl.String(),
    "months": pl.String(),
    "summary": pl.String(),
    "kind": pl.String(),  # "confidence" (at the plan's level) | "equivalence" (at 1 - 2 x level)
    "level": pl.Float64(),
    "estimate": pl.Float64(),
    "low": pl.Float64(),
    "high": pl.Float64(),
    "margin": pl.Float64(),  # null: none declared
}
Estimate = Mapping[str, Any]


def judge(plan: Plan, estimates: pl.DataFrame) -> tuple[Verdict, ...]:
    """One verdict for every primary outcome and arm, in the plan's order; also where nothing was estimated."""
    main = main_estimates(estimates)
    corrected = _holm_by_family(plan.trial, main)
    return tuple(
        _verdict(plan, primary, arm, main.get(_key(primary, arm)), corrected.get(_key(primary, arm), nan))
        for primary, arm in primaries(plan.trial)
    )


def primaries(trial: Trial) -> list[tuple[Primary, str]]:
    """Every primary outcome under every arm, in the order of the verdicts."""
    return [(primary, arm) for primary in trial.analysis.primary for arm in trial.arm_ids[1:]]


def main_estimates(estimates: pl.DataFrame) -> dict[tuple[str, str, str, str], Estimate]:
    """The main estimate of each primary outcome, by outcome, months, summary and arm."""
    rows = estimates.filter(pl.col("subgroup").is_null(), role="primary", main=True, population="all", rule="declared")
    return {(row["outcome"], row["months"], row["summary"], row["arm"]): row for row in rows.iter_rows(named=True)}


def intervals(verdicts: tuple[Verdict, ...]) -> pl.DataFrame | None:
    """The table ``verdict_intervals``, for pictures: columns as ``INTERVAL_SCHEMA``."""
    rows = []
    for v in verdicts:
        if v.code == "not_estimated":
            continue
        about = (v.outcome, v.arm, v.months, v.summary)
        margin = None if np.isnan(v.margin) else v.margin
        rows.append((*about, "confidence", v.level, v.estimate.value, v.ci_low, v.ci_high, margin))
        low, high = v.equivalence_low, v.equivalence_high
        rows.append((*about, "equivalence", v.equivalence_level, v.estimate.value, low, high, margin))
    return pl.DataFrame(rows, schema=INTERVAL_SCHEMA, orient="row") if rows else None


def holm(p_values: Mapping[Any, float]) -> dict[Any, float]:
    """Holm's (1979) step-down correction."""
    found: dict[Any, float] = {}
    largest = 0.0
    for rank, (key, p) in enumerate(sorted(p_values.items(), key=lambda item: item[1])):
        largest = max(largest, min(1.0, p * (len(p_values) - rank)))
        found[key] = largest
    return found


def _key(primary: Primary, arm: str) -> tuple[str, str, str, str]:
    return primary.outcome, str(primary.months), primary.summary, arm


def _holm_by_family(trial: Trial, main: Mapping[tuple[str, str, str, str], Estimate]) -> dict[Any, float]:
    families, groups = family_of(trial), dict[Any, dict[Any, float]]()
    for key, row in main.items():
        if row["p_value"] is not None:
            family = families.get(key[0])
            home = ("outcome", key[0], key[3]) if family is None else ("family", family, key[3])
            groups.setdefault(home, {})[key] = row["p_value"]
    return {key: p for group in groups.values() for key, p in holm(group).items()}


def _verdict(plan: Plan, primary: Primary, arm: str, row: Estimate | None, corrected: float) -> Verdict:
    level = float(plan.trial.analysis.confidence)
    entry = primary_entry(primary.outcome, primary.months, primary.summary)
    margin = nan if primary.margin is None else float(primary.margin)
    locked = primary.margin is not None and plan.prespecified(primary.outcome, entry, _entry("margin", entry))
    about: dict[str, Any] = {
        "outcome": primary.outcome, "arm": arm, "reference": plan.trial.reference, "months": str(primary.months),
        "summary": primary.summary, "level": level, "equivalence_level": round(2.0 * level - 1.0, 12), "margin": margin,
        "margin_locked": locked, "prespecified": plan.prespecified(primary.outcome, entry),
    }  # fmt: skip
    if row is None or row["std_error"] is None or not row["std_error"] > 0:
        return Verdict(**about, **_without_estimate(row, locked=locked))
    return Verdict(**about, **_judged(plan, primary, row, corrected, locked=locked))


def _without_estimate(row: Estimate | None, *, locked: bool) -> dict[str, Any]:
    numbers = ("std_error", "df", "ci_low", "ci_high", "mean_control", "mean_treated", "p_value", "p_equivalence",
               "equivalence_low", "equivalence_high")  # fmt: skip
    estimate = nan if row is None else _number(row["estimate"])
    return {
        "code": "not_estimated", "estimate": Size(estimate), "ruled_out_below": Size(nan), "ruled_out_above": Size(nan),
        "n_control": 0 if row is None else row["n_control"], "n_treated": 0 if row is None else row["n_treated"],
        "p_kind": "none", "equivalence": "not_shown" if locked else "not_preregistered", **dict.fromkeys(numbers, nan),
    }  # fmt: skip


def _judged(plan: Plan, primary: Primary, row: Estimate, corrected: float, *, locked: bool) -> dict[str, Any]:
    alpha = float(1 - plan.trial.analysis.confidence)  # a decimal: 0.05 exactly, which a p-value may be
    estimate, error, df, mean = (row[name] for name in ("estimate", "std_error", "df", "mean_control"))
    low, high = _interval(estimate, error, df, 1.0 - 2.0 * alpha)
    p_value, p_kind = _p_value(row, corrected)
    equivalence = _equivalence(row, alpha, locked=locked)
    different = p_value < alpha

    def size(value: float) -> Size:
        return size_of(plan.trial, primary, value, mean)

    kept = ("std_error", "df", "ci_low", "ci_high", "mean_control", "mean_treated", "n_control", "n_treated")
    return {
        **{name: row[name] for name in kept},
        "code": _code(different=different, equivalent=equivalence == "equivalent"),
        "direction": int(np.sign(estimate)) if different else 0,
        "estimate": size(estimate),
        "ruled_out_below": size(row["ci_low"]),
        "ruled_out_above": size(row["ci_high"]),
        "p_value": p_value,
        "p_kind": p_kind,
        "equivalence": equivalence,
        "p_equivalence": _number(row["p_equivalence"]),
        "equivalence_low": low,
        "equivalence_high": high,
        "bayes": _bayes(plan, primary, estimate, error),
    }


def _code(*, different: bool, equivalent: bool) -> VerdictCode:
    if different:
        return "different_but_small" if equivalent else "different"
    return "equivalent" if equivalent else "inconclusive"


def _p_value(row: Estimate, corrected: float) -> tuple[float, PKind]:
    if row["p_family"] is not None:
        return row["p_family"], "randomisation_family"
    return corrected, "model_holm"


def _equivalence(row: Estimate, alpha: float, *, locked: bool) -> Equivalence:
    if not locked:
        return "not_preregistered"
    return "equivalent" if _number(row["p_equivalence"]) < alpha else "not_shown"


def _bayes(plan: Plan, primary: Primary, estimate: float, error: float) -> BayesFactor | None:
    if primary.prior is None:
        return None
    entry = primary_entry(primary.outcome, primary.months, primary.summary)
    locked = plan.prespecified(primary.outcome, entry, _entry("prior", entry))
    sd, shape = float(primary.prior.sd), primary.prior.shape
    return BayesFactor(shape, sd, log10_factor(estimate, error, sd, shape), locked)


def _entry(kind: str, entry: str) -> str:
    return entry.replace("primary:", f"{kind}:", 1)


def _interval(estimate: float, error: float, df: float, level: float) -> tuple[float, float]:
    low, high = inference.interval(np.array([estimate]), np.array([error]), df, level)
    return float(low[0]), float(high[0])


def _number(value: float | None) -> float:
    return nan if value is None else value


def each(verdicts: tuple[Verdict, ...], trial: Trial) -> Iterator[tuple[Verdict, Primary, int]]:
    """Every verdict with its primary outcome and the number of its arm."""
    for verdict, (primary, arm) in zip(verdicts, primaries(trial), strict=True):
        yield verdict, primary, trial.arm_ids.index(arm)
