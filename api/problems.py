"""Refusals as RFC 9457 problems: one body for every error, FastAPI's own included.

`type` is a page of this very server (`/problems/{slug}`) that says what to do.
"""

from collections.abc import Sequence
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
from api.problem_types import (
    BUSY,
    CLOSED,
    FAILED,
    INVALID,
    NOT_FOUND,
    REFUSED,
    RESOLVED,
    TAKEN,
    TAKEN_ON,
    TOO_MANY_TRIES,
    UNAVAILABLE,
    UNREADABLE,
    ProblemType,
)
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
