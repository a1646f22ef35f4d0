"""Fever: body temperature at or over a limit on three successive readings.

The limit is fixed, and lies higher for an animal that is warm by nature: her own usual at that
hour, once it is known, has to be passed as well.

Over when three successive readings are under it. Time decides what is successive: a reading not
newer than the newest judged one of its animal (a late letter) is counted, but not judged here.
"""

from collections.abc import Mapping

import numpy as np

from contracts.detection import Condition
from pipeline.detectors import successive
from pipeline.detectors.base import Change, Limit, Measured, Spec
from pipeline.detectors.successive import OVER, UNDER
from pipeline.features import BodyTemperature, Signals
from pipeline.tables import Column, Longs, Table

SUCCESSIVE = 3  # one reading may be a slipped sensor; three at 5 min cost a quarter of an hour
# healthy core: 38.8 °C with a daily swing of 1.2 °C, so 39.4 °C at its top
CORE_LIMIT = Limit(
    "core_c",
    39.5,
    "Cel",
    "clinical fever from 39.5 °C (recalled); core of lactating cows 38.8 ± 0.1 °C, swing 1.23 °C "
    "(Circadian and ultradian temperature rhythms of lactating dairy cows)",
)
RUMEN_LIMIT = Limit(
    "rumen_c",
    40.0,
    "Cel",
    "core limit + 0.5 °C, since the rumen is 0.4 to 0.5 °C warmer (recalled); rumen episodes over "
    "40.0 °C are longer in ill cattle (Flattot 2021, J. Anim. Sci. skab337)",
)
USUAL_LIMIT = Limit(
    "over_usual_c",
    0.8,
    "Cel",
    "0.8 °C over the own mean within four days of 67 % of mastitis cases (Adams 2013, J. Dairy "
    "Sci. 96:1549)",
)
SIGNAL = "temperature_c"
SPEC = Spec(
    "fever",
    3,
    Condition.FEVER,
    (CORE_LIMIT, RUMEN_LIMIT, USUAL_LIMIT),
    signals=(SIGNAL,),
    # bodies follow the air by hours (Dikmen & Hansen 2009): who is hot when it has cooled is told
    quiet_while=frozenset({Condition.HEAT_STRESS}),
)


class Fever:
    """The detector of fever."""

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
        centi_c, limit = body.centi_c[chosen], self._limits(body)[chosen]
        side = np.where(centi_c >= limit, OVER, UNDER).astype(np.int8)
        runs = successive.runs_of(course, side, course.occurred_us, memory)
        long_enough = runs.length >= SUCCESSIVE
        turns = successive.turned(
            course, long_enough & (side == OVER), long_enough & (side == UNDER), memory
        )
        values = {"at_us": course.occurred_us, "value": centi_c, "limit": limit}
        places = turns.places
        window = successive.windows(course, values, places, memory)
        changes = []
        for which, place in enumerate(places.tolist()):
            of_place = {name: array[which] for name, array in window.items()}
            evidence = successive.measured(of_place, SIGNAL, "Cel")
            onset_us = evidence[0].at_us
            changes.append(successive.change_of(course, turns, place, onset_us, evidence))
        successive.remember(course, runs, turns.is_open, values, memory)
        return successive.in_log_order(changes)

    def forget(self, row: int, at_us: int, memory: Table, *, ends: bool) -> None:
        """Forget the newest judged readings if one is of that time; see ByReading."""
        successive.forget(row, at_us, memory, ends=ends)

    def evidence(self, memory: Table, row: int) -> tuple[Measured, ...]:
        """The newest judged readings of an animal, oldest first."""
        return successive.measured(successive.held(memory, row, "value", "limit"), SIGNAL, "Cel")

    def _limits(self, found: BodyTemperature) -> Longs:
        """(readings,): the limit of each, hundredths of °C."""
        core, rumen, over = (
            round(self.spec.value(name) * 100) for name in ("core_c", "rumen_c", "over_usual_c")
        )
        fixed: Longs = np.where(found.rumen, rumen, core)
        known = np.isfinite(found.usual_c)
        own = np.rint(np.where(known, found.usual_c, 0.0) * 100).astype(np.int64)
        return np.where(known, np.maximum(fixed, own + over), fixed)
