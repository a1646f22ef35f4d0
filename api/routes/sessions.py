"""How people come in: the owner mints tickets, whoever holds one spends it for a session."""

import time
from datetime import timedelta
from http import HTTPStatus
from math import ceil

import anyio.to_thread
import structlog
from fastapi import APIRouter, Request

from api.auth import OWNER
from api.dependencies import ServicesDep, UserDep
from api.problem_types import FORBIDDEN, TICKET_REFUSED, TOO_MANY_TRIES
from api.problems import ProblemError
from api.schemas.sessions import SessionIn, SessionOut, TicketIn, TicketOut
from api.sessions import new_ticket

log = structlog.get_logger()
router = APIRouter(prefix="/api/v1", tags=["sessions"])


@router.post("/tickets", status_code=HTTPStatus.CREATED)
def mint_ticket(wish: TicketIn, user: UserDep, services: ServicesDep) -> TicketOut:
    """A ticket that lets somebody in as often as said. For the owner's token alone."""
    if not user.may_invite:
        raise ProblemError(FORBIDDEN)
    ticket = new_ticket()
    expires_at = services.wall.now() + timedelta(seconds=wish.ttl_s)
    services.tickets.put(ticket, uses=wish.uses, ttl_s=wish.ttl_s)
    log.info("ticket_minted", uses=wish.uses, ttl_s=wish.ttl_s)
    return TicketOut(ticket=ticket, expires_at=expires_at)


@router.post("/sessions", status_code=HTTPStatus.CREATED)
async def begin_session(asked: SessionIn, request: Request, services: ServicesDep) -> SessionOut:
    """Spend a ticket for a token of 30 days."""
    address = request.client.host if request.client else ""
    wait_s = services.failed_tries.wait_s(address, time.monotonic())
    if wait_s > 0:
        raise ProblemError(TOO_MANY_TRIES, wait_s=ceil(wait_s))
    if not await anyio.to_thread.run_sync(services.tickets.spend, asked.ticket):
        services.failed_tries.failed(address, time.monotonic())
        log.warning("ticket_refused", address=address)
        raise ProblemError(TICKET_REFUSED)
    token, expires_at = services.sessions.begin()
    log.info("session_begun", address=address)
    return SessionOut(token=token, user_id=OWNER, expires_at=expires_at)
