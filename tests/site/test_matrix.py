"""Every address × method × person × own and other county: exactly those answer who are written down here.

The table below is written by hand, from what the roles are for. It does not ask ``permissions.py``.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client
from django.urls import get_resolver, reverse

from lodd.site.actions.accounts import propose_grant
from lodd.site.actions.draw import request_draw
from lodd.site.actions.resets import propose_reset
from lodd.site.models import DrawRequest
from lodd.site.pages import Page
from lodd.site.permissions import Role
from lodd.site.urls import ENDPOINTS, PAGES
from tests.site.world import PEOPLE, World

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
ANYBODY, SIGNED_IN = "anybody", "whoever is signed in"
DRAWS = "caseworker operator"
FOLLOWS = f"{DRAWS} county_lead"
SEES = f"{FOLLOWS} manager steward"
WATCHES = "operator county_lead manager steward"
TABLE: dict[str, dict[str, str]] = {
    # without signing in
    "public": {"GET": ANYBODY},
    "public_json": {"GET": ANYBODY},
    "receipt": {"GET": ANYBODY, "POST": ANYBODY},
    "health": {"GET": ANYBODY},
    "set_language": {"POST": ANYBODY},
    "invitation": {"GET": ANYBODY},
    "invitation_accept": {"GET": ANYBODY, "POST": ANYBODY},
    "account_login": {"GET": ANYBODY, "POST": ANYBODY},
    "account_logout": {"POST": ANYBODY},
    "account_inactive": {"GET": ANYBODY},
    "account_reset_password": {"GET": ANYBODY, "POST": ANYBODY},
    "account_reset_password_done": {"GET": ANYBODY},
    "account_reset_password_from_key": {"GET": ANYBODY, "POST": ANYBODY},
    "account_reset_password_from_key_done": {"GET": ANYBODY},
    "mfa_authenticate": {"GET": ANYBODY, "POST": ANYBODY},
    "mfa_login_webauthn": {"GET": ANYBODY, "POST": ANYBODY},
    "openid_connect_login": {"POST": ANYBODY},
    "openid_connect_callback": {"GET": ANYBODY},
    "socialaccount_login_cancelled": {"GET": ANYBODY},
    # one's own account
    "home": {"GET": SIGNED_IN},
    "mfa_index": {"GET": SIGNED_IN},
    "account_change_password": {"GET": SIGNED_IN, "POST": SIGNED_IN},
    "account_reauthenticate": {"GET": SIGNED_IN, "POST": SIGNED_IN},
    "mfa_reauthenticate": {"GET": SIGNED_IN, "POST": SIGNED_IN},
    "mfa_reauthenticate_webauthn": {"GET": SIGNED_IN, "POST": SIGNED_IN},
    "mfa_activate_totp": {"GET": SIGNED_IN, "POST": SIGNED_IN},
    "codes_picture": {"GET": SIGNED_IN},
    "mfa_deactivate_totp": {"GET": SIGNED_IN, "POST": SIGNED_IN},
    "mfa_list_webauthn": {"GET": SIGNED_IN},
    "mfa_add_webauthn": {"GET": SIGNED_IN, "POST": SIGNED_IN},
    "mfa_edit_webauthn": {"GET": SIGNED_IN, "POST": SIGNED_IN},
    "mfa_remove_webauthn": {"GET": SIGNED_IN, "POST": SIGNED_IN},
    "mfa_view_recovery_codes": {"GET": SIGNED_IN},
    "mfa_generate_recovery_codes": {"GET": SIGNED_IN, "POST": SIGNED_IN},
    "mfa_download_recovery_codes": {"GET": SIGNED_IN},
    "agency_link": {"POST": SIGNED_IN},
    "agency_unlink": {"POST": SIGNED_IN},
    # the draw
    "draw": {"GET": DRAWS, "POST": DRAWS},
    "draw_check": {"POST": DRAWS},
    "draw_read_back": {"GET": DRAWS, "POST": DRAWS},
    "draw_change": {"GET": DRAWS, "POST": DRAWS},
    "draw_cancel": {"POST": DRAWS},
    "draw_result": {"GET": DRAWS},
    # after the draw
    "participants": {"GET": SEES},
    "participant_find": {"POST": SEES},
    "participant": {"GET": SEES},
    "participant_identity": {"POST": "caseworker operator steward"},
    "follow_up": {"GET": FOLLOWS, "POST": FOLLOWS},
    "follow_up_correct": {"GET": FOLLOWS, "POST": FOLLOWS},
    "note_error": {"GET": f"{DRAWS} manager", "POST": f"{DRAWS} manager"},
    "link_number": {"GET": DRAWS, "POST": DRAWS},
    "withdraw": {"GET": DRAWS, "POST": DRAWS},
    # the trial
    "monitoring": {"GET": WATCHES},
    "monitoring_table": {"GET": WATCHES},
    "schedule": {"GET": WATCHES},
    "propose_schedule": {"GET": "manager", "POST": "manager"},
    "schedule_proposal": {"GET": WATCHES, "POST": "manager"},
    "beacon": {"GET": "manager", "POST": "manager"},
    "amendment_beacon": {"GET": "manager", "POST": "manager"},
    "close_trial": {"GET": "manager", "POST": "manager"},
    "exports": {"GET": "manager steward"},
    "export_ledger": {"POST": "manager steward"},
    "export_lock": {"POST": "manager steward"},
    "export_checkpoints": {"POST": "manager steward"},
    "export_trial": {"POST": "steward"},
    # accounts
    "accounts": {"GET": "administrator"},
    "account_new": {"GET": "administrator", "POST": "administrator"},
    "account": {"GET": "administrator"},
    "account_role": {"GET": "administrator", "POST": "administrator"},
    "account_revoke": {"GET": "administrator", "POST": "administrator"},
    "account_close": {"GET": "administrator", "POST": "administrator"},
    "account_reopen": {"POST": "administrator"},
    "account_invite": {"POST": "administrator"},
    "account_reset": {"GET": "administrator", "POST": "administrator"},
    "systems": {"GET": "administrator", "POST": "administrator"},
    "system_token": {"POST": "administrator"},
    "decisions": {"GET": "manager"},
    "decide_grant": {"POST": "manager"},
    "decide_reset": {"POST": "manager"},
    "settle_ledger": {"POST": "manager"},
    "system_decisions": {"GET": "manager"},
    "decide_system": {"POST": "manager"},
    "audit": {"GET": "auditor"},
    "audit_export": {"GET": "auditor"},
}
PLACED = {
    *("draw_read_back", "draw_change", "draw_cancel", "draw_result", "participant", "participant_identity"),
    *("follow_up", "follow_up_correct", "note_error", "link_number", "withdraw"),
}
"""Pages of a thing that belongs to an office. Here: n1 in the county north, s1 in the county south."""
NEAR = {
    "n1": {"caseworker", "operator", "county_lead", "manager", "steward"},
    "s1": {"caseworker_south", "operator_south", "county_lead_south", "manager", "steward"},
}
"""Who is near a thing at that office, whatever they may do there."""
SET_UP = {"mfa_index", "account_reauthenticate", "mfa_activate_totp", "codes_picture", "mfa_add_webauthn"}
PROVE = {"mfa_reauthenticate", "mfa_reauthenticate_webauthn"}
API = {"api_draws": "POST", "api_participant": "GET", "api_follow_up": "POST", "api_trial": "GET"}
API_OPEN = {"api_openapi": "GET"}
API_NOTHING = {"api_nothing"}
"""Every other address below the API's: 404, as a problem."""

