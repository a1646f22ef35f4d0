"""Signs of illness weighed together: how much each measured signal speaks for an illness.

Problem: a healthy day of one signal varies by an eighth to a third, so a mild illness drowns in
each of them alone, while several that fall together seldom do so by chance; and no two farms
measure the same. Approach: of each signal the distance from her own usual, the herd's change taken
off, in standard deviations of a healthy day; a log-likelihood ratio of it (ill animals are
`shift_sd` off in the mean), bounded on both sides; the sum, with the prior, is the log odds. What
is not measured adds nothing. Each signal is looked at over a day and over two: a sudden fall shows
in the first, a slow one in the second, which varies less. Rejected: logistic weights fitted to
simulated herds, which would fit the simulator; deviations of single hours, which hang together.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from pipeline.detectors.base import Limit, Measured, Spec
from pipeline.herd_hour import NO_BASELINE, NOT_MEASURED, TOO_FEW_HOURS, Floats, HerdHour
from pipeline.signals import TEMPERATURE
from pipeline.tables import Mask

DAY_HOURS, LONG_HOURS, WARM_HOURS = 24, 48, 12
TREATED_HOURS = 36.0  # so long a vaccination may warm her: 0.5 to 1.0 °C for a day (recalled)
# simulated healthy herds: the ratio of two days varies 0.68 to 0.8 as much as that of one, and
# that of a day 0.9 as much as if its hours were independent (docs/detectors.md)
LONG_SD, WARM_DAY_SD, SPREAD_SHARE = 0.72, 0.8, 0.9
MOVING_SPREAD_SHARE = 1.4  # an animal that moves much moves much all day
# log likelihood: a signal as usual takes off no more than one that spoke a little; one alone,
# however far off, may be a slipped sensor and needs all others to be silent
WEIGHT_MIN, WEIGHT_MAX = -0.5, 6.0
WARM_WEIGHT_MAX = 9.0  # a bolus does not slip: a clear fever speaks alone
RESTLESS_SD, RESTLESS_WEIGHT_MIN = 1.0, -5.0  # far more active than usual: in oestrus, not ill
# a herd that does more than usual: days stray by so much; growing calves ruminate half as much
# again, and who does not yet is not ill
HERD_UP_MAX = 1.1
EVIDENCE_WEIGHT_MIN = 0.5  # what weighs less is not named


@dataclass(frozen=True, slots=True)
class Sign:
    """A signal that illness moves. direction: -1 = it falls. sd_pct: the name of the limit that
    holds its healthy standard deviation. instead_of: looked at only where that is not measured.
    spread_share: by how much a day of hers varies, of what her hours would if independent.
    """

    signal: str
    unit: str
    direction: int
    sd_pct: str
    instead_of: str | None = None
    spread_share: float = SPREAD_SHARE


RUMINATION = Sign("rumination_minutes", "min", -1, "rumination_sd_pct")
EATING = Sign("eating_minutes", "min", -1, "eating_sd_pct")
ACTIVITY = Sign("activity", "1", -1, "activity_sd_pct", None, MOVING_SPREAD_SHARE)
STEPS = Sign("steps", "1", -1, "steps_sd_pct", "activity", MOVING_SPREAD_SHARE)
LYING = Sign("lying_minutes", "min", 1, "lying_sd_pct")
DRINKING = Sign("drinking_minutes", "min", -1, "drinking_sd_pct")
SIGNS = (RUMINATION, EATING, ACTIVITY, STEPS, LYING, DRINKING)

MEDIANS = (
    *((one.signal, hours) for one in SIGNS for hours in (DAY_HOURS, LONG_HOURS)),
    *((TEMPERATURE, hours) for hours in (WARM_HOURS, DAY_HOURS)),
)
LIMITS = (
    Limit(
        "prior_fresh_pct",
        1.5,
        "%",
        "fall ill a day, 1 to 40 days in milk: metritis 19 %, ketosis 8 to 13 %, retained placenta "
        "7 to 10 % of calvings (Bar & Ezra 2005), most within three weeks",
    ),
    Limit(
        "prior_settled_pct",
        0.1,
        "%",
        "fall ill a day, later: mastitis 25 to 40 per 100 cow-years (recalled)",
    ),
    Limit("prior_pct", 0.3, "%", "fall ill a day, where no calving is known: between both; ours"),
    Limit("fresh_days", 40.0, "d", "ketosis to 25, most of the rest before (Stangaferro); ours"),
    Limit("shift_sd", 2.5, "1", "ketosis -15 to -30 % of rumination, an eighth the SD; ours"),
    Limit("rumination_sd_pct", 12.0, "%", "516 ± 91 min between and within (Johnston 2018); ours"),
    Limit("eating_sd_pct", 18.0, "%", "221 min a day, within 39 (159 cows, computed)"),
    Limit("activity_sd_pct", 12.0, "%", "ours: simulated healthy herds"),
    Limit("steps_sd_pct", 24.0, "%", "4269 ± 1332 a day on range (22 cows, computed); ours"),
    Limit("lying_sd_pct", 12.0, "%", "8.98 h a day, within 1.6 (22 cows, computed); ours"),
    Limit("drinking_sd_pct", 30.0, "%", "12 ± 5 visits a day (159 cows, computed); ours"),
    Limit(
        "temperature_sd_c",
        0.22,
        "Cel",
        "day to day 0.10 to 0.15 °C, sensor 0.05 to 0.1; half a day varies more; ours",
    ),
)


@dataclass(frozen=True, slots=True)
class Spoken:
    """What one signal says, all (animals,). weight: log likelihood ratio, 0 = not judged.

    hours: of the window that spoke. value, usual: over that window, minutes and counts a day.
    speaks_from: the value from which on it speaks for an illness.
    """

    signal: str
    unit: str
    weight: Floats
    hours: Floats
    value: Floats
    usual: Floats
    speaks_from: Floats


@dataclass(frozen=True, slots=True)
class Fused:
    """All signals together. logit: log odds that she is ill, NaN = nothing could be judged.

    warm_c: over her usual and the herd's change, the higher of half a day and a day; NaN = not
    judged. fall: the share by which the day's rumination, or eating where that is not measured,
    lies under usual; NaN as well.
    """

    logit: Floats
    warm_c: Floats
    fall: Floats
    spoken: tuple[Spoken, ...]
    why_not: list[str | None]


@dataclass(frozen=True, slots=True)
class _Weighed:
    """Under which limits the signs of an hour were weighed."""

    values: tuple[float, ...]


def fuse(herd: HerdHour, spec: Spec) -> Fused:
    """The evidence of one hour, with the limits of a detector's card.

    Weighed once for all detectors with the same limits: it is nearly all that they cost.
    """
    key = _Weighed(tuple(spec.value(one.name) for one in LIMITS))
    return herd.shared(key, lambda: _weigh(herd, spec))


def _weigh(herd: HerdHour, spec: Spec) -> Fused:
    reasons: list[list[str | None]] = []
    spoken: list[Spoken] = []
    logit = _prior(herd, spec)
    any_judged = np.zeros(len(herd.rows), np.bool_)
    fall = np.full(len(herd.rows), np.nan)
    for sign in SIGNS:
        off, one = _of_sign(herd, spec, sign)
        reasons.append(herd.window(sign.signal, DAY_HOURS).why_not)
        any_judged |= np.isfinite(off)
        spoken.append(one)
        logit += one.weight
        if sign in (RUMINATION, EATING):
            fall = np.where(np.isfinite(fall), fall, off)
    warm_c, warmth = _of_warmth(herd, spec)
    reasons.append(herd.warmth(WARM_HOURS).why_not)
    any_judged |= np.isfinite(warm_c)
    logit += warmth.weight
    return Fused(
        np.where(any_judged, logit, np.nan),
        warm_c,
        fall,
        (*spoken, warmth),
        _first_reason(reasons, any_judged),
    )


def score_of(logit: Floats) -> Floats:
    """(animals,): 0 to 100, the odds as a share; NaN stays."""
    found: Floats = np.round(100.0 / (1.0 + np.exp(-np.clip(logit, -30.0, 30.0))), 1)
    return found


def evidence_of(fused: Fused, place: int, at_us: int) -> tuple[Measured, ...]:
    """The signals that speak for it, the strongest first; minutes and counts a day."""
    strong = [one for one in fused.spoken if one.weight[place] >= EVIDENCE_WEIGHT_MIN]
    strong.sort(key=lambda one: (-float(one.weight[place]), one.signal))
    return tuple(
        Measured(
            one.signal,
            one.unit,
            at_us,
            round(float(one.value[place]), 1),
            round(float(one.speaks_from[place]), 1),
            round(float(one.usual[place]), 1),
        )
        for one in strong
    )


def _of_sign(herd: HerdHour, spec: Spec, sign: Sign) -> tuple[Floats, Spoken]:
    """The share of the day by which she is off in the sign's direction, and what it says."""
    sd = spec.value(sign.sd_pct) / 100.0
    spread = np.nan_to_num(herd.spread(sign.signal, DAY_HOURS))
    sd_day = np.maximum(sd, sign.spread_share * spread)
    candidates = []
    for hours, sd_hours in ((DAY_HOURS, sd_day), (LONG_HOURS, sd_day * LONG_SD)):
        window = herd.window(sign.signal, hours)
        others = herd.pen_ratio(sign.signal, hours)
        up, down = np.minimum(others, HERD_UP_MAX), np.maximum(others, 1.0 / HERD_UP_MAX)
        others = up if sign.direction < 0 else down
        off = sign.direction * (window.ratio / others - 1.0)
        a_day = DAY_HOURS / hours
        speaks_from = window.usual * others * (1.0 + sign.direction * _from(spec) * sd_hours)
        candidates.append(
            (off / sd_hours, hours, window.value * a_day, window.usual * a_day, speaks_from * a_day)
        )
    if sign.instead_of is not None:
        other = np.isfinite(herd.window(sign.instead_of, DAY_HOURS).ratio)
        candidates = [(np.where(other, np.nan, c[0]), *c[1:]) for c in candidates]
    off_day = candidates[0][0] * sd_day
    spoken = _stronger(sign.signal, sign.unit, candidates, spec, WEIGHT_MAX)
    if sign in (ACTIVITY, STEPS):
        restless = np.nan_to_num(candidates[0][0]) + RESTLESS_SD
        weight = spoken.weight + np.clip(
            spec.value("shift_sd") * restless, RESTLESS_WEIGHT_MIN, 0.0
        )
        spoken = replace(spoken, weight=weight)
    return off_day, spoken


