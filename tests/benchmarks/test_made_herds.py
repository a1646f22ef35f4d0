"""Made logs: what the benches feed the engine with is what gateways write, and holds its fevers."""

from dataclasses import asdict, replace
from datetime import timedelta

from benchmarks.made_herds import HerdSizes, begin_before, made_herds, values_of
from contracts.reading import CollarReading
from contracts.serde import FixedSchemaIds
from contracts.tick import Tick
from contracts.topics import partition_of_farm
from tests.builders import MORNING
from tests.pipeline.logs import READER, SERDE, run

IDS = FixedSchemaIds()
SIZES = HerdSizes(animals=12, partitions=2)


def test_a_made_log_holds_each_animal_once_a_cadence_and_a_tick_a_slice() -> None:
    """A bench that counts readings must know how many there are."""
    sizes = replace(SIZES, cadence_s=600.0)
    begin, slices = begin_before(MORNING, sizes, 240)

    records = [one for _, some in values_of(sizes, begin, slices, IDS) for one in some]

    events = [SERDE.decode(value) for _, value in records]
    readings = {e.event_id: e for e in events if isinstance(e.payload, CollarReading)}
    assert slices == 100
    assert sum(isinstance(event.payload, Tick) for event in events) == 2 * slices
    assert 220 <= len(readings) <= 238  # one of each twelve is silent
    assert {e.aggregate_id for e in readings.values()} == {
        animal for herd in made_herds(sizes, begin) for _, animal in herd.animals
    }
    assert all(e.timestamp < MORNING for e in readings.values())
    assert all(key.decode() == e.aggregate_id for (key, _), e in zip(records, events, strict=True))


def test_a_made_herd_lies_in_its_partition() -> None:
    """A farm in the wrong partition would be judged by another worker's clock."""
    farms = {p.partition: p.farms for p in made_herds(SIZES, MORNING)}

    assert all(partition_of_farm(farm) == p for p, some in farms.items() for farm in some)


def test_a_planted_fever_is_found_by_its_third_reading() -> None:
    """The live bench asks for the time between just that reading and its detection."""
    sizes = replace(SIZES, animals=3, partitions=1, cadence_s=0.3, slice_s=0.1)
    (herd,) = made_herds(sizes, MORNING - timedelta(hours=1))
    hot = frozenset({1})

    values = [v for number in range(9) for _, v in herd.records(number, SERDE, hot)]

    _, told = run(values)
    assert [event.causation_id for event in told] == herd.event_ids(7, [1])
    assert READER.read(values).rejected == ()
    assert HerdSizes(**asdict(sizes)) == sizes
