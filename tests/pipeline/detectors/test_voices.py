"""The newest sign of life of each animal: in whatever order and pieces they come."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.detectors.base import Voices
from pipeline.detectors.station_silent import StationSilent
from pipeline.detectors.voices import newest_of_each
from pipeline.tables import Table
from pipeline.windows import LogTime

Voice = tuple[int, int, int, int]  # row, heard, interval, station
some = st.tuples(st.integers(0, 2), st.integers(0, 3), st.integers(1, 2), st.integers(-1, 1))


def voices_of(heard: list[Voice]) -> Voices:
    """As the engine hands them over."""
    columns = np.array(heard, np.int64).reshape(-1, 4).T
    return Voices(np.arange(len(heard)), *columns)


def told(pieces: list[list[Voice]]) -> dict[str, bytes]:
    """What is remembered of three animals after these."""
    detector = StationSilent()
    memory = Table(detector.memory)
    memory.reach(3)
    for piece in pieces:
        detector.hear(voices_of(piece), memory, LogTime())
    return {name: array.tobytes() for name, array in memory.to_arrays(3).items()}


@given(st.lists(some, max_size=12), st.randoms(), st.integers(1, 12))
def test_no_order_and_no_cut_can_be_seen_in_what_is_remembered(
    heard: list[Voice], rng: object, cut: int
) -> None:
    """Radio brings them as it likes, and two of one moment have to be told apart by themselves."""
    shuffled = list(heard)
    rng.shuffle(shuffled)  # type: ignore[attr-defined]

    pieces = [shuffled[at : at + cut] for at in range(0, len(shuffled), cut)]

    assert told(pieces) == told([heard])


@pytest.mark.parametrize(
    ("heard", "newest"), [([], []), ([(1, 5, 1, -1), (1, 7, 1, -1), (2, 3, 1, -1)], [1, 2])]
)
def test_it_is_one_an_animal(heard: list[Voice], newest: list[int]) -> None:
    """Of many readings of one upload the last one counts."""
    memory = Table(StationSilent.memory)
    memory.reach(3)

    assert newest_of_each(voices_of(heard), memory).tolist() == newest
