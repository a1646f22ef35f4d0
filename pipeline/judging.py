"""Readings judged one by one: what detectors may ask of them, and each farm's by its own limits."""

from dataclasses import replace

import numpy as np

from contracts.columns import ReadingColumns
from pipeline.detectors.base import ByReading, Change
from pipeline.features import Signals, signals
from pipeline.state import PartitionState
from pipeline.tables import Longs, Mask
from pipeline.tuning import Forms


def signals_of(
    state: PartitionState, readings: ReadingColumns, judged: Longs, rows: Longs
) -> Signals:
    """The signals of the readings at the indices `judged`; rows: (judged,), of their animals."""
    outside_m = state.fences.of_readings(
        state.animals.farm_of(rows),
        state.farms.find,
        state.group_of,
        rows,
        (readings.floats["latitude"][judged], readings.floats["longitude"][judged]),
    )
    farm_rows = state.farm_rows_of(rows)
    return signals(readings, judged, rows, state.baselines, farm_rows, outside_m)


def parts_by_farm(state: PartitionState, rows: Longs) -> list[tuple[Forms, Mask | None]]:
    """Detectors, and (rows,) whom they judge (None = all): farms with limits of their own apart."""
    tuning = state.tuning
    if not tuning.farms:
        return [(tuning.common, None)]
    farms, others = state.animals.farm_of(rows), np.ones(len(rows), np.bool_)
    parts: list[tuple[Forms, Mask | None]] = []
    for farm_id in tuning.farms:
        here: Mask = farms == state.farms.find(farm_id.encode())
        if here.any():
            parts.append((tuning.of(farm_id), here))
            others &= ~here
    return [(tuning.common, others), *parts]


def changes_by_reading(state: PartitionState, found: Signals) -> list[tuple[Change, ByReading]]:
    """What the detectors of readings say of them; not in the order of the log yet."""
    changes: list[tuple[Change, ByReading]] = []
    for forms, kept in parts_by_farm(state, found.row):
        some = found if kept is None else _only(found, kept)
        for detector in forms.by_reading:
            judged = detector.judge(some, state.memories[detector.spec.name])
            changes += [(change, detector) for change in judged]
    return changes


def _only(found: Signals, kept: Mask) -> Signals:
    """The signals of some of the readings; kept: (readings,)."""
    body = found.body_temperature
    warm = np.isin(body.reading, found.reading[kept])
    return replace(
        found,
        body_temperature=replace(
            body, **{name: getattr(body, name)[warm] for name in body.__slots__}
        ),
        reading=found.reading[kept],
        row=found.row[kept],
        farm_row=None if found.farm_row is None else found.farm_row[kept],
        outside_m=None if found.outside_m is None else found.outside_m[kept],
    )
