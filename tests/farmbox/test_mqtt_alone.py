"""The broker of the deployment's container: the box's own, open to the network, with TLS."""

import subprocess
import sys
from pathlib import Path

import pytest

from farmbox.ports import assign_ports
from runtime.mqtt_users import MqttUsers
from tests.herd.deployed_kafka import ROOT, make_secrets
from tests.waiting import eventually


@pytest.mark.services
@pytest.mark.timeout(120)
def test_the_container_s_broker_starts_is_found_healthy_and_stops_on_a_signal(
    tmp_path: Path,
) -> None:
    """Its program, its secrets and its health check are the ones that compose.yaml names."""
    port = assign_ports(tmp_path / "ports.json", ["mqtt"], {}, "127.0.0.1")["mqtt"]
    secrets = make_secrets(tmp_path / "secrets")
    places = [f"--data={tmp_path / 'data'}", f"--users={tmp_path / 'users'}"]
    program = [sys.executable, "-m", "farmbox.mqtt_alone"]
    options = [*places, f"--port={port}", f"--secrets={secrets}"]

    def is_healthy() -> bool:
        return subprocess.run([*program, "check", *options], cwd=ROOT, check=False).returncode == 0

    with (tmp_path / "log").open("wb") as log:
        broker = subprocess.Popen([*program, *options], cwd=ROOT, stdout=log, stderr=log)
        try:
            assert not is_healthy(), "before it listens"
            eventually(is_healthy, within_s=60, why=(tmp_path / "log").read_text())
        finally:
            broker.terminate()
            broker.wait(20)

    assert broker.returncode in {0, 143}, "128 + SIGTERM is how Java says that it was asked"


def test_a_broker_of_somebodys_own_is_told_of_our_services(tmp_path: Path) -> None:
    """Mosquitto reads what lies there: without this nobody of ours would be let in."""
    users = tmp_path / "users"
    for secret in ("herd_gateway_mqtt_password", "herd_clock_probe_password"):
        (tmp_path / secret).write_text("of-a-service\n", "utf-8")
    (tmp_path / "mqtt_admin_password").write_text("of-the-admin\n", "utf-8")
    places = [f"--data={tmp_path}", f"--users={users}", f"--secrets={tmp_path}"]
    program = [sys.executable, "-m", "farmbox.mqtt_alone", "users", *places]

    subprocess.run(program, cwd=ROOT, check=True)

    logins = (users / "mosquitto.passwords").read_text("utf-8").splitlines()
    assert [line.split(":")[0] for line in logins] == ["admin", "gateway", "herd-clock"]
    assert MqttUsers(users).verify("gateway", "of-a-service")
