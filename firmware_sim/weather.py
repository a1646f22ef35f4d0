"""A farm's air, minute by minute: seasons, fronts, days and heat waves, by the calendar. Pure.

A northern temperate farm on about ten degrees east: its warmest minute is 14:00 UTC, its warmest
weeks are in July. What decides: fronts of some days, a day's swing that is small under clouds and
large under a clear sky, and heat waves of June to August. Sizes are ours, after Central Europe.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

import numpy as np

from firmware_sim.draws import Floats, drawn_from, line

DAY_S = 86_400
YEAR_MEAN_C, SEASON_C = 10.5, 8.5
WARMEST_DAY = 202  # of the year, 21 July
WARMEST_S = 14 * 3600  # of the day, UTC
FRONT_DAYS, FRONT_C = 3.0, 3.6
HEAT_WAVES_A_YEAR = (1, 3)
HEAT_WAVE_FROM_DAYS = (158, 232)  # of the year
HEAT_WAVE_DAYS = (3.0, 7.0)
RARE_C = 32.0  # above it heat rises with difficulty: evaporation, and the sea's reach
HEAT_WAVE_C = (5.0, 8.5)


@dataclass(frozen=True, slots=True)
class Air:
    """(times,) each: degrees, and per cent of relative humidity."""

    ambient_c: Floats
    humidity_pct: Floats


def air_at(herd: str, times_s: Floats) -> Air:
    """The air of the farm with that seed at these times (seconds since 1970), (times,)."""
    days = times_s / DAY_S
    year_day = (days - 0.25) % 365.2425
    own_c = drawn_from(herd, "climate").normal(0.0, 1.0)
    season_c = SEASON_C * np.cos((year_day - WARMEST_DAY) * (2 * np.pi / 365.2425))
    front = line(herd, "front", days / FRONT_DAYS)
    heat_c = _heat_wave_c(herd, times_s)
    clear = 0.5 + 0.5 * np.tanh(line(herd, "clear", days / 1.5)) + 0.04 * heat_c
    swing_c = (2.0 + 0.15 * (season_c + SEASON_C)) * (0.5 + clear)
    mean_c = YEAR_MEAN_C + own_c + season_c + FRONT_C * front + heat_c
    at = (times_s - WARMEST_S) * (2 * np.pi / DAY_S)
    ambient_c = mean_c + swing_c * (np.cos(at) + 0.15 * np.cos(2 * at))
    ambient_c -= 0.6 * np.maximum(ambient_c - RARE_C, 0.0)
    # dew falls at the coolest hour; a heat wave's air has come from dry land
    dew_c = mean_c - 0.45 * heat_c - swing_c - 1.0 + 1.5 * line(herd, "dew", days / 2.0)
    dew_c = np.minimum(dew_c, ambient_c - 0.3)
    humidity = 100 * np.exp(_magnus(dew_c) - _magnus(ambient_c))
    return Air(ambient_c, humidity.clip(15.0, 100.0))


def thi_of(ambient_c: Floats, humidity_pct: Floats) -> Floats:
    """The temperature-humidity index, as `ambient_c`. Source: NRC 1971; mild stress from 68 on."""
    warm = 1.8 * ambient_c
    found: Floats = (warm + 32) - (0.55 - 0.0055 * humidity_pct) * (warm - 26)
    return found


def _magnus(celsius: Floats) -> Floats:
    found: Floats = 17.62 * celsius / (243.12 + celsius)
    return found


def _heat_wave_c(herd: str, times_s: Floats) -> Floats:
    """Degrees that heat waves add; they come and go within a day."""
    added = np.zeros(len(times_s))
    years = {datetime.fromtimestamp(at, UTC).year for at in (times_s.min(), times_s.max())}
    for year in range(min(years), max(years) + 1):
        for from_s, until_s, heat_c in _heat_waves(herd, year):
            ramp = np.minimum(times_s - from_s, until_s - times_s) / DAY_S
            np.maximum(added, heat_c * ramp.clip(0.0, 1.0), out=added)
    return added


@lru_cache(maxsize=256)
def _heat_waves(herd: str, year: int) -> tuple[tuple[float, float, float], ...]:
    """Begin and end (seconds since 1970) and height of a year's heat waves."""
    rng = drawn_from(herd, "heat waves", year)
    new_year_s = datetime(year, 1, 1, tzinfo=UTC).timestamp()
    low, high = HEAT_WAVES_A_YEAR
    found = []
    for _ in range(int(rng.integers(low, high + 1))):
        from_s = new_year_s + DAY_S * rng.uniform(*HEAT_WAVE_FROM_DAYS)
        until_s = from_s + DAY_S * rng.uniform(*HEAT_WAVE_DAYS)
        found.append((from_s, until_s, float(rng.uniform(*HEAT_WAVE_C))))
    return tuple(found)
