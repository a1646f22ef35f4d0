"""Made signals of any measurement: what detectors of single readings are tried with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from contracts.columns import ReadingColumns
from contracts.detection import Phase
from contracts.reading_columns import NUMBERS
from pipeline.baselines import Baselines
from pipeline.detectors.base import ByReading, Change
from pipeline.features import BodyTemperature, Signals
from pipeline.signals import SIGNALS
from pipeline.tables import Table

MINUTE_US = 60_000_000
ROWS = 16


@dataclass(frozen=True)
class Seen:
    """A reading of the animal in that row, `minute` minutes after a midnight."""

    minute: float
    measured: Mapping[str, float]
    row: int = 0
    interval_minutes: float = 10
    rumen: bool = True
    outside_m: float = float("nan")
    farm_row: int = 0


@dataclass
class Watch:
    """A detector and what it remembers of ROWS animals."""

    detector: ByReading
    usual: Mapping[str, float] = field(default_factory=dict)  # an hour
    fenced: bool = False
    memory: Table = field(init=False)
    _baselines: Baselines = field(init=False)

    def __post_init__(self) -> None:
        self.memory = Table(self.detector.memory)
        self.memory.reach(ROWS)
        self._baselines = learnt(self.usual)

    def see(self, readings: Sequence[Seen]) -> list[Change]:
        """What it says of these; moves its memory on."""
        return self.detector.judge(self.signals(readings), self.memory)

    def told(self, readings: Sequence[Seen]) -> list[tuple[Phase, float]]:
        """The same, as phases and the minutes at which they are known."""
        found = self.see(readings)
        return [(change.phase, readings[change.reading].minute) for change in found]

    def signals(self, readings: Sequence[Seen]) -> Signals:
        """As the engine hands them to detectors."""
        here = np.arange(len(readings))
        time_us = np.array([round(one.minute * MINUTE_US) for one in readings], np.int64)
        floats = {
            name: np.array([one.measured.get(name, np.nan) for one in readings], np.float64)
            for name in NUMBERS
        }
        interval_s = np.array([round(one.interval_minutes * 60) for one in readings], np.int64)
        row = np.array([one.row for one in readings], np.int64)
        columns = ReadingColumns(here, {"timestamp": time_us, "interval_s": interval_s}, floats, {})
        warm = np.nonzero(np.isfinite(floats["temperature_c"]))[0]
        usual = self._baselines.usual_each(
            row[warm], "temperature_c", time_us[warm] // 3_600_000_000
        )
        body = BodyTemperature(
            warm,
            row[warm],
            time_us[warm],
            np.rint(floats["temperature_c"][warm] * 100).astype(np.int64),
            np.array([one.rumen for one in readings], np.bool_)[warm],
            usual,
        )
        outside = np.array([one.outside_m for one in readings], np.float64)
        farm_row = np.array([one.farm_row for one in readings], np.int64)
        return Signals(
            body, here, row, columns, self._baselines, farm_row, outside if self.fenced else None
        )


def learnt(usual: Mapping[str, float]) -> Baselines:
    """Baselines of ROWS animals to whom the same is usual in every hour."""
    baselines = Baselines()
    baselines.table.reach(ROWS)
    values = np.array([[usual.get(name, np.nan) for name in SIGNALS]] * ROWS, np.float64)
    for hour in range(24 * 5 if usual else 0):
        baselines.learn(np.arange(ROWS), hour, values)
    return baselines


def every(minutes: float, first: float, last: float, measured: Mapping[str, float]) -> list[Seen]:
    """Readings at this cadence that measure the same, the first one covering from `first` on."""
    count = round((last - first) / minutes)
    return [
        Seen(first + minutes * (n + 1), measured, interval_minutes=minutes) for n in range(count)
    ]


def cut(watch: Watch, readings: Sequence[Seen], batch: int) -> list[tuple[Phase, float]]:
    """What is told if the log is read in pieces of so many."""
    found: list[tuple[Phase, float]] = []
    for start in range(0, len(readings), batch):
        found += watch.told(readings[start : start + batch])
    return found
