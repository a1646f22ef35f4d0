"""How fast her heart beats, minute by minute. Pure.

At rest 60 to 80 a minute in a cow, 20 to 40 more when she walks, a little more when she eats or
stands, in warm air (5 to 8) and with a fever (about 10 a degree, recalled).
"""

import numpy as np

from firmware_sim.barn import MINUTES, BarnDay
from firmware_sim.day import Doing
from firmware_sim.draws import Floats, drawn_from, wave
from firmware_sim.effects import DAY_MINUTES, Effects
from firmware_sim.habits import Habits

STAND_BPM, EAT_BPM, CHEW_BPM, WALK_BPM = 4.0, 9.0, 3.0, 30.0
CALMS_MINUTES = 4.0  # in which a walk's beats fade
FEVER_BPM_PER_C, STRAIN_BPM = 9.0, 0.7  # STRAIN_BPM: a unit of THI over 68
HIGHEST_BPM = 240.0


def pulse_of(
    seed: str, number: int, own: Habits, barn: BarnDay, effects: Effects, does: Doing
) -> Floats:
    """(1440,): beats a minute."""
    rng = drawn_from(seed, "pulse", number)
    works = STAND_BPM * ~does.lying + EAT_BPM * does.eating + CHEW_BPM * does.ruminating
    bpm = own.heart_bpm + _fading(works + WALK_BPM * does.walking)
    bpm += 2.5 * wave(rng, DAY_MINUTES, 60) + 2.0 * rng.standard_normal(DAY_MINUTES)
    bpm += 2.0 * np.cos((MINUTES - 780) * (2 * np.pi / DAY_MINUTES))  # least at 05:00 UTC
    bpm += STRAIN_BPM * own.heat * barn.strain + FEVER_BPM_PER_C * effects.raised_c
    found: Floats = (bpm * effects.heart).clip(20.0, HIGHEST_BPM)
    return found


def _fading(bpm: Floats) -> Floats:
    """The same, up at once and down over minutes."""
    lasts = np.arange(int(4 * CALMS_MINUTES))
    shape = np.exp(-lasts / CALMS_MINUTES)
    found: Floats = np.convolve(bpm, shape / shape.sum())[:DAY_MINUTES]
    return found
