"""The ids of detections: the same finding told twice is the same event."""

from contracts.detection import detection_event_id


def test_a_revision_told_again_is_the_same_event_and_the_next_revision_another() -> None:
    """After a restore the last revision is sent again; intake must see that it knows it."""
    assert detection_event_id("d", 1) == detection_event_id("d", 1)
    assert detection_event_id("d", 1) != detection_event_id("d", 2)
