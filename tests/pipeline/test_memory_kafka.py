"""The Kafka in memory does what the real one was seen to do; each test names where it was seen."""

import pytest

from contracts.topics import DETECTIONS
from pipeline.adapters.transactions import SlotTakenError, TransactionFailedError
from pipeline.ports import Record
from tests.pipeline.memory_broker import SESSION_S, TRANSACTION_S, Member, MemoryBroker

RECORD = Record(DETECTIONS, 0, "nl-1", b"told")
ONE, TWO = "pipeline-0", "pipeline-1"


@pytest.fixture
def broker() -> MemoryBroker:
    """Two partitions, nobody there."""
    return MemoryBroker([0, 1])


def joined(broker: MemoryBroker, slot: str) -> Member:
    """A member that is heard from now on."""
    member = broker.group.join(slot, broker.now_s)
    broker.heard[member.member_id] = member
    return member


def told(broker: MemoryBroker) -> list[bytes | None]:
    """What a reader of committed records sees."""
    return [record.value for record in broker.read(DETECTIONS.name, 0)]


def test_a_transaction_is_seen_whole_or_not_at_all_and_holds_readers_back(
    broker: MemoryBroker,
) -> None:
    """As test_worker_process.py: what a killed worker left open is never told."""
    first, second = broker.init(ONE), broker.init(TWO)
    broker.produce(ONE, first, RECORD)
    broker.produce(TWO, second, RECORD)
    broker.commit(TWO, second)
    assert told(broker) == []  # the first is not decided yet

    broker.abort(ONE, first)

    assert told(broker) == [b"told"]


def test_who_takes_a_slot_aborts_what_its_last_holder_left_open(broker: MemoryBroker) -> None:
    """As test_worker_process.py: a restart takes over at once, the one before is refused."""
    before = broker.init(ONE)
    broker.produce(ONE, before, RECORD)

    broker.init(ONE)

    assert told(broker) == []
    with pytest.raises(SlotTakenError):
        broker.commit(ONE, before)


def test_a_transaction_left_open_is_aborted_in_time(broker: MemoryBroker) -> None:
    """As tests/flows/test_workers_come_and_go.py: a frozen worker holds nobody back for long."""
    epoch = broker.init(ONE)
    broker.produce(ONE, epoch, RECORD)

    broker.pass_time(TRANSACTION_S + 1)

    with pytest.raises(SlotTakenError):
        broker.commit(ONE, epoch)
    assert told(broker) == []


def test_a_restart_within_the_session_keeps_its_share_and_moves_no_generation(
    broker: MemoryBroker,
) -> None:
    """As ARCHITECTURE.md measured for static members: 6 s instead of a rebalance."""
    first = joined(broker, ONE)
    generation = broker.group.generation

    again = joined(broker, ONE)

    assert broker.group.generation == generation
    assert broker.group.replaced(first)
    assert broker.group.holds(again)
    assert broker.group.assignment == {ONE: [0, 1]}


def test_a_newcomer_gets_its_share_once_all_have_handed_over(broker: MemoryBroker) -> None:
    """As test_partitions_move_between_workers_without_loss: all partitions move at once."""
    first = joined(broker, ONE)
    joined(broker, TWO)
    assert broker.group.rebalancing

    broker.group.rejoin(first)

    assert broker.group.assignment == {ONE: [0], TWO: [1]}


def test_a_member_left_behind_by_a_generation_may_not_commit(broker: MemoryBroker) -> None:
    """As adapters/transactions.py tells: a generation that moves on refuses a commit."""
    member, epoch = joined(broker, ONE), broker.init(ONE)
    generation = broker.group.generation
    joined(broker, TWO)
    broker.group.rejoin(member)

    with pytest.raises(TransactionFailedError):
        broker.send_offsets(ONE, epoch, {0: 7}, member, generation)

    assert broker.offsets == {}


def test_a_frozen_member_is_put_out_and_its_late_commit_refused(broker: MemoryBroker) -> None:
    """As tests/flows/test_workers_come_and_go.py: SIGSTOP past the session, then SIGCONT."""
    frozen, epoch = joined(broker, ONE), broker.init(ONE)
    joined(broker, TWO)
    broker.group.rejoin(frozen)
    del broker.heard[frozen.member_id]

    broker.pass_time(SESSION_S + 1)
    # the other hands over and has all of it
    broker.group.rejoin(broker.group.members[TWO])

    assert broker.group.assignment == {TWO: [0, 1]}
    with pytest.raises(TransactionFailedError):
        broker.send_offsets(ONE, epoch, {0: 7}, frozen, broker.group.generation)


def test_offsets_under_way_are_waited_for(broker: MemoryBroker) -> None:
    """As adapters/input_log.py tells: Kafka holds back the offsets of an open transaction."""
    member, epoch = joined(broker, ONE), broker.init(ONE)
    broker.send_offsets(ONE, epoch, {0: 7}, member, broker.group.generation)

    assert broker.committed(0) is None  # aborted meanwhile
    assert broker.now_s > TRANSACTION_S


def test_who_sent_its_offsets_in_time_may_end_its_transaction_after_its_session(
    broker: MemoryBroker,
) -> None:
    """As KIP-447 has it: Kafka asks for the generation when offsets are sent; whoever takes over
    is not told offsets that are under way, so nothing is read twice (seeds 610 and 2047).
    """
    frozen, epoch = joined(broker, ONE), broker.init(ONE)
    broker.send_offsets(ONE, epoch, {0: 7}, frozen, broker.group.generation)
    del broker.heard[frozen.member_id]
    broker.pass_time(SESSION_S + 1)

    broker.commit(ONE, epoch)

    assert not broker.group.holds(frozen)
    assert broker.committed(0) == 7
    assert broker.wrong == []
