"""ClickHouse over its HTTP interface: a query and its answer, and one error for a server away."""

from collections.abc import Mapping
from typing import Any

import httpx
import msgspec

from read_models.base import ReadModelUnavailableError

QUERY_MAX_S = 30.0  # of a loader: an insert of a full batch beside everything else
ASKED_MAX_S = 4.0  # of a person: a board without curves is better than none for half a minute
CONNECT_MAX_S = 2.0
UNKNOWN_TABLE = 60
CLIENT_ERRORS = range(400, 500)
TRY_AGAIN = {408, 413, 429}  # of those, the ones a later or smaller try may heal


class ClickHouseRefusedError(RuntimeError):
    """ClickHouse refused a query of ours; code is its own number."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


class ClickHouseHttp:
    """One server; threads may share it. url: http(s)://[user:password@]host:port.

    query_max_s: an answer is waited for so long.
    """

    def __init__(self, url: str, *, query_max_s: float = QUERY_MAX_S) -> None:
        self._client = httpx.Client(
            base_url=url,
            timeout=httpx.Timeout(query_max_s, connect=CONNECT_MAX_S),
            limits=httpx.Limits(max_connections=8),
            trust_env=False,  # a proxy of the machine is not for this
        )

    def rows(self, query: str, **parameters: str | int) -> list[list[Any]]:
        """The answer's rows; parameters are the {name:Type} in the query."""
        text = self.run(f"{query} FORMAT JSONCompactEachRow", parameters=parameters)
        return [msgspec.json.decode(line) for line in text.splitlines()]

    def columns(self, query: str, **parameters: str | int) -> list[list[Any]]:
        """The answer's columns, for answers of many rows; a number that is NaN is None."""
        text = self.run(f"{query} FORMAT JSONCompactColumns", parameters=parameters)
        found: list[list[Any]] = msgspec.json.decode(text)
        return found

    def run(
        self, query: str, body: bytes = b"", *, parameters: Mapping[str, str | int] | None = None
    ) -> bytes:
        """The answer as it came. body: the data of an insert.

        Raises ReadModelUnavailableError, ClickHouseRefusedError.
        """
        asked = {f"param_{name}": str(value) for name, value in (parameters or {}).items()}
        try:
            response = self._client.post("/", params={"query": query, **asked}, content=body)
        except httpx.HTTPError as error:
            raise ReadModelUnavailableError(f"ClickHouse does not answer: {error!r}") from error
        if response.is_success:
            return response.content
        code = int(response.headers.get("X-ClickHouse-Exception-Code", 0))
        said = f"{response.status_code}, {response.text[:500]}"
        if response.status_code in CLIENT_ERRORS and response.status_code not in TRY_AGAIN:
            raise ClickHouseRefusedError(code, f"ClickHouse refused a query: {said}")
        raise ReadModelUnavailableError(f"ClickHouse has trouble: {said}")

    def close(self) -> None:
        """Close the connections."""
        self._client.close()
