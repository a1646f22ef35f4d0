"""`herd evaluate` on the command line, and farms side by side in processes of their own."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest

from contracts.detection import Condition
from firmware_sim.farm_recording import recording_of
from firmware_sim.recording_sets import compositions
from herd.evaluate import Asked, evaluate_composition, evaluate_simulated
from herd.evaluate_files import Files, evaluate_files
from herd.evaluate_out import write_farms
from herd.evaluate_side_by_side import Counted, side_by_side
from tests.conftest import FULL_SIZE

LIMIT_S, LOOK_EVERY_S = 60.0, 0.05
ROOT = Path(__file__).parents[2]


def doubled(job: int, counted: Counted) -> int:
    """Some work."""
    counted(10, 1.0)
    return 2 * job


def failing(job: int, counted: Counted) -> int:
    """Work that fails for one job, while others would go on for long."""
    if job == 0:
        raise ValueError("no such farm")
    while True:
        counted(1, 1.0)


def test_each_job_is_done_once_whoever_does_it() -> None:
    """Figures of a farm that was counted twice would be nobody's."""
    found = list(side_by_side(doubled, range(5), animal_days=5, tell=lambda _: None))

    assert sorted(found) == [0, 2, 4, 6, 8]


def test_a_farm_that_fails_ends_the_others() -> None:
    """The failure is told at once, not after ten minutes of the other farms."""
    begun_s = time.monotonic()

    with pytest.raises(ValueError, match="no such farm"):
        list(side_by_side(failing, [0, 1, 2], animal_days=3, tell=lambda _: None))

    assert time.monotonic() - begun_s < LIMIT_S


def test_a_simulated_farm_gives_figures_of_all_that_was_true_there() -> None:
    """Conditions that no detector found are in the table too."""
    composition = replace(compositions("quick")[-1], animals=3, days=1)

    score = evaluate_composition((composition, Asked()), lambda *_: None)

    true = {one.condition for one in recording_of(composition).truths()}
    assert true <= set(score.table.conditions)
    assert score.readings > 0
    assert score.farms[0]["made_frequent"] == composition.per_day


def test_what_is_written_is_what_is_read(tmp_path: Path) -> None:
    """The simulator's files are for other people's detectors too."""
    composition = replace(compositions("quick")[0], animals=3, days=1)
    (directory,) = write_farms([composition], tmp_path, lambda _: None)
    place = Path(directory)

    files = Files(str(place / "readings.csv"), place / "truth.csv", place / "animals.csv")
    score, notes = evaluate_files(files, Asked(young_count=True), lambda _: None)

    assert score.readings == notes.rows - notes.doubled > 0
    assert (notes.refused, notes.ignored) == (0, [])
    assert score.animals == 3


def herd(*arguments: str, stdin: str = "") -> "subprocess.CompletedProcess[str]":
    """The command as people run it."""
    return subprocess.run(
        [sys.executable, "-c", "from herd.cli import main; main()", "evaluate", *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT_S,
        cwd=ROOT,
    )


def test_no_child_outlives_a_parent_that_was_killed() -> None:
    """Two cores that compute for nobody make a laptop hot for an hour."""
    parent = subprocess.Popen(
        [sys.executable, "-c", "from herd.cli import main; main()", "evaluate", "--seeds", "quick"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=ROOT,
    )
    listed = Path(f"/proc/{parent.pid}/task/{parent.pid}/children")
    try:
        assert within(LIMIT_S, lambda: bool(listed.read_text().split()))
        children = [int(one) for one in listed.read_text().split()]
    finally:
        parent.send_signal(signal.SIGKILL)
        parent.wait()

    assert within(LIMIT_S, lambda: not any(is_alive(one) for one in children))


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that only waits to be buried does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def within(limit_s: float, holds: Callable[[], bool]) -> bool:
    """Whether it holds in time."""
    until_s, never = time.monotonic() + limit_s, Event()
    while not holds():
        if time.monotonic() > until_s:
            return False
        never.wait(LOOK_EVERY_S)
    return True


def test_files_from_a_pipe_give_the_keys_that_scripts_read(tmp_path: Path) -> None:
    """Names and keys are stable."""
    truth = tmp_path / "truth.csv"
    truth.write_text("animal_id,condition,start,end\n7,oestrus,2026-03-02,2026-03-02T12:00Z\n")
    readings = "time,animal_id,interval_s,steps,milk\n" + "".join(
        f"2026-03-0{day}T{hour:02}:00Z,7,3600,{hour},3\n"
        for day in (1, 2)
        for hour in range(0, 24, 8)
    )

    done = herd("--readings", "-", "--truth", str(truth), "--json", stdin=readings)

    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout.splitlines()[-1])
    assert set(result["conditions"]["oestrus"]) >= {
        "events",
        "detected",
        "sensitivity",
        "precision",
        "false_alerts_per_1000_animal_days",
        "lead_h_median",
    }
    assert "health_false_alerts_per_1000_animal_days" in result
    assert result["conditions"]["oestrus"]["events"] == 1
    assert result["files"]["ignored_columns"] == ["milk"]
    assert "milk" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--seeds", "best"], "tuning | test"),
        (["--only", "measles"], "no condition measles"),
        (["--readings", "-"], "each needs the other"),
        (["--truth", "truth.csv"], "each needs the other"),
        (["--readings", "nowhere.csv", "--truth", "nowhere.csv"], "nowhere.csv"),
        (["--animals", "cows.csv"], "needs --readings"),
    ],
)
def test_what_is_asked_wrongly_is_said_in_a_sentence(arguments: list[str], says: str) -> None:
    """Status 2, and what to do."""
    done = herd(*arguments)

    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(not FULL_SIZE, reason="minutes of two cores")
@pytest.mark.timeout(1800)
def test_a_herd_with_known_truth_is_mostly_understood() -> None:
    """A change that makes detectors much worse must not go unseen; the figures stand in docs."""
    some = [replace(one, animals=40, days=45) for one in compositions("tuning")[:3]]

    score = evaluate_simulated(some, Asked(), lambda _: None)

    oestrus = score.table.conditions[Condition.OESTRUS]
    assert oestrus.events >= 20
    assert oestrus.detected >= 0.5 * oestrus.events
    assert score.table.told()["health_false_alerts_per_1000_animal_days"] <= 60
