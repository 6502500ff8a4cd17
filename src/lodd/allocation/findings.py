"""What the verifier may find beyond broken rules, and what a verification proves or does not, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from lodd.locale import Language, Text, number


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is off. ``seq`` is the event's number (its line in the file); None for the file as a whole."""

    kind: str
    seq: int | None
    text: Text


def finding(kind: str, seq: int | None, **values: object) -> Finding:
    """The finding of this kind, with its words filled in."""
    return Finding(kind, seq, filled(FINDINGS[kind], **values))


def filled(words: Text, **values: object) -> Text:
    """A text with its values filled in; numbers as each language writes them."""
    return Text(nb=words.nb.format(**_shown(values, "nb")), en=words.en.format(**_shown(values, "en")))


def _shown(values: Mapping[str, object], language: Language) -> dict[str, object]:
    return {name: number(value, language) if isinstance(value, int) else value for name, value in values.items()}


FINDINGS: Final[Mapping[str, Text]] = {
    "unreadable": Text(
        nb="linjen er ødelagt og kan ikke leses; resten er kontrollert så langt det går",
        en="the line is damaged and cannot be read; the rest is verified as far as it goes",
    ),
    "not_canonical": Text(
        nb="linjen er skrevet på en annen måte enn Lodd skriver den",
        en="the line is written otherwise than Lodd writes it",
    ),
    "torn": Text(
        nb="den siste linjen er ikke skrevet ferdig; {count} hele hendelser er kontrollert",
        en="the last line was not written to its end; {count} whole events are verified",
    ),
    "seq": Text(
        nb="hendelsen har nummer {given}, men skulle hatt {expected}: noe mangler, er satt inn eller byttet om",
        en="the event has number {given} where {expected} was due: something is missing, inserted or swapped",
    ),
    "hash": Text(
        nb="innholdet er endret etter at hendelsen ble skrevet: avtrykket stemmer ikke",
        en="its content was altered after it was written: the hash does not fit",
    ),
    "previous": Text(
        nb="hendelsen ble ikke skrevet etter den som nå står foran: en av dem er endret, fjernet eller satt inn",
        en="it was not written after the event that now stands before it: one was altered, removed or inserted",
    ),
    "lock": Text(
        nb="den første hendelsen følger en annen lås enn denne",
        en="the first event follows another lock than this one",
    ),
    "checkpoint_signature": Text(
        nb="signaturen på sjekkpunktet ved hendelse {count} er ikke forsøkets",
        en="the signature of the checkpoint at event {count} is not the trial's",
    ),
    "checkpoint_trial": Text(
        nb="sjekkpunktet ved hendelse {count} er fra en annen lås",
        en="the checkpoint at event {count} is of another lock",
    ),
    "checkpoint_cut": Text(
        nb="sjekkpunktet viser {count} hendelser, men filen har bare {events}: noe er kuttet bort",
        en="the checkpoint shows {count} events, but the file has only {events}: something was cut off",
    ),
    "checkpoint_head": Text(
        nb="hendelse {count} er en annen enn da sjekkpunktet ble signert {at}: noe til og med den er endret",
        en="event {count} is not what it was when the checkpoint was signed {at}: something up to it was changed",
    ),
    "key": Text(
        nb="nøkkelen er ikke den som låsen binder forsøket til; ingen lodd er regnet ut på nytt",
        en="the key is not the one that the lock commits to; no lot was recomputed",
    ),
    "no_commitment": Text(
        nb="låsen binder ikke forsøket til noen trekningsnøkkel", en="the lock commits to no draw key"
    ),
    "arm": Text(
        nb="personen fikk «{given}», men loddet er «{expected}»",
        en='the person got "{given}", but the lot is "{expected}"',
    ),
    "conditional": Text(
        nb="sannsynlighetene i trekningsøyeblikket er oppgitt som {given}, men er {expected}",
        en="the probabilities at the draw are given as {given}, but are {expected}",
    ),
    "impossible": Text(
        nb="sannsynlighetene i trekningsøyeblikket er oppgitt som {given}, som ikke kan ha gitt denne gruppen",
        en="the probabilities at the draw are given as {given}, which cannot have given this arm",
    ),
    "marginal": Text(
        nb="sannsynlighetene før trekningen er oppgitt som {given}, men planen sier {expected}",
        en="the probabilities before the draw are given as {given}, but the schedule says {expected}",
    ),
    "mechanism": Text(
        nb="mekanismen kan ikke ha trukket dette: {reason_nb}",
        en="the mechanism cannot have drawn this: {reason_en}",
    ),
    "slips": Text(
        nb="lappene på listen er ikke dem nøkkelen gir", en="the slips of the list are not those that the key gives"
    ),
    "slip_period": Text(
        nb="lappene gjelder {since} til {until}, som ikke er innenfor én periode i planen for {office}",
        en="the slips are for {since} to {until}, which is not within one period of {office}'s schedule",
    ),
    "details_altered": Text(
        nb="opplysningene som står utenfor kjeden, er endret: avtrykket stemmer ikke",
        en="what stands outside the chain was altered: the hash does not fit",
    ),
    "details_erased": Text(
        nb="opplysninger om personen er slettet, men ingen tilbaketrekking er ført inn",
        en="facts about the person have been erased, but no withdrawal is recorded",
    ),
    "no_factors": Text(
        nb="svaret er ført inn uten opplysninger som lodd avhenger av: {factors}",
        en="the answer was recorded without facts that lots depend on: {factors}",
    ),
    "details_missing": Text(
        nb="opplysningene som skal stå utenfor kjeden, mangler uten å være slettet",
        en="what should stand outside the chain is missing without having been erased",
    ),
}

