"""A herd: all its readings are in the ledger before they are sent, and freed when answered."""

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from contracts.clock import FakeClock, SystemClock
from contracts.ids import AnimalId, CollarId
from firmware_sim.collar import Limits
from firmware_sim.conditions import Course, Silence
from firmware_sim.herd import Heard, Herd, HerdStoppedError, Sent, Worn
from firmware_sim.ledger import ACKNOWLEDGED, PRODUCED, Ledger, NoLedger, read_ledger
from tests.builders import FARM, MORNING
from tests.waiting import eventually

WORN = [
    Worn(
        farm_id=FARM,
        animal_id=AnimalId(f"nl-{number}"),
        collar_id=CollarId(f"c-{number}"),
        user=f"c-{number}",
        password="",
    )
    for number in (1, 2, 3)
]
HOUR = timedelta(hours=1)


class MemorySessions:
    """A gateway in memory: keeps uploads, and answers them while it is told to."""

    def __init__(self) -> None:
        self.uploads: list[tuple[CollarId, dict[str, Any]]] = []
        self.answers = True
        self.closed = False
        self._heard: list[Heard] = []
        self._nothing = threading.Event()

    def turn(self, wait_s: float) -> list[Heard]:
        """What was answered since the last turn."""
        self._nothing.wait(min(wait_s, 0.005))
        heard, self._heard = self._heard, []
        return heard

    def publish(self, collar_id: CollarId, payload: bytes) -> bool:
        """Keep an upload, answer it if the test wants that."""
        upload = msgspec.json.decode(payload)
        self.uploads.append((collar_id, upload))
        if self.answers:
            seq = upload["readings"][-1]["seq"]
            self._heard.append(Heard(collar_id, upload["boot_id"], seq))
        return True

    def close(self) -> None:
        """Note it."""
        self.closed = True


class Farm:
    """A herd of three over a gateway in memory."""

    def __init__(self, directory: Path) -> None:
        self.sessions = MemorySessions()
        self.path = directory / "ledger.csv"
        self.sent: list[Sent] = []
        self.unledgered: list[Sent] = []
        self.herd = Herd(
            WORN,
            self.sessions,
            SystemClock(),
            Ledger(self.path),
            readings_per_s=300.0,
            boot_id=7,
            limits=Limits(timeout_s=0.05, timeout_max_s=0.1),
            on_sent=self._on_sent,
        )

    def _on_sent(self, sent: Sent) -> None:
        self.sent.append(sent)
        if sent.reading.event_id not in self.path.read_text("utf-8"):
            self.unledgered.append(sent)

    def wait_for(self, produced: int) -> None:
        """Wait until the herd has taken this many readings."""
        eventually(lambda: self.herd.counts().produced >= produced, why=f"{produced} readings")


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[Farm]:
    """A herd that runs, and is stopped whatever happens."""
    one = Farm(tmp_path)
    one.herd.start()
    yield one
    one.herd.stop()
    assert one.sessions.closed


def test_every_reading_is_in_the_ledger_before_it_is_sent(farm: Farm) -> None:
    """A reading that the log has and the ledger not would look like one invented."""
    farm.wait_for(60)

    assert farm.unledgered == []
    assert {sent.worn.collar_id for sent in farm.sent} == {"c-1", "c-2", "c-3"}


def test_what_is_answered_is_acknowledged_in_the_ledger_and_freed(farm: Farm) -> None:
    """Lost = produced and acknowledged, but not counted: both must be known for sure."""
    farm.wait_for(30)
    farm.herd.pause()
    eventually(lambda: farm.herd.counts().buffered == 0, why="answers")

    entries = read_ledger(farm.path)
    produced = {entry.event_id for entry in entries if entry.what == PRODUCED}
    acknowledged = {entry.event_id for entry in entries if entry.what == ACKNOWLEDGED}
    counts = farm.herd.counts()

    assert produced == acknowledged
    assert counts.produced == counts.acknowledged == len(produced)


def test_without_answers_everything_stays_and_goes_out_again(farm: Farm) -> None:
    """A dead gateway costs nothing as long as the buffer holds."""
    farm.sessions.answers = False
    farm.wait_for(30)
    farm.herd.pause()
    before = farm.herd.counts()
    assert before.buffered > 0

    farm.sessions.answers = True

    eventually(lambda: farm.herd.counts().buffered == 0, why="answers after the outage")
    assert farm.herd.counts().acknowledged == farm.herd.counts().produced
    assert any(not sent.first_time for sent in farm.sent)


def test_a_fever_reaches_the_next_readings_of_that_animal_alone(farm: Farm) -> None:
    """The demo and the chaos test make one animal ill and wait for one alert."""
    onset = farm.herd.make_feverish(AnimalId("nl-2"))
    farm.wait_for(farm.herd.counts().produced + 30)

    hot = {
        (sent.worn.animal_id, sent.reading.measures.temperature_c > 39.9)
        for sent in list(farm.sent)
        if sent.reading.time > onset
    }

    assert hot == {("nl-1", False), ("nl-2", True), ("nl-3", False)}

    farm.herd.make_well(AnimalId("nl-2"))
    well_from = len(farm.sent)
    eventually(lambda: len(farm.sent) > well_from + 30, why="readings after the fever")

    assert farm.sent[-1].reading.measures.temperature_c < 39.9


