"""What the protocol asks of a register's file: which columns, and what each is used for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from lodd.protocol.canonical import sha256
from lodd.protocol.code_list import Code, CodeGroup, CodeList
from lodd.protocol.model import Trial
from lodd.protocol.outcome import Condition, Measure, Scalar

Kind = Literal["text", "number", "truth", "date"]


@dataclass(frozen=True, slots=True)
class Grouping:
    """A condition on a column's codes, with the list that it asks."""

    column: str
    wanted: CodeGroup
    codes: CodeList

    @property
    def key(self) -> str:
        """The name of the column that says whether a record meets it."""
        return group_key(self.column, self.wanted)

    @property
    def belonging(self) -> list[Code]:
        """The list's entries of the wanted groups."""
        return [code for code in self.codes.codes if code.group_by(self.wanted.by) in self.wanted.wanted]


def group_key(column: str, wanted: CodeGroup) -> str:
    """A short name for a condition: PostgreSQL keeps 63 bytes of a column's name."""
    return f"group_{sha256([column, wanted.list, wanted.by, sorted(wanted.wanted)])[:16]}"


@dataclass(frozen=True, slots=True)
class Needs:
    """The columns that must be there, in the order in which the protocol names them, and their uses.

    ``compared`` maps a column to the kinds of value that ``where`` compares it with; ``coded`` is the column with
    programme codes, if the register shows participation; ``as_of`` the day that the register is to be known as on;
    ``groups`` what ``where`` asks of code lists; ``rare`` that there may be no record by a day, as of deaths and
    stays abroad of those drawn.
    """

    columns: tuple[str, ...]
    compared: Mapping[str, frozenset[Kind]] = field(default_factory=dict)
    distinct: frozenset[str] = frozenset()
    coded: str | None = None
    as_of: date | None = None
    groups: tuple[Grouping, ...] = ()
    rare: bool = False


def kind_of_value(value: Scalar | date) -> Kind:
    """The kind of a value written in the protocol."""
    if isinstance(value, bool):
        return "truth"
    if isinstance(value, date):
        return "date"
    return "text" if isinstance(value, str) else "number"


def values_of(wanted: Scalar | tuple[Scalar, ...] | Condition | CodeGroup) -> tuple[Scalar | date, ...]:
    """The values that one entry of ``where`` compares with."""
    if isinstance(wanted, CodeGroup):
        return wanted.wanted
    if isinstance(wanted, Condition):
        return (*wanted.limits.values(), *wanted.not_in)
    return wanted if isinstance(wanted, tuple) else (wanted,)


def needs_of(trial: Trial, register_id: str) -> Needs:
    """What the trial needs from one register."""
    measures = list(_measures(trial, register_id))
    compared: dict[str, frozenset[Kind]] = {}
    for measure in measures:
        for column, wanted in measure.where.items():
            kinds = frozenset(kind_of_value(value) for value in values_of(wanted))
            compared[column] = compared.get(column, frozenset()) | kinds
    participation = trial.participation
    shows_participation = participation is not None and participation.register_id == register_id
    coded = participation.code if participation is not None and shows_participation else None
    used = [*compared, *(m.column for m in measures if m.column), *([coded] if coded else [])]
    return Needs(
        columns=tuple(dict.fromkeys([*_declared(trial, register_id), *used])),
        compared=compared,
        distinct=frozenset(m.count_distinct for m in measures if m.count_distinct),
        coded=coded,
        as_of=trial.analysis.as_of,
        groups=_groups(trial, measures),
        rare=register_id in {trial.population.deaths, trial.population.emigrations},
    )


def registers_used(trial: Trial) -> list[str]:
    """The registers that anything in the panel is computed from, in the protocol's order."""
    used = {outcome.register_id for outcome in trial.outcomes.values()}
    used |= {trial.population.deaths, trial.population.emigrations}
    if trial.participation is not None:
        used.add(trial.participation.register_id)
    return [register_id for register_id in trial.registers if register_id in used]


def _declared(trial: Trial, register_id: str) -> Iterator[str]:
    register = trial.registers[register_id]
    yield register.person
    yield from (name for name in (register.start, register.stop, register.registered) if name is not None)
    yield from register.record
    if register.withdrawn is not None:
        yield register.withdrawn.column
    if register.merge is not None:
        yield from register.merge.by
    yield from register.columns


def _groups(trial: Trial, measures: list[Measure]) -> tuple[Grouping, ...]:
    asked = [
        Grouping(column, wanted, trial.code_lists[wanted.list])
        for measure in measures
        for column, wanted in measure.where.items()
        if isinstance(wanted, CodeGroup)
    ]
    return tuple({each.key: each for each in asked}.values())


def _measures(trial: Trial, register_id: str) -> Iterator[Measure]:
    for outcome in trial.outcomes.values():
        if outcome.register_id == register_id and outcome.measure is not None:
            yield outcome.measure
