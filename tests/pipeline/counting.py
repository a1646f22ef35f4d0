"""Sequences for tests: boots named by (farm, collar, boot_id)."""

import numpy as np

from contracts.columns import columns_of
from contracts.ids import FarmId
from pipeline.keys import Farms
from pipeline.sequences import Sequences
from pipeline.tables import Longs
from tests.builders import a_reading

Boot = tuple[bytes, bytes, int]


class Counting:
    """Sequences beside the farms that name their boots."""

    def __init__(self) -> None:
        self.farms = Farms()
        self.sequences = Sequences(self.farms)

    def rows(self, keys: list[Boot]) -> Longs:
        """The rows of boots."""
        readings = columns_of(
            [
                (n, a_reading(farm=FarmId(farm.decode()), collar=collar.decode(), boot_id=boot))
                for n, (farm, collar, boot) in enumerate(keys)
            ]
        )
        farms = self.farms.take(readings.texts["farm_id"])
        collars = self.farms.ids.words_of(readings.texts["collar_id"])
        return self.sequences.rows_of(farms, collars, readings.longs["boot_id"])

    def first_seen(self, keys: list[Boot], seqs: list[int]) -> list[bool]:
        """Which of these count."""
        found: list[bool] = self.sequences.first_seen(
            self.rows(keys), np.array(seqs, np.int64)
        ).tolist()
        return found

    def restored(self) -> "Counting":
        """After a snapshot."""
        again = Counting()
        again.farms.load(self.farms.to_arrays())
        again.sequences.load(self.sequences.to_arrays())
        return again
