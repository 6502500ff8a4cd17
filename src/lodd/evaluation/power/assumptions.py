"""What an outcome is expected to vary by: declared, or found in the registers before anybody was drawn."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np

from lodd.errors import DataError, Problem, UsageError
from lodd.evaluation.covariates import covariate_matrix, mean_before, month_slice
from lodd.evaluation.design import Floats
from lodd.evaluation.notes import Notebook
from lodd.locale import Text
from lodd.protocol.analysis import Primary
from lodd.protocol.model import Trial
from lodd.protocol.months import MonthRange
from lodd.protocol.outcome import Outcome
from lodd.protocol.types import Panel, Participants

Basis = Literal["declared", "given", "registers"]
MOST: Final = 1.05
"""By how much a declared deviation may exceed the largest that a share can have: it is rounded, or from a sample."""
_FEWEST: Final = 30
"""People that a variance found in registers needs."""


@dataclass(frozen=True, slots=True)
class Assumption:
    """The outcome's summary among people who get the reference arm, in its unit (shares in [0, 1]).

    ``r2`` is the share of the variance that the covariates account for. ``values`` (m,) are what simulations draw from:
    residuals of people found in the registers; None where mean and standard deviation are all that is known.
    """

    mean: float
    sd: float
    r2: float
    basis: Basis
    values: Floats | None = field(default=None, repr=False)

    @property
    def residual_sd(self) -> float:
        """Standard deviation of what the covariates leave."""
        return self.sd * math.sqrt(1.0 - self.r2)


def assumption(
    outcome: Outcome,
    name: str,
    *,
    mean: float | None,
    sd: float | None,
    r2: float,
    basis: Basis,
    summed: bool = False,
) -> Assumption:
    """From what somebody declared. A share without a standard deviation has at most that of zeros and ones.

    (A mean over months varies less than one month does, so this is on the safe side.)

    Raises:
        UsageError: too little is declared, or it cannot be.
    """
    if sd is None and mean is not None and outcome.binary and not summed and 0 < mean < 1:
        sd = math.sqrt(mean * (1.0 - mean))
    if sd is None or not sd > 0 or not math.isfinite(sd) or not 0 <= r2 < 1:
        raise UsageError(_impossible(name, mean, sd, r2))
    if mean is not None and not math.isfinite(mean):
        raise UsageError(_impossible(name, mean, sd, r2))
    if outcome.binary and not summed and sd > MOST * _largest_sd(mean):
        raise UsageError(_impossible(name, mean, sd, r2))
    return Assumption(math.nan if mean is None else mean, sd, r2, basis)


def _largest_sd(mean: float | None) -> float:
    """Of something between 0 and 1: half, or with a mean that of zeros and ones (below 0: the mean cannot be)."""
    if mean is None:
        return 0.5
    return math.sqrt(mean * (1.0 - mean)) if 0 <= mean <= 1 else -1.0


def declared(trial: Trial, primary: Primary) -> Assumption | None:
    """What the protocol declares under ``outcomes.<id>.planning``; None without it."""
    outcome = trial.outcomes[primary.outcome]
    planning = outcome.planning
    if planning is None:
        return None
    mean, sd = (None if value is None else float(value) for value in (planning.mean, planning.sd))
    summed = primary.summary == "sum"
    return assumption(
        outcome, primary.outcome, mean=mean, sd=sd, r2=float(planning.r2), basis="declared", summed=summed
    )


def from_registers(trial: Trial, participants: Participants, panel: Panel, primary: Primary) -> Assumption | None:
    """The same people in the months before their draw: nothing after it is looked at.

    The outcome is summarised over as many months as the plan does, or as there are; with covariates that are outcomes,
    over half of the months before the draw, so that these can lie before it as they will lie before the draw. None
    where too few are observed.
    """
    months = _months(trial, panel, primary)
    if months is None:
        return None
    values = _summary(panel, primary, months)
    seen = ~np.isnan(values)
    if seen.sum() < _FEWEST or not values[seen].std() > 0:
        return None
    matrix = covariate_matrix(participants, panel, _shifted(trial, panel, len(months)), Notebook()).columns[seen]
    y = values[seen]
    residual, rank = _residuals(y, matrix)
    sd = float(y.std(ddof=1))
    left = math.sqrt(float(residual @ residual) / max(1, len(y) - rank))
    r2 = float(np.clip(1.0 - (left / sd) ** 2, 0.0, 0.999))
    scale = left / math.sqrt(float(residual @ residual) / len(y)) if residual.any() else 1.0
    return Assumption(float(y.mean()), sd, r2, "registers", y.mean() + residual * scale)


def refuse_without(trial: Trial, missing: Sequence[str]) -> None:
    """Raises:
    DataError: nothing is known of these outcomes; says how to declare it.
    """
    if not missing:
        return
    first = trial.outcomes[missing[0]]
    example = f"[outcomes.{missing[0]}]\nplanning = {{ mean = 0.3, sd = 0.4, r2 = 0.2 }}"
    if not first.binary:
        example = f"[outcomes.{missing[0]}]\nplanning = {{ mean = 20000, sd = 15000, r2 = 0.2 }}"
    names = ", ".join(missing)
    raise DataError(
        Problem(
            Text(
                nb=f"det er ikke kjent hvor mye utfallet varierer: {names}",
                en=f"it is not known how much the outcome varies: {names}",
            ),
            f"trial.toml outcomes.{missing[0]}.planning",
            Text(
                nb="oppgitt i protokollen eller med --assume, eller funnet i registrene for folk som er trukket",
                en="declared in the protocol or by --assume, or found in the registers of people drawn",
            ),
            Text(
                nb=f"Skriv for eksempel:\n{example}\neller: lodd power --assume {missing[0]}:mean=…,sd=…",
                en=f"Write, say:\n{example}\nor: lodd power --assume {missing[0]}:mean=…,sd=…",
            ),
        )
    )


def given(trial: Trial, written: Sequence[str]) -> Mapping[str, Assumption]:
    """Read ``"in_work:mean=0.3,sd=0.4,r2=0.2"``.

    Raises:
        UsageError: not of that form, or an outcome that is not in the protocol.
    """
    found = {}
    for text in written:
        name, _, rest = text.partition(":")
        parts = dict(part.split("=", 1) for part in rest.split(",") if "=" in part)
        try:
            numbers = {key.strip(): float(value) for key, value in parts.items()}
        except ValueError:
            raise UsageError(_form(text, trial)) from None
        if name not in trial.outcomes or not numbers or not numbers.keys() <= {"mean", "sd", "r2"}:
            raise UsageError(_form(text, trial))
        outcome = trial.outcomes[name]
        summed = any(p.summary == "sum" for p in trial.analysis.primary if p.outcome == name)
        found[name] = _given(outcome, name, numbers, summed=summed)
    return found


def _given(outcome: Outcome, name: str, numbers: Mapping[str, float], *, summed: bool) -> Assumption:
    mean, sd, r2 = numbers.get("mean"), numbers.get("sd"), numbers.get("r2", 0.0)
    return assumption(outcome, name, mean=mean, sd=sd, r2=r2, basis="given", summed=summed)


def _months(trial: Trial, panel: Panel, primary: Primary) -> MonthRange | None:
    before = -panel.window.first
    lagged = any("@" in spec for spec in trial.analysis.covariates)
    length = min(len(primary.months), before // 2 if lagged and before >= 2 else before)
    return MonthRange(-length, -1) if length else None


def _summary(panel: Panel, primary: Primary, months: MonthRange) -> Floats:
    """(n,) mean over the months, or the sum that as many months as planned would have; NaN unless all are observed."""
    values = panel.matrix(primary.outcome)[:, month_slice(panel, months)]
    mean = np.asarray(values.mean(axis=1))
    return mean * len(primary.months) if primary.summary == "sum" else mean


def _shifted(trial: Trial, panel: Panel, length: int) -> list[str]:
    """The declared covariates, moved to before the outcome's months; those that do not fit are left out."""
    found = []
    for spec in trial.analysis.covariates:
        outcome, at, written = spec.partition("@")
        if not at:
            found.append(spec)
            continue
        months = MonthRange.parse(written)
        first, last = max(months.first - length, panel.window.first), months.last - length
        if first <= last:
            moved = f"{outcome}@{first}..{last}"
            if not np.isnan(mean_before(panel, moved)).all():
                found.append(moved)
    return found


