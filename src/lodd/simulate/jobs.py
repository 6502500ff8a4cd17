"""Employment relationships and pay: main jobs, second jobs, and jobs too small to count as work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from lodd.simulate.calendar import Calendar, Days, dates, day_number
from lodd.simulate.histories import History
from lodd.simulate.processes import Matrix, State, normals
from lodd.simulate.settings import RegisterBreak, SimulationSettings, Weighted
from lodd.simulate.spells import DayFields, Index, Spells, clip_to_exits, spells_of

_FULL_TIME: Final = 37.5
_KINDS: Final = 3
_LEAST_HOURS: Final = 4.0
_REGISTERED_AFTER: Final = 10


@dataclass(frozen=True, slots=True)
class _Market:
    """Random numbers that all arms share: (n, months) except where said."""

    contract: Index
    job: Index
    hours: NDArray[np.float64]
    """(n, contracts)"""
    employer: Index
    """(n, jobs)"""
    second: State
    small: State
    days: tuple[DayFields, ...]
    """Of main, second and small jobs."""
    wage: Matrix
    """Full-time pay."""


@dataclass(frozen=True, slots=True)
class JobSpells:
    """(r,) spells with what they are: ``employer`` number and agreed ``hours`` a week."""

    spells: Spells
    employer: Index
    hours: NDArray[np.float64]


def job_spells(history: History, arm: str) -> JobSpells:
    """Everybody's jobs, had they been drawn to ``arm``, as they were (not as a register has them)."""
    market = history.once(("market",), lambda: _market(history))
    work, calendar = history.work(arm), history.calendar
    main = spells_of(work, market.days[0], calendar, market.contract)
    second = spells_of(work & market.second, market.days[1], calendar, market.job)
    small = spells_of(history.present & market.small, market.days[2], calendar, market.job)
    jobs = [
        JobSpells(
            spells,
            market.employer[spells.person, market.job[spells.person, spells.month]] * _KINDS + kind,
            _hours_of(kind, spells, market, history.settings),
        )
        for kind, spells in enumerate((main, second, small))
    ]
    together = _joined(jobs)
    return JobSpells(clip_to_exits(together.spells, history.exits, calendar), together.employer, together.hours)


def employment_table(history: History, jobs: JobSpells, names: pl.Series) -> pl.DataFrame:
    """The employment register's clean records of these jobs: before the break rough, after it as they were."""
    spells, employer, hours = jobs.spells, jobs.employer, jobs.hours
    change = history.settings.register_break
    source = np.zeros(len(spells.person), dtype=np.int64)
    if change is not None:
        spells, employer, hours, source = _broken(jobs, change)
    labels = (change.before, change.after) if change else ("", "")
    frame = pl.DataFrame(
        {
            "person_id": names.gather(spells.person),
            "employer_id": pl.Series(employer, dtype=pl.Int64).cast(pl.String).str.zfill(9),
            "start_date": dates(spells.start),
            "stop_date": dates(spells.stop),
            "hours_per_week": hours,
            "registered_on": dates(spells.start + _REGISTERED_AFTER),
            "source": pl.Series(list(labels)).gather(source),
        }
    ).sort("person_id", "start_date", "employer_id")
    record = pl.int_range(1, pl.len() + 1).cast(pl.String).str.zfill(8)
    return frame.select((pl.lit("r") + record).alias("record_id"), pl.all())


def earnings_table(history: History, jobs: JobSpells, names: pl.Series) -> pl.DataFrame:
    """Pay by person, employer and month: the hours of the job, for the days of the month that it lasted."""
    market, calendar = history.once(("market",), lambda: _market(history)), history.calendar
    first = np.clip(calendar.position(jobs.spells.start), 0, None)
    last = np.clip(calendar.position(jobs.spells.stop), None, calendar.months - 1)
    lasts = np.maximum(last - first + 1, 0)
    row = np.repeat(np.arange(len(lasts)), lasts)
    month = np.arange(len(row)) - np.repeat(np.cumsum(lasts) - lasts, lasts) + first[row]
    since = np.maximum(jobs.spells.start[row], calendar.starts[month])
    until = np.minimum(jobs.spells.stop[row], calendar.starts[month + 1] - 1)
    worked = (until - since + 1) / calendar.lengths[month]
    person = jobs.spells.person[row]
    amount = np.rint(market.wage[person, month] * jobs.hours[row] / _FULL_TIME * worked).astype(np.int64)
    paid = pl.DataFrame(
        {"person": person, "employer": jobs.employer[row], "month": calendar.starts[month], "amount": amount}
    )
    summed = (
        paid.group_by("person", "employer", "month").agg(pl.col("amount").sum()).sort("person", "month", "employer")
    )
    return summed.select(
        names.gather(summed["person"]).alias("person_id"),
        pl.col("employer").cast(pl.String).str.zfill(9).alias("employer_id"),
        dates(summed["month"].to_numpy()).alias("month"),
        "amount",
    )


