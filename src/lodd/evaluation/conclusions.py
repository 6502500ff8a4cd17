"""What an evaluation concludes, as frozen values: a verdict on every primary outcome, findings on rival explanations.

They hold codes and numbers; every sentence is the report's. The rules that make them are those of
``lodd.evaluation.verdict``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf, nan
from typing import Final, Literal

VerdictCode = Literal["different", "equivalent", "different_but_small", "inconclusive", "not_estimated"]
PKind = Literal["randomisation_family", "model_holm", "none"]
"""Randomisation p, corrected within the family; or, where lots could not be redrawn, t with Holm's correction."""
Equivalence = Literal["equivalent", "not_shown", "not_preregistered"]
Status = Literal["supported", "not_supported", "cannot_tell"]
Rival = Literal[
    "earlier_evidence",
    "target_group",
    "treatment_contrast",
    "cream_skimming",
    "chance",
    "implementation",
    "catch_up",
    "other_instruments",
]
LETTERS: Final[Mapping[Rival, str]] = {
    "earlier_evidence": "a",
    "target_group": "b",
    "treatment_contrast": "c",
    "cream_skimming": "d",
    "chance": "e",
    "implementation": "f",
    "catch_up": "g",
    "other_instruments": "h",
}
"""The rival explanations, in the order that they are shown."""


@dataclass(frozen=True, slots=True)
class Size:
    """One effect, said in every unit that fits its outcome; NaN where a unit does not fit.

    - ``value``: in the outcome's unit and the summary's (shares in [0, 1]).
    - ``points``: percentage points, for the mean of an outcome that is 0 or 1.
    - ``days``: days over all the months, for an outcome that is 0 or 1; a month counts as 30.4375 days.
    - ``total``: over all the months, for an amount by month (kroner); not for what is held, such as hours a week.
    - ``relative``: share of the reference arm's mean; NaN where that is not above 0.
    """

    value: float
    points: float = nan
    days: float = nan
    total: float = nan
    relative: float = nan


@dataclass(frozen=True, slots=True)
class BayesFactor:
    """How much likelier the estimate is if the effect is drawn from the prior than if it is exactly zero.

    - ``shape``: "normal" around 0, or "half_normal": positive effects only.
    - ``sd``: of the prior (of the whole normal that is halved), in the outcome's unit.
    - ``log10``: of the factor: 0.5 is about 3 to 1 for an effect, -0.5 is 3 to 1 for none.
    - ``locked``: was this prior promised in the lock?
    """

    shape: str
    sd: float
    log10: float
    locked: bool = False

    @property
    def factor(self) -> float:
        """For an effect; its inverse is for none. Infinite beyond what a number can hold."""
        return 10.0**self.log10 if self.log10 < 300 else inf


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the trial says about one primary outcome of one arm against the reference.

    ``code``: "different" (``p_value`` below the level), "equivalent" (the interval at ``equivalence_level`` lies inside
    the margin), "different_but_small" (both), "inconclusive" (neither), "not_estimated" (no interval).

    - ``estimate``, ``ci_low``, ``ci_high``, ``std_error``, ``df``: of the main estimator, at ``level``.
    - ``direction``: sign of the estimate, where ``code`` says that there is a difference; else 0.
    - ``p_value``: what decided "different"; ``p_kind`` says which p it is.
    - ``margin``: NaN if none is declared; then ``equivalence`` is "not_preregistered", as it is for a margin that is
      not in the lock (``margin_locked``), and the verdict never says that arms are equivalent.
    - ``ruled_out_above``, ``ruled_out_below``: the ends of the interval: larger effects, in either direction, are ruled
      out at ``level``.
    - ``bayes``: under the declared prior; None without one. The sensitivity to the prior is in the table
      ``bayes_sensitivity``.
    """

    outcome: str
    arm: str
    reference: str
    months: str
    summary: str
    code: VerdictCode
    estimate: Size
    std_error: float
    df: float
    level: float
    ci_low: float
    ci_high: float
    ruled_out_below: Size
    ruled_out_above: Size
    mean_control: float
    mean_treated: float
    n_control: int
    n_treated: int
    p_value: float
    p_kind: PKind
    margin: float
    margin_locked: bool
    equivalence: Equivalence
    p_equivalence: float
    equivalence_level: float
    equivalence_low: float
    equivalence_high: float
    bayes: BayesFactor | None = None
    direction: int = 0
    prespecified: bool = False


@dataclass(frozen=True, slots=True)
class Number:
    """A number of a finding, with its interval where it has one (NaN: none).

    ``name`` says what it is (see ``lodd.evaluation.verdict.NUMBERS``), ``unit`` how it is counted: "share" (in [0, 1];
    a difference of shares is of points / 100), "months", "ratio", "p", "score", "people", or "outcome" (the finding's
    outcome's own unit). ``of`` names what it is about, where one name is used more than once: a kind of programme, a
    thing known at the draw, a target group.
    """

    name: str
    value: float
    low: float = nan
    high: float = nan
    unit: str = "share"
    of: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """What these data say about one rival explanation of the result, for one arm (and, where it is about one, outcome).

    - ``rival``: which; its letter is in ``LETTERS``.
    - ``status``: does the data support that this played a part?
    - ``why``: the code of the rule that decided (see ``lodd.evaluation.verdict.WHYS``).
    - ``also``: further codes of the same rule that hold too; most rules have one answer only.
    - ``level``: of the numbers' intervals.
    - ``months``: event months that the numbers are about; "" where that says nothing.
    - ``table``: in ``Evaluation.tables``, what its picture is drawn from; "" if there is none.
    - ``prespecified``: is what the rule needs in the lock?
    """

    rival: Rival
    status: Status
    why: str
    arm: str
    reference: str
    outcome: str = ""
    months: str = ""
    summary: str = ""
    level: float = 0.95
    numbers: tuple[Number, ...] = ()
    table: str = ""
    prespecified: bool = False
    also: tuple[str, ...] = ()

    @property
    def letter(self) -> str:
        return LETTERS[self.rival]

    def number(self, name: str, of: str = "") -> Number | None:
        """The first number of a name, or None."""
        return next((n for n in self.numbers if n.name == name and n.of == of), None)
