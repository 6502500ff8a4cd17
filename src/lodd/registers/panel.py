"""The panel: declared registers made into every declared outcome, for every person and month."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import ibis.expr.types as ir
import numpy as np
import polars as pl
from polars._typing import PolarsDataType

from lodd.locale import Text
from lodd.progress import Progress, silent
from lodd.protocol.model import Trial
from lodd.protocol.types import PARTICIPATES, Panel, Participants, combination_order, coverage_months, known_register
from lodd.registers import problems, windows
from lodd.registers.arrow import people_table
from lodd.registers.breaks import break_notes
from lodd.registers.cleaning import Records, clean
from lodd.registers.compose import (
    UNSCALED,
    Computed,
    Grid,
    Mask,
    States,
    column,
    combined,
    from_first,
    missing_of,
    outcome_column,
    value_of,
)
from lodd.registers.engines import Engine, UnreadableError, engine_of
from lodd.registers.engines.problems import not_computed
from lodd.registers.hashing import PanelHash
from lodd.registers.measures import monthly
from lodd.registers.needs import needs_of, registers_used
from lodd.registers.participation import active, arms_with_programmes
from lodd.registers.population import abroad_months, death_months
from lodd.registers.provenance import VALUES, provenance_of
from lodd.registers.reference_days import days_of_reference, months_since_day, started_within, without_day
from lodd.registers.sources import Source, Table, check_columns, open_file, open_table, refuse_changed
from lodd.registers.spells import Bounds

Opener = Callable[[Engine, str], Source]


def build_panel(
    trial: Trial,
    folder: Path,
    participants: Participants,
    *,
    engine: Engine | None = None,
    progress: Progress = silent,
) -> Panel:
    """The panel from the registers' files, whose paths are relative to the trial folder.

    Only registers that an outcome, participation, deaths or stays abroad are computed from are read. The engine (else
    that of ``LODD_ENGINE``, or DuckDB) is closed afterwards.

    Raises:
        DataError: a file is missing, broken or does not hold what the protocol says; nobody was drawn.
    """

    def opener(engine: Engine, register_id: str) -> Source:
        return open_file(engine, register_id, trial.registers[register_id], folder)

    return _build(trial, opener, participants, engine, progress)


def build_panel_from(
    trial: Trial,
    tables: Mapping[str, Table],
    participants: Participants,
    *,
    engine: Engine | None = None,
    progress: Progress = silent,
) -> Panel:
    """The same from tables in memory, by register.

    Raises:
        DataError: a register's table is not given, or does not hold what the protocol says; nobody was drawn.
    """

    def opener(engine: Engine, register_id: str) -> Source:
        if register_id not in tables:
            raise problems.table_missing(register_id, list(tables))
        return open_table(engine, register_id, tables[register_id])

    return _build(trial, opener, participants, engine, progress)


def _build(
    trial: Trial, opener: Opener, participants: Participants, engine: Engine | None, progress: Progress
) -> Panel:
    if not len(participants):
        raise problems.nobody_drawn()
    with engine or engine_of() as opened:
        try:
            return Building(trial, participants, opened, progress).panel(opener)
        except UnreadableError as error:  # not of a register, but of the people or the months
            raise not_computed(opened.name, str(error)) from error


def coverage_of(trial: Trial) -> dict[str, tuple[int, int]]:
    """The months that the registers behind each column of the panel cover."""
    columns = [*trial.outcomes, *(PARTICIPATES + arm for arm in arms_with_programmes(trial))]
    return {name: coverage_months(trial, name) for name in columns}


class _Steps:
    """Tells progress, one step a register or column."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress = progress
        self._total = total
        self._done = 0

    def next(self, label: Text) -> None:
        self._progress(label, self._done, self._total)
        self._done += 1


