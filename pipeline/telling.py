"""What a worker tells: detections and hours; and how a detector's change becomes a detection."""

from dataclasses import dataclass, field, replace

from contracts.detection import Detection, Phase
from contracts.envelope import Event
from contracts.hour import AnimalHour
from contracts.hour_columns import HourColumns
from contracts.ids import SubjectKind
from pipeline.detectors.base import NO_STATION, Change, Detector, Measured, Spec
from pipeline.episodes import Episode, Moment, detection_id_of
from pipeline.signals import TEMPERATURE
from pipeline.state import PartitionState
from pipeline.tables import HOUR_US


@dataclass(slots=True)
class Told:
    """Detections and hours, each in the order of the log."""

    detections: list[Event[Detection]] = field(default_factory=list)
    hours: list[HourColumns] = field(default_factory=list)

    def hour_events(self) -> list[Event[AnimalHour]]:
        """The hours one by one."""
        return [event for hours in self.hours for event in hours.events()]


def told_change(
    state: PartitionState, change: Change, detector: Detector, known_us: int, cause: str
) -> list[Event[Detection]]:
    """Open, close or retract the episode that a change speaks of; its detection.

    None while something of her or her farm explains it: if it still lasts then, `still_lasting`.
    """
    spec, episodes = detector.spec, state.episodes
    evidence = with_usual(state, change.row, change.evidence)
    match change.phase:
        case Phase.END | Phase.RETRACTED if episodes.forget_quiet(spec.name, change.row):
            return []
        case Phase.END:
            return [episodes.end(spec.name, change.row, known_us, evidence, cause)]
        case Phase.RETRACTED:
            return [episodes.retract(spec.name, change.row, known_us, evidence, cause)]
        case _:
            new = new_episode(
                state,
                spec,
                change.row,
                change.onset_us,
                evidence,
                Moment(known_us, cause),
                station=change.station,
            )
            if _is_hushed(state, new):
                episodes.begin_quietly(new)
                return []
            return [episodes.begin(new)]


def still_lasting(
    state: PartitionState, farm_id: str, known_us: int, cause: str
) -> list[Event[Detection]]:
    """The episodes of a farm that began quietly and that nothing explains any more: begun now."""
    return [
        state.episodes.begin_aloud(episode, known_us, cause)
        for episode in state.episodes.quiet_of(farm_id)
        if not _is_hushed(state, episode)
    ]


def _is_hushed(state: PartitionState, new: Episode) -> bool:
    """Whether something is open that explains an episode, of the animal or her farm."""
    quiet_while = state.by_name[new.detector].spec.quiet_while
    return bool(quiet_while) and any(
        state.by_name[one.detector].spec.condition in quiet_while
        and (one.row == new.row or one.subject_id == new.farm_id)
        for one in state.episodes.of_farm(new.farm_id)
    )


def new_episode(  # noqa: PLR0913  all that is said of it first
    state: PartitionState,
    spec: Spec,
    row: int,
    onset_us: int,
    evidence: tuple[Measured, ...],
    moment: Moment,
    *,
    station: int = NO_STATION,
) -> Episode:
    """An episode as it is told first. station: code of the one that it is about."""
    farm_id, subject_id = (part.decode() for part in state.animals.key(row))
    if spec.subject_kind is not SubjectKind.ANIMAL:
        subject_id = farm_id if station == NO_STATION else state.stations.name(station)
    return Episode(
        detector=spec.name,
        row=row,
        farm_id=farm_id,
        subject_id=subject_id,
        detection_id=detection_id_of(spec, farm_id, subject_id, onset_us),
        onset_us=onset_us,
        revision=1,
        phase=Phase.ONSET,
        known_us=moment.at_us,
        evidence=evidence,
        cause=moment.cause,
        newest=evidence,
    )


def with_usual(
    state: PartitionState, row: int, evidence: tuple[Measured, ...]
) -> tuple[Measured, ...]:
    """The same, with what is usual for her at that hour of the day beside single temperatures."""
    return tuple(
        replace(one, usual=state.baselines.usual_at(row, one.signal, one.at_us // HOUR_US))
        if one.signal == TEMPERATURE and one.usual is None
        else one
        for one in evidence
    )
