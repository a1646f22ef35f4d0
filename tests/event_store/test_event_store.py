"""What every event store promises, held against all of them."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from contracts.animal_event import AnimalRegistered
from contracts.envelope import Event
from contracts.ids import AnimalId, FarmId
from event_store.port import (
    EVENTS_MAX,
    Append,
    AppendTooLargeError,
    DuplicateEventError,
    EventStore,
    VersionConflictError,
)
from tests.builders import MORNING, an_event

STREAM = "animal:nl-0017"
WRITERS, APPENDS_EACH, EVENTS_EACH = 6, 20, 3


def a_registration(external_id: str = "NL 17", **envelope: Any) -> Event[AnimalRegistered]:  # noqa: ANN401  any field of the envelope
    """An animal's registration."""
    payload = AnimalRegistered(animal_id=AnimalId("nl-0017"), external_id=external_id)
    return an_event(payload, **envelope)


def an_append(
    stream: str = STREAM, *, at_version: int = 0, events: int = 1, inbox: str | None = None
) -> Append:
    """Some events for a stream; inbox: a message's id."""
    made = tuple(a_registration() for _ in range(events))
    return Append(stream, at_version, made, ("intake", inbox) if inbox else None)


def ids(events: list[Event[Any]] | tuple[Event[Any], ...]) -> list[str]:
    """Their event ids, in order."""
    return [event.event_id for event in events]


def positions(store: EventStore) -> list[int]:
    """The positions in the whole log, as a reader meets them."""
    return [event.stored.position for event in store.read(0, 10_000) if event.stored]


def test_what_was_appended_is_loaded_again_unchanged(store: EventStore) -> None:
    """A vet reads years later what was written, to the microsecond."""
    event = a_registration(
        timestamp=MORNING + timedelta(microseconds=7), causation_id="c-1", actor="user:u-1"
    )

    result = store.append([Append(STREAM, 0, (event,))])

    (loaded,) = store.load(STREAM)
    assert replace(loaded, stored=None) == event
    assert (loaded,) == result.events


def test_an_event_knows_where_it_stands(store: EventStore) -> None:
    """Screens resume by epoch and position, commands are decided on a version."""
    store.append([an_append("animal:a", events=2)])

    result = store.append([an_append(events=2)])

    stored = [event.stored for event in store.load(STREAM) if event.stored]
    assert [(place.position, place.version) for place in stored] == [(3, 1), (4, 2)]
    assert {place.epoch for place in stored} == {store.epoch()}
    assert {place.stream for place in stored} == {STREAM}
    assert (result.position, store.head()) == (4, 4)


def test_a_stream_that_is_not_there_is_empty(store: EventStore) -> None:
    """The first command of an aggregate is decided on nothing."""
    assert store.load(STREAM) == ()
    assert store.load_many([STREAM, "animal:b"]) == {STREAM: (), "animal:b": ()}


def test_a_decision_on_an_old_version_is_refused_by_name(store: EventStore) -> None:
    """Two people judge one case: the second must see the first one's judgement."""
    store.append([an_append(events=2)])

    with pytest.raises(VersionConflictError) as refused:
        store.append([an_append(at_version=1)])

    assert (refused.value.stream, refused.value.expected_version) == (STREAM, 1)
    assert refused.value.found_version == 2


def test_an_append_that_is_refused_leaves_nothing(store: EventStore) -> None:
    """Half an import would be worse than none: also the inbox and the head stay as they were."""
    store.append([an_append()])

    with pytest.raises(VersionConflictError):
        store.append([an_append("animal:new", inbox="m-1"), an_append(at_version=9)])

    assert store.load("animal:new") == ()
    assert store.head() == 1
    assert store.append([an_append("animal:new", inbox="m-1")]).skipped == ()
    assert positions(store) == [1, 2]


def test_one_call_may_append_to_a_stream_several_times(store: EventStore) -> None:
    """A batch of detections holds several of one animal; each is decided on the one before."""
    store.append([an_append(), an_append("animal:b"), an_append(at_version=1, events=2)])

    versions = [event.stored.version for event in store.load(STREAM) if event.stored]
    assert versions == [1, 2, 3]


def test_versions_are_counted_within_one_call(store: EventStore) -> None:
    """Otherwise the second decision of a batch would overwrite what the first one decided on."""
    with pytest.raises(VersionConflictError) as refused:
        store.append([an_append(), an_append()])

    assert (refused.value.expected_version, refused.value.found_version) == (0, 1)


def test_a_message_handled_before_is_skipped_and_leaves_no_gap(store: EventStore) -> None:
    """After a rebalance Kafka hands a batch out again, and half of it may be stored already."""
    store.append([an_append("animal:a", inbox="m-1")])

    again = [
        an_append("animal:b", inbox="m-0"),
        an_append("animal:a", inbox="m-1", events=3),
        an_append("animal:c", inbox="m-2", events=2),
    ]
    result = store.append(again)

    assert result.skipped == (1,)
    assert len(store.load("animal:a")) == 1
    assert ids(result.events) == ids((*again[0].events, *again[2].events))
    assert positions(store) == [1, 2, 3, 4]
    assert result.position == store.head() == 4
    assert [event.stored for event in result.events] == [
        event.stored for event in store.read(1, 10)
    ]


