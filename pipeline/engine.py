"""One batch of one partition: state moves on, detections and hours come out. No clock, no network.

A batch is counted as a whole, then judged in segments: it is cut where a tick crosses a
five-minute line or tells of deafness, at a farm's own ticks and at context records, since those
act. Ticks in between only move log time, which each reading is judged at. So the answers do not
depend on how the log was cut into batches: that is what makes silent replay after a crash exact.
"""

from collections.abc import Sequence

import numpy as np

from contracts.columns import Batch, ReadingColumns, micros
from contracts.context import Context
from contracts.detection import Detection
from contracts.envelope import Event
from contracts.reading import StationReading
from contracts.tick import Tick
from pipeline.airing import hear_collars, hear_station
from pipeline.calendars import KINDS
from pipeline.detectors.base import ByTime, Change, Detector, Voices
from pipeline.features import hour_parts
from pipeline.fences import DRAWN, REMOVED
from pipeline.heeded import details_of
from pipeline.hours import NO_HOUR
from pipeline.judging import changes_by_reading, parts_by_farm, signals_of
from pipeline.leaving import cut_at_days, day_begins, free_who_left, parts_of
from pipeline.lines import act_at_lines, tell_moved
from pipeline.moving import move
from pipeline.state import NO_ROW, PARTITION_CLOCK, PartitionState, TakenIn
from pipeline.tables import DAY_US, NEVER, Longs
from pipeline.telling import Told, told_change
from pipeline.tuning import TUNED
from pipeline.windows import FARM_IS_LIVE, line_of, lines_between, log_us_at, may_be_judged

# context records after which an animal's collar is not waited for
COLLAR_CHANGES = ("collar.removed.v1", "collar.assigned.v1")
FENCES = (DRAWN, REMOVED)
HEEDED = frozenset({*COLLAR_CHANGES, *FENCES, TUNED, *KINDS})  # of which details are looked at


def step(state: PartitionState, batch: Batch) -> Told:
    """Move `state` on by a batch; what it tells, in the order of the log."""
    told = Told()
    for end, part in parts_of(batch, cut_at_days(state, batch)):
        run = _Run(state, part.readings, state.take_in(part.readings), told)
        for place, event in part.events:
            match event.payload:
                case Tick():
                    run.tick(place, event)
                case Context():
                    run.context(place, event)
                case StationReading():
                    hear_station(state, event)
        run.judge_until(end)
    return told


def last_told(state: PartitionState) -> list[Event[Detection]]:
    """Every open episode's last revision again, unchanged: sent once after a restore."""
    return state.episodes.last_told()


