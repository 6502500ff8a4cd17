"""About those who are drawn: who they are, errors, other numbers of theirs, withdrawal."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction

from lodd.allocation.events import ErrorKind
from lodd.errors import Problem, UsageError
from lodd.identity import IdentityNumber
from lodd.locale import Text
from lodd.site import policies
from lodd.site.actions.base import SITE, Actor, action, audit, ledger_action
from lodd.site.databases import empty_log
from lodd.site.erasures import Erasure, add_erasure, read_erasures
from lodd.site.installation import Installation, installation
from lodd.site.models import DrawRequest, FollowUp, Grant, LinkedNumber, Participant
from lodd.site.participants.words import NOT_WAITED_FOR
from lodd.site.permissions import Role


@action
def show_identity(participant: Participant, *, actor: Actor, why: str) -> list[IdentityNumber]:
    """Open a participant's identity for somebody who needs it, the newest number first; noted in the audit log.

    Raises:
        NotNowError: the participant has withdrawn: there is no identity any more.
    """
    policies.check_follow_up(participant)
    _audit(actor, "identity.shown", participant, why=why)
    sealer = installation().sealer
    linked = LinkedNumber.objects.filter(participant=participant).order_by("-pk")
    return [
        *(sealer.unseal(number.sealed, f"linked:{number.lot_id}") for number in linked),
        sealer.unseal(participant.sealed, f"participant:{participant.seq}"),
    ]


@action
def find_by_number(number: IdentityNumber, *, actor: Actor) -> Participant | None:
    """The participant with a number, under whichever of their numbers. That somebody searched is noted.

    Whether the one who searches may know of the participant is the view's to see to.
    """
    lot_id = installation().keys.lot_id(number)
    found = Participant.objects.filter(lot_id=lot_id).first()
    found = found or Participant.objects.filter(numbers__lot_id=lot_id).first()
    audit(actor, "participant.searched", f"participant:{found.seq}" if found else "")
    return found


@ledger_action
def note_error(participant: Participant, kind: ErrorKind, *, actor: Actor, note: str = "") -> None:
    """Note a mistake beside the answer, in the ledger. The allocation stands.

    Raises:
        NotNowError: words about somebody who has withdrawn; the kind of mistake alone can be noted.
        DataError: a rule of the ledger is against it.
    """
    participant = Participant.objects.select_for_update().get(pk=participant.pk)
    if note:
        policies.check_follow_up(participant)
    installation().service.note_error(participant.seq, kind, by=actor.ledger_id, note=note or None)
    if kind in NOT_WAITED_FOR:
        participant.not_waited_for = True
        participant.save(update_fields=["not_waited_for"])
    _audit(actor, "error.noted", participant, kind=kind)


@ledger_action
def link_number(participant: Participant, old: IdentityNumber, new: IdentityNumber, *, actor: Actor) -> None:
    """Another number of the same person: a D-number became a fødselsnummer. Linking again changes nothing.

    Raises:
        NotNowError: the participant has withdrawn.
        UsageError: the old number is not the participant's.
        DataError: a rule of the ledger is against it: both have been drawn, or the draw is closed.
    """
    here = installation()
    participant = Participant.objects.select_for_update().get(pk=participant.pk)
    policies.check_follow_up(participant)
    known = {participant.lot_id, *participant.numbers.values_list("lot_id", flat=True)}
    old_id, new_id = here.keys.lot_id(old), here.keys.lot_id(new)
    if old_id not in known:
        raise UsageError(_not_theirs())
    if new_id in known - {old_id}:
        return _audit(actor, "number.linked_again", participant)
    here.service.same_person(old, new, by=actor.ledger_id)
    sealed = here.sealer.seal(new, f"linked:{new_id}")
    LinkedNumber.objects.create(participant=participant, lot_id=new_id, sealed=sealed)
    return _audit(actor, "number.linked", participant)


@ledger_action
def withdraw(participant: Participant, *, actor: Actor) -> Participant:
    """The person has withdrawn: everything that can be destroyed is. Safe to repeat.

    Destroyed: the identity under all its numbers, what stands outside the ledger's chain (facts about the person, who
    called, notes), what happened after the draw, which caseworker it was, and what requests say. Kept, because the
    ledger's chain cannot be unmade: that a pseudonym was drawn, when, at which office, to which arm.

    Raises:
        DataError: a rule of the ledger is against it, or the journal of erasures cannot be written; nothing is done.
    """
    here = installation()
    participant = Participant.objects.select_for_update().get(pk=participant.pk)
    if participant.withdrawn_at is not None:
        _audit(actor, "participant.withdrawn_again", participant)
        return participant
    number = here.sealer.unseal(participant.sealed, f"participant:{participant.seq}")
    here.service.withdraw(number, by=actor.ledger_id)
    _erase(participant, here)
    _audit(actor, "participant.withdrawn", participant)
    erasure = Erasure.of(
        participant.lot_id, participant.seq, by=actor.ledger_id, lock_sha256=here.lock_sha256, at=here.now()
    )
    add_erasure(here.config.erasure_journal, erasure)
    transaction.on_commit(empty_log, robust=True)
    return participant


def replay_missed() -> int:
    """Erase whoever stands in the journal and not in the database, however it was restored; how many there were.

    Asked before the site answers anybody. Cheap when there is nobody.
    """
    here = installation()
    journal = read_erasures(here.config.erasure_journal, here.lock_sha256)
    lot_ids = [erasure.lot_id for erasure in journal]
    missed = Participant.objects.filter(withdrawn_at=None, lot_id__in=lot_ids)
    return replay_erasures(journal) if lot_ids and missed.exists() else 0


@ledger_action
def replay_erasures(erasures: Iterable[Erasure]) -> int:
    """Erase again, after a restore, whoever had withdrawn since the backup; how many there were. Safe to repeat.

    A withdrawal that the restored ledger does not have is recorded anew, by whoever recorded it, or by a manager if
    their role is not in the ledger yet.
    """
    here = installation()
    replayed = 0
    for erasure in erasures:
        participant = Participant.objects.filter(lot_id=erasure.lot_id, withdrawn_at=None).first()
        if participant is None:
            continue
        if participant.seq not in here.service.live.state.withdrawn:
            number = here.sealer.unseal(participant.sealed, f"participant:{participant.seq}")
            here.service.withdraw(number, by=_recorder(erasure, here))
        _erase(participant, here)
        _audit(SITE, "participant.erased_again", participant)
        replayed += 1
    audit(SITE, "erasures.replayed", count=replayed)
    return replayed


def _erase(participant: Participant, here: Installation) -> None:
    """Destroy what the site holds of a person."""
    numbers = participant.numbers.all()
    lot_ids = [participant.lot_id, *numbers.values_list("lot_id", flat=True)]
    numbers.update(sealed="")
    asked = DrawRequest.objects.filter(participant=participant) | DrawRequest.objects.filter(lot_id__in=lot_ids)
    asked.update(sealed="", factors={}, caseworker=None)
    waiting = DrawRequest.objects.filter(state=DrawRequest.State.OPEN, lot_id__in=lot_ids)
    waiting.update(state=DrawRequest.State.CANCELLED, lot_id="", confirmed=[])
    entries = FollowUp.objects.filter(participant=participant)
    entries.update(replaces=None)
    entries.delete()
    participant.sealed, participant.caseworker = "", None
    participant.withdrawn_at = here.now()
    participant.state, participant.state_since = Participant.State.WITHDRAWN, here.today
    participant.save()


def _recorder(erasure: Erasure, here: Installation) -> str:
    state = here.service.live.state
    if state.roles.get(erasure.by):
        return erasure.by
    founding = Grant.objects.filter(role=Role.MANAGER, proposed_by=None).order_by("pk").first()
    return founding.user.ledger_id if founding else erasure.by


def _not_theirs() -> Problem:
    return Problem(
        Text(nb="det gamle nummeret er ikke denne deltakerens", en="the old number is not this participant’s"),
        "old_number",
        next_step=Text(
            nb="Kontroller nummeret, og at du er på riktig deltaker.",
            en="Check the number, and that this is the right participant.",
        ),
    )


def _audit(actor: Actor, done: str, participant: Participant, **facts: str) -> None:
    audit(actor, done, f"participant:{participant.seq}", site=participant.site, office=participant.office, **facts)
