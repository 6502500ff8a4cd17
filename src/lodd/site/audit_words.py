"""What the audit log's codes mean, in both languages. The log itself, and its export, keep the codes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from lodd.locale import Language, Text
from lodd.site.installation import installation
from lodd.site.models import AuditEvent
from lodd.site.participants.words import ERRORS, KINDS, SHOWN_BECAUSE, STEWARD_BECAUSE
from lodd.site.permissions import ROLE_LABELS

AREAS: Final[Mapping[str, Text]] = {
    "sign_in": Text(nb="Innlogging", en="Signing in"),
    "sign_out": Text(nb="Utlogging", en="Signing out"),
    "password": Text(nb="Passord", en="Passwords"),
    "factor": Text(nb="Andre faktor", en="Second factors"),
    "agency": Text(nb="Etatens innlogging", en="The agency’s sign-in"),
    "user": Text(nb="Kontoer", en="Accounts"),
    "grant": Text(nb="Roller", en="Roles"),
    "reset": Text(nb="Nullstilling", en="Resets"),
    "caseworker": Text(nb="Veiledere", en="Caseworkers"),
    "draw": Text(nb="Trekning", en="Draws"),
    "identity": Text(nb="Identitet", en="Identities"),
    "participant": Text(nb="Deltakere", en="Participants"),
    "follow_up": Text(nb="Det som skjer etter trekningen", en="What happens after the draw"),
    "error": Text(nb="Feil", en="Errors"),
    "number": Text(nb="Fødselsnumre", en="Identity numbers"),
    "erasures": Text(nb="Sletting", en="Erasure"),
    "schedule": Text(nb="Trekningsplan", en="Schedule"),
    "beacon": Text(nb="Offentlige tall", en="Public values"),
    "trial": Text(nb="Forsøket", en="The trial"),
    "ledger": Text(nb="Trekningsloggen", en="The ledger"),
    "checkpoint": Text(nb="Sjekkpunkter", en="Checkpoints"),
    "monitoring": Text(nb="Monitorering", en="Monitoring"),
    "export": Text(nb="Uttrekk", en="Exports"),
    "audit": Text(nb="Revisjonsloggen", en="The audit log"),
    "system": Text(nb="Fagsystemer", en="Systems"),
    "api": Text(nb="Programgrensesnittet", en="The API"),
    "backup": Text(nb="Sikkerhetskopier", en="Backups"),
}
"""What the first part of an action's code stands for."""

ACTORS: Final[Mapping[str, Text]] = {
    "anonymous": Text(nb="Noen som ikke var logget inn", en="Somebody not signed in"),
    "site": Text(nb="Nettstedet selv", en="The site itself"),
}
"""Who acts without an account."""

