"""Checks of outcomes: they refer to what exists, combine what is 1 or 0, and never go in a circle."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from lodd.locale import Text
from lodd.protocol.checks.finding import Finding, Path, unknown
from lodd.protocol.checks.measures import check_measure, check_reference
from lodd.protocol.model import Trial
from lodd.protocol.outcome import Measure, Outcome
from lodd.protocol.register import Register

_OUTCOME = Text(nb="utfallet", en="outcome")
_REGISTER = Text(nb="registeret", en="register")
_COLUMN = Text(nb="tallkolonnen", en="numeric column")
RESERVED = frozenset({"person_id", "month", "event_month", "dead", "abroad"})


def check_outcomes(trial: Trial) -> Iterator[Finding]:
    """All outcomes, each by itself; then circles."""
    for name, outcome in trial.outcomes.items():
        path = ("outcomes", name)
        if name in RESERVED or name.startswith("participates_"):
            yield Finding(
                path, Text(nb=f"navnet «{name}» er opptatt i panelet", en=f'the panel uses the name "{name}" itself')
            )
        if not outcome.binary and outcome.unit is None:
            yield Finding(
                path,
                Text(nb="et tall trenger en enhet («unit»)", en='a number needs a "unit"'),
                next_step=Text(nb='For eksempel: unit = "kroner"', en='For example: unit = "kroner"'),
            )
        yield from _measured(trial, path, outcome) if outcome.measure else _combined(trial, path, outcome)
    yield from _circles(trial)
    yield from _primary(trial)
    yield from _added_up(trial)


def _measured(trial: Trial, path: tuple[str, ...], outcome: Outcome) -> Iterator[Finding]:
    register = trial.registers.get(outcome.register_id or "")
    if register is None:
        yield unknown((*path, "register"), _REGISTER, outcome.register_id or "", trial.registers)
        return
    if register.temporality == "fixed":
        found = Text(
            nb="et «fixed»-register har ingen måneder; det gir kjennetegn, ikke utfall",
            en='a "fixed" register has no months; it gives baseline facts, not outcomes',
        )
        yield Finding((*path, "register"), found)
    if outcome.counts is not None and register.temporality != "status":
        found = Text(
            nb=f"«counts» betyr ingenting for et «{register.temporality}»-register",
            en=f'"counts" means nothing for a register of temporality "{register.temporality}"',
        )
        yield Finding((*path, "counts"), found)
    if outcome.measure is not None:
        yield from _measure((*path, "measure"), outcome.measure, register)
        yield from check_measure((*path, "measure"), outcome.measure, register)
        yield from check_reference(trial, (*path, "measure"), outcome.measure.reference)


def _measure(path: tuple[str, ...], measure: Measure, register: Register) -> Iterator[Finding]:
    column = register.columns.get(measure.number) if measure.number is not None else None
    if measure.number is not None and column is None:
        finding = unknown((*path, measure.aggregate), _COLUMN, measure.number, register.columns)
        todo = Text(
            nb=f"Oppgi den under «columns» i registeret: {measure.number} = {{ decimals = 0 }}",
            en=f'Declare it under the register\'s "columns": {measure.number} = {{ decimals = 0 }}',
        )
        yield Finding(finding.path, finding.found, finding.allowed, finding.next_step or todo)
    if measure.at_least is not None:
        yield from _threshold((*path, "at_least"), measure.at_least, column.decimals if column else 0)


def _threshold(path: tuple[str, ...], at_least: Decimal, decimals: int) -> Iterator[Finding]:
    if at_least <= 0:
        found = Text(nb=f"{at_least} er alltid nådd", en=f"{at_least} is always reached")
        yield Finding(path, found, Text(nb="større enn 0", en="larger than 0"))
    if -int(at_least.normalize().as_tuple().exponent) > decimals:
        found = Text(
            nb=f"{at_least} har flere desimaler enn det som måles ({decimals})",
            en=f"{at_least} has more decimals than what is measured ({decimals})",
        )
        yield Finding(path, found)


def _combined(trial: Trial, path: tuple[str, ...], outcome: Outcome) -> Iterator[Finding]:
    for key in ("all_of", "any_of", "none_of"):
        for index, part in enumerate(getattr(outcome, key)):
            yield from _part(trial, (*path, key, index), part)
    if outcome.first_of is not None:
        yield from _part(trial, (*path, "first_of"), outcome.first_of)
    if outcome.ever_of is not None:
        yield from _part(trial, (*path, "ever_of"), outcome.ever_of)
    if outcome.months_since is not None:
        yield from check_reference(trial, path, {"months_since": outcome.months_since})
    window = trial.analysis.window.months
    if (outcome.first_of or outcome.ever_of) and not window.first <= outcome.from_month <= window.last:
        found = Text(
            nb=f"måned {outcome.from_month} er utenfor vinduet", en=f"month {outcome.from_month} is outside the window"
        )
        todo = Text(nb="Endre «from» eller analysis.window.", en='Change "from" or analysis.window.')
        yield Finding((*path, "from"), found, Text.same(str(window)), todo)


def _part(trial: Trial, path: Path, part: str) -> Iterator[Finding]:
    if part not in trial.outcomes:
        yield unknown(path, _OUTCOME, part, trial.outcomes)
    elif not trial.outcomes[part].binary:
        found = Text(nb=f"«{part}» er et tall, ikke 1 eller 0", en=f'"{part}" is a number, not 1 or 0')
        todo = Text(nb="Bruk et utfall med «at_least».", en='Use an outcome with "at_least".')
        yield Finding(path, found, None, todo)


def _primary(trial: Trial) -> Iterator[Finding]:
    """Primary outcomes that only some people have, whom the draw has not made alike."""
    for i, primary in enumerate(trial.analysis.primary):
        if any(trial.outcomes[name].may_be_empty for name in _with_parts(trial, primary.outcome, ())):
            found = Text(
                nb=f"«{primary.outcome}» mangler for dem som ikke har noen rad: bare de andre sammenlignes, og "
                "trekningen sørger ikke for at de er like i gruppene",
                en=f'"{primary.outcome}" is missing for those without a record: only the others are compared, and '
                "the draw does not see to it that they are alike in the arms",
            )
            todo = Text(
                nb='Bruk empty = "zero", eller et utfall som alle har.',
                en='Use empty = "zero", or an outcome that everyone has.',
            )
            yield Finding(("analysis", "primary", i, "outcome"), found, None, todo, warning=True)


def _added_up(trial: Trial) -> Iterator[Finding]:
    """Sums over months of what each month already holds several months of."""
    plan = trial.analysis
    summed: list[tuple[Path, str]] = [(("analysis", "cumulative", i), name) for i, name in enumerate(plan.cumulative)]
    summed += [
        (("analysis", "primary", i, "summary"), primary.outcome)
        for i, primary in enumerate(plan.primary)
        if primary.summary == "sum"
    ]
    for path, name in summed:
        outcome = trial.outcomes.get(name)
        if outcome is not None and outcome.measure is not None and outcome.measure.within is not None:
            months = outcome.measure.within
            found = Text(
                nb=f"«{name}» ser {months} måneder tilbake: når måneder legges sammen, teller det samme inntil "
                f"{months} ganger",
                en=f'"{name}" looks {months} months back: added over months, the same counts up to {months} times',
            )
            todo = Text(nb="Bruk et utfall uten «within».", en='Use an outcome without "within".')
            yield Finding(path, found, None, todo, warning=True)


def _with_parts(trial: Trial, name: str, above: tuple[str, ...]) -> Iterator[str]:
    if name in trial.outcomes and name not in above:
        yield name
        for part in trial.outcomes[name].parts:
            yield from _with_parts(trial, part, (*above, name))


def _circles(trial: Trial) -> Iterator[Finding]:
    """Each circle once, named from its first outcome in the file."""
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> Iterator[Finding]:
        if name in trail:
            circle = " → ".join((*trail[trail.index(name) :], name))
            yield Finding(
                ("outcomes", name), Text(nb=f"utfallene går i ring: {circle}", en=f"outcomes form a circle: {circle}")
            )
        elif name in trial.outcomes and name not in done:
            for part in trial.outcomes[name].parts:
                yield from visit(part, (*trail, name))
            done.add(name)

    for name in trial.outcomes:
        yield from visit(name, ())
