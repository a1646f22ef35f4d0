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
def test_the_demo_shows_a_living_chain_and_stops_after_its_time(tmp_path: Path) -> None:
    """Without a terminal it tells a line every few seconds; a case appears by itself."""
    done = herd(
        *("demo", "--for", "30", "--animals", "6", "--mqtt-port", "0", "--port", "0"),
        *("--data", str(tmp_path / "farm")),
    )

    assert done.returncode == 0, done.stderr
    last = done.stdout.splitlines()[-1]
    assert "open cases 1" in last
    assert "not running" not in last
