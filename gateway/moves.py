"""Which readings stand in the log under another animal than the register says today. Pure.

Who a reading counts for is told by the log itself: the animal of its first record, changed only by
moved readings after it, in the order that CollarReading tells of. A scan folds a partition's newest
days by that rule and holds the outcome against the register: what differs has to be moved. So what
was moved once is found in its place, and a second scan finds nothing.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from contracts.animal_event import ANIMAL, Assignment, CollarAssignments
from contracts.columns import NONE_LONG, ReadingColumns, micros
from contracts.envelope import Event
from contracts.ids import CollarId, FarmId
from contracts.reading import NOBODY, CollarReading

FAR_BACK_US = -(2**62)  # before all assignments
# a reading whose collar's clock is five minutes fast is in the log before its own time
AHEAD_MAX_US = 10 * 60_000_000
PATTERN_COLLARS_MAX = 50  # of more, decoding every record is quicker than looking for their names


@dataclass(frozen=True, slots=True)
class Worn:
    """What one list says: who wore the collar from starts_us[n] on (microseconds), None = nobody.

    Where assignments overlap, the one that began last counts. version: of the list.
    """

    version: int
    starts_us: tuple[int, ...]
    wearers: tuple[tuple[FarmId, str] | None, ...]

    def wearer(self, at_us: int) -> tuple[FarmId, str] | None:
        """Farm and animal at a moment."""
        return self.wearers[bisect_right(self.starts_us, at_us) - 1]

    def subject(self, farm_id: str, at_us: int) -> str:
        """Whom a reading of that farm's log belongs to; never anybody of another farm."""
        wearer = self.wearer(at_us)
        return wearer[1] if wearer and wearer[0] == farm_id else NOBODY

    @property
    def farms(self) -> frozenset[FarmId]:
        """Whose logs may hold the collar's readings."""
        return frozenset(wearer[0] for wearer in self.wearers if wearer)


def worn_by(told: CollarAssignments) -> Worn:
    """The list as spans of time. A station is worn by nobody."""
    lines = {edge for one in told.assignments for edge in (one.worn_from, one.worn_to) if edge}
    starts = [FAR_BACK_US, *sorted(micros(line) for line in lines)]
    in_turn = sorted(told.assignments, key=lambda one: one.worn_from)
    wearers = tuple(_wearer(in_turn, start) for start in starts)
    return Worn(told.version, tuple(starts), wearers)


def _wearer(in_turn: Sequence[Assignment], at_us: int) -> tuple[FarmId, str] | None:
    for one in reversed(in_turn):
        if micros(one.worn_from) <= at_us and (one.worn_to is None or at_us < micros(one.worn_to)):
            return (one.farm_id, one.animal_id) if one.kind == ANIMAL else None
    return None


def differs_from_us(old: Worn, new: Worn) -> int | None:
    """The first moment (microseconds) that the two lists tell apart; None if they agree."""
    for at_us in sorted({*old.starts_us, *new.starts_us}):
        if old.wearer(at_us) != new.wearer(at_us):
            return at_us
    return None


@dataclass(frozen=True, slots=True)
class Change:
    """The register has learnt something about a collar's past, from since_us (microseconds) on."""

    collar_id: CollarId
    since_us: int
    farms: frozenset[FarmId]


class Register:
    """All collars' newest lists; and what has changed since it was last asked."""

    def __init__(self) -> None:
        self.worn: dict[CollarId, Worn] = {}
        self._changes: list[Change] = []

    def apply(self, told: CollarAssignments) -> None:
        """Take a collar's list; one of a lower version comes too late to say anything.

        The first list of a collar changes nothing: what it sent before went to the dead letters.
        """
        old, new = self.worn.get(told.collar_id), worn_by(told)
        if old is not None and new.version < old.version:
            return
        self.worn[told.collar_id] = new
        since_us = None if old is None else differs_from_us(old, new)
        if old is not None and since_us is not None:
            self._changes.append(Change(told.collar_id, since_us, old.farms | new.farms))

    def forget(self, collar_id: CollarId) -> None:
        """The register knows the collar no longer: its readings stay whose they are."""
        self.worn.pop(collar_id, None)

    def changes(self) -> list[Change]:
        """What has changed since the last call."""
        found, self._changes = self._changes, []
        return found


def wrong_collars(worn: Mapping[CollarId, Worn], readings: ReadingColumns) -> set[CollarId]:
    """The collars of which any record stands under another animal than the register says."""
    found: set[CollarId] = set()
    lists = {collar_id.encode(): (collar_id, one) for collar_id, one in worn.items()}
    for farm, collar, subject, at_us in zip(
        readings.texts["farm_id"].raw(),
        readings.texts["collar_id"].raw(),
        readings.texts["aggregate_id"].raw(),
        readings.occurred_us.tolist(),
        strict=True,
    ):
        known = lists.get(collar)
        if known and known[1].subject(farm.decode(), at_us) != subject.decode():
            found.add(known[0])
    return found


