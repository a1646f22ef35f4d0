"""Layouts: a record is read by another's only if every byte that matters agrees."""

import numpy as np
import pytest

from contracts.column_layouts import Layout, Leaf, Sheet
from contracts.columns import NONE_LONG

LEAVES = (
    Leaf("seq", "long", None, 0, NONE_LONG + 1, 1000),
    Leaf("name", "text", None, 0),
    Leaf("warm", "float", 0, 0),
)
LEARNT = b"\x02\x04ab\x02\x00\x00\x80\x3f"  # 1, "ab", 1.0


def matrix(*records: bytes) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    """Records of one length."""
    return np.frombuffer(b"".join(records), np.uint8).reshape(len(records), -1)


def test_records_built_alike_have_the_layout_and_no_others() -> None:
    """A number of two bytes, another length, a null: the rest lies elsewhere."""
    others = [
        b"\x04\x04cd\x02\x00\x00\x00\x40",
        b"\x84\x04cd\x02\x00\x00\x00\x40",
        b"\x82\x01\x02d\x02\x00\x00\x00\x40",
        b"\x04\x02c\x02\x00\x00\x00\x40\x00",
        b"\x04\x04cd\x00\x00\x00\x00\x40",
        b"\x04\x04c\xe9\x02\x00\x00\x00\x40",
    ]

    alike = Layout(LEAVES, LEARNT, 0).has(matrix(*(one[:9] for one in others)))

    assert alike.tolist() == [True, *[False] * 5]


def test_values_are_cut_out_and_what_no_time_or_number_can_be_is_odd() -> None:
    """Beyond its limits, or not finite: the single decoder decides."""
    records = [LEARNT, b"\x05" + LEARNT[1:], LEARNT[:5] + b"\x00\x00\x80\x7f"]
    layout = Layout((Leaf("seq", "long", None, 0, 0, 1000), *LEAVES[1:]), LEARNT, 0)
    buffer = b"".join(records)
    none = np.zeros((1, 3), np.int64)
    sheet = Sheet(
        buffer, none.copy(), np.zeros((1, 3)), none.copy(), none.copy(), np.ones(3, np.bool_)
    )

    layout.fill(sheet, matrix(*records), np.array([0, 9, 18]), np.array([0, 1, 2]))

    assert sheet.odd.tolist() == [False, True, True]
    assert (sheet.longs[0, 0], sheet.floats[0, 0]) == (1, 1.0)
    assert buffer[sheet.starts[0, 2] : sheet.ends[0, 2]] == b"ab"


@pytest.mark.parametrize(
    "odd",
    [
        LEARNT + b"\0",
        LEARNT[:-1],
        b"\x02\x80" + LEARNT[2:],
        b"\xff" * 9,
        b"\x02\x04ab\x06\x00\x00\x80\x3f",
        b"\x02\x04a\xe9\x02\x00\x00\x80\x3f",
        b"\x02\x03ab\x02\x00\x00\x80\x3f",
    ],
)
def test_nothing_is_learnt_from_an_odd_record(odd: bytes) -> None:
    """What one damaged record taught would be believed of good ones."""
    with pytest.raises((ValueError, IndexError)):
        Layout(LEAVES, odd, 0)
