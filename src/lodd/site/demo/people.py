"""The demo's invented people: somebody of every role, in two counties."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from lodd.site.actions.accounts import approve_grant, create_user, first_manager, propose_grant
from lodd.site.actions.base import SITE, Actor
from lodd.site.actions.draw import add_caseworker
from lodd.site.actions.schedule import enter_beacon
from lodd.site.models import User
from lodd.site.permissions import Role

BEACON: Final = "4 9 13 21 26 30 34"


@dataclass(frozen=True, slots=True)
class Someone:
    """``login`` is the address before ``@example.org``, without ``demo-``."""

    login: str
    name: str
    role: Role
    site: str = ""
    office: str = ""


MANAGERS: Final = (
    Someone("manager", "Ragnhild Forsøksleder", Role.MANAGER),
    Someone("manager-two", "Terje Forsøksleder", Role.MANAGER),
)
ADMINISTRATOR: Final = Someone("administrator", "Gro Administrator", Role.ADMINISTRATOR)
PEOPLE: Final = (
    Someone("operator-akershus", "Solveig Linje", Role.OPERATOR, site="akershus"),
    Someone("operator-rogaland", "Odd Linje", Role.OPERATOR, site="rogaland"),
    Someone("caseworker-asker", "Aina Veileder", Role.CASEWORKER, office="ak01"),
    Someone("caseworker-follo", "Per Veileder", Role.CASEWORKER, office="ak02"),
    Someone("caseworker-stavanger", "Siv Veileder", Role.CASEWORKER, office="ro01"),
    Someone("lead-akershus", "Kjell Koordinator", Role.COUNTY_LEAD, site="akershus"),
    Someone("lead-rogaland", "Marit Koordinator", Role.COUNTY_LEAD, site="rogaland"),
    Someone("steward", "Dag Dataforvalter", Role.STEWARD),
    Someone("auditor", "Ruth Revisor", Role.AUDITOR),
)
WAITING: Final = Someone("new-operator", "Nils Nyansatt", Role.OPERATOR, site="akershus")
"""Has an account; an administrator has asked for the role, and a manager must decide."""
EVERYBODY: Final = (*PEOPLE, *MANAGERS, ADMINISTRATOR)
"""Those with a role, in the order that they are shown."""
ON_THE_PHONE: Final = (("ak02", "Liv Moen"), ("ak03", "Arne Lie"), ("ro01", "Berit Ås"), ("ro02", "Jan Vik"))
"""Caseworkers without an account, who phone the line."""


def address(login: str) -> str:
    return f"demo-{login}@example.org"


def person(login: str) -> User:
    """An account of the demo."""
    return User.objects.get(email=address(login))


def found() -> None:
    """Accounts, roles and the beacon, each by those who would have done it."""
    managers = [first_manager(address(someone.login), someone.name) for someone in MANAGERS]
    for manager in managers:
        enter_beacon(BEACON, actor=Actor.of(manager))
    first, second = map(Actor.of, managers)
    administrator = Actor.of(_given(ADMINISTRATOR, first, second))
    for someone in PEOPLE:
        _given(someone, administrator, first)
    _asked(WAITING, administrator)
    for office, name in ON_THE_PHONE:
        add_caseworker(name, office, actor=SITE)


def _given(someone: Someone, proposer: Actor, approver: Actor) -> User:
    user = _account(someone)
    approve_grant(
        propose_grant(user, someone.role, actor=proposer, site=someone.site, office=someone.office), actor=approver
    )
    return user


def _asked(someone: Someone, proposer: Actor) -> None:
    propose_grant(_account(someone), someone.role, actor=proposer, site=someone.site, office=someone.office)


def _account(someone: Someone) -> User:
    return create_user(address(someone.login), someone.name, actor=SITE)
