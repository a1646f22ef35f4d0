"""What routes are given: the user, a farm that he may see, and the services behind."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header, Path, Request

from alerts import Alerts
from api.auth import Tokens, User, may_see
from api.problems import NOT_FOUND, UNAUTHORISED, ProblemError
from contracts.clock import Clock
from contracts.ids import FarmId, is_id
from herdbook import Herdbook
from read_models import Worklist

BEARER = "bearer "


@dataclass(frozen=True, slots=True)
class Services:
    """What stands behind the routes."""

    worklist: Worklist
    alerts: Alerts
    herdbook: Herdbook
    tokens: Tokens
    clock: Clock


def services_of(request: Request) -> Services:
    """The services of this application."""
    services: Services = request.app.state.services
    return services


ServicesDep = Annotated[Services, Depends(services_of)]


async def current_user(
    services: ServicesDep, authorization: Annotated[str | None, Header()] = None
) -> User:
    """Who asks; raises the problem `unauthorised`."""
    if authorization is None or not authorization.lower().startswith(BEARER):
        raise ProblemError(UNAUTHORISED)
    user = services.tokens.redeem(authorization[len(BEARER) :].strip())
    if user is None:
        raise ProblemError(UNAUTHORISED)
    return user


UserDep = Annotated[User, Depends(current_user)]


async def visible_farm(user: UserDep, farm_id: Annotated[str, Path()]) -> FarmId:
    """The farm of the address, if the user may see it; else it looks as if it were not there."""
    farm = FarmId(farm_id)
    if not is_id(farm_id) or not may_see(user, farm):
        raise ProblemError(NOT_FOUND)
    return farm


FarmDep = Annotated[FarmId, Depends(visible_farm)]
