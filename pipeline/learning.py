"""An hour that can change no more is learnt: what is usual, what drifts, whose sensor is stuck."""

import numpy as np

from pipeline.baselines import DAY_HOURS, TEACHES_SECONDS_MIN
from pipeline.hours import OPEN_HOURS
from pipeline.signals import COUNTED, SIGNALS, TEMPERATURE
from pipeline.state import PartitionState
from pipeline.tables import Longs


def teach(state: PartitionState, farm: str, rows: Longs, hour: int) -> None:
    """Learn one hour of a herd's animals; with a UTC day's last one, the day."""
    slot, table = hour % OPEN_HOURS, state.hours.table
    heard = rows[(table["hour"][rows, slot] == hour) & (table["heard"][rows, slot] > 0)]
    if len(heard):
        values = state.hours.values(heard, hour)
        for column, signal in enumerate(SIGNALS):
            if signal == TEMPERATURE:
                seconds = table["heard"][heard, slot]
            else:
                seconds = table["seconds"][heard, slot, COUNTED.index(signal)]
            values[seconds < TEACHES_SECONDS_MIN, column] = np.nan
        readings = table["readings"][heard, slot].astype(np.int64)
        state.baselines.take_in(heard, hour, values, readings, table["unusual"][heard, slot])
    if hour % DAY_HOURS == DAY_HOURS - 1:
        state.baselines.close_day(farm, rows)
