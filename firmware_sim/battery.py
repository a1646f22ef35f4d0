"""The voltage of a collar's battery: years of slow decline, then a knee of a fortnight. Pure."""

from firmware_sim.draws import Floats, drawn_from, line

FULL_V, KNEE_V, EMPTY_V = 3.65, 3.45, 2.8  # a lithium cell under a radio's load; ours
LIFE_DAYS = 1500.0
CHANGED_AT = 0.8  # of its life: before it is empty somebody puts a new one in
KNEE_DAYS = 14.0
DAY_S = 86_400
NOISE_V = 0.008


def battery_v(seed: str, times_s: Floats, empty_at_s: float | None = None) -> Floats:
    """(times,): of the collar with that seed; without an end it is somewhere in its years.

    empty_at_s: when it is empty (seconds since 1970); nothing of the knee shows before its days.
    """
    age = drawn_from(seed, "battery").uniform(0.0, CHANGED_AT)
    used = (age + times_s / (DAY_S * LIFE_DAYS)) % CHANGED_AT
    slow_v = FULL_V - (FULL_V - KNEE_V) * used
    noise_v = NOISE_V * line(seed, "battery", times_s / 7200.0)
    found = slow_v + noise_v
    if empty_at_s is not None:
        left = ((empty_at_s - times_s) / (DAY_S * KNEE_DAYS)).clip(0.0, 1.0)
        found = EMPTY_V + (found - EMPTY_V) * (1 - (1 - left) ** 2.5)
    return found
