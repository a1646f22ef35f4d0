"""Readings that are no events yet say what their events would."""

from datetime import timedelta

import msgspec

from contracts.animal_event import Assignment
from contracts.clock import iso
from contracts.ids import AnimalId, CollarId
from contracts.reading_bytes import reading_bytes
from contracts.reading_columns import ReadingRows, rows_bytes
from gateway.payloads import native
from gateway.taken import TakenReadings, taken
from gateway.upload import Upload
from tests.builders import FARM, MORNING


def some(count: int) -> TakenReadings:
    """Readings of one upload, each of other columns, the last one ahead of its receipt."""
    readings = [
        {
            "seq": number,
            "time": iso(MORNING + timedelta(minutes=5 * number)),
            "interval_s": 300,
            "temperature_c": 38.0 + number / 8 if number % 2 else None,
            "temperature_site": "rumen" if number % 3 else None,
            "latitude": 52 + number / 100,
        }
        for number in range(1, count + 1)
    ]
    upload = native.decode(
        msgspec.json.encode({"boot_id": 7, "sent_at": iso(MORNING), "readings": readings})
    )
    assert isinstance(upload, Upload)
    received_at = MORNING + timedelta(minutes=5 * count - 6)
    worn = tuple(
        Assignment(animal_id=AnimalId(f"nl-{number % 2}"), farm_id=FARM, worn_from=MORNING)
        for number in range(count)
    )
    return taken(CollarId("c-17"), upload, received_at, upload.samples, worn)


def test_their_bytes_are_those_of_their_events() -> None:
    """Kafka gets the bytes, everybody else the events: they are the same readings."""
    for count in (1, 3, 40):
        readings, rows = some(count), ReadingRows()

        readings.add_to(rows)

        assert rows_bytes(rows) == [reading_bytes(event) for event in readings]


def test_several_uploads_stand_one_behind_the_other() -> None:
    """A turn's uploads are written together, and none may lend another its numbers."""
    first, second, rows = some(9), some(2), ReadingRows()

    first.add_to(rows)
    first[:0].add_to(rows)
    second.add_to(rows)

    assert rows_bytes(rows) == [reading_bytes(event) for event in (*first, *second)]


def test_it_is_a_sequence_of_events() -> None:
    """Who repairs a letter, or answers a webhook, need not know of it."""
    readings = some(4)
    events = tuple(readings)

    assert [event.payload.seq for event in readings] == readings.seqs() == [1, 2, 3, 4]
    assert readings[-1].payload.clock == "ahead"
    assert readings[0].payload.clock == "ok"
    assert tuple(readings[1:3]) == events[1:3]
    assert readings == events
    assert readings != events[1:]