class Building:
    """One building of a panel: reads each register once, then computes column by column."""

    def __init__(self, trial: Trial, participants: Participants, engine: Engine, progress: Progress) -> None:
        self.trial = trial
        self.participants = participants
        self.engine = engine
        self.grid = Grid.of(participants, trial.analysis.window.months)
        self.arms = arms_with_programmes(trial)
        self.used = registers_used(trial)
        self.steps = _Steps(progress, len(self.used) + len(trial.outcomes) + len(self.arms))
        self.people = engine.take(people_table(pl.Series(self.grid.people, dtype=pl.String)))

    def panel(self, opener: Opener) -> Panel:
        sources: dict[str, Source] = {}
        records: dict[str, Records] = {}
        for register_id in self.used:
            self.steps.next(Text(nb=f"Leser registeret {register_id}", en=f"Reading the register {register_id}"))
            sources[register_id] = opener(self.engine, register_id)
            records[register_id] = self._records(sources[register_id], register_id)
        frame = self.frame(records)
        extracts = [(register_id, source.sha256) for register_id, source in sources.items()]
        refuse_changed(sources.values())
        values = PanelHash(len(self.grid.window))
        values.add(frame)
        return Panel(
            frame=frame,
            window=self.grid.window,
            outcomes=dict(self.trial.outcomes),
            coverage=coverage_of(self.trial),
            notes=(
                *(note for register in records.values() for note in register.notes),
                *break_notes(self.trial, self.used, self.participants),
            ),
            provenance=provenance_of(self.trial, self.participants, extracts, self.engine)
            | {VALUES: values.hexdigest()},
        )

    def frame(self, records: Mapping[str, Records], person: PolarsDataType = pl.String) -> pl.DataFrame:
        """The panel's rows, from the records that count; pseudonyms as text, or as categories, which take less room."""
        states = self._states(records)
        columns = self._outcomes(records, states) | self._participation(records, states)
        return pl.DataFrame(self._keys(person) | _named(states) | columns)

    def _records(self, source: Source, register_id: str) -> Records:
        needs = needs_of(self.trial, register_id)
        check_columns(source, needs)
        return clean(self.engine, source, known_register(self.trial, register_id), needs, self.people)

    def _states(self, records: Mapping[str, Records]) -> States:
        population, bounds = self.trial.population, self.grid.bounds
        deaths = stays = None
        if population.deaths is not None:
            deaths = self.engine.fetch(death_months(records[population.deaths]))
        if population.emigrations is not None:
            stays = self.engine.fetch(abroad_months(records[population.emigrations], bounds))
        return States.of(self.grid, deaths, stays)

    def _bounds(self, column_name: str) -> Bounds:
        """The months of a column that anyone's window holds and its registers cover."""
        first, last = coverage_months(self.trial, column_name)
        return Bounds(max(first, self.grid.bounds.first), min(last, self.grid.bounds.last))

    def _outcomes(self, records: Mapping[str, Records], states: States) -> dict[str, pl.Series]:
        found: dict[str, Computed] = {}
        for name in combination_order(self.trial):
            label = self.trial.outcomes[name].label
            self.steps.next(Text(nb=f"Regner ut «{label.nb}»", en=f"Computing “{label.en}”"))
            measured = self.trial.outcomes[name].measure is not None
            found[name] = self._measured(name, records) if measured else self._joined(name, found, states)
        return {
            name: outcome_column(outcome, found[name], self._covered(name), states)
            for name, outcome in self.trial.outcomes.items()
        }

    def _covered(self, name: str) -> Mask:
        return self.grid.within(coverage_months(self.trial, name))

    def _measured(self, name: str, records: Mapping[str, Records]) -> Computed:
        outcome, bounds = self.trial.outcomes[name], self._bounds(name)
        assert outcome.register_id is not None
        assert outcome.measure is not None
        register = records[outcome.register_id]
        if bounds.empty:
            return windows.nothing(outcome, register.register, self.grid)
        bounds = windows.reaching(bounds, outcome.measure)
        days = days_of_reference(self.participants, outcome.measure)
        register = register.of(started_within(register.table, register.register, self.engine, days))
        found = self.engine.fetch(monthly(register, outcome, bounds, self._calendar(bounds)))
        return windows.computed(found, outcome, register.register, self.grid, without_day(days))

    def _calendar(self, bounds: Bounds) -> ir.Table:
        return self.engine.take(bounds.calendar())

    def _joined(self, name: str, found: Mapping[str, Computed], states: States) -> Computed:
        outcome = self.trial.outcomes[name]
        if outcome.months_since is not None:
            months, none_yet = months_since_day(self.participants, outcome.months_since, self.grid.calendar)
            return Computed(months, UNSCALED, none_yet)
        if not (outcome.first_of or outcome.ever_of):
            return combined(outcome, {part: found[part] for part in outcome.parts})
        (part,) = outcome.parts
        declared = self.trial.outcomes[part]
        true = value_of(declared, found[part], states) != 0
        unknown = missing_of(declared, found[part], self._covered(part), states)
        return from_first(outcome, true, unknown, self.grid.window)

    def _participation(self, records: Mapping[str, Records], states: States) -> dict[str, pl.Series]:
        """1 or 0 where covered: the dead and those abroad take part in nothing."""
        columns = {}
        for arm in self.arms:
            label = self.trial.arms[arm].label
            self.steps.next(Text(nb=f"Deltakelse: «{label.nb}»", en=f"Participation: “{label.en}”"))
            name = PARTICIPATES + arm
            takes_part = self._takes_part(arm, self._bounds(name), records) & ~states.dead & ~states.abroad
            columns[name] = column(takes_part.astype(np.int64), ~self._covered(name), None, UNSCALED)
        return columns

    def _takes_part(self, arm: str, bounds: Bounds, records: Mapping[str, Records]) -> Mask:
        participation = self.trial.participation
        assert participation is not None
        if bounds.empty:
            return np.zeros(self.grid.calendar.shape, dtype=np.bool_)
        register = records[participation.register_id]
        found = active(register, self.trial.arms[arm], participation.code, bounds)
        takes_part: Mask = self.grid.spread(self.engine.fetch(found)) != 0
        return takes_part

    def _keys(self, person: PolarsDataType) -> dict[str, pl.Series]:
        people, months = self.grid.calendar.shape
        window, bounds = self.grid.window, self.grid.bounds
        names = pl.Series(self.grid.people, dtype=pl.String).cast(person)
        days = np.arange(bounds.first, bounds.last + 1) - 12 * 1970
        days = days.astype("datetime64[M]").astype("datetime64[D]").astype(np.int32)
        return {
            "person_id": names.gather(np.repeat(np.arange(people, dtype=np.uint32), months)),
            "month": pl.Series(days[(self.grid.calendar - bounds.first).ravel()]).cast(pl.Date),
            "event_month": pl.Series(np.tile(np.arange(window.first, window.last + 1, dtype=np.int32), people)),
        }


def _named(states: States) -> dict[str, pl.Series]:
    return {"dead": pl.Series(states.dead.ravel()), "abroad": pl.Series(states.abroad.ravel())}
