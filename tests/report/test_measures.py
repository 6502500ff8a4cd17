"""Definitions in words, generated from the protocol."""

from typing import Any

import pytest

from lodd.locale import Language
from lodd.protocol.outcome import Outcome
from lodd.report.context import Context
from lodd.report.measures import after_exit, definition
from tests.report.builders import se_world


def context_with(language: Language, **declared: Any) -> Context:
    world = se_world()
    outcome = Outcome.model_validate({"label": "x", **declared})
    registers = dict(world.trial.registers)
    registers["employment"] = registers["employment"].model_copy(update={"label": None})
    trial = world.trial.model_copy(update={"outcomes": {**world.trial.outcomes, "x": outcome}, "registers": registers})
    c = world.context(language)
    return Context(language, trial, c.participants, c.evaluation, c.estimates)


def said(language: Language, **declared: Any) -> str:
    return " ".join(definition(context_with(language, **declared), "x"))


EMPLOYMENT = {"register": "employment"}


@pytest.mark.parametrize(
    ("declared", "nb", "en"),
    [
        (
            {**EMPLOYMENT, "measure": {"sum": "hours_per_week", "at_least": 4}},
            "1 hvis summen av avtalt arbeidstid per uke i registeret «employment» er minst 4 på én og samme dag i "
            "måneden, ellers 0.",
            "1 if the total of agreed hours per week in the register “employment” is at least 4 on any one day of the "
            "month, else 0.",
        ),
        (
            {**EMPLOYMENT, "measure": {"sum": "hours_per_week"}},
            "Verdien er summen av avtalt arbeidstid per uke i registeret «employment» den 16. i måneden.",
            "The value is the total of agreed hours per week in the register “employment” on the 16th of the month.",
        ),
        (
            {**EMPLOYMENT, "measure": {"any": True, "where": {"source": ["aa", "tax"]}}},
            "1 hvis registeret «employment» har en oppføring med «source» lik en av «aa» og «tax» som er aktiv på "
            "minst én dag i måneden, ellers 0.",
            '1 if the register “employment” has a record with "source" one of “aa” and “tax” that is active on at '
            "least one day of the month, else 0.",
        ),
        (
            {**EMPLOYMENT, "measure": {"any": True, "where": {"benefit": {"list": "benefits", "group": "health"}}}},
            "1 hvis registeret «employment» har en oppføring med ytelse i gruppen «health» i kodelisten «benefits» som "
            "er aktiv på minst én dag i måneden, ellers 0.",
            "1 if the register “employment” has a record with benefit in the group “health” of the code list "
            "“benefits” that is active on at least one day of the month, else 0.",
        ),
        (
            {
                **EMPLOYMENT,
                "measure": {"any": True, "where": {"kind": {"list": "x", "group": ["a", "b"], "by": "label"}}},
            },
            "1 hvis registeret «employment» har en oppføring med «kind» i en av gruppene «a» og «b» i kodelisten «x», "
            "gruppert etter «label» som er aktiv på minst én dag i måneden, ellers 0.",
            '1 if the register “employment” has a record with "kind" in one of the groups “a” and “b” of the code '
            "list “x”, grouped by “label” that is active on at least one day of the month, else 0.",
        ),
        (
            {**EMPLOYMENT, "measure": {"count": True}, "counts": "last day"},
            "Verdien er antallet aktive oppføringer i registeret «employment» den siste dagen i måneden.",
            "The value is the number of active records in the register “employment” on the last day of the month.",
        ),
        (
            {**EMPLOYMENT, "measure": {"count_distinct": "employer_id", "at_least": 2}, "counts": "first day"},
            "1 hvis antallet ulike verdier av «employer_id» i registeret «employment» er minst 2 den første dagen i "
            "måneden, ellers 0.",
            '1 if the number of different values of "employer_id" in the register “employment” is at least 2 on the '
            "first day of the month, else 0.",
        ),
        (
            {"all_of": ["in_work", "aap"], "none_of": ["in_programme"]},
            "1 hvis «I arbeid» og «Arbeidsavklaringspenger (AAP)» gjelder og «I tiltak» ikke gjelder, ellers 0.",
            "1 if “In work” and “Work assessment allowance (AAP)” hold and “In a programme” does not hold, else 0.",
        ),
        (
            {"any_of": ["aap", "sickness_benefit"]},
            "1 hvis minst ett av «Arbeidsavklaringspenger (AAP)» og «Sykepenger» gjelder, ellers 0.",
            "1 if at least one of “Work assessment allowance (AAP)” and “Sickness benefit” holds, else 0.",
        ),
        (
            {
                **EMPLOYMENT,
                "measure": {"mean": "hours_per_week", "empty": "missing", "since": "draw", "at_least": 4},
            },
            "1 hvis gjennomsnittet av avtalt arbeidstid per uke i registeret «employment» er minst 4 på én og samme "
            "dag i måneden, ellers 0. Bare oppføringer som starter på dagen for trekningen eller senere, teller. Den "
            "mangler der det ikke er noen slik oppføring.",
            "1 if the mean of agreed hours per week in the register “employment” is at least 4 on any one day of the "
            "month, else 0. Only records that start on the day of the draw or later count. It is missing where there "
            "is no such record.",
        ),
        (
            {**EMPLOYMENT, "measure": {"any": True, "within": 12, "where": {"level": {"at_most": 4, "above": 2}}}},
            "1 hvis registeret «employment» har en oppføring med nivå på høyst 4 og nivå over 2 som er aktiv på minst "
            "én dag i måneden, ellers 0. Det er nok i måneden eller en av de 11 før den.",
            "1 if the register “employment” has a record with level at most 4 and level above 2 that is active on at "
            "least one day of the month, else 0. It is enough in the month or one of the 11 before it.",
        ),
        (
            {**EMPLOYMENT, "measure": {"months_since": "last", "empty": "missing"}},
            "Verdien er antallet måneder siden siste måned med en oppføring i registeret «employment». Den mangler "
            "der det ikke er noen slik oppføring.",
            "The value is the number of months since the last month with a record in the register “employment”. It is "
            "missing where there is no such record.",
        ),
        (
            {"months_since": "draw"},
            "Antallet måneder siden dagen for trekningen; før den mangler verdien.",
            "The number of months since the day of the draw; missing before it.",
        ),
        (
            {"first_of": "in_work"},
            "1 i den første måneden, fra og med måned 1, der «I arbeid» gjelder, ellers 0. Den mangler der svaret "
            "avhenger av en måned uten verdi.",
            "1 in the first month, from month 1 on, in which “In work” holds, else 0. It is missing where the answer "
            "depends on a month without a value.",
        ),
    ],
)
def test_definitions_in_both_languages(declared: dict[str, Any], nb: str, en: str) -> None:
    assert said("nb", **declared) == nb
    assert said("en", **declared) == en


