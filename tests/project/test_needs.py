"""A test whose program is missing is skipped with a sentence, or fails where it must not be."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEST = "test_a_hand_made_reading_reaches_a_plain_socket_and_the_farm_survives_kill_9"
NEEDS_MOSQUITTO = f"tests/herd/test_up.py::{TEST}"


@pytest.mark.parametrize(
    ("needed", "status", "told"),
    [("", 0, "1 skipped"), ("chromium,mosquitto", 1, "HERD_TEST_NEEDS names it")],
)
def test_a_missing_program_skips_or_fails_as_the_environment_says(
    needed: str, status: int, told: str, tmp_path: Path
) -> None:
    """A green run in CI must not hide that its most important tests were left out."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", NEEDS_MOSQUITTO],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, "PATH": str(tmp_path), "HERD_TEST_NEEDS": needed},
    )

    assert done.returncode == status, done.stdout
    assert "Debian's mosquitto is not installed" in done.stdout
    assert told in done.stdout


def test_the_last_lines_count_what_was_left_out(tmp_path: Path) -> None:
    """Somebody reads the last lines, if any."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", NEEDS_MOSQUITTO],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, "PATH": str(tmp_path), "HERD_TEST_NEEDS": ""},
    )

    assert "for want of a program: chromium 0, mosquitto 1, node 0" in done.stdout
