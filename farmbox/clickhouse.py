"""ClickHouse's engine (chDB) behind ClickHouse's own HTTP interface, as a service of the box."""

import argparse
import http.client
import sys
from collections.abc import Mapping
from pathlib import Path

from farmbox.service import Service

PROBE_MAX_S = 1.0
REPOSITORY = Path(__file__).parents[1]


class ClickHouse(Service):
    """One chDB on a directory; production points the same client at a ClickHouse cluster."""

    name = "clickhouse"

    @property
    def url(self) -> str:
        """For any client of ClickHouse's HTTP interface."""
        return f"http://{self.address}"

    def command(self) -> list[str]:
        """The module below, as a program."""
        return [
            sys.executable,
            "-m",
            "farmbox.clickhouse",
            f"--path={self.directory / 'data'}",
            f"--host={self.host}",
            f"--port={self.port}",
        ]

    def environment(self) -> Mapping[str, str]:
        """The checkout need not be installed."""
        return {"PYTHONPATH": str(REPOSITORY)}

    def answers(self) -> bool:
        """Whether it says Ok: the engine is open before the port is."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=PROBE_MAX_S)
        try:
            connection.request("GET", "/ping")
            return connection.getresponse().read() == b"Ok.\n"
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


def main(arguments: list[str]) -> None:
    """Open the engine, then serve until SIGTERM."""
    from farmbox.clickhouse_engine import Engine
    from farmbox.clickhouse_server import app_over
    from farmbox.loopback_http import serve

    parser = argparse.ArgumentParser(prog="farmbox.clickhouse")
    parser.add_argument("--path", type=Path, required=True, help="the engine's directory")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    options = parser.parse_args(arguments)
    engine = Engine(options.path)
    try:
        serve(app_over(engine), options.host, options.port)
    finally:
        engine.close()


if __name__ == "__main__":
    main(sys.argv[1:])
