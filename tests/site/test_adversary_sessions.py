"""Sessions against who reads the database, shared caches, old links and links from elsewhere."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from lodd.site.actions.invitations import invite
from lodd.site.models import DrawRequest
from tests.site.draw_story import asked
from tests.site.world import World


def session_keys() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT session_key FROM django_session")
        return {key for (key,) in cursor.fetchall()}


def test_who_reads_the_database_finds_nothing_to_put_in_a_cookie(world: World) -> None:
    signed_in = world.client("operator")
    held = session_keys()
    assert held
    assert signed_in.cookies["lodd"].value not in held
    for key in held:
        thief = Client()
        thief.cookies["lodd"] = key
        assert thief.get("/home/").status_code == 302
    assert signed_in.get("/home/").status_code == 200


def test_a_session_that_has_ended_is_gone(world: World) -> None:
    client = world.client("operator")
    old = client.cookies["lodd"].value
    client.post("/account/sign-out/")
    assert not session_keys()
    client.cookies["lodd"] = old
    assert client.get("/home/").status_code == 302


def test_signing_in_changes_the_session(world: World) -> None:
    client = Client()
    client.get("/invitation/no-such-link/")
    before = client.cookies["lodd"].value if "lodd" in client.cookies else ""
    client.force_login(world.user("nobody"), backend="allauth.account.auth_backends.AuthenticationBackend")
    assert client.cookies["lodd"].value != before


def test_a_cookie_of_any_bytes_is_nobodys(world: World) -> None:
    for key in ("abcdefgh\x00", '"abcdefgh\\000"', "å" * 20, "x" * 4000):
        client = Client()
        client.cookies["lodd"] = key
        assert client.get("/home/").status_code == 302


def test_no_shared_cache_is_given_a_session(world: World) -> None:
    answer = world.client("operator").get("/public.json")
    assert "public" not in answer["Cache-Control"] or not answer.cookies
    assert "public" in Client().get("/public.json")["Cache-Control"]


def test_a_link_that_is_no_invitation_signs_nobody_out(world: World) -> None:
    client = world.client("operator")
    client.get("/invitation/no-such-link/")
    assert client.get("/home/").status_code == 200


def test_an_invitation_ends_the_session_of_whoever_was_signed_in(world: World) -> None:
    _, token = invite("new@example.org", "New", actor=world.actor("administrator"))
    client = world.client("operator")
    assert client.get(f"/invitation/{token}/", follow=True).status_code == 200
    assert client.get("/home/").status_code == 302


def test_what_has_waited_too_long_is_destroyed_without_anybody_drawing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    operator = world.client("operator")
    asked(operator, world.number(1))
    later = timezone.now() + timedelta(hours=13)
    monkeypatch.setattr(timezone, "now", lambda: later)
    Client().get("/public.json")
    kept = DrawRequest.objects.get()
    assert (kept.state, kept.sealed, kept.lot_id) == ("expired", "", "")
    assert not session_keys()
