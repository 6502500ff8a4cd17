"""What can be wrong with an event, in words: said to whoever tries to make it, and by the verifier who finds it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from lodd.errors import Problem
from lodd.locale import Text


@dataclass(frozen=True, slots=True)
class Breach:
    """One rule that an event breaks. ``kind`` is a code that a program can ask for."""

    kind: str
    found: Text

    @property
    def problem(self) -> Problem:
        return Problem(self.found, next_step=_NEXT.get(self.kind))


def breach(kind: str, **values: object) -> Breach:
    """The breach of this kind, with its words filled in."""
    words = _WORDS[kind]
    said = {name: without_identity(value) for name, value in values.items()}
    return Breach(kind, Text(nb=words.nb.format(**said), en=words.en.format(**said)))


def without_identity(value: object) -> str:
    """What a message may repeat: somebody may have put an identity number where an office or a name belongs."""
    return _ELEVEN_DIGITS.sub("…", str(value))


_ELEVEN_DIGITS: Final = re.compile(r"(?<![0-9A-Za-z])\d{6} ?\d{5}(?![0-9A-Za-z])")


_WORDS: Final[Mapping[str, Text]] = {
    "clock": Text(
        nb="klokka går bakover: {at} er før forrige hendelse, {last}",
        en="the clock goes backwards: {at} is before the last event, {last}",
    ),
    "before_lock": Text(
        nb="{at} er før forsøket ble låst, {locked}", en="{at} is before the trial was locked, {locked}"
    ),
    "closed": Text(nb="trekningen er avsluttet", en="the draw is closed"),
    "no_beacon": Text(
        nb="det offentlige tilfeldige tallet som låsen viser til, er ikke registrert ennå",
        en="the public random value that the lock names has not been recorded yet",
    ),
    "first_not_beacon": Text(
        nb="den første hendelsen er ikke det offentlige tilfeldige tallet",
        en="the first event is not the public random value",
    ),
    "role": Text(
        nb="«{by}» har ikke den rollen som dette krever ({roles})",
        en='"{by}" does not have the role that this takes ({roles})',
    ),
    "external": Text(
        nb="loddene i dette forsøket trekkes utenfor Lodd", en="the lots of this trial are drawn outside Lodd"
    ),
    "unknown_office": Text(
        nb="kontoret «{office}» finnes ikke i protokollen", en='the office "{office}" is not in the protocol'
    ),
    "outside_enrolment": Text(
        nb="{day} er utenfor trekningsperioden, {opens} til {closes}",
        en="{day} is outside enrolment, {opens} to {closes}",
    ),
    "wrong_day": Text(
        nb="dagen er oppgitt som {day}, men hendelsen er fra {local}", en="the day is given as {day}, but is {local}"
    ),
    "drawn_already": Text(
        nb="personen er alt trukket, i hendelse {first}", en="the person has been drawn already, in event {first}"
    ),
    "unknown_arm": Text(nb="gruppen «{arm}» finnes ikke i protokollen", en='the arm "{arm}" is not in the protocol'),
    "batch": Text(
        nb="puljen som personen er nominert i ({nominated}), er ikke den som det trekkes for ({batch})",
        en="the batch that the person is nominated in ({nominated}) is not the one drawn for ({batch})",
    ),
    "batch_no_beacon": Text(
        nb="«{batch}» venter på sitt offentlige tilfeldige tall", en='"{batch}" awaits its public random value'
    ),
    "not_first_answer": Text(
        nb="svaret som det vises til (hendelse {first}), er ikke denne personens første",
        en="the answer referred to (event {first}) is not this person's first",
    ),
    "same_twice": Text(nb="de to numrene er det samme", en="the two numbers are the same"),
    "both_drawn": Text(
        nb="begge numrene er alt trukket, i hendelse {old} og {new}",
        en="both numbers have been drawn already, in events {old} and {new}",
    ),
    "no_answer": Text(
        nb="hendelse {about} har ikke gitt noen en gruppe", en="event {about} has not given anybody an arm"
    ),
    "withdrawn_already": Text(
        nb="personen i hendelse {about} er alt trukket tilbake",
        en="the person of event {about} has withdrawn already",
    ),
    "two_people": Text(nb="to forskjellige personer trengs", en="two different people are needed"),
    "not_by_either": Text(nb="«{by}» er ikke en av de to", en='"{by}" is not one of the two'),
    "key_holder": Text(
        nb="«{person}» har eller har hatt en nøkkel, og kan ikke endre sannsynligheter",
        en='"{person}" holds or has held a key, and cannot change probabilities',
    ),
    "holds_other_role": Text(
        nb="«{person}» kan ikke både lede forsøket og ha en nøkkel",
        en='"{person}" cannot both manage the trial and hold a key',
    ),
    "retroactive": Text(
        nb="endringen skulle gjelde fra {day}, før den ble besluttet {local}",
        en="the amendment was to hold from {day}, before it was decided on {local}",
    ),
    "no_schedule": Text(
        nb="metoden «{method}» har ingen plan for sannsynligheter",
        en='the method "{method}" has no schedule to amend',
    ),
    "amended_place": Text(
        nb="«{where}» er ikke et kontor eller sted i protokollen",
        en='"{where}" is not an office or site of the protocol',
    ),
    "amended_arms": Text(
        nb="raden for {where} må gi en sannsynlighet til {arms}, og bare dem",
        en="the row for {where} must give a probability to {arms}, and to no other",
    ),
    "amended_shares": Text(
        nb="sannsynlighetene for {where} er {total} til sammen; hver skal være over 0 og summen under 1",
        en="the probabilities for {where} are {total} together; each must be above 0 and the sum below 1",
    ),
    "round_known": Text(
        nb="tallet fra {source}, {round}, er alt registrert, og kan ikke være ukjent",
        en="the value of {source}, {round}, is recorded already, and cannot be unknown",
    ),
    "wrong_beacon": Text(
        nb="tallet er fra {source}, {round}, men skal være fra {expected}",
        en="the value is of {source}, {round}, but must be of {expected}",
    ),
    "no_target": Text(
        nb="ingen endring eller pulje venter på dette tallet", en="no amendment or batch awaits this value"
    ),
    "beacon_again": Text(nb="dette tallet er alt registrert", en="this value has been recorded already"),
    "simulated_beacon": Text(
        nb="låsen viser ikke til noe offentlig tilfeldig tall (simulering)",
        en="the lock names no public random value (a simulation)",
    ),
    "not_granted": Text(
        nb="«{person}» har ikke rollen {role} og kan ikke miste den",
        en='"{person}" does not have the role {role} and cannot lose it',
    ),
    "whole_trial": Text(
        nb="rollen {role} gjelder hele forsøket, ikke ett kontor",
        en="the role {role} is for the whole trial, not one office",
    ),
    "not_complete": Text(
        nb="metoden «{method}» trekker én og én, ikke puljer",
        en='the method "{method}" draws one by one, not batches',
    ),
    "batch_again": Text(nb="puljen «{batch}» er alt nominert", en='"{batch}" has been nominated already'),
    "members": Text(
        nb="medlemmene er ikke sortert, eller noen står to ganger",
        en="the members are not sorted, or somebody is there twice",
    ),
    "member_elsewhere": Text(
        nb="noen av medlemmene er alt trukket eller nominert i en annen pulje: {count}",
        en="some of the members have been drawn already or are in another batch: {count}",
    ),
    "counts": Text(
        nb="antallene {counts} går ikke opp med {people} personer og {arms} grupper",
        en="the numbers {counts} do not fit {people} people and {arms} arms",
    ),
    "slips_method": Text(
        nb="lapper kan ikke brukes med metoden «{method}»", en='slips cannot be used with the method "{method}"'
    ),
    "list_again": Text(nb="listen «{list_id}» er alt utstedt", en='the list "{list_id}" has been issued already'),
    "slips_late": Text(
        nb="lappene skulle gjelde fra {since}, før de ble utstedt {local}",
        en="the slips were to be valid from {since}, before they were issued on {local}",
    ),
    "slip_period": Text(
        nb="lappene gjelder {since} til {until}, som ikke er innenfor én periode i planen for {office}",
        en="the slips are for {since} to {until}, which is not within one period of {office}'s schedule",
    ),
    "unknown_list": Text(nb="listen «{list_id}» er ikke utstedt", en='the list "{list_id}" was not issued'),
    "unknown_slip": Text(
        nb="lapp {number} på listen «{list_id}» er ikke utstedt",
        en='slip {number} of the list "{list_id}" was not issued',
    ),
    "slip_again": Text(
        nb="lapp {number} på listen «{list_id}» er alt gjort opp, i hendelse {seq}",
        en='slip {number} of the list "{list_id}" has been accounted for already, in event {seq}',
    ),
    "slip_office": Text(
        nb="lappene er for {issued}, ikke for {office}", en="the slips are for {issued}, not for {office}"
    ),
    "slip_outside": Text(
        nb="lappen ble åpnet {day}, men gjelder {since} til {until}",
        en="the slip was opened on {day}, but is valid {since} to {until}",
    ),
    "slip_amended": Text(
        nb="sannsynlighetene ved {office} var endret før lappen ble åpnet {opened}; da gjelder den ikke lenger",
        en="the probabilities at {office} had been amended before the slip was opened at {opened}; it holds no longer",
    ),
    "slip_future": Text(
        nb="lappen er oppgitt åpnet {opened}, etter at den ble registrert",
        en="the slip is said to be opened at {opened}, after it was recorded",
    ),
    "slip_hash": Text(
        nb="lapp {number} på listen «{list_id}» er ikke den som ble utstedt: «{arm}» passer ikke til avtrykket",
        en='slip {number} of the list "{list_id}" is not the one issued: "{arm}" does not fit its hash',
    ),
    "void_reason": Text(
        nb="lappen er annullert fordi personen var trukket, men hendelse {first} er ikke personens svar",
        en="the slip was voided because the person had been drawn, but event {first} is not the person's answer",
    ),
    "slips_open": Text(
        nb="noen lapper er verken brukt eller annullert: {count}", en="some slips are neither used nor voided: {count}"
    ),
    "close_count": Text(
        nb="avslutningen sier {said} svar, men det er {counted}",
        en="the close says {said} answers, but there are {counted}",
    ),
}

_NEXT: Final[Mapping[str, Text]] = {
    "clock": Text(nb="Still klokka på maskinen, og prøv igjen.", en="Set the machine's clock, and try again."),
    "before_lock": Text(nb="Still klokka på maskinen, og prøv igjen.", en="Set the machine's clock, and try again."),
    "closed": Text(
        nb="Den som alt er trukket, kan fortsatt få svaret sitt om igjen.",
        en="Those drawn already can still have their answer again.",
    ),
    "no_beacon": Text(
        nb="La to personer skrive inn tallet når det er kunngjort.",
        en="Let two people enter the value when it is published.",
    ),
    "role": Text(nb="Be den som leder forsøket, om å gi rollen.", en="Ask the trial's manager to grant the role."),
    "unknown_office": Text(nb="Kontroller kontorets id.", en="Check the office's id."),
    "both_drawn": Text(
        nb="Noter feilen ved det andre svaret (drawn_twice); begge svarene blir stående.",
        en="Note the error at the second answer (drawn_twice); both answers stand.",
    ),
    "retroactive": Text(
        nb="La endringen gjelde fra i dag eller senere; ingen som er trukket, flyttes.",
        en="Let the amendment hold from today or later; nobody drawn is moved.",
    ),
    "round_known": Text(nb="Vis til en senere runde.", en="Name a later round."),
    "slip_amended": Text(
        nb="Annuller lappen (lodd draw outage-void), og trekk personen på vanlig måte. Lag nye lapper.",
        en="Void the slip (lodd draw outage-void), and draw the person in the usual way. Issue new slips.",
    ),
    "slips_open": Text(
        nb="Gjør opp lappene først: registrer de brukte og annuller resten.",
        en="Reconcile the slips first: record those used and void the rest.",
    ),
    "key_holder": Text(
        nb="La to andre foreslå og godkjenne endringen.", en="Let two others propose and approve the amendment."
    ),
}

KINDS: Final = frozenset(_WORDS)
