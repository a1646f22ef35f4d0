"""Hours judged by the hourly detectors: verdicts kept as bits, and the machines that fold them.

Everything here is for the animals (rows) of one farm. See `detectors/sustained.py` for why bits.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from contracts.detection import Condition
from contracts.ids import SubjectKind
from pipeline.detectors.base import ByHour, Measured, Verdict
from pipeline.detectors.sustained import (
    HELD,
    SETTLED,
    Around,
    Bits,
    Machine,
    Turned,
    bits_of,
    flag_of,
    put_verdicts,
    verdicts_in,
)
from pipeline.episodes import Episode
from pipeline.herd_hour import HerdHour
from pipeline.hours import OPEN_HOURS
from pipeline.state import PartitionState
from pipeline.tables import HOUR_US, Longs, Mask

LOOKBACK_HOURS = 24  # who was not heard in them is not of the herd
# an episode open longer teaches again: then it is her usual, or what was taken for usual was wrong
UNUSUAL_HOURS_MAX = 7 * 24


@dataclass(frozen=True, slots=True)
class Judged:
    """An hour judged for the first time. herd: of those heard lately; verdicts, turned: one a
    detector, of the herd's animals, and of all rows.
    """

    herd: HerdHour
    verdicts: list[Verdict]
    turned: list[Turned]


@dataclass(slots=True)
class Run:
    """An episode as the verdicts have it. Hours since 1970: of its first, of the one that opened it
    (None: before what may change), of the one that ended it (None: open).
    """

    first_hour: int
    begin_hour: int | None
    end_hour: int | None = None


def judge_first(state: PartitionState, farm: str, rows: Longs, hour: int) -> Judged | None:
    """Judge an hour of a herd, and move its machines on; None if nobody was heard lately."""
    state.judged.begin(farm, hour)
    by_hour = state.tuning.of(farm).by_hour
    of_herd = state.hours.holds(rows, hour - LOOKBACK_HOURS + 1, hour)
    beside = _beside(state, farm, rows, hour)
    state.around["bits"][rows, hour % OPEN_HOURS] = beside
    if not of_herd.any() and not beside.any():
        for detector in by_hour:
            put_verdicts(state.memories[detector.spec.name], rows, hour, _none(rows))
        return None
    herd = herd_hour(state, farm, rows[of_herd], hour, at_grace=True)
    verdicts = [detector.judge_hour(herd) for detector in by_hour]
    for detector, verdict in zip(by_hour, verdicts, strict=True):
        bits = _none(rows)
        bits[of_herd] = bits_of(verdict.over, verdict.under, np.isfinite(verdict.score))
        put_verdicts(state.memories[detector.spec.name], rows, hour, bits)
    fold = Fold(state, farm, rows)
    turned = fold.turn(hour)
    fold.put()
    fold.mark(hour, beside & HELD > 0, turned)
    return Judged(herd, verdicts, turned)


def settle(state: PartitionState, farm: str, rows: Longs, until: int) -> None:
    """Fold the verdicts of the hours before `until` into what can change no more."""
    hours = state.judged.settle(farm, until)
    if not hours:
        return
    fold = Fold(state, farm, rows, SETTLED)
    for hour in hours:
        fold.turn(hour)
    fold.put()
    state.episodes.settle(farm, until)


def refold(state: PartitionState, farm: str, rows: Longs) -> list[list[list[Run]]]:
    """Run the machines of these animals again; for each detector and row, the episodes they make.

    What is not to teach is marked anew with them.
    """
    fold = Fold(state, farm, rows, SETTLED)
    runs: list[list[list[Run]]] = [
        [
            [Run(int(first), None)] if is_told else []
            for first, is_told in zip(
                machine.first_hour, machine.open & ~machine.quiet, strict=True
            )
        ]
        for machine in fold.machines
    ]
    hours = state.judged.open_hours(farm)
    unusual = np.zeros((len(rows), len(hours)), np.bool_)
    for place, hour in enumerate(hours):
        turned = fold.turn(hour)
        unusual[:, place] |= state.around["bits"][rows, hour % OPEN_HOURS] & HELD > 0
        for detector, machine, change, of_row in zip(
            fold.detectors, fold.machines, turned, runs, strict=True
        ):
            for row in np.nonzero(change.opens)[0].tolist():
                window = np.array(hours) > hour - detector.window_hours
                unusual[row] |= window & (np.array(hours) <= hour) & (not detector.spec.teaches)
            for row in np.nonzero(change.begins)[0].tolist():
                of_row[row].append(Run(int(machine.first_hour[row]), hour))
            for row in np.nonzero(change.ends)[0].tolist():
                of_row[row][-1].end_hour = hour
            unusual[:, place] |= _keeps_from_teaching(detector, machine, change, hour)
    fold.put("")
    _write_unusual(state, rows, hours, unusual)
    return runs


def evidence_at(
    state: PartitionState, detector: ByHour, farm: str, row: int, hour: int
) -> tuple[Measured, ...]:
    """What a detector holds of an animal in a judged hour; () where it cannot judge it now."""
    herd = herd_hour(state, farm, np.array([row]), hour)
    if not np.isfinite(detector.judge_hour(herd).score[0]):
        return ()
    return detector.evidence(herd, 0)


def take_back(state: PartitionState, episode: Episode) -> None:
    """An episode that is not judged by the hour never was: none of the hours was held by it.

    Machines are to be run again; they are when the hours are judged again that told it.
    """
    spec, farm = state.by_name[episode.detector].spec, episode.farm_id
    hours = np.array(state.judged.open_hours(farm), np.int64)
    slots = hours[hours >= episode.onset_us // HOUR_US] % OPEN_HOURS
    rows = np.array([episode.row])
    if spec.subject_kind is not SubjectKind.ANIMAL:
        rows = state.rows_of_farm[farm]
    left = state.around["bits"][rows[:, None], slots] & np.uint8(255 - flag_of(spec.condition))
    # what else lay around them is still a reason not to teach
    others = left & np.uint8(255 - HELD) > 0
    state.around["bits"][rows[:, None], slots] = np.where(others, left, 0)
    state.around["again"][rows] = True


def herd_hour(
    state: PartitionState, farm: str, rows: Longs, hour: int, *, at_grace: bool = False
) -> HerdHour:
    """A judged hour as detectors see it. at_grace: it is judged for the first time."""
    told = state.calendars.life(farm, state.animals.id_words(rows), hour)
    return HerdHour(
        hour,
        rows,
        state.hours,
        state.baselines,
        state.judged.medians(farm, hour),
        told=told,
        weather=state.air.weather(farm, hour),
        pens=None if told is None else state.groups_of(farm, rows),
        at_grace=at_grace,
    )


def with_open(state: PartitionState, farm: str, herd: HerdHour) -> HerdHour:
    """The same, with whose episode of which condition is open now, told or not."""
    found: dict[Condition, Mask] = {}
    for detector in state.detectors:
        found[detector.spec.condition] = np.zeros(len(herd.rows), np.bool_)
    for by_hour in state.by_hour:
        memory = state.memories[by_hour.spec.name]
        found[by_hour.spec.condition] |= memory["open"][herd.rows]
    for episode in state.episodes.open_of(farm):
        spec = state.by_name[episode.detector].spec
        if spec.subject_kind is SubjectKind.FARM:
            found[spec.condition][:] = True
        elif spec.subject_kind is SubjectKind.ANIMAL:
            found[spec.condition] |= herd.rows == episode.row
    opens: Mapping[Condition, Mask] = found
    return replace(herd, open=opens)


class Fold:
    """The machines of a farm's animals (rows), and what lies around them; part: SETTLED, or now."""

    def __init__(self, state: PartitionState, farm: str, rows: Longs, part: str = "") -> None:
        forms = state.tuning.of(farm)
        self._state, self._rows, self._part, self._rules = state, rows, part, forms.rules
        self.detectors = forms.by_hour
        self._memories = [state.memories[d.spec.name] for d in self.detectors]
        self.machines = [Machine.of(memory, rows, part) for memory in self._memories]
        self._around = Around.of(state.around, rows, part)

    def turn(self, hour: int) -> list[Turned]:
        """Move on by one hour, by the bits that are kept of it; one a detector."""
        bits = [verdicts_in(memory, self._rows, hour) for memory in self._memories]
        beside = self._state.around["bits"][self._rows, hour % OPEN_HOURS]
        return self._rules.turn(self.machines, self._around, hour, bits, beside)

    def put(self, part: str | None = None) -> None:
        """Keep where they are; part: as what, None = as what they were."""
        part = self._part if part is None else part
        for memory, machine in zip(self._memories, self.machines, strict=True):
            machine.put(memory, self._rows, part)
        self._around.put(self._state.around, self._rows, part)

    def mark(self, hour: int, held: Mask, turned: list[Turned]) -> None:
        """Mark the hours that are not to teach. held: (rows,), something around it says so."""
        hours = self._state.hours
        for detector, machine, change in zip(self.detectors, self.machines, turned, strict=True):
            held = held | _keeps_from_teaching(detector, machine, change, hour)
            if detector.spec.teaches:
                continue
            for row in self._rows[change.opens].tolist():
                hours.mark_unusual(row, hour - detector.window_hours + 1, hour)
        for row in self._rows[held].tolist():
            hours.mark_unusual(row, hour, hour)


