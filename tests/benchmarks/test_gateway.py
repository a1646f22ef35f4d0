"""The gateway's bench at a size at which its figures mean nothing: what it tells must be there."""

import pytest

from benchmarks.gateway import Sizes, run

KEYS = {"single_per_s", "single_floor_per_s", "batched_readings_per_s", "lost", "mqtt_broker"}


@pytest.mark.services
def test_the_bench_tells_what_scripts_ask_for_and_loses_nothing() -> None:
    """A bench that loses readings, or counts some twice, has measured something else."""
    told: list[str] = []

    found = run(told.append, Sizes(collars=20, singles=60, uploads=20, readings=5, rounds=1))

    assert found.keys() >= KEYS
    assert found["lost"] == 0
    assert found["mqtt_broker"] == "artemis"
    assert min(found["single_per_s"], found["single_floor_per_s"]) > 0
    assert found["batched_readings_per_s"] > 0
    assert any("round 1" in line for line in told)