def _residuals(y: Floats, matrix: Floats) -> tuple[Floats, int]:
    design = np.column_stack([np.ones(len(y)), matrix])
    coefficients, _, rank, _ = np.linalg.lstsq(design, y, rcond=None)
    return y - design @ coefficients, int(rank)


def _impossible(name: str, mean: float | None, sd: float | None, r2: float) -> Problem:
    said = ", ".join(f"{key} = {value}" for key, value in (("mean", mean), ("sd", sd), ("r2", r2)) if value is not None)
    return Problem(
        Text(nb=f"slik kan ikke utfallet variere: {said}", en=f"the outcome cannot vary like this: {said}"),
        f"outcomes.{name}.planning",
        Text(
            nb="sd større enn 0, og r2 fra 0 til under 1; for en andel holder mean, og der er mean fra 0 til 1 og sd "
            "høyst √(mean·(1 − mean))",
            en="sd above 0, and r2 from 0 to below 1; for a share a mean is enough, and there mean is from 0 to 1 and "
            "sd at most √(mean·(1 − mean))",
        ),
    )


def _form(text: str, trial: Trial) -> Problem:
    names = ", ".join(primary.outcome for primary in trial.analysis.primary)
    return Problem(
        Text(nb=f"kan ikke lese «{text}»", en=f'cannot read "{text}"'),
        "--assume",
        Text(
            nb=f"utfall:mean=tall,sd=tall,r2=tall; utfallene er {names}",
            en=f"outcome:mean=number,sd=number,r2=number; the outcomes are {names}",
        ),
    )
