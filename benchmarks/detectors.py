"""`python -m benchmarks.detectors`: what each detector costs, in ns an animal and update.

A herd whose collars measure everything is led through the engine's `step` until a week is learnt;
then, for a day more, each detector's own calls are timed. An update is an animal's hour, a reading,
or an animal at a five-minute line. Windows are shared: who asks first pays, in the registry's
order, as in use; so of hourly detectors it is told too what each would cost alone. Then the whole
step, with the five first detectors and with all. CPU time of one core: others may use the rest.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass, field
from typing import Any

from benchmarks.plain_herd import TWINS
from benchmarks.step import MEASURED, MadeColumns, Sizes
from pipeline.detectors.base import ByHerd, ByHour, ByReading, ByTime, Detector
from pipeline.detectors.registry import ALL
from pipeline.engine import step
from pipeline.state import PartitionState
from pipeline.verdicts import herd_hour

DAY_S = 86_400
LEARNT_DAYS, TIMED_DAYS = 8, 1
LINES_A_DAY = 288
EVERYTHING = {
    **MEASURED,
    "lying_bouts": 0.01,
    "heart_rate_bpm": 65.0,
    "latitude": 52.0,
    "longitude": 5.0,
    "ambient_c": 12.0,
    "humidity_pct": 70.0,
    "battery_v": 3.6,
}
TIMED = ("judge", "judge_hour", "judge_herd", "evidence", "hear", "at_line", "at_tick")


@dataclass(slots=True)
class Spent:
    """CPU time of one detector's calls, ns, by method."""

    by_method: dict[str, int] = field(default_factory=dict)

    def timed(self, method: str, call: Callable[..., Any]) -> Callable[..., Any]:
        """The same call, its time noted."""

        def noted(*args: Any, **named: Any) -> Any:  # noqa: ANN401  whatever a detector takes
            begun_ns = time.process_time_ns()
            answer = call(*args, **named)
            took_ns = time.process_time_ns() - begun_ns
            self.by_method[method] = self.by_method.get(method, 0) + took_ns
            return answer

        return noted


def timed(detector: Detector, spent: Spent) -> Detector:
    """The same detector, its calls timed."""
    twin = copy(detector)
    for method in TIMED:
        call = getattr(twin, method, None)
        if call is not None:
            setattr(twin, method, spent.timed(method, call))
    return twin


def led(
    sizes: Sizes, detectors: Sequence[Detector], spent: Sequence[Spent] = ()
) -> tuple[PartitionState, float, int]:
    """The state after all days, and CPU seconds and readings of the timed ones."""
    state = PartitionState(detectors)
    learnt = sizes.animals * LEARNT_DAYS * DAY_S // sizes.cadence_s
    known, done, took_s = 0, 0, 0.0
    for batch in MadeColumns(sizes, EVERYTHING).batches():
        begun_s = time.process_time()
        step(state, batch)
        known += len(batch.readings)
        if known <= learnt:
            for one in spent:
                one.by_method.clear()
        else:
            took_s, done = took_s + time.process_time() - begun_s, done + len(batch.readings)
    return state, took_s, done


def alone_ns(state: PartitionState, detector: ByHour, repeats: int = 5) -> float:
    """What one hourly detector costs an animal and hour with nobody to share windows with."""
    best = float("inf")
    for _ in range(repeats):
        took = 0
        for farm, rows in state.rows_of_farm.items():
            hour = int(state.judged.open_hours(farm)[-1])
            herd = herd_hour(state, farm, rows, hour)
            begun_ns = time.process_time_ns()
            detector.judge_hour(herd)
            took += time.process_time_ns() - begun_ns
        best = min(best, took / len(state.animals))
    return best


def form_of(detector: Detector) -> str:
    """By what it judges."""
    forms = ((ByReading, "reading"), (ByHour, "hour"), (ByHerd, "herd's hour"), (ByTime, "line"))
    return next((name for form, name in forms if isinstance(detector, form)), "tick")


def run(tell: Callable[[str], None], sizes: Sizes | None = None) -> dict[str, Any]:
    """The figures of all detectors. sizes: animals, farms and cadence_s of the herd."""
    few = sizes or Sizes(animals=1200, farms=6, cadence_s=600)
    count = few.animals * (LEARNT_DAYS + TIMED_DAYS) * DAY_S // few.cadence_s
    sizes = Sizes(few.animals, few.farms, few.cadence_s, count)
    tell(f"{count} readings of {sizes.animals} animals, three times")
    spent = [Spent() for _ in ALL]
    detectors = [timed(one, its) for one, its in zip(ALL, spent, strict=True)]
    state, _, readings = led(sizes, detectors, spent)
    animal_hours = sizes.animals * TIMED_DAYS * 24
    totals = [sum(its.by_method.values()) for its in spent]
    found: dict[str, Any] = {
        "animals": sizes.animals,
        "farms": sizes.farms,
        "cadence_s": sizes.cadence_s,
        "animal_hours": animal_hours,
        "detectors": _figures(state, totals, readings, animal_hours),
        "all_ns_per_animal_hour": round(sum(totals) / animal_hours, 1),
        "all_ns_per_reading": round(sum(totals) / readings, 1),
        "bytes_per_animal": round(state.bytes_per_animal()),
    }
    for one in found["detectors"]:
        tell(json.dumps(one))
    for name, some in (("five", TWINS), ("all", ALL)):
        _, took_s, done = led(sizes, some)
        found[f"step_readings_per_cpu_s_{name}"] = round(done / took_s)
        tell(f"step with {name}: {round(done / took_s)} readings a CPU second")
    return found


def _figures(
    state: PartitionState, totals: list[int], readings: int, animal_hours: int
) -> list[dict[str, Any]]:
    """Of each detector its cost; totals: ns of all its timed calls."""
    lines = animal_hours * LINES_A_DAY // 24
    updates = {"reading": readings, "hour": animal_hours, "herd's hour": animal_hours}
    figures = []
    for one, total in zip(ALL, totals, strict=True):
        form = form_of(one)
        said: dict[str, Any] = {
            "detector": one.spec.name,
            "judges_by": form,
            "ns_per_update": round(total / updates.get(form, lines), 1),
            "ns_per_animal_hour": round(total / animal_hours, 1),
        }
        if isinstance(one, ByHour):
            said["ns_alone"] = round(alone_ns(state, one), 1)
        figures.append(said)
    return figures


def main() -> None:
    """One JSON object; progress goes to stderr."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--animals", type=int, default=1200)
    parser.add_argument("--farms", type=int, default=6)
    parser.add_argument("--cadence", type=int, default=600)
    parser.add_argument("--json", action="store_true", help="one line instead of a table")
    asked = parser.parse_args()
    sizes = Sizes(animals=asked.animals, farms=asked.farms, cadence_s=asked.cadence)
    found = run(lambda line: print(line, file=sys.stderr, flush=True), sizes)  # noqa: T201
    print(json.dumps(found, indent=None if asked.json else 2))  # noqa: T201


if __name__ == "__main__":
    main()
