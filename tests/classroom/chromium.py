"""Debian's Chromium, driven by Playwright, without a network: what the tests of the page share."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from carsim.classroom.assemble import one_file

MISSING = "Chromium is not installed: apt-get install chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
]
PATIENCE = 60_000  # ms; a shared machine may be slow, and what is waited for is a state, not a time


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser with a profile of its own; the test is skipped, with the reason, where there is none."""
    path = shutil.which("chromium")
    if path is None:
        pytest.skip(MISSING)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


class Visit:
    """The page opened from a file with the network off: `page`, and what it asked for and complained of."""

    def __init__(self, browser: Browser, folder: Path, fragment: str = "", **context: Any) -> None:
        self.file = folder / "classroom.html"
        if not self.file.exists():
            self.file.write_text(one_file(), encoding="utf-8", newline="\n")
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.context = browser.new_context(**{"locale": "en-GB", "viewport": {"width": 1360, "height": 900}, **context})
        self.context.set_offline(True)
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(PATIENCE)
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda message: self.complaints.append(f"{message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.goto(self.address(fragment))
        self.until("performance.getEntriesByName('carsim:drawn').length > 0")

    def address(self, fragment: str = "") -> str:
        """Where the page lies, with the part after `#`."""
        return self.file.as_uri() + (f"#{fragment}" if fragment else "")

    def twins(self) -> None:
        """Wait until all twins of the present settings are known."""
        self.until("!document.querySelector('#twins button:disabled')")

    def until(self, expression: str) -> None:
        """Wait until an expression is true; Playwright's own way would need `eval`, which the page forbids."""
        until = time.monotonic() + PATIENCE / 1000
        while not self.page.evaluate(expression):
            if time.monotonic() > until:
                raise TimeoutError(f"not within {PATIENCE / 1000:g} s: {expression}")
            self.page.wait_for_timeout(20)

    def courses(self) -> str:
        """The courses shown, as the text of the table that the page would save."""
        with self.page.expect_download() as download:
            self.page.click("#csv")
        return Path(download.value.path()).read_text(encoding="utf-8")

    def __enter__(self) -> Visit:
        return self

    def __exit__(self, *_: object) -> None:
        self.context.close()
