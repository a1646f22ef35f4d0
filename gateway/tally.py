"""What the gateway took, refused and answered: counted for metrics, told in one line a period."""

from collections import Counter

import structlog
from prometheus_client import Counter as Metric
from prometheus_client import Histogram

from contracts.dead_letter import Reason
from gateway.sequence import Noted

log = structlog.get_logger()

READINGS = Metric("herd_gateway_readings", "Readings handed to Kafka, repeats included.")
REFUSED = Metric("herd_gateway_refused", "Dead letters written, by reason.", ["reason"])
REPEATS = Metric("herd_gateway_repeats", "Readings that came again (by seq).")
MISSING = Metric("herd_gateway_missing", "Seqs skipped between two readings of one boot.")
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
        self._refused: Counter[Reason] = Counter()

    def taken(self, readings: int) -> None:
        """Readings of one upload on their way."""
        self._readings += readings
        READINGS.inc(readings)

    def refused(self, reason: Reason) -> None:
        """One dead letter on its way."""
        self._refused[reason] += 1
        REFUSED.labels(reason=reason.value).inc()

    def noted(self, noted: Noted) -> None:
        """What the seqs of one upload showed."""
        self._repeats += noted.repeats
        self._missing += noted.missing
        REPEATS.inc(noted.repeats)
        MISSING.inc(noted.missing)

    def answered(self, seconds: float) -> None:
        """One upload answered."""
        self._answered += 1
        ANSWERED.observe(max(0.0, seconds))

    def tell(self) -> None:
        """One line on what happened since the last; none if nothing did."""
        if self._readings or self._refused or self._answered:
            log.info(
                "uploads_bridged",
                readings=self._readings,
                answered=self._answered,
                repeats=self._repeats,
                missing=self._missing,
                refused={reason.value: count for reason, count in self._refused.items()},
            )
        self._readings = self._answered = self._repeats = self._missing = 0
        self._refused.clear()
