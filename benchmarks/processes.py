"""Processes that a bench starts or watches: their CPU time, and what their log says when."""

import json
import os
import signal
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from herd.services import OWN_SPECS, OwnProcess, OwnSpec

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
CHILD_READY_MAX_S = 60.0


def cpu_s_of(pid: int) -> float:
    """CPU seconds of a process so far, its threads included, by the kernel's count."""
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def resident_mb_of(pid: int) -> float:
    """Resident memory of a process."""
    pages = int(Path(f"/proc/{pid}/statm").read_text("utf-8").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


class Watched:
    """A process of somebody else's from now on."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._before_s = cpu_s_of(pid)

    def cpu_s(self) -> float:
        """CPU seconds since then."""
        return cpu_s_of(self._pid) - self._before_s


class Measured:
    """One of our services as a child that is started, looked at, and stopped."""

    def __init__(
        self,
        name: str,
        directory: Path,
        fields: Mapping[str, str],
        spec: OwnSpec | None = None,
        more: Mapping[str, str] | None = None,
    ) -> None:
        spec = spec or next(one for one in OWN_SPECS if one.name == name)
        self._process = OwnProcess(spec, directory / name, fields, more)
        self._log_from = 0

    def start(self) -> None:
        """Start, waiting for nothing."""
        path = self._process.log_path
        self._log_from = path.stat().st_size if path.exists() else 0
        self._process.start()

    def start_and_wait(self) -> None:
        """Start; return once it does its work."""
        self.start()
        self.wait_ready()

    def wait_ready(self) -> None:
        """Return once it does its work."""
        self._process.wait_ready(CHILD_READY_MAX_S)

    def is_ready(self) -> bool:
        """Whether it does its work; RuntimeError if it has ended."""
        return self._pid > 0 and self._process.answers()

    def stop(self) -> None:
        """As its supervisor does."""
        self._process.stop()

    def kill(self) -> None:
        """As a power cut does."""
        os.kill(self._pid, signal.SIGKILL)
        self._process.stop()

    def cpu_s(self) -> float:
        """CPU seconds of this child so far."""
        return cpu_s_of(self._pid)

    def resident_mb(self) -> float:
        """Its memory."""
        return resident_mb_of(self._pid)

    def log(self) -> list[str]:
        """The lines it has written since it was started."""
        with self._process.log_path.open("rb") as file:
            file.seek(self._log_from)
            return file.read().decode().splitlines()

    @property
    def _pid(self) -> int:
        if self._process.pid is None:
            raise RuntimeError(f"{self._process.name} is not running: see {self._process.log_path}")
        return self._process.pid


def log_time_s(lines: list[str], event: str) -> float:
    """When a service logged `event` first, POSIX seconds; LookupError if it did not."""
    for line in lines:
        if f'"{event}"' in line:
            return datetime.fromisoformat(json.loads(line)["timestamp"]).timestamp()
    raise LookupError(f"no line {event!r} in the service's log")