def test_a_message_twice_in_one_call_is_handled_once(store: EventStore) -> None:
    """A batch may hold a detection and its repeat."""
    result = store.append([an_append(inbox="m-1"), an_append(inbox="m-1")])

    assert result.skipped == (1,)
    assert len(store.load(STREAM)) == 1


def test_a_message_without_consequences_is_remembered_too(store: EventStore) -> None:
    """That a detection changed nothing was decided once, and is not decided again."""
    store.append([Append(STREAM, 0, (), ("intake", "m-1"))])

    result = store.append([an_append(inbox="m-1")])

    assert result.skipped == (0,)
    assert store.head() == 0


def test_an_inbox_belongs_to_its_consumer(store: EventStore) -> None:
    """Two consumers handle the same message, each once."""
    store.append([an_append(inbox="m-1")])

    result = store.append([Append("animal:b", 0, (a_registration(),), ("other", "m-1"))])

    assert result.skipped == ()


def test_an_event_id_is_stored_once(store: EventStore) -> None:
    """Ids are derived from what they stand for: a second one is the same event told twice."""
    event = a_registration()
    store.append([Append(STREAM, 0, (event,))])

    with pytest.raises(DuplicateEventError, match=event.event_id):
        store.append([Append("animal:b", 0, (event,))])

    assert store.head() == 1


def test_an_append_has_a_limit(store: EventStore) -> None:
    """One call that holds the head of the log for minutes would stop every farm."""
    with pytest.raises(AppendTooLargeError):
        store.append([Append(STREAM, 0, (a_registration(),) * (EVENTS_MAX + 1))])


def test_an_empty_append_changes_nothing(store: EventStore) -> None:
    """A batch of messages without consequences is no error."""
    result = store.append([])

    assert (result.position, result.events, result.skipped) == (0, (), ())


def test_a_reader_gets_the_log_in_pieces(store: EventStore) -> None:
    """A relay that was down for a night must not load the night at once."""
    store.append([an_append(events=5)])

    first = store.read(0, 2)
    rest = store.read(2, 10)

    assert [event.stored.version for event in first + rest if event.stored] == [1, 2, 3, 4, 5]
    assert len(first) == 2
    assert store.read(5, 10) == []


def test_recorded_at_never_runs_backwards(store: EventStore) -> None:
    """`As of` a moment is a position: an adjusted clock must not reorder the past."""
    for version in range(5):
        store.append([an_append(at_version=version)])

    recorded = [event.stored.recorded_at for event in store.read(0, 10) if event.stored]
    assert recorded == sorted(recorded)


def test_of_two_writers_on_one_version_one_wins(store: EventStore) -> None:
    """One open case per subject and cause rests on this, against people and machine alike."""

    def write(number: int) -> bool:
        try:
            store.append([an_append(f"animal:{number // WRITERS}")])
        except VersionConflictError:
            return False
        return True

    with ThreadPoolExecutor(WRITERS) as pool:
        won = list(pool.map(write, range(WRITERS * 10)))

    assert sum(won) == 10
    assert all(len(store.load(f"animal:{number}")) == 1 for number in range(10))
    assert positions(store) == list(range(1, 11))


def test_a_reader_beside_many_writers_misses_nothing(store: EventStore) -> None:
    """A relay that passes over a position passes over it for ever."""
    total = WRITERS * APPENDS_EACH * EVENTS_EACH

    def write(writer: int) -> None:
        for number in range(APPENDS_EACH):
            append = an_append(
                f"animal:{writer}", at_version=number * EVENTS_EACH, events=EVENTS_EACH
            )
            store.append([append])

    with ThreadPoolExecutor(WRITERS) as pool:
        writing = [pool.submit(write, writer) for writer in range(WRITERS)]
        seen: list[int] = []
        written, found = False, True
        while found or not written:
            written = all(writer.done() for writer in writing)  # asked before the last look
            events = store.read(seen[-1] if seen else 0, 7)
            found = bool(events)
            seen += [event.stored.position for event in events if event.stored]
        for done in writing:
            done.result()

    assert seen == list(range(1, total + 1))


def test_a_relay_finds_its_place_again(store: EventStore) -> None:
    """It is stored beside the log, and never moves back."""
    store.save_position("feed", 7)
    store.save_position("feed", 5)

    assert store.position("feed") == 7
    assert store.position("other") == 0


def test_an_external_id_leads_to_its_streams(store: EventStore) -> None:
    """A herd list names ear tags, not ids of ours; another farm's are none of our business."""
    store.append(
        [
            Append("animal:a", 0, (a_registration("X 1"), a_registration("X 2"))),
            Append("animal:b", 0, (a_registration("X 2"),)),
            Append("animal:c", 0, (a_registration("X 2", farm_id=FarmId("farm-b")),)),
        ]
    )

    found = store.streams_by_external_id(FarmId("farm-a"), ["X 1", "X 2", "X 3"])

    assert found == {"X 1": ("animal:a",), "X 2": ("animal:a", "animal:b")}
