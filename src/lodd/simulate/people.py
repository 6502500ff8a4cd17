"""Who is enrolled, where and when; what is known about them; and their draw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

from lodd.allocation import Design, SimulatedLedger, record_draws
from lodd.identity import KeyRing, synthetic_numbers
from lodd.identity import simulation_keys as keys_of_seed
from lodd.protocol.lock import Lock
from lodd.protocol.model import Trial
from lodd.protocol.months import first_day, last_day, month_index
from lodd.protocol.types import Participants
from lodd.simulate.processes import Streams
from lodd.simulate.settings import Facts, Nomination, SimulationSettings

_MOST_NUMBERS = 3_000_000
"""Below the number of different synthetic identity numbers."""


@dataclass(frozen=True, slots=True)
class People:
    """The participants, and what only the simulator knows of them: ``score`` (n,) standardised, by which the facts
    predict everything, and ``office`` (n,) as an index. ``ledger``: their draws, where these were recorded."""

    participants: Participants
    score: NDArray[np.float32]
    office: NDArray[np.int64]
    ledger: SimulatedLedger | None = None


def enrol(trial: Trial, settings: SimulationSettings, streams: Streams, lock: Lock | None = None) -> People:
    """Invent the people of a trial and draw their lots by its own design.

    With a lock they are drawn and recorded in a ledger, as a live draw under that lock and :func:`simulation_keys`
    would do it; without one by the same mechanism and without a record, which is faster.
    """
    if settings.nomination is not None:
        enrolled = _nominated(settings.nomination)
        numbers = {b.id: tuple(b.numbers.get(arm, 0) for arm in trial.arm_ids) for b in settings.nomination.batches}
    else:
        enrolled, numbers = _one_by_one(trial, settings, streams["enrolment"]), {}
    site = [trial.office_site[office] for office in enrolled["office"]]
    known = _facts(settings.facts, enrolled.height, streams["facts"])
    enrolled = enrolled.with_columns(pl.Series("site", site), *known.get_columns())
    drawn, ledger = _drawn(trial, lock, streams, enrolled, numbers)
    named = drawn.with_columns(pl.Series("person_id", pseudonyms(streams["pseudonyms"], drawn.height)))
    named = named.sort("drawn_at", "person_id")  # as it is read back
    _, office = np.unique(np.array(named["office"].to_list()), return_inverse=True)
    first = ["person_id", "arm", "site", "office", "stratum", "drawn_at"]
    frame = named.select(*first, *(name for name in named.columns if name not in first))
    return People(Participants(frame, trial.arm_ids), _score(settings.facts, frame), office, ledger)


def simulation_keys() -> KeyRing:
    """The keys of every simulation. Anybody can make them, so a simulation proves nothing about chance."""
    return keys_of_seed(0)


def _drawn(
    trial: Trial, lock: Lock | None, streams: Streams, enrolled: pl.DataFrame, numbers: Mapping[str, tuple[int, ...]]
) -> tuple[pl.DataFrame, SimulatedLedger | None]:
    if lock is None:
        return Design.from_trial(trial).allocate(streams["draw"], enrolled, numbers), None
    keys = simulation_keys()
    start = int(streams["identities"].integers(_MOST_NUMBERS - enrolled.height))
    lot_ids = [keys.lot_id(number) for number in synthetic_numbers(enrolled.height, start=start)]
    asked = enrolled.with_columns(pl.Series("lot_id", lot_ids))
    seed = int(streams["draw"].integers(2**31))
    frame, ledger = record_draws(trial, lock, keys.lot_mac, asked, numbers, seed=seed)
    return frame.drop("lot_id"), ledger


def pseudonyms(rng: np.random.Generator, count: int) -> list[str]:
    """Different random names that say nothing: "p" and twelve hexadecimal digits."""
    names: dict[str, None] = {}
    while len(names) < count:
        names |= {f"p{number:012x}": None for number in rng.integers(0, 2**48, count - len(names)).tolist()}
    return list(names)


def _nominated(nomination: Nomination) -> pl.DataFrame:
    rows = [
        (batch.office, batch.drawn_on, batch.id)
        for batch in sorted(nomination.batches, key=lambda batch: (batch.drawn_on, batch.id))
        for _ in range(sum(batch.numbers.values()))
    ]
    return pl.DataFrame(rows, schema={"office": pl.String, "drawn_at": pl.Date, "batch": pl.String}, orient="row")


def _one_by_one(trial: Trial, settings: SimulationSettings, rng: np.random.Generator) -> pl.DataFrame:
    """People in the order that they come: a month by the intake's profile, a working day in it, an office by size."""
    if settings.intake is None or settings.intake_profile is None or settings.offices is None:
        raise AssertionError("checked by check_settings")
    people = settings.intake.people
    opens, closes = trial.enrolment.opens, trial.enrolment.closes
    months = [first_day(month) for month in range(month_index(opens), month_index(closes) + 1)]
    position, weight = zip(*settings.intake_profile.points, strict=True)
    intensity = np.interp(np.arange(len(months)), position, weight)
    counts = rng.multinomial(people, intensity / intensity.sum())
    days = [
        day
        for month, count in zip(months, counts, strict=True)
        for day in sorted(rng.choice(np.array(_working_days(month, opens, closes)), count).tolist())
    ]
    sizes = np.array(list(settings.offices.weights.values()))
    office = rng.choice(np.array(list(settings.offices.weights)), people, p=sizes / sizes.sum())
    return pl.DataFrame({"office": office.tolist(), "drawn_at": days}, schema_overrides={"drawn_at": pl.Date})


def _working_days(month: date, opens: date, closes: date) -> list[date]:
    since, until = max(month, opens), min(last_day(month_index(month)), closes)
    days = [since + timedelta(days=i) for i in range((until - since).days + 1)]
    return [day for day in days if day.weekday() < 5] or days


def _facts(facts: Facts, people: int, rng: np.random.Generator) -> pl.DataFrame:
    mean, deviation = facts.age
    age = np.clip(np.rint(rng.normal(mean, deviation, people)), *facts.age_limits).astype(np.int64)
    levels, reasons = list(facts.education), list(facts.reasons)
    level = rng.choice(len(levels), people, p=_normalised(list(facts.education.values())))
    reason = rng.choice(len(reasons), people, p=_normalised(list(facts.reasons.values())))
    return pl.DataFrame(
        {
            "age": age,
            "female": rng.random(people) < facts.female,
            "education": [levels[i] for i in level],
            "higher_education_before": level == len(levels) - 1,
            "main_reason": [reasons[i] for i in reason],
        }
    )


def _normalised(shares: list[float]) -> NDArray[np.float64]:
    values = np.array(shares)
    return np.asarray(values / values.sum())


def _score(facts: Facts, frame: pl.DataFrame) -> NDArray[np.float32]:
    levels = {level: i for i, level in enumerate(facts.education)}
    values = {
        "age": frame["age"].to_numpy(),
        "female": frame["female"].to_numpy().astype(float),
        "education": np.array([levels[level] for level in frame["education"]]),
    }
    total = sum((weight * _standardised(values[name]) for name, weight in facts.score.items()), np.zeros(frame.height))
    return _standardised(total).astype(np.float32)


def _standardised(values: NDArray[np.float64]) -> NDArray[np.float64]:
    deviation = values.std()
    return np.asarray((values - values.mean()) / (deviation if deviation > 0 else 1.0))
