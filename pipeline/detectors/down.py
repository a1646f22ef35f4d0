"""Down: she has lain in one bout for hours, eaten nothing and hardly moved.

Healthy cows lie one to three hours at a stretch and seldom four (Tucker 2021: 10 to 12 hours a day
in bouts of about one). So a bout is a run of readings in which she lay all of the time; where lying
is not measured, of readings in which she hardly stepped or moved. She is to be known as down within
six hours, whatever the cadence: the sparser the readings, the sooner a bout counts; and sooner too
if she did not ruminate in it, as a healthy animal that rests does.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from contracts.detection import Condition
from pipeline.detectors import successive
from pipeline.detectors.base import Change, Limit, Measured, Spec
from pipeline.detectors.pace import centi, of_usual, share_of_time
from pipeline.detectors.successive import BETWEEN, OVER, UNDER, Course, Side
from pipeline.features import Signals
from pipeline.tables import HOUR_US, Column, Longs, Mask, Table

Floats = NDArray[np.float64]

LYING, RUMINATION, EATING = "lying_minutes", "rumination_minutes", "eating_minutes"
ACTIVITY, STEPS, BOUTS = "activity", "steps", "lying_bouts"
MINUTE_US = 60_000_000
CENTI_MINUTE_US = MINUTE_US // 100
GAP_INTERVALS = 3  # readings that are further apart say nothing of what lies between
ENDS_US = 20 * MINUTE_US  # on her legs, or at the trough, for so long: a struggle is shorter
RECALLED = "one bout over 4 to 6 h (signatures.csv, recalled)"

SPEC = Spec(
    "down",
    1,
    Condition.DOWN,
    (
        Limit("bout_hours", 5.5, "h", RECALLED),
        Limit("known_hours", 6.0, "h", "all within six hours of going down: " + RECALLED),
        Limit("idle_bout_hours", 4.0, "h", RECALLED + "; without rumination"),
        Limit(
            "rumination_share", 0.1, "1", "a healthy cow ruminates 8 h a day, mostly lying; ours"
        ),
        Limit("lying_share", 0.985, "1", "of a reading: sensors lose a minute in an hour; ours"),
        Limit("eating_share", 0.05, "1", "eating -80 to -100 % (signatures.csv, recalled)"),
        Limit("activity_share", 0.1, "1", "activity -90 to -100 % (signatures.csv, recalled)"),
        Limit("moving_share", 0.5, "1", "of her usual hour: she is on her legs; ours"),
    ),
)


@dataclass(frozen=True, slots=True)
class _Still:
    """Readings that can be judged, (readings,): side, centi-minutes lain and ruminated in each."""

    side: Side
    lain: Longs
    ruminated: Longs
    says_rumination: Mask


class Down:
    """The detector of down."""

    spec = SPEC
    memory: Mapping[str, Column] = {
        **successive.memory_of(1, "lain"),  # centi-minutes of the newest reading, 0 = unknown
        "ruminated": Column("int32"),  # centi-minutes in her run
        "chews": Column("bool"),  # whether rumination is measured in it
    }

    def __init__(self, spec: Spec = SPEC) -> None:
        self.spec = spec

    def judge(self, signals: Signals, memory: Table) -> list[Change]:
        """Onsets and ends, in log order; see ByReading."""
        still, known = self._still(signals)
        taken = np.nonzero(known)[0]
        if not len(taken):
            return []
        row, occurred_us = signals.row[taken], signals.occurred_us[taken]
        order = successive.in_time_order(row, occurred_us, memory["at_us"][:, -1])
        if not len(order):
            return []
        chosen = taken[order]
        course = successive.course_of(signals.reading[chosen], row[order], occurred_us[order])
        interval_us = signals.interval_us[chosen]
        lain = still.lain[chosen]
        begins_us = (
            course.occurred_us - interval_us - _lain_before(course, lain, interval_us, memory)
        )
        runs = successive.runs_of(
            course, still.side[chosen], begins_us, memory, GAP_INTERVALS * interval_us
        )
        ruminated = runs.summed(still.ruminated[chosen], memory["ruminated"][course.row])
        says = runs.summed(
            still.says_rumination[chosen].astype(np.int64), memory["chews"][course.row]
        )
        lasts_us = course.occurred_us - runs.since_us
        idle = (says > 0) & (
            ruminated * CENTI_MINUTE_US <= self.spec.value("rumination_share") * lasts_us
        )
        needed_us = self._needed_us(idle, interval_us)
        begins = (runs.side == OVER) & (lasts_us >= needed_us)
        ends = (runs.side == UNDER) & (lasts_us >= ENDS_US)
        turns = successive.turned(course, begins, ends, memory)
        changes = [
            successive.change_of(
                course,
                turns,
                place,
                int(runs.since_us[place]),
                _measured(
                    int(course.occurred_us[place]),
                    int(lasts_us[place]),
                    int(needed_us[place]),
                    int(ruminated[place]) if says[place] else None,
                ),
            )
            for place in turns.places.tolist()
        ]
        successive.remember(
            course, runs, turns.is_open, {"at_us": course.occurred_us, "lain": lain}, memory
        )
        rows, last = course.row[course.last], course.last
        memory["ruminated"][rows] = np.minimum(ruminated[last], 2**31 - 1)
        memory["chews"][rows] = says[last] > 0
        return successive.in_log_order(changes)

    def forget(self, row: int, at_us: int, memory: Table, *, ends: bool) -> None:
        """See ByReading."""
        successive.forget(row, at_us, memory, ends=ends)

    def evidence(self, memory: Table, row: int) -> tuple[Measured, ...]:
        """How long she has lain by her newest reading; () while she does not."""
        if memory["run"][row] <= 0:
            return ()
        at_us, since_us = int(memory["at_us"][row, -1]), int(memory["since_us"][row])
        limit_us = round(self.spec.value("bout_hours") * HOUR_US)
        ruminated = int(memory["ruminated"][row]) if memory["chews"][row] else None
        return _measured(at_us, at_us - since_us, limit_us, ruminated)

    def _needed_us(self, idle: Mask, interval_us: Longs) -> Longs:
        """(readings,): how long a bout has to last; see the module."""
        bout, known, idle_bout = (
            round(self.spec.value(name) * HOUR_US)
            for name in ("bout_hours", "known_hours", "idle_bout_hours")
        )
        in_time = np.minimum(bout, np.maximum(known - interval_us, idle_bout))
        needed: Longs = np.where(idle, np.minimum(idle_bout, in_time), in_time)
        return needed

    def _still(self, signals: Signals) -> tuple[_Still, Mask]:
        """What each reading says, and which say something at all, both (readings,)."""
        lying, eating = share_of_time(signals, LYING), share_of_time(signals, EATING)
        says_lying = np.isfinite(lying)
        moved = np.fmax(of_usual(signals, STEPS), of_usual(signals, ACTIVITY))
        moving_share = self.spec.value("moving_share")
        bouts = signals.column(BOUTS)
        lies = (lying >= self.spec.value("lying_share")) & ~(bouts > 0) & ~(moved > moving_share)
        rests = np.where(says_lying, lies, moved <= self.spec.value("activity_share"))
        stands = np.where(says_lying, lying < 1 - moving_share, moved >= moving_share)
        over = rests & ~(eating > self.spec.value("eating_share"))
        under = stands | (eating > moving_share)
        side = np.where(over, OVER, np.where(under, UNDER, BETWEEN)).astype(np.int8)
        # a bout that begins within a reading goes on into the next; of several only the last would
        begun = says_lying & ~over & ~(bouts > 1)
        minutes = signals.interval_us / MINUTE_US
        ruminated = signals.column(RUMINATION)
        return (
            _Still(
                side,
                np.where(begun, centi(np.minimum(signals.column(LYING), minutes)), 0),
                centi(ruminated),
                np.isfinite(ruminated),
            ),
            says_lying | np.isfinite(moved),
        )


def _lain_before(course: Course, lain: Longs, interval_us: Longs, memory: Table) -> Longs:
    """(readings,): for how long (microseconds) she lay at the end of the reading before."""
    first = course.first
    before = np.where(first, memory["lain"][course.row, -1], np.roll(lain, 1))
    before_us = np.where(first, memory["at_us"][course.row, -1], np.roll(course.occurred_us, 1))
    follows = 2 * (course.occurred_us - before_us) <= GAP_INTERVALS * interval_us
    found: Longs = np.where(follows, before * CENTI_MINUTE_US, 0)
    return found


def _measured(
    at_us: int, lasts_us: int, limit_us: int, ruminated: int | None
) -> tuple[Measured, ...]:
    lies = Measured(
        LYING, "min", at_us, round(lasts_us / MINUTE_US, 1), round(limit_us / MINUTE_US, 1)
    )
    if ruminated is None:
        return (lies,)
    return (lies, Measured(RUMINATION, "min", at_us, ruminated / 100, None))