def _market(history: History) -> _Market:
    settings, (people, months) = history.settings.jobs, history.shape
    rng = history.streams["jobs.changes"]
    new_job = rng.random((people, months)) < 1 / settings.months_per_job
    new_contract = new_job | (rng.random((people, months)) < 1 / settings.months_per_contract)
    job, contract = (np.cumsum(new, axis=1, dtype=np.int64) for new in (new_job, new_contract))
    rng = history.streams["jobs.terms"]
    hours = _drawn(rng, settings.hours, (people, int(contract.max(initial=0)) + 1))
    employer = rng.integers(100_000_000 // _KINDS, 999_999_999 // _KINDS, (people, int(job.max(initial=0)) + 1))
    extra = history.streams["jobs.extra"]
    second = _share_of_jobs(extra, settings.second_job, job)
    small = _share_of_jobs(extra, settings.small_job, job)
    days_rng, edges = history.streams["jobs.days"], _edges(history.settings, history.calendar)
    days = tuple(DayFields.drawn(days_rng, people, history.calendar, edges) for _ in range(_KINDS))
    return _Market(contract, job, hours, employer, second, small, days, _wages(history))


def _edges(settings: SimulationSettings, calendar: Calendar) -> NDArray[np.float64]:
    """(months,) the share of dates on month edges; other before the register's break."""
    edges = np.full(calendar.months, settings.jobs.month_edges)
    if settings.register_break is not None:
        edges[calendar.starts[:-1] < day_number(settings.register_break.day)] = settings.register_break.month_edges
    return edges


def _share_of_jobs(rng: np.random.Generator, share: float, job: Index) -> State:
    """(n, months) a state that holds in a share of the periods between changes of job."""
    chosen = rng.random((len(job), int(job.max(initial=0)) + 1)) < share
    return np.asarray(np.take_along_axis(chosen, job, axis=1))


def _wages(history: History) -> Matrix:
    pay, (people, months) = history.settings.pay, history.shape
    rng = history.streams["pay"]
    person = normals(rng, people)
    noise = normals(rng, people, months) * np.float32(pay.noise)
    own = np.float32(pay.spread) * (0.5 * history.people.score + np.sqrt(0.75) * person)
    trend = np.log(pay.full_time) + np.log1p(pay.growth) * np.arange(months) / 12
    level = trend.astype(np.float32) - np.float32((pay.spread**2 + pay.noise**2) / 2)
    return np.asarray(np.exp(level + own[:, None] + noise))


def _hours_of(kind: int, spells: Spells, market: _Market, settings: SimulationSettings) -> NDArray[np.float64]:
    """Of the main job as drawn for its contract; of the others looked up by the employer's number, so that they need
    no random numbers of their own."""
    if kind == 0:
        return np.asarray(market.hours[spells.person, market.contract[spells.person, spells.month]])
    number = market.employer[spells.person, market.job[spells.person, spells.month]]
    choices = settings.jobs.second_hours if kind == 1 else settings.jobs.small_hours
    values, weights = zip(*choices, strict=True)
    limits = np.cumsum(weights) / sum(weights)
    return np.asarray(np.array(values)[np.searchsorted(limits, (number % 9973) / 9973, side="right")])


def _drawn(rng: np.random.Generator, choices: Weighted, shape: tuple[int, int]) -> NDArray[np.float64]:
    values, weights = zip(*choices, strict=True)
    return rng.choice(np.array(values), shape, p=np.array(weights) / sum(weights))


def _joined(jobs: list[JobSpells]) -> JobSpells:
    spells = [job.spells for job in jobs]
    return JobSpells(
        Spells(
            np.concatenate([s.person for s in spells]),
            np.concatenate([s.month for s in spells]),
            np.concatenate([s.start for s in spells]),
            np.concatenate([s.stop for s in spells]),
        ),
        np.concatenate([job.employer for job in jobs]),
        np.concatenate([job.hours for job in jobs]),
    )


def _broken(jobs: JobSpells, change: RegisterBreak) -> tuple[Spells, Index, NDArray[np.float64], Index]:
    """Split at the break; before it, hours in bands, and no jobs below four hours."""
    day = day_number(change.day)
    earlier = (jobs.spells.start < day) & (jobs.hours >= _LEAST_HOURS)
    later = jobs.spells.stop >= day
    old, new = jobs.spells.take(earlier), jobs.spells.take(later)
    stop: Days = np.where(old.stop >= day, day - 1, old.stop)
    start: Days = np.where(new.start < day, day, new.start)
    bands = np.array(change.bands)
    rough = bands[np.searchsorted(bands, jobs.hours[earlier], side="right") - 1]
    return (
        Spells(
            np.concatenate([old.person, new.person]),
            np.concatenate([old.month, new.month]),
            np.concatenate([old.start, start]),
            np.concatenate([stop, new.stop]),
        ),
        np.concatenate([jobs.employer[earlier], jobs.employer[later]]),
        np.concatenate([rough, jobs.hours[later]]),
        np.concatenate([np.zeros(earlier.sum(), dtype=np.int64), np.ones(later.sum(), dtype=np.int64)]),
    )
