"""Debian's mosquitto as a child process: the second MQTT broker, for what is no broker's secret.

It must be able to do what our tests ask of any MQTT 5 broker; what it promises to keep, it does
not keep over a kill, so nothing here asks that of it.
"""

import shutil
import socket
import subprocess
from pathlib import Path

from tests.waiting import eventually

CONFIG = """
listener {port} 127.0.0.1
allow_anonymous true
persistence false
max_inflight_messages 1000
set_tcp_nodelay true
message_size_limit 1048576
"""


class Mosquitto:
    """One broker on a port of its own; `stop` and `start` as often as a test likes."""

    def __init__(self, directory: Path) -> None:
        self.host = "127.0.0.1"
        self.port = _free_port()
        self._directory = directory
        self._child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start and wait until it lets somebody in."""
        config = self._directory / "mosquitto.conf"
        config.write_text(CONFIG.format(port=self.port), encoding="utf-8")
        with (self._directory / "mosquitto.log").open("ab") as log:
            self._child = subprocess.Popen(
                [_program(), "-c", str(config)], stdout=log, stderr=subprocess.STDOUT
            )
        eventually(self._listens, within_s=10, why="mosquitto does not listen")

    def stop(self) -> None:
        """Kill it: its sessions are gone."""
        if self._child is not None:
            self._child.kill()
            self._child.wait()
            self._child = None

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex((self.host, self.port)) == 0


def _program() -> str:
    # Debian puts it where only root's PATH looks
    return shutil.which("mosquitto") or "/usr/sbin/mosquitto"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
