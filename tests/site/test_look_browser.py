"""The look in a real browser: clean in axe, nothing wider than the screen, the small scripts, one sheet of paper."""

from __future__ import annotations

import mimetypes
import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import django_htmx
import pytest

from tests.site.look_world import DRAW_PAGE, NUMBER, RESULT_PAGE, SITE, draw_form, rendered, result, sample

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
MAY_SKIP = CHROMIUM is None and os.environ.get("LODD_BROWSER") != "required"  # continuous integration requires it
pytestmark = [pytest.mark.browser, pytest.mark.skipif(MAY_SKIP, reason="Chromium is not installed")]
ARGUMENTS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)
ORIGIN = "http://lodd.example"
POLICY = "default-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'"
DIGITS = "".join(NUMBER.split())
STATIC = (SITE / "static", Path(django_htmx.__file__).parent / "static")


def source(name: str, language: str) -> str:
    """The page with this name, as the site would make it."""
    if name == "guide":
        return rendered("styleguide.html", language, {"sample": sample(language)})
    if name.startswith("result"):
        return rendered(RESULT_PAGE, language, result(language, int(name[6]), repeated=name.endswith("again")))
    if name.startswith("draw"):
        given = {"data": {}} if name == "draw-wrong" else {}
        heading = {"nb": "Trekk gruppe", "en": "Draw a group"}[language]
        return rendered(DRAW_PAGE, language, {"form": draw_form(language, **given), "heading": heading})
    return rendered(f"{name}.html", language)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS.split())
        yield browser
        browser.close()


@pytest.fixture
def opened(chromium: Any) -> Iterator[Callable[..., Any]]:
    """Opens a page under the site's content security policy; what the browser complains of is in ``page.said``."""
    contexts = []

    def opens(name: str, language: str = "nb", width: int = 1280, scheme: str = "light", **more: Any) -> Any:
        context = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, **more)
        contexts.append(context)
        page = context.new_page()
        page.said, page.sent = [], []
        page.on("console", lambda message: page.said.append(message.text) if message.type == "error" else None)
        made = source(name, language)

        def answer(route: Any) -> None:
            where = route.request.url.removeprefix(ORIGIN).partition("?")[0]
            body, kind = made, "text/html; charset=utf-8"
            if where.startswith("/static/"):
                file = next(path for folder in STATIC if (path := folder / where.removeprefix("/static/")).exists())
                body, kind = file.read_bytes(), mimetypes.guess_type(where)[0]
            elif route.request.method == "POST":
                page.sent.append((where, route.request.post_data))
                body = '<p class="check-right">checked</p>' if where == "/check" else "<title>sent</title>"
            route.fulfill(body=body, headers={"Content-Type": kind, "Content-Security-Policy": POLICY})

        page.route(f"{ORIGIN}/**", answer)
        page.goto(f"{ORIGIN}/page")
        return page

    yield opens
    for context in contexts:
        context.close()


