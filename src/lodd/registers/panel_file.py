"""The panel of very many people: built a range of people at a time and written as it goes, never whole in memory.

The same values as ``build_panel``, whatever the number of ranges: each range is computed by the same code from all the
records of its people.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import ibis.expr.types as ir
import polars as pl

from lodd.errors import DataError
from lodd.locale import LANGUAGES, Text, number
from lodd.progress import Progress, silent
from lodd.protocol.model import Trial
from lodd.protocol.months import MonthRange
from lodd.protocol.register import Register
from lodd.protocol.types import Participants, RegisterNote, known_register
from lodd.registers import problems
from lodd.registers.arrow import people_table
from lodd.registers.breaks import break_notes
from lodd.registers.cleaning import DRAWN, Records, clean, clean_drawn, drawn_rows, notes_of, others_of
from lodd.registers.engines import DuckDBEngine
from lodd.registers.memory import Memory, give_back
from lodd.registers.needs import Needs, needs_of, registers_used
from lodd.registers.panel import Building, coverage_of
from lodd.registers.provenance import provenance_of
from lodd.registers.pseudonyms import refuse_strangers
from lodd.registers.scratch import scratch_folder
from lodd.registers.sources import Source, check_columns, open_file, readable, refuse_changed
from lodd.registers.staging import Ranges, Staged, stage
from lodd.registers.store import PanelWriter

_COHORT: Final = 50_000
"""People: of fewer, a register of a whole nation has so few rows that these are worth counting first."""


@dataclass(frozen=True, slots=True)
class PanelFile:
    """A panel that was written: where, how large, in how many ranges, and what a panel says of itself."""

    path: Path
    people: int
    window: MonthRange
    parts: int
    notes: tuple[RegisterNote, ...]
    provenance: Mapping[str, str]

    @property
    def rows(self) -> int:
        """Person-months."""
        return self.people * len(self.window)


def build_panel_file(
    trial: Trial,
    folder: Path,
    participants: Participants,
    path: Path,
    *,
    memory: str | None = None,
    parts: int | None = None,
    progress: Progress = silent,
) -> PanelFile:
    """Build the panel from the registers' files into ``path``, in the memory that it may take.

    Intermediate results, which hold personal data, are in a folder beside ``path`` that nobody else can read and that
    is removed however the work ends. One that was left by a process that was killed is removed by the next.

    Args:
        trial: the protocol.
        folder: what the registers' paths are relative to.
        participants: everybody drawn.
        path: where the panel is put when it is whole.
        memory: such as ``512MB``; else ``LODD_MEMORY``, else 512 MB.
        parts: the number of ranges, at most one a person; else as many as the memory asks for.
        progress: told of registers and ranges.

    Raises:
        DataError: as ``build_panel``; the panel or the intermediate results cannot be written.
        UsageError: not an amount of memory that is enough.
    """
    if not len(participants):
        raise problems.nobody_drawn()
    limit = Memory.of(memory)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with scratch_folder(path.parent) as scratch, DuckDBEngine(limit.engine(len(participants)), scratch) as engine:
            work = _Work(trial, participants, engine, folder, progress)
            return work.write(path, scratch, limit, parts)
    except OSError as error:
        raise problems.unwritable(path, error) from error


@dataclass(frozen=True, slots=True)
class _Register:
    """A register opened: all its rows, and its participants'."""

    register: Register
    source: Source
    needs: Needs
    rows: ir.Table
    drawn: ir.Table


