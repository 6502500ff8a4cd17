"""One table of who may do what, one door for what is written, and one place for a session's factor."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import lodd.site
from lodd.site.actions.base import _doing
from lodd.site.models import Grant
from lodd.site.permissions import (
    NEEDS_SECOND_FACTOR,
    REACH,
    ROLE_LABELS,
    SEES_IDENTITIES,
    WHO,
    Place,
    Role,
    Task,
    reaches,
)
from lodd.site.urls import PAGES

SITE = Path(lodd.site.__file__).parent
WRITERS = {
    *("save", "create", "update", "delete", "bulk_create", "bulk_update", "get_or_create", "update_or_create"),
    *("set_password", "set_unusable_password", "execute", "executemany"),
}
MAY_WRITE = {"actions", "migrations", "demo"}
"""Folders of actions; migrations, which run before the site does; the demonstration, which calls actions."""
EXPLAINED = {
    "plain_cache.py": {"execute"},  # reads
    "sessions.py": {"delete"},  # of sessions, which Django writes itself
    "store.py": {"create", "update", "execute"},  # the ledger's turn, which only actions take
    "rows.py": {"execute", "executemany"},  # a backup restored into an empty database
    "models/accounts.py": {"save", "set_password"},  # the manager that actions call
    "databases.py": {"execute"},  # settings of the connection
    "backup.py": {"execute", "update"},  # reads; a hash
    "checks.py": {"execute"},  # reads
    "tables.py": {"execute"},  # a backup restored into an empty database
    "settings.py": {"update"},  # of a dictionary
    "views/health.py": {"execute"},  # reads
    "exporting/archive.py": {"update"},  # a hash
}


def writes(source: str) -> set[str]:
    """Names of methods called in a module that would write to a database, if they are called on a model."""
    calls = (node.func for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
    return {called.attr for called in calls if isinstance(called, ast.Attribute) and called.attr in WRITERS}


def test_nothing_but_actions_writes() -> None:
    found = {}
    for file in sorted(SITE.rglob("*.py")):
        name = file.relative_to(SITE).as_posix()
        if name.split("/")[0] in MAY_WRITE:
            continue
        if wrong := writes(file.read_text()) - EXPLAINED.get(name, set()):
            found[name] = wrong
    assert found == {}


def test_the_looking_sees_a_write() -> None:
    assert writes("Participant.objects.filter(pk=1).update(arm='x')") == {"update"}
    assert writes("row.save()") == {"save"}


def test_every_task_has_its_roles_and_every_page_a_task() -> None:
    assert WHO.keys() == set(Task) - {Task.PUBLIC, Task.SIGNED_IN}
    assert all(WHO.values())
    assert REACH.keys() == ROLE_LABELS.keys() == set(Role)
    asked = {task for page in PAGES for task in page.tasks.values()}
    assert set(Task) - asked <= {Task.FIND_PARTICIPANT}, "a task that no page asks for (but one, asked for by a view)"


def test_who_sees_identities_needs_a_second_factor_and_the_administrator_sees_no_trial_data() -> None:
    assert SEES_IDENTITIES <= NEEDS_SECOND_FACTOR
    assert {task for task, roles in WHO.items() if Role.ADMINISTRATOR in roles} == {
        Task.MANAGE_ACCOUNTS,
        Task.MANAGE_SYSTEMS,
    }
    assert {task for task, roles in WHO.items() if Role.AUDITOR in roles} == {Task.READ_AUDIT}


@pytest.mark.parametrize(
    ("role", "held", "place", "right"),
    [
        ("caseworker", ("north", "n1"), Place("north", "n1"), True),
        ("caseworker", ("north", "n1"), Place("north", "n2"), False),
        ("caseworker", ("north", "n1"), Place("north"), False),
        ("operator", ("north", ""), Place("north", "n2"), True),
        ("operator", ("north", ""), Place("north"), True),
        ("operator", ("north", ""), Place("south", "s1"), False),
        ("operator", ("north", ""), Place(), False),
        ("county_lead", ("", ""), Place(), False),
        ("manager", ("", ""), Place("south", "s1"), True),
        ("manager", ("", ""), Place(), True),
    ],
)
def test_how_far_a_role_reaches(role: str, held: tuple[str, str], place: Place, right: bool) -> None:
    assert reaches(Grant(role=role, site=held[0], office=held[1]), place) is right


def test_no_action_is_under_way_between_requests() -> None:
    assert _doing.get() is None
