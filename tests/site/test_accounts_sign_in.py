"""Signing in: password, code, recovery code; what a session has proven; how it ends; how guessing is braked."""

from __future__ import annotations

import re
import time
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from allauth.mfa.utils import decrypt
from django.core import mail
from django.core.cache import cache
from django.db import connection
from django.test import Client, override_settings
from django.urls import reverse

from lodd.site import factor_secrets
from lodd.site.actions.accounts import deactivate, end_sessions, reactivate
from lodd.site.actions.base import action, audit
from lodd.site.models import AuditEvent, User
from tests.site.world import PASSWORD, World


@pytest.fixture(autouse=True)
def _no_brakes_yet(world: World) -> None:
    cache.clear()


def secret_of(world: World, name: str) -> str:
    return decrypt(Authenticator.objects.get(user=world.user(name), type="totp").data["secret"])


def code_now(secret: str) -> str:
    """The code of this half minute, of which enough is left to use it."""
    left = 30 - time.time() % 30
    if left < 4:
        time.sleep(left)
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def sign_in(client: Client, name: str, password: str = PASSWORD) -> str:
    """Where the password leads."""
    answer = client.post(reverse("account_login"), {"login": f"{name}@example.org", "password": password})
    return str(answer.get("Location", answer.status_code))


def signed_in(world: World, name: str) -> Client:
    """By the front door, code and all."""
    client = Client()
    sign_in(client, name)
    client.post(reverse("mfa_authenticate"), {"code": code_now(secret_of(world, name))})
    return client


def test_password_then_code_opens_the_pages(world: World) -> None:
    client = Client()
    assert sign_in(client, "operator") == reverse("mfa_authenticate")
    assert client.get(reverse("home")).status_code == 302
    answer = client.post(reverse("mfa_authenticate"), {"code": code_now(secret_of(world, "operator"))})
    assert answer["Location"] == reverse("home")
    assert client.get(reverse("draw")).status_code == 200


def test_a_code_works_once(world: World) -> None:
    code = code_now(secret_of(world, "operator"))
    for expected in (302, 200):
        client = Client()
        sign_in(client, "operator")
        assert client.post(reverse("mfa_authenticate"), {"code": code}).status_code == expected


def test_without_the_second_factor_only_its_set_up_answers(world: World) -> None:
    Authenticator.objects.filter(user=world.user("operator")).delete()
    client = Client()
    assert sign_in(client, "operator") == reverse("home")
    for page in ("home", "draw", "participants", "monitoring", "account_change_password"):
        assert client.get(reverse(page))["Location"] == reverse("mfa_index"), page
    assert client.get(reverse("mfa_index")).status_code == 200
    assert client.get(reverse("account_reauthenticate")).status_code == 200
    assert client.get(reverse("mfa_activate_totp"))["Location"].startswith(reverse("account_reauthenticate"))


def test_setting_up_codes(world: World) -> None:
    Authenticator.objects.filter(user=world.user("operator")).delete()
    client = Client()
    sign_in(client, "operator")
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    page = client.get(reverse("mfa_activate_totp"))
    secret = re.search(r'class="code">([A-Z2-7]{32})<', page.content.decode())
    assert secret is not None
    picture = client.get(reverse("codes_picture"))
    assert picture["Content-Type"] == "image/svg+xml"
    assert "no-store" in picture["Cache-Control"]
    assert b"data:" not in page.content
    assert secret[1] not in str(dict(client.session)), "the secret rests encrypted, in the session too"
    wrong = client.post(reverse("mfa_activate_totp"), {"code": "000000"})
    assert wrong.status_code == 200
    assert secret[1] in wrong.content.decode(), "a wrong code does not change the secret"
    answer = client.post(reverse("mfa_activate_totp"), {"code": code_now(secret[1])})
    assert answer["Location"] == reverse("mfa_view_recovery_codes")
    assert client.get(reverse("draw")).status_code == 200, "the code that set it up proves it"
    assert client.get(reverse("codes_picture")).status_code == 404
    stored = Authenticator.objects.get(user=world.user("operator"), type="totp").data["secret"]
    assert stored.startswith("v1.")
    assert secret[1] not in stored


