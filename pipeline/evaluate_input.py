"""A farm's readings as arrays, made into batches of a log with its ticks and context. Pure.

What `herd evaluate` reads, from files and from simulated farms, without Kafka and without an object
a reading: the columns go to the engine as they are, log time is when each reading was heard.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from contracts.columns import (
    NONE_LONG,
    NONE_TEXT,
    Batch,
    ReadingColumns,
    TextColumn,
    moment,
)
from contracts.context import Context
from contracts.envelope import Event
from contracts.ids import FarmId
from contracts.messages import event_type_of
from contracts.reading import CLOCK_AHEAD, CLOCK_OK, MEASUREMENTS, CollarReading
from contracts.tick import DeafSpan, Tick

Longs = NDArray[np.int64]
Floats = NDArray[np.float64]

LINE_US = (
    5 * 60_000_000
)  # as often as anything acts; a worker's ticks come quicker, and act no more
TICK_US_MAX = 3 * LINE_US
# a gateway calls a reading ahead that is further before its receipt (gateway/taken.py)
AHEAD_US = 5 * 60_000_000
ACTOR = "evaluate"
EVENT_ID = "00000000-0000-4000-8000-000000000000"  # nobody follows a cause back to its reading
NUMBERS = tuple(name for name in MEASUREMENTS if name != "temperature_site")
NOT_SAID = -1  # index of a site or station that nobody named


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something the register is told at_us. payload: of contracts.animal_event."""

    at_us: int
    payload: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluatedFarm:
    """Whose readings they are. animals, stations, sites: names that `Heard` counts in.

    since_us, until_us: log time begins and ends. facts: in order of time. tick_us: how often log
    time moves on, see `tick_us_of`.
    """

    farm_id: FarmId
    animals: Sequence[str]
    since_us: int
    until_us: int
    stations: Sequence[str] = ()
    sites: Sequence[str] = ("rumen", "core")
    facts: Sequence[Fact] = ()
    tick_us: int = LINE_US


def tick_us_of(interval_s: float) -> int:
    """How often log time has to move on where collars measure so often, in microseconds.

    A tick acts at each five-minute line it crosses, in turn, so that more of them tell nothing
    more; but each costs as much as a herd's readings of that time. A reading is judged at the log
    time of the tick before it, or at its own time if that is later.
    """
    lines = int(interval_s * 1_000_000) // LINE_US
    return min(max(lines, 1) * LINE_US, TICK_US_MAX)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """Readings in the order in which they were heard, all (readings,); spans follow each other.

    until_us: what is heard later comes in a later span. heard_us, time_us: microseconds since 1970.
    animal, station, site: indices, NOT_SAID = none. columns: by measurement, NaN = not measured;
    missing = nobody measured it. deaf: spans of microseconds in which our way in was closed.
    """

    until_us: int
    heard_us: Longs
    time_us: Longs
    animal: Longs
    seq: Longs
    interval_s: Longs
    station: Longs
    site: Longs
    columns: Mapping[str, Floats]
    deaf: Sequence[tuple[int, int]] = ()


def batches(farm: EvaluatedFarm, spans: Iterable[Heard]) -> Iterator[Batch]:
    """The farm's log, a batch a span: readings, ticks, facts at their time."""
    log = _Log(farm)
    for span in spans:
        yield log.batch(span)


