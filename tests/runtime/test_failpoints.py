"""A failpoint acts where and when it is told to, once, and never by itself."""

import signal
import subprocess
import sys

import pytest

from runtime.failpoints import Failpoint, FailpointError, arm, declared, failpoint

POINT = Failpoint("tests.point")


@pytest.fixture(autouse=True)
def _disarmed() -> None:
    POINT.disarm()


def test_disarmed_it_does_nothing() -> None:
    """As in every process that serves a farm."""
    for _ in range(3):
        POINT.reached()


def test_it_acts_at_the_passing_it_is_armed_for_and_only_then() -> None:
    """A process that is started again by hand goes on; one that goes on is not hit twice."""
    arm("tests.point:raise@3")
    POINT.reached()
    POINT.reached()

    with pytest.raises(FailpointError, match=r"tests\.point"):
        POINT.reached()

    POINT.reached()


def test_it_does_what_a_simulation_hands_in() -> None:
    """A worker in memory is not killed but left, or others take their turns meanwhile."""
    called: list[str] = []
    failpoint("tests.point").arm(lambda: called.append("here"), nth=2)

    for _ in range(3):
        POINT.reached()

    assert called == ["here"]


def test_a_stall_stands_still_as_long_as_it_is_told_to() -> None:
    """Long enough for a broker to give us up, without the process being gone."""
    arm("tests.point:stall=0.01")

    POINT.reached()
    POINT.reached()


def test_a_kill_leaves_no_last_word() -> None:
    """No handler, no flush, no goodbye to the broker: as if the machine were gone."""
    program = (
        "from runtime.failpoints import Failpoint, arm\n"
        "point = Failpoint('tests.child')\n"
        "arm('tests.child:kill@2')\n"
        "point.reached(); print('once', flush=True)\n"
        "try:\n"
        "    point.reached()\n"
        "finally:\n"
        "    print('last word', flush=True)\n"
    )

    child = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )

    assert child.returncode == -signal.SIGKILL
    assert "once" in child.stdout
    assert "last word" not in child.stdout


@pytest.mark.parametrize(
    "spec", ["tests.pint:kill", "tests.point:explode", "tests.point", "tests.point:kill@"]
)
def test_a_setting_that_would_test_nothing_is_refused(spec: str) -> None:
    """A sweep with a misspelt name would be green for ever."""
    with pytest.raises(FailpointError, match=r"tests\.point"):
        arm(spec)


def test_no_setting_arms_none() -> None:
    """The setting's default."""
    arm("")

    POINT.reached()


def test_every_name_is_one_place() -> None:
    """Two places of one name would make a sweep hit one of them and report both."""
    with pytest.raises(FailpointError, match="two failpoints"):
        Failpoint("tests.point")

    assert "tests.point" in declared()
