"""The people that a trial plans to draw, and outcomes that they might have: for power before anybody is drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import polars as pl
from numpy.typing import NDArray

from lodd.allocation import Design
from lodd.errors import Problem, UsageError
from lodd.locale import Text
from lodd.protocol.model import Trial
from lodd.protocol.months import first_day, last_day, month_index
from lodd.protocol.types import Participants
from lodd.simulate.people import _facts, _working_days
from lodd.simulate.settings import SimulationSettings

Weights = Mapping[tuple[str, date], float]


def planned_number(trial: Trial, settings: SimulationSettings | None = None) -> int | None:
    """How many people the trial plans to draw: by the protocol's plan for its sites, else by the simulation's settings;
    None where neither says."""
    if trial.enrolment.plan:
        return round(sum(_planned(trial).values()))
    if settings is not None and settings.nomination is not None:
        return sum(sum(batch.numbers.values()) for batch in settings.nomination.batches)
    return settings.intake.people if settings is not None and settings.intake is not None else None


def planned_participants(
    trial: Trial, people: int, settings: SimulationSettings | None = None, *, seed: int = 1
) -> Participants:
    """So many people, spread over offices and months as planned, with one draw by the real mechanism.

    Enrolment is spread by the protocol's plan for its sites, else by the simulation's intake, else evenly; nothing of
    it is random. Batches (``complete``) are those of the simulation's settings, each scaled to the number of people.

    Raises:
        UsageError: fewer than two people in an arm, a method whose batches nobody has declared, or lots that are not
            drawn by Lodd.
        DataError: strata or factors that are not known of planned people.
    """
    design = Design.from_trial(trial)
    design.refuse_external()
    if trial.draw.method == "complete":
        enrolled, numbers = _batches(trial, people, settings)
    else:
        enrolled, numbers = _one_by_one(trial, people, settings), {}
    rng = np.random.default_rng(seed)
    if settings is not None:
        enrolled = enrolled.hstack(_facts(settings.facts, enrolled.height, rng).get_columns())
    drawn = design.allocate(rng, enrolled, numbers)
    named = drawn.with_columns(pl.format("planned-{}", pl.int_range(1, pl.len() + 1)).alias("person_id"))
    return Participants(named, trial.arm_ids)


def resampled(values: NDArray[np.float64], people: int, count: int, seed: int) -> NDArray[np.float64]:
    """(people, count) of the values, drawn with replacement."""
    return np.random.default_rng(seed).choice(values, (people, count))


def invented(mean: float, deviation: float, *, binary: bool, people: int, count: int, seed: int) -> NDArray[np.float64]:
    """(people, count) outcomes: zeros and ones where the deviation is theirs, else normally distributed."""
    rng = np.random.default_rng(seed)
    if binary:
        return (rng.random((people, count)) < mean).astype(float)
    return rng.normal(mean, deviation, (people, count))


def _one_by_one(trial: Trial, people: int, settings: SimulationSettings | None) -> pl.DataFrame:
    """Person i comes at the (i + 1/2)/n quantile of the plan, office by office and month by month."""
    weights = _weights(trial, settings)
    cells = sorted(weights)
    ends = np.cumsum([weights[cell] for cell in cells])
    found = np.searchsorted(ends / ends[-1], (np.arange(people) + 0.5) / people)
    counts = np.bincount(found, minlength=len(cells))
    rows = [
        (office, day)
        for (office, month), count in zip(cells, counts, strict=True)
        for day in _spread(_days(trial, month), int(count))
    ]
    frame = pl.DataFrame(rows, schema={"office": pl.String, "drawn_at": pl.Date}, orient="row").sort(
        "drawn_at", "office"
    )
    return frame.with_columns(pl.col("office").replace_strict(trial.office_site).alias("site"))


def _weights(trial: Trial, settings: SimulationSettings | None) -> Weights:
    """Relative enrolment of every office in every month."""
    if trial.enrolment.plan:
        return _planned(trial)
    months = _months(trial)
    by_month, by_office = np.ones(len(months)), dict.fromkeys(trial.office_site, 1.0)
    if settings is not None and settings.intake_profile is not None and settings.offices is not None:
        position, height = zip(*settings.intake_profile.points, strict=True)
        by_month = np.interp(np.arange(len(months)), position, height)
        by_office = dict(settings.offices.weights)
    share = [(last - first).days for first, last in pairwise([*months, _after(trial)])]
    return {
        (office, month): float(weight * level * days)
        for office, weight in by_office.items()
        for month, level, days in zip(months, by_month, share, strict=True)
        if weight * level * days > 0
    }


def _planned(trial: Trial) -> dict[tuple[str, date], float]:
    """People by office and month from the protocol's plan; a site's people are divided evenly among its offices."""
    enrolment, found = trial.enrolment, dict[tuple[str, date], float]()
    for row in enrolment.plan:
        since, until = (
            max(row.since or enrolment.opens, enrolment.opens),
            min(row.until or enrolment.closes, enrolment.closes),
        )
        offices = [office.id for office in trial.sites[row.site].offices]
        for month in _months(trial):
            end = last_day(month_index(month))
            days = (min(until, end) - max(since, month)).days + 1
            if days > 0:
                whole = (end - first_day(month_index(month))).days + 1
                for office in offices:
                    cell = (office, month)
                    found[cell] = found.get(cell, 0.0) + row.per_month * days / whole / len(offices)
    return {cell: people for cell, people in found.items() if people > 0}


def _months(trial: Trial) -> list[date]:
    """The first day of enrolment in every month of it."""
    opens, closes = trial.enrolment.opens, trial.enrolment.closes
    return [max(first_day(m), opens) for m in range(month_index(opens), month_index(closes) + 1)]


def _after(trial: Trial) -> date:
    return trial.enrolment.closes + timedelta(days=1)


def _days(trial: Trial, month: date) -> list[date]:
    return _working_days(month, trial.enrolment.opens, trial.enrolment.closes)


def _spread(days: Sequence[date], count: int) -> list[date]:
    return [days[int((j + 0.5) / count * len(days))] for j in range(count)]


def _batches(
    trial: Trial, people: int, settings: SimulationSettings | None
) -> tuple[pl.DataFrame, dict[str, tuple[int, ...]]]:
    """The settings' batches, each arm of each scaled so that all together come near the number of people."""
    if settings is None or settings.nomination is None:
        raise UsageError(_no_batches())
    declared = settings.nomination.batches
    counts = np.array([[batch.numbers.get(arm, 0) for arm in trial.arm_ids] for batch in declared])
    ends = np.rint(np.cumsum(counts, axis=0) * people / counts.sum()).astype(int)  # so that each arm's total is right
    scaled = np.diff(ends, axis=0, prepend=np.zeros((1, ends.shape[1]), dtype=int))
    numbers = {batch.id: tuple(int(count) for count in row) for batch, row in zip(declared, scaled, strict=True)}
    batches = [batch for batch in settings.nomination.batches if sum(numbers[batch.id])]
    rows = [
        (batch.office, trial.office_site[batch.office], batch.drawn_on, batch.id)
        for batch in sorted(batches, key=lambda batch: (batch.drawn_on, batch.id))
        for _ in range(sum(numbers[batch.id]))
    ]
    schema = {"office": pl.String, "site": pl.String, "drawn_at": pl.Date, "batch": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row"), {batch.id: numbers[batch.id] for batch in batches}


def _no_batches() -> Problem:
    return Problem(
        Text(
            nb="loddene trekkes i puljer, og ingen puljer er oppgitt",
            en="lots are drawn in batches, and no batches are declared",
        ),
        "simulation.toml",
        Text(nb="[nomination] med batches", en="[nomination] with batches"),
        Text(
            nb="Skriv puljene som er planlagt, i simulation.toml (se eksempelet se-klar).",
            en="Write the planned batches in simulation.toml (see the example se-klar).",
        ),
    )
