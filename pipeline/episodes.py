"""Episodes: onset, update, end, each telling the whole state under one stable detection_id.

Level-triggered: an open episode is told again every REPEAT_US of log time with the next revision,
and after a restore its last revision unchanged. A lost output costs hours, never the alert.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contracts.columns import moment
from contracts.detection import Detection, Evidence, Phase, detection_event_id
from contracts.envelope import Event
from contracts.ids import FarmId, derived_id
from contracts.messages import event_type_of
from pipeline.detectors.base import Measured, Spec
from pipeline.tables import as_bytes, from_bytes
from pipeline.windows import LINE_US

REPEAT_US = 6 * 3_600_000_000


@dataclass(frozen=True, slots=True)
class Episode:
    """One open episode as it was last told. Times in microseconds; known_us: log time then.

    row: of the animal; where the subject is a farm, of its first animal.

    newest: what its detector has held of the animal since, to be told with the next revision.
    """

    detector: str
    row: int
    farm_id: str
    subject_id: str
    detection_id: str
    onset_us: int
    revision: int
    phase: Phase
    known_us: int
    evidence: tuple[Measured, ...]
    cause: str
    newest: tuple[Measured, ...] = ()

    @property
    def due_us(self) -> int:
        """The five-minute line at which it is told again."""
        return -(-(self.known_us + REPEAT_US) // LINE_US) * LINE_US


class Episodes:
    """The open episodes of a partition, by detector and animal."""

    def __init__(self, specs: Iterable[Spec]) -> None:
        self._specs = {spec.name: spec for spec in specs}
        self._open: dict[tuple[str, int], Episode] = {}

    def begin(self, episode: Episode) -> Event[Detection]:
        """Open an episode; its first revision."""
        self._open[episode.detector, episode.row] = episode
        return self._told(episode)

    def end(
        self, detector: str, row: int, known_us: int, evidence: tuple[Measured, ...], cause: str
    ) -> Event[Detection]:
        """Close an episode; its last revision."""
        episode = self._open.pop((detector, row))
        return self._told(_next(episode, Phase.END, known_us, evidence, cause))

    def due(self, until_us: int) -> list[Episode]:
        """The episodes to be told again by log time `until_us`, soonest first."""
        found = [episode for episode in self._open.values() if episode.due_us <= until_us]
        return sorted(found, key=lambda e: (e.due_us, e.detector, e.row))

    def repeat(
        self, episode: Episode, known_us: int, evidence: tuple[Measured, ...], cause: str
    ) -> Event[Detection]:
        """Tell an open episode again: its next revision."""
        told = _next(episode, Phase.UPDATE, known_us, evidence, cause)
        self._open[told.detector, told.row] = told
        return self._told(told)

    def of(self, detector: str, row: int) -> Episode | None:
        """The animal's open episode of that detector."""
        return self._open.get((detector, row))

    def is_open(self, detector: str, row: int) -> bool:
        """Whether the animal has an open episode of that detector."""
        return (detector, row) in self._open

    def of_farm(self, farm_id: str) -> list[Episode]:
        """The open episodes of a farm's animals."""
        return [episode for episode in self._open.values() if episode.farm_id == farm_id]

    def held(self, detector: str, row: int, newest: tuple[Measured, ...]) -> None:
        """Note what is held of an animal now, telling nobody: her next revision will."""
        self._open[detector, row] = replace(self._open[detector, row], newest=newest)

    def last_told(self) -> list[Event[Detection]]:
        """The last revision of every open episode, unchanged: for after a restore."""
        return [self._told(episode) for _, episode in sorted(self._open.items())]

    def to_array(self) -> NDArray[np.uint8]:
        """The open episodes as JSON in bytes."""
        return as_bytes([asdict(episode) for _, episode in sorted(self._open.items())])

    def load(self, packed: NDArray[np.uint8]) -> None:
        """Take over what to_array gave."""
        for said in from_bytes(packed):
            episode = _from_json(said)
            self._open[episode.detector, episode.row] = episode

    def _told(self, episode: Episode) -> Event[Detection]:
        spec = self._specs[episode.detector]
        detection = Detection(
            detection_id=episode.detection_id,
            revision=episode.revision,
            subject_kind=spec.subject_kind,
            condition=spec.condition,
            phase=episode.phase,
            onset_at=moment(episode.onset_us),
            known_at=moment(episode.known_us),
            detector=spec.name,
            detector_version=spec.version,
            evidence=tuple(
                Evidence(
                    signal=m.signal,
                    unit=m.unit,
                    value=m.value,
                    limit=m.limit,
                    at=moment(m.at_us),
                    usual=m.usual,
                )
                for m in episode.evidence
            ),
        )
        return Event(
            event_id=detection_event_id(episode.detection_id, episode.revision),
            event_type=event_type_of(Detection),
            timestamp=detection.onset_at,
            aggregate_id=episode.subject_id,
            actor=f"pipeline:{spec.name}",
            farm_id=FarmId(episode.farm_id),
            causation_id=episode.cause,
            payload=detection,
        )


def detection_id_of(spec: Spec, farm_id: str, subject_id: str, onset_us: int) -> str:
    """The id of an episode: the same log gives the same, whoever finds it and however often."""
    kind = spec.subject_kind
    return derived_id("detection", farm_id, kind, subject_id, spec.condition, onset_us)


def _next(
    episode: Episode, phase: Phase, known_us: int, evidence: tuple[Measured, ...], cause: str
) -> Episode:
    return replace(
        episode,
        revision=episode.revision + 1,
        phase=phase,
        known_us=known_us,
        evidence=evidence,
        cause=cause,
    )


def _from_json(said: dict[str, Any]) -> Episode:
    for name in ("evidence", "newest"):
        said[name] = tuple(Measured(**measured) for measured in said[name])
    return Episode(**said | {"phase": Phase(said["phase"])})
