"""The worklist in a real Redis: data, feed and offset move together or not at all."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from redis import Redis as RedisClient

from contracts.ids import FarmId
from contracts.topics import ALERTS, partition_of_farm
from farmbox.redis import Redis
from read_models.adapters import redis as adapter
from read_models.adapters.redis import RedisWorklistStore
from read_models.adapters.redis_queries import Worklist
from read_models.adapters.redis_scripts import WORKLIST_ROOT
from read_models.base import (
    Generation,
    GenerationLostError,
    LogRecord,
    LogSlice,
    NewEpochError,
    Place,
    ReadModelUnavailableError,
    RebuildRunningError,
)
from read_models.worklist import CLOSED_KEPT_DAYS
from tests.builders import FARM, MORNING
from tests.read_models.feed import Feed
from tests.waiting import eventually

pytestmark = pytest.mark.services
PLACE = Place(ALERTS.name, partition_of_farm(FARM))


def a_slice(records: list[LogRecord], *, start: int = 0) -> LogSlice:
    """Records as one poll would give them, from offset `start`."""
    return LogSlice(PLACE, start + len(records), tuple(records))


def answering(store: RedisWorklistStore) -> Generation:
    """An empty generation that answers questions."""
    generation = store.begin("", None)
    assert store.swap(generation, {})
    return generation


def ids(worklist: Worklist, farm: FarmId = FARM) -> list[str]:
    """The open cases of a farm, in their order."""
    return [row.alert_id for row in worklist.open_alerts(farm).alerts]


def test_a_folded_batch_answers_questions(redis: RedisClient) -> None:
    """The plain way: events in, the farm's open cases out, with epoch and position."""
    store, worklist, feed = RedisWorklistStore(redis), Worklist(redis), Feed()
    generation = answering(store)
    records = [feed.raised("case-1"), feed.raised("case-2"), feed.acknowledged("case-2")]

    store.apply(generation, a_slice(records))

    view = worklist.open_alerts(FARM)
    assert (view.epoch, view.position, view.as_of) == ("epoch-a", 3, records[-1].appended_at)
    assert [(row.alert_id, row.status) for row in view.alerts] == [
        ("case-1", "open"),
        ("case-2", "acknowledged"),
    ]
    assert worklist.open_alerts(FarmId("farm-b")).alerts == ()


def test_a_batch_that_does_not_start_where_redis_stands_changes_nothing(
    redis: RedisClient,
) -> None:
    """Redis lost its newest second, or another projector was quicker: the store decides."""
    store, worklist, feed = RedisWorklistStore(redis), Worklist(redis), Feed()
    begun = answering(store)
    store.apply(begun, a_slice([feed.raised("case-1")]))

    with pytest.raises(GenerationLostError):
        store.apply(begun, a_slice([feed.raised("case-2")]))

    assert ids(worklist) == ["case-1"]
    current = store.current()
    assert current is not None
    assert current.offsets == {PLACE: 1}


def test_what_the_relay_sends_again_counts_once(redis: RedisClient) -> None:
    """The relay repeats its last events after a crash; a closed case must not open again."""
    store, worklist, feed = RedisWorklistStore(redis), Worklist(redis), Feed()
    generation = answering(store)
    records = [feed.raised("case-1"), feed.closed("case-1")]
    generation = store.apply(generation, a_slice(records))

    store.apply(generation, a_slice([*records, feed.raised("case-2")], start=2))

    assert ids(worklist) == ["case-2"]
    changes = worklist.changes_since(FARM, "epoch-a", 0)
    assert changes is not None
    assert [(change.previous, change.position) for change in changes] == [(0, 1), (1, 2), (2, 3)]


def test_the_script_itself_refuses_an_older_position(redis: RedisClient) -> None:
    """The check lies where the write is, whatever a projector believes to have read before."""
    store, worklist, feed = RedisWorklistStore(redis), Worklist(redis), Feed()
    generation = answering(store)
    records = [feed.raised("case-1"), feed.closed("case-1")]
    generation = store.apply(generation, a_slice(records))
    blind = RedisWorklistStore(redis)
    blind._stored = lambda *_: ({FARM: 0}, {})  # type: ignore[method-assign]  # it read too early

    blind.apply(generation, a_slice(records[:1], start=2))

    assert ids(worklist) == []


