"""The bench of a million animals at a size at which its figures mean nothing."""

from benchmarks.scale import Sizes, run

KEYS = {
    "animals",
    "bytes_per_animal",
    "cpu_share",
    "longest_step_ms",
    "snapshots_mb",
    "restore_s",
    "replay_s",
    "recover_s",
}
SMALL = Sizes(
    animals=80, herd=20, partitions=2, minutes=25, interval_s=300, slice_s=300, debt_s=0.01
)


def test_the_bench_counts_every_reading_and_judges_the_hour_of_every_herd() -> None:
    """A herd that was laid down wrongly would be silent, or never judged: cheap, and no proof."""
    told: list[str] = []

    found = run(told.append, SMALL)

    assert found.keys() >= KEYS
    assert found["readings"] == 80 * 5
    assert found["uncounted"] == 0
    assert found["hours_told"] > 0
    assert found["detections"] > 0
    assert found["replayed_records"] > 0
