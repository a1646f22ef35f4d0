"""The README's pictures, from a living `herd demo`: `python -m tests.dashboard.demo_shots DIR`.

Takes about five minutes: a new farm with a past of fourteen days, then the stories of its first
two hours. Nothing in the pictures is made for them.
"""

import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).parents[2]
STARTED_WITHIN_S, LIVE_WITHIN_S = 120, 420
STORIES_S = 110  # two hours at sixty times, and the chain behind them
SETTLED_S = 4
URL = re.compile(r"open (http\S+#t=\S+)")


def main(folder: Path) -> None:
    """Run a demo, look at it, and leave three pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="herd-shots-") as scratch:
        told = Path(scratch) / "told"
        arguments = ("--data", f"{scratch}/farm", "--mqtt-port", "0", "--port", "0")
        with told.open("wb") as out:
            demo = subprocess.Popen(
                [sys.executable, "-m", "herd.cli", "demo", *arguments],
                cwd=ROOT,
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        try:
            url = _wait(lambda: URL.search(told.read_text("utf-8")), STARTED_WITHIN_S)[1]
            _wait(lambda: re.search(r"^live", told.read_text("utf-8"), re.MULTILINE), LIVE_WITHIN_S)
            time.sleep(STORIES_S)
            _shoot(url, folder)
        finally:
            demo.terminate()
            demo.wait(60)


def _wait(look: Callable[[], re.Match[str] | None], within_s: float) -> re.Match[str]:
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        found = look()
        if found is not None:
            return found
        time.sleep(0.5)
    raise TimeoutError(f"the demo did not get there within {within_s:g} s")


def _shoot(url: str, folder: Path) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox"]
        )
        phone = _page(browser, url, (390, 844), scale=2, scheme="light")
        phone.screenshot(path=folder / "now-phone.png")
        desk = _page(browser, url, (1440, 900), scale=1, scheme="dark")
        desk.screenshot(path=folder / "now-desk-dark.png")
        light = _page(browser, url, (1440, 900), scale=1, scheme="light")
        rows = light.locator(".row:not(.mini)")
        wanted = rows.filter(has_text="Rumination")
        (wanted if wanted.count() else rows).first.locator("a.hit").click()
        time.sleep(1)
        light.keyboard.press("Enter")
        light.locator(".sig").first.wait_for()
        time.sleep(SETTLED_S)
        light.screenshot(path=folder / "animal-desk.png")
        browser.close()


def _page(browser: Browser, url: str, size: tuple[int, int], *, scale: int, scheme: str) -> Page:
    width, height = size
    context = browser.new_context(
        viewport={"width": width, "height": height},
        device_scale_factor=scale,
        color_scheme="dark" if scheme == "dark" else "light",
        locale="en-GB",
    )
    page = context.new_page()
    page.goto(url)
    page.locator("[data-chip=live]").wait_for()
    time.sleep(SETTLED_S)
    return page


if __name__ == "__main__":
    main(Path(sys.argv[1]))
