"""The examples that a collar maker copies, run as he runs them against a real farm."""

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.ids import CollarId, FarmId, new_id
from contracts.topics import READINGS
from farmbox.box import Addresses
from tests.gateway.surroundings import Broker, Process, register
from tests.kafka_reader import events_of
from tests.waiting import eventually

EXAMPLES = Path(__file__).parents[2] / "docs/examples"


class Collar:
    """A collar of a farm of its own, with its credential."""

    def __init__(self, box: Addresses, broker: Broker, directory: Path) -> None:
        self._box = box
        self.broker = broker
        self.directory = directory
        self.farm_id = FarmId(f"farm-{new_id()[:8]}")
        self.collar_id = CollarId(f"c-{new_id()[:8]}")
        register(box, self.farm_id, [self.collar_id])
        self.password = broker.collar(self.farm_id, self.collar_id)

    def start(self) -> subprocess.Popen[bytes]:
        """The Python example, measuring every second."""
        place = (self.broker.host, str(self.broker.port), self.farm_id, self.collar_id)
        with (self.directory / "collar.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, str(EXAMPLES / "collar.py"), *place, self.password, "1"],
                cwd=self.directory,
                stdout=log,
                stderr=log,
            )

    def kept(self) -> list[int]:
        """The readings on its disk that nobody has answered for."""
        with sqlite3.connect(self.directory / f"{self.collar_id}.db") as kept:
            return [seq for (seq,) in kept.execute("SELECT seq FROM kept ORDER BY seq")]

    def logged(self) -> list[int]:
        """Its readings in the log, repeats and all."""
        return [event.payload.seq for event in events_of(self._box, READINGS, self.farm_id)]


@pytest.fixture
def collar(box: Addresses, broker: Broker, tmp_path: Path) -> Collar:
    """One that the gateways know, at each broker."""
    return Collar(box, broker, tmp_path)


@pytest.fixture
def gateway(box: Addresses, broker: Broker, tmp_path: Path) -> Iterator[Process]:
    """A gateway at that broker."""
    process = Process(box, tmp_path, "HERD_GATEWAY_", "gateway", broker=broker)
    process.start()
    yield process
    process.kill()


def test_the_collar_in_python_loses_nothing_when_all_are_killed(
    collar: Collar, gateway: Process
) -> None:
    """Its readings are on its disk until they are in the log; each of its numbers is there."""
    running = collar.start()
    eventually(lambda: len(set(collar.logged())) >= 2, within_s=30, why="its first readings")

    gateway.kill()
    eventually(lambda: len(collar.kept()) >= 2, within_s=30, why="it keeps what is not answered")
    running.kill()
    running.wait()
    before = collar.kept()
    # what was sent and not answered is on its disk, whatever the broker has acknowledged
    assert set(before) | set(collar.logged()) == set(range(1, before[-1] + 1))
    gateway.start()
    running = collar.start()
    eventually(lambda: set(before) <= set(collar.logged()), within_s=40, why="all of it arrives")
    eventually(lambda: not set(before) & set(collar.kept()), within_s=20, why="and is forgotten")
    running.kill()
    running.wait()

    seqs = set(collar.logged()) | set(collar.kept())
    assert seqs == set(range(1, max(seqs) + 1))
    assert (collar.directory / "collar.log").read_text() == ""  # nothing was refused


def test_the_line_for_the_shell_prints_the_answer(collar: Collar, gateway: Process) -> None:
    """The first thing that a maker tries."""
    environment = os.environ | {
        "HOST": collar.broker.host,
        "PORT": str(collar.broker.port),
        "FARM": collar.farm_id,
        "COLLAR": collar.collar_id,
        "PASSWORD": collar.password,
    }

    def tried() -> str:
        done = subprocess.run(
            ["sh", str(EXAMPLES / "mosquitto_pub.sh")],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout

    # a credential is usable within two seconds; whoever types it in takes longer
    answer = json.loads(eventually(tried, why="an answer"))

    assert answer["seq"] == 0
    assert not gateway.has_ended()
    assert 0 in collar.logged()
