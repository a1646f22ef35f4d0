"""Herd outbreak: for a day, more animals are ill at once than chance allows on this farm.

Each animal that is found ill counts once, whatever of. How many are usual is the farm's own share
over weeks; a band of 99.9 % of the binomial above it is chance (our proposal; Veldhuis 2020 finds
outbreaks of SBV in milk by cumulative sums). Hours over the band count up, the others down, so that
an hour's lull ends nothing. A hot day makes many ill at once and has a name of its own.
"""

from collections.abc import Mapping

import numpy as np

from contracts.detection import Condition, Phase
from contracts.ids import SubjectKind
from pipeline.detectors.base import NO_READING, Change, Limit, Measured, Spec
from pipeline.herd_hour import HerdHour
from pipeline.tables import HOUR_US, Column, Table

ILL = (
    Condition.FEVER,
    Condition.ILLNESS,
    Condition.RUMINATION_DROP,
    Condition.FEEDING_DROP,
)
SIGNAL = "ill_animals"
MEMORY_HOURS = 14 * 24  # in which the weight of an hour sinks to a third: seasons move on
FIRST_SHARE = 0.02  # of the animals, until the farm's own is known; ours
SHARE_MIN = 0.01  # a herd that was never ill is not proof against it
COUNT_MAX_HOURS = 48  # so many hours without any end it, however long it lasted
LASTS_HOURS_MAX = 21 * 24  # then it is the farm's usual

SPEC = Spec(
    "herd_outbreak",
    1,
    Condition.HERD_OUTBREAK,
    (
        Limit("hours", 24.0, "h", "above the band for 24 h and more (signatures.csv); ours"),
        Limit("sigma", 3.09, "1", "99.9 % of the normal law (signatures.csv); ours"),
        Limit("animals_min", 4.0, "1", "of fewer each is a case; ours"),
        Limit("herd_min", 10.0, "1", "a share of fewer is no share; ours"),
    ),
    teaches=True,
    subject_kind=SubjectKind.FARM,
)


class HerdOutbreak:
    """The detector of herd_outbreak."""

    spec = SPEC
    memory: Mapping[str, Column] = {
        "farm_open": Column("bool"),
        "farm_share": Column("float64", fill=FIRST_SHARE),  # of animals that are usually ill
        "farm_over_hours": Column("int16"),  # over the band, less those under it, since it began
        "farm_since_hour": Column("int32"),  # the first of those
    }

    def __init__(self, spec: Spec = SPEC) -> None:
        self.spec = spec

    def judge_herd(self, herd: HerdHour, row: int, memory: Table) -> list[Change]:
        """Onset or end of the farm's outbreak; see ByHerd."""
        heard = len(herd.rows)
        if heard < self.spec.value("herd_min") or _any(herd, Condition.HEAT_STRESS):
            return []
        ill, band = _ill(herd), self._band(heard, float(memory["farm_share"][row]))
        over = ill > band
        count = int(memory["farm_over_hours"][row])
        if not count:
            memory["farm_since_hour"][row] = herd.hour
        count = max(0, min(count + (1 if over else -1), COUNT_MAX_HOURS))
        memory["farm_over_hours"][row] = count
        since = int(memory["farm_since_hour"][row])
        if memory["farm_open"][row]:
            usual_by_now = herd.hour - since >= LASTS_HOURS_MAX
            if count and not usual_by_now:
                return []
            evidence = self.evidence(herd, row, memory)
            memory["farm_open"][row], memory["farm_over_hours"][row] = False, 0
            if usual_by_now:
                memory["farm_share"][row] = ill / heard
            return [Change(Phase.END, row, NO_READING, 0, evidence)]
        evidence = self.evidence(herd, row, memory)
        # what lies over the band teaches as much as the band: a bad month becomes usual, slowly
        off = min(ill, band) / heard - float(memory["farm_share"][row])
        memory["farm_share"][row] += off / MEMORY_HOURS
        if count < self.spec.value("hours"):
            return []
        memory["farm_open"][row] = True
        return [Change(Phase.ONSET, row, NO_READING, since * HOUR_US, evidence)]

    def evidence(self, herd: HerdHour, row: int, memory: Table) -> tuple[Measured, ...]:
        """How many are ill, how many chance allows, how many usually are; see ByHerd."""
        heard, share = len(herd.rows), float(memory["farm_share"][row])
        usual, band = round(share * heard, 1), round(self._band(heard, share), 1)
        return (Measured(SIGNAL, "1", herd.ends_us, float(_ill(herd)), band, usual),)

    def _band(self, heard: int, share: float) -> float:
        """How many of them chance makes ill at most.

        The binomial by its first three moments (Cornish and Fisher): a normal band is too narrow
        where two or three are usual. Sums, products and a root: the same on every machine.
        """
        usual = min(max(share, SHARE_MIN), 0.5)
        sigma = self.spec.value("sigma")
        mean, variance = heard * usual, heard * usual * (1 - usual)
        skew = (sigma * sigma - 1) / 6 * (1 - 2 * usual)
        band = mean + sigma * float(np.sqrt(variance)) + skew + 0.5
        return max(band, self.spec.value("animals_min") - 1)


def _ill(herd: HerdHour) -> int:
    """How many animals are ill of anything that may be catching."""
    ill = np.zeros(len(herd.rows), np.bool_)
    for condition in ILL:
        mask = herd.open.get(condition)
        if mask is not None:
            ill |= mask
    return int(ill.sum())


def _any(herd: HerdHour, condition: Condition) -> bool:
    mask = herd.open.get(condition)
    return mask is not None and bool(mask.any())
