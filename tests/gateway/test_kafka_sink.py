"""A dead letter keeps what came, where from and why; told again, it is the same letter."""

import pytest

from contracts.dead_letter import Reason, Rejected
from contracts.ids import CollarId
from gateway.adapters.kafka_sink import letter_of
from gateway.attribution import Attribution
from gateway.intake import Refusal, Sender, judge
from tests.builders import FARM, MORNING

TOPIC = f"herd/v1/{FARM}/c-17/readings"
WHY = Rejected(Reason.OUT_OF_RANGE, "temperature_c 99 is outside -50 … 80")
COLLAR = Sender(f"mqtt:{TOPIC}", FARM, CollarId("c-17"))


def test_a_letter_says_what_came_where_from_and_why() -> None:
    """Whoever repairs it next week has nothing else."""
    letter = letter_of(Refusal(WHY, b"the bad one", COLLAR, 7, 41), MORNING)

    assert (letter.farm_id, letter.payload.collar_id) == (FARM, "c-17")
    assert (letter.payload.reason, letter.payload.detail) == (WHY.reason, WHY.detail)
    assert (letter.payload.raw, letter.payload.origin) == (b"the bad one", f"mqtt:{TOPIC}")
    assert (letter.payload.service, letter.payload.tries) == ("gateway", 1)
    assert (letter.timestamp, letter.payload.received_at) == (MORNING, MORNING)


def test_a_reading_refused_twice_is_one_letter() -> None:
    """A collar that lost its answer sends again; nobody should have to decide twice."""
    first, second = (letter_of(Refusal(WHY, b"bad", COLLAR, 7, 41), MORNING) for _ in range(2))
    other = letter_of(Refusal(WHY, b"bad", COLLAR, 7, 42), MORNING)

    assert first.event_id == second.event_id == first.aggregate_id
    assert other.event_id != first.event_id


@pytest.mark.parametrize("topic", ["", "herd/v1/Farm A/c-17/readings"])
def test_a_letter_from_a_foreign_topic_belongs_to_no_farm(topic: str) -> None:
    """A name that is no id must not choose whose list it lands in."""
    (refusal,) = judge(topic, b"bad", Attribution(), MORNING).refusals

    letter = letter_of(refusal, MORNING)

    assert (letter.farm_id, letter.payload.collar_id) == (None, None)
    assert letter.payload.origin == f"mqtt:{topic}"


def test_unreadable_messages_are_letters_of_their_own() -> None:
    """Equal bytes sent twice are two messages as far as anybody knows."""
    first, second = (letter_of(Refusal(WHY, b"bad", COLLAR), MORNING) for _ in range(2))

    assert first.event_id != second.event_id
