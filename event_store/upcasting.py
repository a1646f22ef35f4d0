"""Stored events of an older version, lifted to the one that the code knows.

What is stored is never rewritten. An event type carries its version (`alert.raised.v1`); when the
meaning of its payload changes, the type gets the next number and UPCASTERS one line that turns the
old fields into the new ones. Several steps are taken one after the other.
"""

from collections.abc import Callable, Mapping
from typing import Any

from contracts.messages import BY_EVENT_TYPE

Fields = dict[str, Any]
Upcast = Callable[[Fields], Fields]
# old event type -> (the next event type, its fields made from the old ones)
Upcasters = Mapping[str, tuple[str, Upcast]]

UPCASTERS: Upcasters = {}  # every event type is at its first version still


class UnknownEventTypeError(LookupError):
    """A stored event of a type that this build does not know and cannot lift to one it knows."""

    def __init__(self, event_type: str) -> None:
        super().__init__(
            f"no payload class and no upcaster for stored events of type {event_type!r}: "
            "this build is older than the store; start the newer one"
        )


def upcast(
    event_type: str,
    fields: Fields,
    *,
    upcasters: Upcasters = UPCASTERS,
    known: Mapping[str, object] = BY_EVENT_TYPE,
) -> tuple[str, Fields]:
    """The newest event type that `event_type` was followed by, and the payload's fields in it.

    Raises UnknownEventTypeError if the way ends at a type that is not `known`.
    """
    while event_type in upcasters:
        event_type, lift = upcasters[event_type]
        fields = lift(fields)
    if event_type not in known:
        raise UnknownEventTypeError(event_type)
    return event_type, fields
