"""ClickHouse's HTTP interface over chDB: what clients of ours use of it, and nothing that lies.

`GET /ping` · `GET|POST /?query=…&default_format=…&param_x=…`, a POST's body following the query as
its data. One query at a time: chDB is one session in one process. A GET may only read.
"""

import argparse
import re
import sys
import threading
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

BODY_BYTES_MAX = 64 << 20  # an insert of some 300,000 readings
READING = re.compile(r"\s*(SELECT|WITH|SHOW|DESCRIBE|DESC|EXISTS|EXPLAIN)\b", re.IGNORECASE)
EXCEPTION_CODE = re.compile(r"Code: (\d+)")
STATUS_OF_CODE = {60: 404, 81: 404, 62: 400, 46: 400, 47: 400, 164: 500}
READONLY, UNKNOWN = 164, 1002


class ClickHouseError(Exception):
    """What the engine answered instead of a result; code: ClickHouse's own number."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


class Engine:
    """One chDB session; queries wait for one another."""

    def __init__(self, path: Path) -> None:
        from chdb.session import Session

        path.mkdir(parents=True, exist_ok=True)
        self._session: Any = Session(str(path))  # type: ignore[no-untyped-call]
        self._lock = threading.Lock()

    def query(self, text: str, output_format: str, parameters: dict[str, str]) -> bytes:
        """The result in a format of ClickHouse's; raises ClickHouseError."""
        with self._lock:
            try:
                result = self._session.query(text, output_format, params=parameters or None)
            except RuntimeError as error:
                found = EXCEPTION_CODE.search(str(error))
                raise ClickHouseError(
                    int(found.group(1)) if found else UNKNOWN, str(error)
                ) from error
            return b"" if result is None else bytes(result.bytes())

    def close(self) -> None:
        """Flush and leave the directory."""
        self._session.close()


def app_over(engine: Engine) -> Starlette:
    """The application to serve."""

    async def ping(_request: Request) -> Response:
        return PlainTextResponse("Ok.\n")

    async def query(request: Request) -> Response:
        asked = request.query_params
        body = await _body_of(request)
        if body is None:
            return _refused(ClickHouseError(UNKNOWN, f"body over {BODY_BYTES_MAX} bytes"), 413)
        head = asked.get("query", "")
        text = "\n".join(part for part in (head, body) if part)
        if not text.strip():
            return await ping(request)
        if request.method == "GET" and not READING.match(text):
            return _refused(ClickHouseError(READONLY, "Cannot execute query in readonly mode"))
        parameters = {
            name.removeprefix("param_"): value
            for name, value in asked.items()
            if name.startswith("param_")
        }
        wanted = asked.get("default_format", "TabSeparated")
        try:
            result = await run_in_threadpool(engine.query, text, wanted, parameters)
        except ClickHouseError as error:
            return _refused(error)
        return Response(result, media_type="text/plain; charset=UTF-8")

    return Starlette(
        routes=[
            Route("/ping", ping, methods=["GET"]),
            Route("/", query, methods=["GET", "POST"]),
        ]
    )


async def _body_of(request: Request) -> str | None:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > BODY_BYTES_MAX:
            return None
    return body.decode("utf-8", errors="replace")


def _refused(error: ClickHouseError, status: int | None = None) -> Response:
    return PlainTextResponse(
        f"{error}\n",
        status or STATUS_OF_CODE.get(error.code, 500),
        headers={"X-ClickHouse-Exception-Code": str(error.code)},
    )


def main(arguments: list[str]) -> None:
    """Open the engine, then serve until SIGTERM."""
    import uvicorn

    parser: Any = argparse.ArgumentParser(prog="farmbox.clickhouse_server")
    parser.add_argument("--path", type=Path, required=True)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    options = parser.parse_args(arguments)
    engine = Engine(options.path)
    try:
        uvicorn.run(
            app_over(engine),
            host=options.host,
            port=options.port,
            log_level="warning",
            timeout_graceful_shutdown=2,
        )
    finally:
        engine.close()


if __name__ == "__main__":
    main(sys.argv[1:])
