"""What routes are given: the user, a farm that he may see, and the services behind."""

from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Header, Path, Request

from alerts import Alerts
from api.auth import Tokens, User, may_see
from api.problem_types import NOT_FOUND, UNAUTHORISED
from api.problems import ProblemError
from api.screens import Screens
from api.sessions import Sessions, Tickets
from api.tries import FailedTries
from contracts.clock import Clock
from contracts.ids import FarmId, is_id
from herdbook import Herdbook
from read_models import Worklist

BEARER = "bearer "


@dataclass(frozen=True, slots=True)
class Services:
    """What stands behind the routes. clock: the farm's; wall: real time, also beside a demo's.

    tokens: everybody's; sessions: makes new ones, for tickets that are spent.
    """

    screens: Screens
    alerts: Alerts
    herdbook: Herdbook
    tokens: Tokens
    tickets: Tickets
    sessions: Sessions
    clock: Clock
    wall: Clock
    failed_tries: FailedTries = field(default_factory=FailedTries)

    @property
    def worklist(self) -> Worklist:
        """What needs somebody now."""
        return self.screens.worklist

    def close(self) -> None:
        """Let go of every store."""
        screens = self.screens
        stores = (screens.worklist, screens.latest, screens.analytics, screens.history)
        for store in (*stores, self.alerts, self.herdbook, self.tickets):
            store.close()


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
