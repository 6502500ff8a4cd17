"""What an explanation says, in both languages."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from lodd.locale import LANGUAGES, Language, Text, join_words, long_date, month_year, number
from lodd.protocol.code_list import GROUP, CodeGroup
from lodd.protocol.measure import DRAW
from lodd.protocol.months import first_day
from lodd.protocol.outcome import Condition, Counts, Measure, Outcome
from lodd.protocol.register import Register
from lodd.registers.reference_measures import meets

COUNTS: Final = Text(nb="teller", en="counts")
COUNTS_NOWHERE: Final = Text(nb="teller ikke i noen av delene", en="counts in none of the parts")
SEEN: Final = Text(nb="", en="")
NOT_ACTIVE: Final = Text(nb="ikke aktiv denne måneden", en="not active this month")
NOT_THAT_MONTH: Final = Text(nb="ikke aktiv måneden det regnes fra", en="not active in the month counted from")
OUTSIDE_REFERENCE: Final = Text(nb="starter utenfor datoene det regnes fra", en="starts outside the days counted from")
SMALLER: Final = Text(nb="en annen rad har en større verdi", en="another row has a larger value")
EARLIER: Final = Text(nb="en annen rad startet senere", en="another row started later")
_DAYS: Final[Mapping[Counts, Text]] = {
    "any day": Text(nb="den dagen i måneden som gir mest", en="on the day of the month that gives most"),
    "first day": Text(nb="den første dagen i måneden", en="on the first day of the month"),
    "last day": Text(nb="den siste dagen i måneden", en="on the last day of the month"),
    "day 16": Text(nb="den 16. i måneden", en="on the 16th of the month"),
}
_LIMITS: Final[Mapping[str, Text]] = {
    "at_least": Text(nb="minst", en="at least"),
    "below": Text(nb="under", en="below"),
    "at_most": Text(nb="høyst", en="at most"),
    "above": Text(nb="over", en="above"),
}
_SOME_DAY: Final = Text(nb="en eller annen dag i måneden", en="on any day of the month")
_MORE_TERMS: Final = 8
"""Sums of more records than this are not written out."""


def both(said: Callable[[Language], str]) -> Text:
    """The same sentence made in each language."""
    nb, en = (said(language) for language in LANGUAGES)
    return Text(nb=nb, en=en)


def plain(value: Fraction | Decimal | float, language: Language) -> str:
    """A number with as many decimals as it has, at most four."""
    shown = number(float(value), language, 4)
    return shown.rstrip("0").rstrip(",.")


# Records --------------------------------------------------------------------------------------------------------------


def equal_to(row: int) -> Text:
    return Text(nb=f"utelatt: lik rad {row}", en=f"left out: equal to row {row}")


def corrected_by(row: int) -> Text:
    return Text(nb=f"utelatt: rettet av rad {row}", en=f"left out: corrected by row {row}")


def not_known(as_of: date) -> Text:
    return both(
        lambda language: (
            f"utelatt: ikke registrert ennå {long_date(as_of, 'nb')}"
            if language == "nb"
            else f"left out: not registered yet on {long_date(as_of, 'en')}"
        )
    )


def taken_back(register: Register, row: Mapping[str, Any]) -> Text:
    assert register.withdrawn is not None
    said = f"{register.withdrawn.column}: {str(row[register.withdrawn.column]).strip()}"
    return Text(nb=f"utelatt: trukket tilbake ({said})", en=f"left out: taken back ({said})")


OUTSIDE_PART: Final = Text(
    nb="utelatt: utenfor dagene som delen gjelder for", en="left out: outside the days that its part counts for"
)


def without_dates(no_start: bool) -> Text:
    if no_start:
        return Text(nb="utelatt: uten startdato", en="left out: no start date")
    return Text(nb="utelatt: slutter før den starter", en="left out: it stops before it starts")


def not_that_day(day: date | None) -> Text:
    assert day is not None  # an amount or event of the month is active in it
    return both(
        lambda language: (
            f"ikke aktiv {long_date(day, 'nb')}" if language == "nb" else f"not active on {long_date(day, 'en')}"
        )
    )


def merged(register: Register) -> Text:
    assert register.merge is not None
    by = ", ".join(register.merge.by)
    return Text(nb=f"en annen rad med samme {by} gjelder", en=f"another row of the same {by} stands for it")


def not_met(register: Register, measure: Measure, row: Mapping[str, Any]) -> Text:
    """The first part of ``where`` that a record does not meet, or the measured value that it lacks."""
    for name, wanted in measure.where.items():
        one = measure.model_copy(update={"where": {name: wanted}})
        if not meets(register, one, row):
            return Text(nb=_unmet(name, wanted, row[name], "nb"), en=_unmet(name, wanted, row[name], "en"))
    return Text(nb=f"{measure.column} mangler", en=f"{measure.column} is missing")


def _unmet(name: str, wanted: Any, value: Any, language: Language) -> str:
    found = cell(value, language)
    if language == "nb":
        return f"oppfyller ikke vilkåret: {name} er {found}, skal være {_condition(wanted, 'nb')}"
    return f"does not meet the condition: {name} is {found}, shall be {_condition(wanted, 'en')}"


def cell(value: Any, language: Language) -> str:
    """A value of a record."""
    if value is None:
        return "tom" if language == "nb" else "empty"
    if isinstance(value, int | float | Decimal | Fraction) and not isinstance(value, bool):
        return plain(value, language)
    return str(value)


def _condition(wanted: Any, language: Language) -> str:
    if isinstance(wanted, CodeGroup):
        groups = (" eller " if language == "nb" else " or ").join(wanted.wanted)
        grouping = "" if wanted.by == GROUP else f", {wanted.by}"
        if language == "nb":
            return f"i gruppen {groups} (kodelisten {wanted.list}{grouping})"
        return f"in the group {groups} (code list {wanted.list}{grouping})"
    if not isinstance(wanted, Condition):
        values = [cell(value, language) for value in (wanted if isinstance(wanted, tuple) else (wanted,))]
        return (" eller " if language == "nb" else " or ").join(values)
    limits = {key: _limit(limit, language) for key, limit in wanted.limits.items()}
    parts = [f"{_LIMITS[key][language]} {limit}" for key, limit in limits.items()]
    parts += [f"{'ikke' if language == 'nb' else 'not'} {cell(value, language)}" for value in wanted.not_in]
    return join_words(parts, language)


def _limit(limit: Decimal | date, language: Language) -> str:
    return long_date(limit, language) if isinstance(limit, date) else plain(limit, language)


# Steps ----------------------------------------------------------------------------------------------------------------


def part(label: Text, name: str) -> Text:
    return Text(nb=f"«{label.nb}» ({name}):", en=f'"{label.en}" ({name}):')


def definition(outcome: Outcome, register: Register, register_id: str) -> Text:
    """What is measured: «Sum av hours_per_week i registeret employment, minst 4, den dagen i måneden som gir mest.»"""
    measure = outcome.measure
    assert measure is not None
    return both(lambda language: _definition(outcome, measure, register, register_id, language))


def _definition(outcome: Outcome, measure: Measure, register: Register, register_id: str, language: Language) -> str:
    nb = language == "nb"
    what = _what(measure, nb)
    said = f"{what} i registeret {register_id}" if nb else f"{what} in the register {register_id}"
    for name, wanted in measure.where.items():
        said += f", {'der' if nb else 'where'} {name} {'er' if nb else 'is'} {_condition(wanted, language)}"
    for key, column in measure.reference.items():
        first = ("tidligst" if nb else "or after") if key == "since" else ("senest" if nb else "or before")
        day = _reference(column, language)
        said += f", som starter {first} på {day}" if nb else f", starting on {first} {day}"
    said += _when(outcome, measure, register, language)
    if measure.aggregate == "any":
        return said + "?"
    least = measure.at_least
    return f"{said}." if least is None else f"{said}; {'minst' if nb else 'at least'} {plain(least, language)}?"


def _reference(column: str, language: Language) -> str:
    if column == DRAW:
        return "dagen for trekningen" if language == "nb" else "the day of the draw"
    return f"dagen {column}" if language == "nb" else f"the day {column}"


def reference(column: str, day: date | None) -> Text:
    """A person's reference day."""

    def said(language: Language) -> str:
        named = _reference(column, language)
        if day is None:
            return (
                f"Personen mangler {named}: det finnes ingen verdi."
                if language == "nb"
                else f"The person lacks {named}: there is no value."
            )
        return f"{named[0].upper()}{named[1:]}: {long_date(day, language)}."

    return both(said)


