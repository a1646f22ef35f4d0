"""What detectors look at: signals of the readings that may be judged, in log order."""

from dataclasses import dataclass

import numpy as np

from contracts.columns import ReadingColumns
from pipeline.tables import Longs, Mask

RUMEN, CORE = "rumen", "core"
CENTI_MAX = 10_000  # ±100 °C: a sum of hundredths over any hour stays far inside its integer


@dataclass(frozen=True, slots=True)
class BodyTemperature:
    """Body temperatures (readings,): rumen or core only, since an ear tag follows the air.

    reading: index in the batch's columns. row: of the animal. centi_c: hundredths of °C. rumen:
    measured in the rumen (else core).
    """

    reading: Longs
    row: Longs
    occurred_us: Longs
    centi_c: Longs
    rumen: Mask


@dataclass(frozen=True, slots=True)
class Signals:
    """All that detectors may look at in one segment of a batch."""

    body_temperature: BodyTemperature


def signals(readings: ReadingColumns, judged: Longs, row: Longs) -> Signals:
    """Signals of the readings at the indices `judged`; row: (judged,), of their animals."""
    celsius = readings.floats["temperature_c"][judged]
    site = readings.texts["temperature_site"].take(judged)
    rumen = site.equal(RUMEN)
    found = np.nonzero(np.isfinite(celsius) & (rumen | site.equal(CORE)))[0]
    # integers: the float a collar sent is 38.599998, the same sum must come in any order
    centi_c = np.clip(np.rint(celsius[found] * 100), -CENTI_MAX, CENTI_MAX).astype(np.int64)
    return Signals(
        BodyTemperature(
            reading=judged[found],
            row=row[found],
            occurred_us=readings.occurred_us[judged][found],
            centi_c=centi_c,
            rumen=rumen[found],
        )
    )
