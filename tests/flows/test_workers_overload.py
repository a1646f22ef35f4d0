"""More than a worker can take: it lags and says so, its memory stays, and all arrives later."""

import socket
import urllib.request
from pathlib import Path

import pytest

from farmbox.box import Addresses
from runtime.kafka import Outbox, new_producer
from tests.flows.workers import SETTLED_MAX_S, Herds, Workers
from tests.many_collars import peak_memory_mb
from tests.waiting import eventually

ROUNDS = 1500  # 42,000 records, 15 MB; at ten records a transaction a minute's work
LAG_MIN = 20_000
GROWTH_MB_MAX = 60  # what the client may hold in its queue is 32 MiB

pytestmark = [pytest.mark.timeout(300), pytest.mark.proof]


def lag_told(port: int) -> float:
    """The lag that a worker tells Prometheus; 0 before it tells any."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    name = "herd_kafka_lag_records"
    lags = [line.split()[-1] for line in lines if line.startswith(name) and "herd.readings" in line]
    return max(map(float, lags), default=0.0)


def a_free_port() -> int:
    """One that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def test_overload_is_lag_and_never_memory_or_loss(box: Addresses, tmp_path: Path) -> None:
    """Everything is in Kafka before the worker has done a tenth of it."""
    herds, port = Herds(box), a_free_port()
    with Workers(box, tmp_path) as workers:
        slow = workers.start(0, batch_records_max=10, metrics_port=port)
        before_mb = peak_memory_mb(slow.pid)
        outbox = Outbox(new_producer(box.kafka_bootstrap))
        for _ in range(ROUNDS):
            herds.send_round(outbox)
        eventually(lambda: lag_told(port) > LAG_MIN, within_s=30, why="it tells its lag")
        herds.wait_until_committed()
        eventually(lambda: lag_told(port) == 0, within_s=SETTLED_MAX_S, why="it caught up")
        grown_mb = peak_memory_mb(slow.pid) - before_mb
        print(f"{ROUNDS} rounds, memory grew by {grown_mb} MB")  # noqa: T201  a figure

        assert grown_mb <= GROWTH_MB_MAX
        herds.assert_told_and_counted_once(workers)
