"""Somebody who writes to the database, without a key: what the check of the ledger finds."""

from __future__ import annotations

import base64
import pickle
from collections.abc import Callable

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client

from lodd.errors import VerificationError
from lodd.site.actions.base import SITE, action, audit
from lodd.site.actions.participants import link_number, note_error, withdraw
from lodd.site.installation import installation
from lodd.site.integrity import check_ledger
from lodd.site.models import LedgerDetail, LinkedNumber, Participant
from tests.site.world import World

Act = Callable[[Participant, Participant], object]


def _rows(one: Participant, **values: object) -> object:
    return Participant.objects.filter(pk=one.pk).update(**values)


ACTS: dict[str, Act] = {
    "arm": lambda one, other: _rows(one, arm="coaching" if one.arm == "control" else "control"),
    "office": lambda one, other: _rows(one, office="n2"),
    "county": lambda one, other: _rows(one, site="south"),
    "weight": lambda one, other: _rows(one, marginal=["1/10", "9/10"]),
    "probability": lambda one, other: _rows(one, conditional=["1/10", "9/10"]),
    "by slip": lambda one, other: _rows(one, by_slip=True),
    "identity": lambda one, other: _rows(one, sealed=other.sealed),
    "identity erased": lambda one, other: _rows(one, sealed=""),
    "other number": lambda one, other: LinkedNumber.objects.update(participant=other),
    "other number erased": lambda one, other: LinkedNumber.objects.update(sealed=""),
    "note": lambda one, other: LedgerDetail.objects.exclude(salt="").update(content='{"note":"eligible"}'),
}


@action
def tamper(act: Act, one: Participant, other: Participant) -> None:
    act(one, other)
    audit(SITE, "test.tampered")


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS.keys())
def test_it_is_found(world: World, act: Act) -> None:
    one, other, gone = world.draw(1), world.draw(2), world.draw(3)
    operator = world.actor("operator")
    link_number(one, world.number(1), world.number(1001), actor=operator)
    link_number(gone, world.number(3), world.number(1003), actor=operator)
    note_error(one, "other", actor=operator, note="Not eligible.")
    withdraw(gone, actor=operator)
    assert check_ledger(installation()).answers == 3
    tamper(act, one, other)
    with pytest.raises(VerificationError):
        check_ledger(installation())


ran: list[str] = []


def run() -> None:
    ran.append("the keys are theirs")


class _Runs:
    """A pickle that runs code when it is read."""

    def __reduce__(self) -> tuple[Callable[[], None], tuple[()]]:
        return run, ()


@pytest.mark.parametrize("written", [_Runs(), "damaged"])
def test_nothing_in_the_cache_runs(world: World, written: object) -> None:
    cache.set("lodd-test", {"a": [1, 2.5, "x", None, True]}, 60)
    assert cache.get("lodd-test") == {"a": [1, 2.5, "x", None, True]}
    value = base64.b64encode(pickle.dumps(written)).decode() if isinstance(written, _Runs) else "\x01not base 64"
    with connection.cursor() as cursor:
        cursor.execute("UPDATE lodd_site_cache SET value = %s", [value])
    assert cache.get("lodd-test") is None
    assert Client().get("/public.json").status_code == 200
    assert not ran
    if isinstance(written, _Runs):
        pickle.loads(pickle.dumps(written))
        assert ran.pop(), "it would have run"


def test_the_cache_forgets(world: World) -> None:
    cache.set("lodd-gone", 1, -1)
    assert cache.get("lodd-gone") is None
    assert cache.add("lodd-new", 1, 60)
    assert not cache.add("lodd-new", 2, 60)
    assert cache.get_many(["lodd-new", "lodd-none"]) == {"lodd-new": 1}
    assert cache.get_many([]) == {}
