"""The bridge: MQTT → Kafka in one thread; everything is acknowledged last.

Problem: a PUBACK or an answer given too early loses a reading, one given out of order breaks MQTT,
and waiting for each upload in turn would cap a gateway at a few hundred uploads a second.

Approach: many uploads are under way at once, bounded by the broker's receive maximum. What came
waits for its turn (`queue.py`), or is refused unread (`limits.py`); what is taken counts the
parts it still waits for. At zero the collar is answered at once (answers of different collars
need no order), and its PUBACK is released as soon as all earlier ones are. PUBACKs belong to a
connection: those of an old one are dropped, and its broker delivers those uploads again; the ones
in hand are taken all the same, for a broker that lost our session has no other copy.
A probe of herd-clock has no records, and is answered when its PUBACK is released: all that came
before it is in Kafka then, and with nothing before it there is nothing that Kafka could lack.
What came at QoS 0 has no PUBACK and no receive maximum: it is forgotten as soon as it is done.

Bounded: what waits by count and bytes (beyond, the socket is not read and TCP pushes back; a pause
longer than the keepalive costs the connection, and nothing else), what is in Kafka's hands by
records, of which backlogs may have a quarter: a live reading never stands behind more than that.
One turn takes so many readings at most: the next live ones are read from the socket in between.

If Kafka gives a record up the loop fails and the process starts again from what the broker still
holds. Rejected: a thread for each side (nothing gained under the GIL, and an order to lose), and
PUBACK after the answer's own PUBACK (the collar asks again anyway).
"""

import time
from collections import deque
from datetime import datetime

import msgspec

from contracts.clock import Clock
from contracts.topics import MqttAddress, answered_probe_topic, mqtt_topic, parse_mqtt_topic
from gateway.attribution import Attribution
from gateway.decoders import NO_DECODERS, Decoders
from gateway.forks import Forks
from gateway.intake import Readings, Refusal, Sender, Verdict, judge
from gateway.limits import Limits, Over, rate_limited
from gateway.ports import Arrived, Bounds, Sink, Source
from gateway.queue import FairQueue, is_live
from gateway.sequence import Sequences
from gateway.taken import TakenReadings
from gateway.tally import Tally
from runtime.failpoints import Failpoint

__all__ = ["DRAIN_MAX_S", "Arrived", "Bounds", "Bridge", "Sink", "Source"]

IDLE_WAIT_S = 0.5  # a message ends it at once; it only bounds how late a stop is noticed
CONFIRM_WAIT_MIN_S = 0.001  # Kafka answers within a few of these
CONFIRM_WAIT_MAX_S = 0.05  # while Kafka is away nobody is served by asking more often
PROBE_BYTES_MAX = 100  # a token; nobody is sent more than that back
DRAIN_MAX_S = 5.0  # on stop: what Kafka has not confirmed by then, the MQTT broker keeps
READINGS_A_TURN = 1000  # two large uploads, some 20 ms: what a live one waits before it is read
BACKLOG_PART = 4  # of the records in Kafka's hands one in so many may be a backlog's

MESSAGE_READ = Failpoint("gateway.message_read")
JUDGED = Failpoint("gateway.judged")
HANDED_OVER = Failpoint("gateway.handed_over")
CONFIRMED = Failpoint("gateway.confirmed")
ANSWERED = Failpoint("gateway.answered")
RELEASED = Failpoint("gateway.released")
LETTER_HANDED_OVER = Failpoint("gateway.letter_handed_over")
LETTER_CONFIRMED = Failpoint("gateway.letter_confirmed")
LETTER_TOLD = Failpoint("gateway.letter_told")


class _UnderWay:
    """An upload from its arrival to its PUBACK; or a probe, which has no records.

    number: in the order of arrival. is_taken: judged, and handed to Kafka. left: records of it
    that are not confirmed. probe_answer: where a probe is answered. since_s: monotonic, real
    seconds also on a fast farm.
    """

    __slots__ = (
        "arrived", "is_taken", "left", "number", "probe_answer", "readings", "since_s", "verdict",
    )  # fmt: skip

    def __init__(self, arrived: Arrived, number: int, since_s: float) -> None:
        self.arrived = arrived
        self.number = number
        self.since_s = since_s
        self.verdict: Verdict | None = None
        self.probe_answer: str | None = None
        self.readings = 0
        self.left = 0
        self.is_taken = False

    @property
    def is_done(self) -> bool:
        """Whether everything of it is safe."""
        return self.is_taken and self.left == 0


