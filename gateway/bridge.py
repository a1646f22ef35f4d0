"""The bridge: MQTT → Kafka in one thread; everything is acknowledged last.

Problem: a PUBACK or an answer given too early loses a reading, one given out of order breaks MQTT,
and waiting for each upload in turn would cap a gateway at a few hundred uploads a second.

Approach: many uploads are under way at once, bounded by the broker's receive maximum. Each counts
the records it still waits for; at zero the collar is answered at once (answers of different
collars need no order) and its PUBACK is released as soon as all earlier ones are. PUBACKs belong
to a connection: those of an old one are dropped, and its broker delivers those uploads again.
A probe of herd-clock has no records, and is answered when its PUBACK is released: all that came
before it is in Kafka then, and with nothing before it there is nothing that Kafka could lack.

If Kafka gives a record up the loop fails and the process starts again from what the broker still
holds. Rejected: a thread for each side (nothing gained under the GIL, and an order to lose), and
PUBACK after the answer's own PUBACK (the collar asks again anyway).
"""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import msgspec
import structlog

from contracts.clock import Clock
from contracts.envelope import Event
from contracts.reading import CollarReading
from contracts.topics import MqttAddress, answered_probe_topic, mqtt_topic
from gateway.attribution import Attribution
from gateway.intake import Refusal, Verdict, judge
from gateway.sequence import Sequences
from gateway.tally import Tally

log = structlog.get_logger()

IDLE_WAIT_S = 0.5  # a message ends it at once; it only bounds how late a stop is noticed
CONFIRM_WAIT_MIN_S = 0.001  # Kafka answers within a few of these
CONFIRM_WAIT_MAX_S = 0.05  # while Kafka is away nobody is served by asking more often
PROBE_BYTES_MAX = 100  # a token; nobody is sent more than that back
DRAIN_MAX_S = 5.0  # on stop: what Kafka has not confirmed by then, the MQTT broker keeps


@dataclass(frozen=True, slots=True)
class Arrived:
    """One PUBLISH from the broker. epoch: which connection it came on, mid: its packet id."""

    mqtt_topic: str
    payload: bytes
    mid: int
    qos: int
    epoch: int


NOTHING = Verdict(None, (), (), None)


class Source(Protocol):
    """The MQTT side."""

    def turn(self, wait_s: float) -> list[Arrived]:
        """Serve the connection; what arrived, waiting at most `wait_s` for something to."""
        ...

    def epoch(self) -> int:
        """The number of the connection now; acknowledgements of others are worthless."""
        ...

    def acknowledge(self, arrived: Arrived) -> None:
        """PUBACK; dropped if the message came on another connection."""
        ...

    def publish(self, topic: str, payload: bytes, *, retain: bool) -> None:
        """Publish at QoS 1; may be dropped if too many wait for the broker."""
        ...

    def close(self) -> None:
        """Leave in order; the session stays at the broker."""
        ...


class Sink(Protocol):
    """The Kafka side. `then` runs inside `poll`, once the record is confirmed."""

    @property
    def in_flight(self) -> int:
        """Records handed over and not yet confirmed."""
        ...

    def reading(self, event: Event[CollarReading], then: Callable[[], None]) -> None:
        """Send one reading."""
        ...

    def letter(
        self, refusal: Refusal, arrived: Arrived, received_at: datetime, then: Callable[[], None]
    ) -> None:
        """Send one dead letter."""
        ...

    def poll(self, wait_s: float) -> None:
        """Serve confirmations; raises if Kafka gave a record up."""
        ...


class _UnderWay:
    """An upload whose records are on their way to Kafka; or a probe, which has none.

    probe_answer: where a probe is answered. since_s: monotonic, real seconds also on a fast farm.
    """

    def __init__(
        self, arrived: Arrived, verdict: Verdict = NOTHING, probe_answer: str | None = None
    ) -> None:
        self.arrived = arrived
        self.verdict = verdict
        self.probe_answer = probe_answer
        self.left = len(verdict.readings) + len(verdict.refusals)
        self.since_s = time.monotonic()


