"""`herd evaluate`: the real engine over simulated herds or files, held against what was true."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from contracts.detection import Condition
from firmware_sim.farm_recording import recording_of
from firmware_sim.recording import Composition
from herd.evaluate_farms import simulated_farm, simulated_spans, simulated_truth
from herd.evaluate_side_by_side import Counted, side_by_side
from pipeline.detectors.registry import ALL
from pipeline.evaluate import YOUNG_DAYS, Counting, Row, Table, Truth, judged, scored
from pipeline.evaluate_input import EvaluatedFarm, Heard
from pipeline.evaluate_pictures import HourKeeper, Picture, pictures
from pipeline.evaluate_run import Finding, Reported, Watcher, run
from pipeline.tables import DAY_US
from pipeline.yardsticks import RULES, Yardsticks

Tell = Callable[[str], None]
RUMEN = "rumen"
FARM_OF = "sim-"  # what firmware_sim calls the farm of a seed


@dataclass(frozen=True, slots=True)
class Asked:
    """What is wanted of each farm.

    only: conditions whose detectors run, none = all of them. young_count: whether an animal's first
    week counts. pictures: whether single events are to be shown.
    """

    only: frozenset[Condition] = frozenset()
    young_count: bool = False
    pictures: bool = False


@dataclass(slots=True)
class Score:
    """What came of one farm, or of several together.

    yardsticks: tables by kind. usual: of the farms on which nothing was made more frequent than it
    is. farms: of each what it is made of, and its figures. took_s: by the clock, all together.
    """

    table: Table = field(default_factory=Table)
    yardsticks: dict[str, Table] = field(default_factory=lambda: {kind: Table() for kind in RULES})
    usual: Table = field(default_factory=Table)
    farms: list[dict[str, Any]] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)
    readings: int = 0
    animals: int = 0
    took_s: float = 0.0

    def add(self, other: "Score") -> None:
        """Take in another farm's."""
        self.table.add(other.table)
        for kind, table in other.yardsticks.items():
            self.yardsticks[kind].add(table)
        self.usual.add(other.usual)
        self.farms += other.farms
        self.pictures += other.pictures
        self.readings += other.readings
        self.animals += other.animals


def evaluate_simulated(compositions: Sequence[Composition], asked: Asked, tell: Tell) -> Score:
    """The figures over simulated farms."""
    begun_s = time.monotonic()
    # the longest first, so that none is left to run alone at the end
    largest = sorted(compositions, key=lambda one: -one.animals * one.days / one.interval_s)
    days = sum(one.animals * one.days for one in compositions)
    whole = Score()
    jobs = [(one, asked) for one in largest]
    for score in side_by_side(evaluate_composition, jobs, animal_days=days, tell=tell):
        whole.add(score)
    order = {f"{FARM_OF}{one.seed}": place for place, one in enumerate(compositions)}
    whole.farms.sort(key=lambda farm: order.get(farm["farm"], len(order)))
    whole.pictures.sort(key=lambda one: (order.get(one.farm_id, len(order)), one.since_us))
    whole.took_s = time.monotonic() - begun_s
    return whole


def evaluate_composition(job: tuple[Composition, Asked], counted: Counted) -> Score:
    """The figures of one simulated farm."""
    composition, asked = job
    recording = recording_of(composition)
    farm = simulated_farm(recording, composition.interval_s)
    score = evaluate_farm(
        farm,
        simulated_spans(recording.slices()),
        simulated_truth(recording),
        asked,
        _counting(farm, counted),
    )
    score.farms = [
        {
            "farm": recording.farm_id,
            "kind": composition.kind,
            "animals": composition.animals,
            "days": composition.days,
            "interval_s": composition.interval_s,
            "since": recording.since.date().isoformat(),
            "made_frequent": composition.per_day,
            "animal_days": score.table.animal_days,
            "health_false_alerts_per_1000_animal_days": score.table.health_false_per_1000,
        }
    ]
    if not composition.per_day:
        score.usual = score.table
    return score


def _counting(farm: EvaluatedFarm, counted: Counted) -> Reported:
    """Animal-days by how far log time came: what lies between two slices may be minutes."""
    before_us = farm.since_us

    def reported(log_us: int, readings: int) -> None:
        nonlocal before_us
        counted(readings, len(farm.animals) * (log_us - before_us) / DAY_US)
        before_us = log_us

    return reported


def evaluate_farm(
    farm: EvaluatedFarm,
    spans: Iterable[Heard],
    rows: Sequence[Row],
    asked: Asked,
    reported: Reported | None = None,
) -> Score:
    """The figures of one farm: of the detectors, and of both yardsticks over the same hours."""
    begun_s = time.monotonic()
    detectors = [one for one in ALL if not asked.only or one.spec.condition in asked.only]
    yardsticks = Yardsticks(farm.animals, rumen=RUMEN in farm.sites)
    keeper = HourKeeper(farm, [row.animal_id for row in rows]) if asked.pictures else None
    watchers: list[Watcher] = [yardsticks] if keeper is None else [yardsticks, keeper]
    ran = run(farm, spans, detectors=detectors, watchers=watchers, reported=reported)
    truth = Truth(farm.farm_id, rows)
    counting = Counting(farm.animals, ran.days, young_count=asked.young_count)

    def table(findings: Sequence[Finding]) -> Table:
        found = scored(truth, findings, counting, farm.until_us)
        return found.of(asked.only) if asked.only else found

    found = Score(
        table(ran.findings),
        {kind: table(found) for kind, found in yardsticks.findings.items()},
        readings=ran.readings,
        animals=len(farm.animals),
    )
    if keeper is not None:
        since_us = farm.since_us + (0 if asked.young_count else YOUNG_DAYS * DAY_US)
        shown = pictures(truth, judged(truth, ran.findings), keeper, since_us)
        found.pictures = [one for one in shown if not asked.only or one.condition in asked.only]
    found.took_s = time.monotonic() - begun_s
    return found
