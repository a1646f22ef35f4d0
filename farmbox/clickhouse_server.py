"""ClickHouse's HTTP interface: what clients of ours use of it, and nothing that lies.

`GET /ping` · `GET|POST /?query=…&database=…&default_format=…&param_x=…&<setting>=…`; a body follows
the query, as its rest or its data. A GET may only read. No users, no sessions, no compression.
"""

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from farmbox.clickhouse_engine import ClickHouseError, Engine, Query
from farmbox.loopback_http import BodyTooLargeError, BodyTooSlowError, bounded_body

BODY_MAX_BYTES = 32 * 1024 * 1024  # some 150,000 readings as JSON; in the engine still one part
WAITING_MAX = 8  # requests at once, with their bodies: 256 MiB
NO_SETTINGS = {"query", "database", "default_format", "user", "password", "query_id"}

TOO_MANY_QUERIES, NOT_IMPLEMENTED, TOO_LARGE, SOCKET_TIMEOUT = 202, 48, 307, 209
# As ClickHouse's own table has it; every other code is 500.
UNREADABLE = {6, 7, 25, 26, 27, 36, 38, 41, 42, 43, 53, 62, 69, 70, 72, 117, 167, 168, 321, 427}
STATUS_OF_CODES = {
    400: UNREADABLE | {456, 457},
    404: {46, 47, 50, 56, 60, 63, 73, 81, 115},
    408: {SOCKET_TIMEOUT},
    413: {TOO_LARGE},
    501: {NOT_IMPLEMENTED},
    503: {TOO_MANY_QUERIES},
}


def app_over(engine: Engine) -> Starlette:
    """The application to serve."""
    waiting = 0

    async def ping(_request: Request) -> Response:
        return PlainTextResponse("Ok.\n")

    async def answer(request: Request) -> Response:
        nonlocal waiting
        if waiting >= WAITING_MAX:
            return _refused(ClickHouseError(TOO_MANY_QUERIES, f"Over {WAITING_MAX} at once: wait."))
        waiting += 1
        try:
            query = await _query_of(request)
            if not query.text.strip():
                return await ping(request)
            result = await run_in_threadpool(engine.run, query)
        except ClickHouseError as error:
            return _refused(error)
        finally:
            waiting -= 1
        return Response(result, media_type="text/plain; charset=UTF-8")

    return Starlette(
        routes=[
            Route("/ping", ping, methods=["GET"]),
            Route("/", answer, methods=["GET", "POST"]),
        ]
    )


async def _query_of(request: Request) -> Query:
    asked = dict(request.query_params)
    encoding = request.headers.get("content-encoding", "identity")
    if encoding != "identity":
        raise ClickHouseError(NOT_IMPLEMENTED, f"Content-Encoding {encoding}: send it as it is.")
    try:
        body = await bounded_body(request, BODY_MAX_BYTES)
    except BodyTooLargeError as error:
        raise ClickHouseError(TOO_LARGE, str(error)) from error
    except BodyTooSlowError as error:
        raise ClickHouseError(SOCKET_TIMEOUT, str(error)) from error
    head = asked.get("query", "").encode()
    parameters = {name: value for name, value in asked.items() if name.startswith("param_")}
    return Query(
        text=b"\n".join(part for part in (head, body) if part),
        output_format=asked.get("default_format", "TabSeparated"),
        database=asked.get("database", "default"),
        parameters={name.removeprefix("param_"): value for name, value in parameters.items()},
        settings={n: v for n, v in asked.items() if n not in NO_SETTINGS and n not in parameters},
        reads_only=request.method != "POST",
    )


def _refused(error: ClickHouseError) -> Response:
    status = next((s for s, codes in STATUS_OF_CODES.items() if error.code in codes), 500)
    headers = {"X-ClickHouse-Exception-Code": str(error.code)}
    return PlainTextResponse(f"{error}\n", status, headers=headers)
