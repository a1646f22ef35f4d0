"""`herd up` from outside, as its users meet it: real input, kill -9 of everything, and back."""

import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from herd.farm_file import FarmFile, NoFarmError, running_farm
from herd.services import process_lives
from tests.waiting import eventually

ROOT = Path(__file__).parents[2]
CSV = """external_id,animal_id,name,group,collar_id,worn_from
NL 999 1234 5678,bella,Bella,barn-2,c-17,2026-01-01T00:00:00Z
"""


class HerdUp:
    """`herd up` as a child process on a data directory, started and killed like by a person."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> FarmFile:
        """Start it and wait until the farm runs."""
        (self.data / "farm.json").unlink(missing_ok=True)
        command = ["up", "--mqtt-port", "0", "--port", "0"]
        self.process = subprocess.Popen(self._herd(*command), cwd=ROOT)
        return eventually(self._farm, within_s=120, why="herd up is ready")

    def run(self, *arguments: str) -> dict[str, Any]:
        """A short command against the farm; the object it prints."""
        done = subprocess.run(
            self._herd(*arguments, "--json"), cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return answer

    def end(self, number: signal.Signals) -> int:
        """Send a signal to `herd` alone; its exit status."""
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(60)

    def _herd(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "herd.cli", *arguments, "--data", str(self.data)]

    def _farm(self) -> FarmFile | None:
        assert self.process is not None
        assert self.process.poll() is None, "herd up ended"
        try:
            return running_farm(self.data)
        except NoFarmError:
            return None


@pytest.fixture
def herd_up(tmp_path: Path) -> Iterator[HerdUp]:
    """A farm's directory, and its `herd up` ended at the latest with the test."""
    up = HerdUp(tmp_path / "farm")
    yield up
    if up.process is not None and up.process.poll() is None:
        up.end(signal.SIGTERM)


def three_hot_readings() -> str:
    """The upload that a collar maker would type by hand."""
    now = datetime.now(UTC)
    readings = [
        {
            "seq": seq,
            "time": (now - timedelta(minutes=15 - 5 * seq)).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "interval_s": 300,
            "temperature_c": 40.5 + seq / 10,
            "temperature_site": "rumen",
        }
        for seq in (1, 2, 3)
    ]
    return json.dumps({"boot_id": 1, "sent_at": now.isoformat(), "readings": readings})


def worklist(farm: FarmFile) -> list[dict[str, Any]]:
    """The farm's open cases by the API."""
    import httpx

    token = Path(farm.owner_token_file).read_text("utf-8").strip()
    answer = httpx.get(
        f"{farm.url}/api/v1/farms/home/alerts", headers={"Authorization": f"Bearer {token}"}
    )
    alerts: list[dict[str, Any]] = answer.raise_for_status().json()["alerts"]
    return alerts


@pytest.mark.services
@pytest.mark.mosquitto
def test_a_hand_made_reading_reaches_a_plain_socket_and_the_farm_survives_kill_9(
    herd_up: HerdUp, tmp_path: Path
) -> None:
    """The README's way in, with clients that are not ours; then a power cut of all processes."""
    farm = herd_up.start()
    (tmp_path / "herd.csv").write_text(CSV)
    (tmp_path / "reading.json").write_text(three_hot_readings())

    herd_csv, out = str(tmp_path / "herd.csv"), tmp_path / "passwords.csv"
    imported = herd_up.run("import", herd_csv, "--farm", "home", "--credentials", str(out))
    collar = herd_up.run("collar", "add", "c-17", "--farm", "home")
    token = Path(farm.owner_token_file).read_text("utf-8").strip()
    url = farm.url.replace("http", "ws") + "/live"
    with connect(url, subprotocols=[Subprotocol("herd.v1.json")]) as live:
        live.send(json.dumps({"type": "auth", "token": token}))
        live.send(json.dumps({"type": "sub", "id": 1, "channel": "farm/home/alerts"}))
        publish = shlex.split(collar["mosquitto_pub"].replace("reading.json", "-")[:-2])
        publish = [*publish[: publish.index("-f")], "-f", str(tmp_path / "reading.json")]
        subprocess.run(publish, check=True, timeout=10)
        event = next_event(live)

    counts = {"rows": 1, "imported": 1, "refused": 0}
    assert imported == {**counts, "let_in": 1, "left_out": []}
    assert out.read_text().splitlines()[1].startswith("c-17,c-17,")
    assert event["type"] == "alert.raised.v1"
    assert event["subject"] == "bella"

    roof = herd_up.run("collar", "add", "roof-1", "--as", "weather-station")
    barn = herd_up.run("collar", "add", "barn-2", "--as", "base-station")
    assert roof["mqtt_topic"] == "herd/v1/home/roof-1/readings"
    assert barn["mqtt_topic"] == "herd/v1/home/+/readings"
    assert herd_up.run("collar", "list") == {"collars": ["barn-2", "c-17", "roof-1"]}
    assert herd_up.run("import", herd_csv, "--farm", "home") == counts  # and nothing new

    status = herd_up.run("status")
    pids = [service["pid"] for service in status["services"].values()]
    # search is started beside: a farm is whole while that one still starts
    whole = [service for service in status["services"].values() if not service["beside"]]
    assert {service["state"] for service in whole} == {"running"}
    herd_up.end(signal.SIGKILL)
    eventually(
        lambda: not any(process_lives(pid) for pid in pids),
        within_s=30,
        why="no child outlives herd",
    )

    farm = herd_up.start()
    rows = eventually(lambda: worklist(farm), why="the case is still there")
    assert [row["subject_id"] for row in rows] == ["bella"]
    assert herd_up.end(signal.SIGTERM) == 0


def next_event(live: Any) -> dict[str, Any]:  # noqa: ANN401  websockets' connection
    """The data of the next event on a socket."""
    for _ in range(5):  # pings come in between
        message = json.loads(live.recv(timeout=30))
        if message["type"] == "ev":
            data: dict[str, Any] = message["data"]
            return data
    raise AssertionError("no event came")


def test_commands_without_a_farm_say_what_to_do(tmp_path: Path) -> None:
    """The commonest mistake must not end in a traceback."""
    done = subprocess.run(
        [sys.executable, "-m", "herd.cli", "status", "--data", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ},
    )

    assert done.returncode == 1
    assert "start one with `herd up`" in done.stderr


def test_a_command_used_wrongly_leaves_with_two() -> None:
    """Scripts tell a wrong call from a failed one by the status."""
    done = subprocess.run(
        [sys.executable, "-m", "herd.cli", "import"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2
