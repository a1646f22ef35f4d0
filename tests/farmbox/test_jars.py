"""Jars: only the files that the lock names are ever run."""

from pathlib import Path

import pytest

from farmbox import jars
from farmbox.errors import JarsError


@pytest.fixture
def own_jars(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory of jars that is a copy of the fetched Kafka bundle."""
    source = jars.jars_dir()
    for jar in (jar for jar in jars.read_lock() if jar.bundle == "kafka"):
        (tmp_path / jar.file_name).hardlink_to(source / jar.file_name)
    monkeypatch.setenv("HERD_JARS", str(tmp_path))
    return tmp_path


def test_every_jar_of_the_lock_has_a_version_and_a_hash() -> None:
    """A line without one would let anything in."""
    locked = jars.read_lock()

    assert {jar.bundle for jar in locked} == set(jars.ROOTS)
    assert all(len(jar.sha256) == 64 for jar in locked)
    assert all(jar.coordinate.count(":") >= 2 for jar in locked)
    for bundle, roots in jars.ROOTS.items():
        assert set(roots) <= {jar.coordinate for jar in locked if jar.bundle == bundle}


def test_one_file_name_is_one_file() -> None:
    """Bundles share a directory: two jars of one name would overwrite each other."""
    hashes = {(jar.file_name, jar.sha256) for jar in jars.read_lock()}

    assert len({name for name, _ in hashes}) == len(hashes)


def test_a_fetched_bundle_needs_no_network(own_jars: Path) -> None:
    """The second `make setup` is a no-op, and a farm without a line still starts."""
    jars.fetch("kafka")

    assert len(jars.classpath("kafka").split(":")) == len(list(own_jars.glob("*.jar")))


def test_a_damaged_jar_is_not_run_and_the_sentence_says_what_to_do(own_jars: Path) -> None:
    """A hash that does not match is a broken disk or worse."""
    damaged = next(own_jars.glob("kafka-clients-*.jar"))
    damaged.unlink()
    damaged.write_bytes(b"not a jar")

    with pytest.raises(JarsError, match=r"kafka-clients-.* is not the file .* run `make setup`\."):
        jars.classpath("kafka")


def test_a_missing_jar_is_named_and_the_sentence_says_what_to_do(own_jars: Path) -> None:
    """A fresh clone without `make setup` must not end in a Java stack trace."""
    next(own_jars.glob("scala-library-*.jar")).unlink()

    with pytest.raises(JarsError, match=r"scala-library-.*\.jar is missing in .*`make setup`\."):
        jars.classpath("kafka")
