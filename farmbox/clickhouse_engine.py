"""chDB as a server needs it: each query alone, on a connection of its own, within limits.

Problem: a chDB connection keeps what a query did to it (SET, USE, temporary tables), and after a
query that failed half-way its next answer begins with the leftovers of the failed one. Approach: a
fresh connection for each query, under 1 ms beside an engine that one idle connection keeps open.
Rejected: one shared connection, for the reasons above.
"""

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chdb.session import Session

QUERY_MAX_S = 60
MEMORY_MAX_BYTES = 2 * 1024**3  # of one query; the engine refuses to go on with more
RESULT_MAX_BYTES = 64 * 1024**2  # an answer is held in memory twice
LIMITS = {
    "max_execution_time": str(QUERY_MAX_S),
    "max_memory_usage": str(MEMORY_MAX_BYTES),
    "max_result_bytes": str(RESULT_MAX_BYTES),
    "result_overflow_mode": "throw",
}
READS_ONLY = "2"  # may change settings, but this one
EXCEPTION_CODE = re.compile(r"Code: (\d+)")
SETTING_NAME = re.compile(r"[a-z][a-z0-9_]{0,99}")
UNKNOWN_EXCEPTION, UNKNOWN_SETTING = 1002, 115


class ClickHouseError(Exception):
    """What the engine answered instead of a result; `code` is ClickHouse's own number."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Query:
    """One query. text: SQL, with the data of an insert behind it, in whatever encoding.

    output_format: where the SQL names none. parameters: for {name:Type}. settings: ClickHouse's.
    """

    text: bytes
    output_format: str = "TabSeparated"
    database: str = "default"
    parameters: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    reads_only: bool = False


class Engine:
    """chDB on a directory. Queries wait for one another: the engine is one process's."""

    def __init__(self, path: Path) -> None:
        path.mkdir(parents=True, exist_ok=True)
        self._path = str(path)
        self._lock = threading.Lock()
        self._idle = _open(self._path)  # while it is open, so is the engine

    def run(self, query: Query) -> bytes:
        """The answer in its format; raises ClickHouseError."""
        settings = LIMITS | dict(query.settings)
        if query.reads_only:
            settings["readonly"] = READS_ONLY
        prelude = [f"USE {_identifier(query.database)}", f"SET {_assignments(settings)}"]
        with self._lock:
            connection = _open(self._path)
            try:
                for statement in prelude:
                    connection.query(statement)
                result = connection.query(
                    query.text, query.output_format, params=dict(query.parameters)
                )
                return bytes(result.bytes())
            except RuntimeError as error:
                code = EXCEPTION_CODE.search(str(error))
                number = int(code.group(1)) if code else UNKNOWN_EXCEPTION
                raise ClickHouseError(number, str(error)) from error
            finally:
                connection.close()

    def close(self) -> None:
        """Wait for the query that runs, then close the engine."""
        with self._lock:
            self._idle.close()


def _open(path: str) -> Any:  # noqa: ANN401  chDB has no types
    return Session(path)  # type: ignore[no-untyped-call]


def _identifier(name: str) -> str:
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"


def _assignments(settings: Mapping[str, str]) -> str:
    for name in settings:
        if not SETTING_NAME.fullmatch(name):
            raise ClickHouseError(UNKNOWN_SETTING, f"Code: {UNKNOWN_SETTING}. No setting: {name!r}")
    return ", ".join(
        "{} = '{}'".format(name, value.replace("\\", "\\\\").replace("'", "\\'"))
        for name, value in settings.items()
    )
