"""The data directory: never somebody else's, never shared, never without room."""

import io
import json
import os
import platform
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from farmbox import data
from farmbox.data import DataDirectory
from farmbox.errors import BoxError, DiskFullError, ForeignDataError
from farmbox.kafka import Kafka, KafkaNode
from farmbox.ports import assign_ports

SMALL_DISK = "16m"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 16 MiB; only root may mount one."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small disk to fill")
    place = tmp_path / "small"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SMALL_DISK}", "tmpfs", str(place)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("this machine lets nobody mount a small disk to fill")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def opened(path: Path) -> DataDirectory:
    """Open and close a data directory, as a box that starts and stops."""
    directory = DataDirectory(path)
    directory.open()
    directory.close()
    return directory


def test_a_new_directory_becomes_ours_and_is_known_again(tmp_path: Path) -> None:
    """Ids and passwords are made once and kept."""
    first = opened(tmp_path / "herd")
    password = first.secret("postgres")

    again = opened(tmp_path / "herd")

    assert again.kafka_cluster_id == first.kafka_cluster_id
    assert again.secret("postgres") == password
    mode = (tmp_path / "herd" / "secrets" / "postgres").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


def test_a_directory_with_other_files_is_left_alone(tmp_path: Path) -> None:
    """`--data ~` must not become a farm."""
    (tmp_path / "thesis.odt").touch()

    with pytest.raises(ForeignDataError, match=r"not ours \(thesis\.odt, and no herdlog\.json\)"):
        opened(tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == ["thesis.odt"]


def test_data_of_another_format_are_left_alone(tmp_path: Path) -> None:
    """A newer version's data read by an older one would be damaged quietly."""
    (tmp_path / data.MARKER).write_text(json.dumps({"format": 2}), encoding="utf-8")

    with pytest.raises(ForeignDataError, match="has data format 2, and this version reads 1"):
        opened(tmp_path)


def test_a_marker_that_cannot_be_read_is_not_guessed_at(tmp_path: Path) -> None:
    """A disk error must not look like a new farm."""
    (tmp_path / data.MARKER).write_text("{", encoding="utf-8")

    with pytest.raises(ForeignDataError, match="cannot be read"):
        opened(tmp_path)


def test_a_second_user_of_the_directory_is_refused_by_name(tmp_path: Path) -> None:
    """Two boxes on one directory would destroy it."""
    first = DataDirectory(tmp_path)
    first.open()

    with pytest.raises(BoxError, match=rf"Another herd \(process {os.getpid()}\) works on"):
        opened(tmp_path)

    first.close()
    opened(tmp_path)


def test_a_full_disk_is_told_before_anything_is_started(small_disk: Path) -> None:
    """A database that finds out halfway leaves more to clear up."""
    with pytest.raises(DiskFullError, match=r"has \d+ MiB free, and the box needs 1024"):
        opened(small_disk / "herd")


def fill(place: Path) -> None:
    """Write until there is no room for another byte."""
    with (
        (place / "filler").open("wb", buffering=0) as filler,
        pytest.raises(OSError, match="space"),
    ):
        write_for_ever(filler)


def write_for_ever(file: io.FileIO) -> None:
    """Ends with the error of a full disk alone."""
    while True:
        file.write(bytes(1024))


@pytest.mark.services
def test_a_service_that_dies_of_a_full_disk_says_so(small_disk: Path) -> None:
    """Its own log buries the reason in a stack trace."""
    ports = assign_ports(small_disk / "ports.json", ["broker", "controller"], {}, "127.0.0.1")
    nodes = (KafkaNode(1, ports["broker"], ports["controller"]),)
    kafka = Kafka(small_disk / "kafka", nodes, cluster_id="AAAAAAAAAAAAAAAAAAAAAA")
    kafka.prepare()
    kafka.log_path.parent.mkdir()
    kafka.log_path.touch()
    fill(small_disk)

    kafka.spawn()
    with pytest.raises(DiskFullError, match="is full: free some space and start again"):
        kafka.wait_ready()


def test_another_machine_gets_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The wheels are for one kind of machine; a loader's error would not say so."""
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")

    with pytest.raises(BoxError, match=r"runs on Linux x86-64 alone, and this is .* aarch64"):
        opened(tmp_path)
