"""What the gateway took, refused and answered: counted for metrics, told in one line a period."""

from collections import Counter

import structlog
from prometheus_client import Counter as Metric
from prometheus_client import Histogram

from contracts.dead_letter import Reason
from gateway.forks import Forked
from gateway.sequence import Noted

log = structlog.get_logger()

READINGS = Metric("herd_gateway_readings", "Readings handed to Kafka, repeats included.")
REFUSED = Metric("herd_gateway_refused", "Dead letters written, by reason.", ["reason"])
REPEATS = Metric("herd_gateway_repeats", "Readings that came again (by seq).")
MISSING = Metric("herd_gateway_missing", "Seqs skipped between two readings of one boot.")
LIMITED = Metric("herd_gateway_limited", "Uploads beyond their collar's budget, not read.")
FORKS = Metric(
    "herd_gateway_forks",
    "Signs that a collar is there twice: uploads of another content, boots that take turns.",
    ["sign"],
)
ASIDE = Metric("herd_gateway_aside", "LoRaWAN messages that are no uplinks, by kind.", ["kind"])
ANSWERED = Histogram(
    "herd_gateway_answer_seconds",
    "From an upload's receipt to its answer.",
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 5, 30, 120),
)


class Tally:
    """Counts since the last line told; kept by the bridge's thread alone."""

    def __init__(self) -> None:
        self._readings = 0
        self._answered = 0
        self._repeats = 0
        self._missing = 0
        self._limited = 0
        self._counted = (0, 0, 0)  # of readings, repeats and missing, what the metrics know
        self._refused: Counter[Reason] = Counter()

    def taken(self, readings: int) -> None:
        """Readings of one upload on their way."""
        self._readings += readings

    def refused(self, reason: Reason) -> None:
        """One dead letter on its way."""
        self._refused[reason] += 1
        REFUSED.labels(reason=reason.value).inc()

    def limited(self) -> None:
        """One upload that was not read: its collar sends too much."""
        self._limited += 1
        LIMITED.inc()

    def aside(self, kind: str) -> None:
        """One message that is no upload and needs no letter."""
        ASIDE.labels(kind=kind).inc()

    def forked(self, forked: Forked, mqtt_topic: str) -> None:
        """One upload whose readings bear the numbers of others."""
        FORKS.labels(sign="content").inc()
        if forked.is_news:
            log.warning(
                "collar_forked",
                sign="the same seq with another content",
                device_id=forked.device_id,
                mqtt_topic=mqtt_topic,
            )

    def noted(self, noted: Noted, mqtt_topic: str) -> None:
        """What the seqs of one upload showed."""
        if noted.is_forked:
            FORKS.labels(sign="boots").inc()
            log.warning("collar_forked", sign="two boots take turns", mqtt_topic=mqtt_topic)
        self._repeats += noted.repeats
        self._missing += noted.missing

    def answered(self, seconds: float) -> None:
        """One upload answered."""
        self._answered += 1
        ANSWERED.observe(max(0.0, seconds))

    def turned(self) -> None:
        """Once a turn: the metrics are locked for each change, which singles could not afford."""
        counted = (self._readings, self._repeats, self._missing)
        for metric, now, before in zip(
            (READINGS, REPEATS, MISSING), counted, self._counted, strict=True
        ):
            if now != before:
                metric.inc(now - before)
        self._counted = counted

    def tell(self) -> None:
        """One line on what happened since the last; none if nothing did."""
        self.turned()
        if self._readings or self._refused or self._answered or self._limited:
            log.info(
                "uploads_bridged",
                readings=self._readings,
                answered=self._answered,
                repeats=self._repeats,
                missing=self._missing,
                limited=self._limited,
                refused={reason.value: count for reason, count in self._refused.items()},
            )
        self._readings = self._answered = self._repeats = self._missing = self._limited = 0
        self._counted = (0, 0, 0)
        self._refused.clear()