ACTIONS: Final[Mapping[str, Text]] = {
    "sign_in": Text(nb="Logget inn", en="Signed in"),
    "sign_out": Text(nb="Logget ut", en="Signed out"),
    "sign_in.failed": Text(nb="Forsøk på innlogging mislyktes", en="An attempt to sign in failed"),
    "password.changed": Text(nb="Endret passordet sitt", en="Changed their password"),
    "password.set": Text(nb="Valgte et passord", en="Chose a password"),
    "password.reset": Text(
        nb="Valgte nytt passord etter å ha glemt det", en="Chose a new password after forgetting it"
    ),
    "factor.added": Text(nb="Satte opp en andre faktor", en="Set up a second factor"),
    "factor.removed": Text(nb="Fjernet en andre faktor", en="Removed a second factor"),
    "factor.recovery_codes_made": Text(nb="Laget nye gjenopprettingskoder", en="Made new recovery codes"),
    "factor.used": Text(nb="Brukte en andre faktor", en="Used a second factor"),
    "agency.linked": Text(nb="Koblet kontoen til etatens innlogging", en="Linked the account to the agency’s sign-in"),
    "agency.unlinked": Text(nb="Koblet kontoen fra etatens innlogging", en="Unlinked the agency’s sign-in"),
    "user.created": Text(nb="Opprettet en konto", en="Made an account"),
    "user.invited": Text(nb="Laget en invitasjon", en="Made an invitation"),
    "user.accepted": Text(nb="Åpnet kontoen sin med invitasjonen", en="Opened their account by the invitation"),
    "user.language": Text(nb="Valgte språk", en="Chose a language"),
    "user.deactivated": Text(nb="Stengte en konto", en="Closed an account"),
    "user.reactivated": Text(nb="Åpnet en konto igjen", en="Opened an account again"),
    "grant.founding": Text(
        nb="Ga rollen til en av de to første forsøkslederne", en="Gave one of the first two managers the role"
    ),
    "grant.proposed": Text(nb="Foreslo en rolle", en="Proposed a role"),
    "grant.approved": Text(nb="Godkjente en rolle", en="Approved a role"),
    "grant.declined": Text(nb="Avslo en rolle", en="Declined a role"),
    "grant.revoked": Text(nb="Fjernet en rolle", en="Took a role away"),
    "reset.proposed": Text(nb="Foreslo å nullstille en konto", en="Proposed to reset an account"),
    "reset.approved": Text(nb="Godkjente å nullstille en konto", en="Approved the reset of an account"),
    "reset.declined": Text(nb="Avslo å nullstille en konto", en="Declined the reset of an account"),
    "caseworker.added": Text(nb="Førte opp en veileder på kontorets liste", en="Put a caseworker on the office’s list"),
    "draw.requested": Text(nb="Skrev inn en person som skal trekkes", en="Entered a person to be drawn"),
    "draw.made": Text(nb="Trakk en person", en="Drew a person"),
    "draw.repeated": Text(
        nb="Spurte på nytt om en person som var trukket", en="Asked again about a person who was drawn"
    ),
    "draw.answer_shown_again": Text(nb="Så resultatet av sin trekning igjen", en="Saw the result of their draw again"),
    "draw.cancelled": Text(nb="Avbrøt før trekningen", en="Cancelled before the draw"),
    "draw.requests_expired": Text(
        nb="Slettet forespørsler som ingen fullførte", en="Deleted requests that nobody completed"
    ),
    "identity.shown": Text(nb="Så et fødselsnummer", en="Saw an identity number"),
    "participant.searched": Text(nb="Søkte etter en deltaker", en="Searched for a participant"),
    "participant.withdrawn": Text(
        nb="Førte at en deltaker trakk seg, og slettet", en="Recorded a withdrawal, and erased"
    ),
    "participant.withdrawn_again": Text(nb="Førte på nytt at en deltaker trakk seg", en="Recorded a withdrawal again"),
    "participant.erased_again": Text(nb="Slettet en deltaker igjen", en="Erased a participant again"),
    "follow_up.recorded": Text(nb="Førte noe som skjedde etter trekningen", en="Recorded something after the draw"),
    "follow_up.repeated": Text(nb="Førte det samme en gang til", en="Recorded the same once more"),
    "follow_up.corrected": Text(nb="Rettet det som var ført", en="Corrected what was recorded"),
    "follow_up.voided": Text(nb="Tok bort noe som var ført ved en feil", en="Took back what was recorded by mistake"),
    "error.noted": Text(nb="Noterte en feil ved en trekning", en="Noted an error in a draw"),
    "number.linked": Text(nb="Koblet et annet fødselsnummer", en="Linked another identity number"),
    "number.linked_again": Text(nb="Koblet de samme fødselsnumrene igjen", en="Linked the same identity numbers again"),
    "erasures.replayed": Text(nb="Slettet på nytt dem som har trukket seg", en="Erased again those who have withdrawn"),
    "schedule.proposed": Text(nb="Foreslo en endring av trekningsplanen", en="Proposed a change of the schedule"),
    "schedule.approved": Text(nb="Godkjente en endring av trekningsplanen", en="Approved a change of the schedule"),
    "schedule.declined": Text(nb="Avslo en endring av trekningsplanen", en="Declined a change of the schedule"),
    "schedule.taken_back": Text(
        nb="Trakk tilbake en endring av trekningsplanen", en="Took back a change of the schedule"
    ),
    "beacon.entered": Text(nb="Skrev inn et offentlig tall", en="Typed a public value"),
    "beacon.differed": Text(nb="Skrev inn et annet tall enn den første", en="Typed another value than the first"),
    "beacon.recorded": Text(nb="Skrev inn det samme tallet; det gjelder", en="Typed the same value; it holds"),
    "trial.closed": Text(nb="Avsluttet trekningen", en="Closed the trial"),
    "ledger.settled": Text(nb="Oppdaterte trekningsloggen", en="Brought the ledger up to date"),
    "ledger.role_revoked": Text(nb="Tok en rolle ut av trekningsloggen", en="Took a role out of the ledger"),
    "checkpoint.made": Text(nb="Laget et sjekkpunkt", en="Made a checkpoint"),
    "monitoring.exported": Text(nb="Lastet ned en tabell", en="Downloaded a table"),
    "export.ledger": Text(nb="Lastet ned trekningsloggen", en="Downloaded the ledger"),
    "export.lock": Text(nb="Lastet ned låsen", en="Downloaded the lock"),
    "export.checkpoints": Text(nb="Lastet ned sjekkpunktene", en="Downloaded the checkpoints"),
    "export.participants": Text(nb="Lastet ned deltakerne", en="Downloaded the participants"),
    "audit.read": Text(nb="Leste revisjonsloggen", en="Read the audit log"),
    "audit.exported": Text(nb="Lastet ned revisjonsloggen", en="Downloaded the audit log"),
    "system.proposed": Text(nb="Foreslo et fagsystem", en="Proposed a system"),
    "system.approved": Text(nb="Godkjente et fagsystem", en="Approved a system"),
    "system.declined": Text(nb="Avslo et fagsystem", en="Declined a system"),
    "system.revoked": Text(nb="Trakk tilbake et fagsystems adgang", en="Revoked a system"),
    "system.token_issued": Text(nb="Laget et nytt token", en="Made a new token"),
    "api.answer_repeated": Text(nb="Ga et fagsystem det samme svaret igjen", en="Gave a system the same answer again"),
    "api.answers_forgotten": Text(nb="Slettet gamle svar til fagsystemer", en="Deleted old answers to systems"),
    "backup.restored": Text(nb="Gjenopprettet fra en sikkerhetskopi", en="Restored a backup"),
}
"""Every action's code."""

