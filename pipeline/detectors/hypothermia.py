"""Hypothermia: a body that has been cold for hours, and moves less than usual.

A drink cools the rumen by 2 to 8 °C and takes up to three hours to warm again, so one warm reading
says that she is warm: only where all of three hours were cold is a bolus believed. An animal that
is as lively as ever in those hours has a bolus that is wrong.
"""

from collections.abc import Mapping

import numpy as np

from contracts.detection import Condition
from pipeline.detectors import successive
from pipeline.detectors.base import Change, Limit, Measured, Spec
from pipeline.detectors.pace import centi, of_usual
from pipeline.detectors.successive import OVER, UNDER, Course, Runs
from pipeline.features import BodyTemperature, Signals
from pipeline.tables import HOUR_US, Column, Longs, Table

SUCCESSIVE = 3
SIGNAL = "temperature_c"
SHARE_MAX = 100.0  # of usual: what is more says no more
SUMS_MAX = 2**30

SPEC = Spec(
    "hypothermia",
    1,
    Condition.HYPOTHERMIA,
    (
        Limit("core_c", 37.5, "Cel", "core under 37.5 °C in an adult (signatures.csv, recalled)"),
        Limit(
            "rumen_c",
            38.0,
            "Cel",
            "core limit + 0.5 °C, since the rumen is 0.4 to 0.5 °C warmer (recalled)",
        ),
        Limit(
            "under_usual_c",
            1.0,
            "Cel",
            "daily swing of the core 1.2 °C about its mean (Piccione 2003: 1.4): half of it twice; "
            "ours",
        ),
        Limit(
            "rumen_hours",
            3.0,
            "h",
            "25 kg of cold water are warm again after 103 min to over 3 h (Bewley, Cantor 2018)",
        ),
        Limit("core_hours", 0.5, "h", "with inactivity for hours (signatures.csv); ours"),
        Limit(
            "activity_factor",
            0.9,
            "1",
            "of her usual over those hours: with inactivity (signatures.csv, recalled); ours",
        ),
    ),
    signals=(SIGNAL,),
)


class Hypothermia:
    """The detector of hypothermia."""

    spec = SPEC
    memory: Mapping[str, Column] = {
        **successive.memory_of(SUCCESSIVE, "value", "limit"),  # of 0.01 °C
        "moved": Column("int32"),  # activity in her run, hundredths of what is usual in an hour
        "expected": Column("int32"),  # and what would be usual
    }

    def __init__(self, spec: Spec = SPEC) -> None:
        self.spec = spec

    def judge(self, signals: Signals, memory: Table) -> list[Change]:
        """Onsets and ends, in log order; see ByReading."""
        body = signals.body_temperature
        chosen = successive.in_time_order(body.row, body.occurred_us, memory["at_us"][:, -1])
        if not len(chosen):
            return []
        course = successive.course_of(
            body.reading[chosen], body.row[chosen], body.occurred_us[chosen]
        )
        limit = self._limits(body)
        side = np.where(body.centi_c < limit, OVER, UNDER).astype(np.int8)[chosen]
        runs = successive.runs_of(course, side, course.occurred_us, memory)
        cold_us = course.occurred_us - runs.since_us
        needed_us = np.where(
            body.rumen[chosen], self._span_us("rumen_hours"), self._span_us("core_hours")
        )
        long_enough = runs.length >= SUCCESSIVE
        moved, expected = self._moved(signals, runs, chosen, course, memory)
        still = moved <= self.spec.value("activity_factor") * expected
        begins = long_enough & (side == OVER) & (cold_us >= needed_us) & still
        turns = successive.turned(course, begins, long_enough & (side == UNDER), memory)
        values = {
            "at_us": course.occurred_us,
            "value": body.centi_c[chosen],
            "limit": limit[chosen],
        }
        places = turns.places
        window = successive.windows(course, values, places, memory)
        changes = []
        for which, place in enumerate(places.tolist()):
            of_place = {name: array[which] for name, array in window.items()}
            evidence = successive.measured(of_place, SIGNAL, "Cel")
            since_us = int(runs.since_us[place])
            changes.append(successive.change_of(course, turns, place, since_us, evidence))
        successive.remember(course, runs, turns.is_open, values, memory)
        last = course.last
        memory["moved"][course.row[last]] = moved[last]
        memory["expected"][course.row[last]] = expected[last]
        return successive.in_log_order(changes)

    def forget(self, row: int, at_us: int, memory: Table, *, ends: bool) -> None:
        """See ByReading."""
        successive.forget(row, at_us, memory, ends=ends)

    def evidence(self, memory: Table, row: int) -> tuple[Measured, ...]:
        """The newest judged readings of an animal, oldest first."""
        return successive.measured(successive.held(memory, row, "value", "limit"), SIGNAL, "Cel")

    def _limits(self, found: BodyTemperature) -> Longs:
        """(body temperatures,): the limit of each, hundredths of °C."""
        core, rumen, under = (
            round(self.spec.value(name) * 100) for name in ("core_c", "rumen_c", "under_usual_c")
        )
        fixed: Longs = np.where(found.rumen, rumen, core)
        known = np.isfinite(found.usual_c)
        own = np.rint(np.where(known, found.usual_c, 0.0) * 100).astype(np.int64)
        return np.where(known, np.minimum(fixed, own - under), fixed)

    def _moved(
        self, signals: Signals, runs: Runs, chosen: Longs, course: Course, memory: Table
    ) -> tuple[Longs, Longs]:
        """(readings,): activity in each one's run, and what would be usual; 0 and 0: not known."""
        hours = signals.interval_us / HOUR_US
        place = np.searchsorted(signals.reading, signals.body_temperature.reading[chosen])
        share = np.minimum(of_usual(signals, "activity")[place], SHARE_MAX)
        known = (runs.side == OVER) & np.isfinite(share)
        expected = np.where(known, centi(hours[place]), 0)
        moved = np.where(known, centi(share * hours[place]), 0)
        kept = SUMS_MAX  # a cold that lasts for months is known for long
        return (
            np.minimum(runs.summed(moved, memory["moved"][course.row]), kept),
            np.minimum(runs.summed(expected, memory["expected"][course.row]), kept),
        )

    def _span_us(self, name: str) -> int:
        return round(self.spec.value(name) * HOUR_US)
