"""Everything is acknowledged last, and in the order it came."""

import tracemalloc
from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec
import pytest

from contracts.animal_event import Assignment, CollarAssignments
from contracts.clock import FakeClock, iso
from contracts.envelope import Event
from contracts.ids import AnimalId, CollarId
from gateway.attribution import Attribution
from gateway.bridge import READINGS_A_TURN, Arrived, Bounds, Bridge
from gateway.intake import Reading, Readings, Refusal
from gateway.limits import Budget, Limits
from gateway.tally import Tally
from tests.builders import FARM, MORNING


class MemorySource:
    """An MQTT broker in memory: what it hands out, and what it was told."""

    def __init__(self) -> None:
        self.coming: list[Arrived] = []
        self.acknowledged: list[int] = []
        self.published: list[tuple[str, bytes, bool]] = []
        self.waits: list[float] = []
        self.connection = 1
        self.is_read = True

    def turn(self, wait_s: float, *, reading: bool = True) -> list[Arrived]:
        """What was laid down to come."""
        self.waits.append(wait_s)
        self.is_read = reading
        if not reading:
            return []
        came, self.coming = self.coming, []
        return came

    def epoch(self) -> int:
        """The connection the test says it is."""
        return self.connection

    def acknowledge(self, arrived: Arrived) -> None:
        """Note a PUBACK of this connection."""
        if arrived.epoch == self.connection:
            self.acknowledged.append(arrived.mid)

    def publish(self, topic: str, payload: bytes, *, retain: bool) -> None:
        """Note what was published."""
        self.published.append((topic, payload, retain))

    def close(self) -> None:
        """Nothing to close."""

    def told(self, channel: str) -> list[dict[str, object]]:
        """What collars were told on a channel."""
        return [
            msgspec.json.decode(payload)
            for topic, payload, _ in self.published
            if topic.endswith(channel)
        ]


class MemorySink:
    """A Kafka in memory that confirms only what it is told to, in any order."""

    def __init__(self) -> None:
        self.waiting: list[Callable[[], None]] = []
        self.confirmed: list[Callable[[], None]] = []
        self.taken: list[tuple[Readings, Callable[[], None]]] = []
        self.sent: list[Event[Reading]] = []
        self.letters: list[Refusal] = []

    @property
    def in_flight(self) -> int:
        """Sent and not confirmed in a poll."""
        taken = sum(len(readings) for readings, _ in self.taken)
        return taken + len(self.waiting) + len(self.confirmed)

    def readings(self, readings: Readings, then: Callable[[], None]) -> None:
        """Keep an upload's readings until they are handed over."""
        self.taken.append((readings, then))

    def hand_over(self) -> None:
        """Keep what was taken, unconfirmed; an upload's `then` runs with its last reading."""
        taken, self.taken = self.taken, []
        for readings, then in taken:
            left = list(readings)
            self.sent += left

            def confirmed(
                left: list[Event[Reading]] = left, then: Callable[[], None] = then
            ) -> None:
                left.pop()
                if not left:
                    then()

            self.waiting += [confirmed] * len(readings)

    def letter(
        self, refusal: Refusal, arrived: Arrived, received_at: datetime, then: Callable[[], None]
    ) -> None:
        """Keep a letter, unconfirmed."""
        assert refusal.sender.origin == f"mqtt:{arrived.mqtt_topic}"
        assert received_at.tzinfo
        self.letters.append(refusal)
        self.waiting.append(then)

    def confirm(self, *places: int) -> None:
        """Confirm the records at these places in the order they were sent; all if none named."""
        chosen = set(places or range(len(self.waiting)))
        self.confirmed += [self.waiting[place] for place in sorted(chosen)]
        self.waiting = [one for place, one in enumerate(self.waiting) if place not in chosen]

    def poll(self, wait_s: float) -> None:
        """Run what the test has confirmed."""
        assert wait_s >= 0
        ready, self.confirmed = self.confirmed, []
        for then in ready:
            then()


