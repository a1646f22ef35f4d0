"""The herd and one animal: who she is, what was measured, what happened to her."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query

from api.dependencies import FarmDep, ServicesDep
from api.problem_types import NOT_FOUND
from api.problems import ProblemError
from api.schemas.base import Text
from api.schemas.herd import (
    AnimalListOut,
    AnimalPageOut,
    EventListOut,
    EventOut,
    ScoreOut,
    SignalOut,
    SignalsOut,
)
from contracts.hour import HOUR_SIGNALS, LEARNING_DAYS
from contracts.ids import AnimalId, is_id

router = APIRouter(prefix="/api/v1/farms/{farm_id}/animals", tags=["screens"])

DAYS_MAX = 92  # a season; longer spans want days, not hours
EVENTS_MAX = 500
ANIMALS_MAX = 1000
WORDS_CHARS_MAX = 100


@router.get("")
def animals(
    farm_id: FarmDep,
    services: ServicesDep,
    q: Annotated[Text, Query(max_length=WORDS_CHARS_MAX)] = "",
    limit: Annotated[int, Query(ge=1, le=ANIMALS_MAX)] = 500,
) -> AnimalListOut:
    """The farm's animals whose names or numbers hold the words of `q`, worst first."""
    return services.screens.animals(farm_id, q, limit)


@router.get("/{animal_id}")
def animal(farm_id: FarmDep, animal_id: str, services: ServicesDep) -> AnimalPageOut:
    """One animal: who she is, her open cases, her newest reading."""
    page = services.screens.animal(farm_id, _known(animal_id))
    if page is None:
        raise ProblemError(NOT_FOUND)
    return page


@router.get("/{animal_id}/signals")
def signals(
    farm_id: FarmDep,
    animal_id: str,
    services: ServicesDep,
    days: Annotated[int, Query(ge=1, le=DAYS_MAX)] = 7,
) -> SignalsOut:
    """Her last days by the hour, beside what is usual for her; empty if nothing was measured."""
    end = services.clock.now().replace(minute=0, second=0, microsecond=0)
    start = end - timedelta(days=days)
    hours = services.screens.analytics.signals(farm_id, _known(animal_id), start, end)
    return SignalsOut(
        start=hours.start,
        end=end,
        step_s=hours.step_s,
        signals=[
            SignalOut(
                name=name,
                unit=unit,
                values=list(hours.signals[name].values),
                usual=list(hours.signals[name].usual),
                spread=list(hours.signals[name].spread),
            )
            for name, unit in HOUR_SIGNALS.items()
            if name in hours.signals
        ],
        coverage=list(hours.coverage),
        scores=[ScoreOut.model_validate(score) for score in hours.scores],
        scores_at=hours.scores_at,
        learnt_days=hours.learnt_days,
        learning_days=LEARNING_DAYS,
    )


@router.get("/{animal_id}/events")
def events(
    farm_id: FarmDep,
    animal_id: str,
    services: ServicesDep,
    limit: Annotated[int, Query(ge=1, le=EVENTS_MAX)] = 100,
    before: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
) -> EventListOut:
    """Everything that happened to her, newest first, before a position of the log."""
    found, more = services.screens.history.events(
        farm_id, _known(animal_id), limit=limit, before=before
    )
    return EventListOut(events=[EventOut.model_validate(event) for event in found], more=more)


def _known(animal_id: str) -> AnimalId:
    """The id, if it is one; else there is no such animal."""
    if not is_id(animal_id):
        raise ProblemError(NOT_FOUND)
    return AnimalId(animal_id)
