"""From a request to an answer, by the actions alone."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection

from lodd.errors import DataError
from lodd.site.actions.base import OutsideAnActionError
from lodd.site.actions.draw import answer_request, request_draw
from lodd.site.installation import installation
from lodd.site.models import AuditEvent, DrawRequest, LedgerEvent, Participant
from tests.site.world import World


def test_a_draw_leaves_event_participant_and_audit_together(world: World) -> None:
    drawn = world.draw(1)
    assert LedgerEvent.objects.get(seq=drawn.seq).kind == "draw"
    assert drawn.arm in installation().trial.arm_ids
    assert AuditEvent.objects.filter(action="draw.made", subject=f"participant:{drawn.seq}").count() == 1
    assert installation().sealer.unseal(drawn.sealed, f"participant:{drawn.seq}") == world.number(1)


def test_the_same_person_gets_the_first_answer_and_the_ledger_notes_it(world: World) -> None:
    first = world.draw(1)
    again = world.draw(1, office="n2")
    assert again == first
    assert list(LedgerEvent.objects.filter(about=first.seq).values_list("kind", flat=True)) == [
        "draw",
        "repeated_request",
    ]


def test_a_request_sent_twice_is_one_draw_and_no_repeat(world: World) -> None:
    request = _request(world, 1)
    first = answer_request(request, actor=world.actor("operator"))
    second = answer_request(request, actor=world.actor("operator"))
    assert first.participant == second.participant
    assert not second.repeated
    assert LedgerEvent.objects.filter(kind="repeated_request").count() == 0
    assert second.sealed == ""


def test_when_the_commit_fails_nothing_is_left_and_the_next_draw_is_whole(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lodd.site.actions import draw

    world.draw(1)
    before = LedgerEvent.objects.count()
    request = _request(world, 2)
    with monkeypatch.context() as broken:
        broken.setattr(draw, "audit", _broken)
        with pytest.raises(RuntimeError, match="out of order"):
            answer_request(request, actor=world.actor("operator"))
    assert LedgerEvent.objects.count() == before
    assert Participant.objects.count() == 1
    answered = answer_request(request, actor=world.actor("operator"))
    assert answered.participant is not None
    assert answered.participant.seq == before + 1


def test_somebody_without_the_role_in_the_ledger_draws_nobody(world: World) -> None:
    with pytest.raises(DataError):
        world.draw(1, office="s1", by="operator")
    assert Participant.objects.count() == 0
    assert DrawRequest.objects.get().state == DrawRequest.State.OPEN


def test_no_write_goes_round_the_actions(world: World) -> None:
    drawn = world.draw(1)
    drawn.arm = "control"
    with pytest.raises(OutsideAnActionError):
        drawn.save()
    with pytest.raises(OutsideAnActionError):
        AuditEvent.objects.all().delete()


def test_the_database_itself_refuses_to_change_the_ledger(world: World) -> None:
    world.draw(1)
    with connection.cursor() as cursor:
        connection.execute_wrappers.clear()
        with pytest.raises(DatabaseError, match="only be added to"):
            cursor.execute("UPDATE lodd_ledgerevent SET line = ''")
        with pytest.raises(DatabaseError, match="only be added to"):
            cursor.execute("DELETE FROM lodd_auditevent")


def _request(world: World, seed: int) -> DrawRequest:
    return request_draw(
        world.number(seed),
        "n1",
        actor=world.actor("operator"),
        confirmed=["wants_work", "needs_help"],
        factors={},
        caseworker=None,
    )


def _broken(*_: object, **__: object) -> None:
    raise RuntimeError("out of order")
