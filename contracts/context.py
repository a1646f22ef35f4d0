"""Context: an event of the register, copied into the readings so that one log decides."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """A copy of one event of `herd.animals.v1`; the envelope's timestamp is when it occurred.

    source_offset: its offset there, in the partition of the same number; a context record not
    above the last applied source_offset of its partition is a repeat and is skipped.
    details_json: the payload of the source event as JSON, read by those who know its type.
    """

    source_offset: int
    source_event_id: str
    source_event_type: str
    details_json: str
