"""What every read model is: a pure fold of a log with a position, thrown away and rebuilt at will.

Problem: a read model must survive the death of its store, of its projector and of both in the
middle of a write, must be rebuilt while the farm works, and may never show a half-built answer.

Approach: everything of one replay lies in one *generation*, with the Kafka offset that each
partition has been folded up to. Data and offset move in one atomic call, which applies only if
the stored offset is the one the batch started from. So the store alone says where to go on: a
store that was emptied asks for everything again, one that lost its newest second asks for that
second, and of two projectors only one gets through. A new generation is filled beside the old one
and takes its place in one step, once it has reached the end of the log and the old one.

What a poll hands over, a *piece*, is each model's own: events of one partition where they are
folded one by one, columns of many where they are only stored. Loop and rebuild need its size.

Rejected: offsets committed to Kafka. They outlive the data they speak of.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Generic, NamedTuple, Protocol, Self, TypeVar

from contracts.columns import ReadingColumns
from contracts.envelope import Event, Stored
from contracts.hour import AnimalHour
from contracts.reading import StationReading
from read_models.wearing import CollarList

NO_EPOCH = ""  # of a generation that has folded nothing yet


class ReadModelUnavailableError(RuntimeError):
    """The store cannot be asked now, or holds no finished generation: try again in a moment."""


class GenerationLostError(RuntimeError):
    """The store is elsewhere than we thought: ask it anew where to go on."""


class RecordRefusedError(ValueError):
    """The store takes no such text or number: it is the record's fault, and would be for ever."""


class RebuildRunningError(RuntimeError):
    """Another process fills a new generation already."""


class NewEpochError(RuntimeError):
    """The log goes on under another history: everything folded so far is void."""

    def __init__(self, epoch: str, since: datetime) -> None:
        super().__init__(
            f"the event store was restored and goes on as epoch {epoch} (first met at {since}): "
            "the read model is built anew from that history"
        )
        self.epoch = epoch
        self.since = since


class Place(NamedTuple):
    """One partition of one Kafka topic: what has an offset of its own."""

    kafka_topic: str
    partition: int

    def __str__(self) -> str:
        return f"{self.kafka_topic}/{self.partition}"

    @classmethod
    def of(cls, text: str) -> "Place":
        """The place in a text of `str`."""
        kafka_topic, _, partition = text.rpartition("/")
        return cls(kafka_topic, int(partition))


Offsets = Mapping[Place, int]  # where each place goes on; absent = at its beginning


class Piece(Protocol):
    """What one poll gave, or a part of it that is folded in one step."""

    @property
    def size(self) -> int:
        """How many records of the log are in it."""
        ...


P = TypeVar("P", bound=Piece)
P_contra = TypeVar("P_contra", bound=Piece, contravariant=True)


@dataclass(frozen=True, slots=True)
class LogRecord:
    """One event of the feed, from this offset of its partition.

    appended_at: Kafka's own time of the record, aware UTC.
    """

    event: Event[Any]
    stored: Stored
    appended_at: datetime
    offset: int = -1


class Record(Protocol):
    """A record of the log, as far as every store looks at it."""

    @property
    def offset(self) -> int:
        """Its place in its partition."""
        ...

    @property
    def appended_at(self) -> datetime:
        """Kafka's own time of it, aware UTC."""
        ...


R = TypeVar("R", bound=Record)


@dataclass(frozen=True, slots=True)
class Slice(Generic[R]):
    """What one poll gave of one partition; next_offset: where the partition goes on after it."""

    place: Place
    next_offset: int
    records: tuple[R, ...]

    @property
    def size(self) -> int:
        """How many records could be read."""
        return len(self.records)

    def halves(self) -> tuple[Self, ...]:
        """The same in two; nothing where one record is left."""
        middle = len(self.records) // 2
        if middle == 0:
            return ()
        first = replace(
            self, next_offset=self.records[middle].offset, records=self.records[:middle]
        )
        return first, replace(self, records=self.records[middle:])

    def without_records(self) -> Self:
        """The way to the same end, past what is in it."""
        return replace(self, records=())


class LogSlice(Slice[LogRecord]):
    """Events of one partition of a feed."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What one poll gave of what was measured, and of who wore the collars.

    ends: for each place of the poll, where it goes on afterwards.
    """

    ends: Offsets
    readings: ReadingColumns
    hours: tuple[Event[AnimalHour], ...] = ()
    stations: tuple[Event[StationReading], ...] = ()
    lists: tuple[CollarList, ...] = ()

    @property
    def size(self) -> int:
        """How many records that could be read."""
        return len(self.readings) + len(self.hours) + len(self.stations) + len(self.lists)


@dataclass(frozen=True, slots=True)
class Generation:
    """One replay of the log, as the store holds it.

    epoch: the history it folds, NO_EPOCH before its first record and for topics that no event
    store feeds. epoch_since: when Kafka took that epoch's first record we met.
    """

    id: str
    fold_version: int
    epoch: str = NO_EPOCH
    epoch_since: datetime | None = None
    offsets: Offsets = field(default_factory=dict)

    def moved(self, place: Place, next_offset: int) -> "Generation":
        """The same, with one partition folded up to next_offset."""
        return replace(self, offsets={**self.offsets, place: next_offset})


def of_this_epoch(
    generation: Generation, records: tuple[LogRecord, ...]
) -> tuple[Generation, list[LogRecord]]:
    """The records that belong to the generation's history; it adopts the first epoch it meets.

    An epoch's id says nothing about its age, Kafka's time of the record does: all records of an
    older history were appended before the first of a newer one. Older ones are left out; a newer
    one raises NewEpochError.
    """
    ours: list[LogRecord] = []
    for record in records:
        epoch = record.stored.epoch
        if generation.epoch_since is None:
            generation = replace(generation, epoch=epoch, epoch_since=record.appended_at)
        if epoch == generation.epoch:
            ours.append(record)
        elif generation.epoch_since is not None and record.appended_at > generation.epoch_since:
            raise NewEpochError(epoch, record.appended_at)
    return generation, ours


class LogReader(Protocol[P]):
    """The log, read from wherever the store says. For one thread."""

    def read_from(self, offsets: Offsets) -> None:
        """Go on at these offsets; a partition that is not named starts at its beginning."""
        ...

    def poll(self) -> list[P]:
        """What is there now, bounded; waits a moment only while there is nothing."""
        ...

    def ends(self) -> Offsets:
        """For each partition the offset after its newest record."""
        ...

    def reached(self, offsets: Offsets, ends: Offsets) -> bool:
        """Whether nothing readable lies between where a reader stands and these ends."""
        ...

    def heard_at(self) -> datetime | None:
        """Now, if Kafka answers; None if it does not."""
        ...


class GenerationStore(Protocol[P_contra]):
    """Where generations lie. Every method raises ReadModelUnavailableError if it is away."""

    def current(self) -> Generation | None:
        """The generation that answers questions; None if there is none."""
        ...

    def begin(self, epoch: str, epoch_since: datetime | None) -> Generation:
        """A new, empty one, beside the current; raises RebuildRunningError."""
        ...

    def apply(self, generation: Generation, piece: P_contra) -> Generation:
        """Fold a piece; raises GenerationLostError, NewEpochError. Without effect if it raises."""
        ...

    def heard(self, generation: Generation, as_of: datetime) -> None:
        """Everything up to as_of is folded; raises GenerationLostError."""
        ...

    def swap(self, generation: Generation, ends: Offsets) -> bool:
        """Let it answer from now on; False while it is behind the one that answers now."""
        ...

    def give_up(self, generation: Generation) -> None:
        """Throw away a generation that will not be finished."""
        ...
