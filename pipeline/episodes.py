"""Episodes: onset, update, end, each telling the whole state under one stable detection_id.

Level-triggered: an open episode is told again every REPEAT_US of log time with the next revision,
and after a restore its last revision unchanged. A lost output costs hours, never the alert.
"""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from contracts.columns import moment
from contracts.detection import Detection, Evidence, Phase, detection_event_id
from contracts.envelope import Event
from contracts.ids import FarmId, derived_id
from contracts.messages import event_type_of
from pipeline.detectors.base import Measured, Spec
from pipeline.tables import DAY_US, as_bytes, from_bytes
from pipeline.windows import LATE_MAX_US, LINE_US

QUIET = "quiet"  # in the JSON of an episode
REPEAT_US = 6 * 3_600_000_000
# so long after it was closed the readings and hours of an episode may make it begin again
CLOSED_US = LATE_MAX_US + 2 * DAY_US  # and the longest window
# the hours it would have begun with may stand before a gap in which she cannot be judged
RETRACTED_US = 21 * DAY_US


class _Closed(NamedTuple):
    """The last revision of an episode that is over or never was; kept until that log time."""

    revision: int
    until_us: int


@dataclass(frozen=True, slots=True)
class Moment:
    """When and why something is told: log time in microseconds, and the causing event_id."""

    at_us: int
    cause: str