def test_a_session_older_than_the_factor_must_prove_it_and_can_set_up_no_other(world: World) -> None:
    old = Client()
    Authenticator.objects.filter(user=world.user("operator")).delete()
    sign_in(old, "operator")
    from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret

    TOTP.activate(world.user("operator"), generate_totp_secret())
    prove = reverse("mfa_reauthenticate")
    for page in ("home", "draw", "mfa_index", "mfa_add_webauthn", "mfa_activate_totp", "account_reauthenticate"):
        assert old.get(reverse(page))["Location"].startswith(prove), page
    old.post(prove, {"code": code_now(secret_of(world, "operator"))})
    assert old.get(reverse("draw")).status_code == 200


def test_a_recovery_code_works_once_in_place_of_a_code(world: World) -> None:
    from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes

    code = RecoveryCodes.activate(world.user("operator")).get_unused_codes()[0]
    for expected in (302, 200):
        client = Client()
        sign_in(client, "operator")
        assert client.post(reverse("mfa_authenticate"), {"code": code}).status_code == expected


def test_the_last_factor_that_a_role_needs_stays(world: World) -> None:
    client = world.client("operator")
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    client.post(reverse("mfa_deactivate_totp"))
    assert world.has_second_factor("operator")


def test_who_is_closed_is_out_at_once_and_stays_out_of_old_sessions(world: World) -> None:
    client = world.client("operator")
    assert client.get(reverse("home")).status_code == 200
    deactivate(world.user("operator"), actor=world.actor("administrator"))
    assert client.get(reverse("home"))["Location"].startswith(reverse("account_login"))
    assert sign_in(Client(), "operator") == reverse("account_inactive")
    reactivate(world.user("operator"), actor=world.actor("administrator"))
    assert client.get(reverse("home"))["Location"].startswith(reverse("account_login"))


def test_all_sessions_end_together(world: World) -> None:
    clients = [world.client("operator"), world.client("operator")]

    @action
    def end() -> None:
        end_sessions(world.user("operator"))
        audit(world.actor("manager"), "test")

    end()
    assert all(client.get(reverse("home")).status_code == 302 for client in clients)


