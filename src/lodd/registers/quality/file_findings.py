"""From a register's months and sizes to findings: gaps, thin months, breaks in level, people drawn and not drawn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from lodd.protocol.model import Trial
from lodd.protocol.months import first_day, last_day, month_index, whole_months
from lodd.protocol.register import Register
from lodd.protocol.types import known_register
from lodd.registers.quality.levels import SMALLEST_COUNT, SMALLEST_MEAN, Step, level_breaks, odd_months, runs
from lodd.registers.quality.model import Example, Finding, Handling, Months, Severity
from lodd.registers.quality.rows import SHOWN
from lodd.registers.quality.whole_file import Sizes

NEAR: Final = 2
"""A break found within this many months of a declared one is the declared one."""
NEAR_ENROLMENT: Final = 3
"""A break within this many months of the first or last draw may be the trial itself."""


def people_findings(trial: Trial, register_id: str, sizes: Sizes, names: Sequence[str]) -> Iterator[Finding]:
    """Rows of nobody and of people not drawn, and people drawn without a row; ``names`` are empty before the draw."""
    exits = register_id in {trial.population.deaths, trial.population.emigrations}
    facts = trial.registers[register_id].temporality == "fixed"
    without: Handling = "nobody_gone" if exits else "no_facts" if facts else "zero"
    if not sizes.rows:
        yield Finding(register_id, "no_rows", "warning" if names else "note", without)
        return
    if lost := sizes.nameless:
        yield Finding(register_id, "nameless", "warning", "left_out", lost, left_out=lost)
    if not names:
        return
    others = sizes.rows - sizes.drawn_rows - sizes.nameless
    if others:
        yield Finding(register_id, "not_drawn", "note", "ignored", others, sizes.people - len(sizes.seen), others)
    if not len(sizes.seen):
        yield Finding(register_id, "nobody_seen", "warning" if exits else "error", without, people=len(names))
    elif not exits and (unseen := sorted(set(range(len(names))) - set(sizes.seen.to_list()))):
        examples = tuple(Example(names[person]) for person in unseen[:SHOWN])
        yield Finding(register_id, "never_seen", "note", without, people=len(unseen), examples=examples)


def month_findings(trial: Trial, register_id: str, months: Months) -> list[Finding]:
    """Months that should have records, and breaks in the number of rows and in the columns' means."""
    over_time = _OverTime(trial, register_id, months)
    return [*over_time.gaps(), *over_time.breaks()]


def declared_breaks(register: Register) -> tuple[int, ...]:
    """The months of the declared breaks."""
    return tuple(month_index(at.since) for at in register.breaks)


@dataclass(frozen=True, slots=True)
class _OverTime:
    trial: Trial
    register_id: str
    months: Months

    @property
    def register(self) -> Register:
        return known_register(self.trial, self.register_id)

    @property
    def inside(self) -> range:
        """The indices of the months that are covered."""
        covers = self.register.covers
        assert covers is not None  # lodd.protocol.checks
        first, last = whole_months(covers.since, covers.until)
        covered = [i for i, month in enumerate(self.months.month) if first <= month <= last]
        return range(covered[0], covered[-1] + 1) if covered else range(0)

    def gaps(self) -> Iterator[Finding]:
        """Runs of months without records; the thin months together, and those with unusually many."""
        inside, months = self.inside, self.months
        if not inside or not any(months.rows):
            return
        covered, declared = months.month[inside.start : inside.stop], declared_breaks(self.register)
        breaks = [sum(month < at for month in covered) for at in declared]
        odd = odd_months([months.rows[i] for i in inside], covered[0] // months.step, breaks)
        for first, last in runs(odd.empty):
            found = tuple(months.month[inside.start + i] for i in range(first, last + 1))
            at_an_end = len(found) > 1 and (first == 0 or last == len(inside) - 1)
            monthly = any(self._is_monthly(month) for month in found)
            severity: Severity = "error" if at_an_end or monthly else "warning"
            handling: Handling = "no_starts" if self.register.temporality == "status" and not monthly else "zero"
            if self.register_id == self.trial.population.deaths:
                handling = "nobody_gone"
            yield Finding(self.register_id, "gap", severity, handling, months=found)
        if odd.thin:
            yield self._counted("thin", "warning", odd.thin)
        known = tuple(i for i in odd.spikes if any(abs(months.month[inside.start + i] - at) <= NEAR for at in declared))
        if known:
            yield self._counted("declared_spike", "note", known)
        if unknown := tuple(i for i in odd.spikes if i not in known):
            yield self._counted("spike", "warning", unknown)

    def _is_monthly(self, month: int) -> bool:
        """Is everything of the month in records of that month? In a register of spells, where a part is so kept."""
        days = first_day(month), last_day(month)
        kept = [
            part.temporality or self.register.temporality
            for part in self.register.parts
            if (part.since or date.min) <= days[1] and (part.until or date.max) >= days[0]
        ]
        return "accumulated" in (kept or [self.register.temporality])

    def _counted(self, kind: str, severity: Severity, indices: Sequence[int]) -> Finding:
        at = [self.inside.start + i for i in indices]
        rows, found = sum(self.months.rows[i] for i in at), tuple(self.months.month[i] for i in at)
        return Finding(self.register_id, kind, severity, "kept", rows, months=found)

    def breaks(self) -> Iterator[Finding]:
        """Breaks in the number of rows and in the mean of each declared column. Yearly amounts are not tested."""
        if self.months.step != 1:
            return
        rows = [float(self.months.rows[i]) for i in self.inside]
        yield from self._steps(level_breaks(rows, SMALLEST_COUNT), "")
        for name, means in self.months.means.items():
            series = [means[i] for i in self.inside]
            yield from self._steps(level_breaks(series, SMALLEST_MEAN, counts=False), name)

    def _steps(self, steps: Sequence[Step], column: str) -> Iterator[Finding]:
        for step in steps:
            month = self.months.month[self.inside.start + step.at]
            kind, severity = self._kind(month, column)
            yield Finding(self.register_id, kind, severity, "kept", column=column, months=(month,), ratio=step.ratio)

    def _kind(self, month: int, column: str) -> tuple[str, Severity]:
        if any(abs(month - at) <= NEAR for at in declared_breaks(self.register)):
            return "declared_break", "note"
        enrolment = self.trial.enrolment
        ends = (month_index(enrolment.opens), month_index(enrolment.closes) + 1)
        if not column and any(abs(month - end) <= NEAR_ENROLMENT for end in ends):
            return "enrolment_break", "note"
        return "break", "warning"
