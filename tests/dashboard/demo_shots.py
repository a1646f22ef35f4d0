"""The README's pictures, from a living `herd demo`: `python -m tests.dashboard.demo_shots DIR`.

Takes about five minutes: a new farm with a past of fourteen days, then the stories of its first
two hours. Nothing in the pictures is made for them.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.waiting import eventually

ROOT = Path(__file__).parents[2]
STARTED_WITHIN_S, LIVE_WITHIN_S = 120, 420
STORIES_MS = 110_000  # two hours at sixty times, and the chain behind them
SETTLED_MS = 4000
URL, LIVE = re.compile(r"open (http\S+#t=\S+)"), re.compile(r"^live", re.MULTILINE)


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
            found = eventually(
                lambda: URL.search(told.read_text("utf-8")),
                within_s=STARTED_WITHIN_S,
                why="the demo's URL",
            )
            eventually(
                lambda: LIVE.search(told.read_text("utf-8")),
                within_s=LIVE_WITHIN_S,
                why="the past is laid",
            )
            _shoot(found[1], folder)
        finally:
            demo.terminate()
            demo.wait(60)


def _shoot(url: str, folder: Path) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox"]
        )
        phone = _page(browser, url, (390, 844), scale=2, scheme="light")
        phone.wait_for_timeout(STORIES_MS)
        phone.screenshot(path=folder / "now-phone.png")
        desk = _page(browser, url, (1440, 900), scale=1, scheme="dark")
        desk.screenshot(path=folder / "now-desk-dark.png")
        light = _page(browser, url, (1440, 900), scale=1, scheme="light")
        rows = light.locator(".row:not(.mini)")
        wanted = rows.filter(has_text="Rumination")
        hit = (wanted if wanted.count() else rows).first.locator("a.hit")
        light.goto(url.split("/#", maxsplit=1)[0] + str(hit.get_attribute("href")))
        light.locator(".sig").first.wait_for()
        light.wait_for_timeout(SETTLED_MS)
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
    page.wait_for_timeout(SETTLED_MS)
    return page


if __name__ == "__main__":
    main(Path(sys.argv[1]))
