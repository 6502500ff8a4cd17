"""Schedule, public page, exports and systems in a browser: clean in axe, under the policy, no wider than a phone."""

from __future__ import annotations

import mimetypes
import os
import re
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import django_htmx
import pytest

from lodd.site.actions.schedule import approve_schedule, propose_schedule
from lodd.site.installation import installation
from tests.site.api_world import system
from tests.site.world import World

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
MAY_SKIP = CHROMIUM is None and os.environ.get("LODD_BROWSER") != "required"  # continuous integration requires it
pytestmark = [pytest.mark.browser, pytest.mark.skipif(MAY_SKIP, reason="Chromium is not installed")]
ARGUMENTS = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
ORIGIN = "http://lodd.example"
SITE = Path(__file__).parents[2] / "src/lodd/site"
STATIC = (SITE / "static", Path(django_htmx.__file__).parent / "static")


def pages(world: World, language: str) -> dict[str, tuple[bytes, str]]:
    """Every page in its states, with the policy that it was sent with, before the browser is there."""
    drawn = world.draw(1)
    waiting = _proposed(world, "n1", "0.7")
    approved = approve_schedule(_proposed(world, "south", "0.333"), actor=world.actor("manager_two"))
    caller = system(world, "Fagsystemet", site="north")
    wanted = [
        ("public", None, "/", None),
        ("receipt", None, "/receipt/", {"receipt": drawn.receipt}),
        ("receipt-wrong", None, "/receipt/", {"receipt": "nonsense"}),
        ("schedule", "manager_two", "/schedule/", None),
        ("propose", "manager", "/schedule/propose/", None),
        ("propose-wrong", "manager", "/schedule/propose/", {"share_coaching": "much"}),
        ("proposal", "manager_two", f"/schedule/proposals/{waiting.pk}/", None),
        ("beacon", "manager", f"/schedule/beacon/{approved.amendment}/", None),
        ("close", "manager", "/schedule/close/", None),
        ("exports", "steward", "/exports/", None),
        ("systems", "administrator", "/systems/", None),
        ("token", "administrator", f"/systems/{caller.pk}/token/", {}),
        ("decisions", "manager", "/decisions/systems/", None),
    ]
    return {name: _sent(world, who, path, data, language) for name, who, path, data in wanted}


def _proposed(world: World, place: str, share: str) -> Any:
    return propose_schedule(
        {place: {"coaching": share}},
        installation().today + timedelta(days=14),
        actor=world.actor("manager"),
        beacon_source="national lottery",
        beacon_round=f"a Saturday to come, for {place}",
        note="There are more places than people who want them.",
    )


def _sent(world: World, who: str | None, path: str, data: Any, language: str) -> tuple[bytes, str]:
    client = world.client(who, headers={"Accept-Language": language})
    answer = client.get(path) if data is None else client.post(path, data)
    assert answer.status_code == 200, path
    return answer.content, answer.headers["Content-Security-Policy"]


@pytest.fixture(params=["nb", "en"])
def made(request: pytest.FixtureRequest, world: World) -> dict[str, tuple[bytes, str]]:
    return pages(world, request.param)


@pytest.fixture
def browser(made: object) -> Iterator[Any]:
    """After the pages: Django's database is not to be touched beside the browser's event loop."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS.split())
        yield opened
        opened.close()


def test_every_page_is_clean_and_fits(made: dict[str, tuple[bytes, str]], browser: Any) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page = browser.new_context(viewport={"width": 360, "height": 900}).new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.route(f"{ORIGIN}/**", lambda route: _answer(route, made))
    for name in made:
        page.goto(f"{ORIGIN}/{name}")
        assert said == [], name
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, name
        found = Axe().run(page)
        assert found.violations_count == 0, f"{name}: {found.generate_report()}"


def _answer(route: Any, made: dict[str, tuple[bytes, str]]) -> None:
    where = route.request.url.removeprefix(ORIGIN)
    if where.startswith("/static/"):
        plain = re.sub(r"\.[0-9a-f]{12}\.", ".", where.removeprefix("/static/"))
        file = next(path for folder in STATIC if (path := folder / plain).exists())
        route.fulfill(body=file.read_bytes(), headers={"Content-Type": mimetypes.guess_type(plain)[0]})
        return
    body, policy = made[where.removeprefix("/")]
    route.fulfill(body=body, headers={"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": policy})
