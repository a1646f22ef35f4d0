"""Readings, hours and the register through real Kafka into all stores, as the process wires it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contracts.animal_event import (
    AnimalRegistered,
    Assignment,
    CollarAssigned,
    CollarAssignments,
)
from contracts.envelope import Event
from contracts.hour import AnimalHour, HourSignal
from contracts.ids import AnimalId, CollarId, FarmId, new_id
from contracts.serde import Serde
from contracts.topics import (
    COLLARS,
    HOURS,
    READINGS,
    KafkaTopic,
    partition_of_collar,
    partition_of_farm,
)
from farmbox.box import Addresses
from read_models import (
    Analytics,
    History,
    Latest,
    ReadModelUnavailableError,
    open_analytics,
    open_history,
    open_latest,
    rebuild_analytics,
    rebuild_animal_history,
)
from read_models.app import analytics_projector, read_models_loops
from read_models.settings import ReadModelsSettings
from runtime.kafka import Outbox, new_producer, send_event
from runtime.registry import RegistrySchemaIds
from tests.builders import a_reading, an_event
from tests.kafka_reader import letters_in
from tests.loops import loops_running
from tests.read_models.feed import Feed, place_of
from tests.waiting import eventually

HOUR = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=5)
BELLA = AnimalId("bella")


@pytest.fixture
def farm() -> FarmId:
    """A farm of this test's own: the topics are everybody's."""
    return FarmId(f"farm-{new_id()[:8]}")


@pytest.fixture
def serde(box: Addresses) -> Serde:
    """Avro with the registry's ids."""
    return Serde(RegistrySchemaIds(str(box.registry_url)))


@pytest.fixture
def outbox(box: Addresses) -> Outbox:
    """What gateway, pipeline and relays write with."""
    return Outbox(new_producer(box.kafka_bootstrap))


@pytest.fixture
def settings(box: Addresses) -> ReadModelsSettings:
    """As `herd` passes them."""
    return ReadModelsSettings(
        kafka_bootstrap=box.kafka_bootstrap,
        registry_url=box.registry_url,
        redis_url=box.redis_url,
        postgres_dsn=box.postgres_dsn,
        clickhouse_url=str(box.clickhouse_url),
    )


@pytest.fixture
def latest(box: Addresses) -> Iterator[Latest]:
    """The latest values."""
    found = open_latest(box.redis_url)
    yield found
    found.close()


@pytest.fixture
def analytics(box: Addresses) -> Iterator[Analytics]:
    """The figures."""
    found = open_analytics(str(box.clickhouse_url))
    yield found
    found.close()


@pytest.fixture
def history(box: Addresses) -> Iterator[History]:
    """The history."""
    found = open_history(box.postgres_dsn)
    yield found
    found.close()


def send(outbox: Outbox, serde: Serde, topic: KafkaTopic, *events: Event[Any]) -> None:
    """As the services do, waiting for Kafka."""
    for event in events:
        send_event(outbox, serde, topic, event)
    outbox.flush()


def send_as_the_pipeline(box: Addresses, serde: Serde, *hours: Event[AnimalHour]) -> None:
    """In a transaction, whose end has an offset of its own, and then in one that is given up.

    So the topic ends in offsets without a record: a rebuild that waits for them waits for ever.
    """
    slot: dict[str, Any] = {
        "transactional.id": f"test-{new_id()}",
        "transaction.timeout.ms": 10_000,
        "delivery.timeout.ms": 10_000,
    }
    producer = new_producer(box.kafka_bootstrap, **slot)
    producer.init_transactions(20)
    for is_kept in (True, False):
        producer.begin_transaction()
        send(Outbox(producer), serde, HOURS, *hours)
        if is_kept:
            producer.commit_transaction(20)
        else:
            producer.abort_transaction(20)


