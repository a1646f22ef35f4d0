"""A herd: all its readings are in the ledger before they are sent, and freed when answered."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from contracts.clock import SystemClock
from contracts.ids import AnimalId, CollarId
from firmware_sim.collar import Limits
from firmware_sim.herd import Heard, Herd, Sent, Worn
from firmware_sim.ledger import ACKNOWLEDGED, PRODUCED, Ledger, read_ledger
from tests.builders import FARM
from tests.waiting import eventually


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
        worn = [
            Worn(
                farm_id=FARM,
                animal_id=AnimalId(f"nl-{number}"),
                collar_id=CollarId(f"c-{number}"),
                user=f"c-{number}",
                password="",
            )
            for number in (1, 2, 3)
        ]
        self.herd = Herd(
            worn,
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
