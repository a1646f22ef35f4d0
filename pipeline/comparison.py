"""What silent replay would have told, held against what the log holds: the proof of each restore.

From the end offsets that a snapshot remembers, the topics of detections and hours hold what was
told while its owner went on, byte by byte as replay makes it again. What is missing or different
there means that the engine did not repeat itself, or that a transaction was not what it promised.

Only a count of each kind is held, and hashes instead of bytes: a restore costs no more memory than
it has. What stands in the log beside (an open episode told once more) is no difference.
"""

from collections.abc import Iterable

# of one partition. Replay lasts seconds: a herd's detections in it are dozens, the hours of a line
# as many as its animals; a sample of those proves as much and does not hold up the restore
EVENTS_MAX = 20_000
HOURS_MAX = 2_000
NAMED_MAX = 5  # ids that the log line names

SCHEMA_BYTES = 5  # magic and schema id: a build with a newer schema writes other bytes


class Comparison:
    """Of one partition's restore: expect while replay is silent, then take what the log holds."""

    def __init__(self) -> None:
        self._expected: dict[bytes, tuple[bytes, int]] = {}  # event_id → schema, hash of the bytes
        self.expected = self.hours = 0

    def expect(self, values: Iterable[bytes]) -> None:
        """Events (in bytes) that were told silently."""
        for value in values:
            self._expected[event_id_in(value)] = value[:SCHEMA_BYTES], hash(value)
            self.expected += 1

    def expect_hours(self, values: Iterable[bytes]) -> None:
        """The same, counted apart: at a line there are as many as animals."""
        before = self.expected
        self.expect(values)
        self.hours += self.expected - before

    def take(self, values: Iterable[bytes]) -> None:
        """Events (in bytes) that the log holds."""
        for value in values:
            event_id = event_id_in(value)
            found = self._expected.get(event_id)
            if found is None:
                continue
            schema, hashed = found
            if schema != value[:SCHEMA_BYTES] or hashed == hash(value):
                del self._expected[event_id]

    def differences(self) -> list[str]:
        """The ids of what was not found so in the log, sorted."""
        return sorted(event_id.decode() for event_id in self._expected)


def event_id_in(value: bytes) -> bytes:
    """The event_id in an event's bytes: the first field of every envelope, so nothing is decoded.

    Avro writes a string as its length (zigzag varint), then its bytes; an id is shorter than 64.
    """
    length = value[SCHEMA_BYTES] >> 1 if len(value) > SCHEMA_BYTES else 0
    return value[SCHEMA_BYTES + 1 : SCHEMA_BYTES + 1 + length]
