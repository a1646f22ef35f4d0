"""Battery low: its voltage has stayed under a share of the highest it held.

Cells differ (lithium 3.6 V, polymer 4.2 V, two alkalines 3.0 V) and nobody tells which is in a
collar, so each is measured by itself. A cold night and a radio's pull lower it for a while: it has
to stay low for hours. A step up or down from one reading to the next is another battery, or another
collar, and is measured anew.
"""

from collections.abc import Mapping

import numpy as np

from contracts.detection import Condition
from pipeline.detectors import successive
from pipeline.detectors.base import Change, Limit, Measured, Spec
from pipeline.detectors.successive import BETWEEN, OVER, UNDER, Course, Window
from pipeline.features import Signals
from pipeline.tables import HOUR_US, Column, Longs, Mask, Table

SIGNAL = "battery_v"
SUCCESSIVE = 4
MILLIVOLTS_MAX = 2**20
VOLTS_MAX = 100.0  # a battery of a collar has less; what says more is no voltage
NEAR_US = 6 * HOUR_US  # a step between readings that are further apart may be a slope

SPEC = Spec(
    "battery_low",
    1,
    Condition.BATTERY_LOW,
    (
        Limit(
            "full_share",
            0.9,
            "1",
            "slow decline, then a knee over about 14 days (signatures.csv): a lithium cell's knee "
            "begins under 0.94 of full, a polymer cell at 0.9 holds a third; ours",
        ),
        Limit("over_share", 0.93, "1", "a case must not flicker; ours"),
        Limit("hours", 6.0, "h", "a cold night's lowest hours are fewer; ours"),
        Limit("step_share", 0.08, "1", "no battery falls or rises so far within a reading; ours"),
    ),
    teaches=True,
    signals=(SIGNAL,),
)


class BatteryLow:
    """The detector of battery_low."""

    spec = SPEC
    memory: Mapping[str, Column] = {
        **successive.memory_of(SUCCESSIVE, "value", "limit"),  # of a millivolt
        "full": Column("int32"),  # the highest that three readings in a row held
    }

    def __init__(self, spec: Spec = SPEC) -> None:
        self.spec = spec

    def judge(self, signals: Signals, memory: Table) -> list[Change]:
        """Onsets and ends, in log order; see ByReading."""
        volts = signals.column(SIGNAL)
        taken = np.nonzero((volts > 0) & (volts < VOLTS_MAX))[0]
        if not len(taken):
            return []
        row, occurred_us = signals.row[taken], signals.occurred_us[taken]
        order = successive.in_time_order(row, occurred_us, memory["at_us"][:, -1])
        if not len(order):
            return []
        chosen = taken[order]
        course = successive.course_of(signals.reading[chosen], row[order], occurred_us[order])
        value = np.rint(volts[chosen] * 1000).astype(np.int64)
        full = self._full(course, value, memory)
        limit = np.rint(self.spec.value("full_share") * full).astype(np.int64)
        over = value < limit
        under = value >= self.spec.value("over_share") * full
        side = np.where(over, OVER, np.where(under, UNDER, BETWEEN)).astype(np.int8)
        runs = successive.runs_of(course, side, course.occurred_us, memory)
        lasts = course.occurred_us - runs.since_us >= self.spec.value("hours") * HOUR_US
        lasts &= runs.length >= SUCCESSIVE
        new = (side == UNDER) & (runs.length >= SUCCESSIVE)
        turns = successive.turned(course, lasts & over, new, memory)
        values = {"at_us": course.occurred_us, "value": value, "limit": limit}
        window = successive.windows(course, values, turns.places, memory)
        changes = []
        for which, place in enumerate(turns.places.tolist()):
            of_place = {name: array[which] for name, array in window.items()}
            evidence = successive.measured(of_place, SIGNAL, "V", 1000)
            since_us = int(runs.since_us[place])
            changes.append(successive.change_of(course, turns, place, since_us, evidence))
        successive.remember(course, runs, turns.is_open, values, memory)
        memory["full"][course.row[course.last]] = full[course.last]
        return successive.in_log_order(changes)

    def forget(self, row: int, at_us: int, memory: Table, *, ends: bool) -> None:
        """See ByReading."""
        successive.forget(row, at_us, memory, ends=ends)

    def evidence(self, memory: Table, row: int) -> tuple[Measured, ...]:
        """The newest voltages of her collar, oldest first."""
        return successive.measured(
            successive.held(memory, row, "value", "limit"), SIGNAL, "V", 1000
        )

    def _full(self, course: Course, value: Longs, memory: Table) -> Longs:
        """(readings,): the highest that her battery has held, up to each, in millivolts.

        Held: by three readings in a row, since one may be a slip. Since the newest step.
        """
        here = np.arange(len(value))
        window = successive.windows(
            course, {"at_us": course.occurred_us, "value": value}, here, memory
        )
        anew, second = self._steps(window, 1), self._steps(window, 2)
        part = np.cumsum(anew | course.first)  # of the readings that are one battery's
        three = window["value"][:, -3:]
        held = np.where((three > 0).all(axis=1) & ~anew & ~second, three.min(axis=1), 0)
        carried = np.where(course.first & ~anew, memory["full"][course.row], 0)
        highest = np.maximum.accumulate(part * MILLIVOLTS_MAX + np.maximum(held, carried))
        found: Longs = highest - part * MILLIVOLTS_MAX
        return found

    def _steps(self, window: Window, back: int) -> Mask:
        """(readings,): whether the one so many before (1: itself) is of another battery."""
        value, before = window["value"][:, -back], window["value"][:, -back - 1]
        near = window["at_us"][:, -back] - window["at_us"][:, -back - 1] <= NEAR_US
        far = np.abs(value - before) > self.spec.value("step_share") * before
        step: Mask = (before > 0) & near & far
        return step
