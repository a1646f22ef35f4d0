"""The log of made herds, slice by slice, as gateways and herd-clock would have written it.

Each slice of time holds the readings of those animals whose turn it is, in the order in which they
speak, and a tick of the partition at its end. Everything a collar of ours measures is in a reading;
a few animals have fever for two hours, a few collars are silent for three, and one record in five
hundred is a repeat. The same sizes give the same log, but for the ids of its ticks.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from contracts.columns import micros
from contracts.envelope import Event
from contracts.ids import AnimalId, CollarId, FarmId, derived_id, new_id, reading_event_id
from contracts.messages import event_type_of
from contracts.reading import CLOCK_OK
from contracts.reading_columns import NUMBERS, ReadingRows, receipt_part, subject_part
from contracts.serde import SchemaIds, Serde
from contracts.tick import Tick
from contracts.topics import PARTITIONS, partition_of_farm

SEED = 7
HOT_EVERY, HOT_S = 97, 7200  # each so many-th animal, and for how long
SILENT_EVERY, SILENT_S = 211, 10_800
ONSETS_WITHIN_S = 6 * 3600  # of the log's begin
REPEAT_EVERY = 500
HOUR_S = 3600
STATION = "barn-1"
# what a cow does in an hour of the day, and how much that varies: minutes, counts, °C
USUAL = {
    "temperature_c": (38.7, 0.15),
    "rumination_minutes": (20.0, 4.0),
    "eating_minutes": (12.0, 3.0),
    "lying_minutes": (28.0, 5.0),
    "lying_bouts": (1.0, 0.0),
    "steps": (110.0, 20.0),
    "activity": (100.0, 15.0),
    "drinking_minutes": (1.0, 0.3),
}
MEASURED = tuple(USUAL)
FEVER_C = 41.0

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class HerdSizes:
    """animals: in each partition; partitions: that hold any, farms: in each of them.

    cadence_s: between two readings of an animal, a whole number of slices. tick_slices: from one
    tick to the next. name: begins all ids: another herd is made of others. boot_id: of all collars,
    which count anew from it.
    """

    animals: int = 500
    partitions: int = PARTITIONS
    farms: int = 2
    cadence_s: float = 60.0
    slice_s: float = 60.0
    tick_slices: int = 1
    name: str = "bench"
    boot_id: int = 1

    @property
    def slices(self) -> int:
        """Slices of a cadence: so many shares of the herd take turns."""
        return max(1, round(self.cadence_s / self.slice_s))

    @property
    def readings_per_slice(self) -> float:
        """Of all partitions, repeats and silences aside."""
        return self.animals * self.partitions / self.slices


class MadeHerd:
    """The animals of one partition."""

    def __init__(self, partition: int, sizes: HerdSizes, begin: datetime) -> None:
        self.partition, self._sizes, self._begin = partition, sizes, begin
        self.farms = _farms_of(sizes.name, partition, sizes.farms)
        self.animals = [
            (
                self.farms[number * len(self.farms) // sizes.animals],
                _animal_id(sizes.name, partition, number),
            )
            for number in range(sizes.animals)
        ]
        collars = [
            CollarId(f"{sizes.name}-{partition}-{number}") for number in range(sizes.animals)
        ]
        self.collars = collars
        self._keys = [animal.encode() for _, animal in self.animals]
        self._subjects = [
            subject_part(animal, farm, collar, sizes.boot_id)
            for (farm, animal), collar in zip(self.animals, collars, strict=True)
        ]
        draw = np.random.default_rng([SEED, partition])
        # (animals, USUAL): what is each one's own, as a factor; of temperature, added °C
        self.own = draw.normal(1.0, 0.1, (sizes.animals, len(USUAL)))
        self.own[:, 0] = draw.normal(0.0, 0.1, sizes.animals)
        self._onset_s = draw.integers(600, ONSETS_WITHIN_S, sizes.animals)
        self._offset_s = draw.random(sizes.animals) * min(sizes.slice_s, sizes.cadence_s)

    def records(
        self, number: int, serde: Serde, hot: frozenset[int] = frozenset()
    ) -> list[tuple[bytes, bytes]]:
        """(key, value) of one slice's readings and of the tick that ends it.

        hot: animals that have fever now, beside those that are made to.
        """
        sizes = self._sizes
        turn = number % sizes.slices
        who = np.arange(turn, sizes.animals, sizes.slices)
        at_s = number * sizes.slice_s + self._offset_s[who]
        since_onset_s = at_s - self._onset_s[who]
        silent = (who % SILENT_EVERY == 0) & (since_onset_s >= 0) & (since_onset_s < SILENT_S)
        order = np.argsort(at_s)
        order = order[~silent[order]]
        who, at_s, since_onset_s = who[order], at_s[order], since_onset_s[order]
        ill = (who % HOT_EVERY == 0) & (since_onset_s >= 0) & (since_onset_s < HOT_S)
        if hot:
            ill |= np.isin(who, sorted(hot))
        values = self._encoded(number, who, at_s, ill, serde)
        keys = [self._keys[animal] for animal in who.tolist()]
        made = list(zip(keys, values, strict=True))
        if number % max(1, REPEAT_EVERY // max(1, len(made))) == 0:
            made += made[::REPEAT_EVERY]
        if (number + 1) % sizes.tick_slices == 0:
            made.append(self._tick(number, serde))
        return made

    def event_ids(self, number: int, animals: list[int]) -> list[str]:
        """Of the readings of these animals in a slice that is theirs."""
        seq = number // self._sizes.slices + 1
        return [reading_event_id(self.collars[one], self._sizes.boot_id, seq) for one in animals]

    def _encoded(
        self,
        number: int,
        who: NDArray[np.int64],
        at_s: Floats,
        ill: NDArray[np.bool_],
        serde: Serde,
    ) -> list[bytes]:
        sizes = self._sizes
        begin_us, seq = micros(self._begin), number // sizes.slices + 1
        received = self._begin + timedelta(seconds=(number + 1) * self._sizes.slice_s)
        interval_s = max(1, round(self._sizes.cadence_s))
        receipt = receipt_part(received, received, STATION, CLOCK_OK, interval_s)
        measured = _measured(self.own[who], number, self.partition, interval_s / HOUR_S)
        measured[:, 0] = np.where(ill, FEVER_C, measured[:, 0])
        columns = [
            measured[:, MEASURED.index(name)].tolist() if name in USUAL else [None] * len(who)
            for name in NUMBERS
        ]
        rows = ReadingRows(
            event_ids=[
                reading_event_id(self.collars[one], sizes.boot_id, seq) for one in who.tolist()
            ],
            times_us=(begin_us + at_s * 1e6).astype(np.int64).tolist(),
            subjects=[self._subjects[one] for one in who.tolist()],
            seqs=[seq] * len(who),
            receipts=[receipt] * len(who),
            measured=list(zip(*columns, strict=True)),
            sites=["rumen"] * len(who),
        )
        return serde.encode_rows(rows)

    def _tick(self, number: int, serde: Serde) -> tuple[bytes, bytes]:
        subject = f"partition:{self.partition}"
        event = Event(
            event_id=new_id(),
            event_type=event_type_of(Tick),
            timestamp=self._begin + timedelta(seconds=(number + 1) * self._sizes.slice_s),
            aggregate_id=subject,
            actor="herd-clock",
            farm_id=None,
            payload=Tick(writer="herd-clock"),
        )
        return subject.encode(), serde.encode(event)


def made_herds(sizes: HerdSizes, begin: datetime) -> list[MadeHerd]:
    """The herds of the first partitions."""
    return [MadeHerd(partition, sizes, begin) for partition in range(sizes.partitions)]


def begin_before(ends: datetime, sizes: HerdSizes, readings: int) -> tuple[datetime, int]:
    """Begin and number of slices of a log of so many readings that ends then."""
    slices = max(1, round(readings / sizes.readings_per_slice))
    return (ends - timedelta(seconds=slices * sizes.slice_s)).astimezone(UTC), slices


def values_of(
    sizes: HerdSizes, begin: datetime, slices: int, schema_ids: SchemaIds
) -> Iterator[tuple[int, list[tuple[bytes, bytes]]]]:
    """(partition, records) of slice after slice, the partitions taking turns."""
    serde, herds = Serde(schema_ids), made_herds(sizes, begin)
    for number in range(slices):
        for herd in herds:
            yield herd.partition, herd.records(number, serde)


def _measured(own: Floats, number: int, partition: int, share: float) -> Floats:
    """(animals, USUAL): what is measured; these collars have no other sensor."""
    draw = np.random.default_rng([SEED, partition, number])
    noise = draw.normal(0.0, 1.0, own.shape)
    found = np.empty(own.shape)
    for place, (usual, spread) in enumerate(USUAL.values()):
        if place == 0:
            found[:, place] = np.round(usual + own[:, 0] + spread * noise[:, 0], 2)
        else:
            hourly = usual * own[:, place] + spread * noise[:, place]
            found[:, place] = np.round(np.maximum(hourly, 0.0) * share, 2)
    return found


def _farms_of(name: str, partition: int, farms: int) -> list[FarmId]:
    """Names of farms that lie in a partition."""
    found: list[FarmId] = []
    number = 0
    while len(found) < farms:
        farm = FarmId(f"{name}-{number}")
        if partition_of_farm(farm) == partition:
            found.append(farm)
        number += 1
    return found


def _animal_id(name: str, partition: int, number: int) -> AnimalId:
    return AnimalId(derived_id(name, partition, number))
