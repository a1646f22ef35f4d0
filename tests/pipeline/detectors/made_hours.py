"""An hour of a small herd after some made days, with what the register is to say of it."""

from collections.abc import Iterable
from datetime import timedelta
from functools import cache

import numpy as np

from contracts.columns import columns_of
from pipeline.baselines import Baselines
from pipeline.detectors.base import ByHour
from pipeline.features import hour_parts
from pipeline.herd_hour import HerdHour
from pipeline.hours import HourBins
from pipeline.life import Life, unknown
from pipeline.medians import Medians
from tests.pipeline.weeks import HERD, LEARNT_DAYS, MIDNIGHT, Change, a_day, reading_of

FIRST_HOUR = (MIDNIGHT - MIDNIGHT.fromtimestamp(0, MIDNIGHT.tzinfo)) // timedelta(hours=1)
SETTLED_HOURS = 74  # an hour teaches when it is so old


@cache
def _week() -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Bins and baselines after LEARNT_DAYS of ordinary days."""
    bins, baselines = HourBins(), Baselines()
    _live(bins, baselines, range(24 * LEARNT_DAYS), lambda _animal, _hour, measures: measures)
    return bins.table.to_arrays(len(HERD)), baselines.table.to_arrays(len(HERD))


def hour_after(hours: int, change: Change, detector: ByHour, life: Life | None = None) -> HerdHour:
    """The last of so many hours that follow the ordinary ones, as the detector sees it.

    change: as in weeks.days_after; hours are counted from the end of the ordinary days.
    """
    bins, baselines = HourBins(), Baselines()
    for table, arrays in zip((bins.table, baselines.table), _week(), strict=True):
        table.load({name: array.copy() for name, array in arrays.items()})
    start = 24 * LEARNT_DAYS
    span = range(start, start + hours)
    _live(bins, baselines, span, lambda animal, hour, m: change(animal, hour - start, m))
    keys = tuple(dict.fromkeys(detector.medians))
    medians = Medians(keys, np.full(len(keys), np.nan), np.zeros(len(keys), np.bool_))
    return HerdHour(FIRST_HOUR + span[-1], np.arange(len(HERD)), bins, baselines, medians, life)


def life_of(animal: str, **told: float) -> Life:
    """What the register says of one animal; of the others nothing."""
    life = unknown(len(HERD))
    for name, value in told.items():
        getattr(life, name)[HERD.index(animal)] = value
    return life


def _live(bins: HourBins, baselines: Baselines, hours: Iterable[int], change: Change) -> None:
    rows = np.arange(len(HERD))
    for table in (bins.table, baselines.table):
        table.reach(len(HERD))
    for hour in hours:
        changed = [change(animal, hour, a_day(animal, hour)) for animal in HERD]
        heard = [place for place, measures in enumerate(changed) if measures]
        events = [reading_of(HERD[place], hour, changed[place] or {}) for place in heard]
        readings = columns_of(list(enumerate(events)))
        bins.add(hour_parts(readings, np.arange(len(events)), np.array(heard)))
        old = hour - SETTLED_HOURS
        if old >= 0:
            baselines.learn(rows, FIRST_HOUR + old, bins.values(rows, FIRST_HOUR + old))
