"""Kafka is away under load: memory stays flat, nobody is told anything, all arrives afterwards."""

import asyncio
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from contracts.ids import CollarId, FarmId, new_id
from contracts.topics import READINGS, mqtt_topic
from farmbox.box import Addresses, Box
from firmware_sim.collar import Buffered, Collar, Limits, payload_of
from tests.conftest import FULL_SIZE
from tests.gateway.surroundings import Process
from tests.kafka_reader import events_of
from tests.many_collars import (
    INTERVAL_S,
    MEASURES,
    Device,
    Manners,
    ManyCollars,
    Place,
    peak_memory_mb,
    registered,
)
from tests.mqtt5 import Mqtt5
from tests.waiting import eventually

AWAY_S = 60.0 if FULL_SIZE else 8.0
PATIENT, RECKLESS = 50, 20  # collars that wait for their answers, and such as never listen
BACKLOG = 2000 if FULL_SIZE else 300  # readings of each patient one
UPLOADS = 100 if FULL_SIZE else 25  # of each reckless one, 100 readings each, all at once
A_HUNDRED = 100
MANNERS = Manners(Limits(timeout_s=3.0))
GROWTH_MB_MAX = 120  # 64 MiB wait, 20,000 readings are in Kafka's hands, and Python's own share
IN_FLIGHT_S = 1.0  # what Kafka confirmed before it went may still be told

pytestmark = pytest.mark.timeout(600)


@contextmanager
def stopped(box: Box) -> Iterator[None]:
    """Kafka stands still: connections stay, nothing answers."""
    pid = box.services["kafka"].pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@contextmanager
def killed(box: Box) -> Iterator[None]:
    """Kafka is gone, and started again afterwards."""
    box.services["kafka"].crash()
    yield

    def is_back() -> bool:
        box.poll()
        return box.services["kafka"].answers()

    eventually(is_back, within_s=60, why="Kafka is back")


async def shout(place: Place, topic: str, name: str, password: str, payloads: list[bytes]) -> None:
    """Publish all at once, as mosquitto_pub would; returns when the broker has them."""
    line = await Mqtt5.connect(
        place.host,
        place.port,
        client_id=name,
        user=name,
        password=password,
        heard=lambda *_: None,
    )
    for payload in payloads:
        line.publish(topic, payload)
    async with asyncio.timeout(60):
        await line.acknowledged()
    line.close()


def a_month(collar_id: CollarId) -> list[tuple[Buffered, ...]]:
    """So many uploads of a hundred readings each."""
    collar = Collar(collar_id, boot_id=1, jitter=lambda: 0.5)
    began = datetime.now(UTC) - timedelta(days=5)
    readings = [
        collar.measured(MEASURES, began + timedelta(seconds=INTERVAL_S * place % 400_000), 300)
        for place in range(UPLOADS * A_HUNDRED)
    ]
    return [tuple(readings[at : at + A_HUNDRED]) for at in range(0, len(readings), A_HUNDRED)]


class Load:
    """Collars that wait for their answers and such as never listen, with all that they measured."""

    def __init__(self, box: Addresses, farm_id: FarmId) -> None:
        patient = [CollarId(f"{farm_id}-p{number}") for number in range(PATIENT)]
        reckless = [CollarId(f"{farm_id}-r{number}") for number in range(RECKLESS)]
        self._farm_id = farm_id
        self._passwords = registered(box, farm_id, [*patient, *reckless])
        self._place = Place(box.mqtt_host, box.mqtt_port)
        self._months = {one: a_month(one) for one in reckless}
        self.collars = ManyCollars(
            [Device(farm_id, one, self._passwords[one], MANNERS) for one in patient],
            self._place,
        )

    def shout(self) -> None:
        """The reckless ones send all they have; returns when the MQTT broker has it."""

        async def all_of_them() -> None:
            await asyncio.gather(*(self._shout(*month) for month in self._months.items()))

        asyncio.run(all_of_them())

    async def _shout(self, collar: CollarId, uploads: list[tuple[Buffered, ...]]) -> None:
        topic = mqtt_topic(self._farm_id, collar, "readings")
        payloads = [payload_of(upload, datetime.now(UTC)) for upload in uploads]
        await shout(self._place, topic, collar, self._passwords[collar], payloads)

    def event_ids(self) -> set[str]:
        """Of all that was measured."""
        shouted = {
            reading.event_id
            for uploads in self._months.values()
            for upload in uploads
            for reading in upload
        }
        return shouted | self.collars.event_ids()

    def told_between(self, from_s: float, to_s: float) -> int:
        """How many uploads were answered then."""
        answered = [at_s for device in self.collars.devices for at_s, _ in device.answered]
        return sum(from_s < at_s < to_s for at_s in answered)


@pytest.fixture
def gateway(running_box: Box, tmp_path: Path) -> Iterator[Process]:
    """One gateway, in a share group of its own."""
    settings = {"MQTT_SHARE_GROUP": "away"}
    process = Process(
        running_box.addresses, tmp_path, "HERD_GATEWAY_", "gateway", settings=settings
    )
    process.start()
    yield process
    process.kill()


@pytest.mark.parametrize("away", [stopped, killed] if FULL_SIZE else [stopped])
def test_while_kafka_is_away_memory_is_flat_and_nothing_is_acknowledged(
    running_box: Box, gateway: Process, away: Callable[[Box], AbstractContextManager[None]]
) -> None:
    """The MQTT broker keeps what the gateway does not read, and the collars keep the rest."""
    farm_id = FarmId(f"away-{new_id()[:8]}")
    load = Load(running_box.addresses, farm_id)
    with load.collars as collars:
        collars.measure(1)
        eventually(lambda: collars.buffered() == 0, within_s=60, why="a first answer")
        before_mb = peak_memory_mb(gateway.pid)
        with away(running_box):
            went_s = time.monotonic()
            collars.measure(BACKLOG)
            load.shout()
            eventually(lambda: time.monotonic() > went_s + AWAY_S, within_s=AWAY_S + 5)
            during_mb, came_s = peak_memory_mb(gateway.pid), time.monotonic()
        eventually(lambda: collars.buffered() == 0, within_s=120, why="all is answered")
    produced = load.event_ids()
    in_the_log = eventually(
        lambda: found if produced <= set(found := in_log(running_box, farm_id)) else None,
        within_s=60,
        why="what was shouted is in the log",
    )
    print(  # noqa: T201  a figure to be read
        f"Kafka away {came_s - went_s:.0f} s: {len(produced)} readings, "
        f"{len(in_the_log) - len(produced)} repeats; gateway {before_mb} → {during_mb} MB while it "
        f"was away, {peak_memory_mb(gateway.pid)} MB after"
    )

    assert load.told_between(went_s + IN_FLIGHT_S, came_s) == 0
    assert set(in_the_log) == produced
    assert during_mb - before_mb <= GROWTH_MB_MAX


def in_log(box: Box, farm_id: FarmId) -> Sequence[str]:
    """The readings of a farm, repeats included."""
    return [event.event_id for event in events_of(box.addresses, READINGS, farm_id)]
