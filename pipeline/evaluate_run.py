"""The engine as it is over one farm's log, and what it found. Pure."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np

from contracts.columns import micros
from contracts.detection import Condition, Detection, Phase
from contracts.envelope import Event
from contracts.hour_columns import HourColumns
from contracts.ids import SubjectKind
from pipeline.detectors.base import Detector
from pipeline.detectors.registry import ALL
from pipeline.engine import step
from pipeline.evaluate_input import EvaluatedFarm, Heard, batches
from pipeline.state import PartitionState
from pipeline.tables import DAY_US

Reported = Callable[[int, int], None]  # log time, how many readings since the last call


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One episode as people would have met it; microseconds since 1970.

    known_us: when it was told first: that is what counts. ended_us: when its end, or that it never
    was, was told last; None = it was open when the log ended. evidence: of its first telling, in
    words.
    """

    condition: Condition
    subject_kind: SubjectKind
    subject_id: str
    detection_id: str
    known_us: int
    onset_us: int
    ended_us: int | None = None
    retracted: bool = False
    evidence: str = ""


@dataclass(slots=True)
class Days:
    """When animals were heard: of each the first time, and on how many days of UTC by animal."""

    first_us: dict[int, int] = field(default_factory=dict)
    days: dict[int, list[int]] = field(default_factory=dict)

    def take(self, span: Heard) -> None:
        """Note who was heard in a span."""
        if not len(span.animal):
            return
        day = span.time_us // DAY_US
        pairs = np.unique(np.stack([span.animal, day]), axis=1)
        for animal, one in pairs.T.tolist():
            known = self.days.setdefault(animal, [])
            if one not in known[-4:]:  # late readings are of the last few days
                known.append(one)
        animals, first = np.unique(span.animal, return_index=True)
        for animal, place in zip(animals.tolist(), first.tolist(), strict=True):
            self.first_us.setdefault(animal, int(span.time_us[place]))


class Watcher(Protocol):
    """Whoever looks at each told hour while the engine runs."""

    def see(self, hours: HourColumns) -> None:
        """Take in one told hour of animals of the farm."""
        ...


@dataclass(slots=True)
class Ran:
    """What came of a run. readings: so many went in."""

    findings: list[Finding]
    days: Days
    readings: int


def run(
    farm: EvaluatedFarm,
    spans: Iterable[Heard],
    *,
    detectors: Sequence[Detector] = ALL,
    watchers: Sequence[Watcher] = (),
    reported: Reported | None = None,
) -> Ran:
    """Lead a farm's log through the engine."""
    state, days, findings, count = PartitionState(detectors), Days(), Findings(), 0

    def seen() -> Iterable[Heard]:
        for span in spans:
            days.take(span)
            yield span

    for batch in batches(farm, seen()):
        told = step(state, batch)
        findings.take(told.detections)
        for hours in told.hours:
            for watcher in watchers:
                watcher.see(hours)
        count += len(batch.readings)
        if reported is not None:
            reported(state.log_time.partition_us, len(batch.readings))
    return Ran(findings.all(), days, count)


class Findings:
    """Detections by episode."""

    def __init__(self) -> None:
        self._found: dict[str, Finding] = {}

    def take(self, detections: Iterable[Event[Detection]]) -> None:
        """Take in what was told, in order."""
        for event in detections:
            told = event.payload
            known_us = micros(told.known_at)
            found = self._found.get(told.detection_id)
            if found is None:
                # one that was over before anybody was told of it rings as well
                found = self._found[told.detection_id] = Finding(
                    condition=told.condition,
                    subject_kind=told.subject_kind,
                    subject_id=event.aggregate_id,
                    detection_id=told.detection_id,
                    known_us=known_us,
                    onset_us=micros(told.onset_at),
                    evidence=_words(told),
                )
            over = told.phase in (Phase.END, Phase.RETRACTED)
            self._found[told.detection_id] = replace(
                found,
                ended_us=known_us if over else None,
                retracted=told.phase is Phase.RETRACTED,
            )

    def all(self) -> list[Finding]:
        """By the time they were known."""
        return sorted(self._found.values(), key=lambda one: (one.known_us, one.detection_id))


def _words(told: Detection) -> str:
    parts = []
    for one in told.evidence:
        usual = "" if one.usual is None else f", usual {one.usual:.4g}"
        limit = "" if one.limit is None else f", limit {one.limit:.4g}"
        parts.append(f"{one.signal} {one.value:.4g} {one.unit}{usual}{limit}")
    return "; ".join(parts)
