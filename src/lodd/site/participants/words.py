"""What the codes about participants are called, in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from lodd.allocation.events import ErrorKind
from lodd.locale import Text

OTHER_PROGRAMME: Final = "other"
"""The code of a programme that the protocol does not know."""

STATES: Final[Mapping[str, Text]] = {
    "drawn": Text(nb="Trukket", en="Drawn"),
    "referred": Text(nb="Søkt inn", en="Referred"),
    "started": Text(nb="I tiltak", en="In a programme"),
    "ended": Text(nb="Sluttet", en="Left"),
    "withdrawn": Text(nb="Har trukket seg", en="Withdrawn"),
}
KINDS: Final[Mapping[str, Text]] = {
    "referral": Text(nb="Innsøking", en="Referral"),
    "start": Text(nb="Start i tiltak", en="Start in a programme"),
    "end": Text(nb="Slutt i tiltak", en="End of a programme"),
}
END_REASONS: Final[Mapping[str, Text]] = {
    "work": Text(nb="Fikk arbeid", en="Got work"),
    "education": Text(nb="Begynte i utdanning", en="Began education"),
    "completed": Text(nb="Fullførte som planlagt", en="Completed as planned"),
    "other_programme": Text(nb="Gikk over til et annet tiltak", en="Went on to another programme"),
    "health": Text(nb="Helsemessige grunner", en="Reasons of health"),
    "own_wish": Text(nb="Eget ønske", en="Own wish"),
    "moved": Text(nb="Flyttet", en="Moved"),
    "never_started": Text(nb="Begynte aldri", en="Never started"),
    "other": Text(nb="Annet", en="Other"),
}
"""Why a participation ended. ``never_started`` ends a referral."""
ERRORS: Final[Mapping[ErrorKind, Text]] = {
    "wrong_person": Text(nb="Feil person ble trukket", en="The wrong person was drawn"),
    "ineligible": Text(nb="Personen er ikke i målgruppen", en="The person is not in the target group"),
    "wrong_office": Text(nb="Feil kontor ble oppgitt", en="The wrong office was given"),
    "wrong_factor": Text(nb="En opplysning om personen var feil", en="A fact about the person was wrong"),
    "drawn_twice": Text(nb="Personen er trukket to ganger", en="The person has been drawn twice"),
    "other": Text(nb="Noe annet", en="Something else"),
}
NOT_WAITED_FOR: Final[frozenset[ErrorKind]] = frozenset({"wrong_person", "ineligible", "drawn_twice"})
"""Errors after which nobody is reminded of a referral."""
SHOWN_BECAUSE: Final[Mapping[str, Text]] = {
    "refer": Text(nb="Jeg skal søke personen inn", en="I am going to refer the person"),
    "call_back": Text(nb="Jeg skal ringe tilbake", en="I am going to call back"),
    "correct": Text(nb="Jeg skal rette en feil", en="I am going to correct a mistake"),
    "withdrawal": Text(nb="Personen vil trekke seg", en="The person wants to withdraw"),
}
STEWARD_BECAUSE: Final[Mapping[str, Text]] = {
    "steward": Text(nb="Oppgave som dataforvalter", en="A data steward’s task"),
}