def send_feed(outbox: Outbox, serde: Serde, feed: Feed) -> None:
    """As the relays do: events with their place in the store, into their topics."""
    for record in feed.records:
        event = record.event
        fields = {name: getattr(event, name) for name in ENVELOPE}
        value = serde.encode(Event(**fields, payload=event.payload, stored=record.stored))
        place = place_of(record)
        topic = KafkaTopic(place.kafka_topic)
        outbox.send(topic, place.partition, event.aggregate_id, value)
    feed.records.clear()
    outbox.flush()


ENVELOPE = ("event_id", "event_type", "timestamp", "aggregate_id", "actor", "farm_id")


def an_hour(farm: FarmId) -> Event[AnimalHour]:
    """A judged hour of Bella's."""
    payload = AnimalHour(
        hour_at=HOUR,
        revision=1,
        known_at=HOUR + timedelta(minutes=80),
        readings=12,
        coverage_share=1.0,
        signals=(HourSignal(signal="rumination_minutes", value=24.0, usual=26.0, spread=4.0),),
    )
    return an_event(payload, timestamp=HOUR, aggregate_id=BELLA, farm_id=farm)


def rumination(analytics: Analytics, farm: FarmId) -> object:
    """What her chart shows of that hour; None while there is none."""
    try:
        found = analytics.signals(farm, BELLA, HOUR, HOUR + timedelta(hours=1))
    except ReadModelUnavailableError:
        return None
    series = found.signals.get("rumination_minutes")
    return series and (series.values, series.usual, series.spread)


def heard(latest: Latest, farm: FarmId) -> dict[str, float] | None:
    """What Bella's newest reading measured."""
    reading = latest.of(farm).get(BELLA)
    return reading.measures if reading else None


def test_one_process_keeps_all_read_models_up(  # noqa: PLR0913, PLR0917  all of them
    box: Addresses,
    settings: ReadModelsSettings,
    serde: Serde,
    outbox: Outbox,
    latest: Latest,
    analytics: Analytics,
    history: History,
    farm: FarmId,
) -> None:
    """Everything said about one cow is there, each in the store that answers it best."""
    feed = Feed(epoch=new_id(), appended_at=datetime.now(UTC))
    partition = partition_of_farm(farm)

    with loops_running(read_models_loops(settings)):
        feed.add(AnimalRegistered(animal_id=BELLA, external_id="NL 7"), farm=farm)
        collar = CollarId("c-7")
        feed.add(CollarAssigned(collar_id=collar, animal_id=BELLA, worn_from=HOUR), farm=farm)
        feed.raised("case-1", animal=BELLA, farm=farm)
        send_feed(outbox, serde, feed)
        outbox.send(READINGS, partition, "x", b"damaged: the pipeline's letter, not ours")
        outbox.send(HOURS, partition, "x", b"damaged hour")
        send_as_the_pipeline(box, serde, an_hour(farm))
        reading = a_reading(animal=BELLA, collar="c-7", farm=farm, time=HOUR, activity=41.0)
        send(outbox, serde, READINGS, reading, reading)
        eventually(lambda: heard(latest, farm) == {"activity": 41.0})
        eventually(lambda: rumination(analytics, farm) == ((24.0,), (26.0,), (4.0,)))
        eventually(lambda: len(history.events(farm, BELLA)[0]) == 3)
        before = analytics.canonical(farm), history.canonical(farm)
        figures = rebuild_analytics(
            kafka_bootstrap=box.kafka_bootstrap,
            registry_url=box.registry_url,
            clickhouse_url=str(box.clickhouse_url),
            within_s=60,
        )
        events = rebuild_animal_history(
            kafka_bootstrap=box.kafka_bootstrap,
            registry_url=box.registry_url,
            postgres_dsn=box.postgres_dsn,
            within_s=60,
        )
        after = analytics.canonical(farm), history.canonical(farm)
        feed.acknowledged("case-1", farm=farm)
        send_feed(outbox, serde, feed)
        eventually(lambda: len(history.events(farm, BELLA)[0]) == 4)

    assert before == after
    assert figures["records"] >= 3
    assert events["records"] >= 3
    assert history.animals(farm)[0].collar_id == "c-7"
    assert (farm, 1) in history.farms()
    ours = [letter for letter in letters_in(box, [partition]) if letter.service == "read-models"]
    assert [letter.raw for letter in ours if letter.raw.startswith(b"damaged")] == [b"damaged hour"]