@dataclass(slots=True)
class _Log:
    """How far the log has come."""

    farm: EvaluatedFarm
    tick_us: int = field(init=False)
    facts: int = 0
    deaf: list[tuple[int, int]] = field(default_factory=list)  # not told yet
    texts: "_Texts" = field(init=False)

    def __post_init__(self) -> None:
        self.tick_us = -(-self.farm.since_us // LINE_US) * LINE_US
        self.texts = _Texts(self.farm)

    def batch(self, span: Heard) -> Batch:
        """One span of it: what is heard in the moment of a tick comes after it."""
        due: list[tuple[int, Event[Tick] | Event[Context]]] = []
        due += self._facts(span.until_us)
        due += self._ticks(span)
        due.sort(key=lambda pair: pair[0])  # stable: a fact before the tick of its moment
        at_us = np.array([pair[0] for pair in due], np.int64)
        before = np.searchsorted(span.heard_us, at_us, side="left")
        places = (before + np.arange(len(due))).tolist()
        taken = np.zeros(len(span.heard_us) + len(due), np.bool_)
        taken[places] = True
        readings = self.texts.columns(span, np.nonzero(~taken)[0])
        events = tuple((place, pair[1]) for place, pair in zip(places, due, strict=True))
        return Batch(len(taken), readings, events)

    def _facts(self, until_us: int) -> Iterator[tuple[int, Event[Context]]]:
        facts = self.farm.facts
        while self.facts < len(facts) and facts[self.facts].at_us <= until_us:
            one = facts[self.facts]
            yield one.at_us, context_of(self.farm.farm_id, one, self.facts)
            self.facts += 1

    def _ticks(self, span: Heard) -> Iterator[tuple[int, Event[Tick]]]:
        self.deaf += span.deaf
        while self.tick_us <= span.until_us:
            at_us = self.tick_us
            told = tuple(
                DeafSpan(began_at=moment(began), ended_at=moment(min(ended, at_us)))
                for began, ended in self.deaf
                if began < at_us
            )
            # what of them lies behind it is told by the ticks that follow
            self.deaf = [(max(began, at_us), ended) for began, ended in self.deaf if ended > at_us]
            yield at_us, _tick(at_us, told)
            self.tick_us += self.farm.tick_us


def context_of(farm_id: FarmId, fact: Fact, offset: int) -> Event[Context]:
    """What herd-clock would copy of it; offset: its number in the register."""
    about = getattr(fact.payload, "animal_id", farm_id)
    return Event(
        event_id=EVENT_ID,
        event_type=event_type_of(Context),
        timestamp=moment(fact.at_us),
        aggregate_id=about,
        actor=ACTOR,
        farm_id=farm_id,
        payload=Context(
            source_offset=offset,
            source_event_id=EVENT_ID,
            source_event_type=event_type_of(type(fact.payload)),
            details_json=msgspec.json.encode(fact.payload).decode(),
        ),
    )


def _tick(at_us: int, deaf: tuple[DeafSpan, ...]) -> Event[Tick]:
    return Event(
        event_id=EVENT_ID,
        event_type=event_type_of(Tick),
        timestamp=moment(at_us),
        aggregate_id="partition:0",
        actor=ACTOR,
        farm_id=None,
        payload=Tick(writer=ACTOR, deaf_spans=deaf),
    )


class _Texts:
    """A farm's names once as bytes: a reading's text is where its name stands in them."""

    def __init__(self, farm: EvaluatedFarm) -> None:
        self._animals, self._stations, self._sites = (
            _Names(names) for names in (farm.animals, farm.stations, farm.sites)
        )
        self._clocks = _Names((CLOCK_OK, CLOCK_AHEAD))
        fixed = {"event_id": EVENT_ID, "event_type": event_type_of(CollarReading)}
        fixed |= {"farm_id": farm.farm_id, "actor": ACTOR}
        self._fixed = {name: _Names((text,)) for name, text in fixed.items()}

    def columns(self, span: Heard, places: Longs) -> ReadingColumns:
        """The span's readings as the engine reads them."""
        count = len(places)
        zeros, nobody = np.zeros(count, np.int64), np.full(count, NOT_SAID, np.int64)
        null = np.full(count, NONE_LONG, np.int64)
        unmeasured = np.full(count, np.nan)
        animals = self._animals.column(span.animal)
        ahead = (span.time_us > span.heard_us + AHEAD_US).astype(np.int64)
        return ReadingColumns(
            places,
            {
                "timestamp": span.time_us,
                "received_at": span.heard_us,
                "sent_at": null,
                "boot_id": zeros,
                "seq": span.seq,
                "interval_s": span.interval_s,
                "taken_by": null,
                "first_offset": null,
            },
            {name: span.columns.get(name, unmeasured) for name in NUMBERS},
            {
                **{name: names.column(zeros) for name, names in self._fixed.items()},
                "aggregate_id": animals,
                "collar_id": animals,  # who wears which collar is told already: hers is hers
                "causation_id": self._sites.column(nobody),
                "taken_from": self._sites.column(nobody),
                "station_id": self._stations.column(span.station),
                "clock": self._clocks.column(ahead),
                "temperature_site": self._sites.column(span.site),
            },
        )


class _Names:
    def __init__(self, names: Sequence[str]) -> None:
        raws = [name.encode() for name in names]
        self._buffer = b"".join(raws)
        ends = np.cumsum([0, *map(len, raws)], dtype=np.int64)
        # the last place is that of NOT_SAID
        self._start = np.append(ends[:-1], NONE_TEXT)
        self._end = np.append(ends[1:], NONE_TEXT)

    def column(self, which: Longs) -> TextColumn:
        return TextColumn(self._buffer, self._start[which], self._end[which])
