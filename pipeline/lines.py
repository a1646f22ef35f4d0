"""What happens at a five-minute line of log time: learn, judge hours, wait for the silent, repeat.

Problem: an hour may be judged once it is over and the last readings have had time to come; it may
change for three days more, and is judged again then; and log time jumps, by minutes while a writer
restarts, by hours while a farm imports its past. Approach: every line a tick crosses acts in turn,
as if ticks had come one by one, with two cursors a clock (the partition's, or a farm's own): hours
judged and hours learnt. The cursors move by the clock alone, so neither batches nor neighbours can
be seen in them.
"""

from collections.abc import Iterable

import numpy as np

from contracts.detection import Phase
from pipeline.detectors.base import (
    NO_READING,
    ByHearing,
    ByHerd,
    ByReading,
    ByTime,
    Change,
    Detector,
    Explains,
    Measured,
)
from pipeline.episodes import Episode, Moment
from pipeline.herd_hour import HerdHour
from pipeline.hours import NO_HOUR, OPEN_HOURS
from pipeline.learning import teach
from pipeline.rejudging import rejudge
from pipeline.state import PARTITION_CLOCK, PartitionState
from pipeline.tables import HOUR_US, Longs
from pipeline.telling import Told, still_lasting, told_change, with_usual
from pipeline.verdicts import Judged, judge_first, settle, with_open
from pipeline.windows import LATE_MAX_US

GRACE_US = 20 * 60_000_000  # of hearing time after an hour's end: radio, buffers, retries
SETTLED_US = LATE_MAX_US + HOUR_US  # a reading at the edge of late_max may begin an hour earlier
FAR_BACK = -(2**62)  # before every hour


def act_at_lines(
    state: PartitionState, clock: str, farms: Iterable[str], lines: Iterable[int], cause: str
) -> Told:
    """Act at each line (microseconds) in turn for farms of one clock; cause: the tick's event_id.

    clock: PARTITION_CLOCK, or the farm with a log time of its own.
    """
    told = Told()
    herds = [(farm, np.array(state.rows_of_farm[farm], np.int64)) for farm in farms]
    for place, line_us in enumerate(lines):
        at = _Line(state, clock, line_us, cause, told)
        if place == 0:  # no reading comes between the lines of one tick
            at.forget_closed()
            for farm, rows in herds:
                rejudge(state, farm, rows, Moment(line_us, cause), told)
        at.learn(herds)
        hours = at.due_hours()
        for farm, rows in herds:
            if place == 0:
                at.tell_late(farm, rows, hours.start)
            for hour in hours:
                at.judge(farm, rows, hour)
            at.wait(farm, rows)
        at.repeat({farm for farm, _ in herds})
    return told


def tell_moved(
    state: PartitionState, clock: str, farms: Iterable[str], at_us: int, cause: str
) -> Told:
    """Judge the hours again of farms whose readings were moved, at a tick that crosses no line.

    Somebody has just set the register right, and looks whether the curve follows.
    """
    told = Told()
    at = _Line(state, clock, at_us, cause, told)
    for farm in farms:
        rows = np.array(state.rows_of_farm[farm], np.int64)
        rejudge(state, farm, rows, Moment(at_us, cause), told)
        at.tell_late(farm, rows, state.judged_until.get(clock, FAR_BACK))
    return told


