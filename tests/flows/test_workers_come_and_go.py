"""Workers join, leave and die while readings come: each counts once, each answer is told once."""

from pathlib import Path

import pytest

from farmbox.box import Addresses
from pipeline import failpoints
from runtime.failpoints import declared
from tests.flows.workers import Herds, Workers
from tests.waiting import eventually

ROOM = failpoints.__name__.split(".")[0]  # importing it declares its points
POINTS = [name for name in declared() if name.startswith(f"{ROOM}.")]
PASSINGS = 1, 10  # a worker alone is given twelve partitions, and hands twelve over

pytestmark = pytest.mark.timeout(300)


def test_workers_join_leave_and_die_under_load(box: Addresses, tmp_path: Path) -> None:
    """One, two, three; one killed and replaced, one leaves for good, one dies for good."""
    herds, waited_s = Herds(box), dict[str, float]()
    with Workers(box, tmp_path) as workers:
        with herds.under_load():
            one = workers.start(0)
            herds.goes_on()
            two = workers.start(1)
            waited_s["a second joined"] = herds.goes_on()
            three = workers.start(2)
            waited_s["a third joined"] = herds.goes_on()
            two.kill()
            workers.start(1)
            waited_s["one was killed and replaced"] = herds.goes_on()
            left = three.stop()
            waited_s["one left for good"] = herds.goes_on()
            one.kill()
            waited_s["one was killed for good"] = herds.goes_on()
        print({what: f"{s:.1f} s" for what, s in waited_s.items()})  # noqa: T201  figures

        assert left == 0
        herds.assert_told_and_counted_once(workers)


@pytest.mark.proof
def test_workers_that_start_together_share_and_lose_nothing(box: Addresses, tmp_path: Path) -> None:
    """Four at once from a standstill, a long log before them, each restored while others join."""
    herds = Herds(box)
    with Workers(box, tmp_path) as workers:
        with herds.under_load():
            workers.start(0)
            herds.goes_on()
            workers.kill()
            for _ in range(2):  # the second time while the first are still restoring
                started = [workers.spawn(slot) for slot in range(4)]
                eventually(lambda: any(one.is_ready() for one in started), within_s=60)  # noqa: B023
                workers.kill()
            for slot in range(4):
                workers.spawn(slot)
            herds.goes_on()

        herds.assert_told_and_counted_once(workers)


@pytest.mark.proof
@pytest.mark.parametrize("point", POINTS)
def test_a_worker_killed_at_any_step_loses_and_doubles_nothing(
    box: Addresses, tmp_path: Path, point: str
) -> None:
    """Each time another takes over what it had in hand, and dies in its turn."""
    herds = Herds(box)
    with Workers(box, tmp_path) as workers:
        with herds.under_load():
            for passing in PASSINGS:
                # no seat is kept: it is given all, and hands all over to whoever joins
                herds.wait_until_nobody_is_in_the_group()
                killed = workers.spawn(0, failpoint=f"{point}:kill@{passing}")
                eventually(lambda: killed.is_ready() or killed.has_ended(), within_s=60)  # noqa: B023
                workers.spawn(1)
                eventually(killed.has_ended, within_s=60, why=f"{point} is passed")
                herds.goes_on()
                workers.kill()
            workers.start(0)
            herds.goes_on()

        herds.assert_told_and_counted_once(workers)
