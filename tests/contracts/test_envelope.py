"""The envelope on its way out of the system: CloudEvents names."""

from contracts.envelope import cloud_event
from tests.builders import FARM, a_detection


def test_an_event_leaves_under_cloudevents_names() -> None:
    """Receivers that know CloudEvents 1.0 need to know nothing else of ours."""
    event = a_detection(animal="nl-0017")

    out = cloud_event(event, {"said": "so"})

    assert out["specversion"] == "1.0"
    assert out["id"] == event.event_id
    assert out["source"] == f"/farms/{FARM}"
    assert out["subject"] == "nl-0017"
    assert out["time"] == "2026-03-01T04:00:00Z"
    assert "causationid" not in out