class Bridge:
    """One connection's uploads on their way; `turn` is one round of the loop."""

    def __init__(
        self,
        source: Source,
        sink: Sink,
        attribution: Attribution,
        clock: Clock,
        tally: Tally,
        *,
        records_in_flight_max: int,
    ) -> None:
        self._source = source
        self._sink = sink
        self._attribution = attribution
        self._clock = clock
        self._tally = tally
        self._sequences = Sequences()
        self._records_max = records_in_flight_max
        self._waiting: deque[Arrived] = deque()  # bounded by the receive maximum
        self._unacknowledged: deque[_UnderWay] = deque()  # in PUBLISH order, one connection's
        self._confirm_wait_s = CONFIRM_WAIT_MIN_S

    def turn(self, idle_wait_s: float = IDLE_WAIT_S) -> None:
        """Read what came, hand it to Kafka, serve confirmations; waits only if nothing is to do."""
        busy = self._sink.in_flight > 0 or bool(self._waiting)
        self._waiting.extend(self._source.turn(0.0 if busy else idle_wait_s))
        while self._waiting and self._sink.in_flight < self._records_max:
            self._take(self._waiting.popleft())
        self._confirm()
        self._release()

    def drain(self) -> None:
        """One round that takes nothing new: serve confirmations, send what they release."""
        self._confirm()
        self._release()
        self._source.turn(0.0)

    @property
    def open_uploads(self) -> int:
        """Uploads the collars are not yet answered for."""
        return sum(upload.left > 0 for upload in self._unacknowledged)

    def _take(self, arrived: Arrived) -> None:
        probe_answer = answered_probe_topic(arrived.mqtt_topic)
        if probe_answer is not None:
            self._unacknowledged.append(_UnderWay(arrived, probe_answer=probe_answer))
            return
        received_at = self._clock.now()
        verdict = judge(arrived.mqtt_topic, arrived.payload, self._attribution, received_at)
        upload = _UnderWay(arrived, verdict)
        self._unacknowledged.append(upload)
        self._note(verdict)

        def confirmed() -> None:
            upload.left -= 1
            if upload.left == 0:
                self._answer(upload)

        for event in verdict.readings:
            self._sink.reading(event, confirmed)
        for refusal in verdict.refusals:
            self._sink.letter(refusal, arrived, received_at, confirmed)

    def _note(self, verdict: Verdict) -> None:
        self._tally.taken(len(verdict.readings))
        for refusal in verdict.refusals:
            self._tally.refused(refusal.rejected.reason)
        if verdict.address is not None and verdict.answer is not None:
            seqs = [event.payload.seq for event in verdict.readings]
            seqs += [refusal.seq for refusal in verdict.refusals if refusal.seq is not None]
            collar_id = verdict.address.collar_id
            self._tally.noted(self._sequences.note(collar_id, verdict.answer.boot_id, seqs))

    def _confirm(self) -> None:
        before = self._sink.in_flight
        if before == 0:
            self._sink.poll(0.0)
            return
        self._sink.poll(self._confirm_wait_s)
        if self._sink.in_flight < before:
            self._confirm_wait_s = CONFIRM_WAIT_MIN_S
        else:
            self._confirm_wait_s = min(2 * self._confirm_wait_s, CONFIRM_WAIT_MAX_S)

    def _answer(self, upload: _UnderWay) -> None:
        address = upload.verdict.address
        if address is None:
            return  # nobody of ours to answer
        for refusal in upload.verdict.refusals:
            self._source.publish(_to(address, "rejects"), _told(refusal), retain=False)
        answer = upload.verdict.answer
        if answer is not None:
            told = msgspec.json.encode({"boot_id": answer.boot_id, "seq": answer.seq})
            self._source.publish(_to(address, "ack"), told, retain=True)
        self._tally.answered(time.monotonic() - upload.since_s)

    def _release(self) -> None:
        epoch = self._source.epoch()
        while self._unacknowledged:
            oldest = self._unacknowledged[0]
            # an upload of a lost connection blocks nothing: its broker delivers it again
            if oldest.left > 0 and oldest.arrived.epoch == epoch:
                return
            self._unacknowledged.popleft()
            if oldest.probe_answer is not None and oldest.arrived.epoch == epoch:
                token = oldest.arrived.payload[:PROBE_BYTES_MAX]
                self._source.publish(oldest.probe_answer, token, retain=False)
            self._source.acknowledge(oldest.arrived)


def _to(address: MqttAddress, channel: str) -> str:
    return mqtt_topic(address.farm_id, address.collar_id, channel)


def _told(refusal: Refusal) -> bytes:
    return msgspec.json.encode(
        {
            "boot_id": refusal.boot_id,
            "seq": refusal.seq,
            "reason": refusal.rejected.reason,
            "detail": refusal.rejected.detail,
        }
    )
