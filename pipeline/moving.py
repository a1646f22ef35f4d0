"""Readings that were moved: the register learnt late who wore the collar, and the log tells it.

A moved reading counts for its subject from its place in the log on, and no longer for taken_from.
It must change what hours say exactly once, wherever batches are cut. Approach: hours hold integers,
so taking out is a subtraction. Moves are applied many at once, in pieces of which no animal both
gives and gets: within one the order of its moves leaves no trace. A move that is late by now
changes no hour.

What detectors judge reading by reading is judged for the new animal as any late reading is. What
was found of an animal by readings that were not hers is retracted, openly: that revision names the
reading as its cause. Hours that moved readings changed are judged again at the next tick.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from contracts.columns import ReadingColumns
from contracts.detection import Detection, Phase
from contracts.envelope import Event
from pipeline.detectors.base import Change, Detector, Measured
from pipeline.features import hour_parts
from pipeline.judging import changes_by_reading, signals_of
from pipeline.state import NO_ROW, PartitionState
from pipeline.tables import NEVER, Longs, Mask
from pipeline.telling import told_change
from pipeline.verdicts import take_back
from pipeline.windows import AHEAD_MAX_US, LATE_MAX_US

ROUNDED = 0.006  # evidence is rounded to two digits, and readings are single floats
ENDED, BEGUN = 0, 1  # of one reading: what ends, or is retracted, is told before what begins


def move(
    state: PartitionState,
    readings: ReadingColumns,
    rows: Longs,
    taken_rows: Longs,
    partition_us: Longs,
) -> list[Event[Detection]]:
    """Apply moved readings, in log order; what is told of it, in that order.

    rows, taken_rows: (readings,), of the animal each belongs to now and before, NO_ROW = to none.
    partition_us: (readings,), the partition's log time where each stands.
    """
    fresh = np.nonzero(state.moves.first_told(readings))[0]
    to, taken = rows[fresh], taken_rows[fresh]
    told: list[Event[Detection]] = []
    for begin, end in _pieces(to.tolist(), taken.tolist()):
        some = fresh[begin:end]
        moves = readings.take(some)
        piece = _Piece(state, moves, to[begin:end], taken[begin:end], partition_us[some])
        piece.count()
        piece.move_hours()
        piece.move_findings()
        piece.wait_no_more()
        told += [event for _, _, event in sorted(piece.told, key=lambda one: one[:2])]
    return told


def _pieces(to: list[int], taken: list[int]) -> Iterator[tuple[int, int]]:
    """Where to cut, so that within a piece no animal both gives and gets."""
    begin, gets, gives = 0, set[int](), set[int]()
    for place, (getter, giver) in enumerate(zip(to, taken, strict=True)):
        if getter in gives or giver in gets:
            yield begin, place
            begin, gets, gives = place, set(), set()
        if getter != NO_ROW:
            gets.add(getter)
        if giver != NO_ROW:
            gives.add(giver)
    if to:
        yield begin, len(to)


class _Piece:
    """Moves that are no repeats, all arrays (moves,)."""

    def __init__(
        self,
        state: PartitionState,
        moves: ReadingColumns,
        to: Longs,
        taken: Longs,
        partition_us: Longs,
    ) -> None:
        self._state, self._moves, self._to, self._from = state, moves, to, taken
        farms, own = moves.texts["farm_id"].raw(), state.log_time.own_us
        log = [own.get(f.decode(), us) for f, us in zip(farms, partition_us.tolist(), strict=True)]
        log_us = np.array(log, np.int64)
        self._judged = _were_judged(moves, log_us)
        self._known_us = np.maximum(log_us, moves.occurred_us)
        self.told: list[tuple[int, int, Event[Detection]]] = []  # index, ENDED | BEGUN, event

    def count(self) -> None:
        """Whose reading each is: what a ledger is held against."""
        counted = self._state.counted["counted"]
        np.add.at(counted, self._to[self._to != NO_ROW], 1)
        np.subtract.at(counted, self._from[self._from != NO_ROW], 1)

    def move_hours(self) -> None:
        """Put them into the hours of the new animals, and take them out of the old ones'."""
        given, taken = self._of(self._to), self._of(self._from)
        self._state.hours.add(hour_parts(self._moves, given, self._to[given]))
        which = hour_parts(self._moves, taken, taken)
        parts = replace(which, row=self._from[which.row])
        self._state.hours.take_out(parts)

    def move_findings(self) -> None:
        """Retract what by-reading detectors found by them; have them judged for the new animals."""
        state = self._state
        given, taken = self._of(self._to), self._of(self._from)
        for index in taken.tolist():
            self._retract_by_reading(index)
        new = signals_of(state, self._moves, given, self._to[given])
        for change, detector in changes_by_reading(state, new):
            self._tell(change.reading, BEGUN, change, detector)

    def wait_no_more(self) -> None:
        """Whoever readings are taken from is not missed until she speaks herself.

        A gateway with the old list let them in after her collar was off: they were no life of hers.
        """
        state, taken = self._state, self._of(self._from)
        rows, first = np.unique(self._from[taken], return_index=True)
        for row, index in zip(rows.tolist(), taken[first].tolist(), strict=True):
            known_us = int(self._known_us[index])
            for detector in state.tuning.common.by_time:
                memory = state.memories[detector.spec.name]
                for change in detector.forget(row, known_us, memory, state.log_time):
                    self._tell(index, ENDED, change, detector)

    def _of(self, rows: Longs) -> Longs:
        """The moves that change judgements of an animal."""
        return np.nonzero(self._judged & (rows != NO_ROW))[0]

    def _retract_by_reading(self, index: int) -> None:
        """Forget what hangs on a reading; retract what it was among the first readings of."""
        state, row = self._state, int(self._from[index])
        at_us = int(self._moves.occurred_us[index])
        for detector in state.tuning.common.by_reading:
            name, signals = detector.spec.name, detector.spec.signals
            if signals and not any(np.isfinite(self._measured(index, one)) for one in signals):
                continue  # it says nothing of what this one looks at
            episode = state.episodes.of(name, row)
            began_with = episode is not None and any(
                one.at_us == at_us and self._may_be(index, one) for one in episode.newest
            )
            detector.forget(row, at_us, state.memories[name], ends=began_with)
            if episode is not None and began_with:
                change = Change(Phase.RETRACTED, row, index, 0, episode.evidence)
                take_back(state, episode)
                self._tell(index, ENDED, change, detector)

    def _may_be(self, index: int, evidence: Measured) -> bool:
        """Whether evidence of a reading's time is that reading's: another collar's may be as old.

        What was made of readings (a distance, a sum) is as good as any of its time.
        """
        if evidence.signal not in self._moves.floats:
            return True
        return abs(self._measured(index, evidence.signal) - evidence.value) <= ROUNDED

    def _measured(self, index: int, signal: str) -> float:
        return float(self._moves.floats[signal][index])

    def _tell(self, index: int, rank: int, change: Change, detector: Detector) -> None:
        known_us = int(self._known_us[index])
        cause = self._moves.texts["event_id"].at(index) or ""
        told = told_change(self._state, change, detector, known_us, cause)
        self.told += [(index, rank, event) for event in told]


def _were_judged(moves: ReadingColumns, log_us: Longs) -> Mask:
    """(moves,): which count in open hours now; as they did when they first came, unless late since.

    Held against receipt alone: log time has moved since they were ahead of it.
    """
    occurred_us = moves.occurred_us
    early = moves.ahead | (occurred_us > moves.longs["received_at"] + AHEAD_MAX_US)
    late = (log_us != NEVER) & (occurred_us < log_us - LATE_MAX_US)
    judged: Mask = ~(early | late)
    return judged
