"""One batch of one partition: state moves on, detections come out. No clock, no network.

A batch is counted as a whole, then judged in segments: it is cut where a tick crosses a
five-minute line, at a farm's own ticks and at context records, since those act. Ticks in between
only move log time, which each reading is judged at. So the answers do not depend on how the log
was cut into batches: that is what makes silent replay after a crash exact.
"""

import numpy as np

from contracts.columns import Batch, ReadingColumns, micros
from contracts.context import Context
from contracts.detection import Detection, Phase
from contracts.envelope import Event
from contracts.tick import Tick
from pipeline.detectors.base import Change, Detector
from pipeline.episodes import Episode, detection_id_of
from pipeline.features import signals
from pipeline.state import PartitionState
from pipeline.tables import NEVER, Longs, Mask
from pipeline.windows import FARM_IS_LIVE, line_of, log_us_at, may_be_judged


def step(state: PartitionState, batch: Batch) -> list[Event[Detection]]:
    """Move `state` on by a batch; the detections in the order of the log."""
    rows, first = state.take_in(batch.readings)
    run = _Run(state, batch.readings, rows, first)
    for place, event in batch.events:
        match event.payload:
            case Tick():
                run.tick(place, event)
            case Context():
                run.context(place, event)
    run.judge_until(batch.size)
    return run.told


def last_told(state: PartitionState) -> list[Event[Detection]]:
    """Every open episode's last revision again, unchanged: sent once after a restore."""
    return state.episodes.last_told()


class _Run:
    """One batch under way: what has been judged, and how log time moved since."""

    def __init__(
        self, state: PartitionState, readings: ReadingColumns, rows: Longs, first: Mask
    ) -> None:
        self.told: list[Event[Detection]] = []
        self._state, self._readings, self._rows, self._first = state, readings, rows, first
        self._ahead = readings.ahead
        self._judged_until = 0  # index of the first reading not judged yet
        self._start_us = state.log_time.partition_us
        self._marks: list[tuple[int, int]] = []  # (place, the partition's log time from there)

    def tick(self, place: int, event: Event[Tick]) -> None:
        """Move log time; act where it crosses a five-minute line."""
        times = self._state.log_time
        before = times.partition_us if event.farm_id is None else times.of(event.farm_id)
        at_us = micros(event.timestamp)
        crosses = line_of(max(at_us, before)) > line_of(before)
        if crosses or event.farm_id is not None:
            self.judge_until(place)
        times.tick(event.farm_id, at_us)
        for span in event.payload.deaf_spans:
            times.add_deaf(micros(span.began_at), micros(span.ended_at))
        self._marks.append((place, times.partition_us))
        if crosses:
            self._repeat_open(event)

    def context(self, place: int, event: Event[Context]) -> None:
        """Apply a copy of an event of the register, once, in the order of its source."""
        applied = self._state.context_offsets
        farm_id = event.farm_id or ""
        if event.payload.source_offset <= applied.get(farm_id, -1):
            return
        self.judge_until(place)
        applied[farm_id] = event.payload.source_offset
        if event.payload.source_event_type == FARM_IS_LIVE:
            self._state.log_time.go_live(farm_id)

    def judge_until(self, place: int) -> None:
        """Judge the readings before a place that are not judged yet."""
        until = int(np.searchsorted(self._readings.place, place))
        if until > self._judged_until:
            self._judge(np.arange(self._judged_until, until))
        self._judged_until = until
        self._start_us = self._state.log_time.partition_us
        self._marks.clear()

    def _judge(self, segment: Longs) -> None:
        state, readings = self._state, self._readings
        common_us = log_us_at(readings.place[segment], self._marks, self._start_us)
        log_us = state.log_us_of(self._rows[segment], common_us)
        occurred_us = readings.occurred_us[segment]
        received_us = readings.longs["received_at"][segment]
        in_time = may_be_judged(occurred_us, received_us, log_us, self._ahead[segment])
        judged = self._first[segment] & in_time
        chosen = segment[judged]
        found = signals(readings, chosen, self._rows[chosen])
        body = found.body_temperature
        state.hours.add(body.row, body.occurred_us, body.centi_c)
        changes = [
            (change, detector)
            for detector in state.detectors
            for change in detector.judge(found, state.memories[detector.spec.name])
        ]
        for change, detector in sorted(changes, key=lambda pair: pair[0].reading):
            known_us = int(log_us[change.reading - segment[0]])
            if known_us == NEVER:
                known_us = int(readings.occurred_us[change.reading])
            self.told.append(self._tell(change, detector, known_us))

    def _tell(self, change: Change, detector: Detector, known_us: int) -> Event[Detection]:
        spec, episodes = detector.spec, self._state.episodes
        cause = self._readings.texts["event_id"].at(change.reading) or ""
        if change.phase is Phase.END:
            return episodes.end(spec.name, change.row, known_us, change.evidence, cause)
        farm_id, subject_id = (part.decode() for part in self._state.animals.keys[change.row])
        return episodes.begin(
            Episode(
                detector=spec.name,
                row=change.row,
                farm_id=farm_id,
                subject_id=subject_id,
                detection_id=detection_id_of(spec, farm_id, subject_id, change.onset_us),
                onset_us=change.onset_us,
                revision=1,
                phase=Phase.ONSET,
                known_us=known_us,
                evidence=change.evidence,
                cause=cause,
            )
        )

    def _repeat_open(self, tick: Event[Tick]) -> None:
        """Tell again the open episodes that are due, at the line of their farm's log time.

        One line a tick even after a long silence: each revision tells the whole state.
        """
        state = self._state
        speaks_for = state.log_time.own_us
        by_name = {detector.spec.name: detector for detector in state.detectors}
        own = tick.farm_id is not None
        line_us = line_of(state.log_time.of(tick.farm_id or ""))
        for episode in state.episodes.due(line_us):
            if (episode.farm_id == tick.farm_id) if own else episode.farm_id not in speaks_for:
                memory = state.memories[episode.detector]
                evidence = by_name[episode.detector].evidence(memory, episode.row)
                told = state.episodes.repeat(episode, line_us, evidence, tick.event_id)
                self.told.append(told)