def known(collars: int = 3) -> Attribution:
    """A register in which collars c-1, c-2 … are worn since a day."""
    register = Attribution()
    for number in range(1, collars + 1):
        assignment = Assignment(
            animal_id=AnimalId(f"nl-{number}"),
            farm_id=FARM,
            worn_from=MORNING - timedelta(days=1),
        )
        register.apply(
            CollarAssignments(collar_id=CollarId(f"c-{number}"), assignments=(assignment,))
        )
    return register


class Gateway:
    """A bridge between the two, with a few registered collars."""

    def __init__(
        self, records_max: int = 20_000, bounds: Bounds | None = None, limits: Limits | None = None
    ) -> None:
        self.source, self.sink, self.mid = MemorySource(), MemorySink(), 0
        self.bridge = Bridge(
            self.source,
            self.sink,
            known(30),
            FakeClock(MORNING),
            Tally(),
            bounds=bounds or Bounds(records_in_flight_max=records_max),
            limits=limits,
        )

    def comes(
        self, collar: int, *seqs: int, payload: bytes | None = None, qos: int = 1, topic: str = ""
    ) -> None:
        """An upload arrives on the connection of now."""
        self.mid += 1
        readings = [{"seq": seq, "time": iso(MORNING), "interval_s": 300} for seq in seqs]
        upload = msgspec.json.encode({"boot_id": 7, "readings": readings})
        self.source.coming.append(
            Arrived(
                mqtt_topic=topic or f"herd/v1/{FARM}/c-{collar}/readings",
                payload=upload if payload is None else payload,
                mid=self.mid,
                qos=qos,
                epoch=self.source.connection,
            )
        )


@pytest.fixture
def gateway() -> Gateway:
    """A gateway with nothing under way."""
    return Gateway()


def test_nothing_is_acknowledged_before_kafka_has_confirmed_all_of_it(gateway: Gateway) -> None:
    """A reading that was answered and is not in Kafka is lost for good."""
    gateway.comes(1, 41, 42, 43)
    gateway.bridge.turn()
    gateway.sink.confirm(0, 1)
    gateway.bridge.turn()

    assert gateway.source.acknowledged == []
    assert gateway.source.published == []

    gateway.sink.confirm()
    gateway.bridge.turn()

    assert gateway.source.acknowledged == [1]
    assert gateway.source.published == [
        (f"herd/v1/{FARM}/c-1/ack", b'{"boot_id":7,"seq":43}', True)
    ]


def test_pubacks_leave_in_the_order_the_uploads_came(gateway: Gateway) -> None:
    """MQTT 5 demands it; the collars, who are told apart, need not wait for each other."""
    for collar in (1, 2, 3):
        gateway.comes(collar, 1)
    gateway.bridge.turn()
    gateway.sink.confirm(2)
    gateway.bridge.turn()

    assert gateway.source.acknowledged == []
    assert [topic for topic, _, _ in gateway.source.published] == [f"herd/v1/{FARM}/c-3/ack"]

    gateway.sink.confirm(0)
    gateway.bridge.turn()
    assert gateway.source.acknowledged == [1]

    gateway.sink.confirm()
    gateway.bridge.turn()
    assert gateway.source.acknowledged == [1, 2, 3]


def test_an_acknowledgement_of_a_lost_connection_is_dropped(gateway: Gateway) -> None:
    """On the new connection the same packet id may stand for another upload."""
    gateway.comes(1, 1)
    gateway.bridge.turn()
    gateway.source.connection = 2
    gateway.comes(2, 1)
    gateway.bridge.turn()
    gateway.sink.confirm(1)
    gateway.bridge.turn()

    assert gateway.source.acknowledged == [2]

    gateway.sink.confirm()
    gateway.bridge.turn()

    assert gateway.source.acknowledged == [2]
    assert len(gateway.source.told("ack")) == 2


