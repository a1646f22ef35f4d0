"""Repeats and gaps are counted from boot_id and seq."""

from contracts.ids import CollarId
from gateway.sequence import Noted, Sequences

COLLAR = CollarId("c-17")


def test_a_repeated_upload_is_counted_as_repeats() -> None:
    """A collar that asks again is ordinary; a herd that always does has lost its answers."""
    sequences = Sequences()
    sequences.note(COLLAR, 7, [1, 2, 3])

    noted = sequences.note(COLLAR, 7, [2, 3, 4])

    assert noted == Noted(repeats=2, missing=0)


def test_skipped_seqs_are_counted_as_missing() -> None:
    """A gap is a reading that a collar overwrote, or that another gateway took."""
    sequences = Sequences()
    sequences.note(COLLAR, 7, [1])

    noted = sequences.note(COLLAR, 7, [4, 6])

    assert noted == Noted(repeats=0, missing=3)


def test_a_reboot_begins_a_new_count() -> None:
    """Seq starts again with each boot: neither a repeat nor a gap."""
    sequences = Sequences()
    sequences.note(COLLAR, 7, [100])

    noted = sequences.note(COLLAR, 8, [5])

    assert noted == Noted(repeats=0, missing=0)


def test_a_late_upload_of_an_earlier_boot_changes_no_count_of_the_new() -> None:
    """An old upload may be delivered again after the collar has rebooted."""
    sequences = Sequences()
    sequences.note(COLLAR, 8, [5])

    late = sequences.note(COLLAR, 7, [100])
    after = sequences.note(COLLAR, 8, [6])

    assert late == Noted(repeats=1, missing=0)
    assert after == Noted(repeats=0, missing=0)


def test_collars_do_not_share_a_count_and_the_longest_unheard_is_forgotten() -> None:
    """Memory is bounded even if somebody invents collars."""
    sequences = Sequences(collars_max=2)
    for collar in ("c-1", "c-2", "c-3"):
        sequences.note(CollarId(collar), 7, [1])

    assert sequences.note(CollarId("c-3"), 7, [1]) == Noted(repeats=1, missing=0)
    assert sequences.note(CollarId("c-1"), 7, [1]) == Noted(repeats=0, missing=0)
