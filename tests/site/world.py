"""The people of the small trial, and what tests do with them."""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.http import HttpRequest
from django.test import Client

from lodd.identity import IdentityNumber, synthetic_number
from lodd.site.actions.accounts import approve_grant, create_user, first_manager, propose_grant
from lodd.site.actions.base import SITE, Actor
from lodd.site.actions.draw import answer_request, request_draw
from lodd.site.actions.schedule import enter_beacon
from lodd.site.installation import installation
from lodd.site.models import Grant, Participant, User
from lodd.site.permissions import NEEDS_SECOND_FACTOR, Role
from lodd.site.second_factor import note_proven

PASSWORD = "a long enough passphrase"
BEACON = "3 9 14 22 28 31 33"
PEOPLE: dict[str, tuple[Role, dict[str, str]]] = {
    "caseworker": (Role.CASEWORKER, {"office": "n1"}),
    "caseworker_n2": (Role.CASEWORKER, {"office": "n2"}),
    "caseworker_south": (Role.CASEWORKER, {"office": "s1"}),
    "operator": (Role.OPERATOR, {"site": "north"}),
    "operator_south": (Role.OPERATOR, {"site": "south"}),
    "county_lead": (Role.COUNTY_LEAD, {"site": "north"}),
    "county_lead_south": (Role.COUNTY_LEAD, {"site": "south"}),
    "steward": (Role.STEWARD, {}),
    "auditor": (Role.AUDITOR, {}),
}
"""Besides ``manager``, ``manager_two``, ``administrator``, and ``nobody``, who has no role."""


def found() -> None:
    """Two managers enter the beacon; an administrator proposes everybody else, a manager approves."""
    managers = [first_manager(f"{name}@example.org", name, PASSWORD) for name in ("manager", "manager_two")]
    for manager in managers:
        enter_beacon(BEACON, actor=Actor.of(manager))
    administrator = create_user("administrator@example.org", "administrator", actor=SITE, password=PASSWORD)
    grant = propose_grant(administrator, Role.ADMINISTRATOR, actor=Actor.of(managers[0]))
    approve_grant(grant, actor=Actor.of(managers[1]))
    for name, (role, where) in PEOPLE.items():
        user = create_user(f"{name}@example.org", name, actor=SITE, password=PASSWORD)
        approve_grant(propose_grant(user, role, actor=Actor.of(administrator), **where), actor=Actor.of(managers[0]))
    create_user("nobody@example.org", "nobody", actor=SITE, password=PASSWORD)
    for grant in Grant.objects.filter(role__in=NEEDS_SECOND_FACTOR):
        TOTP.activate(grant.user, generate_totp_secret())


class World:
    """The trial's people by name, signed in without a password when a test only wants the page."""

    def user(self, name: str) -> User:
        return User.objects.get(email=f"{name}@example.org")

    def actor(self, name: str) -> Actor:
        return Actor.of(self.user(name))

    def client(self, name: str | None = None, **options: Any) -> Client:
        """A browser of somebody's who is signed in, second factor and all; without a name, of nobody's."""
        client = Client(**options)
        if name is not None:
            client.force_login(self.user(name), backend="allauth.account.auth_backends.AuthenticationBackend")
            self.prove_second_factor(client)
        return client

    def prove_second_factor(self, client: Client) -> None:
        """As if whoever is signed in had just shown a code."""
        request = HttpRequest()
        request.session = client.session
        note_proven(request, User.objects.get(pk=request.session["_auth_user_id"]), "totp")
        request.session.save()

    def number(self, seed: int = 1) -> IdentityNumber:
        return synthetic_number(seed)

    def draw(self, seed: int = 1, office: str = "n1", by: str = "operator") -> Participant:
        """Somebody drawn, through the actions."""
        request = request_draw(
            self.number(seed),
            office,
            actor=self.actor(by),
            confirmed=[condition.id for condition in installation().trial.enrolment.eligibility],
            factors={},
            caseworker=None,
        )
        answered = answer_request(request, actor=self.actor(by)).participant
        assert answered is not None
        return answered

    def has_second_factor(self, name: str) -> bool:
        return Authenticator.objects.filter(user=self.user(name)).exists()
