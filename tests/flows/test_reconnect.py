"""A broker dies under thousands of collars: all come back at once, and nothing is lost."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.ids import CollarId, FarmId, new_id
from contracts.topics import READINGS
from farmbox.box import Box
from firmware_sim.collar import Limits
from tests.conftest import FULL_SIZE
from tests.gateway.surroundings import Process
from tests.kafka_reader import events_of
from tests.many_collars import Device, ManyCollars, Place, peak_memory_mb, registered
from tests.waiting import eventually

COLLARS = 10_000 if FULL_SIZE else 200
BUFFERED = 5  # readings each holds when the broker dies
PATIENCE = Limits(timeout_s=10.0, timeout_max_s=60.0) if FULL_SIZE else Limits(timeout_s=2.0)
BACKOFF_MAX_S = 20.0 if FULL_SIZE else 2.0
BACK_WITHIN_S = 300.0 if FULL_SIZE else 60.0
GATEWAY_MB_MAX = 200  # measured: 10,000 collars cost it 20 MB over an empty one

pytestmark = pytest.mark.timeout(900)


@pytest.fixture
def gateway(running_box: Box, tmp_path: Path) -> Iterator[Process]:
    """One gateway, in a share group of its own."""
    settings = {"MQTT_SHARE_GROUP": "storm"}
    process = Process(
        running_box.addresses, tmp_path, "HERD_GATEWAY_", "gateway", settings=settings
    )
    process.start()
    yield process
    process.kill()


def many(box: Box, farm_id: FarmId) -> ManyCollars:
    """So many registered collars of one farm, each with its own credential."""
    names = [CollarId(f"{farm_id}-{number}") for number in range(COLLARS)]
    passwords = registered(box.addresses, farm_id, names)
    return ManyCollars(
        [
            Device(
                farm_id,
                name,
                passwords[name],
                limits=PATIENCE,
                seed=number,
                backoff_max_s=BACKOFF_MAX_S,
            )
            for number, name in enumerate(names)
        ],
        Place(box.addresses.mqtt_host, box.addresses.mqtt_port),
    )


def test_all_collars_reconnect_at_once_and_none_loses_a_reading(
    running_box: Box, gateway: Process
) -> None:
    """A power cut on the farm's server: the broker is back before the collars have given up."""
    farm_id, broker = FarmId(f"storm-{new_id()[:8]}"), running_box.services["mqtt"]
    with many(running_box, farm_id) as collars:
        collars.measure(1)
        eventually(lambda: collars.buffered() == 0, within_s=BACK_WITHIN_S, why="a first answer")
        before = peak_memory_mb(gateway.pid), peak_memory_mb(broker.pid)

        collars.measure(BUFFERED)
        broker.crash()
        collars.measure(1)  # they go on measuring
        back = eventually(lambda: _back(running_box), within_s=60, why="the broker is back")
        eventually(lambda: collars.buffered() == 0, within_s=BACK_WITHIN_S, why="all answered")

        last = max(at_s for device in collars.devices for at_s, _ in device.answered)
        after = peak_memory_mb(gateway.pid), peak_memory_mb(broker.pid)
        produced = collars.event_ids()
    in_the_log = [event.event_id for event in events_of(running_box.addresses, READINGS, farm_id)]
    print(  # noqa: T201  a figure to be read
        f"{COLLARS} collars: last answer {last - back:.1f} s after the broker was back; "
        f"{len(produced)} readings, {len(in_the_log) - len(produced)} repeats; "
        f"gateway {before[0]} → {after[0]} MB, broker {before[1]} → {after[1]} MB (peaks)"
    )

    assert set(in_the_log) == produced
    assert len(produced) == COLLARS * (BUFFERED + 2)
    assert after[0] <= GATEWAY_MB_MAX


def _back(box: Box) -> float | None:
    box.poll()
    return time.monotonic() if box.services["mqtt"].answers() else None
