"""Hypothermia: a body that has been cold for hours, and hardly moves.

A drink cools the rumen by 2 to 8 °C and takes up to three hours to warm again, so one warm reading
says that she is warm: only where all of three hours were cold is a bolus believed. A reading in
whose span she drank, or was lively, neither speaks for it nor against it.
"""

from collections.abc import Mapping

import numpy as np

from contracts.detection import Condition
from pipeline.detectors import successive
from pipeline.detectors.base import Change, Limit, Measured, Spec
from pipeline.detectors.pace import of_usual
from pipeline.detectors.successive import BETWEEN, OVER, UNDER, Side
from pipeline.features import BodyTemperature, Signals
from pipeline.tables import Column, Longs, Table

SUCCESSIVE = 3
SIGNAL = "temperature_c"
HOUR_US = 3_600_000_000

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
        Limit("activity_factor", 1.5, "1", "she hardly moves (signatures.csv, recalled); ours"),
    ),
    signals=(SIGNAL,),
)


class Hypothermia:
    """The detector of hypothermia."""

    spec = SPEC
    memory: Mapping[str, Column] = successive.memory_of(SUCCESSIVE, "value", "limit")  # of 0.01 °C

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
        side = self._side(signals, limit)[chosen]
        runs = successive.runs_of(course, side, course.occurred_us, memory)
        cold_us = course.occurred_us - runs.since_us
        needed_us = np.where(
            body.rumen[chosen], self._span_us("rumen_hours"), self._span_us("core_hours")
        )
        long_enough = runs.length >= SUCCESSIVE
        begins = long_enough & (side == OVER) & (cold_us >= needed_us)
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

    def _side(self, signals: Signals, limit: Longs) -> Side:
        """(body temperatures,): cold, warm, or a cold that a drink or her liveliness explains."""
        body = signals.body_temperature
        cold = body.centi_c < limit
        if not cold.any():
            return np.full(len(cold), UNDER, np.int8)
        place = np.searchsorted(signals.reading, body.reading)
        drank = signals.column("drinking_minutes")[place] > 0
        lively = of_usual(signals, "activity")[place] > self.spec.value("activity_factor")
        explained = (drank & body.rumen) | lively
        return np.where(cold, np.where(explained, BETWEEN, OVER), UNDER).astype(np.int8)

    def _span_us(self, name: str) -> int:
        return round(self.spec.value(name) * HOUR_US)
