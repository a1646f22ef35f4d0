"""A worker that freezes past its session and wakes finds its partitions gone, and is refused.

And one that hangs in the middle of its work ends itself, and is replaced.
"""

from pathlib import Path

import pytest

from farmbox.box import Addresses
from pipeline import failpoints
from runtime.failpoints import Failpoint
from runtime.lifecycle import EXIT_STUCK
from tests.conftest import FULL_SIZE
from tests.flows.workers import SETTLED_MAX_S, Herds, Workers, said
from tests.gateway.surroundings import Process
from tests.waiting import eventually

# at each of them the worker holds something that is no longer its own when it wakes
FROZEN_AT = [
    failpoints.BEFORE_COMMIT,
    failpoints.POLLED,
    failpoints.BEFORE_OFFSETS,
    failpoints.COMMITTED,
    failpoints.SNAPSHOT_MANIFEST,
]
STALL_MAX_S = 3.0
PASSING = 20  # well under way

pytestmark = pytest.mark.timeout(300)


def refused_or_gone(process: Process) -> bool:
    """Whether a worker was told that it may not commit any more."""
    refused = said(process, "transaction_failed_restoring") or said(process, "partition_dropped")
    return bool(refused) or process.has_ended()


@pytest.mark.parametrize("point", FROZEN_AT if FULL_SIZE else FROZEN_AT[:1], ids=lambda p: p.name)
def test_a_worker_that_wakes_too_late_may_not_commit(
    box: Addresses, tmp_path: Path, point: Failpoint
) -> None:
    """Stopped in the middle of a turn, its partitions taken over, let go on: told once."""
    herds = Herds(box)
    with Workers(box, tmp_path) as workers:
        with herds.under_load():
            workers.start(1)
            # it stands still by itself for just long enough to be stopped right there
            frozen = workers.start(0, failpoint=f"{point.name}:stall=8@{PASSING}")
            eventually(lambda: said(frozen, "failpoint_reached"), within_s=60, why="it stalls")
            frozen.stand_still()
            taken_over_s = herds.goes_on()
            frozen.go_on()
            eventually(lambda: refused_or_gone(frozen), within_s=SETTLED_MAX_S, why="refused")
            if frozen.has_ended():
                workers.start(0)
            herds.goes_on()
        print(f"{point.name}: frozen, taken over after {taken_over_s:.1f} s")  # noqa: T201

        herds.assert_told_and_counted_once(workers)


@pytest.mark.proof
def test_a_worker_that_wakes_in_an_empty_group_may_not_commit(
    box: Addresses, tmp_path: Path
) -> None:
    """Kafka lets anybody commit to a group without members who names no generation of it."""
    herds = Herds(box)
    with Workers(box, tmp_path) as workers:
        with herds.under_load():
            frozen = workers.start(0, failpoint=f"{failpoints.POLLED.name}:stall=45@{PASSING}")
            eventually(lambda: said(frozen, "failpoint_reached"), within_s=60, why="it stalls")
            frozen.stand_still()
            other = workers.start(1)
            herds.goes_on()
            other.kill()
            herds.wait_until_nobody_is_in_the_group()
            frozen.go_on()
            eventually(lambda: refused_or_gone(frozen), within_s=SETTLED_MAX_S, why="refused")
            if frozen.has_ended():
                workers.start(0)
            herds.goes_on()

        herds.assert_told_and_counted_once(workers)


def test_a_worker_that_hangs_ends_itself_and_is_replaced(box: Addresses, tmp_path: Path) -> None:
    """Its heartbeats go on, so Kafka would leave it its partitions for ever."""
    herds = Herds(box)
    with Workers(box, tmp_path) as workers:
        with herds.under_load():
            stall = f"{failpoints.STEPPED.name}:stall=120@{PASSING}"
            stuck = workers.start(0, failpoint=stall, stall_max_s=STALL_MAX_S)
            eventually(stuck.has_ended, within_s=60, why="it ends itself")
            workers.start(0)
            waited_s = herds.goes_on()
        print(f"stuck, replaced after {waited_s:.1f} s")  # noqa: T201  a figure

        assert stuck.status() == EXIT_STUCK
        herds.assert_told_and_counted_once(workers)
