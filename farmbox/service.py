"""What every service of the box is: spawned, probed until ready, stopped in order or crashed.

The problem: real servers differ in how they start, tell that they are ready, and like to be
stopped; the box wants to treat them alike. Approach: a service describes itself (`prepare`,
`command`, `answers`) and this base does the rest. Rejected: threads that wait for each child; a
caller that polls needs none, and PR_SET_PDEATHSIG forbids spawning from them.
"""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from farmbox.errors import BoxError, ChildDiedError, DiskFullError

LAUNCHER = Path(__file__).with_name("launch.py")
LOG_SIZE_MAX_BYTES = 8 * 1024 * 1024  # one older part is kept beside it: 16 MiB a service
LOG_TAIL_LINES = 12
LOG_READ_MAX_BYTES = 64 * 1024  # a reason may stand above a long stack trace
DISK_FULL_BYTES = 16 * 1024 * 1024  # servers write ahead in pieces of this size
PROBE_PAUSE_S = 0.05
UNCHANGED_USER = -1


class Service(ABC):
    """One child process with its directory, port and log.

    directory: the service's own, below the data directory; its log is `../logs/{name}.log`.
    port: where it listens, on `host`.
    """

    name: str  # of the class; of the instance where one class serves several
    cluster: ClassVar[str] = ""  # members of one are stopped at once: the last has no quorum
    ready_max_s: ClassVar[float] = 60.0  # a cold disk and two busy cores
    stop_max_s: ClassVar[float] = 15.0  # then it is killed
    stop_signal: ClassVar[signal.Signals] = signal.SIGTERM
    death_signal: ClassVar[signal.Signals] = signal.SIGKILL  # sent by the kernel when we die

    def __init__(self, directory: Path, port: int, *, host: str = "127.0.0.1") -> None:
        self.directory = directory
        self.port = port
        self.host = host
        self.user_id = UNCHANGED_USER
        self._process: subprocess.Popen[bytes] | None = None
        self._log_from = 0  # where this child's part of the log begins

    def prepare(self) -> None:
        """Lay out the directory: configuration, first-time formatting. May run in any thread."""
        self.directory.mkdir(parents=True, exist_ok=True)

    @abstractmethod
    def command(self) -> list[str]:
        """The program and its arguments; the program by its absolute path."""

    @abstractmethod
    def answers(self) -> bool:
        """Whether the service does its work now: one short probe, False on any refusal."""

    def environment(self) -> Mapping[str, str]:
        """What the child gets beside the locale: nothing of ours leaks into a server."""
        return {}

    @property
    def address(self) -> str:
        """HOST:PORT."""
        return f"{self.host}:{self.port}"

    @property
    def log_path(self) -> Path:
        """Standard output and error of the child."""
        return self.directory.parent / "logs" / f"{self.name}.log"

    @property
    def pid(self) -> int | None:
        """The child's process id while it lives."""
        return self._process.pid if self._process is not None and self.alive else None

    @property
    def alive(self) -> bool:
        """Whether the child runs."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Prepare and spawn, without waiting until it is ready."""
        self.prepare()
        self.spawn()

    def spawn(self) -> None:
        """Start the child. Only from the main thread: its life is tied to the spawning thread."""
        if threading.current_thread() is not threading.main_thread():
            raise BoxError(f"{self.name} must be spawned from the main thread, or it dies with it.")
        if self.alive:
            raise BoxError(f"{self.name} runs already, as process {self.pid}.")
        self.log_path.parent.mkdir(parents=True, exist_ok=True)
        self.bound_log()
        launch = [sys.executable, "-I", "-S", str(LAUNCHER), str(os.getpid())]
        launch += [str(int(self.death_signal)), str(self.user_id), "--", *self.command()]
        with self.log_path.open("ab") as log:
            self._log_from = log.tell()
            self._process = subprocess.Popen(  # noqa: S603 (our own command, no shell)
                launch,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.directory,
                env={"LC_ALL": "C.UTF-8", "PATH": os.defpath, **self.environment()},
                start_new_session=True,  # Ctrl-C is for us alone; we stop children in order
            )

    def wait_ready(self, within_s: float | None = None) -> None:
        """Return when it answers; raise ChildDiedError, DiskFullError, or BoxError when late."""
        limit_s = self.ready_max_s if within_s is None else within_s
        deadline = time.monotonic() + limit_s
        while not self.answers():
            self.check_alive()
            if time.monotonic() > deadline:
                raise BoxError(
                    f"{self.name} gave no answer on {self.address} within {limit_s:.0f} s. "
                    f"Its log {self.log_path} ends:\n{self.log_tail()}"
                )
            time.sleep(PROBE_PAUSE_S)

    def check_alive(self) -> None:
        """Raise with the reason and the last log lines if the child has ended."""
        if self.alive:
            return
        status = None if self._process is None else self._process.returncode
        # A child on a full disk often cannot even log why it ends.
        free_bytes = shutil.disk_usage(self.directory).free
        if free_bytes < DISK_FULL_BYTES or "No space left on device" in self._log_text():
            raise DiskFullError(
                f"{self.name} ended because the disk that holds {self.directory} is full: "
                f"free some space and start again.\n{self.log_tail()}"
            )
        raise ChildDiedError(
            f"{self.name} ended by itself (status {status}). "
            f"Its log {self.log_path} ends:\n{self.log_tail()}"
        )

    def stop(self) -> None:
        """Ask the child to end, wait `stop_max_s`, then kill it. No-op without one."""
        self.ask_to_stop()
        self.wait_stopped()

    def ask_to_stop(self) -> None:
        """Send the stop signal and return at once."""
        if self._process is not None and self.alive:
            self._process.send_signal(self.stop_signal)

    def wait_stopped(self, within_s: float | None = None) -> None:
        """Wait for the end after `ask_to_stop`; kill what takes longer than `stop_max_s`."""
        if self._process is None:
            return
        try:
            self._process.wait(self.stop_max_s if within_s is None else within_s)
        except subprocess.TimeoutExpired:
            self.crash()

    def crash(self) -> None:
        """Kill -9, as a power cut would; returns when the process is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def bound_log(self) -> None:
        """Move a log that has grown too long aside. The child appends, so it needs no reopening."""
        if self.log_path.exists() and self.log_path.stat().st_size > LOG_SIZE_MAX_BYTES:
            older = self.log_path.with_suffix(".log.1")
            with self.log_path.open("rb") as log:
                log.seek(-LOG_SIZE_MAX_BYTES, os.SEEK_END)
                older.write_bytes(log.read(LOG_SIZE_MAX_BYTES))
            os.truncate(self.log_path, 0)
            self._log_from = 0

    def log_tail(self) -> str:
        """The last lines that this child logged, for error messages."""
        return "\n".join(self._log_text().splitlines()[-LOG_TAIL_LINES:]) or "(empty log)"

    def _log_text(self) -> str:
        """The end of the log, at most LOG_READ_MAX_BYTES of what this child wrote."""
        if not self.log_path.exists():
            return ""
        with self.log_path.open("rb") as log:
            size = log.seek(0, os.SEEK_END)
            log.seek(max(self._log_from, size - LOG_READ_MAX_BYTES))
            return log.read().decode("utf-8", errors="replace")
