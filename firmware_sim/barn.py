"""What a day brings to a whole herd: feed, milking, weather, and now and then an odd day. Pure.

Problem: what moves all of them at once (late feed, warm air, a restless barn) must not look like
an illness of each; so it has to happen, on days that nobody chose.
Approach: a day is drawn for the herd once and kept for all its animals. Range and calf pen have
hours of their own: grazing at dawn and dusk (Kilgour 2012, recalled), milk twice a day.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from firmware_sim.draws import Floats, drawn_from
from firmware_sim.effects import DAY_MINUTES
from firmware_sim.stage import Kind
from firmware_sim.weather import DAY_S, Air, air_at, thi_of

DAY_BEGINS_S = 4 * 3600  # the morning milking, 04:00 UTC
NIGHT_MIDDLE = 1260  # 01:00 UTC
LATE_FEED_SHARE = 0.05  # of the days: a mixer wagon that broke down
UNREST_SHARE = 0.03  # pen moved, hooves trimmed, vet in the barn
UNREST_MINUTES = 240
THI_STRAIN = 68.0  # mild heat stress begins
HEAT_LASTS_MINUTES = 150  # warm air acts on a body of 600 kg so much later
HEAT_STEP = 10
MINUTES = np.arange(DAY_MINUTES)
NIGHT = np.cos((MINUTES - NIGHT_MIDDLE) * (2 * np.pi / DAY_MINUTES))  # 1 at its middle

# minute, how much it calls, minutes in which the call fades
_FEEDS = {
    Kind.DAIRY: ((60, 1.9, 60.0), (330, 0.7, 50.0), (750, 1.7, 60.0), (990, 0.8, 50.0)),
    Kind.CALF: ((25, 2.6, 12.0), (690, 2.6, 12.0), (120, 0.8, 60.0), (800, 0.8, 60.0)),
}
# middle and width of a grazing time, how much it calls
_GRAZINGS = ((95, 85.0, 1.7), (470, 70.0, 0.7), (850, 110.0, 2.0), (1210, 50.0, 0.3))


@dataclass(frozen=True, slots=True, kw_only=True)
class BarnDay:
    """What a day brings to all: factors on minutes, drinks and movement.

    warmer_c: of all day. feed_late_minutes: the first feed comes later. unrest_from: minute of
    the day from which the herd is disturbed for UNREST_MINUTES, or None. (1440,) each: feed, how
    much it calls; strain, THI units over 68 that a body feels; the air's ambient_c, humidity_pct.
    """

    eating: float
    rumination: float
    lying: float
    drinks: float
    movement: float
    warmer_c: float
    feed: Floats
    strain: Floats
    ambient_c: Floats
    humidity_pct: Floats
    feed_late_minutes: int = 0
    unrest_from: int | None = None


@lru_cache(maxsize=256)  # 10 MB; a herd's animals ask for the same days
def barn_day(herd: str, number: int, kind: Kind = Kind.DAIRY, ahead_s: float = 0.0) -> BarnDay:
    """The day with that number in the herd with that seed: most are ordinary, some are odd.

    ahead_s: by how much the farm's clock is ahead; its day comes so much earlier, the sun not.
    """
    rng = drawn_from(herd, "barn", number)
    own = rng.standard_normal(5).clip(-2.6, 2.6).tolist()
    odd = rng.random() if kind is not Kind.BEEF else 1.0
    late = int(rng.integers(60, 180)) if odd < LATE_FEED_SHARE else 0
    unrest = LATE_FEED_SHARE <= odd < LATE_FEED_SHARE + UNREST_SHARE
    air, thi = _weather(herd, DAY_BEGINS_S + number * DAY_S - ahead_s)
    # by units of a day's mean THI (Cook 2007: lying 10.9 h at 56, 7.9 h at 74, drinking 0.3 and
    # 0.5 h; rumination -2 … -3 min a unit over 72, recalled)
    over_62, over_66 = max(0.0, float(thi.mean()) - 62), max(0.0, float(thi.mean()) - 66)
    return BarnDay(
        eating=(1 + 0.07 * own[0]) * max(0.6, 1 - 0.012 * over_66),
        rumination=(1 + 0.035 * own[1]) * max(0.6, 1 - 0.010 * over_66),
        lying=(1 + 0.03 * own[2]) * max(0.55, 1 - 0.023 * over_62),
        drinks=(1 + 0.05 * own[4]) * (1 + 0.055 * over_62),
        movement=1 + 0.06 * own[3],
        warmer_c=0.04 * own[4],
        feed=_feed(kind, late),
        strain=np.maximum(thi - THI_STRAIN, 0.0),
        ambient_c=air.ambient_c,
        humidity_pct=air.humidity_pct,
        feed_late_minutes=late,
        unrest_from=int(rng.integers(120, 600)) if unrest else None,
    )


def _feed(kind: Kind, late: int) -> Floats:
    """How much feed calls: most when it is fresh, least in the second half of the night."""
    urge: Floats = -0.5 * np.cos((MINUTES - NIGHT_MIDDLE - 60) * (2 * np.pi / DAY_MINUTES))
    if kind is Kind.BEEF:
        for middle, width, call in _GRAZINGS:
            urge = urge + call * np.exp(-(((MINUTES - middle) / width) ** 2))
        return urge
    for place, (minute, call, fades) in enumerate(_FEEDS[kind]):
        since = MINUTES - minute - (late if place == 0 else 0)
        urge = urge + np.where(since >= 0, call * np.exp(-np.maximum(since, 0) / fades), 0.0)
    return urge


def _weather(herd: str, first_s: float) -> tuple[Air, Floats]:
    """(1440,) each: the air of a day that begins then, and its THI as a body feels it."""
    before = 6 * HEAT_LASTS_MINUTES
    minutes = np.arange(-before, DAY_MINUTES + HEAT_STEP, HEAT_STEP, dtype=np.float64)
    air = air_at(herd, first_s + 60 * minutes)
    felt = thi_of(air.ambient_c, air.humidity_pct)
    keeps = np.exp(-HEAT_STEP / HEAT_LASTS_MINUTES)
    for step in range(1, len(felt)):
        felt[step] = keeps * felt[step - 1] + (1 - keeps) * felt[step]
    ambient_c, humidity_pct, felt = (
        np.interp(MINUTES, minutes, one) for one in (air.ambient_c, air.humidity_pct, felt)
    )
    return Air(ambient_c, humidity_pct), felt
