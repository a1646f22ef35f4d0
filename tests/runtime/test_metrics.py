"""What every service tells Prometheus: its loops' last progress, and its lag in Kafka."""

import json
import subprocess
import sys
from pathlib import Path

import httpx
from prometheus_client import REGISTRY

from farmbox.ports import assign_ports
from runtime.metrics import consumer_lag, note_lag
from tests.waiting import eventually

PROGRAM = """
import sys
from runtime.lifecycle import run
from runtime.settings import ServiceSettings

def loop(running):
    running.ready()
    while running.goes_on():
        running.wait(0.05)

settings = ServiceSettings(metrics_port=int(sys.argv[1]))
sys.exit(run("test", settings, {"turning": loop}))
"""


UNKNOWN = -1001  # librdkafka's


def partition(state: str, *, handed_over: int, end: int, following: int = 0) -> dict[str, object]:
    """As librdkafka tells of one."""
    return {
        "fetch_state": state,
        "app_offset": handed_over,
        "next_offset": following,
        "ls_offset": end,
    }


def statistics(*partitions: dict[str, object]) -> str:
    """As librdkafka tells them."""
    numbered = {str(number): one for number, one in enumerate(partitions)}
    return json.dumps({"topics": {"herd.alerts.v1": {"partitions": numbered}}})


def lag_of(group: str) -> float | None:
    """What Prometheus would be told."""
    labels = {"group": group, "topic": "herd.alerts.v1"}
    return REGISTRY.get_sample_value("herd_kafka_lag_records", labels)


def test_a_process_tells_that_it_is_ready_and_that_its_loops_turn(tmp_path: Path) -> None:
    """An operator is woken by a loop that stands still, before the process ends itself."""
    port = assign_ports(tmp_path / "ports.json", ["metrics"], {}, "127.0.0.1")["metrics"]
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(port)],
        stderr=subprocess.DEVNULL,
        cwd=Path(__file__).parents[2],
    )

    def told() -> str:
        try:
            return httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=5).text
        except httpx.TransportError:
            return ""

    try:
        eventually(lambda: "herd_ready 1.0" in told(), why="the service says that it is ready")
        [line] = [line for line in told().splitlines() if line.startswith("herd_loop_idle_seconds")]
    finally:
        process.terminate()
        process.wait(20)

    assert line.startswith('herd_loop_idle_seconds{loop="turning"}')
    assert float(line.split()[1]) < 5


def test_lag_is_summed_over_the_partitions_that_are_ours() -> None:
    """What another worker reads, and what librdkafka does not know, is not ours to count."""
    note_lag(
        "sum",
        statistics(
            partition("active", handed_over=7, end=10),
            partition("active", handed_over=UNKNOWN, following=6, end=10),
            partition("active", handed_over=10, end=10),
            partition("none", handed_over=0, end=99),
            partition("active", handed_over=3, end=UNKNOWN),
        ),
    )

    assert lag_of("sum") == 3 + 4


def test_no_lag_is_told_where_none_is_known() -> None:
    """A worker that lost its partitions must not show for ever how far it was behind."""
    note_lag("lost", statistics(partition("active", handed_over=7, end=10)))

    note_lag("lost", statistics(partition("stopped", handed_over=7, end=10)))

    assert lag_of("lost") is None


def test_a_process_without_metrics_does_not_count_its_lag() -> None:
    """Statistics cost CPU, and in the box nobody reads them."""
    assert consumer_lag("any") == {}
