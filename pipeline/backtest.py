"""What other limits would have told: one log, two sets of detectors, and the difference. Pure.

Problem: whoever turns a threshold learns in the nights that follow what it did. Approach: the log
is all that detections hang on, so it is read again by the very engine, once as it runs now and once
with the changed cards, side by side; what both tell is compared case by case. Read on beyond its
end, the same is a shadow: it judges every new reading beside the detector that rings, and rings
nobody. Rejected: scores kept in `herd.hours` held against another limit, since an episode is more
than a score (it holds, ends, rests, is explained by others).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from contracts.animal_event import AnimalDiagnosed, DetectorTuned
from contracts.columns import Batch
from contracts.context import Context
from contracts.detection import Condition, Detection, Phase
from contracts.envelope import Event
from contracts.ids import FarmId
from contracts.messages import event_type_of
from contracts.tick import Tick
from pipeline.detectors.base import Detector
from pipeline.detectors.registry import ALL
from pipeline.engine import step
from pipeline.heeded import details_of
from pipeline.state import PartitionState

# two cases of one subject and cause are the same if they lie no further apart: other limits begin
# an episode some hours earlier or later
SAME_WITHIN = timedelta(hours=12)
OPEN = datetime(9000, 1, 1, tzinfo=UTC)  # the end of what has none yet
TUNED, DIAGNOSED = event_type_of(DetectorTuned), event_type_of(AnimalDiagnosed)

Limits = Mapping[str, Mapping[str, float]]  # detector → limit → value


@dataclass(frozen=True, slots=True)
class Case:
    """One episode as it was told. ended_at: None = open still. Times are aware UTC."""

    detection_id: str
    detector: str
    condition: Condition
    subject_id: str
    onset_at: datetime
    known_at: datetime
    ended_at: datetime | None = None

    def is_as(self, other: "Case") -> bool:
        """Whether both speak of one thing that happened."""
        mine, others = self.ended_at or OPEN, other.ended_at or OPEN
        return (
            (self.condition, self.subject_id) == (other.condition, other.subject_id)
            and self.onset_at <= others + SAME_WITHIN
            and other.onset_at <= mine + SAME_WITHIN
        )


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What somebody who looked at her found."""

    animal_id: str
    condition: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Pair:
    """What both sides told: cases of both, matched; and of one side only. In order of onset."""

    both: tuple[tuple[Case, Case], ...]
    only_now: tuple[Case, ...]
    only_changed: tuple[Case, ...]


@dataclass(slots=True)
class _Side:
    """The engine with one set of detectors, and what it told of a farm."""

    state: PartitionState
    cases: dict[str, Case] = field(default_factory=dict)

    def feed(self, batch: Batch) -> None:
        for event in step(self.state, batch).detections:
            self._note(event)

    def _note(self, event: Event[Detection]) -> None:
        told = event.payload
        if told.phase is Phase.RETRACTED:
            self.cases.pop(told.detection_id, None)
            return
        known = self.cases.get(told.detection_id)
        self.cases[told.detection_id] = Case(
            detection_id=told.detection_id,
            detector=told.detector,
            condition=told.condition,
            subject_id=event.aggregate_id,
            onset_at=told.onset_at,
            known_at=known.known_at if known else told.known_at,
            ended_at=told.known_at if told.phase is Phase.END else None,
        )