class Bridge:
    """One connection's uploads on their way; `turn` is one round of the loop."""

    def __init__(  # noqa: PLR0913  what it stands between
        self,
        source: Source,
        sink: Sink,
        attribution: Attribution,
        clock: Clock,
        tally: Tally,
        *,
        bounds: Bounds | None = None,
        limits: Limits | None = None,
        decoders: Decoders = NO_DECODERS,
    ) -> None:
        self._source = source
        self._sink = sink
        self._attribution = attribution
        self._clock = clock
        self._tally = tally
        self._decoders = decoders
        self._limits = Limits() if limits is None else limits
        self._sequences = Sequences()
        self._forks = Forks()
        bounds = bounds or Bounds()
        self._records_max = bounds.records_in_flight_max
        self._waiting: FairQueue[_UnderWay] = FairQueue(
            count_max=bounds.waiting_max, bytes_max=bounds.waiting_bytes_max
        )
        self._unacknowledged: deque[_UnderWay] = deque()  # in PUBLISH order, one connection's
        self._came = 0
        # of QoS 0, until they are done: what bounds those that wait and Kafka's hands bounds them
        self._unacknowledgeable: dict[int, None] = {}  # by number, in their order
        self._open = 0
        self._handed_over = 0  # uploads of this turn; their readings are sent together at its end
        self._confirmed: list[_UnderWay] = []
        self._backlog_in_flight = 0  # readings of large uploads that are not answered
        self._confirm_wait_s = CONFIRM_WAIT_MIN_S

    def turn(self, idle_wait_s: float = IDLE_WAIT_S) -> None:
        """Read what came, hand it to Kafka, serve confirmations; waits only if nothing is to do."""
        busy = self._sink.in_flight > 0 or len(self._waiting) > 0
        came = self._source.turn(0.0 if busy else idle_wait_s, reading=not self._waiting.is_full)
        now_s = time.monotonic()
        for arrived in came:
            self._admit(arrived, now_s)
        has_more = self._take_some()
        if self._handed_over:
            self._sink.hand_over()
            self._handed_over = 0
            HANDED_OVER.reached()
        self._confirm(wait=not has_more)
        self._release()
        self._tally.turned()

    def drain(self) -> None:
        """One round that takes nothing new: serve confirmations, send what they release."""
        self._confirm()
        self._release()
        self._source.turn(0.0, reading=False)

    @property
    def open_uploads(self) -> int:
        """Uploads in Kafka's hands that the collars are not yet answered for."""
        return self._open

    def _admit(self, arrived: Arrived, now_s: float) -> None:
        MESSAGE_READ.reached()
        self._came += 1
        upload = _UnderWay(arrived, self._came, now_s)
        upload.probe_answer = answered_probe_topic(arrived.mqtt_topic)
        if arrived.qos or upload.probe_answer is not None:
            self._unacknowledged.append(upload)
        else:
            self._unacknowledgeable[upload.number] = None
        if upload.probe_answer is not None:
            upload.is_taken = True
            return
        size_bytes = len(arrived.payload)
        over = self._limits.spend(arrived.mqtt_topic, size_bytes, now_s)
        if over is None:
            self._waiting.put(arrived.mqtt_topic, size_bytes, upload)
        else:
            self._refuse(upload, over)

    def _refuse(self, upload: _UnderWay, over: Over) -> None:
        """Beyond its collar's budget: not read, not answered; told and kept once a minute."""
        arrived = upload.arrived
        # its PUBACK may wait for older ones, and what is refused stands in no queue that fills
        upload.arrived = arrived._replace(payload=b"")
        upload.is_taken = True
        self._tally.limited()
        if not over.has_letter:
            self._unacknowledgeable.pop(upload.number, None)
            return
        refusal = rate_limited(over, arrived.payload, _sender(arrived.mqtt_topic))
        address = parse_mqtt_topic(arrived.mqtt_topic)
        self._hand_over(upload, Verdict(address, (), (refusal,), None), self._clock.now())

    def _take_some(self) -> bool:
        """Judge what waits, as much as one turn may; whether more of it could be taken now."""
        left, received_at = READINGS_A_TURN, self._clock.now()
        while self._sink.in_flight < self._records_max:
            if left <= 0:
                return True
            backlog_too = self._backlog_in_flight * BACKLOG_PART < self._records_max
            upload = self._waiting.take(backlog_too=backlog_too)
            if upload is None:
                return False
            before = self._sink.in_flight
            self._take(upload, received_at)
            left -= max(1, self._sink.in_flight - before)
        return False

    def _take(self, upload: _UnderWay, received_at: datetime) -> None:
        arrived = upload.arrived
        verdict = judge(
            arrived.mqtt_topic, arrived.payload, self._attribution, received_at, self._decoders
        )
        JUDGED.reached()
        verdict = self._note(verdict, arrived)
        if not is_live(len(arrived.payload)):
            upload.readings = len(verdict.readings)
            self._backlog_in_flight += upload.readings
        self._hand_over(upload, verdict, received_at)

    def _hand_over(self, upload: _UnderWay, verdict: Verdict, received_at: datetime) -> None:
        upload.is_taken = True
        upload.left = bool(verdict.readings) + len(verdict.refusals)
        if upload.left == 0:
            self._unacknowledgeable.pop(upload.number, None)
            return  # nothing of it is kept, and nobody is answered
        self._handed_over += 1
        self._open += 1
        upload.verdict = verdict

        def confirmed() -> None:
            upload.left -= 1
            if upload.left == 0:
                self._confirmed.append(upload)

        if verdict.readings:
            self._sink.readings(verdict.readings, confirmed)
        for refusal in verdict.refusals:
            self._tally.refused(refusal.rejected.reason)
            self._sink.letter(refusal, upload.arrived, received_at, confirmed)
            LETTER_HANDED_OVER.reached()

    def _note(self, verdict: Verdict, arrived: Arrived) -> Verdict:
        """Count what came; the verdict, less what came under another's number."""
        sender, now_s = _sender(arrived.mqtt_topic), time.monotonic()
        verdict, forked = self._forks.part(verdict, arrived.payload, sender, now_s)
        if forked is not None:
            self._tally.forked(forked, arrived.mqtt_topic)
        self._tally.taken(len(verdict.readings))
        if verdict.aside is not None:
            self._tally.aside(verdict.aside)
        if verdict.address is None or verdict.answer is None:
            return verdict
        seqs = _seqs_of(verdict.readings)
        seqs += [refusal.seq for refusal in verdict.refusals if refusal.seq is not None]
        collar_id = verdict.address.collar_id
        noted = self._sequences.note(collar_id, verdict.answer.boot_id, seqs, now_s)
        self._tally.noted(noted, arrived.mqtt_topic)
        return verdict

    def _confirm(self, *, wait: bool = True) -> None:
        before = self._sink.in_flight
        if before == 0 or not wait:
            self._sink.poll(0.0)
        else:
            self._sink.poll(self._confirm_wait_s)
            if self._sink.in_flight < before:
                self._confirm_wait_s = CONFIRM_WAIT_MIN_S
            else:
                self._confirm_wait_s = min(2 * self._confirm_wait_s, CONFIRM_WAIT_MAX_S)
        # not in the sink's callbacks: an error there would surface as another one, elsewhere
        confirmed, self._confirmed = self._confirmed, []
        for upload in confirmed:
            self._open -= 1
            self._backlog_in_flight -= upload.readings
            self._unacknowledgeable.pop(upload.number, None)
            self._answer(upload)

    def _answer(self, upload: _UnderWay) -> None:
        CONFIRMED.reached()
        verdict = upload.verdict
        if verdict is None:
            return
        if verdict.refusals:
            LETTER_CONFIRMED.reached()
        address = verdict.address
        if address is None:
            return  # nobody of ours to answer
        for refusal in verdict.refusals:
            self._source.publish(_to(address, "rejects"), _told(refusal), retain=False)
            LETTER_TOLD.reached()
        answer = verdict.answer
        if answer is not None:
            told = b'{"boot_id":%d,"seq":%d}' % (answer.boot_id, answer.seq)
            # an invented name must not stay at the broker, which keeps what is retained for ever
            is_known = self._attribution.unknown(address.collar_id) is None
            self._source.publish(_to(address, "ack"), told, retain=is_known)
            ANSWERED.reached()
        self._tally.answered(time.monotonic() - upload.since_s)

    def _release(self) -> None:
        epoch = self._source.epoch()
        while self._unacknowledged:
            oldest = self._unacknowledged[0]
            # an upload of a lost connection blocks nothing: its broker delivers it again
            if not self._is_due(oldest) and oldest.arrived.epoch == epoch:
                return
            self._unacknowledged.popleft()
            if oldest.probe_answer is not None and oldest.arrived.epoch == epoch:
                token = oldest.arrived.payload[:PROBE_BYTES_MAX]
                self._source.publish(oldest.probe_answer, token, retain=False)
            self._source.acknowledge(oldest.arrived)
            RELEASED.reached()

    def _is_due(self, oldest: _UnderWay) -> bool:
        """Whether its turn has come; a probe also waits for what came at QoS 0 before it."""
        if oldest.probe_answer is None or not self._unacknowledgeable:
            return oldest.is_done
        return next(iter(self._unacknowledgeable)) > oldest.number


def _seqs_of(readings: Readings) -> list[int]:
    if isinstance(readings, TakenReadings):
        return readings.seqs()
    return [event.payload.seq for event in readings]


def _sender(mqtt_topic: str) -> Sender:
    address = parse_mqtt_topic(mqtt_topic)
    origin = f"mqtt:{mqtt_topic}"
    if address is None:
        return Sender(origin)
    return Sender(origin, address.farm_id, address.collar_id)


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
