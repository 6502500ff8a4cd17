"""What a check of the registers found, as frozen values: numbers and codes, no words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Literal

from lodd.errors import Problem

Severity = Literal["error", "warning", "note"]
SEVERITIES: Final[tuple[Severity, ...]] = ("error", "warning", "note")
Handling = Literal[
    "stops", "left_out", "kept", "partly", "clipped", "merged", "replaced", "excluded", "unmatched", "alone",
    "by_rule", "zero", "no_starts", "outside", "ignored", "ongoing", "nothing", "uncounted", "as_dead", "as_abroad",
    "nobody_gone", "no_facts",
]  # fmt: skip
"""What the panel does about a finding; in words in the report's catalogue."""


@dataclass(frozen=True, slots=True)
class Example:
    """A row of somebody who was drawn: pseudonym, the row's number in the extract (from 1), and its days.

    ``row`` is None where the example is a person, not a row; ``since`` of an amount is the first day of its month.
    """

    person_id: str
    row: int | None = None
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found in one register (or, with ``register`` empty, in all of them together).

    - ``kind``: a code; ``column`` where it is about one.
    - ``rows``: how many rows of people drawn (of the whole file for kinds about months); ``people`` who they are of.
    - ``left_out``: how many of the rows the panel leaves out, as the code that builds it judges them.
    - ``months``: calendar months (``12 * year + month - 1``) that it is about.
    - ``ratio``: the level after a break, divided by the level before.
    - ``limit``: a day or number that the kind is measured against.
    - ``problem``: the error that building the panel would stop with.
    """

    register: str
    kind: str
    severity: Severity
    handling: Handling
    rows: int = 0
    people: int | None = None
    left_out: int = 0
    column: str = ""
    months: tuple[int, ...] = ()
    ratio: float | None = None
    limit: date | None = None
    value: str = ""
    examples: tuple[Example, ...] = ()
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class Missing:
    """Rows of the whole file without a value in a column that the protocol uses, by month of ``Months``."""

    column: str
    rows: int
    by_month: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Months:
    """The whole file by month of start (spells), of the day (events) or of the period (amounts).

    All tuples are as long as ``month``, which has every month from the first to the last shown, ``step`` apart (12 for
    yearly amounts). ``means`` has the mean of each declared numeric column, None where there is none.
    """

    month: tuple[int, ...]
    rows: tuple[int, ...]
    people: tuple[int, ...]
    means: Mapping[str, tuple[float | None, ...]]
    step: int
    before: int
    """Rows before the first month shown."""
    after: int
    undated: int
    """Rows whose month is missing or cannot be read."""


@dataclass(frozen=True, slots=True)
class RegisterQuality:
    """One register: how much there is of it, by month, and what was found.

    ``covers`` are the first and last calendar months wholly covered, None for registers without time; ``breaks`` are
    the declared ones, as months. The numbers are 0 and ``months`` None where the register could not be read.
    """

    register: str
    temporality: str
    file: str
    readable: bool
    covers: tuple[int, int] | None = None
    rows: int = 0
    people: int = 0
    drawn_rows: int = 0
    seen: int = 0
    """People drawn who have a row."""
    months: Months | None = None
    missing: tuple[Missing, ...] = ()
    breaks: tuple[int, ...] = ()
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Quality:
    """All registers. ``drawn`` is how many people are drawn, None before anybody is."""

    drawn: int | None
    registers: tuple[RegisterQuality, ...]
    findings: tuple[Finding, ...] = ()
    """What is found of all registers together."""
    seconds: Mapping[str, float] = field(default_factory=dict)

    def all_findings(self) -> tuple[Finding, ...]:
        """Every finding, errors first, then in the registers' order."""
        found = [*self.findings, *(finding for register in self.registers for finding in register.findings)]
        return tuple(sorted(found, key=lambda finding: SEVERITIES.index(finding.severity)))

    def count(self, severity: Severity) -> int:
        return sum(finding.severity == severity for finding in self.all_findings())
