"""A seq that comes again with another content: a cloned collar, or one that counts wrongly. Pure.

The log takes a reading once, by collar, boot_id and seq; a second one of the same number would be
dropped by some who fold it and would overwrite in others. So the first stands, and the other goes
to the dead letters. Seen is what came to this gateway since it started, the newest million
readings: a hint, as in sequence.py, at a fixed price in memory and half a microsecond a reading.
"""

from array import array
from collections import OrderedDict
from dataclasses import dataclass, replace
from operator import attrgetter

import msgspec

from contracts.clock import iso
from contracts.dead_letter import Reason, Rejected
from contracts.envelope import Event
from contracts.ids import CollarId
from contracts.reading import MEASUREMENTS, CollarReading
from gateway.intake import Reading, Readings, Refusal, Sender, Verdict
from gateway.letter_ids import content_of
from gateway.sequence import FORK_WITHIN_S
from gateway.taken import TakenReadings

READINGS_KEPT = 2**20  # 16 MB: eight hours of 10,000 collars that measure every 5 minutes
TOLD_MAX = 10_000  # devices of which a fork was told; the longest ago are forgotten first

SURROUNDINGS = ("ambient_c", "humidity_pct", "battery_v")  # what a station measures
_of_collar = attrgetter(*MEASUREMENTS)
_of_station = attrgetter(*SURROUNDINGS)


@dataclass(frozen=True, slots=True)
class Forked:
    """What was found in one upload. is_news: not told of this device in FORK_WITHIN_S."""

    device_id: str
    readings: int
    is_news: bool


class Forks:
    """What was heard under which number. Times are seconds of a monotonic clock."""

    def __init__(self, *, kept: int = READINGS_KEPT) -> None:
        """kept: a power of two."""
        # a table whose newer entries push out older ones: by the number's hash, its content's
        self._mask = kept - 1
        self._keys = array("q", bytes(8 * kept))
        self._contents = array("q", bytes(8 * kept))
        self._told: OrderedDict[str, float] = OrderedDict()

    def part(
        self, verdict: Verdict, payload: bytes, sender: Sender, now_s: float
    ) -> tuple[Verdict, Forked | None]:
        """The verdict, its readings of another's number refused; and what to tell of them."""
        others = self._others(verdict.readings)
        if not others:
            return verdict, None
        if verdict.address is None:
            # a LoRaWAN server's: one reading cannot be cut out of a frame, so all of it once
            refused: tuple[Refusal, ...] = (_refusal(others[0], payload, sender),)
        else:
            # alone in its message it is kept as it came, whatever payload that is
            raw = payload if len(verdict.readings) + len(verdict.refusals) == 1 else None
            refused = tuple(_refusal(event, raw or _alone(event), sender) for event in others)
        of_others = {event.event_id for event in others}
        parted = replace(
            verdict,
            readings=tuple(one for one in verdict.readings if one.event_id not in of_others),
            refusals=verdict.refusals + refused,
        )
        device_id = _device_of(others[0])
        return parted, Forked(device_id, len(others), self._is_news(device_id, now_s))

    def _others(self, readings: Readings) -> list[Event[Reading]]:
        """The readings whose number was another's; only they are made events."""
        if not isinstance(readings, TakenReadings):
            return [event for event in readings if self._is_other(*_marks(event))]
        whose = (readings.collar_id, readings.upload.boot_id)
        found: list[Event[Reading]] = []
        for place, sample in enumerate(readings.samples):
            key = hash((whose, sample.seq))
            marks = (sample.time, sample.interval_s, sample.temperature_site)
            if self._is_other(key, hash((marks, readings.measured[place]))):
                found.append(readings[place])
        return found

    def _is_other(self, key: int, content: int) -> bool:
        place = key & self._mask
        if self._keys[place] != key:
            self._keys[place], self._contents[place] = key, content
            return False
        return self._contents[place] != content

    def _is_news(self, device_id: str, now_s: float) -> bool:
        told_s = self._told.get(device_id)
        if told_s is not None and now_s - told_s < FORK_WITHIN_S:
            return False
        self._told[device_id] = now_s
        self._told.move_to_end(device_id)
        if len(self._told) > TOLD_MAX:
            self._told.popitem(last=False)
        return True


def _marks(event: Event[Reading]) -> tuple[int, int]:
    """By what a reading's number is known, and by what its content."""
    reading = event.payload
    key = hash((_device_of(event), reading.boot_id, reading.seq))
    return key, hash((event.timestamp, reading.interval_s, _measured(reading)))


def _device_of(event: Event[Reading]) -> str:
    """Who counted the reading's seq: the collar, or the station."""
    reading = event.payload
    return reading.collar_id if isinstance(reading, CollarReading) else reading.station_id


def _measured(reading: Reading) -> tuple[object, ...]:
    found: tuple[object, ...]
    found = _of_collar(reading) if isinstance(reading, CollarReading) else _of_station(reading)
    return found


def _refusal(event: Event[Reading], raw: bytes, sender: Sender) -> Refusal:
    reading = event.payload
    rejected = Rejected(
        Reason.SEQ_REUSED,
        f"seq {reading.seq} of boot {reading.boot_id} was heard with another content: a clone of "
        "this device, or a boot_id that does not count boots",
    )
    whose = Sender(sender.origin, event.farm_id, CollarId(_device_of(event)))
    content = content_of(event.timestamp, reading.interval_s, _measured(reading))
    return Refusal(rejected, raw, whose, reading.boot_id, reading.seq, content)


def _alone(event: Event[Reading]) -> bytes:
    """An upload that carries this reading alone."""
    reading = event.payload
    told: dict[str, object] = {
        "seq": reading.seq,
        "time": iso(event.timestamp),
        "interval_s": reading.interval_s,
    }
    columns = MEASUREMENTS if isinstance(reading, CollarReading) else SURROUNDINGS
    measured = zip(columns, _measured(reading), strict=True)
    told |= {column: value for column, value in measured if value is not None}
    upload: dict[str, object] = {
        "boot_id": reading.boot_id,
        "sent_at": reading.sent_at,
        "readings": [told],
    }
    if isinstance(reading, CollarReading):
        upload["station_id"] = reading.station_id
    return msgspec.json.encode(upload)
