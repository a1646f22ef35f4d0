"""`python -m api` as its supervisor runs it, over the real Postgres and Redis."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from farmbox.box import Addresses
from tests.api.conftest import OWNER_TOKEN
from tests.waiting import eventually

ROOT = Path(__file__).parents[2]


@pytest.fixture
def settings(box: Addresses, tmp_path: Path) -> dict[str, str]:
    """The environment of the API, on a free port."""
    token = tmp_path / "token"
    token.write_text(OWNER_TOKEN)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return {
        "HERD_API_PORT": str(port),
        "HERD_API_OWNER_TOKEN_FILE": str(token),
        "HERD_API_POSTGRES_DSN": box.postgres_dsn,
        "HERD_API_REDIS_URL": box.redis_url,
        "HERD_API_READY_FILE": str(tmp_path / "ready"),
    }


@contextmanager
def a_process(settings: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The API as a child; killed if the test leaves it running."""
    environment = {"PATH": os.defpath, "PYTHONPATH": str(ROOT), **settings}
    with log.open("wb") as out, subprocess.Popen(
        [sys.executable, "-m", "api"], cwd=log.parent, env=environment, stdout=out, stderr=out
    ) as child:  # fmt: skip
        try:
            yield child
        finally:
            child.kill()


def test_it_says_when_it_works_and_leaves_with_zero(
    settings: dict[str, str], tmp_path: Path
) -> None:
    """A supervisor waits for the ready file, and asks it to stop with SIGTERM."""
    ready, url = Path(settings["HERD_API_READY_FILE"]), settings["HERD_API_PORT"]

    with a_process(settings, tmp_path / "log") as child:
        eventually(lambda: ready.exists() and ready.read_text() == str(child.pid), within_s=30)
        answer = httpx.get(f"http://127.0.0.1:{url}/health/live")
        child.send_signal(signal.SIGTERM)
        status = child.wait(20)

    assert answer.status_code == 200
    assert status == 0
    assert not ready.exists()


@pytest.mark.parametrize("missing", ["port", "token"])
def test_what_hinders_it_is_told_in_a_sentence(
    settings: dict[str, str], tmp_path: Path, missing: str
) -> None:
    """A taken port and a missing token are the two things that go wrong at an installation."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", int(settings["HERD_API_PORT"])))
        taken.listen()
        if missing == "token":
            taken.close()
            Path(settings["HERD_API_OWNER_TOKEN_FILE"]).unlink()
        with a_process(settings, tmp_path / "log") as child:
            status = child.wait(60)

    told = (tmp_path / "log").read_text()
    assert status == 1
    assert ("HERD_API_PORT" if missing == "port" else "HERD_API_OWNER_TOKEN_FILE") in told
