"""Each restore is held against what the log holds: a planted difference is found and counted."""

from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from pipeline import metrics
from pipeline.state import PartitionState
from tests.pipeline.lives import Life
from tests.pipeline.logs import temperatures, values_of
from tests.pipeline.memory_kafka import MemoryKafka

MINUTE_US = 60_000_000


def mismatches() -> float:
    """What the metric says."""
    return float(metrics.REPLAY_MISMATCHES._value.get())


def a_log_with_a_snapshot_before_its_fever() -> MemoryKafka:
    """A worker saved four readings, told of the fever in the next six, and was killed."""
    kafka = MemoryKafka(values_of(temperatures(38, 38, 38, 38, 41, 41, 41, 41, 41, 41)))
    kafka.inputs[kafka.partition], later = kafka.values[:4], kafka.values[4:]
    Life(kafka, said={"snapshot_records_max": 4}).to_the_end()
    kafka.inputs[kafka.partition] += later
    Life(kafka).turns(6).crash()
    assert len(kafka.detections) == 1
    return kafka


def test_a_restore_finds_in_the_log_what_it_replays() -> None:
    """Silent outputs and the log's are equal byte by byte: the metric stays where it was."""
    kafka = a_log_with_a_snapshot_before_its_fever()
    before = mismatches()

    with capture_logs() as said:
        Life(kafka).turns(8)

    checked = [line for line in said if line["event"] == "replay_checked"]
    assert [line["compared"] for line in checked] == [1]
    assert mismatches() == before


def test_a_replay_that_tells_something_else_is_named_and_does_not_stop_the_worker(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An engine that does not repeat itself is a fault to be told, not a reason to fall silent."""
    kafka = a_log_with_a_snapshot_before_its_fever()
    before, told = mismatches(), kafka.detections[0]
    honest = PartitionState.from_arrays.__func__  # type: ignore[attr-defined]

    def planted(cls: type[PartitionState], *args: object) -> PartitionState:
        state: PartitionState = honest(cls, *args)
        begin = state.episodes.begin
        state.episodes.begin = lambda episode: begin(  # type: ignore[method-assign]
            replace(episode, known_us=episode.known_us + MINUTE_US)
        )
        return state

    monkeypatch.setattr(PartitionState, "from_arrays", classmethod(planted))
    with capture_logs() as said:
        life = Life(kafka).turns(8)

    (found,) = [line for line in said if line["event"] == "replay_mismatch"]
    assert (found["differences"], found["event_ids"]) == (1, [told.event_id])
    assert mismatches() == before + 1
    life.to_the_end()
