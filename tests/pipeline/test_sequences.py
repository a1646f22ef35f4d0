"""Counting once: repeats never count, what was missing counts whenever it comes."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.sequences import BOOT_DAYS, COLLAR_DAYS, HOLES_MAX
from tests.pipeline.counting import Boot, Counting

BOOT = (b"farm-a", b"c-1", 1)
OTHER_BOOT = (b"farm-a", b"c-1", 2)


def counts(counting: Counting, *seqs: int, boot: Boot = BOOT) -> list[bool]:
    """Which of these readings of one boot count."""
    return counting.first_seen([boot] * len(seqs), list(seqs))


@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(-3, 40)), max_size=120), st.integers(1, 50)
)
def test_each_reading_counts_exactly_once_in_whatever_order_and_batches(
    arrivals: list[tuple[int, int]], batch: int
) -> None:
    """Repeats, gaps and letters days late, all mixed: the count must be that of a plain set."""
    sequences = Counting()
    seen: set[tuple[int, int]] = set()

    for start in range(0, len(arrivals), batch):
        some = arrivals[start : start + batch]
        keys = [(b"farm-a", b"c-1", boot) for boot, _ in some]
        found = sequences.first_seen(keys, [seq for _, seq in some])

        expected = []
        for arrival in some:
            expected.append(arrival not in seen)
            seen.add(arrival)
        assert found == expected
        sequences = sequences.restored()


def test_a_letter_retried_days_later_counts_and_its_repeat_does_not() -> None:
    """A repaired dead letter is a reading like any other, but only once."""
    sequences = Counting()
    counts(sequences, 1, 2, 4, 5)
    counts(sequences, *range(6, 2000))

    assert counts(sequences, 3) == [True]
    assert counts(sequences, 3) == [False]


def test_a_collar_that_starts_again_is_counted_anew() -> None:
    """Sequence numbers begin again with every boot."""
    sequences = Counting()
    counts(sequences, 1, 2, 3)

    assert counts(sequences, 1, 2, boot=OTHER_BOOT) == [True, True]


def test_of_too_many_gaps_the_oldest_are_forgotten_and_told() -> None:
    """A limit on what one broken collar may cost; forgetting must be visible."""
    sequences = Counting()
    every_other = range(0, 2 * HOLES_MAX + 20, 2)

    counts(sequences, *every_other)

    assert sequences.sequences.holes_forgotten == len(every_other) - HOLES_MAX
    assert counts(sequences, 2 * HOLES_MAX + 17) == [True]
    assert counts(sequences, 1) == [False]


def test_an_old_boot_is_forgotten_once_its_collar_began_anew_and_only_then() -> None:
    """A letter may be sent again for a month; a collar in a drawer still holds its readings."""
    counting = Counting()
    boots = [BOOT, OTHER_BOOT, (b"farm-a", b"c-2", 1), (b"farm-b", b"c-1", 1)]
    rows = counting.rows(boots)
    counting.first_seen(boots, [1, 1, 1, 1])
    counting.sequences.heard(rows, np.array([0, BOOT_DAYS, 0, 0]))
    farms = np.unique(counting.sequences.boots.farm_of(rows))

    counting.sequences.free_gone(farms, BOOT_DAYS)
    held_then = counting.sequences.boots.index.held
    counting.sequences.free_gone(farms, BOOT_DAYS + 1)

    assert held_then == 4
    assert counting.sequences.boots.index.held == 3
    assert counts(counting, 1, boot=OTHER_BOOT) == [False]
    assert counts(counting, 1, boot=boots[2]) == [False]
    assert counts(counting, 1, boot=boots[3]) == [False]


def test_what_is_silent_for_longer_than_the_log_keeps_is_forgotten() -> None:
    """Whole herds of collars are replaced over the years."""
    counting = Counting()
    rows = counting.rows([BOOT])
    counting.sequences.heard(rows, np.array([0]))

    counting.sequences.free_gone(np.array([0]), COLLAR_DAYS + 1)

    assert counting.sequences.boots.index.held == 0