def _what(measure: Measure, nb: bool) -> str:
    """The aggregate in words."""
    column, first = measure.column, measure.months_since == "first"
    return {
        "any": "Finnes det en rad" if nb else "Is there a row",
        "count": "Antall rader" if nb else "Number of rows",
        "count_distinct": f"Antall ulike {column}" if nb else f"Number of different {column}",
        "sum": f"Sum av {column}" if nb else f"Sum of {column}",
        "mean": f"Gjennomsnitt av {column}" if nb else f"Mean of {column}",
        "max": f"Største {column}" if nb else f"Largest {column}",
        "last": f"{column} i raden som startet sist" if nb else f"{column} of the row that started last",
        "months_since": f"Måneder siden {'første' if first else 'siste'} måned med en rad"
        if nb
        else f"Months since the {'first' if first else 'last'} month with a row",
    }[measure.aggregate]


def _when(outcome: Outcome, measure: Measure, register: Register, language: Language) -> str:
    """The days and months that count."""
    nb, said = language == "nb", ""
    if register.temporality == "status":
        some = measure.aggregate in {"any", "months_since"} and outcome.day_rule == "any day"
        said = f", {_SOME_DAY[language] if some else _DAYS[outcome.day_rule][language]}"
    elif register.period == "year":
        said = ", i året" if nb else ", in the year"
    elif measure.within is None and measure.months_since is None:
        said = ", i måneden" if nb else ", in the month"
    if measure.within is not None:
        said += f", i de siste {measure.within} månedene" if nb else f", in the last {measure.within} months"
    return said


