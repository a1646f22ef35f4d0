"""A browser for the screens, and a farm to look at."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.dashboard.fixture_farm import TICKET, FixtureFarm

PATIENCE_MS = 10_000


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, once a file."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox"]
        )
        yield started
        started.close()


@pytest.fixture
def farm() -> Iterator[FixtureFarm]:
    """A farm with a morning's cases."""
    with FixtureFarm() as started:
        yield started


@pytest.fixture
def complaints() -> list[str]:
    """What the page wrote to its console: nothing, unless a test says why."""
    return []


@pytest.fixture
def page(browser: Browser, farm: FixtureFarm, complaints: list[str]) -> Iterator[Page]:
    """A phone that has come in and shows a living board."""
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, locale="en-GB", reduced_motion="reduce"
    )
    opened = context.new_page()
    opened.set_default_timeout(PATIENCE_MS)
    opened.on("console", lambda line: complaints.append(line.text))
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    come_in(opened, farm)
    yield opened
    context.close()


def come_in(page: Page, farm: FixtureFarm, path: str = "/") -> None:
    """Open the address that `herd demo` would print, and wait until the screen lives."""
    page.goto(f"{farm.url}{path}#t={TICKET}")
    page.wait_for_selector("[data-chip=live]")
