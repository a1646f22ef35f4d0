"""A whole farm's course, from its composition: who lives there, and all that happens. Pure.

Three kinds: a dairy barn with pens by stage, a beef herd on range behind a fence, calves in pens.
"""

from datetime import UTC, datetime, timedelta

from contracts.ids import AnimalId, FarmId
from firmware_sim.confounders import lay_confounders, move
from firmware_sim.course_calving import lay_calving
from firmware_sim.course_faults import lay_faults
from firmware_sim.course_illness import lay_fresh_illnesses, lay_illnesses
from firmware_sim.course_life import Life, draw_life, due_at, tell_life
from firmware_sim.course_plan import Plan, Planned
from firmware_sim.course_range import lay_range
from firmware_sim.course_rates import rates_with
from firmware_sim.course_wide import (
    lay_hard_cases,
    lay_outbreaks,
    lay_water_failures,
    tell_heat,
)
from firmware_sim.history import a_herd
from firmware_sim.recording import Composition, Enrolled
from firmware_sim.stage import DRY_DAYS, Kind, Stage

DAY = timedelta(days=1)
KINDS = {"dairy": Kind.DAIRY, "beef": Kind.BEEF, "calves": Kind.CALF}
PEN_COWS, PEN_CALVES = 40, 12
DRY_PEN, RANGE = "dry", "range"
STATION_ANIMALS = 60
PARITY_KNOWN = 0.95
FRESH_BEFORE = 25 * DAY  # a calving before the recording may still make her ill in it


def plan_of(composition: Composition) -> Plan:
    """All that will happen; raises UnknownRateError, or ValueError of an unknown kind."""
    if composition.kind not in KINDS:
        raise ValueError(f"no farm of kind {composition.kind}: {', '.join(KINDS)}")
    kind = KINDS[composition.kind]
    plan = Plan(
        seed=composition.seed,
        farm_id=FarmId(f"sim-{composition.seed}"),
        since=composition.since,
        until=composition.since + composition.days * DAY,
        rates=rates_with(composition.per_day),
    )
    plan.stations = [
        f"{plan.farm_id}-station-{number}"
        for number in range(1, max(2, composition.animals // STATION_ANIMALS) + 1)
    ]
    lives = _enrol(plan, composition, kind)
    for number, life in enumerate(lives):
        _live(plan, number, life, kind)
    if kind is Kind.BEEF:
        lay_range(plan)
    lay_fresh_illnesses(plan)
    lay_outbreaks(plan)
    lay_illnesses(plan, young=kind is not Kind.DAIRY)
    lay_hard_cases(plan)
    if kind is not Kind.BEEF:
        lay_water_failures(plan)
    lay_confounders(plan)
    lay_faults(plan, composition.interval_s)
    tell_heat(plan)
    plan.told.sort(key=lambda one: one.told_at)
    return plan


def _enrol(plan: Plan, composition: Composition, kind: Kind) -> list[Life]:
    """Everybody with her calendar and her pen; the calendars."""
    lives = []
    for number, wearer in enumerate(a_herd(plan.farm_id, composition.animals)):
        life = Life(0)
        if kind is not Kind.CALF:
            life = draw_life(
                plan, number, block=composition.block_calving, served_by_bull=kind is Kind.BEEF
            )
        lives.append(life)
        plan.animals.append(_planned(plan, number, wearer.animal_id, life, kind))
        plan.station_of.append(number * len(plan.stations) // composition.animals)
    return lives


def _planned(plan: Plan, number: int, animal_id: AnimalId, life: Life, kind: Kind) -> Planned:
    pen = _pen(plan, number, life, kind)
    past = [one for one in life.calvings if one < plan.since]
    rng = plan.rng("known", number)
    is_cow = kind is Kind.DAIRY  # what a bull and a range do, nobody writes down
    inseminations = [one for one in life.inseminations if one < plan.since]
    born_at = plan.since - float(rng.uniform(5, 90)) * DAY if kind is Kind.CALF else None
    return Planned(
        Enrolled(
            animal_id=animal_id,
            group=pen,
            calved_at=past[-1] if past and is_cow else None,
            due_at=due_at(life, plan.since) if is_cow else None,
            inseminated_at=inseminations[-1] if inseminations and is_cow else None,
            parity=life.parity if is_cow and rng.random() < PARITY_KNOWN else None,
        ),
        Stage(
            kind=kind,
            parity=None if kind is Kind.CALF else max(1, life.parity),
            calvings=tuple(life.calvings),
            born_at=born_at,
        ),
        pen,
        calvings=[
            one for one in life.calvings if plan.since - FRESH_BEFORE < one < plan.until + DAY
        ],
    )


def _pen(plan: Plan, number: int, life: Life, kind: Kind) -> str:
    if kind is Kind.BEEF:
        return RANGE
    if kind is Kind.CALF:
        return f"calves-{1 + number // PEN_CALVES}"
    if any(at - DRY_DAYS * DAY <= plan.since < at for at in life.calvings):
        return DRY_PEN
    return f"pen-{1 + number // PEN_COWS}"


def _live(plan: Plan, number: int, life: Life, kind: Kind) -> None:
    """Heats and calvings of the recording, and what is told and moved because of them."""
    one = plan.animals[number]
    two_days = 2 * DAY
    one.conditions += [heat for heat in life.heats if heat.begins_at > plan.since - two_days]
    for at in one.calvings:
        if at > plan.since - DAY:
            lay_calving(plan, number, at)
    if kind is not Kind.DAIRY:
        return
    tell_life(plan, number, life)
    rng = plan.rng("pens", number)
    home = f"pen-{1 + number // PEN_COWS}"
    for at in sorted(life.dried_off):
        if plan.since < at < plan.until:
            move(plan, number, at, rng, DRY_PEN)
    for at in one.calvings:
        if plan.since < at < plan.until:
            move(plan, number, at + float(rng.uniform(4, 30)) / 24 * DAY, rng, home)


def clock_changes(plan: Plan) -> tuple[tuple[float, float], ...]:
    """When the farm's people come an hour earlier or later (Europe), as Animal.shifts wants it."""
    found = []
    for year in range(plan.since.year, plan.until.year + 1):
        for month, earlier_s in ((3, 3600.0), (10, -3600.0)):
            last = datetime(year, month, 31, 1, tzinfo=UTC)
            sunday = last - timedelta(days=(last.weekday() + 1) % 7)
            if plan.since < sunday < plan.until:
                found.append((sunday.timestamp(), earlier_s))
    return tuple(found)