@pytest.mark.parametrize(
    ("where", "en"),
    [
        ({"a": {"at_least": 2, "below": 3}}, '"a" at least 2 and "a" below 3'),
        ({"a": {"not_in": ["x", 3]}}, '"a" none of “x” and 3'),
        ({"a": True}, '"a" equal to yes'),
        ({"a": False, "b": 1}, '"a" equal to no and "b" equal to 1'),
    ],
)
def test_conditions(where: dict[str, Any], en: str) -> None:
    assert en in said("en", **EMPLOYMENT, measure={"any": True, "where": where})


def test_amounts_are_for_the_month() -> None:
    assert said("nb", register="earnings", measure={"any": True}).endswith("har en oppføring for måneden, ellers 0.")
    assert "for the month" in said("en", register="earnings", measure={"sum": "amount"})


def test_death_and_emigration() -> None:
    both = context_with("en", **EMPLOYMENT, measure={"any": True}, after_death="zero", after_emigration="zero")
    assert after_exit(both, "x") == "Months after death and months begun while living abroad count as zero."
    mixed = context_with("en", **EMPLOYMENT, measure={"any": True}, after_death="zero")
    assert after_exit(mixed, "x").startswith("Months after death count as zero. Months begun while living abroad")


def test_a_description_comes_first() -> None:
    declared = said("en", **EMPLOYMENT, measure={"any": True}, description="What it is.")
    assert declared.startswith("What it is. 1 if")
