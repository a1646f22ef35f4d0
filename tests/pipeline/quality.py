"""What the detectors are worth: simulated herds with known truth through the engine, in memory.

`python -m tests.pipeline.quality 101 102` prints the figures of those seeds; docs/detectors.md
holds those of 101 to 105. Limits were tuned on 1 to 5. The rules of a hit are those of `herd
evaluate`: known within the truth row and its tolerance; each row is found once, further hits on it
are neutral; signs of illness are never false while she is ill of anything.
"""

import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from statistics import median

from contracts.columns import Batch, columns_of
from contracts.detection import Condition, Detection, Phase
from contracts.envelope import Event
from contracts.ids import FarmId
from contracts.reading import CollarReading
from contracts.tick import Tick
from firmware_sim.conditions import Truth
from firmware_sim.course import ILLNESS_PER_DAY, draw_course
from firmware_sim.history import a_herd, herd_readings
from pipeline.engine import step
from pipeline.state import PartitionState
from tests.builders import a_tick

SINCE = datetime(2026, 3, 1, tzinfo=UTC)
TICK = timedelta(minutes=5)
TICKS_A_BATCH = 288  # a day
TOLERANCE = {Condition.OESTRUS: timedelta(hours=24)}
OTHER_TOLERANCE = timedelta(hours=120)
ILLNESSES = frozenset(
    {
        Condition.ILLNESS,
        Condition.MASTITIS,
        Condition.METRITIS,
        Condition.KETOSIS,
        Condition.DISPLACED_ABOMASUM,
    }
)
SIGNS = frozenset({Condition.FEVER, Condition.RUMINATION_DROP})
# of truth that begins in the first days nobody can know: nothing is usual yet
LEARNING = timedelta(days=7)
MANY_ILL_PER_DAY = 0.012  # six times the simulator's rate: else five herds fall ill a few times


@dataclass(slots=True)
class Figures:
    """Of one condition. false: onsets that hit nothing. leads_h: start less first known."""

    events: int = 0
    detected: int = 0
    false: int = 0
    leads_h: list[float] = field(default_factory=list)

    def add(self, other: "Figures") -> None:
        """Take in another seed's."""
        self.events += other.events
        self.detected += other.detected
        self.false += other.false
        self.leads_h += other.leads_h

    def line(self, animal_days: int) -> str:
        """The figures in words."""
        lead = f"{median(self.leads_h):+.1f}" if self.leads_h else "-"
        share = f"{self.detected / self.events:.2f}" if self.events else "-"
        return (
            f"events {self.events:4}  detected {self.detected:4}  sensitivity {share}  "
            f"false/1000 animal-days {1000 * self.false / animal_days:6.2f}  lead {lead} h"
        )


def batches(readings: Iterable[Event[CollarReading]], until: datetime) -> Iterable[Batch]:
    """Readings with a tick every five minutes of their receipt, a day of ticks a batch."""
    tick = SINCE
    held: list[tuple[int, Event[CollarReading]]] = []
    events: list[tuple[int, Event[Tick]]] = []
    for reading in readings:
        while reading.payload.received_at >= tick:
            events.append((len(held) + len(events), a_tick(tick)))
            tick += TICK
            if len(events) == TICKS_A_BATCH:
                yield Batch(len(held) + len(events), columns_of(held), tuple(events))
                held, events = [], []
        held.append((len(held) + len(events), reading))
    while tick <= until:
        events.append((len(held) + len(events), a_tick(tick)))
        tick += TICK
    yield Batch(len(held) + len(events), columns_of(held), tuple(events))


@dataclass(frozen=True, slots=True)
class Herd:
    """What is simulated. illness_per_day: share of the animals that fall ill each day."""

    seed: int
    animals: int = 120
    days: int = 21
    interval_s: int = 300
    illness_per_day: float = ILLNESS_PER_DAY


def onsets_and_truth(herd: Herd) -> tuple[list[Event[Detection]], list[Truth]]:
    """The onsets told of a herd, and what was true."""
    farm = FarmId(f"quality-{herd.seed}")
    wearers = a_herd(farm, herd.animals)
    until = SINCE + timedelta(days=herd.days)
    course = draw_course(
        str(herd.seed),
        [one.animal_id for one in wearers],
        SINCE,
        until,
        illness_per_day=herd.illness_per_day,
    )
    readings = herd_readings(farm, wearers, SINCE, until, interval_s=herd.interval_s, course=course)
    state = PartitionState()
    told: list[Event[Detection]] = []
    for batch in batches(readings, until):
        told += step(state, batch).detections
    return [event for event in told if event.payload.phase is Phase.ONSET], course.truths()


def figures_of(
    onsets: Sequence[Event[Detection]], truths: Sequence[Truth], since: datetime
) -> dict[Condition, Figures]:
    """Figures by condition, of truth that starts and onsets that are known at `since` or later."""
    found: dict[Condition, Figures] = {}
    for condition in sorted({o.payload.condition for o in onsets}):
        rows = [t for t in truths if t.condition is condition]
        figures = found.setdefault(condition, Figures())
        mine = [o for o in onsets if o.payload.condition is condition]
        figures.events = sum(row.begins_at >= since for row in rows)
        for row in rows:
            known = [o.payload.known_at for o in mine if hits(o, row)]
            if known and row.begins_at >= since:
                figures.detected += 1
                figures.leads_h.append((row.begins_at - min(known)).total_seconds() / 3600)
        figures.false = sum(
            onset.payload.known_at >= since and not any(hits(onset, t) for t in truths)
            for onset in mine
        )
    return found


def hits(onset: Event[Detection], row: Truth) -> bool:
    """Whether an onset is explained by a row of truth."""
    condition = onset.payload.condition
    if onset.aggregate_id != row.animal_id:
        return False
    if condition is not row.condition and not (condition in SIGNS and row.condition in ILLNESSES):
        return False
    tolerance = TOLERANCE.get(row.condition, OTHER_TOLERANCE)
    return row.begins_at - tolerance <= onset.payload.known_at <= row.ends_at + tolerance


def run(herd: Herd) -> dict[Condition, Figures]:
    """The figures of one herd."""
    return figures_of(*onsets_and_truth(herd), SINCE + LEARNING)


def main() -> None:
    """Print the figures of the seeds named, at the simulator's rates and with many ill animals."""
    for illness_per_day in (ILLNESS_PER_DAY, MANY_ILL_PER_DAY):
        herds = [Herd(int(seed), illness_per_day=illness_per_day) for seed in sys.argv[1:]]
        total: dict[Condition, Figures] = {}
        with ProcessPoolExecutor(2) as pool:
            for found in pool.map(run, herds):
                for condition, figures in found.items():
                    total.setdefault(condition, Figures()).add(figures)
        animal_days = sum(herd.animals * (herd.days - LEARNING.days) for herd in herds)
        sys.stdout.write(f"{illness_per_day:.1%} fall ill a day, {animal_days} animal-days\n")
        for condition, figures in total.items():
            sys.stdout.write(f"{condition:16} {figures.line(animal_days)}\n")


if __name__ == "__main__":
    main()