class _Work:
    """The writing of one panel."""

    def __init__(
        self, trial: Trial, participants: Participants, engine: DuckDBEngine, folder: Path, progress: Progress
    ) -> None:
        self.trial = trial
        self.participants = participants
        self.engine = engine
        self.folder = folder
        self.progress = progress
        self.used = registers_used(trial)
        self.people = engine.take(people_table(participants.frame["person_id"]))

    def write(self, path: Path, scratch: Path, limit: Memory, parts: int | None) -> PanelFile:
        registers = {name: self._opened(name, i) for i, name in enumerate(self.used)}
        people = len(self.participants)
        ranges = Ranges.of(people, min(people, parts or self._parts(registers, limit)))
        staged = self._staged(registers, ranges, scratch)
        give_back()
        extracts = [(name, opened.source.sha256) for name, opened in registers.items()]
        counts: dict[str, Counter[str]] = {name: Counter() for name in registers}
        window = self.trial.analysis.window.months
        with PanelWriter(path, window, coverage_of(self.trial)) as writer:
            for part in range(len(ranges)):
                self._tell(part, ranges)
                writer.add(self._part(part, ranges, registers, staged, counts))
                give_back()
            refuse_changed(opened.source for opened in registers.values())
            notes = tuple(self._notes(registers, counts))
            provenance = writer.finish(notes, provenance_of(self.trial, self.participants, extracts, self.engine))
        return PanelFile(path, len(self.participants), window, len(ranges), notes, provenance)

    def _opened(self, name: str, step: int) -> _Register:
        label = Text(nb=f"Leser registeret {name}", en=f"Reading the register {name}")
        self.progress(label, step, len(self.used))
        register, needs = known_register(self.trial, name), needs_of(self.trial, name)
        source = open_file(self.engine, name, register, self.folder)
        check_columns(source, needs)
        return _Register(register, source, needs, *drawn_rows(self.engine, source, register, needs, self.people))

    def _parts(self, registers: Mapping[str, _Register], limit: Memory) -> int:
        people, window = len(self.participants), self.trial.analysis.window.months
        rows = 0
        for opened in registers.values():
            with readable(opened.source.place):
                counted = opened.rows if people >= _COHORT else opened.drawn
                rows += self.engine.fetch(counted.count().as_table()).item()
        return limit.parts(people, len(window), len(coverage_of(self.trial)), rows)

    def _staged(self, registers: Mapping[str, _Register], ranges: Ranges, scratch: Path) -> dict[str, Staged]:
        """Every register's rows by range; nothing where there is one range only."""
        if len(ranges) == 1:
            return {}
        label = Text(nb="Deler registrene på personene", en="Dividing the registers by people")
        found = {}
        for step, (name, opened) in enumerate(registers.items()):
            self.progress(label, step, len(registers))
            with readable(opened.source.place):
                found[name] = stage(self.engine, opened.drawn.drop("person_id"), ranges, scratch, f"register-{step}")
        return found

    def _tell(self, part: int, ranges: Ranges) -> None:
        people = {language: number(len(self.participants), language) for language in LANGUAGES}
        label = Text(
            nb=f"Regner ut panelet for {people['nb']} personer", en=f"Computing the panel of {people['en']} people"
        )
        self.progress(label, part, len(ranges))

    def _part(
        self,
        part: int,
        ranges: Ranges,
        registers: Mapping[str, _Register],
        staged: Mapping[str, Staged],
        counts: Mapping[str, Counter[str]],
    ) -> pl.DataFrame:
        """The panel's rows of one range of people; adds to the counts."""
        people = replace(self.participants, frame=self.participants.frame[ranges.people(part)])
        with ExitStack() as stack:
            stack.enter_context(self.engine.passing())
            records = {}
            for name, opened in registers.items():
                drawn = self.engine.take(stack.enter_context(staged[name].rows(part))) if staged else opened.drawn
                records[name] = self._cleaned(drawn, name, registers)
                counts[name].update(records[name].counts)
            return Building(self.trial, people, self.engine, silent).frame(records, pl.Categorical)

    def _cleaned(self, drawn: ir.Table, name: str, registers: Mapping[str, _Register]) -> Records:
        opened = registers[name]
        try:
            return clean_drawn(self.engine, drawn, opened.source, opened.register, opened.needs)
        except DataError:
            self._refuse_as_a_whole(registers)
            raise

    def _notes(self, registers: Mapping[str, _Register], counts: Mapping[str, Counter[str]]) -> Iterator[RegisterNote]:
        """What ``build_panel`` would say, from the counts of all ranges."""
        if any(found["zoned"] and found["unzoned"] for found in counts.values()):
            self._refuse_as_a_whole(registers)  # moments with and without a zone, of which no range had both
        for name, opened in registers.items():
            with readable(opened.source.place):
                others = others_of(self.engine, opened.rows, self.people, counts[name][DRAWN])
                refuse_strangers(self.engine, opened.rows, self.people, others, opened.source.place)
            yield from notes_of(name, opened.register, opened.needs, counts[name] | others)
        yield from break_notes(self.trial, self.used, self.participants)

    def _refuse_as_a_whole(self, registers: Mapping[str, _Register]) -> None:
        """What is wrong is said of all the rows at once, as if there were one range."""
        for opened in registers.values():
            clean(self.engine, opened.source, opened.register, opened.needs, self.people)
