"""Invitations, roles by two people, what an administrator may not, and how all of it ends."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.test import Client, override_settings
from django.urls import reverse
from django.utils.timezone import now

from lodd.errors import DataError, UsageError
from lodd.site.actions.accounts import (
    approve_grant,
    deactivate,
    decline_grant,
    first_manager,
    propose_grant,
    revoke_grant,
)
from lodd.site.actions.invitations import hashed, invite
from lodd.site.actions.ledger_roles import settle_ledger, unsettled
from lodd.site.actions.resets import approve_reset, propose_reset
from lodd.site.installation import installation
from lodd.site.models import AuditEvent, Caseworker, Grant, Invitation, SecondFactorReset, User
from lodd.site.permissions import Role
from lodd.site.policies import NotNowError
from tests.site.world import PASSWORD, World

LOCMEM = override_settings(EMAIL_BACKEND="django.core.mail.backends.locmem.EmailBackend")
NEW = {"name": "Kari Nordmann", "email": "kari@example.org", "language": "nb"}


@pytest.fixture(autouse=True)
def _no_brakes_yet(world: World) -> None:
    cache.clear()
    mail.outbox = []


def ledger_roles(person: str) -> set[tuple[str, str | None]]:
    with installation().service.live.turn():
        return set(installation().service.live.state.roles.get(person, set()))


def link_in(text: str) -> str:
    found = re.search(r"http://testserver(/invitation/[\w-]+/)", text)
    assert found is not None
    return found[1]


@LOCMEM
def test_an_invitation_goes_by_mail_works_once_and_opens_the_account(world: World) -> None:
    page = world.client("administrator").post(reverse("account_new"), NEW)
    assert "/invitation/" not in page.content.decode(), "the administrator does not see the link"
    (sent,) = mail.outbox
    assert sent.to == ["kari@example.org"]
    link = link_in(sent.body)
    token = link.split("/")[2]
    kept = Invitation.objects.get()
    assert kept.token_sha256 == hashed(token)
    client = Client()
    assert client.get(link)["Location"] == reverse("invitation_accept"), "the token leaves the address"
    assert client.post(reverse("invitation_accept"), {"password1": "short", "password2": "short"}).status_code == 200
    answer = client.post(reverse("invitation_accept"), {"password1": PASSWORD, "password2": PASSWORD})
    assert answer["Location"] == reverse("mfa_index")
    assert client.get(reverse("home")).status_code == 200
    again = Client()
    again.get(link)
    assert again.get(reverse("invitation_accept")).status_code == 410
    assert again.post(reverse("invitation_accept"), {"password1": PASSWORD, "password2": PASSWORD}).status_code == 410


def test_without_mail_the_link_is_shown_once(world: World) -> None:
    page = world.client("administrator").post(reverse("account_new"), NEW)
    assert "no-store" in page["Cache-Control"]
    assert Client().get(link_in(page.content.decode())).status_code == 302


@override_settings(EMAIL_BACKEND="tests.site.test_accounts_people.Broken")
def test_mail_that_fails_is_said_and_shows_no_link(world: World) -> None:
    page = world.client("administrator").post(reverse("account_new"), NEW).content.decode()
    assert "notice-danger" in page
    assert "/invitation/" not in page


class Broken:
    """A mail server that is down."""

    def __init__(self, **_: object) -> None: ...

    def send_messages(self, _: object) -> int:
        raise ConnectionRefusedError


def test_an_old_link_does_not_work(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    user, token = invite("kari@example.org", "Kari", actor=world.actor("administrator"))
    client = Client()
    client.get(reverse("invitation", args=[token]))
    held = installation()
    later = now() + timedelta(days=7, seconds=1)
    monkeypatch.setattr(type(held), "now", lambda _: later)
    assert client.get(reverse("invitation_accept")).status_code == 410
    assert not User.objects.get(pk=user.pk).has_usable_password()


def test_a_new_link_ends_the_old_one(world: World) -> None:
    user, token = invite("kari@example.org", "Kari", actor=world.actor("administrator"))
    world.client("administrator").post(reverse("account_invite", args=[user.ledger_id]))
    client = Client()
    client.get(reverse("invitation", args=[token]))
    assert client.get(reverse("invitation_accept")).status_code == 410


def test_nobody_gets_two_accounts_or_a_link_to_one_that_is_open(world: World) -> None:
    administrator = world.client("administrator")
    page = administrator.post(reverse("account_new"), {**NEW, "email": "Operator@Example.org"})
    assert page.status_code == 200
    assert b"errorlist" in page.content
    operator = world.user("operator")
    assert administrator.post(reverse("account_invite", args=[operator.ledger_id])).status_code == 409


def test_a_role_takes_two_people_neither_of_them_its_holder(world: World) -> None:
    administrator, manager, nobody = world.actor("administrator"), world.actor("manager"), world.user("nobody")
    with pytest.raises(PermissionDenied):
        propose_grant(world.user("administrator"), Role.MANAGER, actor=administrator)
    grant = propose_grant(nobody, Role.OPERATOR, actor=administrator, site="north")
    with pytest.raises(PermissionDenied):
        approve_grant(grant, actor=administrator)
    own = propose_grant(world.user("manager"), Role.STEWARD, actor=administrator)
    with pytest.raises(PermissionDenied):
        approve_grant(own, actor=manager)
    assert not ledger_roles(nobody.ledger_id)
    approve_grant(grant, actor=manager)
    assert ledger_roles(nobody.ledger_id) == {("operator", "n1"), ("operator", "n2")}
    with pytest.raises(NotNowError):
        decline_grant(grant, actor=manager)


def test_the_database_refuses_a_role_by_one_person(world: World) -> None:
    from lodd.site.actions.base import action, audit

    @action
    def cheat() -> None:
        one = world.user("manager")
        audit(world.actor("manager"), "test")
        Grant.objects.create(user=world.user("nobody"), role="manager", proposed_by=one, approved_by=one)

    with pytest.raises(IntegrityError), transaction.atomic():
        cheat()


def test_a_declined_role_is_not_held_and_may_be_proposed_again(world: World) -> None:
    client, nobody = world.client("manager"), world.user("nobody")
    grant = propose_grant(nobody, Role.CASEWORKER, actor=world.actor("administrator"), office="n1")
    with pytest.raises(NotNowError):
        propose_grant(nobody, Role.CASEWORKER, actor=world.actor("administrator"), office="n1")
    assert nobody.name in client.get(reverse("decisions")).content.decode()
    client.post(reverse("decide_grant", args=[grant.pk]), {"decision": "decline"})
    assert not Grant.objects.get(pk=grant.pk).active
    propose_grant(nobody, Role.CASEWORKER, actor=world.actor("administrator"), office="n1")


def test_a_role_is_proposed_and_approved_on_the_pages(world: World) -> None:
    nobody = world.user("nobody")
    address = reverse("account_role", args=[nobody.ledger_id])
    administrator = world.client("administrator")
    wrong = administrator.post(address, {"role": "operator"})
    assert wrong.status_code == 200
    assert administrator.post(address, {"role": "caseworker", "site": "south", "office": "n1"}).status_code == 302
    grant = Grant.objects.get(user=nobody)
    assert (grant.site, grant.office) == ("north", "n1")
    world.client("manager").post(reverse("decide_grant", args=[grant.pk]), {"decision": "approve"})
    assert ledger_roles(nobody.ledger_id) == {("caseworker", "n1")}
    assert Caseworker.objects.get(user=nobody).office == "n1"


def test_a_role_taken_away_is_out_at_once_and_leaves_the_ledger_at_a_managers_word(world: World) -> None:
    operator, client = world.user("operator"), world.client("operator")
    grant = operator.grants.get()
    world.client("administrator").post(reverse("account_revoke", args=[operator.ledger_id, grant.pk]))
    assert client.get(reverse("draw")).status_code == 403
    with pytest.raises(DataError):
        revoke_grant(grant, actor=world.actor("administrator"))
    assert ledger_roles(operator.ledger_id) == {("operator", "n1"), ("operator", "n2")}
    assert settle_ledger(actor=world.actor("administrator")) == 0
    manager = world.client("manager")
    assert reverse("settle_ledger") in manager.get(reverse("decisions")).content.decode()
    manager.post(reverse("settle_ledger"))
    assert not ledger_roles(operator.ledger_id)
    assert AuditEvent.objects.filter(action="ledger.role_revoked").count() == 2


def test_the_ledger_keeps_a_role_that_another_grant_still_gives(world: World) -> None:
    caseworker = world.user("caseworker")
    other = propose_grant(caseworker, Role.CASEWORKER, actor=world.actor("administrator"), office="n2")
    approve_grant(other, actor=world.actor("manager"))
    revoke_grant(caseworker.grants.get(office="n1"), actor=world.actor("manager"))
    assert ledger_roles(caseworker.ledger_id) == {("caseworker", "n2")}
    with installation().service.live.turn():
        assert unsettled() == []


def test_closing_an_account_ends_roles_links_and_proposals(world: World) -> None:
    user = world.user("caseworker")
    propose_grant(user, Role.AUDITOR, actor=world.actor("administrator"))
    deactivate(user, actor=world.actor("administrator"))
    assert not any(grant.active for grant in user.grants.all())
    assert not user.grants.filter(approved_at=None, declined_at=None).exists()
    assert Caseworker.objects.get(user=user).left
    with pytest.raises(PermissionDenied):
        deactivate(world.user("administrator"), actor=world.actor("administrator"))


def test_the_last_who_can_propose_or_approve_stays(world: World) -> None:
    administrator = world.actor("administrator")
    with pytest.raises(NotNowError):
        revoke_grant(world.user("administrator").grants.get(), actor=world.actor("manager"))
    deactivate(world.user("manager_two"), actor=administrator)
    with pytest.raises(NotNowError):
        deactivate(world.user("manager"), actor=administrator)


def test_a_lost_way_in_takes_two_people_and_begins_anew(world: World) -> None:
    operator, session = world.user("operator"), world.client("operator")
    administrator, manager = world.client("administrator"), world.client("manager")
    administrator.post(reverse("account_reset", args=[operator.ledger_id]))
    reset = SecondFactorReset.objects.get()
    with pytest.raises(PermissionDenied):
        approve_reset(reset, actor=world.actor("administrator"))
    with pytest.raises(NotNowError):
        propose_reset(operator, actor=world.actor("administrator"))
    assert session.get(reverse("home")).status_code == 200
    page = manager.post(reverse("decide_reset", args=[reset.pk]), {"decision": "approve"})
    assert session.get(reverse("home")).status_code == 302
    assert not world.has_second_factor("operator")
    assert not world.user("operator").has_usable_password()
    client = Client()
    client.get(link_in(page.content.decode()))
    client.post(reverse("invitation_accept"), {"password1": PASSWORD, "password2": PASSWORD})
    assert client.get(reverse("draw"))["Location"] == reverse("mfa_index"), "a second factor is set up anew first"


def test_a_declined_reset_changes_nothing(world: World) -> None:
    reset = propose_reset(world.user("operator"), actor=world.actor("administrator"))
    world.client("manager").post(reverse("decide_reset", args=[reset.pk]), {"decision": "decline"})
    assert world.has_second_factor("operator")
    assert world.user("operator").has_usable_password()


def test_there_are_two_first_managers_and_no_third(world: World) -> None:
    with pytest.raises(UsageError):
        first_manager("third@example.org", "third")


def test_an_administrator_changes_nothing_of_their_own(world: World) -> None:
    own, client = world.user("administrator"), world.client("administrator")
    assert client.post(reverse("account_role", args=[own.ledger_id]), {"role": "manager"}).status_code == 403
    assert client.post(reverse("account_close", args=[own.ledger_id])).status_code == 403
    assert client.post(reverse("account_reset", args=[own.ledger_id])).status_code == 403


def test_what_was_done_with_accounts_is_in_the_audit_log_without_names(world: World) -> None:
    world.client("administrator").post(reverse("account_new"), NEW)
    events = [f"{event.action} {event.subject} {event.facts}" for event in AuditEvent.objects.all()]
    assert any(event.startswith("user.invited user:u-") for event in events)
    assert not any("kari" in event.lower() or "@" in event for event in events)