def worked_out(
    register: Register, measure: Measure, day: date | None, settled: Sequence[Mapping[str, Any]], total: Fraction
) -> Text:
    """The day, the records that count on it, and what they come to: «1. mars 2015: 3 + 2 = 5 (rad 1 og 2).»"""
    yearly = register.period == "year" and register.temporality == "accumulated"

    def said(language: Language) -> str:
        opening = "" if day is None else f"{long_date(day, language)}: "
        if not settled:
            return "Ingen rader teller." if language == "nb" else "No rows count."
        return opening + _counted(measure, settled, total, yearly=yearly, language=language)

    return both(said)


def _counted(
    measure: Measure, settled: Sequence[Mapping[str, Any]], total: Fraction, *, yearly: bool, language: Language
) -> str:
    rows = join_words([str(record["number"]) for record in settled], language)
    named = _named(rows, len(settled), language)
    if measure.column is None:
        return f"{named}."
    values = [record["row"][measure.column] for record in settled]
    if measure.mean is not None:
        return f"{_mean(values, total, yearly=yearly, language=language)} ({named})."
    if measure.number is None:
        return f"{', '.join(cell(value, language) for value in values)} ({named})."
    return f"{_sum(values, total, yearly=yearly, language=language)} ({named})."


def _sum(values: Sequence[Fraction], total: Fraction, *, yearly: bool, language: Language) -> str:
    terms = " + ".join(plain(value, language) for value in values)
    if len(values) > _MORE_TERMS:
        terms = f"… ({len(values)})"
    if yearly:
        terms = f"({terms}) / 12" if len(values) > 1 else f"{terms} / 12"
    return terms if len(values) == 1 and not yearly else f"{terms} = {plain(total, language)}"


def _mean(values: Sequence[Fraction], total: Fraction, *, yearly: bool, language: Language) -> str:
    if len(values) == 1:
        return _sum(values, total, yearly=yearly, language=language)
    terms = f"… ({len(values)})" if len(values) > _MORE_TERMS else " + ".join(plain(v, language) for v in values)
    divided = f"({terms}) / {len(values)}{' / 12' if yearly else ''}"
    return f"{divided} = {plain(total, language)}"


def nothing(measure: Measure) -> Text:
    """There is no record to take the measure of."""
    if measure.empty == "zero":
        return Text(nb="Ingen rader: verdien settes til 0.", en="No rows: the value is set to 0.")
    return Text(nb="Ingen rader: det finnes ingen verdi.", en="No rows: there is no value.")


