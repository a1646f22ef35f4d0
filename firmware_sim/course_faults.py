"""Which collar, station or way in fails when: draws the faults of a farm. Pure. Rates are ours."""

from datetime import timedelta

import numpy as np
from numpy.random import Generator

from contracts.detection import Condition
from contracts.ids import AnimalId
from firmware_sim.conditions import Silence, Truth
from firmware_sim.course_plan import Plan, Planned, whole
from firmware_sim.faults import Careless, DyingBattery, Slipped, Stuck

HOUR = timedelta(hours=1)
KEPT_SHARE = 0.7  # of the gaps: out of reach, and told afterwards
GAP_H_MAX = 170.0  # 7.3 days: the longest of recorded GPS collars
# what may stick, and the range of what it then tells; of minutes and counts as shares of a reading
_STICKS = (
    ("temperature_c", 37.8, 39.6),
    ("rumination_minutes", 0.0, 0.5),
    ("activity", 0.0, 0.0),
    ("lying_minutes", 0.0, 1.0),
)


def lay_faults(plan: Plan, interval_s: int) -> None:
    """Of every collar, the stations and our own way in."""
    storms = tuple((one.timestamp(), other.timestamp()) for one, other in plan.storms)
    for number, one in enumerate(plan.animals):
        seed = one.enrolled.animal_id
        one.faults.append(Careless(seed, storms))
        for turn in range(len(plan.moments("slipped", number))):
            _slip(plan, number, turn)
        for turn in range(len(plan.moments("stuck", number))):
            _stick(plan, number, turn, interval_s / 60)
        for at in plan.moments("battery", number)[:1]:
            changed_at = whole(at + plan.rng("battery", number, "case").uniform(12, 72) * HOUR)
            one.faults.append(DyingBattery(seed, at, changed_at))
            one.silences.append(Silence(begins_at=at, ends_at=changed_at, buffered=False))
        _fall_silent(plan, number, one)
    _stations_die(plan)
    _close_the_way_in(plan)


def _slip(plan: Plan, number: int, turn: int) -> None:
    at = plan.moments("slipped", number)[turn]
    rng = plan.rng("slipped", number, "case", turn)
    lasts_h = float(np.clip(np.exp(rng.normal(3.1, 0.9)), 3, 120))
    gain = float(rng.choice([rng.uniform(0.4, 0.75), rng.uniform(1.35, 2.0)]))
    deaf = float(rng.uniform(0.0, 0.5))
    times = (
        ("activity", gain),
        ("steps", 1 + (gain - 1) / 2),
        ("rumination_minutes", deaf),
        ("eating_minutes", float(rng.uniform(0.3, 0.9))),
    )
    ends_at = whole(at + lasts_h * HOUR)
    plan.animals[number].faults.append(Slipped(at, ends_at, times))


def _stick(plan: Plan, number: int, turn: int, interval_minutes: float) -> None:
    at = plan.moments("stuck", number)[turn]
    rng = plan.rng("stuck", number, "case", turn)
    signal, low, high = _STICKS[int(rng.integers(0, len(_STICKS)))]
    value = float(rng.uniform(low, high))
    if signal != "temperature_c":
        value *= interval_minutes
    ends_at = whole(at + rng.uniform(14, 200) * HOUR)
    plan.animals[number].faults.append(Stuck(at, ends_at, signal, round(value, 2)))


def _fall_silent(plan: Plan, number: int, one: Planned) -> None:
    for turn, at in enumerate(plan.moments("out_of_reach", number)):
        rng = plan.rng("out_of_reach", number, "case", turn)
        lasts_h = float(np.clip(np.exp(rng.normal(0.9, 1.1)), 0.2, GAP_H_MAX))
        kept = bool(rng.random() < KEPT_SHARE)
        silent = Silence(begins_at=at, ends_at=whole(at + lasts_h * HOUR), buffered=kept)
        one.silences.append(silent)
    for turn, at in enumerate(plan.moments("dead", number)):
        rng = plan.rng("dead", number, "case", turn)
        ends_at = whole(at + rng.uniform(20, 120) * HOUR)
        one.silences.append(Silence(begins_at=at, ends_at=ends_at, buffered=False))
    one.silences[:] = _apart(one.silences)


def _apart(silences: list[Silence]) -> list[Silence]:
    """None begins while another lasts: one collar's silence is one truth."""
    kept: list[Silence] = []
    for one in sorted(silences, key=lambda each: (each.begins_at, each.ends_at)):
        if not kept or one.begins_at > kept[-1].ends_at + HOUR:
            kept.append(one)
    return kept


def _stations_die(plan: Plan) -> None:
    """A plug that was pulled; a truth of the station, not of the collars it spoke for."""
    for turn, at in enumerate(plan.moments("station_dead")):
        rng = plan.rng("station_dead", "case", turn)
        station = int(rng.integers(0, len(plan.stations)))
        ends_at = whole(at + _outage_h(rng, 1.5, 20) * HOUR)
        if any(one == station and at <= last for one, _, last in plan.stations_dead):
            continue
        plan.stations_dead.append((station, at, ends_at))
        subject = AnimalId(plan.stations[station])
        plan.wide.append(Truth(subject, Condition.STATION_SILENT, at, ends_at))


def _close_the_way_in(plan: Plan) -> None:
    """Our own outages; one under two minutes is nobody's business."""
    for turn, at in enumerate(plan.moments("outage")):
        ends_at = whole(at + _outage_h(plan.rng("outage", "case", turn), 0.1, 8) * HOUR)
        if plan.deaf and at <= plan.deaf[-1][1] + HOUR:
            continue
        plan.deaf.append((at, ends_at))
        plan.happened(Condition.SYSTEM_DEAF, at, ends_at)


def _outage_h(rng: Generator, least: float, most: float) -> float:
    return float(np.clip(np.exp(rng.normal(np.log(4 * least), 0.8)), least, most))
