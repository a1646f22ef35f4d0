"""The ledger: what it says is on disk, and what a kill cut short is told from it."""

from datetime import timedelta
from pathlib import Path

from contracts.ids import AnimalId, CollarId
from firmware_sim.animal import Animal
from firmware_sim.collar import Buffered
from firmware_sim.ledger import ACKNOWLEDGED, PRODUCED, Ledger, read_ledger
from tests.builders import MORNING


def a_buffered(seq: int) -> Buffered:
    """One reading of one collar."""
    at = MORNING + timedelta(minutes=seq)
    return Buffered(CollarId("c-1"), 7, seq, at, 300, Animal("nl-1").measures(at, 300))


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    """Lost and doubled readings are found by comparing with this file alone."""
    path = tmp_path / "ledger.csv"
    animal = AnimalId("nl-1")
    with Ledger(path) as ledger:
        ledger.write(PRODUCED, [(animal, a_buffered(1)), (animal, a_buffered(2))])
    with Ledger(path) as ledger:
        ledger.write(ACKNOWLEDGED, [(animal, a_buffered(1))])

    entries = read_ledger(path)

    assert [(entry.what, entry.seq) for entry in entries] == [
        (PRODUCED, 1),
        (PRODUCED, 2),
        (ACKNOWLEDGED, 1),
    ]
    assert entries[0].event_id == entries[2].event_id == a_buffered(1).event_id
    assert entries[0].time == a_buffered(1).time


def test_a_line_cut_by_a_kill_is_left_out(tmp_path: Path) -> None:
    """A reading that was never whole on disk was never sent either."""
    path = tmp_path / "ledger.csv"
    with Ledger(path) as ledger:
        ledger.write(
            PRODUCED, [(AnimalId("nl-1"), a_buffered(1)), (AnimalId("nl-1"), a_buffered(2))]
        )
    path.write_bytes(path.read_bytes()[:-9])

    entries = read_ledger(path)

    assert [entry.seq for entry in entries] == [1]
