"""The real site on a port of its own, and people who visit it with Chromium.

Whoever looks at a page also looks for what must never be there: errors in the console (a broken content security policy
says so there), faults of accessibility, a page wider than the screen, an identity number in an address or a title.
With ``LODD_SCREENSHOTS`` set to a folder, every page looked at is kept there as a picture, at 1280 and at 360 pixels.
"""

from __future__ import annotations

import os
import re
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
MAY_SKIP = CHROMIUM is None and os.environ.get("LODD_BROWSER") != "required"  # continuous integration requires it
in_a_browser = [pytest.mark.browser, pytest.mark.skipif(MAY_SKIP, reason="Chromium is not installed")]
ARGUMENTS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)
WIDTHS = {"nb": 1280, "en": 360}
"""Each language is looked at on another screen."""
_LIKE_A_NUMBER = re.compile(r"\d{6}[\s%20]*\d{5}")


@contextmanager
def serving() -> Iterator[str]:
    """The site at an address of this machine, each request in a thread of its own."""
    from django.contrib.staticfiles.handlers import StaticFilesHandler
    from django.core.servers.basehttp import ThreadedWSGIServer
    from django.core.wsgi import get_wsgi_application
    from django.test.testcases import QuietWSGIRequestHandler

    server = ThreadedWSGIServer(("localhost", 0), QuietWSGIRequestHandler)
    server.set_app(StaticFilesHandler(get_wsgi_application()))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield f"http://localhost:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@contextmanager
def browsing() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS.split())
        yield browser
        browser.close()


@dataclass
class Visitor:
    """Somebody at a browser of their own, in one language."""

    context: Any
    origin: str
    language: str
    said: list[str] = field(default_factory=list)
    been: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page = self.context.new_page()
        self.page.on("console", lambda message: message.type in ("error", "warning") and self._hear(message))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("framenavigated", lambda frame: self.been.append(frame.url))

    def _hear(self, message: Any) -> None:
        self.said.append(f"{message.text} at {message.location.get('url', '')}")

    def goes_to(self, path: str) -> Any:
        return self.page.goto(self.origin + path)

    def at(self) -> str:
        return str(self.page.url).removeprefix(self.origin).partition("?")[0]

    def presses(self, selector: str) -> None:
        """Press what leads to another page, and wait for it."""
        with self.page.expect_navigation():
            self.page.click(selector)

    def looks(self, name: str) -> None:
        """Nothing is wrong with this page."""
        from axe_playwright_python.sync_playwright import Axe

        assert self.said == [], self.said
        self._keep(name)
        found = Axe().run(self.page, options={"resultTypes": ["violations"]})
        assert found.violations_count == 0, (name, found.generate_report())
        assert self.page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), name
        assert self.page.evaluate("document.documentElement.lang") == self.language, name
        assert not _LIKE_A_NUMBER.search(self.page.title()), name
        assert not [where for where in self.been if _LIKE_A_NUMBER.search(where)]

    def _keep(self, name: str) -> None:
        folder = os.environ.get("LODD_SCREENSHOTS")
        if not folder:
            return
        size = self.page.viewport_size
        for width in (1280, 360):
            self.page.set_viewport_size({"width": width, "height": 900})
            self.page.screenshot(path=Path(folder) / f"{name}-{self.language}-{width}.png", full_page=True)
        self.page.set_viewport_size(size)


@dataclass
class Town:
    """Where visitors come from."""

    browser: Any
    origin: str
    contexts: list[Any] = field(default_factory=list)

    def visitor(self, language: str = "nb", client: Any = None, **more: Any) -> Visitor:
        """Somebody; with a test client's session, signed in as its user."""
        given = {
            "viewport": {"width": WIDTHS[language], "height": 900},
            "locale": {"nb": "nb-NO", "en": "en-GB"}[language],
        }
        context = self.browser.new_context(**given | more)
        context.set_default_timeout(30_000)
        self.contexts.append(context)
        if client is not None:
            cookies = [{"name": k, "value": v.value, "url": self.origin} for k, v in client.cookies.items()]
            context.add_cookies(cookies)
        return Visitor(context, self.origin, language)

    def closes(self) -> None:
        for context in self.contexts:
            context.close()