class PastFarm:
    """The same herd on its grid of a farm's time that stands still, since the morning."""

    def __init__(self, course: Course | None = None, since: datetime = MORNING) -> None:
        self.sessions = MemorySessions()
        self.clock = FakeClock(since)
        self.herd = Herd(
            WORN,
            self.sessions,
            self.clock,
            NoLedger(),
            since=since,
            course=course,
            limits=Limits(upload_readings_max=500, timeout_s=0.05, timeout_max_s=0.1),
        )

    def received(self) -> set[tuple[CollarId, int]]:
        """Collar and seq of everything that arrived, however often."""
        return {
            (collar_id, reading["seq"])
            for collar_id, upload in list(self.sessions.uploads)
            for reading in upload["readings"]
        }


@pytest.fixture
def past() -> Iterator[PastFarm]:
    """A herd whose history is to be laid."""
    one = PastFarm()
    yield one
    one.herd.stop()


def test_when_a_step_of_history_is_laid_all_of_it_is_answered(past: PastFarm) -> None:
    """Only then may the farm's time move on: a reading behind it would be late."""
    past.herd.lay(MORNING + 6 * HOUR)
    first = len(past.received())
    past.herd.lay(MORNING + 12 * HOUR)

    counts = past.herd.counts()
    assert first == 3 * 72
    assert counts.produced == counts.acknowledged == len(past.received()) == 3 * 144
    assert {upload["boot_id"] for _, upload in past.sessions.uploads} == {1}


def test_history_is_sent_now(past: PastFarm) -> None:
    """The gateway takes an upload that was sent a day ago for a broken clock's."""
    before = datetime.now(MORNING.tzinfo)

    past.herd.lay(MORNING + HOUR)

    sent_at = datetime.fromisoformat(past.sessions.uploads[0][1]["sent_at"])
    assert before <= sent_at <= datetime.now(MORNING.tzinfo)


def test_a_step_that_nobody_answers_is_not_laid(past: PastFarm) -> None:
    """Neither by waiting long enough nor by stopping: the farm's time must stay where it is."""
    past.sessions.answers = False

    with pytest.raises(TimeoutError):
        past.herd.lay(MORNING + HOUR, within_s=0.1)

    past.herd.stop()
    with pytest.raises(HerdStoppedError):
        past.herd.lay(MORNING + 2 * HOUR)


def test_after_its_history_a_herd_follows_the_farms_clock(past: PastFarm) -> None:
    """At any speed; what lies between the end of the history and now comes at once."""
    past.herd.lay(MORNING + 6 * HOUR)
    past.clock.advance(7 * HOUR)
    past.herd.follow_clock()
    eventually(lambda: past.herd.counts().acknowledged == 3 * 84, why="the hour between")

    past.clock.advance(timedelta(minutes=5))

    eventually(lambda: past.herd.counts().acknowledged == 3 * 85, why="five minutes more")


def test_a_herd_that_begins_again_sends_the_same_events() -> None:
    """After kill -9 nobody knows what was sent: all of it again must count once."""
    first, second = PastFarm(), PastFarm()
    for farm in (first, second):
        farm.herd.lay(MORNING + 3 * HOUR)
        farm.herd.stop()

    def told(farm: PastFarm) -> list[dict[str, Any]]:
        return [
            reading | {"collar": collar_id}
            for collar_id, upload in sorted(farm.sessions.uploads, key=lambda one: one[0])
            for reading in upload["readings"]
        ]

    assert told(first) == told(second)


def test_a_silent_collar_says_nothing_and_then_everything() -> None:
    """Nobody waits for it; its readings come late, not never."""
    silence = Silence(begins_at=MORNING + HOUR, ends_at=MORNING + 8 * HOUR)
    farm = PastFarm(Course({WORN[0].animal_id: (silence,)}))

    farm.herd.lay(MORNING + 6 * HOUR)
    heard_before = sum(collar == "c-1" for collar, _ in farm.received())
    farm.herd.lay(MORNING + 12 * HOUR)
    heard_after = sum(collar == "c-1" for collar, _ in farm.received())
    farm.herd.stop()

    assert heard_before == 0
    assert heard_after == 144


def test_a_herd_measures_so_often_or_on_its_grid_and_not_both() -> None:
    """Two rhythms on one collar would use the same seqs for different readings."""
    with pytest.raises(ValueError, match="either"):
        Herd(WORN, MemorySessions(), SystemClock(), NoLedger())
    with pytest.raises(ValueError, match="either"):
        Herd(WORN, MemorySessions(), SystemClock(), NoLedger(), readings_per_s=1.0, since=MORNING)
    often = Herd(WORN, MemorySessions(), SystemClock(), NoLedger(), readings_per_s=1.0)
    with pytest.raises(ValueError, match="no grid"):
        often.lay(MORNING)
