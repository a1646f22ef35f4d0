"""The screens in a real browser, on a small farm computer of the tests' own."""

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Locator, Page, ViewportSize, expect

from contracts.clock import iso
from tests.dashboard.conftest import come_in
from tests.dashboard.fixture_farm import FixtureFarm

pytestmark = [
    pytest.mark.chromium,
    # playwright's own loop leaves its sockets to the garbage collector
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

AXE = Path(__file__).parents[2] / "api" / "dashboard" / "node_modules" / "axe-core" / "axe.min.js"
PHONE: ViewportSize = {"width": 390, "height": 844}
DESK: ViewportSize = {"width": 1440, "height": 900}
FRIEDA, OLGA = "alert-000-down", "alert-001-fever"


def _row(page: Page, alert_id: str) -> Locator:
    return page.locator(f".row[data-alert={alert_id}]")


def _orders(farm: FixtureFarm) -> list[str]:
    return [f"{verb} {alert_id}" for verb, alert_id, _ in farm.orders]


def test_a_new_case_appears_without_a_reload(page: Page, farm: FixtureFarm) -> None:
    """Whoever watches the board sees what happens in the barn."""
    alert_id = farm.raise_case(12, "fever")

    expect(_row(page, alert_id)).to_contain_text("Gerda")
    expect(_row(page, alert_id)).to_contain_text("NEW")


def test_a_tap_is_taken_back_taken_again_and_judged(page: Page, farm: FixtureFarm) -> None:
    """From "I'll go" to what was found, with a way back and no question before."""
    row = _row(page, OLGA)
    row.get_by_role("button", name="I\u2019ll go").click()
    expect(row).to_contain_text("You go")
    page.get_by_role("button", name="Undo").click()
    expect(row.get_by_role("button", name="I\u2019ll go")).to_be_visible()
    row.get_by_role("button", name="I\u2019ll go").click()
    row.get_by_role("button", name="Found?").click()
    page.get_by_label("Note").fill("left udder warm")
    page.get_by_role("button", name="It was right").click()

    expect(row).to_have_count(0)
    expect(page.locator(".row.mini", has_text="Olga")).to_contain_text("was right. You")
    verbs = ("acknowledge", "release", "acknowledge", "close")
    assert _orders(farm) == [f"{verb} {OLGA}" for verb in verbs]
    assert farm.alerts[OLGA]["note"] == "left udder warm"


def test_what_others_do_is_seen_at_once(page: Page, farm: FixtureFarm) -> None:
    """Two people, one cow: the second sees that the first goes."""
    farm.amend(
        OLGA,
        "alert.acknowledged.v1",
        status="acknowledged",
        acknowledged_by="user:jonas",
        acknowledged_at="2026-11-24T05:00:00Z",
    )

    expect(_row(page, OLGA)).to_contain_text("Jonas goes")


def test_a_lost_socket_comes_back_without_a_gap(page: Page, farm: FixtureFarm) -> None:
    """The picture stays, the chip speaks, and nothing is missing after."""
    farm.unreachable = True
    farm.drop_sockets()
    expect(page.locator("[data-chip=reconnecting]")).to_be_visible()
    expect(_row(page, OLGA)).to_be_visible()
    farm.unreachable = False

    expect(page.locator("[data-chip=live]")).to_be_visible()
    alert_id = farm.raise_case(14, "oestrus")
    expect(_row(page, alert_id)).to_be_visible()


def test_a_record_that_cannot_be_continued_says_what_changed(page: Page, farm: FixtureFarm) -> None:
    """A screen that was built anew must not pretend that it knew all along."""
    farm.forgets = True
    farm.unreachable = True
    farm.raise_case_untold(12, "oestrus")
    farm.drop_sockets()
    expect(page.locator("[data-chip=reconnecting] .age")).to_have_text(re.compile("[1-9]"))
    farm.unreachable = False

    notice = page.locator(".gapnotice")
    expect(notice).to_contain_text("You were away")
    expect(notice).to_contain_text("New: Gerda")
    notice.get_by_role("button", name="Understood").click()
    expect(notice).to_have_count(0)


def test_a_case_is_not_lost_when_the_board_cannot_be_loaded(page: Page, farm: FixtureFarm) -> None:
    """It was told once, and no resume tells it again: the board is asked for until it comes."""
    farm.away.add("board")
    alert_id = farm.raise_case(12, "fever")
    page.wait_for_timeout(1_000)  # the first load has failed by now
    farm.away.clear()

    expect(_row(page, alert_id)).to_be_visible()


def test_a_gap_is_told_once_the_board_can_be_loaded(page: Page, farm: FixtureFarm) -> None:
    """What changed is said even if the farm computer was still busy when the socket came back."""
    farm.forgets = True
    farm.away.add("board")
    farm.raise_case_untold(12, "oestrus")
    farm.drop_sockets()
    page.wait_for_timeout(1_500)  # connected again, and the first load has failed
    farm.away.clear()

    expect(page.locator(".gapnotice")).to_contain_text("New: Gerda")


def test_a_loss_counts_from_the_last_word(page: Page, farm: FixtureFarm) -> None:
    """A dead socket is noticed late: the picture is as old as what was heard last."""
    farm.beat()
    page.wait_for_timeout(3_000)
    page.context.set_offline(offline=True)

    age = page.locator("[data-chip=offline] .age")
    expect(age).to_be_visible()
    assert int(age.inner_text().split()[0]) >= 2  # the clock on the screen lags by up to 1 s


def test_a_tap_without_a_network_is_kept_and_sent_once(page: Page, farm: FixtureFarm) -> None:
    """Dead spot behind the silo: the answer is kept with its time, and goes out by itself."""
    page.context.set_offline(offline=True)
    _row(page, OLGA).get_by_role("button", name="I\u2019ll go").click()
    expect(_row(page, OLGA)).to_contain_text("will be sent")
    expect(page.locator(".budget")).to_contain_text("1 answer waits on this device")
    assert farm.orders == []
    page.context.set_offline(offline=False)

    expect(_row(page, OLGA)).to_contain_text("You go")
    expect(page.locator(".budget")).not_to_contain_text("waits")
    assert _orders(farm) == [f"acknowledge {OLGA}"]
    assert farm.orders[0][2]


def test_a_refused_tap_says_why_until_it_is_read(page: Page, farm: FixtureFarm) -> None:
    """Somebody was faster: the screen shows what is, and says what did not happen."""
    farm.refuses = True
    _row(page, OLGA).get_by_role("button", name="I\u2019ll go").click()

    failure = page.locator(".toast.er")
    expect(failure).to_contain_text("Olga: not done. The alert is closed.")
    expect(_row(page, OLGA).get_by_role("button", name="I\u2019ll go")).to_be_visible()
    failure.get_by_role("button", name="Understood").click()
    expect(failure).to_have_count(0)


def test_the_note_of_a_refused_judgement_is_not_lost(page: Page, farm: FixtureFarm) -> None:
    """What was typed in the barn can be read, and told to whoever was faster."""
    with page.expect_response("**/acknowledge"):  # the farm has taken it before it refuses
        _row(page, OLGA).get_by_role("button", name="I\u2019ll go").click()
    farm.refuses = True
    _row(page, OLGA).get_by_role("button", name="Found?").click()
    page.get_by_label("Note").fill("left udder warm")
    page.get_by_role("button", name="It was right").click()

    expect(page.locator(".toast.er")).to_contain_text("Your note: \u201cleft udder warm\u201d")


def test_no_row_moves_under_a_finger(page: Page, farm: FixtureFarm) -> None:
    """A new case waits while the list is touched, and enters when it is let in."""
    _row(page, OLGA).dispatch_event("pointerdown")
    alert_id = farm.raise_case(13, "fever")
    waiting = page.get_by_role("button", name="1 new case")
    expect(waiting).to_be_visible()
    assert _row(page, alert_id).count() == 0
    waiting.click()

    expect(_row(page, alert_id)).to_be_visible()


def test_old_readings_make_the_screen_stale(page: Page, farm: FixtureFarm) -> None:
    """An open socket is no proof that anybody is heard."""
    farm.reading_age_s = 14 * 60
    farm.beat()

    expect(page.locator("[data-chip=stale]")).to_contain_text("14 min")
    expect(page.locator(".notice.hatched")).to_contain_text("Nothing new since")


def test_the_age_of_the_newest_reading_counts_on(page: Page) -> None:
    """The number beside "Live" is an age, not a decoration."""
    first = page.locator("[data-chip=live] .age").inner_text()

    expect(page.locator("[data-chip=live] .age")).not_to_have_text(first)


def test_a_spent_ticket_says_how_to_come_in(page: Page, farm: FixtureFarm) -> None:
    """Nobody is left before an empty screen."""
    page.evaluate("localStorage.clear()")
    page.goto("about:blank")
    page.goto(f"{farm.url}/#t=spent")

    expect(page.get_by_role("alert")).to_contain_text("was used already")
    assert "#t=" not in page.url


def test_a_sign_in_that_has_ended_shows_the_way_back(page: Page, farm: FixtureFarm) -> None:
    """A refused token is told, not hidden behind a list that no longer moves."""
    farm.token = "another"
    page.reload()

    expect(page.get_by_role("heading", name="How to come in")).to_be_visible()


def test_a_screen_that_is_opened_again_shows_what_it_knew_until_it_knows_more(
    page: Page, farm: FixtureFarm
) -> None:
    """The farm computer is slow or away: yesterday's board is better than none, if it says so."""
    farm.unreachable = True
    page.reload()
    expect(page.locator(".budget")).to_contain_text("From this device")
    expect(_row(page, OLGA)).to_be_visible()
    farm.unreachable = False

    expect(page.locator("[data-chip=live]")).to_be_visible()
    expect(page.locator(".budget")).to_contain_text("118 of 120 collars heard")


def test_a_remembered_board_does_not_set_the_clock(page: Page, farm: FixtureFarm) -> None:
    """The moment it was stored is not now: durations would be those of another day."""
    key, told = page.evaluate(
        "Object.entries(localStorage).find(([key]) => key.startsWith('herdlog.board.'))"
    )
    stored = json.loads(told) | {"now": iso(farm.now() + timedelta(days=3))}
    farm.unreachable = True
    page.evaluate("([key, text]) => localStorage.setItem(key, text)", [key, json.dumps(stored)])
    page.reload()

    expect(_row(page, "alert-006-collar-silent")).to_contain_text("Collar silent 7 h")


def test_nobody_is_called_well_while_nobody_can_know(page: Page, farm: FixtureFarm) -> None:
    """Without a connection an empty list is no all-clear; nor is it with collars never heard."""
    farm.alerts.clear()
    come_in(page, farm)
    expect(page.get_by_role("heading", name="Nobody needs you now")).to_be_visible()
    farm.unreachable = True
    farm.drop_sockets()
    expect(page.locator("[data-chip=reconnecting]")).to_be_visible()
    expect(page.locator(".calm")).to_have_count(0)
    farm.unreachable = False
    expect(page.locator(".calm")).to_contain_text("2 animals are not covered")
    farm.reading_age_s, farm.heard = -1.0, 0
    farm.beat()

    expect(page.locator(".calm h2")).to_have_text("No collar has been heard yet.")
    expect(page.locator(".calm")).to_contain_text("120 animals are not covered")


@pytest.mark.parametrize(("store", "named"), [("signals", "curves"), ("events", "history")])
def test_an_animal_is_shown_while_one_store_is_away(
    page: Page, farm: FixtureFarm, store: str, named: str
) -> None:
    """What is known of her is not held back by what is not."""
    farm.away.add(store)
    come_in(page, farm, "/animals/cow-002")

    expect(page.get_by_role("heading", level=1)).to_have_text("Berta")
    expect(page.locator(".lead .notice")).to_contain_text(named)
    expect(page.locator("#why")).to_contain_text("\u221238 %")
    expect(page.locator(".sig")).to_have_count(0 if store == "signals" else 5)


def test_one_animal_opens_with_her_days_and_the_way_back(page: Page) -> None:
    """From the row to seven days and their reasons, and back to the same list."""
    _row(page, "alert-002-rumination-drop").get_by_role("link").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Berta")
    expect(page.locator(".sig")).to_have_count(5)
    expect(page.locator(".sig").first).to_contain_text("Rumination")
    expect(page.locator("#why")).to_contain_text("\u221238 %")
    expect(page.locator(".miss .nodata").first).to_contain_text("not judged")
    page.get_by_text("Show as table").click()
    expect(page.locator(".tbl tbody tr")).to_have_count(24)
    page.get_by_role("button", name="Back").click()
    expect(_row(page, OLGA)).to_be_visible()


def test_a_desk_is_worked_with_the_keyboard(page: Page, farm: FixtureFarm) -> None:
    """Arrows move, G goes, U takes it back, Enter opens."""
    page.set_viewport_size(DESK)
    detail = page.locator(".detail h1")
    expect(detail).to_have_text("Frieda")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(detail).to_have_text("Berta")
    page.keyboard.press("g")
    expect(page.locator(".toast")).to_contain_text("Berta: you are going.")
    page.keyboard.press("u")
    expect(page.locator(".toast")).to_have_count(0)
    page.keyboard.press("Enter")

    expect(page).to_have_url(f"{farm.url}/animals/cow-002")


def test_the_language_is_the_readers(page: Page) -> None:
    """Sentences, dates and decimals change together, and stay changed."""
    page.locator(".lang select").select_option("de")
    expect(page.locator(".counts")).to_contain_text("dringend")
    page.reload()

    expect(page.get_by_role("button", name="Ich gehe").first).to_be_visible()
    assert page.locator("html").get_attribute("lang") == "de"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/now", "/animals/cow-002"])
def test_axe_finds_nothing_serious(
    page: Page,
    farm: FixtureFarm,
    complaints: list[str],
    path: str,
    scheme: Literal["light", "dark"],
) -> None:
    """Readable with a screen reader, by keyboard, and by whoever sees little."""
    page.emulate_media(color_scheme=scheme)
    for size in (PHONE, DESK):
        page.set_viewport_size(size)
        come_in(page, farm, path)
        page.wait_for_selector("main h2")
        page.evaluate(AXE.read_text("utf-8"))
        found = page.evaluate("axe.run({resultTypes: ['violations']})")
        serious = [
            (one["id"], one["nodes"][0]["target"], one["nodes"][0]["failureSummary"])
            for one in found["violations"]
            if one["impact"] in {"serious", "critical"}
        ]
        assert not serious

    assert not complaints


INK_PIXELS = """() => {
  const canvas = document.querySelector('.plotbox canvas');
  const probe = document.body.appendChild(document.createElement('i'));
  probe.style.color = 'var(--ink)';
  const ink = getComputedStyle(probe).color.match(/\\d+/g).map(Number);
  probe.remove();
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  let found = 0;
  for (let at = 0; at < data.length; at += 4)
    if (data[at + 3] === 255 && [0, 1, 2].every((i) => Math.abs(data[at + i] - ink[i]) < 12))
      found += 1;
  return found;
}"""


def test_a_curve_is_drawn_again_in_the_colours_of_the_theme(page: Page, farm: FixtureFarm) -> None:
    """A canvas knows no styles: each change of theme draws it anew, her line always in ink."""
    come_in(page, farm, "/animals/cow-020")
    page.wait_for_selector(".plotbox canvas")
    drawn = []
    for _ in range(4):
        page.locator("button[aria-label^='Display']").click()
        page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done, 50)))")
        drawn.append(page.evaluate(INK_PIXELS))

    assert min(drawn) > 150, drawn  # pixels: a line, no mere dot