class Backtest:
    """A farm's log under both sets of detectors; fed batch by batch, in the log's order.

    limits: the changed ones, by detector; raises UnknownLimitError, UnknownDetectorError. What runs
    now follows the farm's own limits as the log tells them; the changed side ignores those of the
    detectors that are changed.
    """

    def __init__(
        self, farm_id: FarmId, limits: Limits, detectors: Sequence[Detector] = ALL
    ) -> None:
        self._farm = farm_id
        self.limits = {name: dict(values) for name, values in limits.items()}
        changed = changed_detectors(detectors, limits)
        self._now, self._changed = _Side(PartitionState(detectors)), _Side(PartitionState(changed))
        self.diagnoses: list[Diagnosis] = []
        self.since: datetime | None = None
        self.until: datetime | None = None

    def feed(self, batch: Batch) -> None:
        """Read on."""
        mine = _of_farm(batch, self._farm)
        self._note(mine)
        self._now.feed(mine)
        self._changed.feed(_without_tuning(mine, self.limits))

    def pair(self, since: datetime | None = None) -> Pair:
        """The cases known at `since` or later, told by both sides or by one."""
        now, changed = (_known(side, since) for side in (self._now, self._changed))
        both: list[tuple[Case, Case]] = []
        left = list(changed)
        only_now = []
        for case in now:
            found = next((other for other in left if case.is_as(other)), None)
            if found is None:
                only_now.append(case)
            else:
                left.remove(found)
                both.append((case, found))
        return Pair(tuple(both), tuple(only_now), tuple(left))

    def _note(self, batch: Batch) -> None:
        for _, event in batch.events:
            if isinstance(event.payload, Tick):
                at = event.timestamp
                self.since = at if self.since is None else min(self.since, at)
                self.until = at if self.until is None else max(self.until, at)
            elif (found := diagnosis_of(event)) and found not in self.diagnoses:
                self.diagnoses.append(found)  # a copy may come twice


class UnknownDetectorError(LookupError):
    """There is no detector of that name."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        super().__init__(f"no detector {name}: there are {', '.join(sorted(known))}")


def diagnosis_of(event: Event[Any]) -> Diagnosis | None:
    """What a context record tells of one, None if it tells of something else."""
    said = event.payload
    if not isinstance(said, Context) or said.source_event_type != DIAGNOSED:
        return None
    told = details_of(said)
    if told is None or told["condition"] not in set(Condition):
        return None  # what a later build can name is no diagnosis to this one
    at = datetime.fromisoformat(told["diagnosed_at"])
    return Diagnosis(told["animal_id"], told["condition"], at)


def changed_detectors(detectors: Sequence[Detector], limits: Limits) -> tuple[Detector, ...]:
    """The detectors, those named with the cards that these limits make of theirs.

    Raises UnknownLimitError, UnknownDetectorError.
    """
    known = {detector.spec.name for detector in detectors}
    for name in limits:
        if name not in known:
            raise UnknownDetectorError(name, known)
    return tuple(
        with_limits(detector, limits[detector.spec.name])
        if detector.spec.name in limits
        else detector
        for detector in detectors
    )


def with_limits(detector: Detector, values: Mapping[str, float]) -> Detector:
    """The same detector by another card; raises UnknownLimitError."""
    made: Detector = type(detector)(detector.spec.tuned(values))  # type: ignore[call-arg]
    return made


def _known(side: _Side, since: datetime | None) -> list[Case]:
    found = [case for case in side.cases.values() if since is None or case.known_at >= since]
    return sorted(found, key=lambda case: (case.onset_at, case.condition, case.subject_id))


def _of_farm(batch: Batch, farm_id: FarmId) -> Batch:
    """What of a partition's batch a farm's detections hang on."""
    mine = np.nonzero(batch.readings.texts["farm_id"].equal(farm_id))[0]
    events = tuple(
        (place, event) for place, event in batch.events if event.farm_id in (None, farm_id)
    )
    return replace(batch, readings=batch.readings.take(mine), events=events)


def _without_tuning(batch: Batch, limits: Limits) -> Batch:
    """Without what the log says of the limits that are given."""

    def is_kept(event: Event[Any]) -> bool:
        said = event.payload
        if not isinstance(said, Context) or said.source_event_type != TUNED:
            return True
        details = details_of(said)
        return details is None or details["detector"] not in limits

    events = tuple((place, event) for place, event in batch.events if is_kept(event))
    return replace(batch, events=events)
