"""An animal's ordinary day, as a pure function of her seed and the time; a fever laid over it.

Temperature follows Wrenn 1961 and Piccione 2003: two troughs and two peaks a day over an own mean
near 38.6 °C, and a faster wave of about 90 minutes. Behaviour follows the sun: cattle eat at dawn
and dusk and ruminate and lie at night. Ours: the shapes between those figures.
"""

import hashlib
import math
from dataclasses import dataclass
from datetime import datetime, timedelta

MEAN_C = 38.6
MEAN_SPREAD_C = 0.15  # between animals
DAY_WAVE_C = 0.20  # one peak in the evening
HALF_DAY_WAVE_C = 0.18  # and a second one: most daily curves have two
FAST_WAVE_C = 0.11  # about 90 minutes long
FAST_WAVE_S = 5400
NOISE_C = 0.05
DAY_S = 86_400
EVENING_PEAK_S = 18 * 3600
MORNING_PEAK_S = 6 * 3600

RUMINATION_SHARE = 0.33  # 8 h a day
EATING_SHARE = 0.22  # 5.3 h a day
LYING_SHARE = 0.48  # 11.5 h a day
BEHAVIOUR_NOISE = 0.3
STEPS_PER_MINUTE = 1.6
LYING_BOUTS_PER_HOUR = 0.45


@dataclass(frozen=True, slots=True)
class Fever:
    """A fever laid over her day: rises over `rise`, stays `raise_c` above, until `ends_at`."""

    begins_at: datetime
    raise_c: float = 2.2
    rise: timedelta = timedelta(0)
    ends_at: datetime | None = None

    def raised_c(self, at: datetime) -> float:
        """Degrees above her usual temperature at `at`."""
        if at < self.begins_at or (self.ends_at is not None and at >= self.ends_at):
            return 0.0
        if not self.rise:
            return self.raise_c
        return self.raise_c * min(1.0, (at - self.begins_at) / self.rise)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """What her collar reads over the last `interval_s`; minutes and counts cover it."""

    temperature_c: float
    rumination_minutes: float
    eating_minutes: float
    lying_minutes: float
    lying_bouts: float
    steps: float
    activity: float


@dataclass(frozen=True, slots=True)
class Animal:
    """One animal: the same seed and time give the same measures, on every machine."""

    seed: str

    def measures(self, at: datetime, interval_s: int, fever: Fever | None = None) -> Measures:
        """What a collar with a rumen bolus reads at `at` (aware UTC)."""
        day_s = at.timestamp() % DAY_S
        raised_c = fever.raised_c(at) if fever is not None else 0.0
        night = (1 + math.cos(2 * math.pi * day_s / DAY_S)) / 2  # 1 at midnight, 0 at noon
        meals = (1 - math.cos(4 * math.pi * day_s / DAY_S)) / 2  # 1 at six and at eighteen
        # a feverish animal eats and ruminates less: the first thing a herdsman sees
        appetite = max(0.2, 1 - 0.35 * raised_c)
        minutes = interval_s / 60
        lying = self._share("lie", at, LYING_SHARE * (0.6 + 0.8 * night))
        eating = self._share("eat", at, EATING_SHARE * appetite * (0.3 + 1.4 * meals))
        eating = min(eating, 1 - lying)  # she stands to eat
        rumination = self._share("chew", at, RUMINATION_SHARE * appetite * (0.7 + 0.6 * night))
        rumination = min(rumination, 1 - eating)
        steps = STEPS_PER_MINUTE * (1 - lying) * minutes * (1 + self._noise("walk", at))
        return Measures(
            temperature_c=round(self._usual_c(at, day_s) + raised_c, 2),
            rumination_minutes=round(rumination * minutes, 2),
            eating_minutes=round(eating * minutes, 2),
            lying_minutes=round(lying * minutes, 2),
            lying_bouts=float(self._unit("bout", at) < LYING_BOUTS_PER_HOUR * minutes / 60),
            steps=float(max(0, round(steps))),
            activity=round(max(0.0, steps * 0.8 + eating * minutes * 2), 1),
        )

    def _usual_c(self, at: datetime, day_s: float) -> float:
        own_c = MEAN_C + MEAN_SPREAD_C * self._fixed("mean")
        phase_s = 3600 * self._fixed("phase")  # she keeps her own hours
        day = math.cos(2 * math.pi * (day_s - EVENING_PEAK_S - phase_s) / DAY_S)
        half = math.cos(4 * math.pi * (day_s - MORNING_PEAK_S - phase_s) / DAY_S)
        fast = math.sin(2 * math.pi * (at.timestamp() % FAST_WAVE_S) / FAST_WAVE_S + phase_s)
        waves_c = DAY_WAVE_C * day + HALF_DAY_WAVE_C * half + FAST_WAVE_C * fast
        return own_c + waves_c + NOISE_C * self._noise("temperature", at)

    def _share(self, what: str, at: datetime, usual: float) -> float:
        return min(1.0, max(0.0, usual * (1 + BEHAVIOUR_NOISE * self._noise(what, at))))

    def _fixed(self, what: str) -> float:
        return 2 * _unit(f"{self.seed}/{what}") - 1

    def _noise(self, what: str, at: datetime) -> float:
        """In -1 … 1, the same for the same second."""
        return 2 * self._unit(what, at) - 1

    def _unit(self, what: str, at: datetime) -> float:
        return _unit(f"{self.seed}/{what}/{int(at.timestamp())}")


def _unit(text: str) -> float:
    """A number in 0 … 1 that only the text decides: no random state to carry or to seed."""
    digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64
