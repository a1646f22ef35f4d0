"""What a simulated farm leaves behind, as columns: its animals, readings, register and truth.

What `herd evaluate` reads when it is given no files; the same shape as its files. No object a
reading: a herd of 300 over 120 days makes ten million.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from contracts.ids import AnimalId, FarmId
from firmware_sim.conditions import Truth

Longs = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolled:
    """One animal as the register knows her when the recording begins; None = not known."""

    animal_id: AnimalId
    group: str | None = None
    calved_at: datetime | None = None
    due_at: datetime | None = None
    inseminated_at: datetime | None = None
    parity: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """Something the register is told at `told_at`. payload: of contracts.animal_event."""

    told_at: datetime
    payload: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """Readings that were heard in one span, in the order in which they were heard: (readings,).

    heard_us, time_us: microseconds since 1970; when each was received, and its own time. animal:
    index in the recording's animals. seq: of her collar. interval_s: what it covers. station:
    index in the recording's stations, -1 = none. columns: by measurement, NaN = not measured;
    temperature_site is the recording's. deaf: spans (microseconds) in which our own way in was
    closed, to be told by the tick that ends this slice.
    """

    since: datetime
    until: datetime
    heard_us: Longs
    time_us: Longs
    animal: Longs
    seq: Longs
    interval_s: Longs
    station: Longs
    columns: dict[str, Floats]
    deaf: tuple[tuple[int, int], ...] = ()


class Recording(Protocol):
    """A farm over some days."""

    @property
    def farm_id(self) -> FarmId:
        """Whose it is."""
        ...

    @property
    def animals(self) -> Sequence[Enrolled]:
        """In the order that slices count in."""
        ...

    @property
    def stations(self) -> Sequence[str]:
        """In the order that slices count in."""
        ...

    @property
    def temperature_site(self) -> str:
        """Where the collars measure body temperature."""
        ...

    @property
    def since(self) -> datetime:
        """When it begins (aware UTC)."""
        ...

    @property
    def until(self) -> datetime:
        """When it ends."""
        ...

    def happenings(self) -> Sequence[Happening]:
        """What the register is told meanwhile, in order; fences and the like at the begin."""
        ...

    def truths(self) -> Sequence[Truth]:
        """What was true, by time of beginning."""
        ...

    def slices(self) -> Iterator[Slice]:
        """Its readings, in spans of at most a day that follow each other."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Composition:
    """What a recording is made of: a kind of farm, and the rates of what happens there.

    seed: decides all of it. kind: `dairy` (barn), `beef` (range) or `calves`. per_day: how often
    things happen, by name and in the unit of course_rates, where that is not the usual rate.
    since: its first day; the season of its weather. block_calving: most cows calve in its first
    weeks. columns: what the collars measure, empty = all that they can. site: where they measure
    body temperature: `rumen`, `core` or `ear`.
    """

    seed: str
    kind: str = "dairy"
    animals: int = 120
    days: int = 60
    interval_s: int = 300
    per_day: dict[str, float] = field(default_factory=dict)
    since: datetime = datetime(2026, 3, 1, tzinfo=UTC)
    block_calving: bool = False
    columns: tuple[str, ...] = ()
    site: str = "rumen"