SUBJECTS: Final[Mapping[str, Text]] = {
    "user": Text(nb="Konto", en="Account"),
    "participant": Text(nb="Deltaker nr.", en="Participant no."),
    "request": Text(nb="Forespørsel", en="Request"),
    "caseworker": Text(nb="Veileder", en="Caseworker"),
    "system": Text(nb="Fagsystem", en="System"),
    "proposal": Text(nb="Forslag nr.", en="Proposal no."),
    "amendment": Text(nb="Endring", en="Change"),
    "table": Text(nb="Tabell", en="Table"),
    "trial": Text(nb="Forsøket", en="The trial"),
}
"""What an event is about, by the first part of the subject's code."""

FACTS: Final[Mapping[str, Text]] = {
    "again": Text(nb="for å bekrefte hvem en er", en="to confirm who one is"),
    "answers": Text(nb="svar i trekningsloggen", en="answers in the ledger"),
    "caseworker": Text(nb="veileder", en="caseworker"),
    "count": Text(nb="antall", en="number"),
    "cross_over": Text(nb="en annen gruppes tiltak", en="another group’s programme"),
    "effective_from": Text(nb="gjelder fra", en="holds from"),
    "entry": Text(nb="føring nr.", en="entry no."),
    "events": Text(nb="hendelser", en="events"),
    "filters": Text(nb="avgrenset etter", en="limited by"),
    "how": Text(nb="med", en="by"),
    "kind": Text(nb="hva", en="what"),
    "language": Text(nb="språk", en="language"),
    "page": Text(nb="side", en="page"),
    "provider": Text(nb="etatens innlogging", en="agency’s sign-in"),
    "role": Text(nb="rolle", en="role"),
    "rows": Text(nb="rader", en="rows"),
    "type": Text(nb="med", en="by"),
    "why": Text(nb="hvorfor", en="why"),
}
"""What a fact of an event is called."""