@dataclass(frozen=True, slots=True)
class Move:
    """A reading to be moved. value: the newest record that told whom it counts for, as Avro."""

    collar_id: CollarId
    first_offset: int
    taken_from: str
    subject: str
    version: int
    value: bytes

    def applied_to(self, event: Event[CollarReading]) -> Event[CollarReading]:
        """The same event (which `value` holds) as it counts from now on."""
        payload = replace(
            event.payload,
            taken_from=self.taken_from,
            taken_by=self.version,
            first_offset=self.first_offset,
        )
        return replace(event, aggregate_id=self.subject, payload=payload)


@dataclass(slots=True)
class _Held:
    """One reading: where it was first, for whom it counts; `right` and `value` if wrongly so."""

    first_offset: int
    subject: str
    right: str = ""
    value: bytes | None = None


class Scan:
    """Folds records of some collars, in log order. since_us: collar → readings before it are left.

    A reading that is left may have records before the scan's begin, so nobody knows whom it
    counts for; its list is none that has changed.
    """

    def __init__(self, worn: Mapping[CollarId, Worn], since_us: Mapping[CollarId, int]) -> None:
        self._since = {c.encode(): (c, worn[c], us) for c, us in since_us.items() if c in worn}
        self._held: dict[tuple[bytes, bytes, int, int], _Held] = {}
        self._last: dict[tuple[bytes, bytes], tuple[int, int]] = {}
        names = b"|".join(map(re.escape, self._since))
        self._pattern = re.compile(names) if len(self._since) <= PATTERN_COLLARS_MAX else None

    def __len__(self) -> int:
        return len(self._held)

    @property
    def begins_us(self) -> int:
        """The log's own time from which on all records of such readings lie."""
        return min((us for _, _, us in self._since.values()), default=0) - AHEAD_MAX_US

    def may_concern(self, value: bytes) -> bool:
        """Whether a record may be of one of the collars: cheaper than to decode it."""
        return self._pattern is None or self._pattern.search(value) is not None

    def take(
        self, readings: ReadingColumns, offsets: Sequence[int], values: Sequence[bytes]
    ) -> None:
        """Fold readings; offsets, values: of the records that they were decoded from, by place."""
        farms, collars = readings.texts["farm_id"].raw(), readings.texts["collar_id"].raw()
        mine = [index for index, collar in enumerate(collars) if collar in self._since]
        for index in mine:
            place = int(readings.place[index])
            self._take(
                readings, index, (farms[index], collars[index]), offsets[place], values[place]
            )

    def _take(
        self,
        readings: ReadingColumns,
        index: int,
        who: tuple[bytes, bytes],
        offset: int,
        value: bytes,
    ) -> None:
        _, worn, since_us = self._since[who[1]]
        longs, at_us = readings.longs, int(readings.occurred_us[index])
        if at_us < since_us:
            return
        subject = readings.texts["aggregate_id"].at(index) or ""
        key = (*who, int(longs["boot_id"][index]), int(longs["seq"][index]))
        taken_by, first_offset = int(longs["taken_by"][index]), int(longs["first_offset"][index])
        held = self._held.get(key)
        if taken_by == NONE_LONG:
            if held is not None:
                return  # a repeat changes nothing
            held = self._held[key] = _Held(offset, subject)
        else:
            if (taken_by, first_offset) <= self._last.get(who, (NONE_LONG, 0)):
                return  # so is a repeat of a move
            self._last[who] = (taken_by, first_offset)
            held = held or self._held.setdefault(key, _Held(first_offset, subject))
            held.subject = subject
        right = worn.subject(who[0].decode(), at_us)
        held.right, held.value = right, (value if right != subject else None)

    def moves(self) -> list[Move]:
        """What has to be moved, in the order of first_offset.

        A move that readers would take for a repeat is none: it could only be written for ever.
        """
        found = []
        for (farm, collar, _, _), held in self._held.items():
            collar_id, worn, _ = self._since[collar]
            if held.value is None:
                continue
            order = (worn.version, held.first_offset)
            if order > self._last.get((farm, collar), (NONE_LONG, 0)):
                found.append(
                    Move(
                        collar_id, held.first_offset, held.subject, held.right, order[0], held.value
                    )
                )
        return sorted(found, key=lambda move: move.first_offset)


def halves(collars: Iterable[CollarId]) -> tuple[list[CollarId], list[CollarId]]:
    """Collars in two parts, for a scan that holds too much."""
    every = sorted(collars)
    return every[: len(every) // 2], every[len(every) // 2 :]
