"""What the register says of animals at an hour, as detectors see it: calving, heat, treatment, pen.

Context masks: what is normal five days after a calving is alarming two hundred days after it.
"""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Life:
    """All (animals,), as of an hour's end; NaN = nobody told.

    days_in_milk: since the newest calving. days_to_due: to the day she is due, under 0 = overdue;
    NaN once she has calved, or is known not to be pregnant. days_since_insemination: since the
    newest. parity: calvings so far. hours_since_treatment, hours_since_move (into another pen):
    since the newest. open_cow: 1 where she is known not to be pregnant, 0 where known pregnant.
    days_dry: since she was dried off, NaN once she has calved again. hours_since_diagnosis: since
    somebody who looked at her last found something.
    """

    days_in_milk: Floats
    days_to_due: Floats
    days_since_insemination: Floats
    parity: Floats
    hours_since_treatment: Floats
    hours_since_move: Floats
    open_cow: Floats
    days_dry: Floats
    hours_since_diagnosis: Floats


def unknown(count: int) -> Life:
    """Of animals about whom nobody told anything."""
    return Life(*(np.full(count, np.nan) for _ in fields(Life)))
