"""Told hours of a made-up herd, for whoever watches them."""

import numpy as np
from numpy.typing import NDArray

from contracts.hour import HOUR_SIGNALS
from contracts.hour_columns import HourColumns, ScoreColumn
from contracts.ids import FarmId
from pipeline.tables import HOUR_US

ANIMALS = [f"cow-{n}" for n in range(12)]
SIGNALS = tuple(HOUR_SIGNALS)
FIRST = 490_000  # an hour since 1970
Values = NDArray[np.float64]


def a_told_hour(
    hour: int, values: Values, usual: Values | None = None, scores: tuple[ScoreColumn, ...] = ()
) -> HourColumns:
    """One hour of all animals; values, usual: (animals, signals)."""
    unknown = np.full_like(values, np.nan)
    return HourColumns(
        farm_id=FarmId("home"),
        actor="test",
        causation_id="-",
        hour_us=hour * HOUR_US,
        known_us=(hour + 1) * HOUR_US + HOUR_US // 3,
        animal_ids=ANIMALS,
        revision=np.ones(len(ANIMALS), np.int64),
        readings=np.ones(len(ANIMALS), np.int64),
        coverage_share=np.ones(len(ANIMALS)),
        values=values,
        usual=unknown if usual is None else usual,
        spread=unknown if usual is None else usual / 10,
        learnt_days=np.zeros(len(ANIMALS), np.int64),
        scores=scores,
    )


def values_of(**measured: float) -> Values:
    """(animals, signals): all animals alike, what is not named not measured."""
    row = [measured.get(signal, np.nan) for signal in SIGNALS]
    return np.tile(np.array(row), (len(ANIMALS), 1))
