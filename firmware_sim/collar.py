"""The firmware of one collar: readings into a ring buffer, one upload in flight until answered.

A collar keeps each reading until the gateway says that it is safe; a PUBACK says nothing. It sends
the next upload after the answer, or the same readings again after a timeout that grows and is
jittered, so that a herd does not come back in one instant. sent_at is renewed each time: an upload
that waited through a day's outage is late, not sent by a broken clock. Pure: time is handed in,
as a UTC time for what is told and as seconds of a monotonic clock for waiting.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import msgspec

from contracts.ids import CollarId, reading_event_id
from firmware_sim.animal import Measures

BUFFER_READINGS = 8640  # 30 days at 5 minutes: what a small flash holds
UPLOAD_READINGS_MAX = 100  # the gateway takes 500; a radio's airtime does not
UNSENT_AGAIN_S = 0.25  # nothing goes out meanwhile, so nothing needs to be spared
SITE = "rumen"


@dataclass(frozen=True, slots=True)
class Limits:
    """buffer, upload: readings. Answer awaited timeout_s, doubling to timeout_max_s."""

    buffer_readings: int = BUFFER_READINGS
    upload_readings_max: int = UPLOAD_READINGS_MAX
    timeout_s: float = 3.0
    timeout_max_s: float = 30.0


class Buffered(msgspec.Struct, frozen=True):
    """One reading that is not known to be safe yet."""

    collar_id: CollarId
    boot_id: int
    seq: int
    time: datetime
    interval_s: int
    measures: Measures

    @property
    def event_id(self) -> str:
        """The event it will be in the log, however often it is sent."""
        return reading_event_id(self.collar_id, self.boot_id, self.seq)


class _Told(msgspec.Struct, frozen=True):
    seq: int
    time: datetime
    interval_s: int
    temperature_site: str
    temperature_c: float
    rumination_minutes: float
    eating_minutes: float
    lying_minutes: float
    lying_bouts: float
    steps: float
    activity: float
    drinking_minutes: float


class _Upload(msgspec.Struct, frozen=True):
    boot_id: int
    sent_at: datetime
    readings: list[_Told]


_encoder = msgspec.json.Encoder()


class Collar:
    """One collar's memory and manners. jitter: a number in 0 … 1 whenever it is asked for."""

    def __init__(
        self,
        collar_id: CollarId,
        *,
        boot_id: int,
        jitter: Callable[[], float],
        limits: Limits | None = None,
    ) -> None:
        self.collar_id = collar_id
        self.boot_id = boot_id
        self.overwritten = 0  # readings lost because the buffer was full
        self._limits = limits or Limits()
        self._jitter = jitter
        self._seq = 0
        self._buffer: deque[Buffered] = deque()
        self._in_flight: tuple[Buffered, ...] = ()
        self._send_again_at_s: float | None = None
        self._tries = 0

    def __len__(self) -> int:
        """Readings in the buffer, those in flight included."""
        return len(self._buffer)

    def oldest(self) -> Buffered | None:
        """The reading that waits longest for its answer; may be asked from any thread."""
        held = self._buffer.copy()  # in one step: the herd's thread empties it meanwhile
        return held[0] if held else None

    def measured(self, measures: Measures, at: datetime, interval_s: int) -> Buffered:
        """Keep one reading; when the buffer is full the oldest is overwritten."""
        reading = Buffered(self.collar_id, self.boot_id, self._seq + 1, at, interval_s, measures)
        self.keep(reading)
        return reading

    def keep(self, reading: Buffered) -> None:
        """As `measured`, for a reading that knows its seq; seqs of one boot must rise."""
        self._seq = reading.seq
        if len(self._buffer) >= self._limits.buffer_readings:
            self._buffer.popleft()
            self.overwritten += 1
        self._buffer.append(reading)

    def reboot(self) -> None:
        """Seq begins again under the next boot_id; the buffer is in flash and stays."""
        self.boot_id += 1
        self._seq = 0
        self._in_flight = ()
        self._send_again_at_s = None
        self._tries = 0

    def upload(self, now_s: float) -> tuple[Buffered, ...]:
        """The readings to send now: the next, or the same again; none while one is in flight."""
        if self._send_again_at_s is not None:
            if now_s < self._send_again_at_s:
                return ()
        elif self._buffer:
            self._in_flight = self._oldest()
            self._tries = 0
        else:
            return ()
        self._send_again_at_s = now_s + self._patience_s()
        self._tries += 1
        return self._in_flight

    def not_sent(self, now_s: float) -> None:
        """There was no connection for the upload just given: it is nobody's fault and no try."""
        if self._send_again_at_s is not None:
            self._send_again_at_s = now_s + UNSENT_AGAIN_S
            self._tries -= 1

    def connected(self, now_s: float) -> None:
        """A new session: what was in flight on the old one is sent again soon, not at once."""
        if self._send_again_at_s is not None:
            soon_s = now_s + self._limits.timeout_s * self._jitter() / 4
            self._send_again_at_s = min(self._send_again_at_s, soon_s)

    def answered(self, boot_id: int, seq: int) -> tuple[Buffered, ...]:
        """The readings that an answer makes safe: everything of that boot up to seq."""
        safe = []
        # the answer of one boot says nothing about another's readings
        while self._buffer and self._buffer[0].boot_id == boot_id and self._buffer[0].seq <= seq:
            safe.append(self._buffer.popleft())
        last = self._in_flight[-1] if self._in_flight else None
        if last is not None and boot_id == last.boot_id and seq >= last.seq:
            self._in_flight = ()
            self._send_again_at_s = None
        return tuple(safe)

    def _oldest(self) -> tuple[Buffered, ...]:
        boot_id = self._buffer[0].boot_id
        found: list[Buffered] = []
        for reading in self._buffer:
            if reading.boot_id != boot_id or len(found) == self._limits.upload_readings_max:
                break
            found.append(reading)
        return tuple(found)

    def _patience_s(self) -> float:
        doubled_s = self._limits.timeout_s * 2.0 ** min(self._tries, 10)
        longest_s = min(doubled_s, self._limits.timeout_max_s)
        return longest_s * (0.75 + 0.5 * self._jitter())


def payload_of(upload: tuple[Buffered, ...], sent_at: datetime) -> bytes:
    """The JSON of an upload, as the gateway's native payload wants it."""
    return _encoder.encode(_Upload(upload[0].boot_id, sent_at, [_told(one) for one in upload]))


def _told(reading: Buffered) -> _Told:
    measures = reading.measures
    return _Told(
        reading.seq,
        reading.time,
        reading.interval_s,
        SITE,
        measures.temperature_c,
        measures.rumination_minutes,
        measures.eating_minutes,
        measures.lying_minutes,
        measures.lying_bouts,
        measures.steps,
        measures.activity,
        measures.drinking_minutes,
    )
