"""The screens on a living farm: real collars, real servers, Debian's Chromium on a phone's screen.

What a farmer sees of the whole chain: a case appears while he looks, is taken, given back, judged;
the page survives sleep and a dead API; a collar that is not ours is heard.
"""

import json
import re
import shlex
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect, sync_playwright

from contracts.ids import AnimalId, FarmId
from firmware_sim.herd import Herd
from herd.commands import add_collar, import_file
from herd.door import Door
from herd.simulated import a_farm_id, herd_on, register_animals
from tests.flows.conftest import WatchedFarm

pytestmark = [
    pytest.mark.chromium,
    # playwright's own loop leaves its sockets to the garbage collector
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

ANIMALS, READINGS_PER_S = 8, 8.0
PATIENCE_MS = 45_000  # the whole chain on two cores, a browser beside it
GO, FOUND = "I\u2019ll go", re.compile(r"Found\?|What did you find")  # on a row, on the card


class Barn:
    """A simulated herd on a running farm, and a phone that has come in."""

    def __init__(self, watched: WatchedFarm, farm_id: FarmId, herd: Herd, page: Page) -> None:
        self.watched, self.farm_id, self.herd, self.page = watched, farm_id, herd, page
        self.complaints: list[str] = []

    def fall_ill(self, number: int) -> Locator:
        """Let the n-th animal run a fever; the row that her case will have."""
        animal_id = AnimalId(f"{self.farm_id}-{number:03}")
        self.herd.make_feverish(animal_id)
        return self.row_of(animal_id)

    def row_of(self, animal_id: str) -> Locator:
        """The row of an animal's case, in the list or on the first card."""
        hers = f":has(a[href='/animals/{animal_id}'])"
        return self.page.locator(f".row:not(.mini){hers}, .casecard{hers}")

    def sees(self, row: Locator, why: str) -> None:
        """Wait until a row is there, with the farm watched over meanwhile."""
        self.watched.eventually(lambda: row.count() > 0, within_s=60, why=why)


@pytest.fixture
def barn(watched_farm: WatchedFarm) -> Iterator[Barn]:
    """A farm of the test's own among those of the run, open on a phone."""
    farm, farm_id = watched_farm.farm, a_farm_id("barn")
    worn = register_animals(farm.file, farm_id, ANIMALS)
    herd = herd_on(farm.file, worn, readings_per_s=READINGS_PER_S, ledger=None)
    herd.start()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox"]
        )
        context = browser.new_context(
            viewport={"width": 390, "height": 844}, locale="en-GB", reduced_motion="reduce"
        )
        context.add_init_script(f"localStorage.setItem('herdlog.farm', '{farm_id}')")
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        found = Barn(watched_farm, farm_id, herd, page)
        page.on("console", lambda line: found.complaints.append(f"{line.type}: {line.text}"))
        page.on("pageerror", lambda error: found.complaints.append(str(error)))
        watched_farm.eventually(lambda: herd.counts().acknowledged > 0, why="collars are heard")
        page.goto(Door(farm.file.url, farm.owner_token).open())
        page.locator("[data-chip=live]").wait_for()
        yield found
        browser.close()
    herd.stop()


def test_a_case_appears_is_taken_given_back_and_judged(barn: Barn) -> None:
    """The farmer's whole way through one case, without ever loading the page again."""
    row = barn.fall_ill(1)
    barn.sees(row, "her case is on the board")

    row.get_by_role("button", name=GO).click()
    expect(row).to_contain_text("You go")
    barn.page.get_by_role("button", name="Undo").click()
    expect(row.get_by_role("button", name=GO)).to_be_visible()
    row.get_by_role("button", name=GO).click()
    row.get_by_role("button", name=FOUND).click()
    barn.page.get_by_role("button", name="It was right").click()

    expect(row).to_have_count(0)
    expect(barn.page.locator(".row.mini")).to_have_count(1)  # done today
    assert [line for line in barn.complaints if line.startswith("error")] == []


def test_a_tab_that_slept_knows_all_that_happened(barn: Barn) -> None:
    """A phone in a pocket: frozen and without a network, then back without a gap."""
    first = barn.fall_ill(2)
    barn.sees(first, "the first case")

    sleep = barn.page.context.new_cdp_session(barn.page)
    barn.page.context.set_offline(offline=True)
    sleep.send("Page.setWebLifecycleState", {"state": "frozen"})
    rows = [barn.fall_ill(number) for number in (3, 4)]
    raised = barn.herd.counts().acknowledged + 5 * ANIMALS
    barn.watched.eventually(lambda: barn.herd.counts().acknowledged > raised, why="time passes")
    sleep.send("Page.setWebLifecycleState", {"state": "active"})
    barn.page.context.set_offline(offline=False)

    for row in rows:
        barn.sees(row, "what happened while it slept")
    expect(first).to_have_count(1)


def test_the_page_outlives_the_api(barn: Barn) -> None:
    """The API is killed: the picture stays, the chip says so, the next case comes by itself."""
    before = barn.fall_ill(5)
    barn.sees(before, "the case before")
    service = barn.watched.farm.own["api"].service

    service.crash()
    chip = barn.page.locator("[data-chip=live]")
    barn.page.locator("[data-chip=reconnecting], [data-chip=offline]").first.wait_for()
    expect(before).to_have_count(1)
    barn.watched.eventually(lambda: chip.count() > 0, within_s=90, why="the page is live again")

    after = barn.fall_ill(6)
    barn.sees(after, "the case after")


@pytest.mark.mosquitto
def test_a_collar_that_is_not_ours_is_seen_on_the_screen(barn: Barn, tmp_path: Path) -> None:
    """A new animal, a new credential, a hand-made upload by mosquitto_pub: her case appears."""
    data, animal_id = barn.watched.farm.data, f"bella-{barn.farm_id}"
    listed, upload = tmp_path / "herd.csv", tmp_path / "reading.json"
    listed.write_text(
        "external_id,animal_id,name,group,collar_id,worn_from\n"
        f"NL 999 {barn.farm_id},{animal_id},Bella,barn-2,c-{barn.farm_id},2026-01-01T00:00:00Z\n"
    )
    import_file(data, listed, barn.farm_id, dry_run=False)
    added = add_collar(data, barn.farm_id, f"c-{barn.farm_id}")
    now = datetime.now(UTC)
    readings = [
        {
            "seq": seq,
            "time": (now - timedelta(minutes=15 - 5 * seq)).isoformat(),
            "interval_s": 300,
            "temperature_c": 41.0,
            "temperature_site": "rumen",
        }
        for seq in (1, 2, 3)
    ]
    upload.write_text(json.dumps({"boot_id": 1, "sent_at": now.isoformat(), "readings": readings}))

    command = shlex.split(added["mosquitto_pub"])
    subprocess.run([*command[:-1], str(upload)], check=True, timeout=20)

    row = barn.row_of(animal_id)
    barn.sees(row, "the new animal's case")
    expect(row).to_contain_text("Bella")
