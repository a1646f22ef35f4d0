"""Hours that changed are judged again, and the difference to what was told is told openly.

Problem: a reading comes days late, or turns out to be another animal's. Every hour whose window
holds the changed one may have to be judged otherwise, and an episode may begin, end, move or never
have been because of it. Approach: verdicts are bits, episodes are the fold of them: judge the hours
again, run the machines again, and compare what they say with what was told, by overlap. Nothing is
told where nothing differs.

An hour is judged again as long as all of its window is held: the ring goes OPEN_HOURS back, so by
a window of 12 hours 70 hours back, by one of 36 hours 46. Older verdicts stay; the hour is told
anew with its values, and says that it was not judged again. (Rejected: a ring as much longer as
the longest window, 2.5 kB an animal of the 8 there are.)
"""

from dataclasses import dataclass

import numpy as np

from pipeline.detectors.base import ByHour, Verdict
from pipeline.detectors.sustained import HELD, bits_of, put_verdicts, verdicts_in
from pipeline.differences import differences
from pipeline.episodes import Moment
from pipeline.herd_hour import HerdHour
from pipeline.hour_events import LATE
from pipeline.hours import OPEN_HOURS
from pipeline.state import PartitionState
from pipeline.sums import HERD_MIN
from pipeline.tables import Longs, Mask
from pipeline.telling import Told
from pipeline.verdicts import herd_hour

AHEAD_HOURS = 6  # the ring's own room beyond the last judged hour: the steps of an import


def rejudge(state: PartitionState, farm: str, rows: Longs, moment: Moment, told: Told) -> None:
    """Judge the hours of these animals again that readings changed since they were judged."""
    hours = state.judged.open_hours(farm)
    if not hours or not state.by_hour:
        return
    again: Mask = state.around["again"][rows]
    state.around["again"][rows] = False
    changed = _Changed.of(state, rows, hours[-1])
    if changed is not None:
        for hour in hours:
            again |= _Hour(state, farm, rows, hour, changed).judge(moment, told)
        # an hour that came late to an open episode is not to teach, though no verdict is another
        again |= changed.any & _was_held(state, rows)
    if again.any():
        told.detections += differences(state, farm, rows[again], moment)


def _was_held(state: PartitionState, rows: Longs) -> Mask:
    """(rows,): whose open hours an episode holds, or held."""
    held: Mask = np.logical_or.reduce(state.around["bits"][rows] & HELD > 0, axis=1)
    for detector in state.by_hour:
        held |= state.memories[detector.spec.name]["open"][rows]
    return held


@dataclass(frozen=True, slots=True)
class _Changed:
    """Which hours changed: before[row, n] counts the row's changed hours among the first n from
    `first` on. oldest: the first hour that is surely held of all.
    """

    first: int
    oldest: int
    before: Longs

    @property
    def any(self) -> Mask:
        """(rows,): who has a changed hour."""
        found: Mask = self.before[:, -1] > 0
        return found

    @classmethod
    def of(cls, state: PartitionState, rows: Longs, last: int) -> "_Changed | None":
        late = state.hours.changed_before(rows, last + 1)
        if not late.any():
            return None
        held = state.hours.table["hour"][rows]
        places, slots = np.nonzero(late)
        hours = held[places, slots].astype(np.int64)
        first = int(hours.min())
        count = np.zeros((len(rows), last - first + 2), np.int64)
        count[places, hours - first + 1] = 1
        # one clock that runs days ahead must not end judging again for all others of the farm
        newest = min(int(held.max()), last + 1 + AHEAD_HOURS)
        return cls(first, newest - OPEN_HOURS + 1, np.cumsum(count, axis=1))

    def within(self, hour: int, hours: int) -> Mask:
        """(rows,): who has a changed hour among so many up to `hour`."""
        until, since = hour - self.first + 1, hour - hours - self.first + 1
        if until <= 0:
            return np.zeros(len(self.before), np.bool_)
        found: Mask = self.before[:, until] > self.before[:, max(since, 0)]
        return found