VALUES: Final[Mapping[str, Text]] = {
    **KINDS,
    **{str(kind): label for kind, label in ERRORS.items()},
    **SHOWN_BECAUSE,
    **STEWARD_BECAUSE,
    **{role.value: label for role, label in ROLE_LABELS.items()},
    "read_back": Text(nb="for å lese det opp", en="to read it back"),
    "change": Text(nb="for å endre det", en="to change it"),
    "password": Text(nb="passord", en="password"),
    "agency": Text(nb="etatens innlogging", en="the agency’s sign-in"),
    "totp": Text(nb="kode fra en app", en="code from an app"),
    "webauthn": Text(nb="tilgangsnøkkel", en="passkey"),
    "recovery_codes": Text(nb="gjenopprettingskode", en="recovery code"),
    "nb": Text.same("Bokmål"),
    "en": Text.same("English"),
    "actor": Text(nb="hvem", en="who"),
    "action": Text(nb="hva", en="what"),
    "subject": Text(nb="om", en="about"),
    "since": Text(nb="fra", en="from"),
    "until": Text(nb="til", en="to"),
}
"""What codes among the facts mean: kinds, reasons, roles, ways to sign in, filters."""


def action(code: str, language: Language) -> str:
    """What was done: «Trakk en person». A code that is not known (of a later version) is shown as it is."""
    return ACTIONS[code][language] if code in ACTIONS else code


def actor(code: str, language: Language) -> str:
    """Who it was, when it was nobody with a name."""
    return ACTORS[code][language] if code in ACTORS else code


def choices(language: Language) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Actions to choose among, by area. The first choice of an area is all of it: a code that ends with a full stop."""
    everything = Text(nb="alt om dette", en="all of it")[language]
    for area, label in AREAS.items():
        own = [(code, said[language]) for code, said in ACTIONS.items() if code.partition(".")[0] == area]
        whole = [(f"{area}.", f"{label[language]}: {everything}")] if len(own) > 1 else []
        yield label[language], whole + own


def subject(code: str, names: Mapping[str, str], language: Language) -> str:
    """What it was about: somebody by name, «Deltaker nr. 12»; never who a participant is."""
    kind, _, one = code.partition(":")
    if one in names:
        return names[one]
    return f"{SUBJECTS[kind][language]} {one}".rstrip() if kind in SUBJECTS else code


def place(event: AuditEvent) -> str:
    """The office, or else the county, by its name."""
    here = installation()
    county = here.trial.sites[event.site].label if event.site in here.trial.sites else event.site
    return here.office_labels.get(event.office, event.office) or county


def facts(event: AuditEvent, language: Language) -> str:
    """The rest, in words. What is empty, or not so, is left out."""
    told = {name: value for name, value in event.facts.items() if value or (value == 0 and value is not False)}
    return "; ".join(_fact(name, value, language) for name, value in told.items())


def _fact(name: str, value: Any, language: Language) -> str:
    label = FACTS[name][language] if name in FACTS else name
    if value is True:
        return label
    values = value if isinstance(value, list) else [value]
    words = [VALUES[str(one)][language] if str(one) in VALUES else str(one) for one in values]
    return f"{label}: {', '.join(words)}"
