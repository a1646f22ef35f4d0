"""Made herds as a detector of hours sees them: days after an ordinary week, and the register."""

from dataclasses import replace
from functools import cache

import numpy as np

from pipeline.detectors.base import ByHour
from pipeline.herd_hour import HerdHour
from pipeline.herds import Herds
from pipeline.life import Life, unknown
from pipeline.state import PartitionState
from pipeline.tables import HOUR_US, Arrays
from pipeline.verdicts import herd_hour
from tests.builders import FARM
from tests.pipeline.logs import run_all, values_of
from tests.pipeline.weeks import HERD, LEARNT_DAYS, MIDNIGHT, Change, days_after, weeks

MIDNIGHT_HOUR = int(MIDNIGHT.timestamp() * 1_000_000) // HOUR_US


def told_of(animal: str, **said: float) -> Life:
    """The register knows this of one animal of the herd, and nothing of the others."""
    life = unknown(len(HERD))
    for name, value in said.items():
        getattr(life, name)[HERD.index(animal)] = value
    return life


def herd_after(
    hours: int,
    change: Change,
    medians: tuple[tuple[str, int], ...],
    life: Life | None = None,
) -> HerdHour:
    """The last of so many hours after the week, in the order of HERD; medians: of the detector.

    Nobody judges the hours before it: that is the engine's part, and takes its time.
    """
    state = PartitionState.from_arrays(_week(), ())
    run_all(values_of(days_after(hours / 24, change)), state=state)
    hour = MIDNIGHT_HOUR + 24 * LEARNT_DAYS - 1 + hours
    state.judged = Herds(medians)
    state.judged.begin(FARM, hour)
    rows = [state.animals.find((FARM.encode(), one.encode())) for one in HERD]
    found = herd_hour(state, FARM, np.array(rows, np.int64), hour)
    return found if life is None else replace(found, told=life)


def says(
    detector: ByHour, hours: int, change: Change, life: Life | None = None
) -> tuple[float, bool, str | None]:
    """Of the animal that is changed in these tests, HERD[3]: score, whether over, why not."""
    verdict = detector.judge_hour(herd_after(hours, change, detector.medians, life))
    return float(verdict.score[3]), bool(verdict.over[3]), verdict.why_not[3]


@cache
def _week() -> Arrays:
    return run_all(values_of(weeks(LEARNT_DAYS)), state=PartitionState(()))[0].to_arrays()
