"""Shoots both screens in all their states: `python -m tests.dashboard.shots OUT [NAME …]`."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page, ViewportSize, sync_playwright

from tests.dashboard.fixture_farm import TICKET, FixtureFarm

PHONE: ViewportSize = {"width": 390, "height": 844}
DESK: ViewportSize = {"width": 1440, "height": 900}
GO = "button:has(use[href='#i-boot'])"  # in any language
Do = Callable[[Page, FixtureFarm], None]


@dataclass(frozen=True)
class Shot:
    """One state. before: what the farm does before the page; then: what happens on it."""

    name: str
    scene: str = "morning"
    path: str = "/"
    before: Callable[[FixtureFarm], None] | None = None
    then: Do | None = None
    full: bool = False
    language: str = "en-GB"
    theme: str | None = None


def _tap_go(page: Page, _farm: FixtureFarm) -> None:
    page.locator(GO).first.click()
    page.wait_for_selector(".toast")
    page.mouse.move(0, 0)


def _sheet(page: Page, farm: FixtureFarm) -> None:
    _tap_go(page, farm)
    page.locator("button", has_text="What did you find?").first.click()
    page.wait_for_selector("dialog[open]")
    page.wait_for_timeout(500)


def _lose(page: Page, farm: FixtureFarm) -> None:
    farm.unreachable = True
    farm.drop_sockets()
    page.wait_for_selector("[data-chip=reconnecting]")
    page.wait_for_timeout(2500)


def _offline(page: Page, farm: FixtureFarm) -> None:
    farm.unreachable = True
    page.context.set_offline(True)
    page.wait_for_selector("[data-chip=offline]")
    page.locator(GO).first.click()
    page.wait_for_timeout(5500)


def _gap(page: Page, farm: FixtureFarm) -> None:
    farm.forgets = True
    farm.drop_sockets()
    farm.raise_case(12, "oestrus")
    page.wait_for_selector(".gapnotice")


def _failed(page: Page, farm: FixtureFarm) -> None:
    farm.unreachable = True
    page.locator(GO).first.click()
    page.wait_for_selector(".toast.er")


def _new_waits(page: Page, farm: FixtureFarm) -> None:
    page.locator(".rows").first.dispatch_event("pointerdown")
    farm.raise_case(13, "fever")
    page.wait_for_selector(".waiting")


def _stale(farm: FixtureFarm) -> None:
    farm.reading_age_s = 14 * 60


def _slow(farm: FixtureFarm) -> None:
    farm.answers.clear()


def _open_second(page: Page, _farm: FixtureFarm) -> None:
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.wait_for_timeout(300)


SHOTS = (
    Shot("now"),
    Shot("now-full", full=True),
    Shot("now-second", then=_open_second),
    Shot("busy", scene="busy", full=True),
    Shot("kinds", scene="kinds", full=True),
    Shot("kinds-german", scene="kinds", full=True, language="de-DE"),
    Shot("kinds-farm", scene="farm"),
    Shot("kinds-second", scene="kinds", then=_open_second),
    Shot("kinds-heat", scene="kinds", path="/animals/cow-004", full=True),
    Shot("kinds-ill", scene="kinds", path="/animals/cow-012", full=True),
    Shot("kinds-learning", scene="kinds", path="/animals/cow-021", full=True),
    Shot("quiet", scene="quiet"),
    Shot("empty", scene="empty"),
    Shot("stale", before=_stale),
    Shot("reconnecting", then=_lose),
    Shot("offline", then=_offline),
    Shot("gap", then=_gap),
    Shot("undo", then=_tap_go),
    Shot("outcome", then=_sheet),
    Shot("error", then=_failed),
    Shot("new-waits", then=_new_waits),
    Shot("animal", path="/animals/cow-002", full=True),
    Shot("animal-fever", path="/animals/cow-001", full=True),
    Shot("animal-healthy", path="/animals/cow-020"),
    Shot("animal-silent", path="/animals/cow-006"),
    Shot("german", language="de-DE", full=True),
    Shot("spanish-animal", path="/animals/cow-002", language="es-ES"),
    Shot("sun", theme="sun"),
    Shot("loading", before=_slow),
    Shot("entry", path="/#t=spent"),
)


def shoot(page: Page, shot: Shot, out: Path, name: str) -> None:
    """One picture of one state."""
    with FixtureFarm(shot.scene) as farm:
        if shot.before is not None:
            shot.before(farm)
        page.goto(farm.url + "/assets/icon.svg")
        page.evaluate("localStorage.clear()")
        if shot.theme:
            page.evaluate(f"localStorage.setItem('herdlog.theme', '{shot.theme}')")
        if "#t=" in shot.path:
            page.goto(farm.url + shot.path)
            page.wait_for_selector(".entry h2")
        else:
            page.goto(f"{farm.url}{shot.path}#t={TICKET}")
            if shot.name == "loading":
                page.wait_for_selector("[data-chip=loading]")
            else:
                page.wait_for_selector("[data-chip=live], [data-chip=stale]")
                page.wait_for_timeout(500)
        if shot.then is not None:
            shot.then(page, farm)
        page.screenshot(path=out / f"{name}.png", full_page=shot.full)


def _say(kind: str, text: str) -> None:
    sys.stderr.write(f"{kind}: {text}\n")


def main() -> None:
    """All states, or those whose names are given, on a phone and a desk, light and dark."""
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    wanted = sys.argv[2:]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox"]
        )
        for shot in SHOTS:
            if wanted and shot.name not in wanted:
                continue
            for size, viewport in (("phone", PHONE), ("desk", DESK)):
                for scheme in ("light", "dark"):
                    context = browser.new_context(
                        viewport=viewport,
                        device_scale_factor=2 if size == "phone" else 1,
                        color_scheme=scheme,
                        locale=shot.language,
                    )
                    page = context.new_page()
                    page.on("console", lambda line: _say("console", line.text))
                    page.on("pageerror", lambda error: _say("error", str(error)))
                    shoot(page, shot, out, f"{shot.name}-{size}-{scheme}")
                    context.close()


if __name__ == "__main__":
    main()
