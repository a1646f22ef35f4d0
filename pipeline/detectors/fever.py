"""Fever: body temperature at or over a limit on three successive readings.

The limit is fixed, and lies higher for an animal that is warm by nature: her own usual at that
hour, once it is known, has to be passed as well.

Over when three successive readings are under it. Time decides what is successive: a reading not
newer than the newest judged one of its animal (a late letter) is counted, but not judged here.
All readings of a segment are judged at once: a run is the distance to the last reading on the
other side of the limit, an episode is open from the last run of three on.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from contracts.detection import Condition, Phase
from pipeline.detectors.base import Change, Limit, Measured, Spec
from pipeline.features import BodyTemperature, Signals
from pipeline.tables import NEVER, Column, Longs, Mask, Table

SUCCESSIVE = 3  # one reading may be a slipped sensor; three at 5 min cost a quarter of an hour
# healthy core: 38.8 °C with a daily swing of 1.2 °C, so 39.4 °C at its top
CORE_LIMIT = Limit(
    "core_c",
    39.5,
    "Cel",
    "clinical fever from 39.5 °C (recalled); core of lactating cows 38.8 ± 0.1 °C, swing 1.23 °C "
    "(Circadian and ultradian temperature rhythms of lactating dairy cows)",
)
RUMEN_LIMIT = Limit(
    "rumen_c",
    40.0,
    "Cel",
    "core limit + 0.5 °C, since the rumen is 0.4 to 0.5 °C warmer (recalled); rumen episodes over "
    "40.0 °C are longer in ill cattle (Flattot 2021, J. Anim. Sci. skab337)",
)
USUAL_LIMIT = Limit(
    "over_usual_c",
    0.8,
    "Cel",
    "0.8 °C over the own mean within four days of 67 % of mastitis cases (Adams 2013, J. Dairy "
    "Sci. 96:1549)",
)
SIGNAL = "temperature_c"


@dataclass(frozen=True, slots=True)
class _Runs:
    """Readings sorted by animal, then log order; all (readings,).

    start: index where the animal's readings begin. run: length of the run each reading ends, > 0
    at or over the limit, < 0 under it. was_open, is_open: the episode before and after it.
    """

    start: Longs
    run: Longs
    was_open: Mask
    is_open: Mask


class Fever:
    """The detector of fever."""

    spec = Spec("fever", 2, Condition.FEVER, (CORE_LIMIT, RUMEN_LIMIT, USUAL_LIMIT))
    memory: Mapping[str, Column] = {
        "run": Column("int8"),  # as in _Runs, no further than ± SUCCESSIVE
        "open": Column("bool"),
        "at_us": Column("int64", (SUCCESSIVE,), NEVER),  # the newest judged readings, oldest first
        "centi_c": Column("int16", (SUCCESSIVE,)),
        "limit_centi_c": Column("int16", (SUCCESSIVE,)),
    }

    def judge(self, signals: Signals, memory: Table) -> list[Change]:
        """Onsets and ends, in log order; see Detector."""
        found = _in_time_order(signals.body_temperature, memory["at_us"][:, -1])
        if not len(found.row):
            return []
        limit = _limits(found)
        runs = _runs(found, limit, memory)
        last = np.nonzero(np.append(found.row[1:] != found.row[:-1], [True]))[0]
        changed = np.nonzero(runs.was_open != runs.is_open)[0]
        values = {"at_us": found.occurred_us, "centi_c": found.centi_c, "limit_centi_c": limit}
        window = _windows(values, changed, found.row, runs.start, memory)
        changes = [
            _change(found, runs, {name: array[which] for name, array in window.items()}, place)
            for which, place in enumerate(changed.tolist())
        ]
        rows = found.row[last]
        for name, array in _windows(values, last, found.row, runs.start, memory).items():
            memory[name][rows] = array
        memory["run"][rows] = np.clip(runs.run[last], -SUCCESSIVE, SUCCESSIVE)
        memory["open"][rows] = runs.is_open[last]
        return sorted(changes, key=lambda change: change.reading)

    def forget(self, row: int, at_us: int, memory: Table, *, ends: bool) -> None:
        """Forget the newest judged readings if one is of that time; see ByReading."""
        if ends:
            memory["open"][row] = False
        if ends or at_us in memory["at_us"][row].tolist():
            memory["run"][row] = 0
            memory["at_us"][row] = NEVER
            memory["centi_c"][row] = 0
            memory["limit_centi_c"][row] = 0

    def evidence(self, memory: Table, row: int) -> tuple[Measured, ...]:
        """The newest judged readings of an animal, oldest first."""
        return _measured(
            {name: memory[name][row] for name in ("at_us", "centi_c", "limit_centi_c")}
        )


def _limits(found: BodyTemperature) -> Longs:
    """(readings,): the limit of each, hundredths of °C."""
    fixed: Longs = np.where(found.rumen, _centi(RUMEN_LIMIT), _centi(CORE_LIMIT))
    known = np.isfinite(found.usual_c)
    own = np.rint(np.where(known, found.usual_c, 0.0) * 100).astype(np.int64)
    return np.where(known, np.maximum(fixed, own + _centi(USUAL_LIMIT)), fixed)


def _centi(limit: Limit) -> int:
    return round(limit.value * 100)


def _in_time_order(found: BodyTemperature, newest_us: Longs) -> BodyTemperature:
    """By animal, then log order, without readings not newer than an earlier one of hers.

    newest_us: (rows,), her newest before this segment.
    """
    order = np.argsort(found.row, kind="stable")
    row, occurred_us = found.row[order], found.occurred_us[order]
    kept = np.ones(len(order), np.bool_)
    same = row[1:] == row[:-1]
    kept[1:] = ~same | (occurred_us[1:] > occurred_us[:-1])
    kept &= occurred_us > newest_us[row]
    if not kept.all():  # seldom: one by one, since a dropped reading must not hide the next
        newest = {r: int(newest_us[r]) for r in set(row.tolist())}
        for place, (r, at) in enumerate(zip(row.tolist(), occurred_us.tolist(), strict=True)):
            kept[place] = at > newest[r]
            newest[r] = max(newest[r], at)
    chosen = order[kept]
    return BodyTemperature(
        found.reading[chosen],
        found.row[chosen],
        found.occurred_us[chosen],
        found.centi_c[chosen],
        found.rumen[chosen],
        found.usual_c[chosen],
    )


def _runs(found: BodyTemperature, limit: Longs, memory: Table) -> _Runs:
    here = np.arange(len(found.row))
    first = np.append([True], found.row[1:] != found.row[:-1])
    start = np.maximum.accumulate(np.where(first, here, 0))
    hot = found.centi_c >= limit
    before = memory["run"][found.row].astype(np.int64)
    hot_run = _run_lengths(hot, here, start, np.maximum(before, 0))
    cool_run = _run_lengths(~hot, here, start, np.maximum(-before, 0))
    decided = (hot_run >= SUCCESSIVE) | (cool_run >= SUCCESSIVE)
    decider = np.maximum.accumulate(np.where(decided, here, -1))
    carried: Mask = memory["open"][found.row]
    is_open = np.where(decider >= start, hot[decider], carried)
    was_open = np.where(first, carried, np.append([False], is_open[:-1]))
    return _Runs(start, np.where(hot, hot_run, -cool_run), was_open, is_open)


def _run_lengths(side: Mask, here: Longs, start: Longs, carried: Longs) -> Longs:
    """(readings,): how many readings in a row are on this side of the limit, up to each."""
    other = np.maximum.accumulate(np.where(side, -1, here))
    lengths: Longs = np.where(other >= start, here - other, here - start + 1 + carried)
    return lengths


def _windows(
    values: dict[str, Longs], places: Longs, row: Longs, start: Longs, memory: Table
) -> dict[str, Longs]:
    """Of each value (places, SUCCESSIVE): that of the reading there and those before, oldest first.

    values, row, start: (readings,), as in _Runs; what came before them is in the animal's memory.
    """
    if not len(places):
        return {}
    back = np.arange(SUCCESSIVE - 1, -1, -1)
    earlier = places[:, None] - back
    missing = start[places][:, None] - earlier  # > 0: so many places into the memory, from its end
    inside = missing <= 0
    whole = inside.all()
    windows = {}
    for name, array in values.items():
        window = array[np.maximum(earlier, 0)]
        if not whole:
            outside = memory[name][row[places][:, None], SUCCESSIVE - np.maximum(missing, 1)]
            window = np.where(inside, window, outside)
        windows[name] = window
    return windows


def _change(found: BodyTemperature, runs: _Runs, window: dict[str, Longs], place: int) -> Change:
    begins = bool(runs.is_open[place])
    return Change(
        phase=Phase.ONSET if begins else Phase.END,
        row=int(found.row[place]),
        reading=int(found.reading[place]),
        onset_us=int(window["at_us"][0]) if begins else 0,
        evidence=_measured(window),
    )


def _measured(window: dict[str, Longs]) -> tuple[Measured, ...]:
    return tuple(
        Measured(SIGNAL, "Cel", at_us, value / 100, limit / 100)
        for at_us, value, limit in zip(
            window["at_us"].tolist(),
            window["centi_c"].tolist(),
            window["limit_centi_c"].tolist(),
            strict=True,
        )
        if at_us != NEVER
    )
