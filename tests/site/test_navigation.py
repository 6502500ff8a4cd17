"""The way about the site: what the menu shows to whom, and where it says that one is."""

from __future__ import annotations

from django.test import Client
from lxml import html

from tests.site.world import World


def menu(client: Client, path: str) -> dict[str, str]:
    """Each room's name, and how it is marked."""
    links = html.fromstring(client.get(path).content).xpath("//nav[@class='nav']//a")
    return {link.text: link.get("aria-current", "") for link in links}


def test_the_menu_says_in_which_room_one_is_also_on_the_pages_below(world: World) -> None:
    drawn = world.draw(1)
    operator = world.client("operator")
    assert menu(operator, "/home/")["Hjem"] == "page"
    assert menu(operator, "/participants/")["Deltakere"] == "page"
    below = menu(operator, f"/participants/{drawn.seq}/")
    assert below["Deltakere"] == "true"
    assert [room for room, mark in below.items() if mark] == ["Deltakere"]


def test_a_room_below_another_is_the_only_one_marked(world: World) -> None:
    found = menu(world.client("manager"), "/decisions/systems/")
    assert [(room, mark) for room, mark in found.items() if mark] == [("Fagsystemer", "page")]


def test_the_menu_has_each_roles_rooms_and_no_others(world: World) -> None:
    assert [*menu(world.client("auditor"), "/home/")] == ["Hjem", "Revisjonslogg"]
    assert [*menu(world.client("caseworker"), "/home/")] == ["Hjem", "Trekning", "Deltakere"]
    assert [*menu(world.client("administrator"), "/home/")] == ["Hjem", "Kontoer", "Fagsystemer"]
    assert menu(Client(), "/") == {}
