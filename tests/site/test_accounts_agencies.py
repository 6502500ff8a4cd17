"""Sign-in by an agency, against a provider that runs beside the test: whose account opens, and how little stays."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import oidc_provider_mock
import pytest
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialToken
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.test import Client, override_settings
from django.urls import reverse

from lodd.errors import UsageError
from lodd.identity import synthetic_number
from lodd.site.actions.accounts import deactivate
from lodd.site.agencies.claims import account_number, shows_second_factor, without_national_ids
from lodd.site.config import SiteConfig
from lodd.site.models import AuditEvent, User
from lodd.site.single_sign_on import social_providers
from tests.site.world import PASSWORD, World

NUMBER = synthetic_number(11).digits()


@pytest.fixture(scope="module")
def agency() -> Iterator[str]:
    """The address of an agency's sign-in."""
    with oidc_provider_mock.run_server_in_thread() as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture
def configured(agency: str, world: World, tmp_path: Path) -> Iterator[dict[str, Any]]:
    """The settings of one provider; what a test changes in them holds from then on."""
    cache.clear()
    (tmp_path / "secret").write_text("the client's secret\n")
    provider = {
        "id": "agency",
        "name": "The agency",
        "client_id": "lodd",
        "secret_file": str(tmp_path / "secret"),
        "server_url": agency,
        "email": "verified",
        "trusted_second_factor": {"amr": ["mfa"], "acr": ["high"]},
    }
    file = tmp_path / "oidc.json"
    file.write_text(json.dumps({"providers": [provider]}))
    found = social_providers(SiteConfig(trial=tmp_path, oidc=file))
    with override_settings(SOCIALACCOUNT_PROVIDERS=found):
        yield found["openid_connect"]["APPS"][0]["settings"]


def person(agency: str, subject: str, **claims: Any) -> None:
    httpx.put(f"{agency}/users/{subject}", json=claims).raise_for_status()


def through(client: Client, subject: str, start: str = "openid_connect_login") -> Any:
    """By the agency and back: the answer to coming back."""
    leaving = client.post(reverse(start, args=["agency"]))
    onward = re.search(r'<a href="(http[^"]+)"', leaving.content.decode())
    assert onward is not None
    back = httpx.post(unescape(onward[1]), data={"sub": subject})
    return client.get(back.headers["location"])


def test_a_verified_address_opens_the_account_that_was_invited(world: World, agency: str, configured: Any) -> None:
    person(agency, "s-1", email="auditor@example.org", email_verified=True, name="A. Auditor", pid=NUMBER)
    client = Client()
    assert through(client, "s-1")["Location"] == reverse("home")
    assert client.get(reverse("audit")).status_code == 200
    kept = SocialAccount.objects.get()
    assert kept.uid == account_number("agency", "s-1")
    assert kept.extra_data == {"second_factor": False}
    assert SocialToken.objects.count() == 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT session_data FROM django_session")
        sessions = [client.session.decode(data) for (data,) in cursor.fetchall()]
    assert not any(NUMBER in str(held) or "access_token" in str(held) for held in sessions)


@pytest.mark.parametrize(
    ("claims", "trust"),
    [
        ({"email": "auditor@example.org", "email_verified": False}, "verified"),
        ({"email": "auditor@example.org"}, "verified"),
        ({"email": "auditor@example.org", "email_verified": True}, "ignored"),
        ({"email": "stranger@example.org", "email_verified": True}, "verified"),
        ({}, "trusted"),
    ],
)
def test_nobody_else_gets_in_and_no_account_is_made(
    world: World, agency: str, configured: Any, claims: dict[str, Any], trust: str
) -> None:
    configured["email"] = trust
    person(agency, "s-2", **claims)
    before, client = User.objects.count(), Client()
    assert through(client, "s-2").status_code == 403
    assert client.get(reverse("home")).status_code == 302
    assert (User.objects.count(), SocialAccount.objects.count()) == (before, 0)
    assert AuditEvent.objects.filter(action="sign_in.failed", facts={"how": "agency"}).count() == 1


def test_a_tenants_own_addresses_may_be_trusted(world: World, agency: str, configured: Any) -> None:
    configured["email"] = "trusted"
    person(agency, "s-3", email="auditor@example.org")
    assert through(Client(), "s-3").status_code == 302


def test_a_closed_account_stays_closed(world: World, agency: str, configured: Any) -> None:
    person(agency, "s-4", email="auditor@example.org", email_verified=True)
    assert through(Client(), "s-4").status_code == 302
    deactivate(world.user("auditor"), actor=world.actor("administrator"))
    assert through(Client(), "s-4").status_code == 403