PROVEN: Final[Mapping[str, Text]] = {
    "chain": Text(
        nb="Kjeden er hel: hver av de {events} hendelsene følger den foran, og den første følger låsen.",
        en="The chain is whole: each of the {events} events follows the one before, and the first follows the lock.",
    ),
    "checkpoint": Text(
        nb="Hendelse 1 til {count} er slik de var da sjekkpunktet ble signert {at}.",
        en="Events 1 to {count} are as they were when the checkpoint was signed {at}.",
    ),
    "key": Text(
        nb="Trekningsnøkkelen er den som låsen bandt forsøket til før første trekning.",
        en="The draw key is the one that the lock committed to before the first draw.",
    ),
    "arms": Text(
        nb="{recomputed} av {draws} lodd er regnet ut på nytt, og alle er som de står.",
        en="{recomputed} of {draws} lots were recomputed, and all are as they stand.",
    ),
    "slips": Text(
        nb="Alle lapper for driftsstans er dem nøkkelen gir.",
        en="All slips for outages are those that the key gives.",
    ),
    "probabilities": Text(
        nb="Alle sannsynligheter er dem planen sier; vedtatte endringer: {amendments}.",
        en="All probabilities are those of the schedule; amendments: {amendments}.",
    ),
    "rules": Text(
        nb="Ingen er trukket to ganger, utenfor trekningsperioden eller etter avslutningen, og alt er gjort av noen "
        "med rollen som trengs.",
        en="Nobody was drawn twice, or outside enrolment, or after the close, and everything was done by somebody with "
        "the role it takes.",
    ),
    "beacon": Text(
        nb="Det offentlige tilfeldige tallet er fra kilden og runden som låsen viste til, og ble skrevet inn av to.",
        en="The public random value is of the source and round that the lock named, and was entered by two people.",
    ),
}

NOT_PROVEN: Final[Mapping[str, Text]] = {
    "applicable": Text(
        nb="Loddene er trukket utenfor Lodd, så de kan ikke kontrolleres her.",
        en="The lots were drawn outside Lodd, so they cannot be verified here.",
    ),
    "end": Text(
        nb="At ikke noe er kuttet bort på slutten, eller hele kjeden skrevet om: det krever et signert sjekkpunkt "
        "som er oppbevart utenfor.",
        en="That nothing was cut off at the end, or the whole chain rewritten: that takes a signed checkpoint that was "
        "kept outside.",
    ),
    "lock": Text(
        nb="At dette er låsen som ble kunngjort, og at det skjedde før noen kjente det offentlige tilfeldige tallet: "
        "sammenlign låsens avtrykk nedenfor med det som ble kunngjort. Låsen selv sier {locked}.",
        en="That this is the lock that was published, and before anybody knew the public random value: compare the "
        "lock's hash below with the published one. The lock itself says {locked}.",
    ),
    "after_checkpoint": Text(
        nb="At det som kommer etter hendelse {count}, den siste under et sjekkpunkt, er slik det ble skrevet, og at "
        "ikke noe er kuttet bort der.",
        en="That what comes after event {count}, the last under a checkpoint, is as it was written, and that nothing "
        "was cut off there.",
    ),
    "key": Text(
        nb="At loddene er dem mekanismen gir: det krever trekningsnøkkelen, som gjøres kjent etter avslutningen.",
        en="That the lots are those of the mechanism: that takes the draw key, which is revealed after the close.",
    ),
    "factors": Text(
        nb="Lodd som avhenger av opplysninger som er slettet eller mangler, og ikke kan regnes ut igjen: {count}.",
        en="Lots that depend on facts that are erased or not at hand, and cannot be recomputed: {count}.",
    ),
    "beacon_value": Text(
        nb="At {source}, {round}, virkelig var «{value}»: se etter i kilden.",
        en='That {source}, {round}, really was "{value}": look it up at the source.',
    ),
    "simulation": Text(
        nb="At ingen kunne vite loddene på forhånd: dette er en simulering uten noe offentlig tilfeldig tall.",
        en="That nobody could know the lots beforehand: this is a simulation without any public random value.",
    ),
    "people": Text(
        nb="At pseudonymene er virkelige mennesker, og hver bare én: det krever et utvalg av identiteter.",
        en="That the pseudonyms are real people, and each only one: that takes a sample of identities.",
    ),
    "nomination": Text(
        nb="At de rette ble meldt til trekning, og at vilkårene virkelig var oppfylt.",
        en="That the right people were put forward, and that the conditions were really met.",
    ),
    "open": Text(
        nb="At trekningen er ferdig: den er ikke avsluttet.",
        en="That the draw is complete: it is not closed.",
    ),
}
