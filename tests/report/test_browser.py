"""In a real browser: clean in axe, nothing wider than the screen, links open what they lead to."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from lodd.report import write_report
from tests.report.builders import external_world, se_world, three_arm_world

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
MAY_SKIP = CHROMIUM is None and os.environ.get("LODD_BROWSER") != "required"  # continuous integration requires it
pytestmark = [pytest.mark.browser, pytest.mark.skipif(MAY_SKIP, reason="Chromium is not installed")]
ARGUMENTS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("reports")
    for name, world in (("se", se_world()), ("three", three_arm_world()), ("external", external_world())):
        write_report(world.trial, world.participants, world.evaluation, root / name, truth=world.truth)
    return root


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS.split())
        yield chromium
        chromium.close()


def opened(browser, folder: Path, name: str, *, language: str = "nb", width: int = 1280, scheme: str = "light"):  # type: ignore[no-untyped-def]
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.goto((folder / name / "results" / f"report.{language}.html").as_uri())
    return page


@pytest.mark.parametrize(
    ("name", "width", "scheme"), [("three", 1280, "light"), ("three", 360, "dark"), ("external", 360, "light")]
)
def test_axe_finds_nothing(browser, folder: Path, name: str, width: int, scheme: str) -> None:  # type: ignore[no-untyped-def]
    from axe_playwright_python.sync_playwright import Axe

    page = opened(browser, folder, name, width=width, scheme=scheme)
    page.evaluate("document.querySelectorAll('details.printed').forEach(d => d.open = true)")
    found = Axe().run(page)
    page.close()
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("language", ["nb", "en"])
@pytest.mark.parametrize("width", [360, 768, 1280])
def test_nothing_is_wider_than_the_screen(browser, folder: Path, language: str, width: int) -> None:  # type: ignore[no-untyped-def]
    page = opened(browser, folder, "se", language=language, width=width)
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    widest = page.evaluate("document.documentElement.scrollWidth")
    page.close()
    assert widest <= width


def test_figure_texts_can_be_read_on_a_phone(browser, folder: Path) -> None:  # type: ignore[no-untyped-def]
    page = opened(browser, folder, "se", width=360)
    smallest = page.evaluate(
        "Math.min(...[...document.querySelectorAll('figure svg.drawing')].filter(s => s.getBoundingClientRect().width)"
        ".map(s => s.getBoundingClientRect().width / s.viewBox.baseVal.width))"
    )
    page.close()
    assert smallest * 13 >= 11


def test_a_link_opens_the_outcome_that_it_leads_to(browser, folder: Path) -> None:  # type: ignore[no-untyped-def]
    page = opened(browser, folder, "se", language="en")
    page.click("#tab-index a[href='#outcome-hours']")
    page.wait_for_function("document.getElementById('outcome-hours').closest('details').open")
    page.close()


def test_the_page_reads_without_scripts(browser, folder: Path) -> None:  # type: ignore[no-untyped-def]
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((folder / "se" / "results" / "report.en.html").as_uri())
    assert page.locator("#finding-in_work-1-se").is_visible()
    page.click("#family-work ~ details summary >> nth=0")
    assert page.locator("#outcome-hours").is_visible()
    context.close()
