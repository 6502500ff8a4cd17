"""Every declared register checked, one after the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Final

import ibis.expr.types as ir

from lodd.errors import DataError, LoddError, UsageError
from lodd.locale import Text
from lodd.progress import Progress, silent
from lodd.protocol.model import Trial
from lodd.protocol.months import whole_months
from lodd.protocol.register import Register
from lodd.protocol.types import Participants, known_register
from lodd.registers.cleaning import clean_drawn, drawn_rows, numbered
from lodd.registers.databases import engine_where
from lodd.registers.engines import Engine, engine_of
from lodd.registers.engines.problems import EngineFailedError
from lodd.registers.memory import Memory
from lodd.registers.needs import Needs, needs_of
from lodd.registers.quality.file_findings import declared_breaks, month_findings, people_findings
from lodd.registers.quality.fixed import differing_facts, missing_facts
from lodd.registers.quality.model import Example, Finding, Quality, RegisterQuality, Severity
from lodd.registers.quality.people import everybody, numbered_people, people_drawn
from lodd.registers.quality.row_findings import Role, row_finding
from lodd.registers.quality.rows import SHOWN, Marked, People
from lodd.registers.quality.whole_file import Sizes, by_month, sizes
from lodd.registers.scratch import scratch_folder
from lodd.registers.source_problems import FileMissingError
from lodd.registers.sources import Source, check_columns, open_file, readable

_ERROR: Final[Severity] = "error"
_MISSING: Final[Mapping[bool, Severity]] = {True: "error", False: "warning"}


def check_registers(
    trial: Trial, folder: Path, participants: Participants | None, *, progress: Progress = silent
) -> Quality:
    """Every declared register of a trial folder, as it is: sizes, months, what is missing, and what may be wrong.

    A register that is missing or cannot be read is a finding of its own, and the others are checked all the same.
    Participants are None before anybody is drawn; then every row is looked at, and no examples are shown.
    """
    with _engine(folder, participants) as engine:
        return _Check(engine, trial, folder, participants, progress).quality()


@contextmanager
def _engine(folder: Path, participants: Participants | None) -> Iterator[Engine]:
    """The engine asked for; DuckDB with a limit (``LODD_MEMORY``), and a folder of its own for what goes beyond it."""
    with ExitStack() as stack:
        limit = scratch = None
        with suppress(OSError):  # who may not write there has to do with the memory that there is
            scratch = stack.enter_context(scratch_folder(folder))
            limit = Memory.of().of_the_whole(len(participants) if participants is not None else 0)
        yield stack.enter_context(engine_of(memory_limit=limit, temp_folder=scratch))


class _Check:
    """One check of all registers."""

    def __init__(
        self, engine: Engine, trial: Trial, folder: Path, participants: Participants | None, progress: Progress
    ) -> None:
        self.engine = engine
        self.trial = trial
        self.folder = folder
        self.drawn = participants is not None
        self.people = people_drawn(engine, trial, folder, participants) if participants is not None else None
        self.progress = progress
        self.seen: set[int] = set()

    def quality(self) -> Quality:
        found, seconds = [], {}
        for step, register_id in enumerate(self.trial.registers):
            label = self.trial.registers[register_id].label or Text.same(register_id)
            words = Text(nb=f"Ser etter i «{label.nb}»", en=f"Checking “{label.en}”")
            self.progress(words, step, len(self.trial.registers))
            started = perf_counter()
            found.append(self._register(register_id))
            seconds[register_id] = perf_counter() - started
        number = len(self.people.names) if self.people is not None else None
        return Quality(number, tuple(found), tuple(self._of_all(found)), seconds)

    def _register(self, register_id: str) -> RegisterQuality:
        register = known_register(self.trial, register_id)
        about = RegisterQuality(register_id, register.temporality, register.source, readable=True)
        try:
            with self._reading(register) as (engine, drawn):
                source = open_file(engine, register_id, register, self.folder)
                check_columns(source, needs_of(self.trial, register_id))
                with readable(source.place):
                    rows = numbered(source, register)
                    people = drawn or everybody(engine, rows)
                    if register.temporality == "fixed":
                        return self._facts(engine, about, source, rows, people)
                    return self._over_time(about, source, rows, people)
        except EngineFailedError:
            raise  # says nothing of the register
        except (DataError, UsageError) as error:
            return replace(about, readable=False, findings=self._unreadable(register_id, error))

    @contextmanager
    def _reading(self, register: Register) -> Iterator[tuple[Engine, People | None]]:
        """What reads the register, and the people there: facts may be on a server whatever computes the panel."""
        if register.temporality != "fixed" or register.database != "postgresql" or self.engine.name == "postgresql":
            yield self.engine, self.people
            return
        with engine_where(register) as engine:
            yield engine, None if self.people is None else numbered_people(engine, self.people.names)

    def _unreadable(self, register_id: str, error: LoddError) -> tuple[Finding, ...]:
        """Before anybody is drawn, extracts need not be there."""
        missing = isinstance(error, FileMissingError)
        kind, severity = ("file_missing", _MISSING[self.drawn]) if missing else ("unreadable", _ERROR)
        return tuple(Finding(register_id, kind, severity, "stops", problem=problem) for problem in error.problems)

    def _facts(
        self, engine: Engine, about: RegisterQuality, source: Source, rows: ir.Table, people: People
    ) -> RegisterQuality:
        register = self.trial.registers[about.register]
        size = self._sizes(engine, rows, people)
        found = [*people_findings(self.trial, about.register, size, people.names)]
        found += differing_facts(engine, about.register, source, rows, people)
        sized = replace(about, missing=missing_facts(engine, source, register, rows), findings=tuple(found))
        return _with_sizes(sized, size)

    def _over_time(self, about: RegisterQuality, source: Source, rows: ir.Table, people: People) -> RegisterQuality:
        register_id, register = about.register, known_register(self.trial, about.register)
        needs = needs_of(self.trial, register_id)
        size = self._sizes(self.engine, rows, people)
        months, missing = by_month(self.engine, source, register, needs)
        role = self._role(register_id)
        counted = list(Marked(self.engine, source, register, needs, self._known(people, register_id)).counted())
        found = [*people_findings(self.trial, register_id, size, people.names)]
        found += month_findings(self.trial, register_id, months)
        found += [row_finding(register_id, register, needs, one, size.drawn_rows, role=role) for one in counted]
        if self.drawn and not any(finding.handling == "stops" for finding in found):
            found += self._refusals(source, register, needs, people)
        assert register.covers is not None  # lodd.protocol.checks
        covers = whole_months(register.covers.since, register.covers.until)
        breaks = declared_breaks(register)
        over_time = replace(about, covers=covers, months=months, missing=missing, breaks=breaks, findings=tuple(found))
        return _with_sizes(over_time, size)

    def _refusals(self, source: Source, register: Register, needs: Needs, people: People) -> Iterator[Finding]:
        """What building the panel would stop with, of what has not been found."""
        try:
            _, drawn = drawn_rows(self.engine, source, register, needs, people.table)
            clean_drawn(self.engine, drawn, source, register, needs)
        except DataError as error:
            register_id = source.place.register
            yield from (Finding(register_id, "refused", "error", "stops", problem=each) for each in error.problems)

    def _role(self, register_id: str) -> Role | None:
        population = self.trial.population
        if register_id == population.deaths:
            return "as_dead"
        return "as_abroad" if register_id == population.emigrations else None

    def _known(self, people: People, register_id: str) -> People:
        """What is known of the people from other registers than this one."""
        population = self.trial.population
        if register_id == population.emigrations:
            return replace(people, stays=None)
        if register_id != population.deaths:
            return people
        table = people.table.drop("died") if "died" in people.table.columns else people.table
        return replace(people, table=table, stays=None)  # who dies abroad is as dead

    def _sizes(self, engine: Engine, rows: ir.Table, people: People) -> Sizes:
        size = sizes(engine, rows, people.table)
        self.seen.update(size.seen.to_list() if self.drawn else ())
        return size

    def _of_all(self, found: Sequence[RegisterQuality]) -> Iterator[Finding]:
        """People drawn who are in none of the registers, where all could be read."""
        if self.people is None or not all(register.readable for register in found):
            return
        names = self.people.names
        nowhere = sorted(set(range(len(names))) - self.seen)
        if nowhere and self.seen:
            examples = tuple(Example(names[person]) for person in nowhere[:SHOWN])
            yield Finding("", "in_no_register", "warning", "zero", people=len(nowhere), examples=examples)


def _with_sizes(about: RegisterQuality, size: Sizes) -> RegisterQuality:
    return replace(about, rows=size.rows, people=size.people, drawn_rows=size.drawn_rows, seen=len(size.seen))
