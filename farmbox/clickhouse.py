"""ClickHouse's engine (chDB) behind ClickHouse's own HTTP interface, as a service of the box."""

import http.client
import sys
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
        """The module farmbox.clickhouse_server, as a program."""
        return [
            sys.executable,
            "-m",
            "farmbox.clickhouse_server",
            f"--path={self.directory / 'data'}",
            f"--host={self.host}",
            f"--port={self.port}",
        ]

    def environment(self) -> dict[str, str]:
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
