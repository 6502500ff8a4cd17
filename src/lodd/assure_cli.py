"""`lodd assure` and `lodd explain`: are the definitions what was meant, and how did a value come about?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

from cyclopts import Parameter

from lodd.locale import Language, Text, number, preferred_language
from lodd.terminal import say, say_json

if TYPE_CHECKING:
    from lodd.registers.assuring import Tested
    from lodd.registers.explaining import Explanation

_LANGUAGE: Language = preferred_language()


def _(nb: str, en: str) -> str:
    return Text(nb=nb, en=en)[_LANGUAGE]


ASSURE_HELP: Final = _(
    nb="Prøv definisjonene på tilfellene i assurance.toml.",
    en="Try the definitions on the cases in assurance.toml.",
)
EXPLAIN_HELP: Final = _(
    nb="Forklar én persons verdi i én måned, rad for rad. Oppslaget logges.",
    en="Explain one person's value in one month, record by record. The look-up is logged.",
)
Folder = Annotated[
    Path, Parameter(help=_(nb="Forsøkets mappe (ellers: denne).", en="The trial's folder (default: this one)."))
]
Person = Annotated[str, Parameter(help=_(nb="Pseudonym (person_id).", en="Pseudonym (person_id)."))]
OutcomeName = Annotated[str, Parameter(help=_(nb="Utfall i trial.toml.", en="An outcome in trial.toml."))]
Month = Annotated[
    str,
    Parameter(
        allow_leading_hyphen=True,
        help=_(
            nb="2015-03, eller måneder siden trekningen: 12 eller -1.",
            en="2015-03, or months since the draw: 12 or -1.",
        ),
    ),
]
Json = Annotated[
    bool, Parameter(name="--json", negative="", help=_(nb="Skriv JSON for skript.", en="Print JSON, for scripts."))
]


def assure(folder: Folder = Path(), *, json: Json = False) -> None:
    """The command; its help is ``ASSURE_HELP``.

    Raises:
        ProtocolError: an expected value does not hold (exit code 3).
    """
    from lodd.registers.assurance import read_assurance
    from lodd.registers.assurance_problems import fails
    from lodd.registers.assuring import assure as run
    from lodd.study import open_study

    trial = open_study(folder).trial
    assured = read_assurance(trial, folder)
    tested = run(trial, assured)
    failed = [each for each in tested if not each.holds]
    if json:
        say_json({"cases": len(assured.cases), "values": len(tested), "failed": [_as_json(each) for each in failed]})
    else:
        for each in _once(failed):
            for line in _failure(each):
                say(line, _LANGUAGE)
    if failed:
        raise fails(len(failed), len(tested))
    if not json:
        say(_all_hold(len(assured.cases), len(tested)), _LANGUAGE)


def explain(person: Person, outcome: OutcomeName, month: Month, folder: Folder = Path(), *, json: Json = False) -> None:
    """The command; its help is ``EXPLAIN_HELP``."""
    from lodd.explain_study import ACCESS_LOG, explain_value
    from lodd.registers.explained import headline
    from lodd.study import open_study

    explanation = explain_value(open_study(folder), person, outcome, month)
    if json:
        say_json(_explanation_as_json(explanation))
        return
    say(Text(nb=headline(explanation, "nb"), en=headline(explanation, "en")), _LANGUAGE)
    for line in _indented(explanation):
        say(line, _LANGUAGE)
    logged = folder / ACCESS_LOG
    say(Text(nb=f"Oppslaget er logget i {logged}.", en=f"The look-up is logged in {logged}."), _LANGUAGE)


def _once(failed: Sequence[Tested]) -> Iterable[Tested]:
    """A month that a case names twice, by the calendar and from the draw, is explained once."""
    shown: dict[tuple[object, ...], Tested] = {}
    for each in failed:
        wanted = each.expectation
        shown.setdefault((wanted.case, wanted.outcome, wanted.month, wanted.value), each)
    return shown.values()


def _failure(tested: Tested) -> Iterator[Text]:
    """The case, what was expected and found, and how that came about."""
    from lodd.registers.assurance import ASSURANCE_FILE
    from lodd.registers.explained import headline
    from lodd.registers.explaining_words import shown

    explanation, says = tested.explanation, tested.case.says
    assert explanation is not None
    place = f"{ASSURANCE_FILE}:{tested.expectation.line}"
    yield Text(nb=f"{place} «{says.nb}»", en=f'{place} "{says.en}"')
    wanted, found, drawn = tested.expectation.value, tested.found, tested.case.drawn_at is not None
    yield Text(
        nb=f"  {headline(explanation, 'nb', drawn=drawn)}: forventet {shown(wanted, 'nb')}, ble {shown(found, 'nb')}.",
        en=f"  {headline(explanation, 'en', drawn=drawn)}: expected {shown(wanted, 'en')}, found {shown(found, 'en')}.",
    )
    yield from _indented(explanation)
    yield Text.same("")


def _indented(explanation: Explanation) -> Iterator[Text]:
    from lodd.registers.explained import lines_of

    for nb, en in zip(lines_of(explanation, "nb"), lines_of(explanation, "en"), strict=True):
        yield Text(nb=f"  {nb}", en=f"  {en}")


def _all_hold(cases: int, values: int) -> Text:
    return Text(
        nb=f"Alle {number(values, 'nb')} forventede verdier i {number(cases, 'nb')} tilfeller stemmer.",
        en=f"All {number(values, 'en')} expected values in {number(cases, 'en')} cases hold.",
    )


def _as_json(tested: Tested) -> Mapping[str, Any]:
    assert tested.explanation is not None
    expected = tested.expectation.value
    about = {"case": tested.expectation.case + 1, "says": tested.case.says.en, "line": tested.expectation.line}
    return {
        **about,
        "expected": None if expected is None else float(expected),
        **_explanation_as_json(tested.explanation),
    }


def _explanation_as_json(explanation: Explanation) -> Mapping[str, Any]:
    from lodd.protocol import first_day

    records = [
        {"register": time_line.register, "row": line.row, "from": line.since, "until": line.until, "fate": line.fate.en}
        for time_line in explanation.time_lines
        for line in time_line.lines
    ]
    return {
        "outcome": explanation.outcome,
        "month": f"{first_day(explanation.month):%Y-%m}",
        "event_month": explanation.event_month,
        "value": explanation.value,
        "records": records,
        "steps": [step.said.en for step in explanation.steps],
    }
