"""Ways into somebody else's account, and into pages by names and tokens that somebody chose."""

from __future__ import annotations

import base64
import json

import pytest
from allauth.socialaccount.models import SocialAccount
from django.core import mail
from django.test import Client

from lodd.site.actions.accounts import approve_grant, create_user, propose_grant
from lodd.site.actions.base import SITE
from lodd.site.actions.invitations import new_invitation
from lodd.site.actions.resets import approve_reset, propose_reset
from lodd.site.models import User
from lodd.site.permissions import Role
from lodd.site.policies import NotNowError
from tests.site.api_world import Api
from tests.site.draw_story import drawn
from tests.site.world import World

SCRIPT = "<script>alert(1)</script>\"'><img src=x>"


def by_agency(world: World) -> User:
    """A steward who signs in by an agency, second factor and all, and never had a password here."""
    user = create_user("agency@example.org", "agency", actor=SITE)
    approve_grant(propose_grant(user, Role.STEWARD, actor=world.actor("administrator")), actor=world.actor("manager"))
    SocialAccount.objects.create(user=user, provider="entra", uid="0" * 64)
    return user


def test_an_administrator_alone_opens_no_account_that_an_agency_opens(world: World) -> None:
    user = by_agency(world)
    with pytest.raises(NotNowError):
        new_invitation(user, actor=world.actor("administrator"))
    page = world.client("administrator").get(f"/accounts/{user.ledger_id}/").content.decode()
    assert "/invite/" not in page
    assert "/reset/" in page


def test_two_people_can_open_it(world: World) -> None:
    user = by_agency(world)
    reset = propose_reset(user, actor=world.actor("administrator"))
    token = approve_reset(reset, actor=world.actor("manager"))
    assert Client().get(f"/invitation/{token}/", follow=True).status_code == 200
    assert not SocialAccount.objects.filter(user=user).exists()


@pytest.mark.parametrize(("name", "letters"), [("operator", 1), ("agency", 0), ("invited", 0)])
def test_a_mailbox_alone_gives_a_password_only_to_who_has_one(
    world: World, monkeypatch: pytest.MonkeyPatch, name: str, letters: int
) -> None:
    monkeypatch.setattr("django.conf.settings.EMAIL_BACKEND", "django.core.mail.backends.locmem.EmailBackend")
    by_agency(world)
    create_user("invited@example.org", "invited", actor=SITE)
    mail.outbox = []
    answer = Client().post("/account/password/forgotten/", {"email": f"{name}@example.org"})
    assert answer.status_code == 302, "the same answer whoever it is"
    assert len(mail.outbox) == letters


@pytest.mark.parametrize("part", ["header", "payload"])
@pytest.mark.parametrize("content", ["[" * 3000, '{"iss":' * 400, '{"iss": 1e999}', "\x00", "null", '{"iss": ["a"]}'])
def test_no_token_of_any_shape_breaks_the_api(world: World, part: str, content: str) -> None:
    plain = json.dumps({"alg": "EdDSA", "typ": "JWT"})
    header, payload = (content, "{}") if part == "header" else (plain, content)
    bearer = ".".join(base64.urlsafe_b64encode(one.encode()).decode().rstrip("=")[:3900] for one in (header, payload))
    assert Api(bearer + ".AAAA").get("trial").status_code == 401


def test_no_name_is_a_script(world: World) -> None:
    user = create_user("script@example.org", SCRIPT, actor=SITE)
    propose_grant(user, Role.OPERATOR, actor=world.actor("administrator"), site="north")
    operator = world.client("operator")
    drawn(operator, world.number(1), caller=SCRIPT)
    pages = {
        "operator": ["/draw/", "/participants/", "/participants/17/", "/monitoring/"],
        "manager": ["/decisions/", "/monitoring/", "/monitoring/?site=north&office=n1"],
        "administrator": ["/accounts/", f"/accounts/{user.ledger_id}/", f"/accounts/{user.ledger_id}/close/"],
        "auditor": ["/audit/"],
    }
    seen = 0
    for name, addresses in pages.items():
        for address in addresses:
            page = world.client(name).get(address).content.decode()
            assert "<script>alert" not in page
            assert "<img src=x" not in page
            seen += "&lt;script&gt;alert" in page
    assert seen >= 6