def test_a_refused_reading_is_told_and_answered_once_its_letter_is_safe(gateway: Gateway) -> None:
    """A letter is as good as a reading: the collar may forget it, and its owner can find it."""
    readings = [
        {"seq": 1, "time": iso(MORNING), "interval_s": 300, "temperature_c": 99},
        {"seq": 2, "time": iso(MORNING), "interval_s": 300},
    ]
    gateway.comes(1, payload=msgspec.json.encode({"boot_id": 7, "readings": readings}))
    gateway.bridge.turn()

    assert gateway.source.published == []
    assert [letter.seq for letter in gateway.sink.letters] == [1]

    gateway.sink.confirm()
    gateway.bridge.turn()

    (told,) = gateway.source.told("rejects")
    assert (told["boot_id"], told["seq"], told["reason"]) == (7, 1, "out_of_range")
    assert "temperature_c 99" in str(told["detail"])
    assert gateway.source.told("ack") == [{"boot_id": 7, "seq": 2}]


def test_what_cannot_be_read_is_told_and_acknowledged_to_the_broker(gateway: Gateway) -> None:
    """Unacknowledged, the broker would deliver the same garbage for ever."""
    gateway.comes(1, payload=b"not json")
    gateway.bridge.turn()
    gateway.sink.confirm()
    gateway.bridge.turn()

    (told,) = gateway.source.told("rejects")
    assert (told["reason"], told["seq"]) == ("not_json", None)
    assert gateway.source.told("ack") == []
    assert gateway.source.acknowledged == [1]


def test_an_answer_stays_at_the_broker_only_for_a_collar_of_the_register(gateway: Gateway) -> None:
    """A base station invents names, and each would lie at the broker for ever; it is answered."""
    gateway.comes(1, 1)
    gateway.comes(31, 1)
    gateway.bridge.turn()
    gateway.sink.confirm()
    gateway.bridge.turn()

    kept = {topic: retain for topic, _, retain in gateway.source.published if "/ack" in topic}
    assert kept == {f"herd/v1/{FARM}/c-1/ack": True, f"herd/v1/{FARM}/c-31/ack": False}


def test_a_slow_kafka_holds_uploads_back_and_drops_none() -> None:
    """What is under way is bounded; the rest waits unacknowledged, at most a receive maximum."""
    gateway = Gateway(records_max=3)
    for seq in range(0, 10, 2):
        gateway.comes(1, seq, seq + 1)
    gateway.bridge.turn()

    assert len(gateway.sink.sent) == 4

    for _ in range(5):
        gateway.sink.confirm()
        gateway.bridge.turn()

    assert [event.payload.seq for event in gateway.sink.sent] == list(range(10))
    assert gateway.source.acknowledged == [1, 2, 3, 4, 5]


def test_a_live_reading_overtakes_backlogs_and_its_puback_does_not(gateway: Gateway) -> None:
    """It is in Kafka and answered first; MQTT has its order all the same."""
    for collar in range(1, 11):
        gateway.comes(collar, *range(1, 501))
    gateway.comes(11, 1)
    gateway.bridge.turn()
    gateway.sink.confirm(0)
    gateway.bridge.turn()

    assert gateway.sink.sent[0].payload.seq == 1
    assert gateway.source.told("c-11/ack") == [{"boot_id": 7, "seq": 1}]
    assert gateway.source.acknowledged == []

    for _ in range(10):
        gateway.sink.confirm()
        gateway.bridge.turn()

    assert gateway.source.acknowledged == list(range(1, 12))
    assert len(gateway.sink.sent) == 5001


def test_one_turn_takes_so_many_readings_that_a_live_one_is_soon_read(gateway: Gateway) -> None:
    """Twenty backlogs in one go would be half a second in which nobody looks at the socket."""
    for collar in range(1, 21):
        gateway.comes(collar, *range(1, 501))
    gateway.bridge.turn()

    assert len(gateway.sink.sent) == READINGS_A_TURN

    gateway.comes(21, 77)
    gateway.bridge.turn()

    assert gateway.sink.sent[READINGS_A_TURN].payload.seq == 77