ROLES = {name: role.value for name, (role, _) in PEOPLE.items()} | {
    "manager": "manager",
    "administrator": "administrator",
    "nobody": "",
}
SOME = ("", "operator", "manager", "administrator")
"""Who tries the methods that no role has: a door answers to these before it looks at who asks."""
STUB = 204


@pytest.fixture
def stubbed(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """The site with nothing behind its doors: 204 is what a door answers when it opens; no brakes."""
    monkeypatch.setattr("lodd.site.limits.LIMITS", {})
    monkeypatch.setattr(settings, "SESSION_SAVE_EVERY_REQUEST", False)
    before = {page.name: page.view for page in PAGES}
    for page in PAGES:
        object.__setattr__(page, "view", lambda _, **__: HttpResponse(status=STUB))
    yield world
    for page in PAGES:
        object.__setattr__(page, "view", before[page.name])


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Thousands of refusals need not be logged."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def things(world: World, office: str) -> dict[str, Any]:
    """What addresses name, at an office."""
    caller = {"n1": "operator", "s1": "operator_south"}[office]
    seq = world.draw(1 if office == "n1" else 2, office, caller).seq
    world_request = request_draw(
        world.number(3),
        office,
        actor=world.actor(caller),
        confirmed=["wants_work", "needs_help"],
        factors={},
        caseworker=None,
    )
    return {
        "seq": seq,
        "kind": "referral",
        "entry": 1,
        "name": "draws",
        "ledger_id": world.user("nobody").ledger_id,
        "uidb36": "1",
        "key": "set-password",
        "token": "unknown",
        "provider_id": "none",
        "amendment": 1,
        "receipt": "AAAA-AAAA-AAAA-AAAA",
        "uuid": world_request.pk,
        "int": 1,
    }


def address(name: str, found: dict[str, Any]) -> str:
    (possibility,) = get_resolver().reverse_dict.getlist(name)[:1]
    _, _, _, converters = possibility
    values = {key: found[_kind(converter) if key == "pk" else key] for key, converter in converters.items()}
    return reverse(name, kwargs=values)


def _kind(converter: Any) -> str:
    return "uuid" if "UUID" in type(converter).__name__ else "int"


def test_every_address_is_in_the_table_and_goes_through_a_page() -> None:
    named = {pattern.name: pattern.callback for pattern in get_resolver().url_patterns}
    assert len(named) == len(get_resolver().url_patterns), "two addresses have one name"
    doors = {page.name for page in PAGES} | {endpoint.name for endpoint in ENDPOINTS}
    assert named.keys() == doors
    for name, callback in named.items():
        inner = getattr(callback, "__wrapped__", callback)
        assert isinstance(inner.__self__, Page | type(ENDPOINTS[0])), name
    assert {page.name for page in PAGES} == TABLE.keys()
    assert {endpoint.name for endpoint in ENDPOINTS} == API.keys() | API_OPEN.keys() | API_NOTHING


@pytest.mark.parametrize("office", ["n1", "s1"])
def test_exactly_the_allowed_answer(stubbed: World, office: str, record_property: Callable[..., None]) -> None:
    found = things(stubbed, office)
    people = {"": Client()} | {name: stubbed.client(name) for name in ROLES}
    wrong, counted = [], Counter[str]()
    for name in TABLE if office == "n1" else PLACED:
        where = address(name, found)
        for method in METHODS:
            asking = people if _asked(method) in TABLE[name] else {one: people[one] for one in SOME}
            for person, client in asking.items():
                answer = client.generic(method, where)
                counted[outcome(answer)] += 1
                if outcome(answer) != expected(name, method, person, office):
                    wrong.append((name, method, person or "anonymous", outcome(answer)))
    record_property("cells", f"{counted.total()}: {dict(counted)}")
    assert wrong == []


def test_without_the_second_factor_only_the_way_to_it_answers(
    stubbed: World, record_property: Callable[..., None]
) -> None:
    found = things(stubbed, "n1")
    unproven, bare = Client(), Client()
    backend = "allauth.account.auth_backends.AuthenticationBackend"
    unproven.force_login(stubbed.user("operator"), backend=backend)
    stubbed.user("caseworker").authenticator_set.all().delete()
    bare.force_login(stubbed.user("caseworker"), backend=backend)
    wrong, count = [], 0
    for name in TABLE:
        where = address(name, found)
        for method in METHODS:
            for client, person, open_to, way in (
                (unproven, "operator", PROVE, "/account/again/code/"),
                (bare, "caseworker", SET_UP | PROVE, "/account/"),
            ):
                answer, count = client.generic(method, where), count + 1
                wanted = expected(name, method, person, "n1")
                if wanted == "answers" and TABLE[name][_asked(method)] != ANYBODY and name not in open_to:
                    wanted = f"to {way}"
                if outcome(answer) != wanted:
                    wrong.append((name, method, person, outcome(answer), wanted))
    record_property("cells", count)
    assert wrong == []


def test_nobody_who_is_signed_in_opens_the_api(world: World) -> None:
    found = things(world, "n1")
    people = {person: world.client(person or None) for person in ("", "operator", "manager", "administrator")}
    for name, allowed in (API | API_OPEN).items():
        for method in METHODS:
            for person, client in people.items():
                status = client.generic(method, address(name, found)).status_code
                right = 405 if _asked(method) != allowed else 200 if name in API_OPEN else 401
                assert status == right, (name, method, person, status)


def test_every_page_that_may_be_looked_at_opens(world: World) -> None:
    """The same doors with everything behind them: no page of anybody's fails, and none knows less than its door."""
    cache.clear()
    found = things(world, "n1")
    propose_grant(world.user("nobody"), Role.AUDITOR, actor=world.actor("administrator"))
    propose_reset(world.user("operator"), actor=world.actor("administrator"))
    people = {name: world.client(name) for name in ROLES if "_" not in name or name == "county_lead"}
    absent = {"follow_up_correct", "schedule_proposal", "amendment_beacon", "account_revoke", "draw_result"}
    absent |= {"codes_picture"}
    absent |= {name for name in TABLE if name.startswith(("mfa_", "openid", "invitation", "monitoring_table"))}
    for name, methods in TABLE.items():
        if "GET" not in methods or name in absent:
            continue
        for person, client in people.items():
            if name.startswith("draw_") and person != "operator":
                continue
            if expected(name, "GET", person, "n1") == "answers":
                answer = client.get(address(name, found))
                assert answer.status_code in (200, 302), (name, person, answer.status_code)


def test_only_its_maker_sees_a_request(world: World) -> None:
    found = things(world, "n1")
    for name in ("draw_read_back", "draw_change", "draw_result"):
        assert world.client("caseworker").get(address(name, found)).status_code in (403, 404), name
    assert world.client("caseworker").post(address("draw_cancel", found)).status_code in (403, 404)
    assert DrawRequest.objects.get(pk=UUID(str(found["uuid"]))).state == DrawRequest.State.OPEN


def _asked(method: str) -> str:
    return "GET" if method == "HEAD" else method


def outcome(answer: Any) -> str:
    """What a door did."""
    if answer.status_code == STUB:
        return "answers"
    if answer.status_code == 302:
        return "to " + answer["Location"].partition("?")[0]
    return {403: "refused", 404: "refused", 405: "no such method"}.get(answer.status_code, str(answer.status_code))


def expected(name: str, method: str, person: str, office: str) -> str:
    """What it is to do, by the table."""
    who = TABLE[name].get(_asked(method))
    if who is None:
        return "no such method"
    if who == ANYBODY:
        return "answers"
    if not person:
        return "to /account/sign-in/"
    if who == SIGNED_IN:
        return "answers"
    near = name not in PLACED or person in NEAR[office]
    return "answers" if near and ROLES[person] in who.split() else "refused"
