"""From what was counted among the rows to findings: how severe each is, and what the panel does about it.

A finding is an *error* if the panel cannot be built, a *warning* if somebody should look before the panel is used, and
a *note* if the protocol has an answer to it. Whether rows are left out is what the panel's own code said of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Final, Literal

from lodd.protocol.register import Register
from lodd.registers.cleaning import EARLIEST
from lodd.registers.needs import Needs
from lodd.registers.quality.model import Finding, Handling, Severity
from lodd.registers.quality.rows import FAR_YEARS, Counted

MANY: Final = 0.05
"""A note about a larger share of the rows than this is a warning."""
_UNREADABLE: Final = frozenset({"unreadable_date", "unreadable_moment", "not_a_number", "decimals", "too_large"}) | {
    "unknown_code"
}
_DOUBTFUL: Final = frozenset({"version_ties", "missing_start", "start_after_stop", "before_1900", "before_birth"}) | {
    "far_stop",
    "after_death",
}
_EXPECTED: Final = frozenset({"endless", "overlap_other", "registered_later", "past_death", "before_coverage"})
"""Kinds that are no reason for doubt however many they are."""
_HANDLED: Final[Mapping[str, Handling]] = {
    "before_1900": "clipped",
    "before_birth": "clipped",
    "before_coverage": "outside",
    "after_coverage": "outside",
    "endless": "ongoing",
    "far_stop": "clipped",
    "after_death": "by_rule",
    "past_death": "by_rule",
    "while_abroad": "by_rule",
    "other_code": "unmatched",
}


Role = Literal["as_dead", "as_abroad"]
"""What the rows of the registers of deaths and of stays abroad say, whenever that was."""


def row_finding(
    register_id: str, register: Register, needs: Needs, counted: Counted, drawn_rows: int, *, role: Role | None = None
) -> Finding:
    """The finding that marked rows of a register make."""
    kind, column = counted.mark.kind, counted.mark.column
    handling = _handling(kind, column, register, needs, counted)
    return Finding(
        register=register_id,
        kind=kind,
        severity=_severity(kind, column, register, counted.rows / max(drawn_rows, 1)),
        handling=role if role and handling in _BY_COVERAGE else handling,
        rows=counted.rows,
        people=counted.people,
        left_out=counted.left_out,
        column=column,
        limit=_limit(kind, register),
        value=_value(kind, column, register),
        examples=counted.examples,
    )


_BY_COVERAGE: Final = frozenset({"outside", "clipped", "ongoing"})


def stops_the_panel(kind: str, column: str, register: Register) -> bool:
    """Does building the panel end with an error at rows of this kind?"""
    if kind == "duplicates":
        return register.duplicates == "error"
    if kind == "missing":
        return column in register.columns and register.columns[column].missing == "error"
    return kind in _UNREADABLE


def _severity(kind: str, column: str, register: Register, share: float) -> Severity:
    if stops_the_panel(kind, column, register):
        return "error"
    if kind in _DOUBTFUL or (kind == "overlap_same" and register.merge is None and register.columns):
        return "warning"
    return "warning" if share > MANY and kind not in _EXPECTED and kind != "superseded" else "note"


def _handling(kind: str, column: str, register: Register, needs: Needs, counted: Counted) -> Handling:
    if stops_the_panel(kind, column, register):
        return "stops"
    if counted.left_out:
        return "left_out" if counted.left_out == counted.rows else "partly"
    if kind == "missing":
        return _missing(column, register, needs)
    if kind == "overlap_same":
        return "merged" if register.merge is not None else "kept"
    return _HANDLED.get(kind, "kept")


def _missing(column: str, register: Register, needs: Needs) -> Handling:
    if column in register.columns:
        return "excluded" if register.columns[column].missing == "exclude" else "replaced"
    if column in needs.compared or column == needs.coded:
        return "unmatched"
    if column in needs.distinct:
        return "uncounted"
    related = register.merge.by if register.merge is not None else ()
    return "alone" if column in {*related, *register.record} else "kept"


def _limit(kind: str, register: Register) -> date | None:
    assert register.covers is not None
    limits = {
        "before_1900": EARLIEST,
        "before_coverage": register.covers.since,
        "after_coverage": register.covers.until,
        "far_stop": date(register.covers.until.year + FAR_YEARS, 12, 31),
    }
    return limits.get(kind)


def _value(kind: str, column: str, register: Register) -> str:
    """The declared value that missing ones are replaced with, or how overlapping records are merged."""
    if kind == "overlap_same" and register.merge is not None:
        return register.merge.overlap
    if kind == "missing" and column in register.columns:
        missing = register.columns[column].missing
        return str(missing) if isinstance(missing, Decimal) else ""
    return ""
