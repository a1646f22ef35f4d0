"""Whether the way in is open is seen from end to end, on both brokers, and by two processes."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from contracts.clock import FakeClock, SystemClock
from contracts.envelope import Event
from contracts.ids import new_id
from contracts.tick import Tick
from contracts.topics import PROBE_ANSWERS_FILTER, PROBES_FILTER, READINGS, probe_topic
from farmbox.box import Addresses
from gateway.adapters.mqtt_source import MqttLogin, MqttSource
from gateway.attribution import Attribution
from gateway.bridge import Arrived, Bridge
from gateway.hearing import Hearing
from gateway.intake import Readings
from gateway.probe import Prober
from gateway.tally import Tally
from tests.builders import MORNING
from tests.gateway.surroundings import Broker, Process
from tests.kafka_reader import events_in
from tests.mosquitto import Mosquitto
from tests.waiting import eventually

DEAF_AFTER_S = 2.0


class MemoryWay:
    """A broker and gateway in memory: what was published, and what comes back."""

    def __init__(self) -> None:
        self.subscribed = False
        self.published: list[tuple[str, bytes, int | None]] = []
        self.coming: list[Arrived] = []
        self.acknowledged = 0

    def turn(self, wait_s: float) -> list[Arrived]:
        """The answers laid down."""
        assert wait_s >= 0
        came, self.coming = self.coming, []
        return came

    def acknowledge(self, arrived: Arrived) -> None:
        """Count it."""
        assert arrived.mqtt_topic
        self.acknowledged += 1

    def publish(
        self, topic: str, payload: bytes, *, retain: bool, expires_s: int | None = None
    ) -> None:
        """Note it."""
        assert not retain
        self.published.append((topic, payload, expires_s))


class NoKafka:
    """A sink for a bridge that only probes come to."""

    in_flight = 0

    def readings(self, readings: Readings, then: Callable[[], None]) -> None:
        """A probe is no reading."""
        raise AssertionError(readings, then)

    def hand_over(self) -> None:
        """Nothing was taken."""

    def letter(self, *refused: object) -> None:
        """A probe is nothing bad."""
        raise AssertionError(refused)

    def poll(self, wait_s: float) -> None:
        """Nothing waits."""


class CountingHearing(Hearing):
    """Counts the answers that came."""

    answers = 0

    def answered(self, token: bytes, monotonic_s: float, now: datetime) -> None:
        """One more."""
        super().answered(token, monotonic_s, now)
        self.answers += 1


class Way:
    """A prober, a broker and a gateway, turned by the test: who is not turned is down."""

    def __init__(self, broker: Broker) -> None:
        name = new_id()[:8]
        readings, ack = PROBES_FILTER, PROBE_ANSWERS_FILTER
        broker.users.add(f"clock-{name}", "pw", publish=[readings], subscribe=[ack])
        broker.users.add(f"gateway-{name}", "pw", publish=[ack], subscribe=[readings])
        clock = SystemClock()
        self._seconds_s = 0.0
        self.hearing = CountingHearing(deaf_after_s=DEAF_AFTER_S, now=clock.now(), monotonic_s=0.0)
        self.started = clock.now()
        self.name = name
        self.login = MqttLogin(
            broker.host, broker.services_port, f"clock-{name}", "pw", f"clock-{name}", session_s=0
        )
        self.up = MqttSource(self.login, mqtt_filter=probe_topic(name, "ack"))
        self.down = MqttSource(
            MqttLogin(
                broker.host, broker.services_port, f"gateway-{name}", "pw", f"gateway-{name}"
            ),
            mqtt_filter=f"$share/{name}/{PROBES_FILTER}",
        )
        self.prober = Prober(
            self.up,
            self.hearing,
            clock,
            instance=name,
            every_s=0.2,
            expires_s=DEAF_AFTER_S,
            monotonic=lambda: self._seconds_s,
        )
        self.bridge = Bridge(self.down, NoKafka(), Attribution(), clock, Tally())

    def passes(self, seconds: float, *, answered: bool = True) -> None:
        """Let monotonic time pass, a probe each step, answered or with the gateway down.

        It stands still while an answer is waited for: a slow machine makes nobody deaf.
        """
        for _ in range(round(seconds / 0.25)):
            self._seconds_s += 0.25
            before = self.hearing.answers
            self.prober.turn(0.01)
            if answered:
                eventually(partial(self.answered_since, before), why="a probe is lost")

    def answered_since(self, answers: int) -> bool:
        """Turn both sides once; whether one more answer has come."""
        self.bridge.turn(0.01)
        self.prober.turn(0.01)
        return self.hearing.answers > answers

    def deaf(self) -> bool:
        """Whether the next tick would tell a span that is not over."""
        now = datetime.now(UTC)
        return any(
            span.ended_at == now for span in self.hearing.deaf_spans(now, self._seconds_s, now)
        )

    def heard(self) -> bool:
        """Turn both, without letting time pass; whether we hear again."""
        self._seconds_s += 0.01
        self.prober.turn(0.01)
        self.bridge.turn(0.01)
        return not self.deaf()

    def open(self) -> None:
        """Wait until both are connected and one probe has been answered."""
        self.hearing.inherit(self.started)
        eventually(self.heard, within_s=20, why="no probe is answered")


@pytest.fixture
def way(broker: Broker) -> Iterator[Way]:
    """The way in over each broker."""
    one = Way(broker)
    yield one
    one.up.close()
    one.down.close()


def test_probes_go_out_once_in_a_while_and_only_when_the_answer_would_be_heard() -> None:
    """Unsubscribed we would miss the answer and seem deaf."""
    source, seconds = MemoryWay(), iter(range(100))
    clock = FakeClock(MORNING)
    hearing = Hearing(deaf_after_s=20.0, now=MORNING, monotonic_s=0.0)
    prober = Prober(
        source,
        hearing,
        clock,
        instance="1",
        every_s=4.0,
        expires_s=20.0,
        monotonic=lambda: float(next(seconds)),
    )
    prober.turn()
    source.subscribed = True
    for _ in range(8):
        prober.turn()

    topics = {(topic, expires_s) for topic, _, expires_s in source.published}
    tokens = {payload for _, payload, _ in source.published}
    assert topics == {("herd/v1/_/1/readings", 20)}
    assert len(tokens) == len(source.published) == 2


def test_an_answer_is_noted_and_acknowledged() -> None:
    """The broker keeps what is not acknowledged and delivers it again."""
    source, clock = MemoryWay(), FakeClock(MORNING)
    source.subscribed = True
    hearing = Hearing(deaf_after_s=20.0, now=MORNING, monotonic_s=0.0)
    hearing.inherit(MORNING)
    prober = Prober(
        source,
        hearing,
        clock,
        instance="1",
        every_s=4.0,
        expires_s=20.0,
        monotonic=lambda: 7.0,
    )
    prober.turn()
    source.coming.append(Arrived("herd/v1/_/1/ack", source.published[0][1], 1, 1, 1))
    prober.turn()

    assert source.acknowledged == 1
    assert hearing.deaf_spans(MORNING, 7.0, MORNING.replace(hour=5)) == ()


def test_an_open_way_in_is_heard(way: Way) -> None:
    """Probes come back, one by one."""
    way.open()

    way.passes(3 * DEAF_AFTER_S)

    assert not way.deaf()


def test_a_prober_that_is_gone_leaves_nothing_at_the_broker(way: Way) -> None:
    """Its answers would pile up there for as long as the farm runs."""
    way.open()
    way.up.close()
    eventually(lambda: way.down.turn(0.01) == [], why="the gateway is quiet")
    topic = probe_topic(way.name, "ack")
    way.down.publish(topic, b"while it was gone", retain=False)
    way.down.turn(0.2)
    again = MqttSource(way.login, mqtt_filter=topic)
    told: list[bytes] = []

    def hears() -> bool:
        told.extend(one.payload for one in again.turn(0.01))
        if again.subscribed and not told:
            way.down.publish(topic, b"now", retain=False)
            way.down.turn(0.05)
        return bool(told)

    eventually(hears, why="the prober hears nothing")
    again.close()

    assert set(told) == {b"now"}


def test_without_a_gateway_we_are_deaf_until_it_is_back(way: Way) -> None:
    """The broker takes every probe and every upload: nobody fetches them."""
    way.open()

    way.passes(DEAF_AFTER_S + 1, answered=False)

    assert way.deaf()
    eventually(way.heard, why="no probe is answered again")


def test_a_short_hiccup_of_the_gateway_is_none(way: Way) -> None:
    """It is started again in a second or two."""
    way.open()
    way.passes(DEAF_AFTER_S / 2, answered=False)
    eventually(way.heard, why="no probe is answered again")
    way.passes(DEAF_AFTER_S / 2)

    assert not way.deaf()
    assert way.hearing.deaf_spans(datetime.now(UTC), 0.0, datetime.now(UTC)) == ()


@pytest.mark.mosquitto
def test_without_a_broker_we_are_deaf_until_it_is_back(mosquitto: Mosquitto) -> None:
    """Its sessions are lost with it: everybody subscribes again."""
    way = Way(Broker.of_mosquitto(mosquitto))
    way.open()
    mosquitto.stop()

    way.passes(DEAF_AFTER_S + 1, answered=False)

    assert way.deaf()
    mosquitto.start()
    eventually(way.heard, within_s=20, why="no probe is answered again")
    way.up.close()
    way.down.close()


def test_while_the_gateway_is_down_the_ticks_in_the_log_say_so(
    box: Addresses, broker: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two processes with the credentials they have on a farm; herd-clock itself is well."""
    monkeypatch.setenv("HERD_CLOCK_DEAF_AFTER_S", "3")
    monkeypatch.setenv("HERD_CLOCK_PROBE_EVERY_S", "0.5")
    monkeypatch.setenv("HERD_CLOCK_TICK_EVERY_S", "1")
    gateway = Process(box, tmp_path, "HERD_GATEWAY_", "gateway", broker=broker)
    clock = Process(box, tmp_path, "HERD_CLOCK_", "gateway", "clock", broker=broker)
    gateway.start()
    clock.start()
    begun = datetime.now(UTC)

    def ticks(since: datetime) -> list[Event[Tick]]:
        found = events_in(box, READINGS, [1])
        return [one for one in found if type(one.payload) is Tick and one.timestamp > since]

    eventually(
        lambda: any(not one.payload.deaf_spans for one in ticks(begun)[4:]),
        within_s=30,
        why="a tick of a farm that hears",
    )
    killed = datetime.now(UTC)
    gateway.kill()
    told = eventually(
        lambda: [one for one in ticks(killed) if one.payload.deaf_spans],
        within_s=30,
        why="a tick of a farm that is deaf",
    )

    span = told[0].payload.deaf_spans[-1]
    assert -3 < (span.began_at - killed).total_seconds() < 1
    assert span.ended_at == told[0].timestamp
    gateway.start()
    back = datetime.now(UTC)
    eventually(
        lambda: any(not one.payload.deaf_spans for one in ticks(back)[2:]),
        within_s=30,
        why="a tick of a farm that hears again",
    )
    assert clock.stop() == 0
    assert gateway.stop() == 0
