"""Twenty collars bring their backlogs; five others are answered as if nobody did."""

from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import quantiles

import msgspec
import pytest

from contracts.clock import iso
from contracts.ids import CollarId, FarmId, new_id
from farmbox.box import Addresses
from firmware_sim.collar import Limits
from gateway.bridge import READINGS_A_TURN, Bounds
from tests.builders import MORNING
from tests.gateway.surroundings import Process
from tests.gateway.test_bridge import Gateway
from tests.many_collars import Device, Manners, ManyCollars, Place, registered
from tests.waiting import eventually

BACKLOGS, LIVE = range(1, 21), range(21, 26)
UPLOADS, READINGS = 3, 500  # of each backlog, here; fifty in the real run
BOUNDS = Bounds(records_in_flight_max=8000)


def an_upload(seqs: range) -> bytes:
    """Of so many readings."""
    readings = [
        {"seq": seq, "time": iso(MORNING), "interval_s": 300, "temperature_c": 38.6} for seq in seqs
    ]
    return msgspec.json.encode({"boot_id": 7, "readings": readings})


class Herd:
    """Collars with one upload in flight each, and a Kafka that confirms so many records a turn."""

    def __init__(self, confirmed_a_turn: int) -> None:
        self.gateway = Gateway(bounds=BOUNDS)
        self.left = dict.fromkeys(BACKLOGS, UPLOADS)
        self.waits: list[int] = []  # turns from each live upload's arrival to its answer
        self.turns = 0
        self._confirmed_a_turn = confirmed_a_turn
        self._seq = dict.fromkeys([*BACKLOGS, *LIVE], 0)
        self._sent_at: dict[int, int] = {}

    def turn(self) -> None:
        """Whoever may send sends; one round of the bridge; answers are heard."""
        for collar in [*LIVE, *BACKLOGS]:
            if collar in self._sent_at or self.left.get(collar) == 0:
                continue
            count = READINGS if collar in self.left else 1
            first = self._seq[collar] + 1
            self._seq[collar] += count
            self._sent_at[collar] = self.turns
            self.gateway.comes(collar, payload=an_upload(range(first, first + count)))
        sink = self.gateway.sink
        sink.confirm(*range(min(self._confirmed_a_turn, len(sink.waiting))))
        self.gateway.bridge.turn()
        self.turns += 1
        for topic, _, _ in self.gateway.source.published:
            self._answered(int(topic.split("/")[3].removeprefix("c-")))
        self.gateway.source.published.clear()

    def _answered(self, collar: int) -> None:
        sent_at = self._sent_at.pop(collar)
        if collar in self.left:
            self.left[collar] -= 1
        else:
            self.waits.append(self.turns - sent_at)

    def drain(self) -> None:
        """Turn until every backlog is answered."""
        while any(self.left.values()):
            self.turn()
            assert self.turns < 10_000, f"starved: {self.left}"


def test_a_live_reading_waits_for_one_turn_while_backlogs_are_judged() -> None:
    """Kafka is quick and judging is what costs: two large uploads lie between a live one and us."""
    herd = Herd(confirmed_a_turn=BOUNDS.records_in_flight_max)
    herd.drain()

    assert max(herd.waits) <= 2
    readings = len(BACKLOGS) * UPLOADS * READINGS
    assert herd.turns <= 1.2 * readings / READINGS_A_TURN  # and the backlog is not slowed by that


def test_a_live_reading_stands_behind_a_quarter_of_what_a_slow_kafka_has_in_hand() -> None:
    """Kafka is slow and the producer's queue has one lane: all of it would be four times that."""
    herd = Herd(confirmed_a_turn=500)
    herd.drain()

    of_backlogs_at_most = BOUNDS.records_in_flight_max / 4 + READINGS
    assert max(herd.waits) <= of_backlogs_at_most / 500 + 2


@pytest.fixture
def gateway(box: Addresses, tmp_path: Path) -> Iterator[Process]:
    """One gateway, in a share group of its own."""
    process = Process(
        box, tmp_path, "HERD_GATEWAY_", "gateway", settings={"MQTT_SHARE_GROUP": "fairness"}
    )
    process.start()
    yield process
    process.kill()


def latencies(collars: ManyCollars, live: list[Device], is_over: Callable[[], bool]) -> list[float]:
    """Milliseconds to each answer of live collars that measure as soon as they are answered."""
    before = [len(one.answered) for one in live]

    def measured_on() -> bool:
        idle = [one for one in live if not len(one.collar)]
        if idle:
            collars.measure(1, idle)
        return is_over()

    eventually(measured_on, within_s=200, why="not drained")
    # none in flight while the test itself measures half a million readings in the same thread
    eventually(lambda: not any(len(one.collar) for one in live), within_s=30, why="unanswered")
    return [
        took_s * 1000
        for one, count in zip(live, before, strict=True)
        for _, took_s in one.answered[count:]
    ]


def p(values: list[float], percent: int) -> float:
    """A percentile."""
    return quantiles(values, n=100)[percent - 1]


@pytest.mark.proof
@pytest.mark.services
@pytest.mark.timeout(500)
def test_live_collars_are_answered_in_time_while_half_a_million_readings_drain(
    box: Addresses, gateway: Process
) -> None:
    """The same on the real servers, on the clock: 20 of 25,000 readings, 5 live ones."""
    assert gateway.pid
    farm_id = FarmId(f"fair-{new_id()[:8]}")
    names = [CollarId(f"{farm_id}-{number}") for number in (*BACKLOGS, *LIVE)]
    passwords = registered(box, farm_id, names)
    limits = Limits(buffer_readings=30_000, upload_readings_max=500, timeout_s=30.0)
    manners = Manners(limits)
    devices = [Device(farm_id, name, passwords[name], manners) for name in names]
    backlogs, live = devices[: len(BACKLOGS)], devices[len(BACKLOGS) :]
    with ManyCollars(devices, Place(box.mqtt_host, box.mqtt_port)) as collars:
        collars.measure(1)
        eventually(lambda: collars.buffered() == 0, within_s=30, why="a first answer")
        quiet_s = latencies(collars, live, lambda: len(live[0].answered) >= 100)
        collars.measure(50 * 500, backlogs)
        loaded_s = latencies(collars, live, lambda: not any(len(one.collar) for one in backlogs))
    drained = max(at_s for one in backlogs for at_s, _ in one.answered)
    began = min(at_s for one in backlogs for at_s, _ in one.answered[1:])
    print(  # noqa: T201  a figure to be read
        f"quiet p50 {p(quiet_s, 50):.0f} p99 {p(quiet_s, 99):.0f} ms of {len(quiet_s)}; "
        f"beside 500,000 readings, drained at {475_000 / (drained - began):.0f}/s: "
        f"p50 {p(loaded_s, 50):.0f} p99 {p(loaded_s, 99):.0f} ms of {len(loaded_s)}"
    )

    assert p(loaded_s, 99) <= p(quiet_s, 99) + 500
