"""The worker's loop on a Kafka in memory: one recovery path, silent replay, letters, limits."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from contracts.dead_letter import DeadLetter, Reason
from contracts.envelope import Event
from contracts.topics import SNAPSHOTS
from pipeline import failpoints
from pipeline.adapters.transactions import TransactionFailedError
from pipeline.canonical import canonical
from runtime.failpoints import Failpoint, FailpointError
from tests.builders import a_reading
from tests.pipeline.lives import Life
from tests.pipeline.logs import logs, run_all, temperatures, values_of
from tests.pipeline.memory_kafka import MemoryKafka, MemorySnapshots

UNKNOWN = b"\0\0\0\0\x63whatever"  # schema id 99


@given(
    logs.filter(bool),
    st.lists(st.tuples(st.integers(1, 6), st.integers(1, 5), st.booleans()), max_size=6),
    st.integers(1, 9),
)
@settings(max_examples=50, deadline=None)
def test_any_history_of_crashes_gives_the_answer_of_an_undisturbed_run(
    log: list[Event[Any]], lives: list[tuple[int, int, bool]], save_every: int
) -> None:
    """Killed or stopped anywhere, saved often or seldom: same detections, same counts."""
    values = values_of(log)
    kafka = MemoryKafka(values)
    for turns, batch, orderly in lives:
        life = Life(kafka, batch, said={"snapshot_records_max": save_every}).turns(turns)
        life.stop() if orderly else life.crash()

    Life(kafka, batch=100).to_the_end()

    expected_state, expected = run_all(values)
    told = expected.detections
    assert canonical(kafka.detections) == canonical(told)
    assert {repr(event) for event in kafka.detections} == {repr(event) for event in told}
    assert kafka.hours == expected.hour_events()
    found = MemorySnapshots(kafka).newest(kafka.partition, None).found
    assert found is not None
    assert found.state.counted_by_animal() == expected_state.counted_by_animal()


def test_replay_is_silent_but_for_what_is_open() -> None:
    """A replay tells nothing again and buries nothing again; an open episode is told once more."""
    kafka = MemoryKafka([*values_of(temperatures(41, 41, 41)), b"noise"])
    Life(kafka).turns(5).crash()
    told, letters = kafka.detections, kafka.letters

    Life(kafka).turns(5)

    assert len(told) == 1
    assert kafka.detections == [told[0], told[0]]
    assert kafka.letters == letters


def test_readings_deleted_before_they_were_read_are_not_waited_for_and_the_loss_is_said() -> None:
    """What is kept begins behind what was committed: a state before that gap is of no use."""
    kafka = MemoryKafka(values_of(temperatures(38, 38, 38, 38, 41, 41, 41, 41)))
    Life(kafka).turns(2).crash()
    kafka.low = 5

    with capture_logs() as logged:
        Life(kafka).to_the_end()

    (rebuilt,) = [line for line in logged if line["event"] == "state_rebuilt"]
    assert rebuilt["start"] == kafka.low
    assert kafka.committed(kafka.partition) == 8


def test_a_record_that_cannot_be_read_goes_to_the_dead_letters_with_its_commit() -> None:
    """A bad message costs nothing but itself, and is buried once."""
    kafka = MemoryKafka([None, b"noise", *values_of([a_reading()]), UNKNOWN])

    Life(kafka).to_the_end()

    payloads = [event.payload for event in kafka.letters]
    reasons = [p.reason for p in payloads if isinstance(p, DeadLetter)]
    origins = [p.origin for p in payloads if isinstance(p, DeadLetter)]
    assert reasons == [Reason.DAMAGED_AVRO, Reason.DAMAGED_AVRO, Reason.UNKNOWN_SCHEMA]
    assert origins == [f"kafka:herd.readings.v1/3/{offset}" for offset in (0, 1, 3)]


def test_a_stop_while_waiting_for_a_schema_commits_nothing_of_that_batch() -> None:
    """The records read beside the unknown one were not told of yet: they are read again."""
    kafka = MemoryKafka([*values_of(temperatures(41, 41, 41)), UNKNOWN])
    life = Life(kafka, batch=10, said={"unknown_schema_wait_s": 30}).turns(1)
    life.running.stop()

    life.turns(1).stop()

    assert kafka.committed_offset is None
    Life(kafka, batch=10).to_the_end()
    assert len(kafka.detections) == 1


def test_a_refused_transaction_ends_the_worker() -> None:
    """Its state has run ahead of Kafka; only a restore brings both together again."""
    kafka = MemoryKafka(values_of(temperatures(41, 41, 41)))
    life = Life(kafka, batch=10).turns(1)
    life.output.refuse = True

    with pytest.raises(TransactionFailedError):
        life.turns(1)

    Life(kafka).to_the_end()
    assert len(kafka.detections) == 1


def test_without_a_snapshot_the_log_is_replayed_from_its_beginning() -> None:
    """Snapshots are for speed; the log is the truth."""
    kafka = MemoryKafka(values_of(temperatures(41, 41)))
    Life(kafka).to_the_end()
    kafka.logs[SNAPSHOTS.name, kafka.partition].clear()
    kafka.inputs[kafka.partition] += values_of(
        [a_reading(seq=3, temperature_c=41.0, temperature_site="rumen")]
    )

    Life(kafka).to_the_end()

    assert len(kafka.detections) == 1


def test_a_partition_handed_over_is_committed_and_saved_first() -> None:
    """The next owner then starts where this one ended, with nothing to replay."""
    kafka = MemoryKafka(values_of(temperatures(38, 38, 38, 38)))
    life = Life(kafka, said={"commit_every_s": 5}).turns(2)

    life.turns(1).worker.revoked(kafka.partition)

    assert kafka.committed_offset == 4
    assert any(key.startswith("3/4/") for key in kafka.snapshots)


def test_a_partition_that_is_lost_writes_nothing_more() -> None:
    """Somebody else reads it already: a late commit would move the group back."""
    kafka = MemoryKafka(values_of(temperatures(38, 38, 38, 38)))
    life = Life(kafka, said={"commit_every_s": 5}).turns(2)
    committed = kafka.committed_offset

    life.turns(1).worker.lost(kafka.partition)
    life.turns(1)

    assert kafka.committed_offset == committed
    assert kafka.snapshots == {}


def test_a_record_from_before_a_return_within_one_poll_is_read_again_in_its_turn() -> None:
    """A partition that leaves and returns at once must not skip what lies before that record."""
    kafka = MemoryKafka(values_of(temperatures(38, 41, 41, 41)))
    life = Life(kafka)
    life.turns(1).input.assign(kafka.partition)
    life.input.positions[kafka.partition] = 3  # a record read before the partition came back

    life.turns(1)

    assert life.input.sought == [0]
    life.to_the_end()
    assert len(kafka.detections) == 1


def test_snapshots_come_by_what_a_restore_would_replay_and_two_are_kept() -> None:
    """Cadence by debt: a busy partition is saved often, an idle one is not saved for nothing."""
    kafka = MemoryKafka(values_of(temperatures(*[38.5] * 40)))

    Life(kafka, said={"snapshot_records_max": 10}).to_the_end()

    saved = sorted({int(key.split("/")[1]) for key in kafka.snapshots})
    assert saved == [30, 40]  # every ten, the older ones deleted


@pytest.mark.parametrize("step", [failpoints.POLLED, failpoints.STEPPED])
def test_a_turn_that_fails_anywhere_hands_nothing_over(step: Failpoint) -> None:
    """A closed client has its partitions revoked: what was not told is not committed then."""
    kafka = MemoryKafka(values_of(temperatures(41, 41, 41)))
    life = Life(kafka, batch=10).turns(1)  # it is given its partition
    before = kafka.committed_offset
    step.arm("raise")
    with pytest.raises(FailpointError):
        life.turns(1)
    life.worker.revoked(kafka.partition)

    assert kafka.committed_offset == before
    assert not kafka.snapshots
    life.crash()
    assert len(Life(kafka, batch=10).to_the_end().kafka.detections) == 1
