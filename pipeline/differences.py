"""What was told of episodes beside what verdicts say now: the difference, told openly.

Both are matched by the id an episode was told under, then by overlap in time. What was told and is
so no more is retracted, with what it was told with; what is so and was never told begins; what goes
on, is over, or began at another hour is told with its next revision. Each by the tick that showed
it. So the newest revision of each detection is what one would have told knowing all.
"""

from dataclasses import replace

import numpy as np

from contracts.detection import Detection, Phase
from contracts.envelope import Event
from pipeline.detectors.base import ByHour, Measured
from pipeline.detectors.sustained import JUDGED, verdicts_in
from pipeline.episodes import Episode, Moment, detection_id_of
from pipeline.state import PartitionState
from pipeline.tables import HOUR_US, Longs
from pipeline.telling import new_episode
from pipeline.verdicts import Run, evidence_at, refold


def differences(
    state: PartitionState, farm: str, rows: Longs, moment: Moment
) -> list[Event[Detection]]:
    """Run the machines of a farm's animals again; what has to be told of it, by detector."""
    told: list[Event[Detection]] = []
    by_hour = state.tuning.of(farm).by_hour
    for detector, of_rows in zip(by_hour, refold(state, farm, rows), strict=True):
        for row, runs in zip(rows.tolist(), of_rows, strict=True):
            told += _Her(state, detector, farm, row, moment).tell(runs)
    return told


class _Her:
    """One animal's episodes of one detector."""

    def __init__(
        self, state: PartitionState, detector: ByHour, farm: str, row: int, moment: Moment
    ) -> None:
        self._state, self._detector, self._farm, self._row = state, detector, farm, row
        self._moment, self._episodes = moment, state.episodes

    def tell(self, runs: list[Run]) -> list[Event[Detection]]:
        """What has to be told, in the order of onsets."""
        known = self._episodes.recent(self._detector.spec.name, self._row)
        pairs = self._matched(known, runs)
        matched = {episode.detection_id for episode in pairs.values()}
        told = [
            (episode.onset_us, self._retract(episode))
            for episode in known
            if episode.detection_id not in matched
        ]
        for place, run in enumerate(runs):
            some = self._amend(pairs[place], run) if place in pairs else self._begin(run)
            told.append((run.first_hour * HOUR_US, some))
        return [event for _, some in sorted(told, key=lambda one: one[0]) for event in some]

    def _matched(self, known: list[Episode], runs: list[Run]) -> dict[int, Episode]:
        """Place of a run → the episode as which it was told."""
        pairs: dict[int, Episode] = {}
        left = list(known)
        for is_same in (self._is_named, _overlap):
            for place, run in enumerate(runs):
                if place in pairs:
                    continue
                found = next((episode for episode in left if is_same(episode, run)), None)
                if found is not None:
                    pairs[place] = found
                    left.remove(found)
        return pairs

    def _is_named(self, episode: Episode, run: Run) -> bool:
        onset_us = run.first_hour * HOUR_US
        spec = self._detector.spec
        named = detection_id_of(spec, self._farm, episode.subject_id, onset_us)
        return named == episode.detection_id

    def _begin(self, run: Run) -> list[Event[Detection]]:
        evidence = self._evidence(self._newest() if run.begin_hour is None else run.begin_hour)
        onset_us, spec = run.first_hour * HOUR_US, self._detector.spec
        new = new_episode(self._state, spec, self._row, onset_us, evidence, self._moment)
        if run.end_hour is None:
            return [self._episodes.begin(new)]
        ended = self._evidence(run.end_hour)
        return self._episodes.begin_over(new, run.end_hour, ended or evidence, self._moment)

    def _amend(self, episode: Episode, run: Run) -> list[Event[Detection]]:
        """The next revision of an episode, if it is not as it was told."""
        onset_us = run.first_hour * HOUR_US
        is_as_told = (
            episode.phase is not Phase.RETRACTED
            and (episode.end_hour is None) == (run.end_hour is None)
            and episode.onset_us == onset_us
        )
        if is_as_told:
            self._episodes.ended_in(episode, run.end_hour)
            return []
        if run.end_hour is None:
            return [self._next(episode, Phase.UPDATE, onset_us, self._newest(), None)]
        return [self._next(episode, Phase.END, onset_us, run.end_hour, run.end_hour)]

    def _retract(self, episode: Episode) -> list[Event[Detection]]:
        if episode.phase is Phase.RETRACTED:
            return []
        last_hour = self._state.judged.open_hours(self._farm)[-1]
        end_hour = last_hour if episode.end_hour is None else episode.end_hour
        return [self._next(episode, Phase.RETRACTED, episode.onset_us, None, end_hour)]

    def _next(
        self, episode: Episode, phase: Phase, onset_us: int, hour: int | None, end_hour: int | None
    ) -> Event[Detection]:
        """hour: of the evidence; None, or one that cannot be judged: as it was told last."""
        evidence = self._evidence(hour) if hour is not None else ()
        amended = replace(
            episode,
            phase=phase,
            onset_us=onset_us,
            end_hour=end_hour,
            evidence=evidence or episode.evidence,
        )
        return self._episodes.amend(episode, amended, self._moment)

    def _evidence(self, hour: int | None) -> tuple[Measured, ...]:
        if hour is None:
            return ()
        return evidence_at(self._state, self._detector, self._farm, self._row, hour)

    def _newest(self) -> int | None:
        """The newest hour in which she was judged."""
        hours = np.array(self._state.judged.open_hours(self._farm))
        memory = self._state.memories[self._detector.spec.name]
        bits = verdicts_in(memory, np.full(len(hours), self._row), hours)
        judged = hours[bits & JUDGED > 0]
        return int(judged[-1]) if len(judged) else None


def _overlap(episode: Episode, run: Run) -> bool:
    """Whether both share an hour."""
    begins = episode.onset_us // HOUR_US
    ends_before = run.end_hour is not None and run.end_hour < begins
    ended_before = episode.end_hour is not None and episode.end_hour < run.first_hour
    return not (ends_before or ended_before)
