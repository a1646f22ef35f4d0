"""What an operator wants to know of the worker; counted in runner.py, once a batch."""

from prometheus_client import Counter, Gauge, Histogram

READINGS = Counter("herd_pipeline_readings", "Records judged live: readings, ticks, context.")
DETECTIONS = Counter("herd_pipeline_detections", "Detections told, each revision counted.")
COMMIT_TIME = Histogram(
    "herd_pipeline_commit_seconds",
    "One transaction: what is told and how far was read.",
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5, 10),
)
SNAPSHOT_AT = Gauge(
    "herd_pipeline_snapshot_timestamp_seconds",
    "When this worker last wrote a snapshot of a partition of its own.",
    ["partition"],
)


def forget(partition: int) -> None:
    """A partition that went to another worker has its age there."""
    SNAPSHOT_AT.remove(str(partition))
