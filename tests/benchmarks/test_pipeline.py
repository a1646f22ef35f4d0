"""The pipeline's benches at sizes at which figures mean nothing: what they tell must be there."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.kafka_box import KafkaBox, kafka_box
from benchmarks.made_herds import HerdSizes
from benchmarks.pipeline import Sizes, measure
from benchmarks.pipeline_live import LiveSizes
from benchmarks.restore import Sizes as RestoreSizes
from benchmarks.restore import measure as measure_restore
from pipeline.detectors.registry import ALL

KEYS = {
    "readings_per_s",
    "floor_per_s",
    "plain_loop_per_s",
    "at_least_once_per_s",
    "exactly_once_cost_pct",
    "cpu_us_per_reading",
    "cpu_us_per_reading_broker",
    "bytes_per_animal",
    "detectors",
    "workers",
    "farms",
    "animals",
    "rounds",
    "load_average",
}


@pytest.fixture(scope="module")
def quiet_box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaBox]:
    """A Kafka of its own: a bench sets offsets back, which no other test may see."""
    with kafka_box(tmp_path_factory.mktemp("bench"), lambda _: None) as box:
        yield box


@pytest.mark.services
@pytest.mark.proof  # its workers' group needs ten seconds to be empty, four times
def test_the_pipelines_bench_tells_what_scripts_ask_for(
    quiet_box: KafkaBox, tmp_path: Path
) -> None:
    """Every contender reads the whole log, and no planted fever is missed."""
    told: list[str] = []
    sizes = Sizes(
        herd=HerdSizes(animals=20),
        readings=12_000,
        plain_readings=2_400,
        rounds=1,
        live=(LiveSizes(200, seconds=8.0, fevers=12),),
    )

    found = measure(quiet_box, tmp_path, sizes, told.append)

    assert found.keys() >= KEYS
    assert min(value for name, value in found.items() if name.endswith("_per_s")) > 0
    assert found["detectors"] == [detector.spec.name for detector in ALL]
    assert (found["farms"], found["animals"], found["workers"]) == (24, 240, 2)
    assert set(found["cpu_us_by_part"]) >= {"consume and value", "decode", "step", "commit"}
    assert found["live_200_fevers"] == 12
    assert found["live_200_missed"] == 0
    assert found["live_200_p50_ms"] > 0


@pytest.mark.services
@pytest.mark.proof  # as above
def test_the_restores_bench_tells_what_scripts_ask_for(quiet_box: KafkaBox) -> None:
    """It recovers, and the parts of the time that it names are all of it."""
    sizes = RestoreSizes(animals=600, readings_per_s=200, debt_s=0.01, laid_max=6_000, seconds=8.0)

    found = measure_restore(quiet_box, sizes, lambda _: None)

    assert found.keys() >= {"animals", "replay_debt_s", "recover_s"}
    assert 0 < found["recover_s"] < 60
    parts = ("start_and_first_s", "others_read_s", "replay_s", "catch_up_s")
    assert sum(found[part] for part in parts) == pytest.approx(found["recover_s"], abs=0.05)
