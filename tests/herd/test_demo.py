"""`herd demo` as a newcomer starts it: it proves its chain, and it runs and stops by itself."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def herd(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The command as a person would call it, with what it printed."""
    return subprocess.run(
        [sys.executable, "-m", "herd.cli", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )


@pytest.mark.services
def test_the_check_proves_the_chain_and_says_how_long_it_took() -> None:
    """Ten seconds of proof on a private farm: what scripts and newcomers rely on."""
    done = herd("demo", "--check", "--alerts", "3", "--json")

    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout.splitlines()[-1])
    assert result["alerts"] == 3
    assert 0 < result["reading_to_socket_ms"] <= result["p99_ms"]
    assert result["acknowledged_ms"] > 0


@pytest.mark.services
def test_a_farm_lives_after_its_past_is_laid_and_goes_on_after_a_stop(tmp_path: Path) -> None:
    """Without a terminal it tells a line every few seconds; a case appears by itself.

    The second start must find the same farm: nothing is laid twice, and no new past.
    """
    options = ("--animals", "6", "--speed", "240", "--mqtt-port", "0", "--port", "0")
    where = ("--data", str(tmp_path / "farm"))

    first = herd("demo", "--for", "60", *options, *where)
    again = herd("demo", "--for", "15", *options, *where)

    assert first.returncode == 0, first.stderr
    assert "/#t=" in first.stderr  # the one URL
    last = first.stdout.splitlines()[-1]
    assert last.startswith("live")
    assert open_cases(last) >= 1
    assert "not running" not in last
    assert again.returncode == 0, again.stderr
    lines = again.stdout.splitlines()
    assert lines[-1].startswith("live")
    assert produced(lines[-1]) < produced(last) / 10


def open_cases(line: str) -> int:
    """The cases that a line of the demo tells."""
    return int(line.split("open cases ")[1].split(",", maxsplit=1)[0])


def produced(line: str) -> int:
    """The readings that a line of the demo tells."""
    return int(line.split("produced ")[1].split(",", maxsplit=1)[0])
