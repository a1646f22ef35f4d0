"""Geofence escape: several fixes in a row lie outside the fence, by more than a receiver errs.

One fix outside is a jump of the receiver (100 to 500 m are common, and (0, 0) is no fix at all);
three in a row are an animal. Over when two in a row are inside, or when no fence stands around her
any more: the farmer drew it anew, or she went over to a group that has none.
"""

from collections.abc import Mapping

import numpy as np

from contracts.detection import Condition, Phase
from pipeline.detectors import successive
from pipeline.detectors.base import Change, Limit, Measured, Spec
from pipeline.detectors.successive import BETWEEN, OVER, UNDER
from pipeline.features import Signals
from pipeline.geo import is_place
from pipeline.tables import Column, Longs, Table

LATITUDE, LONGITUDE = "latitude", "longitude"
SIGNAL = "outside_m"
FIXES_KEPT = 3
METRES_MAX = 10_000_000  # a quarter of the globe: in decimetres it fits

SPEC = Spec(
    "geofence_escape",
    1,
    Condition.GEOFENCE_ESCAPE,
    (
        Limit("margin_m", 25.0, "m", "a receiver under an open sky errs by 5 to 10 m; ours"),
        Limit("fixes", 3.0, "1", "2 to 3 fixes outside fence and error margin (signatures.csv)"),
        Limit("fixes_inside", 2.0, "1", "ours"),
    ),
    teaches=True,
    signals=(LATITUDE, LONGITUDE),
)


class GeofenceEscape:
    """The detector of geofence_escape."""

    spec = SPEC
    memory: Mapping[str, Column] = successive.memory_of(FIXES_KEPT, "value")  # decimetres outside

    def __init__(self, spec: Spec = SPEC) -> None:
        self.spec = spec

    def judge(self, signals: Signals, memory: Table) -> list[Change]:
        """Onsets and ends, in log order; see ByReading."""
        placed = np.nonzero(is_place(signals.column(LATITUDE), signals.column(LONGITUDE)))[0]
        if not len(placed):
            return []
        metres = np.full(len(placed), np.nan)
        if signals.outside_m is not None:
            metres = signals.outside_m[placed]
        free = np.isnan(metres)
        pieces = [placed]
        if np.isin(signals.row[placed[free]], signals.row[placed[~free]]).any():
            pieces = np.split(placed, np.nonzero(free[1:] != free[:-1])[0] + 1)
        changes: list[Change] = []
        for piece in pieces:
            unfenced = free[np.searchsorted(placed, piece)]
            changes += self._freed(signals, piece[unfenced], memory)
            changes += self._judge(signals, piece[~unfenced], memory)
        return successive.in_log_order(changes)

    def forget(self, row: int, at_us: int, memory: Table, *, ends: bool) -> None:
        """See ByReading."""
        successive.forget(row, at_us, memory, ends=ends)

    def evidence(self, memory: Table, row: int) -> tuple[Measured, ...]:
        """How far outside her newest fixes were, oldest first."""
        return self._measured(successive.held(memory, row, "value"))

    def _judge(self, signals: Signals, taken: Longs, memory: Table) -> list[Change]:
        """Onsets and ends that fixes of fenced animals bring, by animal; taken: their indices."""
        if not len(taken) or signals.outside_m is None:
            return []
        row, occurred_us = signals.row[taken], signals.occurred_us[taken]
        order = successive.in_time_order(row, occurred_us, memory["at_us"][:, -1])
        if not len(order):
            return []
        course = successive.course_of(signals.reading[taken[order]], row[order], occurred_us[order])
        metres = signals.outside_m[taken[order]]
        side = np.where(
            metres > self.spec.value("margin_m"), OVER, np.where(metres <= 0, UNDER, BETWEEN)
        ).astype(np.int8)
        runs = successive.runs_of(course, side, course.occurred_us, memory)
        begins = (side == OVER) & (runs.length >= self.spec.value("fixes"))
        ends = (side == UNDER) & (runs.length >= self.spec.value("fixes_inside"))
        turns = successive.turned(course, begins, ends, memory)
        decimetres = np.rint(np.clip(metres, -METRES_MAX, METRES_MAX) * 10).astype(np.int64)
        values = {"at_us": course.occurred_us, "value": decimetres}
        window = successive.windows(course, values, turns.places, memory)
        changes = [
            successive.change_of(
                course,
                turns,
                place,
                int(runs.since_us[place]),
                self._measured({name: array[which] for name, array in window.items()}),
            )
            for which, place in enumerate(turns.places.tolist())
        ]
        successive.remember(course, runs, turns.is_open, values, memory)
        return changes

    def _freed(self, signals: Signals, free: Longs, memory: Table) -> list[Change]:
        """Nothing is held of who has a fix and no fence around her; her episode ends with it."""
        rows = signals.row[free]
        held = (memory["run"][rows] != 0) | memory["open"][rows]
        changes = []
        for place in free[held].tolist():
            row = int(signals.row[place])
            if memory["open"][row]:
                evidence = self.evidence(memory, row)
                reading = int(signals.reading[place])
                changes.append(Change(Phase.END, row, reading, 0, evidence))
            memory.clear(np.array([row]))
        return changes

    def _measured(self, window: successive.Window) -> tuple[Measured, ...]:
        limit = round(self.spec.value("margin_m") * 10)
        limits = np.full(len(window["at_us"]), limit)
        return successive.measured(window | {"limit": limits}, SIGNAL, "m", 10)