@pytest.mark.parametrize(
    ("name", "language", "width", "scheme"),
    [
        ("guide", "nb", 1280, "light"), ("guide", "en", 360, "dark"), ("draw-wrong", "en", 360, "light"),
        ("result0", "nb", 1280, "dark"), ("result1-again", "en", 360, "light"), ("500", "nb", 360, "dark"),
    ],
)  # fmt: skip
def test_axe_finds_nothing_and_the_policy_is_kept(
    opened: Callable[..., Any], name: str, language: str, width: int, scheme: str
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page = opened(name, language, width, scheme, bypass_csp=False)
    assert page.said == []
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize(
    ("name", "language"), [("guide", "nb"), ("result0", "en"), ("result2-again", "nb"), ("draw-wrong", "nb")]
)
def test_nothing_is_wider_than_the_screen(opened: Callable[..., Any], name: str, language: str) -> None:
    page = opened(name, language)
    for width in (320, 360, 768, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, width


def test_targets_are_large_enough(opened: Callable[..., Any]) -> None:
    page = opened("guide", "en", 360)
    small = page.evaluate(
        "[...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, summary')]"
        ".filter(e => getComputedStyle(e).display !== 'inline' && !e.matches('.skip'))"
        ".map(e => [e.outerHTML.slice(0, 60), e.getBoundingClientRect()])"
        ".filter(([, r]) => r.height < 24 || r.width < 24)"
        ".map(([what]) => what)"
    )
    assert small == []


def test_the_summary_of_errors_has_the_focus_and_leads_to_the_field(opened: Callable[..., Any]) -> None:
    page = opened("draw-wrong", "en")
    assert page.evaluate("document.activeElement.className") == "errors"
    page.click("text=Choose the office")
    assert page.evaluate("document.activeElement.name") == "office"


def test_a_number_is_grouped_while_it_is_typed_and_the_caret_stays(opened: Callable[..., Any]) -> None:
    page = opened("draw")
    field = page.locator("[data-identity]")
    assert field.evaluate("e => e === document.activeElement")

    def state() -> list[Any]:
        return field.evaluate("e => [e.value, e.selectionStart]")

    def shown(digits: str) -> str:
        return f"{digits[:6]} {digits[6:]}"

    field.press_sequentially(DIGITS)
    assert state() == [shown(DIGITS), 12]
    field.evaluate("e => e.setSelectionRange(3, 3)")
    field.press("Backspace")
    assert state() == [shown(DIGITS[:2] + DIGITS[3:]), 2]
    field.press("8")
    field.press("1")
    assert state() == [shown(DIGITS[:2] + "81" + DIGITS[3:]), 4]
    field.fill(shown(DIGITS))
    field.evaluate("e => e.setSelectionRange(7, 7)")
    field.press("Backspace")  # takes the space, which is put back: the caret steps over it
    assert state() == [shown(DIGITS), 6]
    field.press("Backspace")
    assert state() == [shown(DIGITS[:5] + DIGITS[6:]), 5]
    field.fill(shown(DIGITS))
    field.evaluate("e => e.setSelectionRange(6, 6)")
    field.press("Delete")
    assert state() == [shown(DIGITS), 7]
    field.fill("")
    field.press_sequentially("01a8190123")
    assert state() == ["01a8190123", 10]


def test_the_number_is_checked_by_the_server_and_only_the_number_is_sent(opened: Callable[..., Any]) -> None:
    page = opened("draw")
    page.locator("[data-identity]").press_sequentially(DIGITS)
    page.wait_for_selector(".check-right")
    ((where, sent),) = page.sent
    assert where == "/check"
    assert f"identity_number={DIGITS[:6]}%20{DIGITS[6:]}" in sent
    assert "office" not in sent
    assert page.said == []


def test_a_button_is_pressed_once_until_the_page_is_shown_again(opened: Callable[..., Any]) -> None:
    page = opened("draw")
    page.evaluate(
        "document.querySelector('form[action=\"/sent\"]').addEventListener('submit', e => e.preventDefault())"
    )
    page.click("button[data-once]")
    assert page.is_enabled("button[data-once]")  # another script kept the form: nothing was sent
    page = opened("draw")
    page.evaluate("""() => {
        window.tries = 0;
        const form = document.querySelector('form[action="/sent"]');
        form.target = 'other';
        document.addEventListener('submit', e => { if (!e.defaultPrevented) window.tries += 1; });
        form.requestSubmit(); form.requestSubmit();
    }""")
    page.wait_for_selector("button[data-once][disabled]")
    assert page.evaluate("window.tries") == 1
    page.evaluate("window.dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    assert page.is_enabled("button[data-once]")


def test_everything_is_sent_without_scripts(opened: Callable[..., Any]) -> None:
    page = opened("draw", java_script_enabled=False)
    page.fill("[data-identity]", NUMBER)
    page.click("button[data-once]")
    assert page.sent[0][0] == "/sent"


def test_a_result_is_printed_on_one_sheet(opened: Callable[..., Any]) -> None:
    def sheets(name: str) -> int:
        return len(re.findall(rb"/Type /Page\b", opened(name).pdf(format="A4")))

    assert sheets("result1-again") == 1
    assert sheets("guide") > 1


def test_arms_are_told_apart_where_colours_are_forced(opened: Callable[..., Any]) -> None:
    page = opened("result1", forced_colors="active")
    assert page.evaluate("getComputedStyle(document.querySelector('.lot-stub svg')).fill") == page.evaluate(
        "getComputedStyle(document.querySelector('.lot h1')).color"
    )
