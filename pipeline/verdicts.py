"""Hours judged by the hourly detectors: verdicts kept as bits, and the machines that fold them.

Everything here is for the animals (rows) of one farm. See `detectors/sustained.py` for why bits.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from contracts.detection import Condition
from pipeline.detectors.base import ByHour, Measured, Verdict
from pipeline.detectors.sustained import (
    HELD,
    ILL,
    SETTLED,
    VERDICT,
    Machine,
    Turned,
    bits_of,
)
from pipeline.episodes import Episode
from pipeline.herd_hour import HerdHour
from pipeline.hours import OPEN_HOURS
from pipeline.state import PartitionState
from pipeline.tables import HOUR_US, Longs, Mask

ILLNESSES = frozenset({Condition.FEVER, Condition.RUMINATION_DROP})
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
    of_herd = state.hours.holds(rows, hour - LOOKBACK_HOURS + 1, hour)
    held = _held_bits(state, farm, rows, hour)
    if not of_herd.any() and not held.any():
        for detector in state.by_hour:
            state.memories[detector.spec.name]["bits"][rows, hour % OPEN_HOURS] = 0
        return None
    herd = herd_hour(state, farm, rows[of_herd], hour)
    verdicts = [detector.judge_hour(herd) for detector in state.by_hour]
    bits = []
    for detector, verdict in zip(state.by_hour, verdicts, strict=True):
        some = held.copy()
        some[of_herd] |= bits_of(verdict.over, verdict.under, np.isfinite(verdict.score))
        state.memories[detector.spec.name]["bits"][rows, hour % OPEN_HOURS] = some
        bits.append(some)
    machines = machines_of(state, rows)
    turned = turn_all(state, machines, hour, bits)
    for detector, machine in zip(state.by_hour, machines, strict=True):
        machine.put(state.memories[detector.spec.name], rows)
    _mark(state, rows, hour, held & HELD > 0, machines, turned)
    return Judged(herd, verdicts, turned)


def settle(state: PartitionState, farm: str, rows: Longs, until: int) -> None:
    """Fold the verdicts of the hours before `until` into what can change no more."""
    hours = state.judged.settle(farm, until)
    if not hours:
        return
    machines = machines_of(state, rows, SETTLED)
    for hour in hours:
        turn_all(state, machines, hour, bits_at(state, rows, hour))
    for detector, machine in zip(state.by_hour, machines, strict=True):
        machine.put(state.memories[detector.spec.name], rows, SETTLED)
    state.episodes.settle(farm, until)


def refold(state: PartitionState, farm: str, rows: Longs) -> list[list[list[Run]]]:
    """Run the machines of these animals again; for each detector and row, the episodes they make.

    What is not to teach is marked anew with them.
    """
    machines = machines_of(state, rows, SETTLED)
    runs: list[list[list[Run]]] = [
        [
            [Run(int(first), None)] if is_open else []
            for first, is_open in zip(machine.first_hour, machine.open, strict=True)
        ]
        for machine in machines
    ]
    hours = state.judged.open_hours(farm)
    unusual = np.zeros((len(rows), len(hours)), np.bool_)
    for place, hour in enumerate(hours):
        bits = bits_at(state, rows, hour)
        turned = turn_all(state, machines, hour, bits)
        if bits:
            unusual[:, place] |= bits[0] & HELD > 0
        for detector, machine, change, of_row in zip(
            state.by_hour, machines, turned, runs, strict=True
        ):
            for row in np.nonzero(change.begins)[0].tolist():
                of_row[row].append(Run(int(machine.first_hour[row]), hour))
                window = np.array(hours) > hour - detector.window_hours
                unusual[row] |= window & (np.array(hours) <= hour) & (not detector.spec.teaches)
            for row in np.nonzero(change.ends)[0].tolist():
                of_row[row][-1].end_hour = hour
            unusual[:, place] |= _keeps_from_teaching(detector, machine, change, hour)
    for detector, machine in zip(state.by_hour, machines, strict=True):
        machine.put(state.memories[detector.spec.name], rows)
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


def take_back_illness(state: PartitionState, episode: Episode) -> None:
    """An episode that is not judged by the hour never was: none of her hours was held by it.

    Her machines are to be run again; they are when the hours are judged again that told it.
    """
    hours = [
        hour
        for hour in state.judged.open_hours(episode.farm_id)
        if hour >= episode.onset_us // HOUR_US
    ]
    for detector in state.by_hour:
        memory = state.memories[detector.spec.name]
        memory["bits"][episode.row, [hour % OPEN_HOURS for hour in hours]] &= np.uint8(VERDICT)
        memory["again"][episode.row] = True


def herd_hour(state: PartitionState, farm: str, rows: Longs, hour: int) -> HerdHour:
    """A judged hour as detectors see it."""
    medians = state.judged.medians(farm, hour)
    return HerdHour(hour, rows, state.hours, state.baselines, medians)


def machines_of(state: PartitionState, rows: Longs, part: str = "") -> list[Machine]:
    """Of each hourly detector; part: SETTLED, or now."""
    return [Machine.of(state.memories[d.spec.name], rows, part) for d in state.by_hour]


def bits_at(state: PartitionState, rows: Longs, hour: int) -> list[NDArray[np.uint8]]:
    """Of each hourly detector, (rows,)."""
    slot = hour % OPEN_HOURS
    return [state.memories[d.spec.name]["bits"][rows, slot] for d in state.by_hour]


def turn_all(
    state: PartitionState, machines: list[Machine], hour: int, bits: list[NDArray[np.uint8]]
) -> list[Turned]:
    """Move the machines of all hourly detectors on by one hour; who is ill is asked before."""
    count = len(machines[0].run) if machines else 0
    ill = np.zeros(count, np.bool_)
    for detector, machine in zip(state.by_hour, machines, strict=True):
        if detector.spec.condition in ILLNESSES:
            ill |= machine.lately_ill(hour)
    return [
        machine.turn(hour, some, ill, detector.hold)
        for detector, machine, some in zip(state.by_hour, machines, bits, strict=True)
    ]


def _held_bits(state: PartitionState, farm: str, rows: Longs, hour: int) -> NDArray[np.uint8]:
    """(rows,): ILL and HELD, by open episodes of what is not judged by the hour."""
    hourly = {detector.spec.name for detector in state.by_hour}
    bits = np.zeros(len(rows), np.uint8)
    for episode in state.episodes.of_farm(farm):
        spec = state.by_name[episode.detector].spec
        if spec.teaches or spec.name in hourly:
            continue
        at = rows == episode.row
        if hour - episode.onset_us // HOUR_US < UNUSUAL_HOURS_MAX:
            bits[at] |= HELD
        if spec.condition in ILLNESSES:
            bits[at] |= ILL
    return bits


def _keeps_from_teaching(detector: ByHour, machine: Machine, turned: Turned, hour: int) -> Mask:
    """(rows,): whose hour is not to teach, since an episode was open before it."""
    if detector.spec.teaches:
        return np.zeros(len(machine.run), np.bool_)
    keeps: Mask = turned.was_open & (hour - machine.first_hour < UNUSUAL_HOURS_MAX)
    return keeps


def _mark(
    state: PartitionState,
    rows: Longs,
    hour: int,
    held: Mask,
    machines: list[Machine],
    turned: list[Turned],
) -> None:
    for detector, machine, change in zip(state.by_hour, machines, turned, strict=True):
        held = held | _keeps_from_teaching(detector, machine, change, hour)
        if detector.spec.teaches:
            continue
        for row in rows[change.begins].tolist():
            state.hours.mark_unusual(row, hour - detector.window_hours + 1, hour)
    for row in rows[held].tolist():
        state.hours.mark_unusual(row, hour, hour)


def _write_unusual(state: PartitionState, rows: Longs, hours: list[int], unusual: Mask) -> None:
    table = state.hours.table
    for place, hour in enumerate(hours):
        slot = hour % OPEN_HOURS
        heard = table["hour"][rows, slot] == hour
        table["unusual"][rows[heard], slot] = unusual[heard, place]
