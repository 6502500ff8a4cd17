"""The way about the site: what the menu shows to whom, and where it says that one is."""

from __future__ import annotations

import pytest
from django.http import HttpResponse
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


def test_home_says_what_each_room_is_for(world: World) -> None:
    page = html.fromstring(world.client("manager").get("/home/").content)
    said = [item.text_content().strip() for item in page.xpath("//main//ul[li/br]/li")]
    assert "TrekningsplanHvilke sannsynligheter som gjelder hvor, og fra når." in said
    assert all(item.xpath("normalize-space(span)") for item in page.xpath("//main//ul/li[br]"))
    assert len(said) == len(menu(world.client("manager"), "/home/"))  # one's account is there, this page is not


EMPTY = {
    "": ["/account/sign-in/"],
    "operator": ["/account/password/"],
    "administrator": ["/accounts/new/", "/accounts/{operator}/role/", "/systems/"],
    "manager": ["/schedule/propose/", "/schedule/close/"],
}
"""Forms, by who sends them with nothing in them."""


def summary(answer: HttpResponse) -> list[str]:
    return html.fromstring(answer.content).xpath("//div[@class='errors']//li//text()[normalize-space()]")


@pytest.mark.parametrize(("who", "path"), [(who, path) for who, paths in EMPTY.items() for path in paths])
def test_an_empty_form_is_told_what_is_missing(world: World, who: str, path: str) -> None:
    client = world.client(who) if who else Client()
    said = summary(client.post(path.format(operator=world.user("operator").ledger_id), {"sent": "1"}))
    assert said
    assert len(set(said)) == len(said)
    assert not [words for words in said if "påkrev" in words]


def test_what_is_missing_has_its_name_in_the_readers_language(world: World) -> None:
    assert summary(Client().post("/account/sign-in/", {"sent": "1"})) == [
        "Fyll ut «E-postadresse».",
        "Fyll ut «Passord».",
    ]
    english = Client(headers={"accept-language": "en"})
    assert summary(english.post("/account/sign-in/", {"sent": "1"})) == [
        "Fill in “E-mail address”.",
        "Fill in “Password”.",
    ]
