"""How warm she is, minute by minute: in her core, in her rumen, at her ear. Pure.

Two peaks a day in most animals (Wrenn 1961), a wave of about 90 minutes over them (0.5 °C from
peak to trough in implanted cows), days that differ by a tenth of a degree, warm air that acts
hours later (Dikmen & Hansen 2009: 39.0 °C at 29.7 °C of air, 39.5 at 31.4). A rumen is warmer
and cooled by each drink; an ear follows the air (fitted to 520 readings of 30 cattle).
"""

import math

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from firmware_sim.barn import MINUTES, BarnDay
from firmware_sim.draws import Floats, line, wave
from firmware_sim.effects import DAY_MINUTES
from firmware_sim.habits import Habits

DAY_SPREAD_C = 0.14  # of the knots between which days lie; a day's mean spreads by 0.11
SENSOR_C = 0.05
EXERTION_C = 0.25  # of half an hour's walk
EXERTION_LASTS_MINUTES = 30
STRAIN_C, HARD_STRAIN_C, HARD_STRAIN = 0.03, 0.08, 8.0  # °C an unit of THI; from so many on
EAR_AT_0_C, EAR_BY_AIR, EAR_BY_CORE, EAR_CORE_C, EAR_SPREAD_C = 30.4, 0.17, 0.3, 38.9, 1.5
_AT = MINUTES * (2 * np.pi / DAY_MINUTES)
_CIRCLES = {times: (np.cos(times * _AT), np.sin(times * _AT)) for times in (1, 2)}


def resting_core_of(own: Habits, barn: BarnDay, rng: Generator) -> Floats:
    """(1440,): her core at each minute of a day of rest."""
    day = own.day_c * _turned(1, 3.7 - own.day_phase)  # highest at 18:00 UTC
    half_day = own.half_day_c * _turned(2, 1.0 - own.half_day_phase)
    turns = MINUTES * (2 * np.pi / rng.uniform(80, 100)) + rng.uniform(0, 6.28)
    fast = own.fast_c * np.sin(turns + 1.2 * wave(rng, DAY_MINUTES, 240))
    drift = 0.06 * wave(rng, DAY_MINUTES, 45)
    strain = own.heat * barn.strain
    hot = STRAIN_C * strain + HARD_STRAIN_C * np.maximum(strain - HARD_STRAIN, 0)
    warmth: Floats = own.core_c + barn.warmer_c + day + half_day + fast + drift + hot
    return warmth


def between_days_c(seed: str, number: int) -> Floats:
    """(1440,): by how much this day is warmer than others of hers; without a jump at its end."""
    return DAY_SPREAD_C * line(seed, "warmth", number + MINUTES / DAY_MINUTES)


def _turned(times: int, by: float) -> Floats:
    """(1440,): a cosine so many times a day, later by so many radians."""
    cosine, sine = _CIRCLES[times]
    found: Floats = math.cos(by) * cosine + math.sin(by) * sine
    return found


def rumen_of(own: Habits, core_c: Floats, cooling_c: Floats, rng: Generator) -> Floats:
    """(1440,): what her rumen bolus shows. cooling_c: (1440,), by the drinks of the last hours."""
    return core_c + own.rumen_over_c - cooling_c + SENSOR_C * rng.standard_normal(DAY_MINUTES)


def worn_core_of(core_c: Floats, rng: Generator) -> Floats:
    """(1440,): what a sensor in her core shows (implanted, or vaginal)."""
    return core_c + SENSOR_C * rng.standard_normal(DAY_MINUTES)


def ear_of(barn: BarnDay, core_c: Floats, rng: Generator) -> Floats:
    """(1440,): what an ear tag shows: mostly the air, blood flow, and where she holds her head."""
    moods = 1.2 * EAR_SPREAD_C * wave(rng, DAY_MINUTES, 40)
    shown = EAR_AT_0_C + EAR_BY_AIR * barn.ambient_c + EAR_BY_CORE * (core_c - EAR_CORE_C) + moods
    return np.minimum(shown + 0.2 * rng.standard_normal(DAY_MINUTES), core_c)


def exertion_c(walks: NDArray[np.bool_]) -> Floats:
    """(1440,): by how much walking warms her, in the half hour after it. walks: (1440,)."""
    total = np.concatenate([np.zeros(EXERTION_LASTS_MINUTES), np.cumsum(walks)])
    lately = total[EXERTION_LASTS_MINUTES:] - total[:DAY_MINUTES]
    found: Floats = EXERTION_C / EXERTION_LASTS_MINUTES * lately
    return found
