"""The trial's public random values and its schedule: always two people, never the past, and no key."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied

from lodd.site.actions.base import Actor, audit, ledger_action
from lodd.site.installation import installation
from lodd.site.models import BeaconEntry


@ledger_action
def enter_beacon(value: str, *, actor: Actor, amendment: int | None = None) -> bool:
    """A public random value as one person read it; True when a second person's agrees and it is in the ledger.

    Raises:
        DataError: the two have typed different values (both entries are given up), or nothing awaits one.
        PermissionDenied: the same person twice.
    """
    assert actor.user is not None
    waiting = BeaconEntry.objects.filter(amendment=amendment, settled_at=None).first()
    if waiting is None:
        BeaconEntry.objects.create(amendment=amendment, value=value, by=actor.user)
        audit(actor, "beacon.entered", f"amendment:{amendment}" if amendment else "trial")
        return False
    if waiting.by == actor.user:
        raise PermissionDenied("two people")
    installation().service.record_beacon(
        (waiting.by.ledger_id, waiting.value), (actor.ledger_id, value), amendment=amendment
    )
    waiting.settled_at = installation().now()
    waiting.save()
    audit(actor, "beacon.recorded", f"amendment:{amendment}" if amendment else "trial")
    return True
