"""The ids of letters whose reading has a number: the same for a repeat, for nothing else. Pure.

A collar sends until it is answered, and each try must be the same letter. Its number alone does not
tell that: where boot_id does not count boots, other readings come under the number of one that lies
in the dead letters already, and would pass for repeats of it: answered as safe, and kept nowhere.
So an id has two halves: the first is of the number and the reason, the second also of the content.
The first alone tells whether a letter is about a number, whatever was repaired in it.

Content is what was measured, when; not `sent_at`, nor the station, which change with each try.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from contracts.dead_letter import Reason
from contracts.ids import derived_id

HALF = len("01234567-0123-4123-")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def letter_id_of(origin: str, boot_id: int, seq: int, reason: Reason, content: bytes) -> str:
    """A UUID, as all ids of letters are."""
    number = derived_id("letter", origin, boot_id, seq, reason)
    return number[:HALF] + derived_id(number, sha256(content).hexdigest())[HALF:]


def is_about_same_number(one_id: str, other_id: str) -> bool:
    """Whether two letters are of one sender, boot_id, seq and reason."""
    return one_id[:HALF] == other_id[:HALF]


def content_of(time: datetime, interval_s: int, measured: Iterable[object]) -> bytes:
    """The content of a reading within its bounds; time: aware, of any offset."""
    # no astimezone: close to the year 9999 an offset leads out of what a datetime can hold
    return repr(((time - EPOCH) // MICROSECOND, interval_s, tuple(measured))).encode()


def content_of_all(contents: Sequence[bytes]) -> bytes:
    """The content of an upload of which nothing is taken: that of its readings."""
    return b"\n".join(contents)
