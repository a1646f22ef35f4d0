"""A projector whose store is slow is not stuck: it says so between the pieces of one poll."""

from datetime import datetime

import pytest

from contracts.ids import FarmId
from read_models.base import Generation, LogSlice, Offsets
from read_models.projector import project
from runtime.lifecycle import Running
from tests.read_models.feed import Feed, MemoryLog


class Counting(Running):
    """Counts the signs of life."""

    count = 0

    def beat(self) -> None:
        """One more."""
        super().beat()
        self.count += 1


class SlowStore:
    """A store that notes how many signs of life came before each piece."""

    def __init__(self, running: Counting, pieces: int, answers: Generation | None) -> None:
        self.running, self.pieces, self.answers = running, pieces, answers
        self.beats: list[int] = []

    def current(self) -> Generation | None:
        """The one that answers, if any does."""
        return self.answers

    def begin(self, epoch: str, epoch_since: datetime | None) -> Generation:
        """One to be filled."""
        return Generation("new", 1, epoch, epoch_since)

    def apply(self, generation: Generation, piece: LogSlice) -> Generation:
        """Half a minute would pass here; the last piece ends it."""
        self.beats.append(self.running.count)
        if len(self.beats) == self.pieces:
            self.running.stop()
        return generation.moved(piece.place, piece.next_offset)

    def heard(self, generation: Generation, as_of: datetime) -> None:
        """Nobody asks."""

    def swap(self, generation: Generation, ends: Offsets) -> bool:
        """Whether all of it is there."""
        return generation.offsets == ends

    def give_up(self, generation: Generation) -> None:
        """It is gone."""


@pytest.mark.parametrize("answers", [None, Generation("old", 1)])
def test_each_piece_that_a_slow_store_takes_is_preceded_by_a_sign_of_life(
    answers: Generation | None,
) -> None:
    """Twelve partitions of five seconds each are more than a watchdog waits."""
    feed, log, running = Feed(), MemoryLog(), Counting()
    log.take([feed.raised(f"case-{n}", farm=FarmId(f"farm-{n}")) for n in range(30)])
    pieces = sum(len(records) > 0 for records in log.places.values())
    store = SlowStore(running, pieces, answers)

    project(store, log, running, fold_version=1)

    assert len(store.beats) == pieces > 5
    assert len(set(store.beats)) == pieces
