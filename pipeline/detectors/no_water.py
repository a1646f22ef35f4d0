"""No water: a whole herd drinks next to nothing for hours in which it always drinks.

A frozen pipe or a pump that failed is one thing to be mended, and not three hundred thirsty
animals: one case of the farm, of the condition drinking_stopped. Sums over the herd are held
against its usual, since in a few hours many an animal does not drink.
"""

import math
from collections.abc import Mapping

import numpy as np

from contracts.detection import Condition, Phase
from contracts.ids import SubjectKind
from pipeline.detectors.base import NO_READING, Change, Limit, Measured, Spec
from pipeline.herd_hour import HerdHour
from pipeline.tables import HOUR_US, Column, Table

SIGNAL, HERD = "drinking_minutes", "herd_drinking_pct"
HOURS, DAY_HOURS = 4, 24  # ten animals drink twenty times in four hours of the day
ANIMALS_MIN = 10
USUAL_SHARE_MIN = 0.10  # of the day's drinking falls into the hours: at night nobody may drink
ONSET_HOURS, END_HOURS = 2, 1
PER_CENT = 100.0

FALL_LIMIT = Limit(
    "drinks_pct", 15.0, "%", "12 ± 5 visits a day each (159 cows, computed): none by chance; ours"
)
OVER_LIMIT = Limit("over_pct", 50.0, "%", "they drink again; ours")
SPEC = Spec(
    "no_water",
    1,
    Condition.DRINKING_STOPPED,
    (FALL_LIMIT, OVER_LIMIT),
    teaches=True,
    subject_kind=SubjectKind.FARM,
    signals=(SIGNAL,),
)


class NoWater:
    """The detector of a herd without water."""

    memory: Mapping[str, Column] = {"run": Column("uint8"), "open": Column("bool")}

    def __init__(self, spec: Spec = SPEC) -> None:
        self.spec = spec

    def judge_herd(self, herd: HerdHour, row: int, memory: Table) -> list[Change]:
        """Onset once they drank too little for ONSET_HOURS, end with END_HOURS; see ByHerd."""
        share = _share_pct(herd)
        if share is None:
            return []
        is_open = bool(memory["open"][row])
        limit = self.spec.value("over_pct" if is_open else "drinks_pct")
        speaks = share >= limit if is_open else share <= limit
        run = int(memory["run"][row]) + 1 if speaks else 0
        turns = run >= (END_HOURS if is_open else ONSET_HOURS)
        memory["run"][row] = 0 if turns else run
        if not turns:
            return []
        memory["open"][row] = not is_open
        phase = Phase.END if is_open else Phase.ONSET
        began_us = 0 if is_open else (herd.hour - HOURS - ONSET_HOURS + 2) * HOUR_US
        return [Change(phase, row, NO_READING, began_us, self.evidence(herd, row, memory))]

    def evidence(self, herd: HerdHour, row: int, memory: Table) -> tuple[Measured, ...]:  # noqa: ARG002  of the herd alone
        """What they drink, in per cent of usual; see ByHerd."""
        share = _share_pct(herd)
        if share is None:
            return ()
        limit = self.spec.value("drinks_pct")
        return (Measured(HERD, "%", herd.ends_us, round(share, 1), limit, PER_CENT),)


def _share_pct(herd: HerdHour) -> float | None:
    """What the herd drank in HOURS, per cent of usual; None where too few or too little is known.

    Exact sums: who stands first in the herd cannot be seen in them.
    """
    found = herd.window(SIGNAL, HOURS)
    day = herd.window(SIGNAL, DAY_HOURS)
    known = np.isfinite(found.ratio) & np.isfinite(day.usual)
    usual = math.fsum(found.usual[known].tolist())
    if known.sum() < ANIMALS_MIN or usual < USUAL_SHARE_MIN * math.fsum(day.usual[known].tolist()):
        return None
    return PER_CENT * math.fsum(found.value[known].tolist()) / usual
