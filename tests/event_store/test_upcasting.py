"""Stored events of an older version are lifted, step by step, and never rewritten."""

from typing import Any

import pytest

from contracts.messages import BY_EVENT_TYPE
from event_store.upcasting import UPCASTERS, UnknownEventTypeError, upcast


def split_name(fields: dict[str, Any]) -> dict[str, Any]:
    """Version 1 had one name; version 2 has the stable's and the farmer's."""
    return {"name": fields["name"], "stable_name": fields["name"].upper()}


def add_group(fields: dict[str, Any]) -> dict[str, Any]:
    """Version 3 knows groups; whoever had none is in none."""
    return fields | {"group": None}


EXAMPLE = {
    "animal.named.v1": ("animal.named.v2", split_name),
    "animal.named.v2": ("animal.named.v3", add_group),
}
KNOWN = {"animal.named.v3": object()}


def test_an_old_event_is_lifted_through_every_version() -> None:
    """What was stored in the first year is read by the code of the third."""
    lifted = upcast("animal.named.v1", {"name": "Bella"}, upcasters=EXAMPLE, known=KNOWN)

    assert lifted == (
        "animal.named.v3",
        {"name": "Bella", "stable_name": "BELLA", "group": None},
    )


def test_an_event_of_today_stays_as_it_is() -> None:
    """Nothing happens to the ordinary case."""
    fields = {"name": "Bella", "stable_name": "BELLA", "group": "dry"}

    assert upcast("animal.named.v3", fields, upcasters=EXAMPLE, known=KNOWN)[1] is fields


def test_an_event_of_tomorrow_is_refused_with_a_sentence() -> None:
    """An old build on a newer store must stop, not guess."""
    with pytest.raises(UnknownEventTypeError, match=r"animal\.named\.v4.*older than the store"):
        upcast("animal.named.v4", {}, upcasters=EXAMPLE, known=KNOWN)


def test_every_upcaster_of_ours_ends_at_a_type_we_know() -> None:
    """A line forgotten in the middle would make old streams unreadable."""
    for event_type in UPCASTERS:
        step, steps = event_type, 0
        while step in UPCASTERS:
            step, steps = UPCASTERS[step][0], steps + 1
            assert steps <= len(UPCASTERS), "a circle"

        assert step in BY_EVENT_TYPE
