"""The state of a partition: grows by doubling, comes back from plain arrays as it was."""

from contracts.columns import columns_of
from contracts.ids import FarmId
from pipeline.state import PartitionState
from tests.builders import a_reading, a_tick, at
from tests.pipeline.logs import run, temperatures, values_of

# eight signals of the hours that may still change (6.6 kB), what is usual and drifts (1.9 kB), what
# lies around the hours and two dozen detectors (1.7 kB): a million animals are ten gigabytes
BYTES_OF_AN_ANIMAL_MAX = 10_240


def test_an_animal_is_a_row_of_her_farm() -> None:
    """Two farms may use the same id; their animals are not one."""
    state = PartitionState()
    readings = [
        a_reading(animal="nl-1", farm=FarmId(farm), collar=farm) for farm in ("farm-a", "farm-b")
    ]

    taken = state.take_in(columns_of(list(enumerate(readings))))

    assert taken.row.tolist() == [0, 1]
    assert taken.first.all()
    assert state.counted_by_animal() == {("farm-a", "nl-1"): 1, ("farm-b", "nl-1"): 1}


def test_it_grows_with_the_herd_and_forgets_nobody() -> None:
    """Arrays double while animals come; those that were there keep what they had."""
    herd = [a_reading(animal=f"nl-{n}", collar=f"c-{n}") for n in range(700)]

    state, _ = run(values_of([*herd, *herd]), batch=33)

    assert set(state.counted_by_animal().values()) == {1}
    assert len(state.animals) == 700


def test_it_comes_back_from_plain_arrays_as_it_was() -> None:
    """A snapshot is arrays only: no pickle, nothing that runs when read."""
    log = [a_tick(at("2026-03-01T04:00Z")), *temperatures(41, 41, 41, 38), a_reading(seq=9)]
    state, _ = run(values_of(log))

    again = PartitionState.from_arrays(state.to_arrays())

    assert all(
        array.dtype != object and array.tobytes() == again.to_arrays()[name].tobytes()
        for name, array in state.to_arrays().items()
    )
    assert again.counted_by_animal() == {("farm-a", "nl-0017"): 5}


def test_an_animal_costs_less_than_ten_kilobytes() -> None:
    """A million animals have to fit into a cluster's memory."""
    tables = PartitionState().tables()

    assert sum(table.bytes_per_row for table in tables) < BYTES_OF_AN_ANIMAL_MAX
