"""The draw and the participants' pages in a real browser, on a real server, in both languages: axe finds nothing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from lodd.site.models import LedgerEvent, Participant
from tests.site.world import World

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
MAY_SKIP = CHROMIUM is None and os.environ.get("LODD_BROWSER") != "required"  # continuous integration requires it
pytestmark = [pytest.mark.browser, pytest.mark.skipif(MAY_SKIP, reason="Chromium is not installed")]
ARGUMENTS = "--headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking --disable-sync"
SHOTS = os.environ.get("LODD_SHOTS", "")
"""A folder for screenshots, to be looked at."""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # Playwright's loop runs in this thread
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS.split())
        yield browser
        browser.close()


@pytest.fixture
def address(world: World) -> Iterator[str]:
    """The site, served by a thread."""
    from django.contrib.staticfiles.handlers import StaticFilesHandler
    from django.test.testcases import LiveServerThread

    server = LiveServerThread("localhost", StaticFilesHandler)
    server.daemon = True
    server.start()
    server.is_ready.wait()
    assert server.error is None
    yield f"http://localhost:{server.port}"
    server.terminate()


@pytest.fixture
def opened(chromium: Any, world: World, address: str) -> Iterator[Callable[..., Any]]:
    """Opens the browser of somebody who is signed in; what the browser complains of is in ``page.said``."""
    contexts = []

    def opens(name: str, language: str = "nb", width: int = 1280, **more: Any) -> Any:
        context = chromium.new_context(viewport={"width": width, "height": 900}, locale=language, **more)
        contexts.append(context)
        cookie = world.client(name).cookies["lodd"].value
        context.add_cookies([{"name": "lodd", "value": cookie, "url": address}])
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.said = []
        page.on("console", lambda message: page.said.append(message.text) if message.type == "error" else None)
        return page

    yield opens
    for context in contexts:
        context.close()


def well(page: Any, name: str) -> None:
    """Nothing wider than the screen, nothing that axe or the browser complains of."""
    from axe_playwright_python.sync_playwright import Axe

    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)
    wide = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    assert not wide, f"{name} is wider than the screen"
    found = Axe().run(page).response["violations"]
    assert not found, (name, [(one["id"], [node["target"] for node in one["nodes"]]) for one in found])
    assert not page.said, (name, page.said)


@pytest.mark.parametrize(("language", "width"), [("nb", 360), ("en", 1280)])
def test_the_whole_story(world: World, address: str, opened: Callable[..., Any], language: str, width: int) -> None:
    page = opened("operator", language, width)
    shot = f"{language}-{width}"
    page.goto(f"{address}/draw/")
    well(page, f"draw-{shot}")
    page.keyboard.press("Tab")
    page.locator("#id_office").focus()
    page.locator("main button[type=submit]").click()
    assert page.locator(".errors").evaluate("element => element === document.activeElement")
    well(page, f"draw-wrong-{shot}")
    page.locator("#id_office").select_option("n1")
    page.locator("#id_caller").fill("Kari Ås")
    page.locator("#id_identity_number").press_sequentially(world.number(1).digits())
    page.locator(".check-right").wait_for()
    for box in page.locator("input[type=checkbox]").all():
        box.check()
    well(page, f"draw-filled-{shot}")
    page.locator("#id_identity_number").press("Enter")
    page.locator(".readback").wait_for()
    well(page, f"read-back-{shot}")
    there = page.url
    page.locator("main .button-large").dblclick()
    page.wait_for_url("**/result/")
    well(page, f"result-{shot}")
    page.go_back()
    page.goto(there)
    assert page.url.endswith("/result/")
    assert LedgerEvent.objects.filter(kind__in=("draw", "repeated_request")).count() == 1
    _repeated(world, page, address, shot)
    _participant(world, page, address, shot)


def _repeated(world: World, page: Any, address: str, shot: str) -> None:
    page.goto(f"{address}/draw/")
    page.locator("#id_office").select_option("n2")
    page.locator("#id_caller").fill("Ola Nordmann")
    page.locator("#id_identity_number").fill(world.number(1).digits())
    for box in page.locator("input[type=checkbox]").all():
        box.check()
    page.locator("main button[type=submit]").click()
    page.locator("main .button-large").click()
    page.wait_for_url("**/result/")
    well(page, f"result-again-{shot}")


def _participant(world: World, page: Any, address: str, shot: str) -> None:
    one = Participant.objects.get()
    other = world.draw(2)
    page.goto(f"{address}/participants/")
    well(page, f"list-{shot}")
    page.locator("#id_looked_for").fill(world.number(1).grouped())
    page.locator("#id_looked_for").press("Enter")
    page.wait_for_url(f"**/participants/{one.seq}/")
    well(page, f"participant-{shot}")
    page.locator("main .actions a").first.click()
    well(page, f"referral-{shot}")
    page.locator("main button[type=submit]").click()
    page.wait_for_url(f"**/participants/{one.seq}/")
    page.goto(f"{address}/participants/{one.seq}/follow-up/start/")
    page.locator("#id_programme").select_option(index=1 if one.arm == "coaching" else 2)
    page.locator("main button[type=submit]").click()
    page.locator("#id_cross_over").wait_for()
    well(page, f"cross-over-{shot}")
    page.locator("#id_cross_over").check()
    page.locator("main button[type=submit]").click()
    page.wait_for_url(f"**/participants/{one.seq}/")
    well(page, f"participant-after-{shot}")
    page.locator("#id_why").select_option(index=1)
    page.locator("main form button[type=submit]").last.click()
    page.wait_for_url("**/identity/")
    well(page, f"identity-{shot}")
    for name in ("follow-up/end", "error", "number", "withdraw"):
        page.goto(f"{address}/participants/{one.seq}/{name}/")
        well(page, f"{name.replace('/', '-')}-{shot}")
    page.goto(f"{address}/participants/{other.seq}/withdraw/")
    page.locator("#id_sure").check()
    page.locator("main button[type=submit]").click()
    page.wait_for_url(f"**/participants/{other.seq}/")
    well(page, f"withdrawn-{shot}")


def test_without_javascript(world: World, address: str, opened: Callable[..., Any]) -> None:
    page = opened("caseworker", java_script_enabled=False)
    page.goto(f"{address}/draw/")
    page.locator("#id_identity_number").fill(world.number(1).grouped())
    for box in page.locator("input[type=checkbox]").all():
        box.check()
    page.locator("#id_identity_number").press("Enter")
    page.locator("main .button-large").press("Enter")
    page.wait_for_url("**/result/")
    assert Participant.objects.get().receipt in page.content()
