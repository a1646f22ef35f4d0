"""What became of a letter, whatever was decided about it in whatever order."""

from collections.abc import Iterable
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from contracts.dead_letter import Reason
from contracts.tick import Tick
from read_models.dead_letters import (
    STEPS_MAX,
    LetterRecord,
    LetterRow,
    LetterState,
    fold,
    row_from_json,
    row_to_json,
)
from tests.read_models.letters import Post

ACTS = ("asked", "taken", "refused", "discarded", "expired")


def folded(records: Iterable[LetterRecord]) -> LetterRow:
    """The row of the one letter that these are about."""
    row: LetterRow | None = None
    for record in records:
        row = fold(row, record)
    assert row is not None
    return row


def test_a_letter_is_open_until_it_is_decided() -> None:
    """With all that people need to find it and to read its bytes."""
    post = Post()
    row = folded([post.letter("a", raw=b"12345")])

    assert (row.state, row.tries, row.size) == (LetterState.OPEN, 1, 5)
    assert (row.reason, row.collar_id, row.farm_id) == (Reason.UNKNOWN_COLLAR, "c-17", "farm-a")
    assert (row.partition, row.offset, row.decided_at) == (3, 0, None)


def test_a_retry_that_gets_through_ends_it_and_one_that_does_not_says_why() -> None:
    """The newest reason counts: what people filter by is what is wrong now."""
    post = Post()
    post.letter("a")
    post.asked("a")
    post.refused("a", Reason.NOT_WORN)
    refused = folded(post.records)
    post.asked("a", raw=b"repaired")
    taken = post.taken("a", readings=12, tries=3)

    row = folded(post.records)

    assert (refused.state, refused.tries, refused.reason) == (LetterState.OPEN, 2, Reason.NOT_WORN)
    assert (row.state, row.tries, row.readings) == (LetterState.TAKEN, 3, 12)
    assert (row.decided_at, row.decided_by) == (taken.event.timestamp, "gateway")
    assert [step.did for step in row.steps] == ["asked", "refused", "asked_repaired", "taken"]


def test_a_refusal_without_a_reason_of_its_own_keeps_the_old_one() -> None:
    """Rebuild the model instead: that says nothing of what was wrong with the record."""
    post = Post()
    letter = post.letter("a", reason=Reason.HANDLER_FAILED, detail="KeyError: no such pen")
    outcome = post.refused("a")
    instead = replace(outcome.event.payload, reason=None, detail="rebuild instead")
    told = replace(outcome, event=replace(outcome.event, payload=instead))

    row = folded([letter, told])

    assert (row.reason, row.detail) == (Reason.HANDLER_FAILED, "KeyError: no such pen")
    assert row.steps[-1].told == "rebuild instead"


def test_the_first_decision_counts_but_what_stands_in_the_log_stands_there() -> None:
    """Thrown away while a retry was under way: its readings count, so it was taken."""
    post = Post()
    post.letter("a")
    discarded = [*post.records, post.discarded("a"), post.expired("a")]
    overruled = [*discarded, post.taken("a"), post.discarded("a"), post.refused("a")]

    assert folded(discarded).state is LetterState.DISCARDED
    assert folded(discarded).decided_by == "user:anna"
    assert folded(overruled).state is LetterState.TAKEN


def test_a_letter_that_a_collar_sends_again_stays_decided() -> None:
    """The collar missed its answer and told the same once more: it is the same letter."""
    post = Post()
    records = [post.letter("a"), post.discarded("a"), post.letter("a")]

    row = folded(records)

    assert (row.state, row.offset) == (LetterState.DISCARDED, 0)


def test_what_is_about_no_letter_or_about_none_we_have_changes_nothing() -> None:
    """Its letter may be older than what Kafka keeps."""
    post = Post()

    assert fold(None, post.taken("gone")) is None
    assert fold(None, post.add("x", Tick(writer="t"))) is None


def test_the_steps_of_a_letter_are_bounded() -> None:
    """A script may ask every minute."""
    post = Post()
    post.letter("a")
    for _ in range(3 * STEPS_MAX):
        post.asked("a")

    row = folded(post.records)

    assert len(row.steps) == STEPS_MAX
    assert row.steps[-1].at == post.appended_at


def test_what_no_text_of_postgres_holds_is_replaced() -> None:
    """NUL comes from whoever likes to send it."""
    post = Post()

    row = folded([post.letter("a", detail="no\0where", collar_id="\0" * 500)])

    assert row.detail == "no\ufffdwhere"
    assert row.collar_id == "\ufffd" * 100


def test_a_row_comes_back_as_it_was_stored() -> None:
    """Times and steps included."""
    post = Post()
    post.letter("a")
    post.asked("a")

    row = folded([*post.records, post.taken("a")])

    assert row_from_json(row_to_json(row).decode()) == row


@given(st.data())
def test_repeats_in_the_log_change_nothing(data: st.DataObject) -> None:
    """Whoever decides sends at least once."""
    post = Post()
    post.letter("a")
    for act in data.draw(st.lists(st.sampled_from(ACTS), max_size=6)):
        getattr(post, act)("a")
    repeated = [
        record
        for record in post.records
        for _ in range(data.draw(st.integers(1, 3), label="times"))
    ]

    assert folded(repeated) == folded(post.records)
