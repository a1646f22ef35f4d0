"""The dead letters on real Kafka: a flood of them in bounded memory, and one letter's bytes."""

from collections.abc import Iterator
from dataclasses import replace

import psutil
import pytest

from contracts.clock import SystemClock
from contracts.ids import FarmId, new_id
from contracts.serde import Serde
from contracts.topics import DEAD_LETTERS, partition_of_farm
from farmbox.box import Addresses
from read_models.adapters.letter_log import BATCH_MAX, KafkaLetterLog, LetterBytes
from read_models.base import Place
from read_models.dead_letters import LetterRow, fold
from runtime.kafka import Outbox, new_producer
from runtime.registry import RegistrySchemaIds
from tests.conftest import FULL_SIZE
from tests.read_models.letters import Post

LARGE = 200_000  # bytes; the MQTT broker lets in 262,144
FLOOD = 3_000 if FULL_SIZE else 300
GROWTH_MAX = 96 * 1024 * 1024  # what is fetched ahead, one batch as bytes and as records
DAMAGED = b"\0\0\0\0\1damaged"


class Writer:
    """Puts letters into the topic."""

    def __init__(self, box: Addresses) -> None:
        self.farm = FarmId(f"farm-{new_id()[:8]}")
        self.partition = partition_of_farm(self.farm)
        self.serde = Serde(RegistrySchemaIds(str(box.registry_url)))
        self._outbox = Outbox(new_producer(box.kafka_bootstrap))

    def letter(self, raw: bytes) -> str:
        """A letter of the farm; its id."""
        letter_id = new_id()
        record = Post().letter(letter_id, farm=self.farm, raw=raw)
        self.value(letter_id, self.serde.encode(record.event))
        return letter_id

    def value(self, key: str, value: bytes) -> None:
        """Any bytes."""
        self._outbox.send(DEAD_LETTERS, self.partition, key, value)

    def flush(self) -> None:
        """All of it is in Kafka."""
        self._outbox.flush()


@pytest.fixture
def writer(box: Addresses) -> Writer:
    """Letters of a farm of its own."""
    return Writer(box)


@pytest.fixture
def reader(box: Addresses) -> Iterator[KafkaLetterLog]:
    """The log as the projector reads it."""
    serde = Serde(RegistrySchemaIds(str(box.registry_url)))
    reader = KafkaLetterLog(box.kafka_bootstrap, serde, SystemClock())
    yield reader
    reader.close()


def rows_of(reader: KafkaLetterLog, writer: Writer, beginning: dict[Place, int]) -> list[LetterRow]:
    """The rows of the writer's letters, in the order of the log."""
    rows: list[LetterRow] = []
    ends, offsets = reader.ends(), dict(beginning)
    reader.read_from(offsets)
    while not reader.reached(offsets, ends):
        pieces = reader.poll()
        assert sum(piece.size for piece in pieces) <= BATCH_MAX  # what is in hand at once
        for piece in pieces:
            offsets[piece.place] = piece.next_offset
            for record in piece.records:
                row = fold(None, record)
                if row is not None and row.farm_id == writer.farm:
                    rows.append(row)
    return rows


def test_a_flood_of_letters_does_not_grow_memory(writer: Writer, reader: KafkaLetterLog) -> None:
    """A bad firmware sends whatever fits, all night: rows are small, the rest passes."""
    before = dict(reader.ends())
    raw = bytes(LARGE)
    process = psutil.Process()
    reader.read_from(before)
    assert reader.poll() is not None
    for _ in range(FLOOD):
        writer.letter(raw)
    writer.flush()
    began = process.memory_info().rss

    rows = rows_of(reader, writer, before)

    grown = process.memory_info().rss - began
    print(f"{FLOOD} letters of {LARGE} bytes: {grown / 2**20:.1f} MiB more")  # noqa: T201  -s tells
    assert len(rows) == FLOOD
    assert {row.size for row in rows} == {LARGE}
    assert grown < GROWTH_MAX


def test_the_bytes_of_letters_are_read_where_they_lie(
    writer: Writer, reader: KafkaLetterLog, box: Addresses
) -> None:
    """Of several at once, of one that another record took the place of, of one beyond the end."""
    before = dict(reader.ends())
    ids = [writer.letter(f"letter {number}".encode()) for number in range(3)]
    writer.value("x", DAMAGED)
    ids.append(writer.letter(b"last"))
    writer.flush()
    rows = rows_of(reader, writer, before)
    assert [row.letter_id for row in rows] == ids
    taken_over = replace(rows[3], offset=rows[3].offset - 1)
    beyond = replace(rows[3], offset=rows[3].offset + 1_000)

    letters = LetterBytes(box.kafka_bootstrap, writer.serde)
    try:
        wanted = [rows[3], taken_over, *rows[:2]]
        found = {row: letter and letter.raw for row, letter in letters.of(wanted)}
        ((_, again),) = letters.of([rows[0]])
        ((_, nothing),) = letters.of([beyond])
    finally:
        letters.close()

    assert found[taken_over] is None
    assert [found[row] for row in (rows[0], rows[1], rows[3])] == [
        b"letter 0",
        b"letter 1",
        b"last",
    ]
    assert again is not None
    assert again.raw == b"letter 0"
    assert nothing is None