def test_a_session_ends_after_twelve_hours_however_busy(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    client = world.client("operator")
    assert client.get(reverse("home")).status_code == 200
    now = time.time()
    monkeypatch.setattr("lodd.site.middleware.time.time", lambda: now + timedelta(hours=12, minutes=1).total_seconds())
    assert client.get(reverse("home")).status_code == 302


def test_an_idle_session_ends_with_its_row(world: World) -> None:
    client = world.client("operator")
    assert client.session.get_expiry_age() == 30 * 60
    assert client.get(reverse("home")).cookies["lodd"]["max-age"] == ""  # the browser forgets it when it closes


def test_guessing_is_braked_and_leaves_no_address(world: World) -> None:
    client = Client()
    answers = [
        client.post(reverse("account_login"), {"login": "operator@example.org", "password": f"wrong {n}"})
        for n in range(7)
    ]
    assert sign_in(client, "operator") == "200", "the right password too, for five minutes"
    assert all(answer.status_code == 200 for answer in answers)
    failed = AuditEvent.objects.filter(action="sign_in.failed")
    assert failed.count() == 5
    assert {event.actor for event in failed} == {"anonymous"}
    assert not any("example.org" in f"{event.subject}{event.facts}" for event in failed)


def test_signing_in_and_out_is_in_the_audit_log(world: World) -> None:
    client = signed_in(world, "operator")
    client.post(reverse("account_logout"))
    own = AuditEvent.objects.filter(actor=world.user("operator").ledger_id).order_by("id")
    assert list(own.values_list("action", flat=True))[-3:] == ["factor.used", "sign_in", "sign_out"]


def test_what_is_not_wanted_is_not_there(world: World) -> None:
    client = world.client("operator")
    for address in ("signup", "email", "confirm-email", "3rdparty", "social/signup", "password/set", "login/code"):
        assert client.get(f"/account/{address}/").status_code == 404


@override_settings(EMAIL_BACKEND="django.core.mail.backends.locmem.EmailBackend")
@pytest.mark.parametrize(("language", "words"), [("nb", "passord"), ("en", "password")])
def test_a_forgotten_password_is_replaced_by_a_link_that_works_once(world: World, language: str, words: str) -> None:
    mail.outbox = []
    client = Client(headers={"accept-language": language})
    client.post(reverse("account_reset_password"), {"email": "operator@example.org"})
    client.post(reverse("account_reset_password"), {"email": "unknown@example.org"})
    (sent,) = mail.outbox
    assert words in sent.body.lower()
    link = re.search(r"http://testserver(/\S+)", sent.body)
    assert link is not None
    form = client.get(link[1])["Location"]
    new = "another long enough passphrase"
    assert client.post(form, {"password1": new, "password2": new}).status_code == 302
    assert b"password1" not in Client().get(link[1]).content
    assert sign_in(Client(), "operator") == "200"
    assert sign_in(Client(), "operator", new) == reverse("mfa_authenticate"), "the second factor stays"


@override_settings(EMAIL_BACKEND="django.core.mail.backends.locmem.EmailBackend")
def test_a_changed_password_is_told_by_mail_and_ends_other_sessions(world: World) -> None:
    mail.outbox = []
    other, client = world.client("operator"), world.client("operator")
    new = "another long enough passphrase"
    answer = client.post(
        reverse("account_change_password"), {"oldpassword": PASSWORD, "password1": new, "password2": new}
    )
    assert answer.status_code == 302
    assert client.get(reverse("home")).status_code == 200
    assert other.get(reverse("home")).status_code == 302
    assert len(mail.outbox) == 1
    assert AuditEvent.objects.filter(action="password.changed").count() == 1


def test_draws_are_braked_for_each_person(world: World) -> None:
    client = world.client("operator")
    answers = [client.post(reverse("draw"), {}).status_code for _ in range(13)]
    assert answers == [200] * 12 + [429]
    last = client.post(reverse("draw"), {})
    assert last["Retry-After"] == "60"
    assert world.client("caseworker").post(reverse("draw"), {}).status_code == 200


def test_secrets_open_only_with_the_sites_secret() -> None:
    token = factor_secrets.encrypt("JBSWY3DPEHPK3PXP")
    assert factor_secrets.decrypt(token) == "JBSWY3DPEHPK3PXP"
    assert factor_secrets.encrypt("JBSWY3DPEHPK3PXP") != token
    with override_settings(SECRET_KEY="another"), pytest.raises(factor_secrets.FactorSecretError):
        factor_secrets.decrypt(token)
    with override_settings(SECRET_KEY="another", SECRET_KEY_FALLBACKS=["not-a-secret-" * 6]):
        assert factor_secrets.decrypt(token) == "JBSWY3DPEHPK3PXP"
    for broken in ("JBSWY3DPEHPK3PXP", token[:-6] + "AAAAAA"):
        with pytest.raises(factor_secrets.FactorSecretError):
            factor_secrets.decrypt(broken)


def test_no_secret_of_a_second_factor_is_in_the_database(world: World) -> None:
    secret = secret_of(world, "operator")
    with connection.cursor() as cursor:
        cursor.execute("SELECT data FROM mfa_authenticator")
        assert not any(secret in str(row) for row in cursor.fetchall())


def test_the_language_is_kept_for_mail(world: World) -> None:
    client = world.client("operator")
    client.post(reverse("set_language"), {"language": "en", "next": "/home/"})
    assert User.objects.get(email="operator@example.org").language == "en"
    assert b"Hello" in client.get(reverse("home")).content
