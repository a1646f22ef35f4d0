"""Debian's mosquitto as a child process: the second MQTT broker, for what is no broker's secret.

It must be able to do what our tests ask of any MQTT 5 broker; what it promises to keep, it does
not keep over a kill, so nothing here asks that of it. With users it runs the deployment's own
mosquitto.conf, and reads its users again when their files change, as the deployment's path unit
has it do.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import threading
from pathlib import Path

from farmbox.mqtt import MqttTls
from runtime.mqtt_users import MqttUsers
from tests.waiting import eventually

DEPLOYED = Path(__file__).parents[1] / "deploy" / "mosquitto" / "mosquitto.conf"
LETS_EVERYBODY_IN = """
listener {port} 127.0.0.1
allow_anonymous true
persistence false
max_inflight_messages 1000
set_tcp_nodelay true
message_size_limit 1048576
"""
LOOK_EVERY_S = 0.02


class Mosquitto:
    """One broker on ports of its own; `stop` and `start` as often as a test likes.

    users: whom it lets in; None = everybody. port: where devices come in, with TLS if `tls` is
    given; services_port: where our own services do. persistent: whether snapshots are written at
    each change, as in the deployment; a test that kills nobody is quicker without. more: further
    lines of its configuration.
    """

    def __init__(
        self,
        directory: Path,
        *,
        users: MqttUsers | None = None,
        tls: MqttTls | None = None,
        persistent: bool = False,
        more: str = "",
    ) -> None:
        self.host = "127.0.0.1"
        self.port = _free_port()
        self.services_port = self.port if users is None else _free_port()
        self.users = users
        self._tls = tls
        self._persistent = persistent
        self._more = more
        self._directory = directory
        self._child: subprocess.Popen[bytes] | None = None
        self._stopping = threading.Event()
        self._watcher: threading.Thread | None = None

    @property
    def pid(self) -> int:
        """Of the process that runs."""
        assert self._child is not None
        return self._child.pid

    def start(self) -> None:
        """Start and wait until it lets somebody in."""
        config = self._directory / "mosquitto.conf"
        config.write_text(self._settings() + self._more, encoding="utf-8")
        with (self._directory / "mosquitto.log").open("ab") as log:
            self._child = subprocess.Popen(
                [_program(), "-c", str(config)], stdout=log, stderr=subprocess.STDOUT
            )
        eventually(self._listens, within_s=10, why="mosquitto does not listen")
        if self.users is not None:
            self._stopping.clear()
            self._watcher = threading.Thread(target=self._watch, args=(self.users, self._child))
            self._watcher.start()

    def stop(self) -> None:
        """Kill it: its sessions are gone."""
        self._stopping.set()
        if self._watcher is not None:
            self._watcher.join()
            self._watcher = None
        if self._child is not None:
            self._child.kill()
            self._child.wait()
            self._child = None

    def reload(self) -> None:
        """Have it read users, topics and certificates again."""
        os.kill(self.pid, signal.SIGHUP)

    def log(self) -> str:
        """What it has written."""
        return (self._directory / "mosquitto.log").read_text("utf-8")

    def _settings(self) -> str:
        if self.users is None:
            return LETS_EVERYBODY_IN.format(port=self.port)
        text = DEPLOYED.read_text("utf-8")
        text = re.sub(
            r"^user .*$", "user root" if os.getuid() == 0 else "", text, flags=re.MULTILINE
        )
        text = text.replace("/var/lib/herdlog/mqtt-users", str(self.users.directory))
        text = text.replace("/var/lib/mosquitto/", f"{self._directory}/")
        text = text.replace("listener 8883", f"listener {self.port} 127.0.0.1")
        text = text.replace("listener 1883", f"listener {self.services_port}")
        if not self._persistent:
            text = text.replace("persistence true", "persistence false")
        if self._tls is None:
            return re.sub(r"^(certfile|keyfile) .*$", "", text, flags=re.MULTILINE)
        return re.sub(r"/run/secrets/mqtt\.(crt|key)", str(self._tls.pem), text)

    def _watch(self, users: MqttUsers, child: "subprocess.Popen[bytes]") -> None:
        watched = [users.directory / name for name in ("mosquitto.acl", "mosquitto.passwords")]

        def seen() -> list[int]:
            return [path.stat().st_mtime_ns for path in watched if path.exists()]

        before = seen()
        while not self._stopping.wait(LOOK_EVERY_S):
            if (now := seen()) != before:
                before = now
                child.send_signal(signal.SIGHUP)

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex((self.host, self.services_port)) == 0


def _program() -> str:
    # Debian puts it where only root's PATH looks
    return shutil.which("mosquitto") or "/usr/sbin/mosquitto"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
