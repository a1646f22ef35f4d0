"""What an operator wants to know of the worker; counted in runner.py, once a batch or a second."""

from prometheus_client import Counter, Gauge, Histogram

READINGS = Counter("herd_pipeline_readings", "Records judged live: readings, ticks, context.")
DETECTIONS = Counter("herd_pipeline_detections", "Detections told, each revision counted.")
COMMIT_TIME = Histogram(
    "herd_pipeline_commit_seconds",
    "One transaction: what is told and how far was read.",
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5, 10),
)
BATCH = Histogram(
    "herd_pipeline_batch_records",
    "Records of one turn: few when idle, many under load.",
    buckets=(1, 10, 100, 1_000, 3_000, 10_000, 30_000, 100_000),
)
TURN_TIME = Histogram(
    "herd_pipeline_turn_seconds",
    "One turn of the loop: read, judge, commit.",
    buckets=(0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30),
)
LONGEST_TURN = Gauge("herd_pipeline_longest_turn_seconds", "The longest turn since the start.")
LAG = Gauge("herd_pipeline_lag_records", "Records from the next one to the end.", ["partition"])
LOG_TIME = Gauge(
    "herd_pipeline_log_time_timestamp_seconds",
    "Log time of a partition: up to when silence and hours are judged.",
    ["partition"],
)
LOG_TIME_BEHIND = Gauge(
    "herd_pipeline_log_time_behind_seconds",
    "How far a partition's log time is behind the farm's clock.",
    ["partition"],
)
ANIMALS = Gauge("herd_pipeline_animals", "Animals in a partition's state.", ["partition"])
STATE_BYTES = Gauge("herd_pipeline_state_bytes", "Memory of a partition's rows.", ["partition"])
REPLAY_DEBT = Gauge(
    "herd_pipeline_replay_debt_seconds", "What a restore of this worker would replay now."
)
RESTORES = Histogram(
    "herd_pipeline_restore_seconds",
    "From a partition's assignment until it is live: snapshot and silent replay.",
    buckets=(0.1, 0.5, 1, 2, 5, 10, 20, 60, 300),
)
REBUILT = Counter(
    "herd_pipeline_state_rebuilt", "Partitions whose state was lost and made again from the log."
)
REPLAY_MISMATCHES = Counter(
    "herd_pipeline_replay_mismatches",
    "Events that silent replay makes otherwise than they stand in the log: must be 0.",
)
SNAPSHOT_AT = Gauge(
    "herd_pipeline_snapshot_timestamp_seconds",
    "When this worker last wrote a snapshot of a partition of its own.",
    ["partition"],
)
OF_A_PARTITION = (SNAPSHOT_AT, LAG, LOG_TIME, LOG_TIME_BEHIND, ANIMALS, STATE_BYTES)


def forget(partition: int) -> None:
    """A partition that went to another worker is told of there."""
    for gauge in OF_A_PARTITION:
        gauge.remove(str(partition))
