"""Worked examples of definitions: records in, values out. The page docs/reference/definitions.md is made from them.

Each is one person, drawn on 7 March 2015, with records in three registers, followed from January to August. ``values``
has one word a month; ``.`` is missing. ``toml`` is what stands in `trial.toml`; the last outcome in it is shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from lodd.locale import Text

DRAWN: Final = date(2015, 3, 7)
WINDOW: Final = (2, 5)
REGISTERS: Final = """\
[facts.ill_since]
label = { nb = "Syk siden", en = "Ill since" }

[registers.jobs]
file = "registers/jobs.parquet"
temporality = "status"
covers = { from = 2014-01-01, until = 2015-12-31 }
start = "start"
stop = "stop"
merge = { by = ["employer"] }
columns = { hours = { decimals = 1 } }

[registers.pay]
file = "registers/pay.parquet"
temporality = "accumulated"
covers = { from = 2015-01-01, until = 2015-12-31 }
start = "month"
columns = { amount = { decimals = 0 } }

[registers.visits]
file = "registers/visits.parquet"
temporality = "event"
covers = { from = 2014-01-01, until = 2015-12-31 }
start = "day"
columns = { minutes = { decimals = 0 } }

[code_lists.treatments]
codes = [
    { code = "doctor", group = "health" },
    { code = "dentist", until = 2015-02-15, group = "health" },
    { code = "dentist", from = 2015-02-16, group = "teeth" },
]