class _Hour:
    """One hour judged again."""

    def __init__(
        self, state: PartitionState, farm: str, rows: Longs, hour: int, changed: _Changed
    ) -> None:
        self._state, self._farm, self._rows, self._hour = state, farm, rows, hour
        self._changed = changed
        self._by_hour = state.tuning.of(farm).by_hour

    def judge(self, moment: Moment, told: Told) -> Mask:
        """(rows,): of whom a verdict is another now."""
        state, hour = self._state, self._hour
        turned = np.zeros(len(self._rows), np.bool_)
        affected = [self._affected(detector) for detector in self._by_hour]
        chosen = np.logical_or.reduce(affected)
        if not chosen.any():
            return turned
        medians = state.judged.medians(self._farm, hour)
        medians.note_late(lambda hours: bool(self._changed.within(hour, hours).any()))
        herd = herd_hour(state, self._farm, self._rows[chosen], hour)
        whole = self._fixes_more(herd)
        if whole is not None:  # the herd that all are held against is known only now
            herd, chosen = whole, np.ones(len(self._rows), np.bool_)
            affected = [chosen & self._reaches(detector) for detector in self._by_hour]
        verdicts = [
            detector.judge_hour(herd) if self._reaches(detector) else _unjudged(len(herd.rows))
            for detector in self._by_hour
        ]
        for detector, verdict, some in zip(self._by_hour, verdicts, affected, strict=True):
            turned[some] |= self._put(detector, verdict, self._rows[some], some[chosen])
        self._tell(chosen, herd.rows, verdicts, moment, told)
        return turned

    def _fixes_more(self, some: HerdHour) -> HerdHour | None:
        """The whole herd, if a median is fixed by what changed; some: those whose readings did.

        A signal that none of them measures has no more animals than before: nobody else is looked
        at for it. So one that no collar of a herd measures costs nothing.
        """
        if len(self._rows) < HERD_MIN:
            return None
        keys = [
            key
            for detector in self._by_hour
            if self._reaches(detector)
            for key in some.medians.unfixed(detector.medians)
            if np.isfinite(some.against(*key)).any()
        ]
        if not keys:
            return None
        whole = herd_hour(self._state, self._farm, self._rows, self._hour)
        for key in keys:
            whole.medians.value(key, whole.against(*key))
        return whole if whole.medians.fixed_now else None

    def _affected(self, detector: ByHour) -> Mask:
        if not self._reaches(detector):
            return np.zeros(len(self._rows), np.bool_)
        return self._changed.within(self._hour, detector.window_hours)

    def _reaches(self, detector: ByHour) -> bool:
        """Whether all of the hour's window is still held."""
        return self._hour - detector.window_hours + 1 >= self._changed.oldest

    def _put(self, detector: ByHour, verdict: Verdict, rows: Longs, places: Mask) -> Mask:
        memory = self._state.memories[detector.spec.name]
        judged = np.isfinite(verdict.score)
        new = bits_of(verdict.over, verdict.under, judged)[places]
        other: Mask = verdicts_in(memory, rows, self._hour) != new
        put_verdicts(memory, rows, self._hour, new)
        return other

    def _tell(
        self, chosen: Mask, judged: Longs, verdicts: list[Verdict], moment: Moment, told: Told
    ) -> None:
        """Tell the hour of those who have one to tell: heard in it, or no more."""
        table, slot = self._state.hours.table, self._hour % OPEN_HOURS
        rows = self._rows[chosen]
        emptied = table["changed"][rows, slot] & (table["revision"][rows, slot] > 0)
        held = table["hour"][rows, slot] == self._hour
        rows = rows[held & ((table["heard"][rows, slot] > 0) | emptied)]
        places = {row: place for place, row in enumerate(judged.tolist())}
        told.hours += self._state.hour_teller.tell(
            rows, self._hour, moment.at_us, moment.cause, verdicts, places
        )


def _unjudged(count: int) -> Verdict:
    no = np.zeros(count, np.bool_)
    return Verdict(np.full(count, np.nan), [LATE] * count, no, no, no)