def test_backlogs_fill_a_quarter_of_what_kafka_has_in_hand() -> None:
    """A producer's queue has no fast lane: what is live must not stand behind all of it."""
    gateway = Gateway(records_max=4000)
    for collar in range(1, 11):
        gateway.comes(collar, *range(1, 501))
    for _ in range(10):
        gateway.bridge.turn()

    assert gateway.sink.in_flight == 1000

    gateway.comes(11, 1)
    gateway.bridge.turn()

    assert gateway.sink.in_flight == 1001

    for _ in range(10):
        gateway.sink.confirm()
        gateway.bridge.turn()

    assert len(gateway.sink.sent) == 5001


@pytest.mark.parametrize(
    "bounds",
    [
        Bounds(records_in_flight_max=1, waiting_max=3),
        Bounds(records_in_flight_max=1, waiting_bytes_max=1),
    ],
)
def test_while_kafka_is_away_no_more_is_read_than_memory_is_meant_for(bounds: Bounds) -> None:
    """The broker keeps the rest; a reconnect must not bring a second window into memory."""
    gateway = Gateway(bounds=bounds)
    for _ in range(5):
        for collar in (1, 2, 3, 4):
            gateway.comes(collar, 1)
        gateway.bridge.turn()
        gateway.source.connection += 1
        gateway.bridge.turn()

    assert not gateway.source.is_read
    assert len(gateway.sink.sent) == 1
    came = gateway.mid - len(gateway.source.coming)
    assert came == 4

    for _ in range(50):
        gateway.sink.confirm()
        gateway.bridge.turn()

    assert gateway.source.coming == []
    assert len(gateway.source.told("ack")) == gateway.mid
    assert gateway.source.is_read


def test_uploads_of_a_lost_connection_are_taken_all_the_same() -> None:
    """A broker that lost our session will not deliver them again, and has acknowledged them."""
    gateway = Gateway(records_max=1)
    gateway.comes(1, 1)
    gateway.comes(2, 1)
    gateway.bridge.turn()
    gateway.source.connection = 2
    for _ in range(3):
        gateway.sink.confirm()
        gateway.bridge.turn()

    assert gateway.source.acknowledged == []
    assert len(gateway.source.told("ack")) == 2


def a_small_budget() -> Limits:
    """Ten uploads at once."""
    return Limits(Budget(uploads_per_s=0.001, uploads_burst=10, bytes_per_s=1e6, bytes_burst=1e6))


def test_beyond_its_budget_a_collar_is_refused_and_told_once_and_not_answered() -> None:
    """It keeps what it is not answered for; the broker is acknowledged, or it would send again."""
    gateway = Gateway(limits=a_small_budget())
    for seq in range(1, 31):
        gateway.comes(1, seq)
    gateway.bridge.turn()
    gateway.sink.confirm()
    gateway.bridge.turn()

    (told,) = gateway.source.told("rejects")
    assert told["reason"] == "rate_limited"
    assert [one["seq"] for one in gateway.source.told("ack")] == list(range(1, 11))
    assert len(gateway.sink.letters) == 1
    assert gateway.source.acknowledged == list(range(1, 31))


def test_a_flood_changes_nothing_for_another_collar() -> None:
    """Fifty times what is allowed: the other's reading is the next that Kafka gets."""
    gateway = Gateway(limits=a_small_budget())
    for seq in range(1, 501):
        gateway.comes(1, seq)
    gateway.comes(2, 1)
    gateway.bridge.turn()

    order = [event.payload.collar_id for event in gateway.sink.sent]  # type: ignore[union-attr]
    assert order.index(CollarId("c-2")) == 1
    assert len(order) == 11


NOTHING_MEASURED = f"lorawan/v1/{FARM}/application/a/device/0102030405060708/event/txack"


@pytest.mark.parametrize(
    ("qos", "topic"), [(0, ""), (1, ""), (0, NOTHING_MEASURED)], ids=("0", "1", "of no use")
)
def test_what_is_not_kept_takes_no_memory_while_kafka_is_away(qos: int, topic: str) -> None:
    """QoS 0 knows no receive maximum: whoever sends on would end the gateway."""
    gateway = Gateway(limits=None if topic else a_small_budget())
    gateway.comes(1, 1)
    for seq in range(1, 11):
        gateway.comes(2, seq)
    gateway.bridge.turn()
    tracemalloc.start()
    for _ in range(300):
        gateway.comes(2, payload=b"{%65536s}" % b"", qos=qos, topic=topic)
        gateway.bridge.turn()
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert held < 65_536 * 10
    assert gateway.source.is_read
    assert gateway.source.acknowledged == []