[registers.grants]
file = "registers/grants.parquet"
temporality = "status"
covers = { from = 2014-01-01, until = 2015-12-31 }
start = "start"
stop = "stop"
record = ["case"]
registered = "registered"
withdrawn = { column = "status", values = ["CANCELLED"] }
"""


@dataclass(frozen=True)
class Example:
    """One definition, the records of one person, and the value in each month."""

    says: Text
    toml: str
    records: Mapping[str, tuple[tuple[Any, ...], ...]]
    values: str
    facts: Mapping[str, date] = field(default_factory=dict)


COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "jobs": ("start", "stop", "employer", "hours"),
    "pay": ("month", "source", "amount"),
    "visits": ("day", "kind", "minutes"),
    "grants": ("start", "stop", "case", "status", "registered"),
}


def of(name: str, register: str, measure: str) -> str:
    """An outcome in TOML."""
    return f'[outcomes.{name}]\nregister = "{register}"\nmeasure = {measure}\n'


def on(month: int, day: int, year: int = 2015) -> date:
    return date(year, month, day)


TWO_JOBS = {"jobs": ((on(1, 1), on(6, 30), "bakery", 3.0), (on(3, 10), on(4, 20), "florist", 2.0))}
GAP = {"jobs": ((on(1, 1), on(1, 31), "bakery", 20.0), (on(5, 10), on(6, 20), "florist", 30.0))}
WAGES = {
    "pay": (
        (on(1, 1), "bakery", 100), (on(1, 1), "florist", 300),
        (on(3, 1), "bakery", 500), (on(6, 1), "bakery", 200), (on(6, 1), "bakery", -50),
    )
}  # fmt: skip
VISITS = {"visits": ((on(2, 2), "doctor", 20), (on(2, 20), "dentist", 45), (on(5, 5), "doctor", 10))}
GRANT = '[outcomes.has_grant]\nregister = "grants"\nmeasure = { any = true }\n'
JOB = '[outcomes.job]\nregister = "jobs"\nmeasure = { any = true }\n\n'

SECTIONS: Final[tuple[tuple[Text, tuple[Example, ...]], ...]] = (
    (
        Text(nb="Det som gjelder i en måned", en="What holds in a month"),
        (
            Example(
                Text(nb="Én dag i måneden er nok", en="One day of the month is enough"),
                JOB,
                {"jobs": ((on(2, 28), on(4, 1), "bakery", 20.0),)},
                "0 1 1 1 0 0 0 0",
            ),
            Example(
                Text(
                    nb="Timer i to jobber legges sammen de dagene begge gjelder",
                    en="Hours of two jobs are added on the days on which both hold",
                ),
                of("in_work", "jobs", '{ sum = "hours", at_least = 4 }'),
                TWO_JOBS,
                "0 0 1 1 0 0 0 0",
            ),
            Example(
                Text(nb="En sum uten grense er den 16. i måneden", en="A sum without a threshold is that of the 16th"),
                of("hours", "jobs", '{ sum = "hours" }'),
                TWO_JOBS,
                "3 3 5 5 3 3 0 0",
            ),
            Example(
                Text(
                    nb="Antallet er det største på én og samme dag", en="A number is the largest on any one day"
                ),
                of("jobs_held", "jobs", '{ count = true }'),
                {"jobs": ((on(1, 1), on(3, 9), "bakery", 3.0), (on(3, 10), on(5, 20), "florist", 2.0))},
                "1 1 1 1 1 0 0 0",
            ),
            Example(
                Text(nb="Beløp i en måned summeres", en="Amounts of a month are added"),
                of("paid", "pay", '{ sum = "amount" }'),
                WAGES,
                "400 0 500 0 0 150 0 0",
            ),
            Example(
                Text(nb="Også datoer kan være vilkår", en="Dates can be conditions, too"),
                of("begun_in_2015", "jobs", "{ count = true, where = { start = { at_least = 2015-01-01 } } }"),
                {"jobs": ((on(12, 31, 2014), None, "bakery", 3.0), (on(2, 1), on(3, 31), "florist", 2.0))},
                "0 1 1 0 0 0 0 0",
            ),
            Example(
                Text(
                    nb="Bare rader som oppfyller vilkårene i «where», teller",
                    en="Only records that meet the conditions in `where` count",
                ),
                of(
                    "longer_visits",
                    "visits",
                    '{ count = true, where = { kind = "doctor", minutes = { above = 10, at_most = 60 } } }',
                ),
                VISITS,
                "0 1 0 0 0 0 0 0",
            ),
        ),
    ),
    (
        Text(nb="Gjennomsnitt, største og siste verdi", en="Means, largest and last values"),
        (
            Example(
                Text(
                    nb="Gjennomsnittet av det som gjelder på dagen; en måned uten rader mangler",
                    en="The mean of what holds on the day; a month without records is missing",
                ),
                of("mean_hours", "jobs", '{ mean = "hours", empty = "missing" }'),
                TWO_JOBS,
                "3 3 2.5 2.5 3 3 . .",
            ),
            Example(
                Text(nb="... eller er 0, om det står «zero»", en="... or is 0, where it says `zero`"),
                of("mean_pay", "pay", '{ mean = "amount", empty = "zero" }'),
                WAGES,
                "200 0 500 0 0 75 0 0",
            ),
            Example(
                Text(nb="Den største verdien på en hvilken som helst dag", en="The largest value on any day"),
                of("largest_job", "jobs", '{ max = "hours", empty = "missing" }'),
                {"jobs": ((on(1, 1), on(6, 30), "bakery", 3.0), (on(3, 30), on(4, 2), "florist", 20.0))},
                "3 3 20 20 3 3 . .",
            ),
            Example(
                Text(
                    nb="Den siste verdien er fra raden som startet sist av dem som gjelder den 16.",
                    en="The last value is of the record that started last of those that hold on the 16th",
                ),
                of("newest_job", "jobs", '{ last = "hours", empty = "zero" }'),
                TWO_JOBS,
                "3 3 2 2 3 3 0 0",
            ),
            Example(
                Text(
                    nb="For hendelser er det den siste dagen i måneden",
                    en="For events it is the last day of the month",
                ),
                of("last_visit", "visits", '{ last = "minutes", empty = "missing" }'),
                VISITS,
                ". 45 . . 10 . . .",
            ),
            Example(
                Text(
                    nb="Med en grense er det 1 eller 0, og en måned uten rader er fremdeles uten verdi",
                    en="With a threshold it is 1 or 0, and a month without records still has no value",
                ),
                of("well_paid", "pay", '{ mean = "amount", at_least = 150, empty = "missing" }'),
                WAGES,
                "1 . 1 . . 0 . .",
            ),
        ),
    ),
    (
        Text(nb="Flere måneder", en="Several months"),
        (
            Example(
                Text(
                    nb="Beløpene i tre måneder; en måned mangler til registeret dekker alle tre",
                    en="The amounts of three months; a month is missing until the register covers all three",
                ),
                of("paid_in_three", "pay", '{ sum = "amount", within = 3 }'),
                WAGES,
                ". . 900 500 500 150 150 150",
            ),
            Example(
                Text(nb="Ulike verdier telles én gang", en="Different values are counted once"),
                of("payers", "pay", '{ count_distinct = "source", within = 3 }'),
                WAGES,
                ". . 2 1 1 1 1 1",
            ),
            Example(
                Text(nb="Har hatt en jobb i løpet av tre måneder", en="Has had a job within three months"),
                of("lately_in_job", "jobs", '{ any = true, within = 3 }'),
                GAP,
                "1 1 1 0 1 1 1 1",
            ),
            Example(
                Text(
                    nb="Av det som gjelder på en dag, er det den største av månedenes verdier: timer legges aldri "
                    "sammen over tid",
                    en="Of what holds on a day it is the largest of the months' values: hours are never added over "
                    "time",
                ),
                of("most_hours", "jobs", '{ sum = "hours", within = 3 }'),
                GAP,
                "20 20 20 0 30 30 30 30",
            ),
            Example(
                Text(
                    nb="Det siste besøket i løpet av tre måneder", en="The last visit within three months"
                ),
                of("recent_visit", "visits", '{ last = "minutes", within = 3, empty = "zero" }'),
                VISITS,
                "0 45 45 45 10 10 10 0",
            ),
        ),
    ),
    (
        Text(nb="Måneder siden", en="Months since"),
        (
            Example(
                Text(
                    nb="Hele måneder siden siste måned med jobb, 0 mens den varer",
                    en="Whole months since the last month with a job, 0 while it lasts",
                ),
                of("without_job", "jobs", '{ months_since = "last", empty = "missing" }'),
                GAP,
                "0 1 2 3 0 0 1 2",
            ),
            Example(
                Text(
                    nb="Siden den første; før den mangler verdien", en="Since the first; before it there is no value"
                ),
                of("since_first_visit", "visits", '{ months_since = "first", empty = "missing" }'),
                VISITS,
                ". 0 1 2 3 4 5 6",
            ),
            Example(
                Text(
                    nb="Minst to måneder siden siste jobb; den som aldri har hatt noen, får 0",
                    en="At least two months since the last job; whoever never had one gets 0",
                ),
                of("out_of_work", "jobs", '{ months_since = "last", at_least = 2, empty = "zero" }'),
                {"jobs": ((on(3, 1), on(4, 10), "bakery", 20.0),)},
                "0 0 0 0 0 1 1 1",
            ),
        ),
    ),
    (
        Text(nb="Kombinasjoner og første gang", en="Combinations and first times"),
        (
            Example(
                Text(nb="I jobb uten besøk", en="In a job without visits"),
                '[outcomes.a_visit]\nregister = "visits"\nmeasure = { any = true }\n\n'
                + JOB.replace("outcomes.job", "outcomes.a_job")
                + '[outcomes.job_only]\nall_of = ["a_job"]\nnone_of = ["a_visit"]\n',
                GAP | VISITS,
                "1 0 0 0 0 1 0 0",
            ),
            Example(
                Text(
                    nb="En kombinasjon mangler der noe av det den er satt sammen av, mangler, også når resten avgjør",
                    en="A combination is missing where anything that it is made of is, also where the rest settles it",
                ),
                '[outcomes.well_paid]\nregister = "pay"\n'
                'measure = { mean = "amount", at_least = 150, empty = "missing" }\n\n'
                + JOB + '[outcomes.job_or_well_paid]\nany_of = ["job", "well_paid"]\n',
                {"jobs": ((on(1, 1), on(2, 28), "bakery", 20.0),),
                 "pay": ((on(1, 1), "bakery", 100), (on(3, 1), "bakery", 500), (on(4, 1), "bakery", 90))},
                "1 . 1 0 . . . .",
            ),
            Example(
                Text(
                    nb="Den første måneden med jobb etter trekningen; jobben før teller ikke",
                    en="The first month with a job after the draw; the job before does not count",
                ),
                JOB + '[outcomes.first_job]\nfirst_of = "job"\n',
                GAP,
                "0 0 0 0 1 0 0 0",
            ),
            Example(
                Text(nb="... og fra den måneden av", en="... and from that month on"),
                JOB + '[outcomes.ever_in_job]\never_of = "job"\n',
                GAP,
                "0 0 0 0 1 1 1 1",
            ),
            Example(
                Text(
                    nb="Det som ikke er kjent, gjør ikke det kjente ukjent: den første kan ha vært i en måned som "
                    "mangler, men en 0 er ikke den første, og etter en 1 kommer ingen ny",
                    en="What is unknown does not make the known unknown: the first may have been in a month that is "
                    "missing, but a 0 is not the first, and after a 1 there is no other",
                ),
                '[outcomes.paid_well]\nregister = "pay"\n'
                'measure = { mean = "amount", at_least = 150, empty = "missing" }\n\n'
                '[outcomes.first_paid_well]\nfirst_of = "paid_well"\nfrom = -2\n',
                {"pay": ((on(1, 1), "bakery", 100), (on(3, 1), "bakery", 500), (on(4, 1), "bakery", 90))},
                "0 . . 0 0 0 0 0",
            ),
        ),
    ),
    (
        Text(nb="Kodelister", en="Code lists"),
        (
            Example(
                Text(
                    nb="Koder som hører til en gruppe, slik listen var den dagen det skjedde",
                    en="Codes that belong to a group, as the list was on the day that it happened",
                ),
                of(
                    "treated_by", "visits",
                    '{ count = true, where = { kind = { list = "treatments", group = "health" } } }',
                ),
                {"visits": ((on(1, 8), "doctor", 20), (on(1, 20), "dentist", 45), (on(3, 2), "dentist", 10))},
                "2 0 0 0 0 0 0 0",
            ),
            Example(
                Text(nb="Flere grupper", en="Several groups"),
                of(
                    "treated_at_all", "visits",
                    '{ count = true, where = { kind = { list = "treatments", group = ["health", "teeth"] } } }',
                ),
                {"visits": ((on(1, 8), "doctor", 20), (on(1, 20), "dentist", 45), (on(3, 2), "dentist", 10))},
                "2 0 1 0 0 0 0 0",
            ),
        ),
    ),
    (
        Text(nb="Rettelser", en="Corrections"),
        (
            Example(
                Text(
                    nb="Av en oppføring gjelder den versjonen som ble registrert sist",
                    en="Of a record the version counts that was registered last",
                ),
                GRANT,
                {"grants": ((on(2, 1), on(6, 30), "A1", "GRANTED", on(1, 20)),
                            (on(2, 1), on(4, 30), "A1", "STOPPED", on(5, 11)))},
                "0 1 1 1 0 0 0 0",
            ),
            Example(
                Text(
                    nb="En oppføring som er trukket tilbake, har aldri vært der; en annen av samme person står",
                    en="A record that was taken back was never there; another of the same person stands",
                ),
                GRANT,
                {"grants": ((on(2, 1), on(6, 30), "A1", "GRANTED", on(1, 20)),
                            (on(2, 1), on(6, 30), "A1", "CANCELLED", on(2, 2)),
                            (on(4, 1), on(5, 31), "A2", "GRANTED", on(4, 9)))},
                "0 0 0 1 1 0 0 0",
            ),
        ),
    ),
    (
        Text(nb="Dager for hver person", en="Days of each person"),
        (
            Example(
                Text(
                    nb="Bare jobber som starter på dagen for trekningen eller senere",
                    en="Only jobs that start on the day of the draw or later",
                ),
                of("new_job", "jobs", '{ any = true, since = "draw" }'),
                TWO_JOBS,
                "0 0 1 1 0 0 0 0",
            ),
            Example(
                Text(
                    nb="Måneder siden det første besøket etter at sykdommen begynte",
                    en="Months since the first visit after the illness began",
                ),
                of("treated_for", "visits", '{ months_since = "first", since = "ill_since", empty = "missing" }'),
                VISITS,
                ". . . . 0 1 2 3",
                {"ill_since": on(2, 21)},
            ),
            Example(
                Text(nb="Måneder siden dagen selv", en="Months since the day itself"),
                '[outcomes.months_ill]\nmonths_since = "ill_since"\n',
                {},
                ". 0 1 2 3 4 5 6",
                {"ill_since": on(2, 21)},
            ),
            Example(
                Text(
                    nb="Den som ikke har datoen, har ingen verdi, heller ikke 0",
                    en="Whoever lacks the day has no value, not even 0",
                ),
                of("treated", "visits", '{ any = true, since = "ill_since" }'),
                VISITS,
                ". . . . . . . .",
            ),
        ),
    ),
)  # fmt: skip
EXAMPLES: Final = tuple(example for _, examples in SECTIONS for example in examples)
