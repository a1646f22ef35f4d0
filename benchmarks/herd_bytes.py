"""The readings of a very large herd as Avro, a fraction of a microsecond each.

Problem: a million animals at one reading a minute are 16,700 readings a second; encoding them one
by one would cost more than judging them, and a laid-down log of two hours 40 GB. Approach: all
records of a partition are one matrix of bytes of equal width; a round of readings changes its
times, seqs and measurements by columns. Animals speak in the same order each round, and neighbours
in it stand on different farms, as in a real log: the state's rows of a herd lie far apart.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from contracts.columns import micros, moment
from contracts.envelope import Event
from contracts.hour_columns import varints, zigzag
from contracts.ids import AnimalId, CollarId, FarmId, derived_id, reading_event_id
from contracts.messages import event_type_of
from contracts.reading import CollarReading
from contracts.reading_bytes import text, text_or_null
from contracts.reading_columns import NUMBERS, ReadingRows, receipt_part, subject_part
from contracts.serde import HEADER, Serde
from contracts.tick import Tick

HOUR_S = 3600
SEED = 11
TIME_BYTES = 8  # of a varint of microseconds, from 1987 to 2160
SEQ_BYTES = 2  # of a varint from SEQ_FIRST to SEQ_LAST: records keep their width
SEQ_FIRST, SEQ_LAST = 64, 8191
RECEIPT_US = 2_000_000  # from the collar to the gateway
HOT_EVERY = 997  # each so many-th animal has fever in hours that HOT_HOURS divides
HOT_HOURS, HOT_C = 12, 41.0
SITE = "rumen"
# what an animal does in an hour, how much hours of a day differ, how much she varies
DAY = {
    "temperature_c": (38.6, 0.0, 0.1),
    "rumination_minutes": (20.0, 8.0, 3.0),
    "eating_minutes": (11.0, -4.0, 2.0),
    "lying_minutes": (28.0, 5.0, 4.0),
    "lying_bouts": (1.0, 0.0, 0.2),
    "steps": (100.0, -30.0, 15.0),
    "activity": (100.0, -20.0, 12.0),
    "drinking_minutes": (1.0, 0.0, 0.2),
}
MEASURED = [NUMBERS.index(name) for name in DAY]

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float64]
Longs = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Herds:
    """animals of one partition on so many farms; each measures once in interval_s."""

    animals: int
    farms: int
    interval_s: int


class HerdBytes:
    """What gateways and herd-clock would write of such herds into one partition after another."""

    def __init__(self, herds: Herds, serde: Serde) -> None:
        self._herds, self._serde = herds, serde
        draw = np.random.default_rng(SEED)
        # animals of the same number on their farms are alike, so that one farm may stand for all
        self._own = draw.normal(0, 1, (-(-herds.animals // herds.farms), len(DAY)))
        spread = np.sort(draw.random(herds.animals))
        self._offset_us = (spread * herds.interval_s * 1e6).astype(np.int64)
        self._draw = draw
        self._records, self._at = self._laid_out()

    def round(self, partition: int, begin: datetime, seq: int) -> Bytes:
        """(animals, width): one reading of each animal, in the interval from `begin` on."""
        if not SEQ_FIRST <= seq <= SEQ_LAST:
            raise ValueError(f"seq {seq}: records keep their width from {SEQ_FIRST} to {SEQ_LAST}")
        out, at = self._records, self._at
        times_us = micros(begin) + self._offset_us
        out[:, at["time"]] = varints(zigzag(times_us), TIME_BYTES)
        out[:, at["received"]] = varints(zigzag(times_us + RECEIPT_US), TIME_BYTES)
        out[:, at["seq"]] = varints(zigzag(np.array([seq])), SEQ_BYTES)
        out[:, at["partition"]] = np.frombuffer(f"{partition:02}".encode() * 4, np.uint8)
        out[:, at["id"]] = np.frombuffer(f"{partition:02x}{seq:06x}".encode(), np.uint8)
        hour = int(begin.timestamp()) // HOUR_S
        values = np.ascontiguousarray(self._measured(hour), "<f4").view(np.uint8)
        out[:, at["values"]] = values
        return out

    def slices(
        self, partition: int, begin: datetime, seq: int, slice_s: int
    ) -> Iterator[tuple[datetime, list[bytes]]]:
        """The same in slices of time: when each ends, its readings and the tick that follows."""
        records = self.round(partition, begin, seq)
        data, width = records.tobytes(), records.shape[1]
        for second in range(0, self._herds.interval_s, slice_s):
            span_us = [second * 1_000_000, (second + slice_s) * 1_000_000]
            first, last = np.searchsorted(self._offset_us, span_us).tolist()
            some = [data[at : at + width] for at in range(first * width, last * width, width)]
            ends = moment(micros(begin) + span_us[1])
            yield ends, [*some, self.tick(partition, ends)]

    def tick(self, partition: int, at: datetime) -> bytes:
        """The partition's tick."""
        tick = Event(
            event_id=derived_id("tick", partition, int(at.timestamp())),
            event_type=event_type_of(Tick),
            timestamp=at,
            aggregate_id=f"partition:{partition}",
            actor="herd-clock",
            farm_id=None,
            payload=Tick(writer="bench"),
        )
        return self._serde.encode(tick)

    def _measured(self, hour: int) -> Floats:
        """(animals, measurements in the order of DAY)."""
        herds = self._herds
        share = np.array([1.0, *[herds.interval_s / HOUR_S] * (len(DAY) - 1)])
        level, swing, varies = np.array(list(DAY.values())).T
        usual = level + swing * np.cos(2 * np.pi * hour / 24) + 0.5 * varies * self._own
        animals = np.arange(herds.animals)
        noise = self._draw.normal(0, 1, (herds.animals, len(DAY)))
        values: Floats = np.maximum(usual[animals // herds.farms] + varies * noise, 0) * share
        if hour % HOT_HOURS == 0:
            values[::HOT_EVERY, 0] = HOT_C
        return values

    def _laid_out(self) -> tuple[Bytes, dict[str, list[int]]]:
        """The records of a round with zeros for what changes, and where that stands."""
        interval_s, animals = self._herds.interval_s, self._herds.animals
        now = moment(10**9 * 1_000_000)
        receipt = receipt_part(now, None, "barn-1", "ok", interval_s)
        values = tuple(1.0 if place in MEASURED else None for place in range(len(NUMBERS)))
        subjects = [self._subject(animal) for animal in range(animals)]
        rows = ReadingRows(
            event_ids=[reading_event_id(CollarId("c"), 1, animal) for animal in range(animals)],
            times_us=[micros(now)] * animals,
            subjects=subjects,
            seqs=[SEQ_FIRST] * animals,
            receipts=[receipt] * animals,
            measured=[values] * animals,
            sites=[SITE] * animals,
        )
        raws = self._serde.encode_rows(rows)
        records = np.frombuffer(b"".join(raws), np.uint8).reshape(animals, -1).copy()
        id_at = HEADER.size + 1
        time_at = id_at + 36 + len(text(event_type_of(CollarReading)))
        subject_at = time_at + TIME_BYTES
        seq_at = subject_at + len(subjects[0])
        received_at = seq_at + SEQ_BYTES
        value_at = received_at + len(receipt) + 1
        numbers_at = [value_at, *_places(value_at + 4 + len(text_or_null(SITE)))]
        named = [at + subject_at for at in _named(subjects[0])]
        at = {
            "id": list(range(id_at, id_at + 8)),
            "time": list(range(time_at, time_at + TIME_BYTES)),
            "seq": list(range(seq_at, seq_at + SEQ_BYTES)),
            "received": list(range(received_at, received_at + TIME_BYTES)),
            "partition": [place for at in named for place in (at, at + 1)],
            "values": [place for at in numbers_at for place in range(at, at + 4)],
        }
        return records, at

    def _subject(self, animal: int) -> bytes:
        farm = FarmId(f"farm-pp-{animal % self._herds.farms:05}")
        return subject_part(
            AnimalId(f"nl-pp-{animal:07}"), farm, CollarId(f"c-pp-{animal:07}"), boot_id=1
        )


def _places(at: int) -> list[int]:
    """Where the numbers behind temperature_site begin; `at`: the first one's union."""
    found = []
    for name in NUMBERS[1:]:
        if name in DAY:
            found.append(at + 1)
            at += 5
        else:
            at += 1
    return found


def _named(subject: bytes) -> list[int]:
    """Where partitions stand in a subject's ids."""
    return [at for at in range(len(subject)) if subject[at : at + 3] == b"pp-"]
