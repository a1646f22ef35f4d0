"""Snapshots: complete, undamaged and of this build, or none at all."""

from dataclasses import replace

import pytest

from pipeline.snapshots import BUILD, CHUNK_BYTES_MAX, manifests, pack, unpack, usable
from pipeline.state import PartitionState
from tests.builders import a_reading
from tests.pipeline.logs import run, values_of


@pytest.fixture
def state() -> PartitionState:
    """A herd large enough for several chunks."""
    return run(values_of(a_reading(animal=f"nl-{n}", collar=f"c-{n}") for n in range(1200)))[0]


def test_a_state_comes_back_from_its_records(state: PartitionState) -> None:
    """Chunks small enough for Kafka, the manifest last: what is read before it is complete."""
    manifest, records = pack(state, 3, 700, 1, None)

    again = unpack(manifest, dict(records))

    assert again is not None
    assert again.counted_by_animal() == state.counted_by_animal()
    assert len(records) > 2
    assert all(len(value) <= CHUNK_BYTES_MAX for _, value in records)
    assert [key for key, _ in records][-1] == "3/700/1/manifest"
    assert manifests(dict(records)) == [manifest]


def test_a_snapshot_without_a_chunk_or_with_a_damaged_one_is_none(state: PartitionState) -> None:
    """The writer died between two chunks, or a disk lied: replay from further back instead."""
    manifest, records = pack(state, 3, 700, 1, None)
    (first, chunk), *rest = records

    assert unpack(manifest, dict(rest)) is None
    assert unpack(manifest, {first: chunk[:-1] + b"?", **dict(rest)}) is None


def test_only_what_this_build_can_read_up_to_the_committed_offset_is_usable() -> None:
    """A snapshot ahead of the commit holds readings that were never told of."""
    empty = PartitionState()
    made = [pack(empty, 3, offset, 1, None)[0] for offset in (100, 200, 300)]
    other = replace(made[0], build=BUILD + "-other")

    assert [m.input_offset for m in usable([*made, other], 250)] == [100, 200]
    assert len(usable([*made, other], None)) == 3


def test_a_manifest_names_the_snapshot_kept_beside_it() -> None:
    """Whoever writes the third deletes the first, also after a takeover."""
    empty = PartitionState()
    older, _ = pack(empty, 3, 100, 7, None)
    newer, records = pack(empty, 3, 200, 8, older)

    assert newer.previous == older.name == (100, 7, 1)
    assert manifests(dict(records)) == [newer]
