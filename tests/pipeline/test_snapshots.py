"""Snapshots: complete, undamaged and of this build, or none at all; written in slices."""

import json
import random
from collections.abc import Sequence

import pytest

from pipeline.snapshots import (
    BUILD,
    CHUNK_BYTES_MAX,
    Draft,
    Ends,
    Manifest,
    Seen,
    Written,
    assembled,
    kept_in,
    manifest_of,
)
from pipeline.state import PartitionState
from tests.builders import a_reading
from tests.pipeline.logs import run, values_of

ENDS = Ends(snapshots=40, detections=7, hours=90)


@pytest.fixture(scope="module")
def state() -> PartitionState:
    """A herd large enough for several chunks."""
    return run(values_of(a_reading(animal=f"nl-{n}", collar=f"c-{n}") for n in range(1200)))[0]


def a_draft(
    state: PartitionState | None = None,
    offset: int = 700,
    epoch: int = 1,
    previous: Manifest | None = None,
    garbage: Sequence[str] = (),
) -> Draft:
    """A draft of partition 3."""
    state = state or PartitionState()
    return Draft(state, 3, offset, epoch, ends=ENDS, previous=previous, garbage=garbage)


def written(draft: Draft, bytes_max: int = CHUNK_BYTES_MAX) -> tuple[Manifest, list[Written]]:
    """The manifest of a draft and all of its records, in the order of writing."""
    records: list[Written] = []
    while not draft.complete:
        records += draft.slice(bytes_max)
    manifest, last = draft.finish()
    return manifest, [*records, *last]


def test_a_state_comes_back_from_its_records_in_any_order(state: PartitionState) -> None:
    """Chunks small enough for Kafka, the manifest last: what is read before it is complete."""
    manifest, records = written(a_draft(state))
    shuffled = [(key, value) for key, value in records if value is not None]
    random.Random(5).shuffle(shuffled)  # noqa: S311  the same each time

    again = assembled(manifest, dict(shuffled))

    assert again is not None
    assert {n: a.tobytes() for n, a in again.to_arrays().items()} == {
        n: a.tobytes() for n, a in state.to_arrays().items()
    }
    assert len(records) > 2
    assert all(len(value or b"") <= CHUNK_BYTES_MAX for _, value in records)
    assert [key for key, _ in records][-1] == "3/700/1/manifest"
    assert manifest_of(records[-1][1] or b"") == manifest


def test_a_snapshot_is_of_the_moment_of_its_copy(state: PartitionState) -> None:
    """Readings go on being counted while its slices leave: none of them may be in it."""
    before = {name: a.tobytes() for name, a in state.to_arrays().items()}
    draft = a_draft(state)

    records = draft.slice(CHUNK_BYTES_MAX)
    run(values_of([a_reading(animal="nl-7", collar="c-7", seq=2)]), state=state)
    manifest, rest = written(draft)

    again = assembled(manifest, {k: v for k, v in [*records, *rest] if v is not None})
    assert again is not None
    assert {name: a.tobytes() for name, a in again.to_arrays().items()} == before


def test_a_slice_is_no_larger_than_its_turn_allows(state: PartitionState) -> None:
    """A worker with hundreds of megabytes must not stand still for its own insurance."""
    draft = a_draft(state)

    sizes = []
    while not draft.complete:
        sizes.append(sum(len(chunk or b"") for _, chunk in draft.slice(3 * CHUNK_BYTES_MAX)))

    assert max(sizes) <= 3 * CHUNK_BYTES_MAX
    assert sum(sizes) == draft.bytes_total


def test_a_snapshot_without_a_chunk_or_with_a_damaged_one_is_none(state: PartitionState) -> None:
    """The writer died between two chunks, or a disk lied: replay from further back instead."""
    manifest, records = written(a_draft(state))
    (first, chunk), *rest = [(key, value) for key, value in records if value is not None]

    assert assembled(manifest, dict(rest)) is None
    assert assembled(manifest, {first: chunk[:-1] + b"?", **dict(rest)}) is None


def test_only_what_this_build_can_read_up_to_the_committed_offset_is_usable() -> None:
    """A snapshot ahead of the commit holds readings that were never told of."""
    seen = Seen()
    for offset in (100, 200, 300):
        for record in written(a_draft(offset=offset))[1]:
            seen.take(*record)
    foreign = json.dumps({"build": f"{BUILD}-other", "whatever": 1}).encode()
    seen.take("3/150/1/manifest", foreign)
    seen.take("3/160/1/manifest", b'{"build": "to')

    assert [m.input_offset for m in seen.usable(250)] == [200, 100]
    assert len(seen.usable(None)) == 3


def test_the_third_snapshot_deletes_the_first_also_after_a_takeover() -> None:
    """Two are kept, whoever wrote them; the deletions come with the manifest, not before it."""
    first, log = written(a_draft(offset=100, epoch=7))
    second, more = written(a_draft(offset=200, epoch=8, previous=first))
    _, last = written(a_draft(offset=300, epoch=8, previous=second))

    assert second.previous == first.name
    assert {key for key, value in last if value is None} == set(first.keys())
    kept = kept_in([*log, *more, *last], None)
    assert kept.found is not None
    assert kept.found.manifest.input_offset == 300
    assert kept.garbage == ()


def test_what_an_interrupted_writer_left_is_deleted_by_the_next_snapshot(
    state: PartitionState,
) -> None:
    """Chunks of no manifest have keys that nobody writes again: compaction alone keeps them."""
    whole, log = written(a_draft(offset=100))
    orphans = a_draft(state, offset=200).slice(2 * CHUNK_BYTES_MAX)

    kept = kept_in([*log, *orphans], None)
    _, last = written(a_draft(offset=300, epoch=9, previous=whole, garbage=kept.garbage))

    assert kept.found is not None
    assert kept.found.manifest == whole
    assert kept.garbage == ("3/200/1/0", "3/200/1/1")
    assert {key for key, value in last if value is None} == set(kept.garbage)
    assert kept_in([*log, *orphans, *last], None).garbage == ()


def test_a_snapshot_deletes_no_chunk_of_its_own(state: PartitionState) -> None:
    """A partition that left in the middle and came back is saved again under the same name."""
    orphans = a_draft(state, offset=200).slice(2 * CHUNK_BYTES_MAX)
    kept = kept_in(orphans, None)

    manifest, log = written(a_draft(state, offset=200, garbage=kept.garbage))

    assert set(kept.garbage) <= set(manifest.keys())
    assert [key for key, value in log if value is None] == []