@dataclass(frozen=True, slots=True)
class Episode:
    """One open episode as it was last told. Times in microseconds; known_us: log time then.

    row: of the animal; where the subject is a farm, of its first animal.

    newest: what its detector has held of the animal since, to be told with the next revision.
    end_hour: hours since 1970, of one that is judged by the hour and is over, or was retracted.
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
    end_hour: int | None = None

    @property
    def due_us(self) -> int:
        """The five-minute line at which it is told again."""
        return -(-(self.known_us + REPEAT_US) // LINE_US) * LINE_US


class Episodes:
    """The open episodes of a partition, by detector and animal.

    And those of hourly detectors that are over, as long as their hours may still change; and of
    all that are closed the last revision, as long as they may begin again: under one id revisions
    only go up, and none is told with two contents.
    """

    def __init__(self, specs: Iterable[Spec]) -> None:
        self._specs = {spec.name: spec for spec in specs}
        self._open: dict[tuple[str, int], Episode] = {}
        self._open_of: dict[str, dict[tuple[str, int], None]] = {}  # farm → keys of those
        self._quiet: dict[tuple[str, int], Episode] = {}  # not judged by the hour, and not told yet
        self._over: dict[tuple[str, int], list[Episode]] = {}
        self._closed: dict[str, dict[str, _Closed]] = {}  # farm → detection_id

    def begin(self, episode: Episode) -> Event[Detection]:
        """Open an episode; its first revision, or the next of one that was closed."""
        episode = self._returned(episode)
        self._put(episode)
        return self._told(episode)

    def begin_quietly(self, episode: Episode) -> None:
        """Note an episode that is not told while something explains it."""
        self._quiet[episode.detector, episode.row] = episode

    def begin_aloud(self, episode: Episode, known_us: int, cause: str) -> Event[Detection]:
        """Open one that began quietly; its first revision."""
        self.forget_quiet(episode.detector, episode.row)
        return self.begin(replace(episode, known_us=known_us, cause=cause))

    def forget_quiet(self, detector: str, row: int) -> bool:
        """It was over, or never was, before anybody was told; whether there was one."""
        return self._quiet.pop((detector, row), None) is not None

    def quiet_of(self, farm_id: str) -> list[Episode]:
        """A farm's episodes that are not told yet, by detector and animal."""
        found = [one for one in self._quiet.values() if one.farm_id == farm_id]
        return sorted(found, key=lambda e: (e.detector, e.row))

    def begin_over(
        self, episode: Episode, end_hour: int, evidence: tuple[Measured, ...], moment: Moment
    ) -> list[Event[Detection]]:
        """One that is over when it is told first: its onset, then its end; it is never open."""
        episode = self._returned(episode)
        ended = replace(episode, end_hour=end_hour, newest=evidence)
        ended = _next(ended, Phase.END, moment.at_us, evidence, moment.cause)
        self._keep(ended)
        return [self._told(episode), self._closing(ended)]

    def end(
        self, detector: str, row: int, known_us: int, evidence: tuple[Measured, ...], cause: str
    ) -> Event[Detection]:
        """Close an episode; its last revision."""
        episode = self._pop(detector, row)
        return self._closing(_next(episode, Phase.END, known_us, evidence, cause))

    def end_in(
        self, detector: str, row: int, end_hour: int, evidence: tuple[Measured, ...], moment: Moment
    ) -> Event[Detection]:
        """Close one that is judged by the hour, with an hour that may change."""
        episode = self._open[detector, row]
        ended = replace(episode, phase=Phase.END, end_hour=end_hour, evidence=evidence)
        return self.amend(episode, ended, moment)

    def retract(
        self, detector: str, row: int, known_us: int, evidence: tuple[Measured, ...], cause: str
    ) -> Event[Detection]:
        """It would never have begun; its last revision."""
        episode = self._pop(detector, row)
        return self._closing(_next(episode, Phase.RETRACTED, known_us, evidence, cause))

    def amend(self, episode: Episode, amended: Episode, moment: Moment) -> Event[Detection]:
        """Tell an episode, open or over, as it is after all; end_hour None: it is open."""
        self._drop(episode)
        told = _next(amended, amended.phase, moment.at_us, amended.evidence, moment.cause)
        told = replace(told, newest=amended.evidence)
        self._keep(told)
        if told.end_hour is not None:
            return self._closing(told)
        self._closed.get(told.farm_id, {}).pop(told.detection_id, None)
        return self._told(told)

    def ended_in(self, episode: Episode, end_hour: int | None) -> None:
        """It is over in another hour than was thought; nobody is told when."""
        if end_hour is not None and end_hour != episode.end_hour:
            self._drop(episode)
            self._keep(replace(episode, end_hour=end_hour))

    def recent(self, detector: str, row: int) -> list[Episode]:
        """An animal's episodes that may still turn out otherwise, by onset."""
        found = list(self._over.get((detector, row), ()))
        if (detector, row) in self._open:
            found.append(self._open[detector, row])
        return sorted(found, key=_onset)

    def settle(self, farm_id: str, until: int) -> None:
        """Forget what was over in a farm before this hour: it can change no more."""
        for key, episodes in list(self._over.items()):
            if episodes[0].farm_id == farm_id:
                kept = [episode for episode in episodes if (episode.end_hour or 0) >= until]
                if kept:
                    self._over[key] = kept
                else:
                    del self._over[key]

    def forget_closed(self, until_us: int, is_of_clock: Callable[[str], bool]) -> None:
        """Forget, in farms of one clock, what cannot begin again after this log time."""
        for farm_id in [farm for farm in self._closed if is_of_clock(farm)]:
            last = self._closed[farm_id]
            self._closed[farm_id] = {
                name: one for name, one in last.items() if one.until_us >= until_us
            }
            if not self._closed[farm_id]:
                del self._closed[farm_id]

    def _returned(self, episode: Episode) -> Episode:
        """It goes on from the last revision told under its id, if it was closed before."""
        last = self._closed.get(episode.farm_id, {}).pop(episode.detection_id, None)
        if last is None:
            return episode
        self._drop_over(episode)
        return replace(episode, revision=last.revision + 1)

    def _closing(self, episode: Episode) -> Event[Detection]:
        kept_us = RETRACTED_US if episode.phase is Phase.RETRACTED else CLOSED_US
        last = _Closed(episode.revision, episode.known_us + kept_us)
        self._closed.setdefault(episode.farm_id, {})[episode.detection_id] = last
        return self._told(episode)

    def _drop(self, episode: Episode) -> None:
        if episode.end_hour is None:
            self._pop(episode.detector, episode.row)
        else:
            self._drop_over(episode)

    def _drop_over(self, episode: Episode) -> None:
        key = episode.detector, episode.row
        over = self._over.pop(key, [])
        left = [one for one in over if one.detection_id != episode.detection_id]
        if left:
            self._over[key] = left

    def _keep(self, episode: Episode) -> None:
        if episode.end_hour is None:
            self._put(episode)
        else:
            self._over.setdefault((episode.detector, episode.row), []).append(episode)

    def _put(self, episode: Episode) -> None:
        key = episode.detector, episode.row
        self._open[key] = episode
        self._open_of.setdefault(episode.farm_id, {})[key] = None

    def _pop(self, detector: str, row: int) -> Episode:
        episode = self._open.pop((detector, row))
        keys = self._open_of[episode.farm_id]
        del keys[detector, row]
        if not keys:
            del self._open_of[episode.farm_id]
        return episode

    def due(self, until_us: int) -> list[Episode]:
        """The episodes to be told again by log time `until_us`, soonest first."""
        found = [episode for episode in self._open.values() if episode.due_us <= until_us]
        return sorted(found, key=lambda e: (e.due_us, e.detector, e.row))

    def repeat(
        self, episode: Episode, known_us: int, evidence: tuple[Measured, ...], cause: str
    ) -> Event[Detection]:
        """Tell an open episode again: its next revision."""
        told = _next(episode, Phase.UPDATE, known_us, evidence, cause)
        self._put(told)
        return self._told(told)

    def of(self, detector: str, row: int) -> Episode | None:
        """The animal's open episode of that detector, told or not."""
        return self._open.get((detector, row)) or self._quiet.get((detector, row))

    def is_open(self, detector: str, row: int) -> bool:
        """Whether the animal has an open episode of that detector."""
        return (detector, row) in self._open

    def of_farm(self, farm_id: str) -> list[Episode]:
        """The open episodes of a farm that were told."""
        return [self._open[key] for key in self._open_of.get(farm_id, ())]

    def open_of(self, farm_id: str) -> list[Episode]:
        """The open episodes of a farm, told or not."""
        return [*self.of_farm(farm_id), *self.quiet_of(farm_id)]

    def held(self, detector: str, row: int, newest: tuple[Measured, ...]) -> None:
        """Note what is held of an animal now, telling nobody: her next revision will."""
        self._put(replace(self._open[detector, row], newest=newest))

    def last_told(self) -> list[Event[Detection]]:
        """The last revision of every open episode, unchanged: for after a restore."""
        return [self._told(episode) for _, episode in sorted(self._open.items())]

    def to_array(self) -> NDArray[np.uint8]:
        """The open episodes, those that are over or quiet, what is known of closed ones; JSON."""
        over = [one for _, some in sorted(self._over.items()) for one in sorted(some, key=_onset)]
        open_ones = [episode for _, episode in sorted(self._open.items())]
        closed = [
            (farm_id, name, *last)
            for farm_id, some in sorted(self._closed.items())
            for name, last in sorted(some.items())
        ]
        quiet = [asdict(episode) | {QUIET: True} for _, episode in sorted(self._quiet.items())]
        told = [asdict(episode) for episode in (*open_ones, *over)]
        return as_bytes([*told, *quiet, *closed])

    def load(self, packed: NDArray[np.uint8]) -> None:
        """Take over what to_array gave."""
        for said in from_bytes(packed):
            if isinstance(said, dict) and said.pop(QUIET, False):
                self.begin_quietly(_from_json(said))
            elif isinstance(said, dict):
                self._keep(_from_json(said))
            else:
                farm_id, name, *last = said
                self._closed.setdefault(farm_id, {})[name] = _Closed(*last)

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
                    value=float(m.value),  # an integer would be another text once it was read back
                    limit=None if m.limit is None else float(m.limit),
                    at=moment(m.at_us),
                    usual=None if m.usual is None else float(m.usual),
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


def _onset(episode: Episode) -> tuple[int, str]:
    return episode.onset_us, episode.detection_id


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
