"""Metrics that every service of ours has: that its loops turn, and how far it is behind in Kafka.

What a service counts beside these is declared where it is counted. Names as Prometheus wants them:
`herd_` first, the unit last, `_total` added to counters by the client. No label holds a farm's or
an animal's id: their number has no limit, and who reads metrics need not know them.
"""

import json
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from prometheus_client import Gauge, start_http_server
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import REGISTRY, Collector

STATISTICS_EVERY_MS = 5_000  # librdkafka counts its own lag; Prometheus asks every 15 s

READY = Gauge("herd_ready", "1 once the service does its work.")
LAG = Gauge(
    "herd_kafka_lag_records",
    "Records of this consumer's share that it has not read yet, by group and topic.",
    ["group", "topic"],
)

_serving = False


class _Beats(Collector):
    """Seconds since each loop last reported progress, as of the moment somebody asks."""

    def __init__(self, beats: Callable[[], Mapping[str, float]]) -> None:
        self._beats = beats

    def collect(self) -> Iterable[GaugeMetricFamily]:
        family = GaugeMetricFamily(
            "herd_loop_idle_seconds", "Since a loop last reported progress.", labels=["loop"]
        )
        now_s = time.monotonic()
        for loop, at_s in self._beats().items():
            family.add_metric([loop], max(0.0, now_s - at_s))
        return [family]


def serve(host: str, port: int, beats: Callable[[], Mapping[str, float]]) -> None:
    """Answer Prometheus from now on; before any client is made, or it will not count its lag.

    beats: monotonic seconds of each loop's last progress.
    """
    global _serving  # noqa: PLW0603  said once, when the process starts
    _serving = True
    REGISTRY.register(_Beats(beats))
    start_http_server(port, addr=host)


def consumer_lag(group: str) -> dict[str, Any]:
    """What a consumer is told so that its lag is counted; nothing where nobody will ask."""
    if not _serving:
        return {}
    return {
        "statistics.interval.ms": STATISTICS_EVERY_MS,
        "stats_cb": lambda text: note_lag(group, text),
    }


def note_lag(group: str, statistics: str) -> None:
    """Sum the lag over the partitions of each topic that this consumer is fetching.

    librdkafka's own figure knows nothing of a position that is kept elsewhere than in the group
    (in a transaction, beside a read model's data). Nothing is told of a topic without a share: a
    lag of 0 would be a lie, and an old one too.
    """
    for topic, told in json.loads(statistics).get("topics", {}).items():
        partitions = told["partitions"].values()
        lags = [lag for one in partitions if (lag := _lag(one)) is not None]
        if lags:
            LAG.labels(group=group, topic=topic).set(sum(lags))
        else:
            LAG.remove(group, topic)


def _lag(partition: Mapping[str, Any]) -> int | None:
    """From what was handed to us to the last stable offset; before the first, from what is next."""
    handed_over, following = partition["app_offset"], partition["next_offset"]
    position, end = handed_over if handed_over >= 0 else following, partition["ls_offset"]
    if partition["fetch_state"] != "active" or position < 0 or end < 0:
        return None
    return int(max(0, end - position))