def test_an_upload_of_qos_0_is_taken_answered_and_waited_for_at_the_end() -> None:
    """The answer is the proof, whatever the QoS; there is no PUBACK to give."""
    gateway = Gateway()
    gateway.comes(1, 41, qos=0)
    gateway.comes(2, 1)
    gateway.bridge.turn()
    open_uploads = gateway.bridge.open_uploads
    gateway.sink.confirm()
    gateway.bridge.drain()

    assert (open_uploads, gateway.bridge.open_uploads) == (2, 0)
    assert gateway.source.told("c-1/ack") == [{"boot_id": 7, "seq": 41}]
    assert gateway.source.acknowledged == [2]


def test_a_seq_with_another_content_is_refused_and_answered(gateway: Gateway) -> None:
    """A clone of a collar must not rewrite what is known; its letter shows both to people."""
    gateway.comes(1, 1)
    later = {"seq": 1, "time": iso(MORNING + timedelta(minutes=1)), "interval_s": 300}
    other = msgspec.json.encode({"boot_id": 7, "readings": [later]})
    gateway.comes(1, payload=other)
    gateway.comes(1, 1)
    gateway.bridge.turn()
    gateway.sink.confirm()
    gateway.bridge.turn()

    assert len(gateway.sink.sent) == 2
    assert [letter.raw for letter in gateway.sink.letters] == [other]
    assert [told["reason"] for told in gateway.source.told("rejects")] == ["seq_reused"]
    assert len(gateway.source.told("ack")) == 3


def test_an_idle_bridge_waits_and_a_busy_one_does_not(gateway: Gateway) -> None:
    """Waiting while Kafka answers would add to every alert's delay; never waiting burns a core."""
    gateway.bridge.turn(idle_wait_s=0.5)
    gateway.comes(1, 1)
    gateway.bridge.turn(idle_wait_s=0.5)
    gateway.bridge.turn(idle_wait_s=0.5)

    assert gateway.source.waits == [0.5, 0.5, 0.0]


def probed(gateway: Gateway, token: bytes) -> None:
    """A probe of herd-clock arrives."""
    gateway.mid += 1
    gateway.source.coming.append(
        Arrived("herd/v1/_/1/readings", token, gateway.mid, 1, gateway.source.connection)
    )


@pytest.mark.parametrize(("qos", "acknowledged"), [(0, [2]), (1, [1, 2])])
def test_a_probe_is_answered_once_all_before_it_is_in_kafka(
    qos: int, acknowledged: list[int]
) -> None:
    """Its answer says that the way in is open, the last step included; it leaves no record."""
    gateway = Gateway()
    gateway.comes(1, 41, qos=qos)
    probed(gateway, b"token")
    gateway.comes(2, 1)
    gateway.bridge.turn()

    assert gateway.source.published == []

    gateway.sink.confirm(0)
    gateway.bridge.turn()

    assert gateway.source.published[-1] == ("herd/v1/_/1/ack", b"token", False)
    assert gateway.source.acknowledged == acknowledged
    assert len(gateway.sink.sent) == 2
    assert gateway.sink.letters == []


def test_a_probe_of_a_lost_connection_is_not_answered() -> None:
    """Its broker delivers it again, behind the uploads that it delivers again."""
    gateway = Gateway()
    gateway.comes(1, 41)
    probed(gateway, b"token")
    gateway.bridge.turn()
    gateway.source.connection = 2
    gateway.bridge.turn()

    assert gateway.source.published == []


def test_a_probe_alone_is_answered_at_once_and_no_longer_than_a_token() -> None:
    """A quiet farm hears as well; and nobody has megabytes sent back to him."""
    gateway = Gateway()
    probed(gateway, b"x" * 1000)
    gateway.bridge.turn()

    assert gateway.source.published == [("herd/v1/_/1/ack", b"x" * 100, False)]
