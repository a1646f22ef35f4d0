"""A process's life: it stops when asked, ends when a loop fails, and ends when it is stuck."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.waiting import eventually

PROGRAM = """
import sys, threading
from pathlib import Path
from runtime.lifecycle import run
from runtime.settings import ServiceSettings

def fine(running):
    running.ready()
    while running.goes_on():
        running.wait(0.05)

def fails(running):
    raise ValueError("the disk is on fire")

def stuck(running):
    threading.Event().wait()

loop = {"fine": fine, "fails": fails, "stuck": stuck}[sys.argv[1]]
settings = ServiceSettings(ready_file=Path(sys.argv[2]), stall_max_s=1.0)
sys.exit(run("test", settings, {"other": fine, "loop": loop}))
"""


def start(loop: str, ready_file: Path) -> subprocess.Popen[str]:
    """A process with one ordinary loop and one of the given kind."""
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, loop, str(ready_file)],
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )


@pytest.mark.parametrize("signal_number", [signal.SIGTERM, signal.SIGINT])
def test_a_process_that_is_asked_to_stop_leaves_with_zero(
    tmp_path: Path, signal_number: signal.Signals
) -> None:
    """SIGTERM and Ctrl-C are how one stops a service; neither is a failure."""
    ready_file = tmp_path / "ready"
    process = start("fine", ready_file)
    eventually(ready_file.exists, why="the service says that it is ready")

    process.send_signal(signal_number)
    _, log = process.communicate(timeout=20)

    assert process.returncode == 0, log
    assert not ready_file.exists()


def test_a_failing_loop_ends_the_whole_process(tmp_path: Path) -> None:
    """Half a service is worse than none: its supervisor would take it for healthy."""
    process = start("fails", tmp_path / "ready")

    _, log = process.communicate(timeout=20)

    assert process.returncode == 1
    assert "the disk is on fire" in log


def test_a_process_that_makes_no_progress_ends_itself(tmp_path: Path) -> None:
    """A client that waits for ever cannot be interrupted from inside, so the outside ends it."""
    process = start("stuck", tmp_path / "ready")

    _, log = process.communicate(timeout=20)

    assert process.returncode == 70
    assert "loop_stuck" in log