class _Run:
    """One batch under way: what has been judged, and how log time moved since."""

    def __init__(
        self, state: PartitionState, readings: ReadingColumns, taken: TakenIn, told: Told
    ) -> None:
        self.told = told
        self._state, self._readings, self._taken = state, readings, taken
        self._rows, self._first = taken.row, taken.first
        self._ahead = readings.ahead
        self._moves = bool(taken.moved.any())  # then each tick may have to tell of them
        self._judged_until = 0  # index of the first reading not judged yet
        self._start_us = state.log_time.partition_us
        self._marks: list[tuple[int, int]] = []  # (place, the partition's log time from there)

    def tick(self, place: int, event: Event[Tick]) -> None:
        """Move log time; act at each five-minute line it crosses."""
        times, farm_id = self._state.log_time, event.farm_id
        if farm_id in times.live:
            return  # written again by a herd-clock that was started anew
        before_us = times.partition_us if farm_id is None else times.own_us.get(farm_id, NEVER)
        at_us = max(micros(event.timestamp), before_us)
        crosses = line_of(at_us) > line_of(before_us)
        listens = farm_id is None and (event.payload.deaf_spans or self._is_deaf())
        tells = self._moves or self._state.moved_farms
        if crosses or farm_id is not None or listens or tells:
            self.judge_until(place)
        times.tick(farm_id, at_us)
        if farm_id is None:  # a farm that imports is waited for: nobody is missed meanwhile
            for span in event.payload.deaf_spans:
                times.add_deaf(micros(span.began_at), micros(span.ended_at))
        self._marks.append((place, times.partition_us))
        if listens:
            self._listen(at_us, event.event_id)
        moved = self._moved_farms(farm_id)
        self._state.moved_farms.difference_update(moved)
        if not crosses:
            clock = PARTITION_CLOCK if farm_id is None else farm_id
            met = [farm for farm in moved if farm in self._state.rows_of_farm]
            self._tell(tell_moved(self._state, clock, met, at_us, event.event_id))
            return
        lines = lines_between(before_us, at_us)
        if farm_id is None:
            farms = [farm for farm in self._state.rows_of_farm if farm not in times.own_us]
        else:
            farms = [farm_id]
        self._act(PARTITION_CLOCK if farm_id is None else farm_id, farms, lines, event.event_id)
        if day_begins(before_us, at_us):
            met = [farm for farm in farms if farm in self._state.rows_of_farm]
            free_who_left(self._state, met, at_us // DAY_US)

    def _is_deaf(self) -> bool:
        state = self._state
        by_hearing = state.tuning.common.by_hearing
        return any(state.memories[d.spec.name]["open"].any() for d in by_hearing)

    def _listen(self, at_us: int, cause: str) -> None:
        """Let detectors judge whether anybody could be heard, for each farm that was heard once."""
        state = self._state
        hours, own = state.hours.table["hour"], state.log_time.own_us
        for place, common in enumerate(state.tuning.common.by_hearing):
            memory = state.memories[common.spec.name]
            # hours tell who was heard before this place; what a farm imports was never on its way
            for farm, rows in state.rows_of_farm.items():
                if memory["open"][rows[0]] or (farm not in own and (hours[rows] != NO_HOUR).any()):
                    detector = state.tuning.of(farm).by_hearing[place]
                    for change in detector.at_tick(rows[:1], at_us, memory, state.log_time):
                        self._tell_change(change, detector, at_us, cause)

    def context(self, place: int, event: Event[Context]) -> None:
        """Apply a copy of an event of the register, once, in the order of its source."""
        state, applied = self._state, self._state.context_offsets
        farm_id = event.farm_id or ""
        if event.payload.source_offset <= applied.get(farm_id, -1):
            return
        self.judge_until(place)
        applied[farm_id] = event.payload.source_offset
        kind = event.payload.source_event_type
        if kind == FARM_IS_LIVE:
            imported = farm_id in state.log_time.own_us
            state.log_time.go_live(farm_id)
            # its own clock stood somewhere before the partition's: the hours between fall due
            line_us = line_of(state.log_time.partition_us)
            if imported and line_us != NEVER:
                self._act(farm_id, [farm_id], range(line_us, line_us + 1), event.event_id)
        elif kind in HEEDED and (details := details_of(event.payload)) is not None:
            if kind in COLLAR_CHANGES:
                self._forget(farm_id, str(details["animal_id"]), event)
            elif kind in FENCES:
                state.fences.apply(farm_id, kind, details)
            elif kind == TUNED:
                state.tuning.tune(farm_id, details)
            else:
                state.calendars.apply(farm_id, kind, details, micros(event.timestamp))

    def _act(self, clock: str, farms: list[str], lines: range, cause: str) -> None:
        met = [farm for farm in farms if farm in self._state.rows_of_farm]
        self._tell(act_at_lines(self._state, clock, met, lines, cause))

    def _tell(self, told: Told) -> None:
        self.told.detections += told.detections
        self.told.hours += told.hours

    def _moved_farms(self, farm_id: str | None) -> list[str]:
        """The farms of a tick whose hours have been moved since one of theirs."""
        own = self._state.log_time.own_us
        return [
            farm
            for farm in sorted(self._state.moved_farms)
            if farm == farm_id or (farm_id is None and farm not in own)
        ]

    def _forget(self, farm_id: str, animal_id: str, event: Event[Context]) -> None:
        state = self._state
        row = state.animals.find((farm_id.encode(), animal_id.encode()))
        if row is None:
            return
        log_us = state.log_time.of(farm_id)
        known_us = micros(event.timestamp) if log_us == NEVER else log_us
        for detector in state.tuning.of(farm_id).by_time:
            memory = state.memories[detector.spec.name]
            for change in detector.forget(row, known_us, memory, state.log_time):
                self._tell_change(change, detector, known_us, event.event_id)

    def _tell_change(self, change: Change, detector: Detector, known_us: int, cause: str) -> None:
        self.told.detections += told_change(self._state, change, detector, known_us, cause)

    def judge_until(self, place: int) -> None:
        """Judge the readings before a place that are not judged yet."""
        until = int(np.searchsorted(self._readings.place, place))
        if until > self._judged_until:
            self._judge_or_move(np.arange(self._judged_until, until))
        self._judged_until = until
        self._start_us = self._state.log_time.partition_us
        self._marks.clear()

    def _judge_or_move(self, segment: Longs) -> None:
        """Judge those that came, move those that were moved, in turn."""
        moved = self._taken.moved[segment]
        if not moved.any():
            self._judge(segment)
            return
        for run in np.split(segment, np.nonzero(moved[1:] != moved[:-1])[0] + 1):
            if self._taken.moved[run[0]]:
                self._move(run)
            else:
                self._judge(run)

    def _move(self, run: Longs) -> None:
        readings, taken = self._readings.take(run), self._taken
        log_us = log_us_at(readings.place, self._marks, self._start_us)
        somebodys = np.nonzero(np.maximum(taken.row[run], taken.taken_row[run]) != NO_ROW)[0]
        who = np.maximum(taken.row[run], taken.taken_row[run])[somebodys]
        own_us = self._state.log_us_of(who, log_us[somebodys])
        self._note_heard(run[somebodys], own_us)
        self.told.detections += move(
            self._state, readings, taken.row[run], taken.taken_row[run], log_us
        )
        self._state.moved_farms.update(one.decode() for one in readings.texts["farm_id"].raw())

    def _note_heard(self, which: Longs, log_us: Longs) -> None:
        """Of these readings: when their animals and boots were heard, by log time if there is."""
        heard_us = np.where(log_us == NEVER, self._readings.occurred_us[which], log_us)
        self._state.heard(self._taken, which, heard_us // DAY_US)

    def _judge(self, segment: Longs) -> None:
        state, readings = self._state, self._readings
        common_us = log_us_at(readings.place[segment], self._marks, self._start_us)
        log_us = state.log_us_of(self._rows[segment], common_us)
        self._note_heard(segment, log_us)
        occurred_us = readings.occurred_us[segment]
        received_us = readings.longs["received_at"][segment]
        in_time = may_be_judged(occurred_us, received_us, log_us, self._ahead[segment])
        first = self._first[segment]
        judged = first & in_time
        chosen = segment[judged]
        state.hours.add(hour_parts(readings, chosen, self._rows[chosen]))
        hear_collars(state, readings, chosen, self._rows[chosen])
        found = signals_of(state, readings, chosen, self._rows[chosen])
        # a clock that is ahead says that the collar lives, but not when
        heard_us = np.where(in_time, np.maximum(log_us, occurred_us), log_us)
        spoke = first & (heard_us != NEVER)
        voices = Voices(
            segment[spoke],
            self._rows[segment[spoke]],
            heard_us[spoke],
            readings.longs["interval_s"][segment[spoke]] * 1_000_000,
            state.stations.codes_of(
                state.animals.farm_of(self._rows[segment[spoke]]),
                readings.texts["station_id"].take(segment[spoke]),
            ),
        )
        changes: list[tuple[Change, Detector]] = [*changes_by_reading(state, found)]
        changes += self._changes_by_time(voices)
        for change, detector in sorted(changes, key=lambda pair: pair[0].reading):
            known_us = int(heard_us[change.reading - segment[0]])
            cause = readings.texts["event_id"].at(change.reading) or ""
            self._tell_change(change, detector, known_us, cause)

    def _changes_by_time(self, voices: Voices) -> Sequence[tuple[Change, ByTime]]:
        """What the detectors by time say of signs of life, each farm's by its own."""
        state = self._state
        found: list[tuple[Change, ByTime]] = []
        for forms, kept in parts_by_farm(state, voices.row):
            some = voices if kept is None else voices.only(kept)
            for detector in forms.by_time:
                memory = state.memories[detector.spec.name]
                changes = detector.hear(some, memory, state.log_time)
                found += [(change, detector) for change in changes]
        return found
