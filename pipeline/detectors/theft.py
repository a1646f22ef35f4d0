"""Theft: she is gone from where she was, faster than any animal goes.

What a walk cannot explain of the way between two fixes was driven. A place counts as left when two
fixes in a row were there, and as far when two in a row are; in the night, when thieves come, one
fix is enough if it is further off than receivers jump (100 to 500 m). Night is told by the sun: the
longitude says how late it is. The case is over when she is back where she was taken from: a collar
that falls silent on the way leaves it open.
"""

from collections.abc import Mapping

import numpy as np

from contracts.detection import Condition, Phase
from pipeline.detectors import successive
from pipeline.detectors.base import Change, Limit, Measured, Spec
from pipeline.detectors.successive import Course, Window
from pipeline.features import Signals
from pipeline.geo import Floats, is_place, metres_between
from pipeline.tables import DAY_US, HOUR_US, NEVER, Column, Longs, Mask, Table

LATITUDE, LONGITUDE = "latitude", "longitude"
SIGNAL, SPEED = "gone_m", "gone_m_s"
FIXES_KEPT = 6
SECOND_US = 1_000_000
MICRO = 1_000_000  # degrees are kept in millionths: a tenth of a metre

SPEC = Spec(
    "theft",
    1,
    Condition.THEFT,
    (
        Limit("driven_m", 600.0, "m", "over 5 m/s for over 2 min (signatures.csv, recalled)"),
        Limit("walk_m_s", 1.5, "m/s", "a driven herd walks 1 m/s; runs of 3 to 5 are short; ours"),
        Limit("far_m", 750.0, "m", "receivers jump 100 to 500 m (science.md 6); ours"),
        Limit("night_far_m", 2000.0, "m", "by one fix: four such jumps; ours"),
        Limit("night_from_h", 20.5, "h", "often at night (signatures.csv); solar time, ours"),
        Limit("night_to_h", 5.5, "h", "often at night (signatures.csv); solar time, ours"),
        Limit("near_m", 300.0, "m", "two fixes of one pasture, or of one drive; ours"),
        Limit("fixes_back", 2.0, "1", "one may be a jump; ours"),
    ),
    teaches=True,
    signals=(LATITUDE, LONGITUDE),
)