def _none(rows: Longs) -> Bits:
    return np.zeros(len(rows), np.uint8)


def _beside(state: PartitionState, farm: str, rows: Longs, hour: int) -> Bits:
    """(rows,): what is open around the hour, of what is not judged by it."""
    hourly = {detector.spec.name for detector in state.by_hour}
    bits = _none(rows)
    for episode in state.episodes.open_of(farm):
        spec = state.by_name[episode.detector].spec
        if spec.name in hourly or spec.subject_kind is SubjectKind.STATION:
            continue
        is_young = hour - episode.onset_us // HOUR_US < UNUSUAL_HOURS_MAX
        flags = flag_of(spec.condition) | (HELD if is_young and not spec.teaches else 0)
        of_farm = spec.subject_kind is SubjectKind.FARM
        bits[(rows == episode.row) | of_farm] |= np.uint8(flags)
    return bits


def _keeps_from_teaching(detector: ByHour, machine: Machine, turned: Turned, hour: int) -> Mask:
    """(rows,): whose hour is not to teach, since an episode was open before it."""
    if detector.spec.teaches:
        return np.zeros(len(machine.run), np.bool_)
    keeps: Mask = turned.was_open & (hour - machine.first_hour < UNUSUAL_HOURS_MAX)
    return keeps


def _write_unusual(state: PartitionState, rows: Longs, hours: list[int], unusual: Mask) -> None:
    table = state.hours.table
    for place, hour in enumerate(hours):
        slot = hour % OPEN_HOURS
        heard = table["hour"][rows, slot] == hour
        table["unusual"][rows[heard], slot] = unusual[heard, place]
