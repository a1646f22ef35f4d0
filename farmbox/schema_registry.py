"""The schema registry as a service of the box, and as the process it runs in.

A small one with Confluent's REST API: none comes as a package, and production points at Karapace
or Confluent's own.
"""

import argparse
import http.client
import signal
import sys
from pathlib import Path

from farmbox.service import Service

PROBE_MAX_S = 1.0
REPOSITORY = Path(__file__).parents[1]


class SchemaRegistry(Service):
    """The registry over the box's Kafka; its state is a topic there, nothing on disk."""

    name = "registry"

    def __init__(
        self,
        directory: Path,
        port: int,
        *,
        kafka_bootstrap: str,
        replication: int = 1,
        topic: str = "_schemas",
        host: str = "127.0.0.1",
    ) -> None:
        super().__init__(directory, port, host=host)
        self.kafka_bootstrap = kafka_bootstrap
        self.replication = replication
        self.topic = topic

    @property
    def url(self) -> str:
        """For any Confluent-compatible client."""
        return f"http://{self.address}"

    def command(self) -> list[str]:
        """The module below, as a program."""
        return [
            sys.executable,
            "-m",
            "farmbox.schema_registry",
            f"--kafka={self.kafka_bootstrap}",
            f"--replication={self.replication}",
            f"--topic={self.topic}",
            f"--host={self.host}",
            f"--port={self.port}",
        ]

    def environment(self) -> dict[str, str]:
        """The checkout need not be installed."""
        return {"PYTHONPATH": str(REPOSITORY)}

    def answers(self) -> bool:
        """Whether it serves: it opens its port only when the log has been read."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=PROBE_MAX_S)
        try:
            connection.request("GET", "/mode")
            return connection.getresponse().status == http.client.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


def main(arguments: list[str]) -> None:
    """Read the log, then serve until SIGTERM, or until a write's end is unknown."""
    from farmbox.loopback_http import serve
    from farmbox.schema_registry_errors import CorruptLogError, LogLostError
    from farmbox.schema_registry_log import KafkaLog
    from farmbox.schema_registry_server import RegistryApi

    parser = argparse.ArgumentParser(prog="farmbox.schema_registry")
    parser.add_argument("--kafka", required=True, help="HOST:PORT, several with commas")
    parser.add_argument("--replication", type=int, default=1, help="copies of the topic")
    parser.add_argument("--topic", default="_schemas")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    options = parser.parse_args(arguments)
    log = KafkaLog(options.kafka, options.topic, options.replication)
    try:
        api = RegistryApi(log, log.open(), on_lost=_end)
    except (CorruptLogError, LogLostError) as error:
        sys.exit(f"{options.topic}: {error}")
    serve(api.app(), options.host, options.port)


def _end(reason: str) -> None:
    """End this process, after its answers are out: the next one reads what was really written."""
    sys.stderr.write(f"{reason}\n")
    signal.raise_signal(signal.SIGTERM)


if __name__ == "__main__":
    main(sys.argv[1:])