class _Line:
    """One line under way."""

    def __init__(
        self, state: PartitionState, clock: str, line_us: int, cause: str, told: Told
    ) -> None:
        self._state, self._clock, self._line_us, self._cause = state, clock, line_us, cause
        self._told = told

    def forget_closed(self) -> None:
        """Forget the closed episodes that cannot begin again, of farms that left too."""
        clock, own = self._clock, self._state.log_time.own_us
        self._state.episodes.forget_closed(
            self._line_us,
            lambda farm: farm not in own if clock == PARTITION_CLOCK else farm == clock,
        )

    def learn(self, herds: list[tuple[str, Longs]]) -> None:
        """Teach what is usual from the hours that can change no more."""
        state, line_us = self._state, self._line_us
        settled = (line_us - SETTLED_US) // HOUR_US  # the first hour that is not
        first = max(state.learnt_until.get(self._clock, settled), line_us // HOUR_US - OPEN_HOURS)
        for hour in range(first, settled):
            for farm, rows in herds:
                if hour >= self._own(state.learnt_until, farm):
                    teach(state, farm, rows, hour)
        for farm, rows in herds:
            settle(state, farm, rows, settled)
        state.learnt_until[self._clock] = max(first, settled)

    def due_hours(self) -> range:
        """The hours to be judged at this line; moves the clock's cursor over them."""
        state, line_us = self._state, self._line_us
        oldest = (line_us - LATE_MAX_US) // HOUR_US
        first = max(state.judged_until.get(self._clock, oldest), oldest)
        hour = first
        while state.log_time.hearing_us((hour + 1) * HOUR_US, line_us) >= GRACE_US:
            hour += 1
        state.judged_until[self._clock] = hour
        return range(first, hour)

    def tell_late(self, farm: str, rows: Longs, judged_until: int) -> None:
        """Tell the hours before the clock's cursor that changed, and that nobody can judge."""
        table = self._state.hours.table
        judged_until = max(judged_until, self._own(self._state.judged_until, farm))
        late = self._state.hours.changed_before(rows, judged_until)
        if not late.any():
            return
        places, slots = np.nonzero(late)
        hours = table["hour"][rows[places], slots]
        for hour in sorted(set(hours.tolist())):
            changed = rows[places[hours == hour]]
            self._told.hours += self._state.hour_teller.tell(
                changed, hour, self._line_us, self._cause
            )

    def judge(self, farm: str, rows: Longs, hour: int) -> None:
        """Judge one hour of a herd, once."""
        state = self._state
        if hour < self._own(state.judged_until, farm):
            return
        # rows may be of animals that a later place of the batch brings: hours tell who was heard
        heard_once = state.judged.knows(farm) or (state.hours.table["hour"][rows] != NO_HOUR).any()
        if not heard_once:
            return
        judged = judge_first(state, farm, rows, hour)
        herd = None
        if judged is not None:
            herd = judged.herd
            places = {row: place for place, row in enumerate(herd.rows.tolist())}
            self._tell_turns(farm, rows, judged, places)
            heard = state.hours.in_hour(herd.rows, hour)
            self._told.hours += state.hour_teller.tell(
                herd.rows[heard], hour, self._line_us, self._cause, judged.verdicts, places
            )
        for by_herd in state.tuning.of(farm).by_herd:
            self._judge_herd(by_herd, farm, rows, herd)

    def _judge_herd(self, detector: ByHerd, farm: str, rows: Longs, herd: HerdHour | None) -> None:
        """Judge the herd as one; what is said of it is over once nobody is heard."""
        state, row, name = self._state, int(rows[0]), detector.spec.name
        memory = state.memories[name]
        if herd is None or not len(herd.rows):
            memory.clear(rows[:1])
            episode = state.episodes.of(name, row)
            if episode is not None:
                self._tell(Change(Phase.END, row, NO_READING, 0, episode.newest), detector)
            return
        herd = with_open(state, farm, herd)
        for change in detector.judge_herd(herd, row, memory):
            self._tell(change, detector)
        if state.episodes.is_open(name, row):
            state.episodes.held(name, row, detector.evidence(herd, row, memory))

    def _tell_turns(self, farm: str, rows: Longs, judged: Judged, places: dict[int, int]) -> None:
        """Tell what begins and ends, and note what is held of those whose episode is open."""
        state, herd = self._state, judged.herd
        for detector, verdict, turned in zip(
            state.tuning.of(farm).by_hour, judged.verdicts, judged.turned, strict=True
        ):
            name = detector.spec.name
            first_hour = state.memories[name]["first_hour"]
            for row in rows[turned.begins].tolist():
                onset_us = int(first_hour[row]) * HOUR_US
                evidence = detector.evidence(herd, places[row])
                change = Change(Phase.ONSET, row, NO_READING, onset_us, evidence)
                self._tell(change, detector)
            for row in rows[turned.ends].tolist():
                evidence = detector.evidence(herd, places[row])
                moment = Moment(self._line_us, self._cause)
                self._told.detections.append(
                    state.episodes.end_in(name, row, herd.hour, evidence, moment)
                )
            for row in rows[turned.was_told & ~turned.ends].tolist():
                if row in places and np.isfinite(verdict.score[places[row]]):
                    state.episodes.held(name, row, detector.evidence(herd, places[row]))

    def _tell(self, change: Change, detector: Detector) -> None:
        told = told_change(self._state, change, detector, self._line_us, self._cause)
        self._told.detections += told

    def wait(self, farm: str, rows: Longs) -> None:
        """Let detectors judge by what has not come; tell what nothing explains any more."""
        state, forms = self._state, self._state.tuning.of(farm)
        asked = np.ones(len(rows), np.bool_)
        for detector in forms.by_time:
            memory = state.memories[detector.spec.name]
            for change in detector.at_line(rows[asked], self._line_us, memory, state.log_time):
                self._tell(change, detector)
            if detector.spec.name in forms.explaining and isinstance(detector, Explains):
                asked &= ~detector.explains(rows, memory)
        self._told.detections += still_lasting(state, farm, self._line_us, self._cause)

    def repeat(self, farms: set[str]) -> None:
        """Tell the open episodes again that are due."""
        state = self._state
        for episode in state.episodes.due(self._line_us):
            if episode.farm_id in farms:
                evidence = self._evidence(episode)
                self._told.detections.append(
                    state.episodes.repeat(episode, self._line_us, evidence, self._cause)
                )

    def _evidence(self, episode: Episode) -> tuple[Measured, ...]:
        state, memory = self._state, self._state.memories[episode.detector]
        detector = state.tuning.of(episode.farm_id).by_name[episode.detector]
        if isinstance(detector, ByReading):
            # nothing is held of her since readings were taken from her: what it began with, then
            held = detector.evidence(memory, episode.row) or episode.newest
            return with_usual(state, episode.row, held)
        if isinstance(detector, ByTime | ByHearing):
            return detector.evidence_at(self._line_us, memory, episode.row, state.log_time)
        return episode.newest

    def _own(self, cursors: dict[str, int], farm: str) -> int:
        """How far a farm came on a clock of its own, before it went live; else far back."""
        return cursors.get(farm, FAR_BACK) if self._clock == PARTITION_CLOCK else FAR_BACK