def _of_warmth(herd: HerdHour, spec: Spec) -> tuple[Floats, Spoken]:
    sd, warm = spec.value("temperature_sd_c"), np.full(len(herd.rows), np.nan)
    treated = herd.life.hours_since_treatment < TREATED_HOURS
    candidates = []
    for hours, sd_hours in ((WARM_HOURS, sd), (DAY_HOURS, sd * WARM_DAY_SD)):
        found = herd.warmth(hours)
        others_c = herd.pen_over_c(hours)
        over = np.where(treated, np.nan, found.over_c - others_c)
        warm = np.fmax(warm, over)
        usual = found.mean_c - found.over_c
        candidates.append(
            (over / sd_hours, hours, found.mean_c, usual, usual + others_c + _from(spec) * sd_hours)
        )
    return warm, _stronger(TEMPERATURE, "Cel", candidates, spec, WARM_WEIGHT_MAX)


Candidate = tuple[Floats, int, Floats, Floats, Floats]  # distance in SD, hours, value, usual, from


def _stronger(
    signal: str,
    unit: str,
    candidates: Sequence[Candidate],
    spec: Spec,
    weight_max: float,
) -> Spoken:
    """Of two windows the one that lies further off."""
    (off, hours, *first), (other_off, other_hours, *second) = candidates
    takes_other: Mask = np.nan_to_num(other_off, nan=-np.inf) > np.nan_to_num(off, nan=-np.inf)
    sds = np.fmax(off, other_off)
    shift = spec.value("shift_sd")
    weight = np.clip(shift * (sds - shift / 2.0), WEIGHT_MIN, weight_max)
    value, usual, speaks_from = (
        np.where(takes_other, b, a) for a, b in zip(first, second, strict=True)
    )
    return Spoken(
        signal,
        unit,
        np.where(np.isfinite(sds), weight, 0.0),
        np.where(takes_other, other_hours, hours).astype(np.float64),
        value,
        usual,
        speaks_from,
    )


def _from(spec: Spec) -> float:
    """Standard deviations from which on a signal speaks for an illness."""
    return spec.value("shift_sd") / 2.0


def _prior(herd: HerdHour, spec: Spec) -> Floats:
    """(animals,): log odds of falling ill, before anything is measured: fresh cows do so most."""
    days = herd.life.days_in_milk
    lately = np.where(
        days <= spec.value("fresh_days"),
        spec.value("prior_fresh_pct"),
        spec.value("prior_settled_pct"),
    )
    share = np.where(np.isfinite(days), lately, spec.value("prior_pct")) / 100.0
    found: Floats = np.log(share / (1.0 - share))
    return found


def _first_reason(reasons: list[list[str | None]], judged: Mask) -> list[str | None]:
    """(animals,): of who was not judged, the reason that will pass first."""
    found: list[str | None] = [None] * len(judged)
    for place in np.nonzero(~judged)[0].tolist():
        hers = {one[place] for one in reasons}
        found[place] = next(
            (one for one in (NO_BASELINE, TOO_FEW_HOURS) if one in hers), NOT_MEASURED
        )
    return found