def months_since(month: int, settled: Sequence[Mapping[str, Any]], months: int) -> Text:
    """The month that is counted from: «Fra mars 2015 (rad 2): 4 måneder.»"""

    def said(language: Language) -> str:
        rows = join_words([str(record["number"]) for record in settled], language)
        named, when = _named(rows, len(settled), language), month_year(first_day(month), language)
        if language == "nb":
            return f"Fra {when} ({named}): {months} {'måned' if months == 1 else 'måneder'}."
        return f"From {when} ({named}): {months} {'month' if months == 1 else 'months'}."

    return both(said)


def _named(rows: str, count: int, language: Language) -> str:
    return f"{'rad' if language == 'nb' else 'row' if count == 1 else 'rows'} {rows}"


def threshold(total: Fraction, limit: Decimal) -> Text:
    holds = total >= Fraction(limit)
    nb, en = ("er minst", "is at least") if holds else ("er mindre enn", "is less than")
    return Text(
        nb=f"{plain(total, 'nb')} {nb} {plain(limit, 'nb')}.", en=f"{plain(total, 'en')} {en} {plain(limit, 'en')}."
    )


def combined(outcome: Outcome, parts: Mapping[str, Fraction | None], value: Fraction | None) -> Text:
    """What a combination asks of its parts, and whether it holds."""
    return both(lambda language: _combined(outcome, parts, value, language))


def _combined(
    outcome: Outcome, parts: Mapping[str, Fraction | None], value: Fraction | None, language: Language
) -> str:
    nb = language == "nb"
    asked = (
        (outcome.all_of, "alle av" if nb else "all of"),
        (outcome.any_of, "minst én av" if nb else "any of"),
        (outcome.none_of, "ingen av" if nb else "none of"),
    )
    unknown = "mangler" if nb else "missing"
    values = {part: f"{part} = {unknown if found is None else int(found)}" for part, found in parts.items()}
    said = [f"{rule} {join_words([values[part] for part in names], language)}" for names, rule in asked if names]
    joined = join_words(said, language)
    return f"{joined[0].upper()}{joined[1:]}? {_answer(value, language)}"


def _answer(value: Fraction | None, language: Language) -> str:
    if value is None:
        return "Det er ukjent." if language == "nb" else "That is unknown."
    nb, en = ("Ja.", "Yes.") if value else ("Nei.", "No.")
    return nb if language == "nb" else en


def from_first(outcome: Outcome, first: int | None, value: Fraction | None) -> Text:
    """The first month in which the part is 1, and what follows: «Første måned med job, fra måned 1: mars 2015. Ja.»"""
    (part,) = outcome.parts

    def said(language: Language) -> str:
        if language == "nb":
            when = "ingen så langt" if first is None else month_year(first_day(first), "nb")
            return f"Første måned med {part}, fra måned {outcome.from_month}: {when}. {_answer(value, 'nb')}"
        when = "none so far" if first is None else month_year(first_day(first), "en")
        return f"First month with {part}, from month {outcome.from_month}: {when}. {_answer(value, 'en')}"

    return both(said)


# What is observed -----------------------------------------------------------------------------------------------------


def not_covered(register_id: str, since: date, until: date, months: int) -> Text:
    nb, en = "hele denne måneden", "the whole of this month"
    if months > 1:
        nb, en = f"alle de {months} månedene", f"all of the {months} months"
    return Text(
        nb=f"Registeret {register_id} dekker {since} til {until}, ikke {nb}: verdien mangler.",
        en=f"The register {register_id} covers {since} to {until}, not {en}: the value is missing.",
    )


def dead(rule: str) -> Text:
    return _exit(Text(nb="Personen er død", en="The person is dead"), rule)


def abroad(rule: str) -> Text:
    return _exit(Text(nb="Personen bor i utlandet", en="The person lives abroad"), rule)


def _exit(state: Text, rule: str) -> Text:
    nb, en = ("verdien er 0", "the value is 0") if rule == "zero" else ("verdien mangler", "the value is missing")
    return Text(nb=f"{state.nb} ved månedens begynnelse: {nb}.", en=f"{state.en} when the month begins: {en}.")


def value(found: float | int | None) -> Text:
    return Text(nb=f"Verdien er {shown(found, 'nb')}.", en=f"The value is {shown(found, 'en')}.")


def shown(found: float | int | Decimal | None, language: Language) -> str:
    """A value of the panel."""
    if found is None:
        return "manglende" if language == "nb" else "missing"
    return plain(found, language)
