"""The page on the registers' quality in a real browser: clean in axe, and nothing wider than the screen."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from lodd.registers.quality import Example
from lodd.report.quality import write_quality_pages
from tests.report.test_browser import ARGUMENTS, CHROMIUM, MAY_SKIP
from tests.report.test_quality_page import MONTH_KINDS, ROW_KINDS, finding, quality, trial

pytestmark = [pytest.mark.browser, pytest.mark.skipif(MAY_SKIP, reason="Chromium is not installed")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every kind of finding, in every severity, with examples of long pseudonyms."""
    root = tmp_path_factory.mktemp("quality")
    examples = tuple(Example(f"p{'0123456789abcdef' * 2}{i}", 10**6 + i, date(2015, 3, 1)) for i in range(5))
    severities = ("error", "warning", "note")
    found = [
        finding(kind, severity=severities[i % 3], column="hours_per_week_agreed_upon", examples=examples)
        for i, kind in enumerate(ROW_KINDS)
    ]
    write_quality_pages(trial(), quality(*found, *map(finding, MONTH_KINDS)), root)
    return root


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS.split())
        yield chromium
        chromium.close()


@pytest.mark.parametrize(("language", "width", "scheme"), [("nb", 1280, "light"), ("en", 360, "dark")])
def test_the_page_is_accessible_and_fits(browser: Any, folder: Path, language: str, width: int, scheme: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.goto((folder / f"quality.{language}.html").as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    found = Axe().run(page)
    widest = page.evaluate("document.documentElement.scrollWidth")
    page.close()
    assert found.violations_count == 0, found.generate_report()
    assert widest <= width
