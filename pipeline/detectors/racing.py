"""Animals that race, by heart or by leg: each held against her own last readings. Pure."""

from collections.abc import Mapping

import numpy as np

from pipeline.detectors import successive
from pipeline.detectors.base import Spec
from pipeline.detectors.successive import Window
from pipeline.features import Signals
from pipeline.geo import Floats, is_place, metres_between
from pipeline.tables import NEVER, Column, Longs, Mask, Table

HEART, LATITUDE, LONGITUDE = "heart_rate_bpm", "latitude", "longitude"
READINGS_KEPT = 7  # the newest, and six that her heart is held against
BEATS_MIN = 3  # of those: the middle of fewer is no measure
NO_BEATS = 2**31
MICRO = 1_000_000  # degrees are kept in millionths
SECOND_US = 1_000_000
FAR_GAP_US = 20 * 60 * SECOND_US  # fixes further apart say nothing of speed
MEMORY: Mapping[str, Column] = {
    "at_us": Column("int64", (READINGS_KEPT,), NEVER),
    "beats": Column("int32", (READINGS_KEPT,)),  # hundredths of a beat a minute, 0 = none
    "north": Column("int32", (READINGS_KEPT,)),  # millionths of a degree; 0 and 0 = no fix
    "east": Column("int32", (READINGS_KEPT,)),
}


def racing(signals: Signals, spec: Spec, memory: Table) -> Mask:
    """(readings,): whose heart or way says that she races; moves on what is kept of animals."""
    found = np.zeros(len(signals.row), np.bool_)
    beats = signals.column(HEART)
    north, east = signals.column(LATITUDE), signals.column(LONGITUDE)
    placed = is_place(north, east)
    taken = np.nonzero(np.isfinite(beats) | placed)[0]
    if not len(taken):
        return found
    row, occurred_us = signals.row[taken], signals.occurred_us[taken]
    order = successive.in_time_order(row, occurred_us, memory["at_us"][:, -1])
    if not len(order):
        return found
    chosen = taken[order]
    course = successive.course_of(signals.reading[chosen], row[order], occurred_us[order])
    fix = placed[chosen]
    values = {
        "at_us": course.occurred_us,
        "beats": np.rint(np.nan_to_num(beats[chosen]).clip(0, 1e6) * 100).astype(np.int64),
        "north": np.where(fix, np.rint(north[chosen] * MICRO), 0).astype(np.int64),
        "east": np.where(fix, np.rint(east[chosen] * MICRO), 0).astype(np.int64),
    }
    window = successive.windows(course, values, np.arange(len(chosen)), memory)
    for name, array in window.items():
        memory[name][course.row[course.last]] = array[course.last]
    found[chosen] = _by_heart(window["beats"], spec.value("heart_factor")) | _by_way(
        window, spec.value("speed_m_s"), spec.value("way_m")
    )
    return found


def _by_heart(beats: Longs, factor: float) -> Mask:
    """(readings,): whose heart beats so much faster than in the middle of those before."""
    fast = beats[:, -1] > 0
    found = np.zeros(len(beats), np.bool_)
    before = np.where(beats[:, :-1] > 0, beats[:, :-1], NO_BEATS)
    before.sort(axis=1)
    known = (before < NO_BEATS).sum(axis=1)
    middle = before[np.arange(len(before)), np.maximum(known - 1, 0) // 2]
    found[:] = fast & (known >= BEATS_MIN)
    found &= beats[:, -1] >= factor * middle
    return found


def _by_way(window: Window, speed_m_s: float, way_m: float) -> Mask:
    """(readings,): who came faster from her last fix than a walk, and further than a jump."""
    at_us, north, east = window["at_us"], window["north"] / MICRO, window["east"] / MICRO
    fix = is_place(north, east)
    apart_us = at_us[:, -1] - at_us[:, -2]
    metres: Floats = metres_between(north[:, -2], east[:, -2], north[:, -1], east[:, -1])
    known = fix[:, -1] & fix[:, -2] & (at_us[:, -2] != NEVER) & (apart_us <= FAR_GAP_US)
    fast = metres >= speed_m_s * apart_us / SECOND_US
    runs: Mask = known & fast & (metres >= way_m)
    return runs