def test_a_closed_case_leaves_the_list_and_stays_readable(redis: RedisClient) -> None:
    """The farmer wants it off the screen; the link in his message must still open."""
    store, worklist, feed = RedisWorklistStore(redis), Worklist(redis), Feed()

    store.apply(answering(store), a_slice([feed.raised("case-1"), feed.closed("case-1")]))

    row = worklist.alert(FARM, "case-1")
    assert ids(worklist) == []
    assert row is not None
    assert (row.status, row.outcome) == ("closed", "confirmed")
    assert worklist.alert(FARM, "case-9") is None
    assert worklist.alert(FarmId("farm-b"), "case-1") is None


def test_closed_cases_have_a_limit_in_number_and_age(
    redis: RedisClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Redis holds what is needed now; counted in log time, so that a replay keeps the same."""
    monkeypatch.setattr(adapter, "CLOSED_KEPT_MAX", 3)
    store, worklist, feed = RedisWorklistStore(redis), Worklist(redis), Feed()
    records = []
    for number in range(5):
        records += [feed.raised(f"case-{number}"), feed.closed(f"case-{number}")]
    much_later = MORNING + timedelta(days=CLOSED_KEPT_DAYS, hours=1)

    generation = store.apply(answering(store), a_slice(records))
    kept = [n for n in range(5) if worklist.alert(FARM, f"case-{n}")]
    late = [feed.raised("late"), feed.closed("late", timestamp=much_later)]
    store.apply(generation, a_slice(late, start=len(records)))

    assert kept == [2, 3, 4]
    assert [n for n in range(5) if worklist.alert(FARM, f"case-{n}")] == []
    assert worklist.alert(FARM, "late") is not None


def test_a_reader_resumes_from_any_kept_position_and_learns_when_it_is_gone(
    redis: RedisClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A gap that nobody mentions is worse than a list loaded anew."""
    monkeypatch.setattr(adapter, "FEED_MAX", 4)
    store, worklist, feed = RedisWorklistStore(redis), Worklist(redis), Feed()
    records = [feed.raised(f"case-{number}") for number in range(10)]

    store.apply(answering(store), a_slice(records))

    def positions(epoch: str, since: int) -> list[int] | None:
        found = worklist.changes_since(FARM, epoch, since)
        return None if found is None else [change.position for change in found]

    assert positions("epoch-a", 6) == [7, 8, 9, 10]
    assert positions("epoch-a", 5) is None
    assert positions("epoch-a", 10) == []
    assert positions("epoch-a", 12) == []  # a reader ahead: Redis lost its newest second
    assert positions("epoch-b", 8) is None


def test_a_reader_from_before_the_first_event_of_all_misses_nothing(redis: RedisClient) -> None:
    """A fresh farm's first alert must arrive as an event; no history had a name yet then."""
    store, worklist, feed = RedisWorklistStore(redis), Worklist(redis), Feed()
    generation = answering(store)
    before = worklist.head(FARM)

    store.apply(generation, a_slice([feed.raised("case-1")]))

    changes = worklist.changes_since(FARM, before.epoch, before.position)
    assert (before.epoch, before.position) == ("", 0)
    assert changes is not None
    assert [(change.epoch, change.position) for change in changes] == [("epoch-a", 1)]


def test_a_screen_is_told_that_its_farm_changed(redis: RedisClient) -> None:
    """The hint saves the wait for the next poll."""
    store, worklist, feed = RedisWorklistStore(redis), Worklist(redis), Feed()
    generation = answering(store)
    hints = worklist.hints()
    hints.wait(0.1)

    store.apply(generation, a_slice([feed.raised("case-1")]))

    assert eventually(lambda: hints.wait(0.1), within_s=5) == FARM
    hints.close()


def test_a_new_epoch_is_refused_and_an_old_one_left_out(redis: RedisClient) -> None:
    """After a restore of the event store the log goes on under another history."""
    store, worklist = RedisWorklistStore(redis), Worklist(redis)
    old, new = Feed(epoch="epoch-a"), Feed(epoch="epoch-b")
    new.appended_at += timedelta(hours=1)
    generation = store.apply(answering(store), a_slice([old.raised("case-a")]))

    with pytest.raises(NewEpochError) as refused:
        store.apply(generation, a_slice([new.raised("case-b")], start=1))
    fresh = store.begin(refused.value.epoch, refused.value.since)
    store.apply(fresh, a_slice([*old.records, *new.records]))
    store.swap(fresh, {})

    assert ids(worklist) == ["case-b"]
    assert worklist.changes_since(FARM, "epoch-a", 1) is None


def test_a_new_generation_answers_only_when_it_is_not_behind(redis: RedisClient) -> None:
    """A rebuild must not take screens back in time."""
    store, worklist, feed = RedisWorklistStore(redis), Worklist(redis), Feed()
    records = [feed.raised("case-1"), feed.raised("case-2")]
    old = store.apply(answering(store), a_slice(records))
    fresh = store.apply(store.begin("", None), a_slice(records[:1]))

    early = store.swap(fresh, {PLACE: 2})
    seen_early = ids(worklist)
    fresh = store.apply(fresh, a_slice(records[1:], start=1))
    late = store.swap(fresh, {PLACE: 2})

    assert (early, late) == (False, True)
    assert seen_early == ids(worklist) == ["case-1", "case-2"]
    with pytest.raises(GenerationLostError):
        store.apply(old, a_slice([feed.raised("case-3")], start=2))
    assert not redis.keys(f"*{old.id}*"), "the old generation is gone"


def test_one_generation_is_built_at_a_time_and_a_dead_builder_is_forgotten(
    redis: RedisClient,
) -> None:
    """Two rebuilds would double the work; one that died must not block the next for ever."""
    store, feed = RedisWorklistStore(redis), Feed()
    dead = store.apply(store.begin("", None), a_slice([feed.raised("case-1")]))

    with pytest.raises(RebuildRunningError):
        store.begin("", None)
    redis.delete(f"{WORKLIST_ROOT}:building")  # as its time limit does
    store.begin("", None)

    assert not redis.keys(f"*{dead.id}*")
    with pytest.raises(GenerationLostError):
        store.apply(dead, a_slice([feed.raised("case-2")], start=1))


def test_equal_logs_give_equal_canonical_lines_in_any_batches(redis: RedisClient) -> None:
    """What a rebuild gives must equal what the running projector had."""
    store, worklist, feed = RedisWorklistStore(redis), Worklist(redis), Feed()
    for number in range(20):
        feed.raised(f"case-{number}")
        if number % 2:
            feed.acknowledged(f"case-{number}")
        if number % 3 == 0:
            feed.closed(f"case-{number}")
    store.apply(answering(store), a_slice(feed.records))
    at_once = worklist.canonical(FARM)

    fresh = store.begin("", None)
    for offset, record in enumerate(feed.records):
        fresh = store.apply(fresh, a_slice([record], start=offset))
    store.swap(fresh, {})

    assert worklist.canonical(FARM) == at_once
    assert len(at_once.lines) == 20


def test_a_worklist_that_is_not_built_yet_says_so(redis: RedisClient) -> None:
    """An empty list would tell the farmer that all is well."""
    store, worklist, feed = RedisWorklistStore(redis), Worklist(redis), Feed()
    store.apply(store.begin("", None), a_slice([feed.raised("case-1")]))

    with pytest.raises(ReadModelUnavailableError):
        worklist.open_alerts(FARM)


def test_a_killed_redis_comes_back_with_data_and_offset(
    redis_server: Redis, redis: RedisClient
) -> None:
    """Kill -9 in between: what it answers then and where it goes on fit together."""
    store, worklist, feed = RedisWorklistStore(redis), Worklist(redis), Feed()
    generation = store.apply(answering(store), a_slice([feed.raised("case-1")]))

    redis_server.crash()
    with pytest.raises(ReadModelUnavailableError):
        worklist.open_alerts(FARM)
    redis_server.start()
    redis_server.wait_ready()

    assert store.current() == replace(generation, epoch="epoch-a")
    store.apply(generation, a_slice([feed.raised("case-2")], start=1))
    assert ids(worklist) == ["case-1", "case-2"]


def test_the_age_of_what_is_shown_moves_on_without_events(redis: RedisClient) -> None:
    """A quiet night and a dead projector must not look the same."""
    store, worklist, feed = RedisWorklistStore(redis), Worklist(redis), Feed()
    generation = store.apply(answering(store), a_slice([feed.raised("case-1")]))
    later = feed.appended_at + timedelta(seconds=30)

    store.heard(generation, later)
    store.heard(generation, datetime.fromisoformat("2026-03-01T05:00:00+00:00"))

    assert worklist.head(FARM).as_of == later
