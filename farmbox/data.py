"""The data directory: ours by its marker file, used by one box at a time, with room to write."""

import base64
import fcntl
import json
import os
import platform
import secrets
import shutil
import sys
import uuid
from pathlib import Path
from typing import IO

from farmbox.errors import BoxError, DiskFullError, ForeignDataError

MARKER = "herdlog.json"
LOCK = "lock"
FORMAT = 1
FREE_MIN_BYTES = 1 << 30  # Kafka and the journals lay down files before they fill them
PASSWORD_BYTES = 24


class DataDirectory:
    """What a box keeps between starts. Open while a box runs: a second one is refused."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: IO[str] | None = None
        self._marker: dict[str, str | int] = {}

    def open(self) -> None:
        """Check the machine, the room and the owner; take the lock. Raises BoxError."""
        _require_platform()
        self._require_ours()
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._take_lock()
            _require_room(self.path)
            self._read_or_write_marker()
        except PermissionError as error:
            self.close()
            raise BoxError(
                f"{error.filename} may not be written by you: choose another directory with "
                "--data, or start as the user who owns it."
            ) from error
        except BoxError:
            self.close()
            raise

    def close(self) -> None:
        """Let the next box have it."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    @property
    def kafka_cluster_id(self) -> str:
        """The id Kafka's directories were formatted with."""
        return str(self._marker["kafka_cluster_id"])

    def fix_brokers(self, wanted: int) -> None:
        """Note how many Kafka brokers this directory has; raises BoxError for another number.

        Topics are made with as many copies as there were brokers, and stay so.
        """
        found = self._marker.get("brokers")
        if found is None and not (self.path / "kafka-1").exists():
            self._marker["brokers"] = wanted
            _write_private(self.path / MARKER, json.dumps(self._marker) + "\n")
            return
        if (found or 1) != wanted:
            raise BoxError(
                f"{self.path} was laid out with {found or 1} Kafka broker(s), and {wanted} were "
                f"asked for: start with --brokers {found or 1}, or choose another directory with "
                "--data."
            )

    def secret(self, name: str) -> str:
        """A password for `name`, made on first use and kept in a file of mode 0600."""
        path = self.path / "secrets" / name
        path.parent.mkdir(mode=0o700, exist_ok=True)
        if not path.exists():
            _write_private(path, secrets.token_urlsafe(PASSWORD_BYTES))
        return path.read_text(encoding="utf-8")

    def _require_ours(self) -> None:
        if not self.path.exists():
            return
        if not self.path.is_dir():
            raise ForeignDataError(f"{self.path} is a file: choose a directory with --data.")
        found = {entry.name for entry in self.path.iterdir()}
        if MARKER not in found and found - {LOCK}:
            raise ForeignDataError(
                f"{self.path} holds files that are not ours ({', '.join(sorted(found)[:3])}, and "
                f"no {MARKER}): choose an empty or new directory with --data."
            )

    def _take_lock(self) -> None:
        lock = (self.path / LOCK).open("a+", encoding="utf-8")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            holder = lock.read().strip() or "unknown"
            lock.close()
            raise BoxError(
                f"Another herd (process {holder}) works on {self.path}: stop it, or choose "
                "another directory with --data."
            ) from None
        lock.seek(0)
        lock.truncate()
        lock.write(str(os.getpid()))
        lock.flush()
        self._lock = lock

    def _read_or_write_marker(self) -> None:
        path = self.path / MARKER
        if not path.exists():
            cluster_id = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
            fresh = {"format": FORMAT, "kafka_cluster_id": cluster_id}
            _write_private(path, json.dumps(fresh) + "\n")
        try:
            self._marker = json.loads(path.read_text(encoding="utf-8"))
            found = self._marker["format"]
        except (ValueError, KeyError, TypeError) as error:
            raise ForeignDataError(
                f"{path} cannot be read ({error}): choose another directory with --data, or "
                "restore this file from a copy."
            ) from error
        if found != FORMAT:
            raise ForeignDataError(
                f"{self.path} has data format {found}, and this version reads {FORMAT}: use the "
                "version that wrote it, or choose another directory with --data."
            )


def _require_platform() -> None:
    if sys.platform != "linux" or platform.machine() != "x86_64":
        raise BoxError(
            f"The box runs on Linux x86-64 alone, and this is {platform.system()} "
            f"{platform.machine()}: use compose.yaml there."
        )


def _require_room(path: Path) -> None:
    free = shutil.disk_usage(path).free
    if free < FREE_MIN_BYTES:
        raise DiskFullError(
            f"{path} has {free // 2**20} MiB free, and the box needs {FREE_MIN_BYTES // 2**20}: "
            "free some space, or choose another directory with --data."
        )


def _write_private(path: Path, text: str) -> None:
    scratch = path.with_name(path.name + ".new")
    descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    scratch.replace(path)
