"""The history in a real PostgreSQL: what happened to an animal, who wears what, how cases ended."""

from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest

from contracts.alert_event import AlertClosed, Outcome
from contracts.animal_event import (
    AnimalCalved,
    AnimalRegistered,
    AnimalRenamed,
    CollarAssigned,
    FarmLive,
)
from contracts.detection import Condition
from contracts.ids import AnimalId, CollarId, FarmId, SubjectKind
from contracts.topics import ALERTS, ANIMALS
from read_models.adapters.postgres import PostgresHistoryStore, open_history_store
from read_models.adapters.postgres_queries import History, open_history
from read_models.animal_history import Track
from read_models.base import (
    GenerationLostError,
    LogSlice,
    ReadModelUnavailableError,
    RebuildRunningError,
)
from read_models.rebuild import build
from runtime.lifecycle import Running
from runtime.postgres import new_pool
from tests.builders import FARM, MORNING
from tests.read_models.feed import Feed, MemoryLog, place_of

pytestmark = pytest.mark.services
BELLA, OTHER = AnimalId("nl-0017"), FarmId("farm-b")


@pytest.fixture
def store(postgres_dsn: str) -> Iterator[PostgresHistoryStore]:
    """The store under the projector's own role."""
    store = open_history_store(postgres_dsn)
    yield store
    store.close()


@pytest.fixture
def history(postgres_dsn: str) -> Iterator[History]:
    """The questions under the role of the API."""
    history = open_history(postgres_dsn)
    yield history
    history.close()


def a_life(feed: Feed, *, animal: str = BELLA, farm: FarmId = FARM) -> None:
    """Registered, collared, calved; one fever confirmed, one open; the farm is live."""
    name = AnimalId(animal)
    feed.add(AnimalRegistered(animal_id=name, external_id="NL 17", name="Bella"), farm=farm)
    collar = CollarId(f"c-{animal}")
    feed.add(CollarAssigned(collar_id=collar, animal_id=name, worn_from=MORNING), farm=farm)
    feed.add(AnimalCalved(animal_id=name, calved_at=MORNING, parity=2), farm=farm)
    feed.add(FarmLive(), farm=farm)
    feed.raised(f"{animal}-1", animal=animal, farm=farm)
    feed.acknowledged(f"{animal}-1", farm=farm)
    feed.closed(f"{animal}-1", farm=farm, aggregate_id=animal)
    feed.raised(f"{animal}-2", animal=animal, farm=farm, number=2)


def a_log(*feeds: Feed, batch_max: int = 500) -> MemoryLog:
    """Both topics with what these feeds hold."""
    log = MemoryLog(ALERTS, ANIMALS, batch_max=batch_max)
    for feed in feeds:
        log.take(feed.records)
    return log


def test_everything_that_happened_to_an_animal_newest_first(
    store: PostgresHistoryStore, history: History
) -> None:
    """The vet's question: what was it, when, and who said so."""
    feed = Feed()
    a_life(feed)
    build(store, a_log(feed), Running())

    events, more = history.events(FARM, BELLA)

    assert [event.type for event in events] == [
        "alert.raised.v1",
        "alert.closed.v1",
        "alert.acknowledged.v1",
        "alert.raised.v1",
        "animal.calved.v1",
        "collar.assigned.v1",
        "animal.registered.v1",
    ]
    assert not more
    assert [event.position for event in events] == [8, 7, 6, 5, 3, 2, 1]
    closed = events[1]
    assert (closed.actor, closed.data["outcome"]) == ("user:anna", "confirmed")
    assert closed.occurred_at == closed.recorded_at == MORNING + timedelta(minutes=7)


def test_a_long_life_is_read_in_pages(store: PostgresHistoryStore, history: History) -> None:
    """A phone asks for what it shows; the next page begins where this one ended."""
    feed = Feed()
    a_life(feed)
    build(store, a_log(feed), Running())

    first, more = history.events(FARM, BELLA, limit=5)
    rest, even_more = history.events(FARM, BELLA, limit=5, before=first[-1].position)

    assert (len(first), more) == (5, True)
    assert ([event.position for event in rest], even_more) == ([2, 1], False)


def test_the_roster_tells_names_calvings_and_the_collar_worn_now(
    store: PostgresHistoryStore, history: History
) -> None:
    """What stands on an animal's card."""
    feed = Feed()
    a_life(feed)
    feed.add(AnimalRenamed(animal_id=BELLA, external_id="NL 17", name="Bella II", group="dry"))
    build(store, a_log(feed), Running())

    (row,) = history.animals(FARM)

    assert (row.name, row.group, row.parity, row.calved_at) == ("Bella II", "dry", 2, MORNING)
    assert row.collar_id == "c-nl-0017"
    assert history.animal(FARM, BELLA) == row
    assert history.animal(FARM, "nobody") is None
    assert history.farms() == [(FARM, 1)]


def test_how_cases_ended_stands_beside_the_next_one(
    store: PostgresHistoryStore, history: History
) -> None:
    """Seven of nine were right: whoever reads that knows whether to walk."""
    feed = Feed()
    for number, outcome in enumerate([Outcome.CONFIRMED, Outcome.NOTHING_FOUND]):
        feed.raised(f"case-{number}")
        feed.add(AlertClosed(alert_id=f"case-{number}", outcome=outcome))
    build(store, a_log(feed), Running())

    tracks = history.tracks(FARM)
    closed = history.closed_since(FARM, MORNING + timedelta(minutes=3))

    last = (Outcome.NOTHING_FOUND, Outcome.CONFIRMED)
    assert tracks == {Condition.FEVER: Track(closed=2, right=1, last=last)}
    assert [row.alert_id for row in closed] == ["case-1"]


