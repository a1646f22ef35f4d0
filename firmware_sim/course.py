"""A seeded course of a herd over weeks: who comes into heat, who falls ill, whose collar is lost.

Not every event is easy, since in no barn all are: magnitudes are log-normal, an eighth of the
heats is silent, mastitis has fever in 60 of 100 cases, metritis in half, ketosis never. Rates:
heat every 21 (18 to 24) days of animals that cycle; illness after science's incidences (per
calving metritis 19 %, ketosis 10 %; mastitis 25 to 40 per 100 cows and year), 0.2 % of animal
days together. Pure.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np
from numpy.random import Generator

from contracts.clock import iso
from contracts.detection import Condition
from contracts.ids import AnimalId
from firmware_sim.conditions import Course, Illness, Laid, Oestrus, Silence, Truth
from firmware_sim.draws import drawn_from

CYCLING_SHARE = 0.5  # of the herd: not pregnant, and some weeks past calving
CYCLE_DAYS, CYCLE_SPREAD_DAYS = 21.0, 1.4
SILENT_SHARE = 0.13  # of the heats: less than half more activity
SILENT_TIMES = 1.5  # activity at its height, times the usual, under which a heat is silent
OESTRUS_H, OESTRUS_SPREAD_H = 14.6, 3.5
ILLNESS_PER_DAY = 0.002  # of an animal
SILENCES_PER_DAY = 0.004
TRUTH_HEADER = "animal_id,condition,start,end"

# condition, its share of the illnesses, share with fever, mean fever °C, mean losses of
# rumination, eating and activity, mean days
_ILLNESSES = (
    (Condition.MASTITIS, 0.40, 0.60, 1.5, 0.35, 0.30, 0.15, 3.0),
    (Condition.METRITIS, 0.25, 0.50, 1.0, 0.17, 0.15, 0.10, 4.0),
    (Condition.KETOSIS, 0.20, 0.00, 0.0, 0.26, 0.25, 0.15, 5.0),
    (Condition.DISPLACED_ABOMASUM, 0.05, 0.10, 0.5, 0.55, 0.45, 0.25, 4.0),
    (Condition.ILLNESS, 0.10, 0.60, 1.4, 0.40, 0.35, 0.15, 3.0),
)


def draw_course(  # noqa: PLR0913  a seed, whom, when, how often what
    seed: str,
    animals: Sequence[AnimalId],
    since: datetime,
    until: datetime,
    *,
    illness_per_day: float = ILLNESS_PER_DAY,
    silences_per_day: float = SILENCES_PER_DAY,
    cycling_share: float = CYCLING_SHARE,
) -> Course:
    """What happens to these animals between the two times; each by her own draws."""
    conditions: dict[AnimalId, tuple[Laid, ...]] = {}
    for animal_id in animals:
        rng = drawn_from(seed, animal_id, "course")
        found: list[Laid] = []
        if rng.random() < cycling_share:
            found += _heats(rng, since, until)
        found += [_illness(rng, at) for at in _moments(rng, since, until, illness_per_day)]
        found += [_silence(rng, at) for at in _moments(rng, since, until, silences_per_day)]
        if found:
            conditions[animal_id] = tuple(sorted(_apart(found), key=lambda one: one.begins_at))
    return Course(conditions)


def truth_csv(truths: Sequence[Truth]) -> str:
    """The truth file of `herd evaluate`."""
    rows = (
        f"{one.animal_id},{one.condition},{iso(one.begins_at)},{iso(one.ends_at)}" for one in truths
    )
    return "\n".join([TRUTH_HEADER, *rows, ""])


def draw_oestrus(rng: Generator, begins_at: datetime) -> Oestrus:
    """One heat, mild or strong as the draw wants."""
    lasts_h = float(np.clip(rng.normal(OESTRUS_H, OESTRUS_SPREAD_H), 7, 24))
    silent = rng.random() < SILENT_SHARE
    strong = float(np.exp(0.4 * rng.standard_normal()))
    return Oestrus(
        begins_at=begins_at,
        ends_at=_whole_second(begins_at + timedelta(hours=lasts_h)),
        activity_times=float(rng.uniform(1.05, 1.4)) if silent else min(4.6, 1 + 1.7 * strong),
        rumination_loss=float(np.clip(rng.normal(0.07 if silent else 0.19, 0.06), 0.0, 0.45)),
        raise_c=float(np.clip(rng.normal(0.4, 0.12), 0.1, 0.8)),
    )


def _heats(rng: Generator, since: datetime, until: datetime) -> list[Laid]:
    found: list[Laid] = []
    at = since + timedelta(days=rng.uniform(0, CYCLE_DAYS))
    while at < until:
        found.append(draw_oestrus(rng, _whole_second(at)))
        days = np.clip(rng.normal(CYCLE_DAYS, CYCLE_SPREAD_DAYS), 18, 24)
        at += timedelta(days=float(days))
    return found


def _illness(rng: Generator, at: datetime) -> Illness:
    shares = np.array([one[1] for one in _ILLNESSES])
    kind = _ILLNESSES[int(rng.choice(len(_ILLNESSES), p=shares / shares.sum()))]
    condition, _, feverish, fever_c, rumination, eating, activity, days = kind
    severe = float(np.exp(0.4 * rng.standard_normal() - 0.08))
    has_fever = rng.random() < feverish
    rise = timedelta(hours=float(rng.uniform(10, 30)))
    recovery = timedelta(hours=float(rng.uniform(18, 42)))
    lasts = timedelta(days=days * float(rng.uniform(0.6, 1.5)))
    return Illness(
        begins_at=at,
        ends_at=_whole_second(at + max(lasts, rise + recovery)),
        condition=condition,
        fever_c=min(2.6, fever_c * severe) if has_fever else float(rng.uniform(0, 0.3)),
        rumination_loss=min(0.85, rumination * severe),
        eating_loss=min(0.85, eating * severe),
        activity_loss=min(0.5, activity * severe),
        rise=_whole_seconds(rise),
        recovery=_whole_seconds(recovery),
    )


def _silence(rng: Generator, at: datetime) -> Silence:
    lasts = timedelta(hours=float(np.clip(np.exp(rng.normal(0.9, 0.9)), 0.2, 48)))
    return Silence(
        begins_at=at,
        ends_at=_whole_second(at + lasts),
        buffered=bool(rng.random() < 0.7),  # noqa: PLR2004
    )


def _moments(rng: Generator, since: datetime, until: datetime, per_day: float) -> list[datetime]:
    days = (until - since) / timedelta(days=1)
    count = int(rng.poisson(days * per_day))
    return [_whole_second(since + timedelta(days=one)) for one in rng.uniform(0, days, count)]


def _apart(found: list[Laid]) -> list[Laid]:
    """No animal is in two conditions at once, the silence of her collar aside."""
    kept: list[Laid] = []
    for one in sorted(found, key=lambda one: (isinstance(one, Oestrus), one.begins_at)):
        rivals = [other for other in kept if isinstance(other, Silence) == isinstance(one, Silence)]
        if all(_gap(one, other) >= timedelta(days=1) for other in rivals):
            kept.append(one)
    return kept


def _gap(one: Laid, other: Laid) -> timedelta:
    first, second = sorted((one, other), key=lambda each: each.begins_at)
    if first.ends_at is None:
        return timedelta(0)
    return second.begins_at - first.ends_at


def _whole_second(at: datetime) -> datetime:
    return at.replace(microsecond=0)


def _whole_seconds(span: timedelta) -> timedelta:
    return timedelta(seconds=round(span.total_seconds()))
