"""Readings and judged hours made by hand, and a log that hands them out as Kafka would."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from contracts.animal_event import Assignment
from contracts.detection import Condition
from contracts.envelope import Event
from contracts.hour import AnimalHour, HourScore, HourSignal, hour_event_id
from contracts.ids import AnimalId, FarmId
from contracts.reading import CollarReading
from read_models.base import Measured, Offsets
from read_models.wearing import CollarList, spans_of
from tests.builders import FARM, an_event


def this_month() -> datetime:
    """A midnight a few days ago: readings older than the log keeps them leave the table."""
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return today - timedelta(days=3)


def an_hour(
    hour: int,
    *,
    animal: str = "nl-0017",
    revision: int = 1,
    farm: FarmId = FARM,
    readings: int = 12,
    coverage_share: float = 1.0,
    **signals: float,
) -> Event[AnimalHour]:
    """A judged hour; each signal's usual value is one more, its spread a tenth."""
    hour_at = this_month() + timedelta(hours=hour)
    payload = AnimalHour(
        hour_at=hour_at,
        revision=revision,
        known_at=hour_at + timedelta(minutes=80),
        readings=readings,
        coverage_share=coverage_share,
        signals=tuple(
            HourSignal(signal=name, value=value, usual=value + 1, spread=0.1)
            for name, value in signals.items()
        ),
        scores=(HourScore(detector="fever", condition=Condition.FEVER, unit="1", score=hour / 24),),
    )
    return an_event(
        payload,
        event_id=hour_event_id(farm, animal, hour_at, revision),
        timestamp=hour_at,
        aggregate_id=animal,
        farm_id=farm,
    )


def moved(
    reading: Event[CollarReading], to: str, *, taken_by: int, first_offset: int
) -> Event[CollarReading]:
    """The reading again, as it is written when the register says that it was another's."""
    payload = replace(
        reading.payload,
        taken_from=reading.aggregate_id,
        taken_by=taken_by,
        first_offset=first_offset,
    )
    return replace(reading, aggregate_id=to, payload=payload)


def a_list(
    collar: str, offset: int, *worn: tuple[str, datetime], farm: FarmId = FARM
) -> CollarList:
    """A collar's list: each animal wore it from a time until the next did."""
    until = [since for _, since in worn[1:]]
    assignments = [
        Assignment(animal_id=AnimalId(animal), farm_id=farm, worn_from=since, worn_to=to)
        for (animal, since), to in zip(worn, [*until, None], strict=True)
    ]
    return CollarList(collar, offset, spans_of(assignments))


class MeasuredLog:
    """LogReader over a list of pieces, one a poll."""

    def __init__(self, pieces: Sequence[Measured]) -> None:
        self.pieces = list(pieces)
        self._next = 0

    def add(self, pieces: Sequence[Measured]) -> None:
        """More of the log."""
        self.pieces += pieces

    def read_from(self, offsets: Offsets) -> None:
        """Go on with the first piece that ends above these offsets."""
        self._next = 0
        while self._next < len(self.pieces) and all(
            end <= offsets.get(place, 0) for place, end in self.pieces[self._next].ends.items()
        ):
            self._next += 1

    def poll(self) -> list[Measured]:
        """The next one."""
        found = self.pieces[self._next : self._next + 1]
        self._next += len(found)
        return found

    def ends(self) -> Offsets:
        """The ends of the last of each place."""
        return {place: end for piece in self.pieces for place, end in piece.ends.items()}

    def reached(self, offsets: Offsets, ends: Offsets) -> bool:
        """A list has no offsets without records."""
        return all(offsets.get(place, 0) >= end for place, end in ends.items())

    def heard_at(self) -> datetime | None:
        """A time after everything appended."""
        return this_month() + timedelta(days=30)
