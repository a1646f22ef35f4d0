"""`herd evaluate`: the real engine over simulated herds or files, held against what was true."""

import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field

from contracts.detection import Condition
from firmware_sim.farm_recording import recording_of
from firmware_sim.recording import Composition
from herd.evaluate_farms import simulated_farm, simulated_spans, simulated_truth
from herd.evaluate_side_by_side import Counted, side_by_side
from pipeline.detectors.registry import ALL
from pipeline.evaluate import Counting, Row, Table, Truth, scored
from pipeline.evaluate_input import EvaluatedFarm, Heard
from pipeline.evaluate_run import Finding, Reported, run
from pipeline.yardsticks import RULES, Yardsticks

Tell = Callable[[str], None]
RUMEN = "rumen"


@dataclass(frozen=True, slots=True)
class Asked:
    """What is wanted of each farm. only: conditions whose detectors run, none = all of them."""

    only: frozenset[Condition] = frozenset()
    young_count: bool = False


@dataclass(slots=True)
class Score:
    """What came of one farm, or of several together.

    yardsticks: tables by kind. took_s: by the clock, of all together.
    """

    table: Table = field(default_factory=Table)
    yardsticks: dict[str, Table] = field(default_factory=lambda: {kind: Table() for kind in RULES})
    readings: int = 0
    animals: int = 0
    took_s: float = 0.0

    def add(self, other: "Score") -> None:
        """Take in another farm's."""
        self.table.add(other.table)
        for kind, table in other.yardsticks.items():
            self.yardsticks[kind].add(table)
        self.readings += other.readings
        self.animals += other.animals


def evaluate_simulated(
    compositions: Sequence[Composition], only: Collection[Condition], tell: Tell
) -> Score:
    """The figures over simulated farms."""
    begun_s = time.monotonic()
    asked = Asked(frozenset(only))
    jobs = [(one, asked) for one in compositions]
    days = sum(one.animals * one.days for one in compositions)
    whole = Score()
    for score in side_by_side(evaluate_composition, jobs, animal_days=days, tell=tell):
        whole.add(score)
    whole.took_s = time.monotonic() - begun_s
    return whole


def evaluate_composition(job: tuple[Composition, Asked], counted: Counted) -> Score:
    """The figures of one simulated farm."""
    composition, asked = job
    recording = recording_of(composition)
    return evaluate_farm(
        simulated_farm(recording),
        simulated_spans(recording.slices()),
        simulated_truth(recording),
        asked,
        lambda _, readings: counted(readings, composition.animals),
    )


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
    ran = run(farm, spans, detectors=detectors, watchers=[yardsticks], reported=reported)
    truth = Truth(farm.farm_id, rows)
    counting = Counting(farm.animals, ran.days, young_count=asked.young_count)

    def table(findings: Sequence[Finding]) -> Table:
        found = scored(truth, findings, counting, farm.until_us)
        return found.of(asked.only) if asked.only else found

    return Score(
        table(ran.findings),
        {kind: table(found) for kind, found in yardsticks.findings.items()},
        ran.readings,
        len(farm.animals),
        time.monotonic() - begun_s,
    )
