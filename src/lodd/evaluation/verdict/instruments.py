"""(h) Did other instruments do the work: wage subsidy, work practice?"""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from lodd.evaluation.conclusions import Finding, Number, Status
from lodd.evaluation.design import Floats, NotEstimableError
from lodd.evaluation.verdict.case import Case, either, inside, sign_of
from lodd.evaluation.verdict.comparing import MONTH_SCHEMA, Row, compare, compare_one, month_by_month
from lodd.evaluation.verdict.shares import difference_in

USED_ALIKE: Final = 0.03
"""Arms that differ by less than this in the share of months in other instruments used them equally much."""
INSTRUMENT_SCHEMA: Final = {
    "part": pl.String(),  # "use" (in any instrument) | "work" | "work_with" (an instrument that month) | "work_without"
    "outcome": pl.String(),  # work
    "arm": pl.String(),
    "reference": pl.String(),
    **MONTH_SCHEMA,
}


def other_instruments(case: Case) -> tuple[Finding, list[Row]]:
    """The finding for the arm, and its picture: use, and work with and without, month by month.

    What is compared are the arms as drawn, so the draw protects it: the share of months in any declared instrument, and
    the effect on work split into months with an instrument and months without, for the same people.

    - *Not supported*, ``used_alike``: the interval of the difference in use is within 3 points of none;
      ``effect_without``: the treated used more, and the effect on work in months without any instrument excludes zero
      in the direction of the whole effect.
    - *Supported*, ``controls_used_more``: the interval of the difference in use lies below zero.
    - *Cannot tell*, ``effect_only_with``: the treated used more, the effect on work with an instrument excludes zero,
      and that without holds zero. More use moves months of work from one part to the other even if it causes none, so
      this does not show that the instruments did it. ``treated_used_more``: they did, and neither effect says more;
      ``use_unclear``; ``not_declared``; ``not_estimated``.
    """
    work, instruments = case.work, case.declared.instruments
    if work is None or not instruments:
        return case.finding("other_instruments", "cannot_tell", "not_declared"), []
    used = either([case.plan.values(name) for name in instruments])
    parts = split_work(case.plan.values(work), used)
    share = case.mean(instruments[0], used)
    use = compare_one(case.setting, case.k, share, adjusted=False)
    effects = _effects(case, work, parts)
    if use is None or not effects:
        return case.finding("other_instruments", "cannot_tell", "not_estimated"), []
    number = difference_in(case.setting, case.k, "use", use, share)
    status, why = judge_instruments(number, effects)
    numbers = [
        number,
        use.control.number("use_control", case.confidence),
        use.treated.number("use_treated", case.confidence),
        *effects.values(),
        *_each(case),
    ]
    found = case.finding(
        "other_instruments", status, why, numbers, table="work_by_instruments", months=str(case.months)
    )
    return found, _rows(case, work, {"use": used} | parts)


def split_work(work: Floats, used: Floats) -> dict[str, Floats]:
    """Work, and its parts with an instrument in the same month and without; NaN where either is unknown."""
    both = np.where(np.isnan(work + used), np.nan, work * used)
    return {"work": work + 0.0 * both, "work_with": both, "work_without": work - both}


def judge_instruments(use: Number, effects: dict[str, Number]) -> tuple[Status, str]:
    """The rule of :func:`other_instruments`; ``effects`` on ``work``, ``work_with`` and ``work_without``."""
    if inside(use, USED_ALIKE):
        return "not_supported", "used_alike"
    if sign_of(use) < 0:
        return "supported", "controls_used_more"
    if sign_of(use) == 0:
        return "cannot_tell", "use_unclear"
    without = sign_of(effects["work_without"])
    if without != 0 and without == np.sign(effects["work"].value):
        return "not_supported", "effect_without"
    if sign_of(effects["work_with"]) != 0 and without == 0:
        return "cannot_tell", "effect_only_with"
    return "cannot_tell", "treated_used_more"


def _effects(case: Case, work: str, parts: dict[str, Floats]) -> dict[str, Number]:
    columns = np.column_stack([case.mean(work, values) for values in parts.values()])
    try:
        found = compare(
            case.setting, case.k, columns, np.asarray(~np.isnan(columns).any(axis=1)), adjusted=case.adjusted
        )
    except NotEstimableError:
        return {}
    return {
        name: compared.difference.number(name, case.confidence) for name, compared in zip(parts, found, strict=True)
    }


def _each(case: Case) -> list[Number]:
    """The difference in use of each instrument by itself."""
    found = {
        name: compare_one(case.setting, case.k, case.mean(name), adjusted=False) for name in case.declared.instruments
    }
    return [c.difference.number("use", case.confidence, of=name) for name, c in found.items() if c is not None]


def _rows(case: Case, work: str, parts: dict[str, Floats]) -> list[Row]:
    since = case.since_draw
    months = case.plan.panel.event_months[since]
    about: Row = {"outcome": work, "arm": case.arm, "reference": case.setting.arms[0]}
    return [
        about | {"part": part} | row
        for part, values in parts.items()
        for row in month_by_month(case.setting, case.k, values[:, since], months, confidence=case.confidence)
    ]
