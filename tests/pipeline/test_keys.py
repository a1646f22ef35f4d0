"""Keys as words: a hash says where to look, never who it is."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from contracts.columns import NONE_TEXT, TextColumn
from pipeline.keys import ID_BYTES, ID_WORDS, Farms, Ids, KeyIndex, Mix, Words, mixed

texts = st.sampled_from(
    ["a", "b", "ab", "", "_", "nl-1", "nl-12", "x" * ID_BYTES, "x" * (ID_BYTES + 1), "y" * 300]
) | st.text("ab-1\0", max_size=4)


def column_of(some: list[str], behind: bytes = b"") -> TextColumn:
    """The texts in one buffer, the last of them at its end."""
    raws = [text.encode() for text in some]
    end = np.cumsum([0, *map(len, raws)], dtype=np.int64)
    return TextColumn(b"".join(raws) + behind, end[:-1], end[1:])


def no_hash(words: Words) -> NDArray[np.uint64]:
    """All keys fall on one place."""
    return np.zeros(len(words), np.uint64)


def two_hashes(words: Words) -> NDArray[np.uint64]:
    """Every other key falls on one of two places, the last slot among them."""
    return np.where(words[:, 0] & np.uint64(1), np.uint64(2**64 - 1), np.uint64(0))


@pytest.mark.parametrize("mix", [mixed, no_hash, two_hashes])
@given(st.lists(st.lists(texts, max_size=30), max_size=4))
def test_each_key_has_its_own_row_whatever_the_hash(mix: Mix, calls: list[list[str]]) -> None:
    """A collision must never count for another animal; rows go by the order of arrival."""
    ids, index = Ids(), KeyIndex(ID_WORDS, mix)
    rows: dict[str, int] = {}

    for some in calls:
        found, fresh = index.take(ids.words_of(column_of(some)))

        met = [text for text in dict.fromkeys(some) if text not in rows]
        assert fresh.tolist() == [rows.setdefault(text, len(rows)) for text in met]
        assert found.tolist() == [rows[text] for text in some]
        assert index.find(ids.words_of(column_of(some, b"more"))).tolist() == found.tolist()

    assert [one.decode() for one in ids.texts(index.words)] == list(rows)


@given(
    st.lists(st.tuples(st.sampled_from("tf"), st.lists(texts, min_size=1, max_size=8)), max_size=12)
)
def test_rows_that_are_freed_are_taken_again_the_lowest_first(
    doings: list[tuple[str, list[str]]],
) -> None:
    """As a plain dictionary with a list of free rows would do it, snapshots in between."""
    ids, index = Ids(), KeyIndex(ID_WORDS, no_hash)
    rows: dict[str, int] = {}

    for doing, some in doings:
        if doing == "t":
            found, _ = index.take(ids.words_of(column_of(some)))
            for text in some:
                free = set(range(len(rows) + 1)) - set(rows.values())
                rows.setdefault(text, min(free))
            assert found.tolist() == [rows[text] for text in some]
        else:
            gone = sorted({rows.pop(text) for text in some if text in rows})
            index.free(np.array(gone, np.int64))
        again = KeyIndex(ID_WORDS)
        again.load(index.to_arrays())
        for each in (index, again):
            assert each.held == len(rows)
            for text, row in rows.items():
                assert each.find(ids.words(text.encode())).tolist() == [row]


def test_many_keys_are_found_and_cost_little() -> None:
    """A million animals: what a key costs is told by the half-empty slots and the words."""
    index = KeyIndex(ID_WORDS)
    some = np.random.default_rng(7).integers(1, 2**63, (20_000, ID_WORDS)).astype(np.uint64)

    for start in range(0, len(some), 700):
        index.take(some[start : start + 700])

    assert index.find(some).tolist() == list(range(len(some)))
    assert index.find(some + np.uint64(1)).max() == -1
    assert index.bytes_held / len(some) < 80


def test_a_null_is_as_good_as_empty_and_the_last_text_ends_with_the_buffer() -> None:
    """Nothing is read beyond the bytes of the batch."""
    none = TextColumn(b"abc", np.array([NONE_TEXT, 0, 3]), np.array([NONE_TEXT, 3, 3]))

    assert Ids().texts(Ids().words_of(none)) == [b"", b"abc", b""]


def test_a_farms_name_comes_back_from_arrays() -> None:
    """Names are not in the snapshot: words say them."""
    farms, again = Farms(), Farms()
    farms.take(column_of(["farm-a", "z" * 60, "farm-b"]))

    again.load(farms.to_arrays())

    assert again.names == farms.names == ["farm-a", "z" * 60, "farm-b"]
    assert again.rows_of(["farm-b", "unknown", "z" * 60]).tolist() == [2, 1]