def test_the_agencys_second_factor_counts_only_if_the_signed_token_says_so(
    world: World, agency: str, configured: Any
) -> None:
    person(agency, "s-5", email="operator@example.org", email_verified=True, amr=["pwd"])
    assert through(Client(), "s-5")["Location"] == reverse("mfa_authenticate")
    person(agency, "s-5", email="operator@example.org", email_verified=True, amr=["pwd", "mfa"])
    client = Client()
    assert through(client, "s-5")["Location"] == reverse("home")
    assert client.get(reverse("draw")).status_code == 200


def test_who_has_no_factor_here_may_use_the_agencys(world: World, agency: str, configured: Any) -> None:
    Authenticator.objects.filter(user=world.user("operator")).delete()
    person(agency, "s-6", email="operator@example.org", email_verified=True, acr="low")
    client = Client()
    through(client, "s-6")
    assert client.get(reverse("draw"))["Location"] == reverse("mfa_index")
    person(agency, "s-6", email="operator@example.org", email_verified=True, acr="high")
    client = Client()
    through(client, "s-6")
    assert client.get(reverse("draw")).status_code == 200


def test_without_addresses_an_account_is_linked_by_its_owner(world: World, agency: str, configured: Any) -> None:
    configured["email"] = "ignored"
    person(agency, "s-7", pid=NUMBER)
    client = world.client("auditor")
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    assert through(client, "s-7", "agency_link")["Location"] == reverse("mfa_index")
    assert "The agency" in client.get(reverse("mfa_index")).content.decode()
    other = Client()
    assert through(other, "s-7")["Location"] == reverse("home")
    client.post(reverse("agency_unlink", args=[SocialAccount.objects.get().pk]))
    assert through(Client(), "s-7").status_code == 403
    actions = set(AuditEvent.objects.values_list("action", flat=True))
    assert {"agency.linked", "agency.unlinked"} <= actions


def test_an_answer_to_another_question_is_refused(world: World, agency: str, configured: Any) -> None:
    person(agency, "s-8", email="auditor@example.org", email_verified=True)
    victim, attacker = Client(), Client()
    leaving = attacker.post(reverse("openid_connect_login", args=["agency"]))
    onward = re.search(r'<a href="(http[^"]+)"', leaving.content.decode())
    assert onward is not None
    assert "nonce=" in onward[1]
    assert "code_challenge=" in onward[1]
    back = httpx.post(unescape(onward[1]), data={"sub": "s-8"}).headers["location"]
    assert victim.get(back).status_code == 401
    assert victim.get(reverse("home")).status_code == 302


def test_the_address_cannot_ask_for_a_weaker_sign_in(world: World, agency: str, configured: Any) -> None:
    configured["auth_params"] = {"acr_values": "high"}
    leaving = Client().post(
        reverse("openid_connect_login", args=["agency"]) + "?auth_params=acr_values%3Dlow&scope=all"
    )
    onward = re.search(r'<a href="(http[^"]+)"', leaving.content.decode())
    assert onward is not None
    assert "acr_values=high" in onward[1]
    assert set(re.findall("scope=([^&]+)", onward[1])[0].replace("%20", "+").split("+")) == {"openid", "email"}


def test_an_unknown_agency_is_not_there(world: World, configured: Any) -> None:
    assert Client().post(reverse("openid_connect_login", args=["other"])).status_code == 404


def test_national_identity_numbers_are_taken_out_of_claims() -> None:
    claims = {
        "pid": "x",
        "sub": "random",
        "phone": "12345678",
        "nested": {"no": [NUMBER, f"{NUMBER[:6]} {NUMBER[6:]}", "kept"], "fnr": 1},
        "number": int("7" + NUMBER[1:]),
        "time": 1763877600,
    }
    assert without_national_ids(claims) == {
        "sub": "random",
        "phone": "12345678",
        "nested": {"no": ["kept"]},
        "time": 1763877600,
    }
    for subject in ("", NUMBER):
        with pytest.raises(ValueError, match="subject"):
            account_number("agency", subject)


def test_only_declared_words_show_a_second_factor() -> None:
    assert shows_second_factor({"amr": "mfa"}, {"amr": ["mfa"]})
    assert not shows_second_factor({"amr": ["mfa"]}, {})
    assert not shows_second_factor({}, {"acr": [], "amr": []})


@pytest.mark.parametrize("text", ["{", '{"providers": [{"id": "a"}]}', '{"providers": [], "more": 1}', None])
def test_settings_that_are_not_understood_are_said(tmp_path: Path, text: str | None) -> None:
    file = tmp_path / "oidc.json"
    if text is not None:
        file.write_text(text)
    with pytest.raises(UsageError) as found:
        social_providers(SiteConfig(trial=tmp_path, oidc=file))
    assert "oidc.json" in str(found.value)


def test_without_a_file_there_is_no_agency() -> None:
    assert settings.SOCIALACCOUNT_PROVIDERS == {}
    assert settings.SOCIALACCOUNT_STORE_TOKENS is False
