"""Refusals as RFC 9457 problems: one body for every error, FastAPI's own included.

`type` is a page of this very server (`/problems/{slug}`) that says what to do.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from alerts import (
    AlertBusyError,
    AlertClosedError,
    AlertError,
    AlertNotFoundError,
    AlertResolvedError,
    AlertTakenOnError,
    NoteRefusedError,
)
from api.adapters.outages import OUTAGES
from herdbook import (
    AnimalElsewhereError,
    AnimalNotFoundError,
    CollarElsewhereError,
    HerdbookBusyError,
    HerdbookError,
    TextRefusedError,
)

log = structlog.get_logger()

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 2  # Redis and Postgres are back within a second or two of their death
ERRORS_MAX = 20  # of one request; nobody mends more at once


@dataclass(frozen=True, slots=True)
class ProblemType:
    """One kind of refusal. advice: what the one who asked can do."""

    slug: str
    status: HTTPStatus
    title: str
    advice: str


UNAUTHORISED = ProblemType(
    "unauthorised",
    HTTPStatus.UNAUTHORIZED,
    "You have not shown who you are.",
    "Send the header `Authorization: Bearer TOKEN` with a token of this installation.",
)
NOT_FOUND = ProblemType(
    "not-found",
    HTTPStatus.NOT_FOUND,
    "There is nothing here that you may see.",
    "Check the address. What belongs to a farm that you were not given looks the same.",
)
FORBIDDEN = ProblemType(
    "forbidden",
    HTTPStatus.FORBIDDEN,
    "This is for the owner alone.",
    "Ask with the owner's token itself: a session cannot let others in.",
)
TICKET_REFUSED = ProblemType(
    "ticket-refused",
    HTTPStatus.UNAUTHORIZED,
    "This ticket lets nobody in.",
    "It is spent, too old or not of this installation: ask the owner for a new one "
    "(`herd demo` and `herd up` print an address that holds one).",
)
TOO_MANY_TRIES = ProblemType(
    "too-many-tries",
    HTTPStatus.TOO_MANY_REQUESTS,
    "There were too many wrong tickets from your address.",
    "Wait the seconds in `Retry-After`, then use a new ticket.",
)
UNKNOWN_HOST = ProblemType(
    "unknown-host",
    HTTPStatus.MISDIRECTED_REQUEST,
    "This is not the name of this server.",
    "Use its IP address, or add the name to HERD_API_ALLOWED_HOSTS and start the API again.",
)
INVALID = ProblemType(
    "invalid-request",
    HTTPStatus.UNPROCESSABLE_ENTITY,
    "The request is not what is expected here.",
    "`errors` names each field; /openapi.json describes them all.",
)
UNREADABLE = ProblemType(
    "unreadable-request",
    HTTPStatus.BAD_REQUEST,
    "The request could not be read.",
    "Send JSON in UTF-8 with the header `Content-Type: application/json`.",
)
TOO_LARGE = ProblemType(
    "too-large",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "The request is too large.",
    "Send at most 256 KiB.",
)
TOO_SLOW = ProblemType(
    "too-slow",
    HTTPStatus.REQUEST_TIMEOUT,
    "The request took too long to arrive.",
    "Send the whole body within 30 s.",
)
UNAVAILABLE = ProblemType(
    "unavailable",
    HTTPStatus.SERVICE_UNAVAILABLE,
    "A store is away for the moment.",
    "Nothing is lost: try again after the seconds in `Retry-After`.",
)
CLOSED = ProblemType(
    "alert-closed",
    HTTPStatus.CONFLICT,
    "The alert is closed.",
    "Load it again: somebody has judged it. A new onset opens the next case.",
)
RESOLVED = ProblemType(
    "alert-resolved",
    HTTPStatus.CONFLICT,
    "The alert is resolved.",
    "Its cause is over: there is nothing to take on, close it with what was found.",
)
TAKEN_ON = ProblemType(
    "alert-taken-on",
    HTTPStatus.CONFLICT,
    "Somebody else has taken the alert on.",
    "Only he or an owner can give it back: ask him.",
)
BUSY = ProblemType(
    "busy",
    HTTPStatus.CONFLICT,
    "Others are changing the same thing.",
    "Load it again and repeat the order if it is still wanted.",
)
TAKEN = ProblemType(
    "taken",
    HTTPStatus.CONFLICT,
    "This id cannot be used here.",
    "Another animal or farm has it: choose another one.",
)
REFUSED = ProblemType(
    "refused",
    HTTPStatus.CONFLICT,
    "The order was refused.",
    "`detail` says why; nothing has happened.",
)
FAILED = ProblemType(
    "internal-error",
    HTTPStatus.INTERNAL_SERVER_ERROR,
    "Something went wrong on our side.",
    "Try again; if it stays, look into the log of the API.",
)

ALL = (
    UNAUTHORISED,
    FORBIDDEN,
    TICKET_REFUSED,
    TOO_MANY_TRIES,
    UNKNOWN_HOST,
    NOT_FOUND,
    INVALID,
    UNREADABLE,
    TOO_LARGE,
    TOO_SLOW,
    UNAVAILABLE,
    CLOSED,
    RESOLVED,
    TAKEN_ON,
    BUSY,
    TAKEN,
    REFUSED,
    FAILED,
)

OF_ORDER_ERROR: dict[type[Exception], ProblemType] = {
    AlertNotFoundError: NOT_FOUND,
    AlertClosedError: CLOSED,
    AlertResolvedError: RESOLVED,
    AlertTakenOnError: TAKEN_ON,
    AlertBusyError: BUSY,
    NoteRefusedError: INVALID,
    AnimalNotFoundError: NOT_FOUND,
    AnimalElsewhereError: TAKEN,
    CollarElsewhereError: TAKEN,
    HerdbookBusyError: BUSY,
    TextRefusedError: INVALID,
}
# these must not tell what other farms have, so the sentence of the error stays here
SILENT = {NOT_FOUND, TAKEN}


class ProblemError(Exception):
    """A request is refused with this problem; detail: about this very case, None = the title.

    wait_s: as `response` takes it.
    """

    def __init__(
        self, problem: ProblemType, detail: str | None = None, *, wait_s: int = RETRY_AFTER_S
    ) -> None:
        super().__init__(detail or problem.title)
        self.problem = problem
        self.detail = detail
        self.wait_s = wait_s


def response(
    problem: ProblemType,
    *,
    detail: str | None = None,
    errors: Sequence[dict[str, str]] = (),
    status: int | None = None,
    wait_s: int = RETRY_AFTER_S,
) -> Response:
    """The problem as HTTP. `instance` is left out: the caller knows where he asked.

    wait_s: after how many seconds another try makes sense, where one does.
    """
    body: dict[str, object] = {
        "type": f"/problems/{problem.slug}",
        "title": problem.title,
        "status": status or int(problem.status),
        "detail": detail or problem.advice,
    }
    if errors:
        body["errors"] = list(errors)
    headers = {}
    if problem.status is HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    if problem in {UNAVAILABLE, TOO_MANY_TRIES}:
        headers["Retry-After"] = str(wait_s)
    return JSONResponse(body, status or int(problem.status), headers=headers, media_type=MEDIA_TYPE)


def answer_with_problems(app: FastAPI) -> None:
    """Turn every error of the application into a problem."""
    app.add_exception_handler(ProblemError, _refused)
    app.add_exception_handler(AlertError, _order_refused)
    app.add_exception_handler(HerdbookError, _order_refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http_error)
    for outage in OUTAGES:
        app.add_exception_handler(outage, _unavailable)
    app.add_exception_handler(Exception, _failed)


async def _refused(_request: Request, error: Exception) -> Response:
    if not isinstance(error, ProblemError):
        raise error
    return response(error.problem, detail=error.detail, wait_s=error.wait_s)


async def _order_refused(_request: Request, error: Exception) -> Response:
    found = (kind for cls, kind in OF_ORDER_ERROR.items() if isinstance(error, cls))
    problem = next(found, REFUSED)
    return response(problem, detail=None if problem in SILENT else str(error))


async def _invalid(_request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    errors = [
        {"pointer": _pointer(found["loc"]), "detail": str(found["msg"])}
        for found in error.errors()[:ERRORS_MAX]
    ]
    unreadable = any(found["type"] == "json_invalid" for found in error.errors())
    return response(UNREADABLE if unreadable else INVALID, errors=errors)


def _pointer(location: Sequence[str | int]) -> str:
    """A JSON pointer into the request: /body/note, /path/farm_id."""
    return "".join(f"/{part}" for part in location)


async def _http_error(_request: Request, error: Exception) -> Response:
    """What the framework refuses by itself: unknown addresses, wrong methods, broken bodies."""
    if not isinstance(error, HTTPException):
        raise error
    if error.status_code == HTTPStatus.NOT_FOUND:
        return response(NOT_FOUND)
    answer = response(UNREADABLE, detail=str(error.detail), status=error.status_code)
    for name, value in (error.headers or {}).items():
        answer.headers[name] = value
    return answer


async def _unavailable(_request: Request, error: Exception) -> Response:
    log.warning("store_unavailable", error=str(error))
    return response(UNAVAILABLE)


async def _failed(request: Request, error: Exception) -> Response:
    log.error("request_failed", path=request.url.path, error=repr(error))
    return response(FAILED)
