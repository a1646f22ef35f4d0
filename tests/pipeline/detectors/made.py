"""Made signals: readings of body temperature as (row, minute, hundredths of °C, in the rumen)."""

from collections.abc import Sequence

import numpy as np
from hypothesis import strategies as st

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
    return Signals(
        BodyTemperature(
            reading=np.arange(first, first + len(readings)),
            row=columns[0],
            occurred_us=columns[1] * MINUTE_US,
            centi_c=columns[2],
            rumen=columns[3].astype(np.bool_),
            usual_c=np.full(len(readings), np.nan if usual_c is None else usual_c),
        )
    )
