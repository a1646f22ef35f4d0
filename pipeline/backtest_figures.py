"""What a back-test says to people: alerts a day, which animals, overlap with diagnoses. Pure."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from contracts.clock import iso
from contracts.detection import Condition
from pipeline.backtest import Case, Diagnosis, Pair
from pipeline.evaluate import TOLERANCE_ELSE_H, TOLERANCE_H

ALERTS_A_DAY_MAX = 20  # lists up to so long were worked through (Eckelkamp 2018)
ILLNESSES = frozenset(
    (Condition.MASTITIS, Condition.METRITIS, Condition.KETOSIS, Condition.DISPLACED_ABOMASUM)
)


@dataclass(frozen=True, slots=True)
class Load:
    """What one side asks of people. busiest_day: most cases of one UTC day. days_over: days with
    more than ALERTS_A_DAY_MAX. found: diagnoses that a case had found, of all `diagnoses`.
    """

    cases: int
    animals: int
    a_day: float
    busiest_day: int
    days_over: int
    found: int


def load_of(cases: Sequence[Case], diagnoses: Iterable[Diagnosis], days: float) -> Load:
    """The load of some cases over so many days."""
    by_day = Counter(case.known_at.date() for case in cases)
    return Load(
        cases=len(cases),
        animals=len({case.subject_id for case in cases}),
        a_day=round(len(cases) / days, 2) if days else 0.0,
        busiest_day=max(by_day.values(), default=0),
        days_over=sum(count > ALERTS_A_DAY_MAX for count in by_day.values()),
        found=sum(any(finds(case, one) for case in cases) for one in diagnoses),
    )


def finds(case: Case, diagnosis: Diagnosis) -> bool:
    """Whether a case speaks of what was diagnosed, within the time that counts."""
    condition = Condition(diagnosis.condition)
    speaks = case.condition is condition or (
        case.condition is Condition.ILLNESS and condition in ILLNESSES
    )
    within = timedelta(hours=TOLERANCE_H.get(condition, TOLERANCE_ELSE_H))
    return (
        speaks
        and case.subject_id == diagnosis.animal_id
        and abs(case.known_at - diagnosis.at) <= within
    )


def figures(
    pair: Pair, diagnoses: Sequence[Diagnosis], since: datetime, until: datetime
) -> dict[str, Any]:
    """All of it as JSON: by condition and in all, now beside changed, and each case of one side."""
    days = (until - since) / timedelta(days=1)
    counted = [one for one in diagnoses if since <= one.at <= until]
    now = [*(case for case, _ in pair.both), *pair.only_now]
    changed = [*(case for _, case in pair.both), *pair.only_changed]
    named = sorted({case.condition for case in (*now, *changed)})
    return {
        "since": iso(since),
        "until": iso(until),
        "days": round(days, 2),
        "diagnoses": len(counted),
        "all": _sides(now, changed, len(pair.both), counted, days),
        "conditions": {
            str(condition): _sides(
                [case for case in now if case.condition is condition],
                [case for case in changed if case.condition is condition],
                sum(case.condition is condition for case, _ in pair.both),
                [one for one in counted if _asks(condition, one)],
                days,
            )
            for condition in named
        },
        "only_now": [_case(case) for case in pair.only_now],
        "only_changed": [_case(case) for case in pair.only_changed],
    }


def _sides(
    now: Sequence[Case],
    changed: Sequence[Case],
    both: int,
    diagnoses: Sequence[Diagnosis],
    days: float,
) -> dict[str, Any]:
    def told(load: Load) -> dict[str, Any]:
        return {name: getattr(load, name) for name in Load.__slots__}

    return {
        "now": told(load_of(now, diagnoses, days)),
        "changed": told(load_of(changed, diagnoses, days)),
        "both": both,
        "diagnoses": len(diagnoses),
    }


def _asks(condition: Condition, diagnosis: Diagnosis) -> bool:
    found = Condition(diagnosis.condition)
    return found is condition or (condition is Condition.ILLNESS and found in ILLNESSES)


def _case(case: Case) -> dict[str, Any]:
    return {
        "animal_id": case.subject_id,
        "condition": str(case.condition),
        "detector": case.detector,
        "onset_at": iso(case.onset_at),
        "known_at": iso(case.known_at),
        "ended_at": None if case.ended_at is None else iso(case.ended_at),
        "detection_id": case.detection_id,
    }
