"""Made signals: readings of body temperature as (row, minute, hundredths of °C, in the rumen)."""

from collections.abc import Sequence

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from contracts.columns import ReadingColumns
from contracts.reading_columns import NUMBERS
from pipeline.features import BodyTemperature, Signals

AnyReading = tuple[int, int, int, bool]
MINUTE_US = 60_000_000

made_readings = st.tuples(
    st.integers(0, 2),
    st.integers(0, 60),
    st.sampled_from([3860, 3949, 3950, 3999, 4000, 4100, 4100]),
    st.booleans(),
)


def signals_of(
    readings: Sequence[AnyReading], first: int = 0, usual_c: float | None = None
) -> Signals:
    """The signals of these readings; `first` is the index of the first."""
    columns = np.array(readings, np.int64).reshape(-1, 4).T
    reading = np.arange(first, first + len(readings))
    return Signals(
        BodyTemperature(
            reading=reading,
            row=columns[0],
            occurred_us=columns[1] * MINUTE_US,
            centi_c=columns[2],
            rumen=columns[3].astype(np.bool_),
            usual_c=np.full(len(readings), np.nan if usual_c is None else usual_c),
        ),
        reading,
        columns[0],
        _batch(columns, first),
    )


def _batch(columns: NDArray[np.int64], first: int) -> ReadingColumns:
    """The columns of a whole batch, of which the readings before `first` say nothing."""
    size = first + columns.shape[1]
    time_us, celsius = np.zeros(size, np.int64), np.full(size, np.nan)
    time_us[first:], celsius[first:] = columns[1] * MINUTE_US, columns[2] / 100
    floats = {name: np.full(size, np.nan) for name in NUMBERS} | {"temperature_c": celsius}
    longs = {"timestamp": time_us, "interval_s": np.full(size, 300, np.int64)}
    return ReadingColumns(np.arange(size), longs, floats, {})
