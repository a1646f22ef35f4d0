"""A broker dies under thousands of collars: all come back at once, and nothing is lost."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from contracts.ids import CollarId, FarmId, new_id
from contracts.topics import READINGS
from farmbox.box import Addresses, Box
from farmbox.mqtt import HEAP_MB, Mqtt
from firmware_sim.collar import Limits
from tests.conftest import FULL_SIZE
from tests.gateway.surroundings import Broker, Process, mosquitto_with_services
from tests.kafka_reader import events_of
from tests.many_collars import Device, Manners, ManyCollars, Place, peak_memory_mb, registered
from tests.waiting import eventually

COLLARS = 10_000 if FULL_SIZE else 200
BUFFERED = 5  # readings each holds when the broker dies
MANNERS = (
    Manners(Limits(timeout_s=10.0, timeout_max_s=60.0), backoff_max_s=60.0, session_s=3600)
    if FULL_SIZE
    else Manners(Limits(timeout_s=2.0), backoff_max_s=2.0, session_s=3600)
)
BACK_WITHIN_S = 400.0 if FULL_SIZE else 60.0
STORM_HEAP_MB = 2048  # of Artemis for ten thousand; with 1024 it does nothing but collect garbage
GATEWAY_MB_MAX = 250  # measured: ten thousand collars cost it little over an empty one

pytestmark = pytest.mark.timeout(1200)


@dataclass(frozen=True)
class Victim:
    """A broker that can be killed; is_back: started again, and lets somebody in."""

    broker: Broker
    crash: Callable[[], None]
    is_back: Callable[[], bool]
    pid: Callable[[], int | None]


@pytest.fixture
def artemis(running_box: Box) -> Iterator[Victim]:
    """The box's own; with more memory at full size."""
    service = running_box.services["mqtt"]
    assert isinstance(service, Mqtt)

    def is_back() -> bool:
        running_box.poll()
        return service.answers()

    victim = Victim(
        Broker.of_box(running_box.addresses), service.crash, is_back, lambda: service.pid
    )
    if FULL_SIZE:
        service.heap_mb = STORM_HEAP_MB
        service.crash()
        eventually(is_back, within_s=60, why="the broker is back, with more memory")
    yield victim
    service.heap_mb = HEAP_MB


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Victim]:
    """One that keeps nothing over a kill: what it had acknowledged is gone, and sent again."""
    process = mosquitto_with_services(tmp_path)
    process.start()

    def is_back() -> bool:
        process.start()
        return True

    yield Victim(Broker.of_mosquitto(process), process.stop, is_back, lambda: process.pid)
    process.stop()


@pytest.fixture(
    params=["artemis", pytest.param("mosquitto", marks=pytest.mark.mosquitto)],
)
def victim(request: pytest.FixtureRequest) -> Victim:
    """Each of both brokers dies once."""
    found: Victim = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def gateway(running_box: Box, victim: Victim, tmp_path: Path) -> Iterator[Process]:
    """One gateway, in a share group of its own."""
    process = Process(
        running_box.addresses,
        tmp_path,
        "HERD_GATEWAY_",
        "gateway",
        broker=victim.broker,
        settings={"MQTT_SHARE_GROUP": "storm"},
    )
    process.start()
    yield process
    process.kill()


def many(box: Addresses, broker: Broker, farm_id: FarmId) -> ManyCollars:
    """So many registered collars of one farm, each with its own credential."""
    names = [CollarId(f"{farm_id}-{number}") for number in range(COLLARS)]
    passwords = registered(box, farm_id, names, broker.users)
    return ManyCollars(
        [
            Device(farm_id, name, passwords[name], MANNERS, seed=number)
            for number, name in enumerate(names)
        ],
        Place(broker.host, broker.port),
    )


def test_all_collars_reconnect_at_once_and_none_loses_a_reading(
    box: Addresses, victim: Victim, gateway: Process
) -> None:
    """A power cut on the farm's server: the broker is back before the collars have given up."""
    farm_id = FarmId(f"storm-{new_id()[:8]}")
    with many(box, victim.broker, farm_id) as collars:
        collars.measure(1)
        eventually(lambda: collars.buffered() == 0, within_s=BACK_WITHIN_S, why="a first answer")
        before_mb = peak_memory_mb(gateway.pid), peak_memory_mb(victim.pid())

        collars.measure(BUFFERED)
        victim.crash()
        collars.measure(1)  # they go on measuring
        eventually(victim.is_back, within_s=60, why="the broker is back")
        back_s = time.monotonic()
        eventually(lambda: collars.buffered() == 0, within_s=BACK_WITHIN_S, why="all answered")

        last_s = max(at_s for device in collars.devices for at_s, _ in device.answered)
        after_mb = peak_memory_mb(gateway.pid), peak_memory_mb(victim.pid())
        produced = collars.event_ids()
    in_the_log = [event.event_id for event in events_of(box, READINGS, farm_id)]
    print(  # noqa: T201  a figure to be read
        f"{victim.broker.name}, {COLLARS} collars: last answer {last_s - back_s:.1f} s after the "
        f"broker was back; {len(produced)} readings, {len(in_the_log) - len(produced)} repeats; "
        f"peaks: gateway {before_mb[0]} → {after_mb[0]} MB, broker {before_mb[1]} → "
        f"{after_mb[1]} MB"
    )

    assert set(in_the_log) == produced
    assert len(produced) == COLLARS * (BUFFERED + 2)
    assert after_mb[0] <= GATEWAY_MB_MAX
