"""PostgreSQL as our child: unprivileged, and back after whatever a kill left lying about."""

import os
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from farmbox.errors import ForeignDataError
from farmbox.ports import assign_ports
from farmbox.postgres import Postgres

pytestmark = pytest.mark.services

CAPABILITIES_TO_PASS_DIRECTORIES = {1 << 1, 1 << 2}  # DAC_OVERRIDE or DAC_READ_SEARCH, no more


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """One cluster below a directory that only its owner may enter."""
    data = tmp_path_factory.mktemp("pg")
    data.chmod(0o700)
    port = assign_ports(data / "ports.json", ["postgres"], {}, "127.0.0.1")["postgres"]
    made = Postgres(data / "postgres", port, password="of-a-test")
    made.start()
    made.wait_ready()
    yield made
    made.stop()


def status_of(pid: int | None) -> dict[str, str]:
    """The lines of /proc/PID/status by their names."""
    lines = Path(f"/proc/{pid}/status").read_text("utf-8").splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has rights to give up")
def test_started_by_root_it_runs_as_nobody_with_the_one_right_it_needs(postgres: Postgres) -> None:
    """A hole in the database must not be a hole in the machine."""
    status = status_of(postgres.pid)

    assert set(status["Uid"].split()) == {str(postgres.user_id)} != {"0"}
    assert status["Groups"] == ""
    held = {int(status[name], 16) for name in ("CapPrm", "CapEff", "CapAmb")}
    assert len(held) == 1
    assert held <= CAPABILITIES_TO_PASS_DIRECTORIES


def test_no_permission_of_a_directory_above_is_changed(postgres: Postgres) -> None:
    """The data directory lies where its owner put it, and stays as closed as it was."""
    above = postgres.directory.parent

    assert above.stat().st_mode & 0o777 == 0o700
    assert above.stat().st_uid == os.geteuid()


def test_nobody_comes_in_without_the_password(postgres: Postgres) -> None:
    """Loopback is open to every user of the machine."""
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(postgres.dsn().replace("of-a-test", "guessed"))


def test_it_comes_back_after_a_kill_though_its_lock_names_a_living_process(
    postgres: Postgres,
) -> None:
    """Process ids are used again: after a restart of the machine another program has the one."""
    with psycopg.connect(postgres.dsn()) as connection:
        connection.execute("CREATE TABLE cows (name text)")
        connection.execute("INSERT INTO cows VALUES ('Bella')")
    postgres.crash()
    lock = postgres.directory / "data" / "postmaster.pid"
    postgres._clear_leftovers()  # waits for the killed one's processes
    lock.write_text(f"{os.getppid()}\n{postgres.directory / 'data'}\n", encoding="utf-8")

    postgres.start()
    postgres.wait_ready()

    with psycopg.connect(postgres.dsn()) as connection:
        assert connection.execute("SELECT name FROM cows").fetchall() == [("Bella",)]


def test_data_of_another_major_version_are_left_alone(tmp_path: Path) -> None:
    """The newer server would refuse them with a riddle."""
    data = tmp_path / "postgres" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("12\n", encoding="utf-8")

    with pytest.raises(ForeignDataError, match="was written by PostgreSQL 12, and this box has"):
        Postgres(tmp_path / "postgres", 1, password="x").prepare()
