"""A tick: log time moves on. Written into every partition of `herd.readings.v1`."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DeafSpan:
    """A span of time in which the way in was not open; both ends aware UTC."""

    began_at: datetime
    ended_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """Log time is at least the envelope's timestamp from here on, for every farm of the partition.

    deaf_spans: when nobody could be heard since the newest tick its writer found there. Readers
    unite them, so a span told twice counts once. writer: which herd-clock wrote it.
    """

    writer: str
    deaf_spans: tuple[DeafSpan, ...] = ()
