"""The plain loop's hourly detectors: one cow after the other, by the limits of frozen cards."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

from benchmarks import frozen_drop, frozen_oestrus
from benchmarks.plain_cow import Bin, Cow, Held, Window, herd_ratio
from contracts.columns import moment
from contracts.envelope import Event
from contracts.hour import HOUR_SIGNALS, AnimalHour, HourScore, HourSignal, hour_event_id
from contracts.ids import FarmId
from contracts.messages import event_type_of
from pipeline.detectors.base import Spec
from pipeline.detectors.sustained import Hold
from pipeline.hours import HOUR_S
from pipeline.tables import HOUR_US

DROP = frozen_drop.FrozenRuminationDrop.spec
OESTRUS = frozen_oestrus.FrozenOestrus.spec
EVIDENCE = tuple[str, str, int, float, float | None, float | None]  # see Measured


@dataclass(frozen=True, slots=True)
class Judged:
    """What a detector says of one cow's hour; score None where why_not says why.

    over, under: what speaks for an onset, and for an end. evidence: made if it is told.
    """

    spec: Spec
    hold: Hold
    window_hours: int
    score: float | None
    why_not: str | None
    over: bool = False
    under: bool = False
    evidence: Callable[[], list[EVIDENCE]] = list


def drops(there: list[Cow], hour: int) -> list[Judged]:
    """See RuminationDrop.judge_hour."""
    card = frozen_drop
    days, longs, eatens, actives = (
        [cow.window(signal, hour, hours) for cow in there]
        for signal, hours in (
            (card.SIGNAL, card.DAY_HOURS),
            (card.SIGNAL, card.LONG_HOURS),
            (card.EATING, card.LONG_HOURS),
            (card.ACTIVITY, card.DAY_HOURS),
        )
    )
    of_day, of_long, of_eaten = (_drop_pcts(one) for one in (days, longs, eatens))
    by_limit, ratio = card.DROP_LIMIT.value / card.EATING_LIMIT.value, herd_ratio(days)
    found = []
    for place, drop in enumerate(of_day):
        if drop is None:
            found.append(Judged(DROP, card.HOLD, card.LONG_HOURS, None, days[place].why_not))
            continue
        eaten, long = of_eaten[place], of_long[place]
        others = (long, None if eaten is None else eaten * by_limit)
        score = min([drop, *(one for one in others if one is not None)])
        active = actives[place].ratio
        calm = active is None or active <= card.ACTIVE_LIMIT.value
        found.append(
            Judged(
                DROP,
                card.HOLD,
                card.LONG_HOURS,
                score,
                None,
                over=score >= card.DROP_LIMIT.value and calm,
                under=drop < card.OVER_LIMIT.value,
                evidence=partial(_drop_evidence, days[place], eatens[place], ratio, hour),
            )
        )
    return found


def _drop_pcts(windows: list[Window]) -> list[float | None]:
    ratio = herd_ratio(windows)
    return [None if w.ratio is None else (1.0 - w.ratio / ratio) * 100.0 for w in windows]


def _drop_evidence(day: Window, eaten: Window, ratio: float, hour: int) -> list[EVIDENCE]:
    card, at_us = frozen_drop, (hour + 1) * HOUR_US
    fires_under = round(day.usual * ratio * (1.0 - card.DROP_LIMIT.value / 100.0), 1)
    usual = round(day.usual, 1)
    said: list[EVIDENCE] = [(card.SIGNAL, "min", at_us, round(day.value, 1), fires_under, usual)]
    if eaten.why_not is None:
        a_day = card.DAY_HOURS / card.LONG_HOURS
        value, usually = round(eaten.value * a_day, 1), round(eaten.usual * a_day, 1)
        said.append((card.EATING, "min", at_us, value, None, usually))
    if ratio != 1.0:
        said.append((card.HERD, "%", at_us, round((ratio - 1.0) * 100.0, 1), None, None))
    return said


def oestruses(there: list[Cow], ill: set[int], hour: int) -> list[Judged]:
    """See Oestrus.judge_hour; ill: id() of cows that are, or were lately."""
    card = frozen_oestrus
    actives = [cow.window(card.SIGNAL, hour, card.WINDOW_HOURS) for cow in there]
    cheweds = [cow.window(card.RUMINATION, hour, card.WINDOW_HOURS) for cow in there]
    restless = max(herd_ratio(actives), 1.0)
    found = []
    for cow, active, chewed in zip(there, actives, cheweds, strict=True):
        if active.ratio is None:
            found.append(Judged(OESTRUS, card.HOLD, card.WINDOW_HOURS, None, active.why_not))
            continue
        score = active.ratio / restless
        held = cow.held.setdefault(OESTRUS.name, Held())
        risen = chewed.ratio is not None and chewed.ratio > card.RUMINATION_LIMIT.value
        rested = hour - held.ended_hour >= card.HOLD.rest_hours
        lasted = held.open and hour - held.first_hour >= (card.HOLD.lasts_hours_max or 0)
        found.append(
            Judged(
                OESTRUS,
                card.HOLD,
                card.WINDOW_HOURS,
                score,
                None,
                over=score >= card.FACTOR_LIMIT.value
                and rested
                and not risen
                and id(cow) not in ill,
                under=score < card.OVER_LIMIT.value or lasted,
                evidence=partial(_oestrus_evidence, active, chewed, restless, hour),
            )
        )
    return found


def _oestrus_evidence(active: Window, chewed: Window, restless: float, hour: int) -> list[EVIDENCE]:
    card, at_us = frozen_oestrus, (hour + 1) * HOUR_US
    fires = round(active.usual * restless * card.FACTOR_LIMIT.value, 1)
    value, usual = round(active.value, 1), round(active.usual, 1)
    said: list[EVIDENCE] = [(card.SIGNAL, "1", at_us, value, fires, usual)]
    if chewed.why_not is None:
        value, usual = round(chewed.value, 1), round(chewed.usual, 1)
        said.append((card.RUMINATION, "min", at_us, value, None, usual))
    return said


def told_hour(
    cow: Cow, found: Bin, hour: int, line_us: int, cause: str, verdicts: Iterable[Judged]
) -> Event[AnimalHour]:
    """The next revision of one of her hours."""
    found.revision += 1
    hour_at = moment(hour * HOUR_US)
    payload = AnimalHour(
        hour_at=hour_at,
        revision=found.revision,
        known_at=moment(line_us),
        readings=found.readings,
        coverage_share=round(min(found.heard, HOUR_S) / HOUR_S, 3),
        signals=tuple(
            HourSignal(signal=signal, value=_rounded(value), usual=_rounded(level))
            for signal in HOUR_SIGNALS
            for value, level in [(found.value(signal), cow.level(signal, hour))]
            if value is not None or level is not None
        ),
        scores=tuple(
            HourScore(
                detector=one.spec.name,
                condition=one.spec.condition,
                unit=one.spec.limits[0].unit,
                score=_rounded(one.score),
                limit=one.spec.limits[0].value,
                why_not=one.why_not,
            )
            for one in verdicts
        ),
    )
    return Event(
        event_id=hour_event_id(cow.farm_id, cow.animal_id, hour_at, found.revision),
        event_type=event_type_of(AnimalHour),
        timestamp=hour_at,
        aggregate_id=cow.animal_id,
        actor="pipeline:hours",
        farm_id=FarmId(cow.farm_id),
        causation_id=cause,
        payload=payload,
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
