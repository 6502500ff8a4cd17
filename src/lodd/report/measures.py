"""Definitions of outcomes in words, generated from the protocol's measures and combinations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal

from lodd import locale
from lodd.protocol.code_list import GROUP, CodeGroup
from lodd.protocol.measure import DRAW
from lodd.protocol.outcome import Condition, Measure, Outcome, Scalar
from lodd.protocol.register import Register
from lodd.protocol.types import may_be_empty
from lodd.report.context import Context


def definition(c: Context, outcome: str) -> list[str]:
    """What an outcome is, in sentences: the declared description, and how it is computed."""
    declared = c.trial.outcomes[outcome]
    described = [c.text(declared.description)] if declared.description else []
    if declared.measure is not None:
        computed = [_measure(c, declared, declared.measure), *_added(c, declared, declared.measure)]
    elif declared.months_since is not None:
        computed = [c.words("measure.months_since", day=_day(c, declared.months_since))]
    else:
        first = _from_first(c, declared)
        computed = [first, c.words("measure.open")] if first else [_combination(c, declared)]
        if first is None and may_be_empty(c.trial, outcome):
            computed.append(c.words("measure.parts_missing"))
    return [*described, *computed]


def register_label(c: Context, register: str) -> str:
    """The register's name for people."""
    label = c.trial.registers[register].label
    return c.text(label) if label else register


def _combination(c: Context, outcome: Outcome) -> str:
    w, parts = c.words, []
    for kind in ("all_of", "any_of", "none_of"):
        named = [w("measure.quoted", outcome=c.outcome(name)) for name in getattr(outcome, kind)]
        if named:
            form = "one" if len(named) == 1 else "other"
            parts.append(w(f"measure.{kind}.{form}", outcomes=c.join(named)))
    return w("measure.combination", parts=c.join(parts))


def _from_first(c: Context, outcome: Outcome) -> str | None:
    for kind, part in (("first_of", outcome.first_of), ("ever_of", outcome.ever_of)):
        if part is not None:
            quoted = c.words("measure.quoted", outcome=c.outcome(part))
            return c.words(f"measure.{kind}", outcome=quoted, start=str(outcome.from_month))
    return None


def _added(c: Context, outcome: Outcome, measure: Measure) -> Iterator[str]:
    """Sentences on the months, the reference days and the absence of records."""
    if measure.within is not None:
        status = c.trial.registers[outcome.register_id or ""].temporality == "status"
        kind = "within_records" if not status else "within_any" if measure.binary else "within_largest"
        yield c.words(f"measure.{kind}", before=str(measure.within - 1))
    for key, column in measure.reference.items():
        yield c.words(f"measure.{key}", day=_day(c, column))
        if column != DRAW:
            yield c.words("measure.lacking")
    if measure.empty is not None:
        yield c.words(f"measure.empty.{measure.empty}")


def _day(c: Context, column: str) -> str:
    """A person's reference day."""
    if column == DRAW:
        return c.words("measure.draw")
    fact = c.trial.facts.get(column)
    return c.words("measure.day", name=c.text(fact.label) if fact is not None else column)


def _measure(c: Context, outcome: Outcome, measure: Measure) -> str:
    register_id = outcome.register_id or ""
    register = c.trial.registers[register_id]
    where = _where(c, measure.where)
    when = _when(c, outcome, register, bool(measure.any))
    values = {"register": register_label(c, register_id), "where": where, "when": when}
    if measure.any:
        return c.words("measure.any", **values)
    since = measure.months_since
    kind, plain = (measure.aggregate, "plain") if since is None else (f"since_{since}", "months")
    amount = c.words(f"measure.amount.{kind}", column=_column(c, measure.column or ""), where=where)
    if measure.at_least is not None:
        least = "at_least" if since is None else "months_at_least"
        return c.words(f"measure.{least}", amount=amount, least=_decimal(c, measure.at_least), **values)
    return c.words(f"measure.{plain}", amount=amount, **values)


def _when(c: Context, outcome: Outcome, register: Register, any_record: bool) -> str:
    """Which day or period counts: of a total that is held on it, or of a record that is active on it."""
    kind = "measure.when_any" if any_record else "measure.when"
    if register.temporality == "status":
        return c.words(f"{kind}.{outcome.day_rule.replace(' ', '_')}")
    if register.temporality == "accumulated":
        return c.words(f"{kind}.{register.period}")
    return c.words(f"{kind}.{register.temporality}")


def _where(c: Context, where: Mapping[str, object]) -> str:
    if not where:
        return ""
    return c.words(
        "measure.where", conditions=c.join([_condition(c, column, wanted) for column, wanted in where.items()])
    )


def _condition(c: Context, column: str, wanted: object) -> str:
    w, name = c.words, _column(c, column)
    if isinstance(wanted, Condition):
        limits = wanted.limits.items()
        parts = [w(f"measure.cond.{key}", column=name, value=_limit(c, limit)) for key, limit in limits]
        if wanted.not_in:
            parts.append(w("measure.cond.not_in", column=name, values=_values(c, wanted.not_in)))
        return c.join(parts)
    if isinstance(wanted, CodeGroup):
        kind = ("group" if len(wanted.wanted) == 1 else "groups") + ("" if wanted.by == GROUP else "_by")
        groups = _values(c, wanted.wanted)
        return w(f"measure.cond.{kind}", column=name, groups=groups, list=wanted.list, by=wanted.by)
    if isinstance(wanted, tuple):
        return w("measure.cond.in", column=name, values=_values(c, wanted))
    return w("measure.cond.is", column=name, value=_scalar(c, wanted))


def _limit(c: Context, limit: Decimal | date) -> str:
    return locale.long_date(limit, c.language) if isinstance(limit, date) else _decimal(c, limit)


def _values(c: Context, values: Sequence[Scalar]) -> str:
    return locale.join_words([_scalar(c, value) for value in values], c.language)


def _scalar(c: Context, value: object) -> str:
    if isinstance(value, bool):
        return c.words("measure.yes" if value else "measure.no")
    if isinstance(value, int | Decimal):
        return _decimal(c, Decimal(value))
    return c.words("measure.quoted", outcome=str(value))


def _decimal(c: Context, value: Decimal) -> str:
    exponent = value.normalize().as_tuple().exponent
    return c.number(float(value), max(0, -exponent) if isinstance(exponent, int) else 0)


def _column(c: Context, column: str) -> str:
    return c.words.optional(f"measure.column.{column}", f"«{column}»" if c.language == "nb" else f'"{column}"')


def after_exit(c: Context, name: str) -> str:
    """What an outcome is worth in the months after death and while living abroad."""
    outcome = c.trial.outcomes[name]
    if outcome.after_death == outcome.after_emigration:
        return c.words(f"measure.after_both.{outcome.after_death}")
    death = c.words(f"measure.after_death.{outcome.after_death}")
    return f"{death} {c.words(f'measure.after_emigration.{outcome.after_emigration}')}"
