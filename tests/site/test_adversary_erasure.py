"""After a withdrawal nothing comes back: not by the pages, not by programs, not by asking again."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client

from lodd.site.actions.participants import note_error, withdraw
from lodd.site.models import DrawRequest, FollowUp, IdempotentAnswer, LedgerDetail, Participant
from tests.site.api_world import Api, draw_body, system, token
from tests.site.draw_story import drawn, problems
from tests.site.world import World

HEALTH = {"kind": "end", "reason": "health", "programme": "VEIL"}


def withdrawn(world: World) -> Participant:
    drawn(world.client("operator"), world.number(1))
    return withdraw(Participant.objects.get(), actor=world.actor("operator"))


def everything() -> str:
    """Every row of every table of the site's own but the append-only ones, as text."""
    rows = []
    for model in apps.get_app_config("lodd").get_models():
        if model.__name__ not in ("LedgerEvent", "AuditEvent"):
            rows += [str(row) for row in model.objects.values()]
    return "\n".join(rows)


def test_no_words_are_written_of_somebody_who_has_withdrawn(world: World) -> None:
    one = withdrawn(world)
    answer = world.client("operator").post(f"/participants/{one.seq}/error/", {"kind": "other", "note": "was angry"})
    assert "har trukket seg" in problems(answer)
    assert not LedgerDetail.objects.exclude(content="").exists()
    answer = world.client("operator").post(f"/participants/{one.seq}/error/", {"kind": "ineligible", "note": ""})
    assert answer.status_code == 302
    assert not LedgerDetail.objects.exclude(content="").exists()


def test_asking_again_leaves_no_caller(world: World) -> None:
    withdrawn(world)
    drawn(world.client("operator"), world.number(1), caller="Per Nysgjerrig")
    again = DrawRequest.objects.get(repeated=True)
    assert (again.caseworker, again.sealed, again.factors) == (None, "", {})
    assert not LedgerDetail.objects.exclude(content="").exists()


def test_what_programs_were_answered_is_destroyed_too(world: World) -> None:
    api = Api(token(world, system(world)))
    receipt = api.post("draws", draw_body(world)).json()["receipt"]
    one = Participant.objects.get()
    day = one.day.isoformat()
    api.post(
        f"draws/{receipt}/follow-up", {"kind": "start", "programme": "VEIL", "day": day, "crossover_confirmed": True}
    )
    first = api.post(f"draws/{receipt}/follow-up", HEALTH | {"day": day}, key="the-same-key")
    again = api.post(f"draws/{receipt}/follow-up", HEALTH | {"day": day}, key="the-same-key")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert "health" in everything()
    withdraw(one, actor=world.actor("operator"))
    assert "health" not in everything()
    assert "VEIL" not in everything()
    assert not FollowUp.objects.exists()
    after = api.post(f"draws/{receipt}/follow-up", HEALTH | {"day": day}, key="the-same-key")
    assert after.status_code == 409
    assert "health" not in everything()
    assert IdempotentAnswer.objects.count() == 3


def test_what_was_erased_is_overwritten_in_the_file(world: World) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL overwrites when it vacuums: see the page on security")
    drawn(world.client("operator"), world.number(1))
    one = Participant.objects.get()
    sealed = one.sealed.encode()
    note_error(one, "other", actor=world.actor("operator"), note="was angry")
    withdraw(one, actor=world.actor("operator"))
    path = Path(connection.settings_dict["NAME"])
    held = b"".join(file.read_bytes() for file in path.parent.glob(path.name + "*"))
    assert sealed not in held
    assert b"was angry" not in held


def test_nobody_fills_the_disk_with_files(world: World) -> None:
    sent = {"receipt": "x", "file": SimpleUploadedFile("x", b"x" * 3_000_000)}
    answer = Client(raise_request_exception=False).post("/receipt/", sent)
    assert answer.status_code == 400