class Theft:
    """The detector of theft."""

    spec = SPEC
    memory: Mapping[str, Column] = {
        "at_us": Column("int64", (FIXES_KEPT,), NEVER),
        "north": Column("int32", (FIXES_KEPT,)),  # millionths of a degree
        "east": Column("int32", (FIXES_KEPT,)),
        "open": Column("bool"),
        "home": Column("int32", (2,)),  # from where she was taken, while it is open
        "back": Column("uint8"),  # fixes in a row that were there again
        "back_us": Column("int64", fill=NEVER),  # the way back is no theft: when it was over
    }

    def __init__(self, spec: Spec = SPEC) -> None:
        self.spec = spec

    def judge(self, signals: Signals, memory: Table) -> list[Change]:
        """Onsets and ends, in log order; see ByReading."""
        latitude, longitude = signals.column(LATITUDE), signals.column(LONGITUDE)
        taken = np.nonzero(is_place(latitude, longitude))[0]
        if not len(taken):
            return []
        row, occurred_us = signals.row[taken], signals.occurred_us[taken]
        order = successive.in_time_order(row, occurred_us, memory["at_us"][:, -1])
        if not len(order):
            return []
        chosen = taken[order]
        course = successive.course_of(signals.reading[chosen], row[order], occurred_us[order])
        values = {
            "at_us": course.occurred_us,
            "north": np.rint(latitude[chosen] * MICRO).astype(np.int64),
            "east": np.rint(longitude[chosen] * MICRO).astype(np.int64),
        }
        window = successive.windows(course, values, np.arange(len(chosen)), memory)
        origin = self._left(window)
        # few animals are ever driven off: theirs alone are looked at one by one
        some = np.nonzero(memory["open"][course.row] | (origin >= 0))[0]
        followed = np.nonzero(np.isin(course.row, course.row[some]))[0] if len(some) else some
        changes: list[Change] = []
        for place in followed.tolist():
            of_fix = {name: array[place] for name, array in window.items()}
            changes += self._follow(course, place, of_fix, int(origin[place]), memory)
        for name, array in window.items():
            memory[name][course.row[course.last]] = array[course.last]
        return successive.in_log_order(changes)

    def forget(self, row: int, at_us: int, memory: Table, *, ends: bool) -> None:
        """See ByReading."""
        if ends:
            memory.clear(np.array([row]))
        elif at_us in memory["at_us"][row].tolist():
            memory["at_us"][row] = NEVER

    def evidence(self, memory: Table, row: int) -> tuple[Measured, ...]:
        """How far from where she was taken her newest fix was."""
        window = successive.held(memory, row, "north", "east")
        if window["at_us"][-1] == NEVER or not memory["open"][row]:
            return ()
        metres = _metres(window, FIXES_KEPT - 1, memory["home"][row])
        return (self._gone(int(window["at_us"][-1]), metres),)

    def _left(self, window: Window) -> Longs:
        """(fixes,): which of the six is the last of where she was, if she was driven off; else -1.

        window: (fixes, FIXES_KEPT), oldest first.
        """
        at_us, newest = window["at_us"], FIXES_KEPT - 1
        driven_m, walk, far, night_far, near = (
            self.spec.value(name)
            for name in ("driven_m", "walk_m_s", "far_m", "night_far_m", "near_m")
        )
        night = self._is_night(at_us[:, newest], window["east"][:, newest])
        found = np.full(len(at_us), -1, np.int64)

        def apart(one: int, other: int) -> tuple[Floats, Floats]:
            """Metres between two of the fixes, and how far a walk takes her meanwhile."""
            seconds = (at_us[:, other] - at_us[:, one]) / SECOND_US
            places = [
                window[name][:, i] / MICRO for i in (one, other) for name in ("north", "east")
            ]
            return metres_between(*places), walk * np.maximum(seconds, 0.0)

        for origin in range(1, newest):
            stayed, walked = apart(origin - 1, origin)
            stood = (at_us[:, origin - 1] != NEVER) & (stayed <= np.maximum(near, walked))
            if not stood.any():
                continue
            metres, walked = apart(origin, newest)
            driven = stood & (metres - walked >= driven_m)
            once = driven & night & (metres >= night_far)
            if origin < newest - 1:
                before, walked_before = apart(origin, newest - 1)
                twice = driven & (metres >= far) & (before >= far)
                once |= twice & (before - walked_before >= driven_m)
            found = np.where(once, origin, found)
        return found

    def _follow(
        self, course: Course, place: int, window: Window, origin: int, memory: Table
    ) -> list[Change]:
        """What one fix of an animal begins or ends; moves on where she was taken from."""
        row, at_us = int(course.row[place]), int(course.occurred_us[place])
        reading = int(course.reading[place])
        if not memory["open"][row]:
            if origin < 0 or window["at_us"][origin] < memory["back_us"][row]:
                return []
            memory["open"][row], memory["back"][row] = True, 0
            memory["home"][row] = window["north"][origin], window["east"][origin]
            left_us = int(window["at_us"][origin])
            metres = _metres(window, FIXES_KEPT - 1, memory["home"][row])
            speed = round(metres / max((at_us - left_us) / SECOND_US, 1.0), 1)
            said = Measured(SPEED, "m/s", at_us, speed, None)
            return [Change(Phase.ONSET, row, reading, left_us, (self._gone(at_us, metres), said))]
        metres = _metres(window, FIXES_KEPT - 1, memory["home"][row])
        is_back = metres <= self.spec.value("near_m")
        memory["back"][row] = min(int(memory["back"][row]) + 1, 255) if is_back else 0
        if memory["back"][row] < self.spec.value("fixes_back"):
            return []
        memory["open"][row], memory["back"][row], memory["back_us"][row] = False, 0, at_us
        return [Change(Phase.END, row, reading, 0, (self._gone(at_us, metres),))]

    def _gone(self, at_us: int, metres: float) -> Measured:
        return Measured(SIGNAL, "m", at_us, round(metres, 0), self.spec.value("far_m"))

    def _is_night(self, at_us: Longs, east: Longs) -> Mask:
        """(fixes,): by the sun there."""
        hour = ((at_us + east * (DAY_US // 360) // MICRO) % DAY_US) / HOUR_US
        begins, ends = self.spec.value("night_from_h"), self.spec.value("night_to_h")
        found: Mask = (hour >= begins) | (hour < ends)
        return found


def _metres(window: Window, which: int, home: Longs) -> float:
    """How far one of the fixes of a window (FIXES_KEPT,) is from a place."""
    places = (window["north"][which], window["east"][which], home[0], home[1])
    return float(metres_between(*(np.array([place / MICRO]) for place in places))[0])