def test_a_case_about_a_farm_is_no_animals_history(
    store: PostgresHistoryStore, history: History
) -> None:
    """That our own way in was closed says nothing about a cow that has the farm's id."""
    feed = Feed()
    feed.raised("case-1", animal=FARM, subject_kind=SubjectKind.FARM)
    feed.closed("case-1", aggregate_id=FARM)

    build(store, a_log(feed), Running())

    assert history.events(FARM, FARM) == ([], False)
    assert [row.alert_id for row in history.closed_since(FARM, MORNING)] == ["case-1"]


def test_what_the_relay_sends_again_changes_nothing(
    store: PostgresHistoryStore, history: History
) -> None:
    """After a crash it repeats its last events: no line twice, no older name back."""
    feed = Feed()
    a_life(feed)
    log = a_log(feed)
    build(store, log, Running())
    before, generation = history.canonical(FARM), store.current()
    assert generation is not None

    for place in {place_of(record) for record in feed.records}:
        records = tuple(record for record in feed.records if place_of(record) == place)
        end = generation.offsets[place] + len(records)
        generation = store.apply(generation, LogSlice(place, end, records))

    assert history.canonical(FARM) == before


def test_a_batch_that_does_not_start_where_the_database_stands_changes_nothing(
    store: PostgresHistoryStore, history: History
) -> None:
    """Another projector was quicker, or a power cut took the newest second: the store decides."""
    feed = Feed()
    begun = store.begin("", None)
    assert store.swap(begun, {})
    first, second = feed.raised("case-1"), feed.raised("case-2")
    place = place_of(first)
    store.apply(begun, LogSlice(place, 1, (first,)))

    with pytest.raises(GenerationLostError):
        store.apply(begun, LogSlice(place, 1, (second,)))

    assert [event.data["alert_id"] for event in history.events(FARM, BELLA)[0]] == ["case-1"]
    current = store.current()
    assert current is not None
    assert current.offsets == {place: 1}


def test_a_rebuild_gives_the_same_lines_whatever_the_batches(
    store: PostgresHistoryStore, history: History, postgres_dsn: str
) -> None:
    """A read model can be thrown away at any time."""
    feed = Feed()
    for number in range(20):
        a_life(feed, animal=f"cow-{number}")
    build(store, a_log(feed, batch_max=7), Running())
    before = history.canonical(FARM)

    report = build(store, a_log(feed), Running())

    assert report is not None
    assert history.canonical(FARM) == before
    assert before.position == feed.position
    assert len(before.lines) == 20 * (1 + 2 + 7)
    with psycopg.connect(postgres_dsn) as owner:
        count = owner.execute("SELECT count(DISTINCT generation) FROM history.events").fetchone()
        assert count == (1,)


def test_a_record_that_cannot_be_folded_costs_itself_alone(
    store: PostgresHistoryStore, history: History
) -> None:
    """No text of PostgreSQL holds NUL: one name would stand in the way of every screen for ever."""
    feed = Feed()
    for number in range(9):
        name = "Bel\0la" if number in {0, 4, 8} else "Bella"
        animal_id = AnimalId(f"cow-{number}")
        feed.add(AnimalRegistered(animal_id=animal_id, external_id=f"NL {number}", name=name))
    log = a_log(feed)

    report = build(store, log, Running())

    assert report is not None
    assert [row.external_id for row in history.animals(FARM)] == [
        f"NL {number}" for number in (1, 2, 3, 5, 6, 7)
    ]
    current = store.current()
    assert current is not None
    assert log.reached(current.offsets, log.ends())


def test_only_one_rebuild_at_a_time(store: PostgresHistoryStore) -> None:
    """Two would fill the disk for one answer."""
    store.begin("", None)

    with pytest.raises(RebuildRunningError, match="already"):
        store.begin("", None)


def test_a_generation_that_was_replaced_takes_nothing_more(store: PostgresHistoryStore) -> None:
    """The running projector learns of a rebuild by being refused."""
    feed = Feed()
    old = store.begin("", None)
    store.swap(old, {})
    store.swap(store.begin("", None), {})

    with pytest.raises(GenerationLostError):
        store.apply(old, LogSlice(place_of(feed.raised("case-1")), 1, tuple(feed.records)))


def test_nobody_sees_another_farms_animals(
    store: PostgresHistoryStore, history: History, postgres_dsn: str
) -> None:
    """Row-level security holds where a query of ours forgets the farm."""
    feed = Feed()
    a_life(feed)
    a_life(feed, animal="b-1", farm=OTHER)
    build(store, a_log(feed), Running())

    assert history.events(OTHER, BELLA) == ([], False)
    assert [row.animal_id for row in history.animals(OTHER)] == ["b-1"]
    with new_pool(postgres_dsn, role="herd_api") as pool, pool.connection() as connection:
        ungranted = connection.execute("SELECT count(*) FROM history.events").fetchone()
        with connection.transaction():
            connection.execute("SELECT set_config('herd.farms', %s, true)", (OTHER,))
            seen = connection.execute("SELECT DISTINCT farm_id FROM history.events").fetchall()
        assert ungranted == (0,)
        assert seen == [(OTHER,)]
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("DELETE FROM history.events")


def test_before_anything_is_folded_it_says_so(history: History) -> None:
    """A screen must be able to tell "nothing happened" from "not ready"."""
    with pytest.raises(ReadModelUnavailableError, match="being built"):
        history.animals(FARM)


def test_an_empty_log_gives_empty_answers(store: PostgresHistoryStore, history: History) -> None:
    """A farm on its first day."""
    build(store, a_log(), Running())

    assert history.animals(FARM) == []
    assert history.events(FARM, BELLA) == ([], False)
    assert history.tracks(FARM) == {}
    assert history.farms() == []
