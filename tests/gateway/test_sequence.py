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


def test_two_boots_that_take_turns_are_a_fork_and_told_once() -> None:
    """One device cannot be in two boots: the collar's credential is in two places."""
    sequences = Sequences()
    boots = [7, 8, 7, 8, 7, 8, 7]

    forked = [
        sequences.note(COLLAR, boot, [seq], now_s=60.0 * seq).is_forked
        for seq, boot in enumerate(boots)
    ]

    assert forked == [False, False, False, False, True, False, False]


def test_an_old_boots_uploads_that_are_delivered_again_are_no_fork() -> None:
    """A broker that lost its connection to us hands all of it out again, after a reboot too."""
    sequences = Sequences()
    boots = [7, 7, 8, 8, 7, 7, 7, 8, 8]

    assert not any(sequences.note(COLLAR, boot, [1]).is_forked for boot in boots)


def test_boots_that_return_now_and_then_are_no_fork() -> None:
    """Two redeliveries in a week are two outages."""
    sequences = Sequences()
    boots = [7, 8, 7, 8, 7, 8, 7]

    assert not any(
        sequences.note(COLLAR, boot, [1], now_s=700.0 * place).is_forked
        for place, boot in enumerate(boots)
    )


def test_what_is_remembered_of_forks_is_bounded() -> None:
    """Collars that play with their boots must not grow a gateway."""
    sequences = Sequences(returns_max=10)
    for boot in (8, 7):
        for number in range(100):
            sequences.note(CollarId(f"c-{number}"), boot, [1])

    assert len(sequences._returns) == 10
