"""Counting once: repeats never count, what was missing counts whenever it comes."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.sequences import HOLES_MAX, Sequences

BOOT = (b"farm-a", b"c-1", 1)
OTHER_BOOT = (b"farm-a", b"c-1", 2)


def counts(sequences: Sequences, *seqs: int, boot: tuple[bytes, bytes, int] = BOOT) -> list[bool]:
    """Which of these readings of one boot count."""
    found: list[bool] = sequences.first_seen([boot] * len(seqs), np.array(seqs, np.int64)).tolist()
    return found


@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(-3, 40)), max_size=120), st.integers(1, 50)
)
def test_each_reading_counts_exactly_once_in_whatever_order_and_batches(
    arrivals: list[tuple[int, int]], batch: int
) -> None:
    """Repeats, gaps and letters days late, all mixed: the count must be that of a plain set."""
    sequences = Sequences()
    seen: set[tuple[int, int]] = set()

    for start in range(0, len(arrivals), batch):
        some = arrivals[start : start + batch]
        keys = [(b"farm-a", b"c-1", boot) for boot, _ in some]
        found = sequences.first_seen(keys, np.array([seq for _, seq in some], np.int64))

        expected = []
        for arrival in some:
            expected.append(arrival not in seen)
            seen.add(arrival)
        assert found.tolist() == expected
        sequences = Sequences.from_arrays(sequences.to_arrays())


def test_a_letter_retried_days_later_counts_and_its_repeat_does_not() -> None:
    """A repaired dead letter is a reading like any other, but only once."""
    sequences = Sequences()
    counts(sequences, 1, 2, 4, 5)
    counts(sequences, *range(6, 2000))

    assert counts(sequences, 3) == [True]
    assert counts(sequences, 3) == [False]


def test_a_collar_that_starts_again_is_counted_anew() -> None:
    """Sequence numbers begin again with every boot."""
    sequences = Sequences()
    counts(sequences, 1, 2, 3)

    assert counts(sequences, 1, 2, boot=OTHER_BOOT) == [True, True]


def test_of_too_many_gaps_the_oldest_are_forgotten_and_told() -> None:
    """A limit on what one broken collar may cost; forgetting must be visible."""
    sequences = Sequences()
    every_other = range(0, 2 * HOLES_MAX + 20, 2)

    counts(sequences, *every_other)

    assert sequences.holes_forgotten == len(every_other) - HOLES_MAX
    assert counts(sequences, 2 * HOLES_MAX + 17) == [True]
    assert counts(sequences, 1) == [False]
