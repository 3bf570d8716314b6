"""A real browser at a real service, which runs the policies that ship.

Any error on the browser's console, any request to somewhere else, any report of the page's policy and any dialog fails
the test. Where no browser is installed the tests are left out, and CI fails instead.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, sync_playwright

from api.settings import Settings
from tests.support.console_seeds import seed_ledger
from tests.support.paths import ROOT
from tests.support.running_service import running

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
NO_BROWSER = "no browser, which the console's tests need; install it with: sudo apt-get install chromium"
OPTIONS = ("--no-sandbox", "--disable-background-networking")
"""For Debian's chromium as root, and so that it asks for nothing by itself."""

_REPORTS = """
document.addEventListener('securitypolicyviolation', each => console.error('policy: ' + each.violatedDirective));
"""

OpenPage = Callable[..., AbstractContextManager[Page]]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """For one file: while it is there a loop runs in this thread, and other files' tests have loops of their own."""
    if CHROMIUM is None:
        if os.environ.get("CI"):
            pytest.fail(NO_BROWSER)
        pytest.skip(NO_BROWSER)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*OPTIONS])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def desk_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A seeded service that asks nobody for a key."""
    home = tmp_path_factory.mktemp("browser")
    with running(Settings(rules=ROOT / "rules", journal=home / "var" / "credence.db")) as client:
        seed_ledger(client)
        yield str(client.base_url).rstrip("/")


@pytest.fixture(scope="module")
def opened(chromium: Browser, desk_url: str) -> OpenPage:
    """Opens a browser's window as somebody: `with opened("u.hoffmann", "desk", authority="credit_manager") as page`."""

    @contextmanager
    def open_page(
        login: str,
        *roles: str,
        authority: str = "none",
        width: int = 1280,
        language: str = "en",
        expected: tuple[str, ...] = (),
        **context: object,
    ) -> Iterator[Page]:
        window = chromium.new_context(base_url=desk_url, viewport={"width": width, "height": 900}, **context)  # type: ignore[arg-type]
        page, faults = _watched(window, desk_url)
        try:
            page.goto(f"/console/sign-in?lang={language}")
            page.fill("#login", login)
            for role in ("desk", *roles):
                page.set_checked(f'input[name="role.{role}"]', role in roles)
            page.select_option("#authority", authority)
            page.click("main form button")
            yield page
        finally:
            window.close()
        assert [each for each in faults if not any(part in each for part in expected)] == []

    return open_page


def _watched(window: BrowserContext, url: str) -> tuple[Page, list[str]]:
    """A page, and what went wrong on it so far."""
    faults: list[str] = []
    window.add_init_script(_REPORTS)
    page = window.new_page()
    page.on("console", lambda message: faults.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: faults.append(f"error: {error}"))
    page.on("dialog", lambda dialog: faults.append(f"dialog: {dialog.message}"))

    def look_at(request: Request) -> None:
        if not request.url.startswith(url):
            faults.append(f"foreign: {request.url}")

    page.on("request", look_at)
    return page, faults
