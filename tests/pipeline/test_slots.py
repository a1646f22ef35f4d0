"""Slots: a name nobody else works under; who holds one is told by the seats of the group."""

import os
import subprocess
import sys
from dataclasses import replace

from pipeline.adapters.seats import lives, process_at, this_process
from pipeline.slots import Process, Seat, first_free, held, process_of, seat_of, slots_of

ME = Process("boot-a-4026531836", 100, 5000)
OTHER = replace(ME, pid=200)
ELSEWHERE = replace(ME, host="boot-b-4026531836")


def a_seat(slot: str, who: Process) -> Seat:
    """Of a worker that sits there, alive or not."""
    return Seat(slot, f"{slot}-member", who.client_id())


def test_a_process_is_known_by_its_name_in_kafka() -> None:
    """What is called otherwise is no worker of ours, and nobody can say whether it lives."""
    assert process_of(ME.client_id()) == ME
    assert process_of("rdkafka") is None
    assert process_of("herd-pipeline.a.b.c") is None


def test_a_seat_is_held_while_somebody_may_be_working_under_it() -> None:
    """Dead on this machine, or ourselves a moment ago: free. Elsewhere: as long as Kafka waits."""
    seats = [
        a_seat("pipeline-0", OTHER),
        a_seat("pipeline-1", ELSEWHERE),
        a_seat("pipeline-2", ME),
        Seat("pipeline-3", "whoever", "rdkafka"),
    ]

    assert held(seats, ME, lambda who: who == OTHER).keys() == {
        "pipeline-0",
        "pipeline-1",
        "pipeline-3",
    }
    assert held(seats, ME, lambda _who: False).keys() == {"pipeline-1", "pipeline-3"}


def test_whoever_still_sits_somewhere_stays_there() -> None:
    """Who restores would else leave a seat behind, with a share of the partitions, for 8 s."""
    seats = [a_seat("pipeline-0", OTHER), a_seat("pipeline-2", ME)]

    assert seat_of(seats, ME) == "pipeline-2"
    assert seat_of(seats, ELSEWHERE) is None


def test_the_first_free_slot_is_taken_until_there_are_as_many_as_partitions() -> None:
    """One worker more would have nothing to do. Those who met in one slot part by skipping."""
    assert first_free([], 3) == "pipeline-0"
    assert first_free(["pipeline-0", "a-named-one"], 3) == "pipeline-1"
    assert first_free(["pipeline-0"], 3, skip=3) == "pipeline-2"
    assert first_free(slots_of(3), 3) is None


def test_a_pid_that_was_given_to_another_process_is_not_taken_for_its_first() -> None:
    """After a reboot of a container the same small pids come again."""
    mine = this_process()

    assert lives(mine)
    assert not lives(replace(mine, began=mine.began - 1))


def test_a_killed_process_does_not_live_though_its_parent_has_not_looked() -> None:
    """A zombie holds no connection; its slot is free at once."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        found = process_at(process.pid)
        assert found is not None
        assert lives(found)
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)

        assert not lives(found)