def a_list(collar: CollarId, version: int, *worn: tuple[str, FarmId, datetime]) -> Event[Any]:
    """The collar's whole list: each animal wore it from a time until the next did."""
    until = [since for _, _, since in worn[1:]]
    told = CollarAssignments(
        collar_id=collar,
        version=version,
        assignments=tuple(
            Assignment(animal_id=AnimalId(animal), farm_id=farm, worn_from=since, worn_to=to)
            for (animal, farm, since), to in zip(worn, [*until, None], strict=True)
        ),
    )
    return an_event(told, aggregate_id=collar)


def test_an_assignment_typed_in_late_shows_within_seconds_and_to_no_other_farm(
    box: Addresses,
    settings: ReadModelsSettings,
    serde: Serde,
    outbox: Outbox,
    analytics: Analytics,
    farm: FarmId,
) -> None:
    """Somebody types in today that it was another cow, weeks ago: charts follow."""
    collar, there, day = CollarId(f"c-{new_id()[:8]}"), FarmId(f"{farm}-b"), timedelta(days=1)
    begin = HOUR - 30 * day
    sent = [
        a_reading(
            animal=BELLA, collar=collar, farm=farm, seq=n, time=begin + n * day, steps=1.0 * n
        )
        for n in range(1, 31)
    ]

    def steps_of(animal: str, of: FarmId = farm) -> list[float]:
        found = analytics.readings(of, animal, begin, HOUR + day)
        return [] if not found.measures else found.measures["steps"].tolist()

    def tell(version: int, *worn: tuple[str, FarmId, datetime]) -> None:
        value = serde.encode(a_list(collar, version, *worn))
        outbox.send(COLLARS, partition_of_collar(collar), collar, value)
        outbox.flush()

    with loops_running({"analytics": lambda run: analytics_projector(settings, run, run.ready)}):
        send(outbox, serde, READINGS, *sent)
        tell(1, (BELLA, farm, begin))
        eventually(lambda: len(steps_or_none(steps_of, BELLA)) == 30)
        tell(2, (BELLA, farm, begin), ("clara", farm, begin + 2.5 * day))
        eventually(lambda: len(steps_of("clara")) == 28, within_s=10.0)
        assert steps_of(BELLA) == [1.0, 2.0]
        tell(3, (BELLA, farm, begin), ("clara", there, begin + 2.5 * day))
        eventually(lambda: steps_of("clara") == [], within_s=10.0)
        outbox.send(COLLARS, partition_of_collar(collar), collar, b"damaged list")
        outbox.flush()
        eventually(lambda: b"damaged list" in letters_of_lists(box))

    assert steps_of("clara", there) == []
    assert steps_of(BELLA) == [1.0, 2.0]


def steps_or_none(steps_of: Callable[[str], list[float]], animal: str) -> list[float]:
    """Nothing while the figures are being built."""
    try:
        return steps_of(animal)
    except ReadModelUnavailableError:
        return []


def letters_of_lists(box: Addresses) -> list[bytes]:
    """What could not be read in the register's lists."""
    origin = f"kafka:{COLLARS.name}/"
    return [letter.raw for letter in letters_in(box) if letter.origin.startswith(origin)]


def test_a_store_that_is_away_holds_up_no_other(
    settings: ReadModelsSettings, serde: Serde, outbox: Outbox, latest: Latest, farm: FarmId
) -> None:
    """Without ClickHouse there are no charts; who needs help now is seen all the same."""
    without = settings.model_copy(update={"clickhouse_url": "http://127.0.0.1:9"})

    with loops_running(read_models_loops(without)):
        send(outbox, serde, READINGS, a_reading(animal=BELLA, farm=farm, time=HOUR, steps=3.0))
        eventually(lambda: heard(latest, farm) == {"steps": 3.0})
