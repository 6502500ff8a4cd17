"""Another small trial for the same people: another way of drawing, its own lock, an empty ledger."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path

from lodd.site.actions.base import audit, ledger_action
from lodd.site.installation import installation, load_installation, use_installation
from lodd.site.models import Grant
from lodd.site.permissions import Role
from lodd.study import open_study
from tests.site.conftest import HERE
from tests.site.world import BEACON, World

_LEDGER_ROLES = {Role.CASEWORKER: "caseworker", Role.OPERATOR: "operator"}


def another_trial(world: World, folder: Path, drawing: str, share: str, more: str) -> World:
    """The trial with another ``method``, the same keys and the same people in their roles; its beacon is recorded."""
    text = (HERE / "trial.toml").read_text().replace('method = "keyed"', drawing)
    text = re.sub(r'coaching = "0\.\d+"', f'coaching = "{share}"', text)
    (folder / "trial.toml").write_text(text.replace("[registers.programmes]", more + "\n[registers.programmes]"))
    open_study(folder).lock(Path(os.environ["LODD_KEYS"]))
    here = installation()
    _empty_ledger()
    use_installation(load_installation(replace(here.config, trial=folder)))
    _found(world)
    return world


@ledger_action
def _found(world: World) -> None:
    service = installation().service
    managers = [world.user(name).ledger_id for name in ("manager", "manager_two")]
    service.record_beacon((managers[0], BEACON), (managers[1], BEACON))
    for grant in Grant.objects.filter(role__in=list(_LEDGER_ROLES)):
        offices = [grant.office] if grant.office else [o.id for o in installation().trial.sites[grant.site].offices]
        for office in offices:
            role = _LEDGER_ROLES[Role(grant.role)]
            service.grant(grant.user.ledger_id, role, by=managers[0], office=office)
    audit(world.actor("manager"), "test.founded")


def _empty_ledger() -> None:
    """As if nothing had ever been drawn: tests only, for the database refuses."""
    from django.db import connection

    connection.ensure_connection()
    wrappers = list(connection.execute_wrappers)
    connection.execute_wrappers.clear()
    with connection.cursor() as cursor:
        on = " ON lodd_ledgerevent" if connection.vendor == "postgresql" else ""
        cursor.execute(f"DROP TRIGGER lodd_ledgerevent_delete{on}")
        cursor.execute("DELETE FROM lodd_ledgerevent")
    connection.execute_wrappers.extend(wrappers)
