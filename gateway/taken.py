"""The readings of an upload that go to the log, not made into events until somebody asks. Pure.

An event is two objects of thirty fields, and Kafka is given bytes: between a collar's JSON and its
record nobody needs them. So an upload stays the samples that were parsed, with who wore the collar
at each; looked at, it is a sequence of events like any other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import Any, overload

from contracts.animal_event import Assignment
from contracts.envelope import Event
from contracts.ids import CollarId, reading_event_id, reading_event_ids
from contracts.messages import event_type_of
from contracts.reading import CLOCK_AHEAD, CLOCK_OK, CollarReading
from contracts.reading_columns import NUMBERS, ReadingRows, receipt_part, subject_part
from gateway.upload import Sample, Upload

CLOCK_AHEAD_AFTER = timedelta(minutes=5)  # stored and charted, not judged
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

_numbers = attrgetter(*NUMBERS)


def clock_of(time: datetime, received_at: datetime) -> str:
    """Whether a reading is ahead of its receipt, by the gateway's own clock."""
    return CLOCK_AHEAD if time - received_at > CLOCK_AHEAD_AFTER else CLOCK_OK


@dataclass(frozen=True, slots=True, eq=False)
class TakenReadings(Sequence[Event[CollarReading]]):
    """Made by `taken`. samples: of one upload, in its order; all tuples are equally long.

    worn: who wore the collar at each. measured: each one's values in the order of NUMBERS.
    """

    collar_id: CollarId
    upload: Upload
    received_at: datetime
    samples: tuple[Sample, ...]
    worn: tuple[Assignment, ...]
    measured: tuple[tuple[float | None, ...], ...]

    def __eq__(self, other: object) -> bool:
        """As the tuple of its events would be."""
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    __hash__ = None  # type: ignore[assignment]  # as other sequences that are compared by value

    def __len__(self) -> int:
        return len(self.samples)

    @overload
    def __getitem__(self, index: int) -> Event[CollarReading]: ...

    @overload
    def __getitem__(self, index: slice) -> "TakenReadings": ...

    def __getitem__(self, index: int | slice) -> "Event[CollarReading] | TakenReadings":
        """One event; or a part that is no events yet."""
        if isinstance(index, slice):
            return self._with(self.samples[index], self.worn[index])
        return self._event(index)

    def seqs(self) -> list[int]:
        """Of each reading."""
        return [sample.seq for sample in self.samples]

    def add_to(self, rows: ReadingRows) -> None:
        """Put its readings behind those that are in the columns already."""
        if not self.samples:
            return
        upload, samples, seqs = self.upload, self.samples, self.seqs()
        rows.event_ids += reading_event_ids(self.collar_id, upload.boot_id, seqs)
        rows.times_us += [(sample.time - EPOCH) // MICROSECOND for sample in samples]
        rows.seqs += seqs
        rows.sites += [sample.temperature_site for sample in samples]
        rows.measured += self.measured
        # made once for each kind of reading in it, and nearly always there is one
        first, subject = self.worn[0], self._subject(self.worn[0])
        rows.subjects += [subject if worn is first else self._subject(worn) for worn in self.worn]
        ahead_from = self.received_at + CLOCK_AHEAD_AFTER
        receipts: dict[tuple[bool, int], bytes] = {}
        for sample in samples:
            kind = (sample.time > ahead_from, sample.interval_s)
            receipt = receipts.get(kind)
            if receipt is None:
                receipt = receipts[kind] = self._receipt(*kind)
            rows.receipts.append(receipt)

    def _subject(self, worn: Assignment) -> bytes:
        return subject_part(worn.animal_id, worn.farm_id, self.collar_id, self.upload.boot_id)

    def _receipt(self, is_ahead: bool, interval_s: int) -> bytes:  # noqa: FBT001  a kind's part
        upload, clock = self.upload, CLOCK_AHEAD if is_ahead else CLOCK_OK
        return receipt_part(self.received_at, upload.sent_at, upload.station_id, clock, interval_s)

    def _with(self, samples: tuple[Sample, ...], worn: tuple[Assignment, ...]) -> "TakenReadings":
        return taken(self.collar_id, self.upload, self.received_at, samples, worn)

    def _event(self, place: int) -> Event[CollarReading]:
        upload, sample, worn = self.upload, self.samples[place], self.worn[place]
        measured: dict[str, Any] = dict(zip(NUMBERS, self.measured[place], strict=True))
        payload = CollarReading(
            collar_id=self.collar_id,
            boot_id=upload.boot_id,
            seq=sample.seq,
            received_at=self.received_at,
            sent_at=upload.sent_at,
            station_id=upload.station_id,
            clock=clock_of(sample.time, self.received_at),
            interval_s=sample.interval_s,
            temperature_site=sample.temperature_site,
            **measured,
        )
        return Event(
            event_id=reading_event_id(self.collar_id, upload.boot_id, sample.seq),
            event_type=event_type_of(CollarReading),
            timestamp=sample.time.astimezone(UTC),
            aggregate_id=worn.animal_id,
            actor=f"collar:{self.collar_id}",
            farm_id=worn.farm_id,
            payload=payload,
        )


def taken(
    collar_id: CollarId,
    upload: Upload,
    received_at: datetime,
    samples: tuple[Sample, ...],
    worn: tuple[Assignment, ...],
) -> TakenReadings:
    """The readings of an upload of which `samples` are good, and whose they are."""
    measured = tuple(map(_numbers, samples))
    return TakenReadings(collar_id, upload, received_at, samples, worn, measured)
