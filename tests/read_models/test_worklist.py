"""The fold of alert events into rows: pure, so every rule is tested without a server."""

import json
from datetime import timedelta

import pytest

from contracts.alert_event import (
    AlertAmended,
    AlertReopened,
    AlertResolved,
    Outcome,
    Priority,
)
from contracts.detection import Evidence
from read_models.worklist import (
    AlertRow,
    Status,
    by_urgency,
    canonical_lines,
    change_data,
    fold,
    row_from_json,
    row_to_json,
)
from tests.builders import FARM, MORNING
from tests.read_models.feed import Feed


def folded(feed: Feed) -> AlertRow:
    """The one case of a feed after all of its events."""
    row = None
    for record in feed.records:
        row = fold(row, record.event, record.stored)
    assert row is not None
    return row


def test_a_raised_case_is_open_and_says_whom_it_is_about() -> None:
    """The first thing a farmer reads is which animal and what."""
    feed = Feed()
    feed.raised("case-1", animal="nl-0099", priority=Priority.CRITICAL)

    row = folded(feed)

    assert (row.alert_id, row.farm_id, row.subject_id) == ("case-1", FARM, "nl-0099")
    assert (row.condition, row.priority, row.status) == ("fever", "critical", Status.OPEN)
    assert (row.raised_at, row.updated_at, row.position) == (
        MORNING + timedelta(minutes=1),
        MORNING + timedelta(minutes=1),
        1,
    )
    assert row.evidence[0].value == 40.6


def test_a_case_goes_through_the_hands_of_people_to_its_outcome() -> None:
    """Who took it on and what was found must stand in the row, in the words of the events."""
    feed = Feed()
    feed.raised("case-1")
    feed.acknowledged("case-1")
    feed.resolved("case-1")
    feed.closed("case-1")

    row = folded(feed)

    assert row.status is Status.CLOSED
    assert (row.acknowledged_by, row.closed_by) == ("user:anna", "user:anna")
    assert (row.outcome, row.note) == (Outcome.CONFIRMED, "38.5 again")
    assert row.resolved_at == MORNING + timedelta(minutes=3)
    assert row.position == 4


def test_later_data_amends_an_open_case_and_keeps_who_has_it() -> None:
    """A new revision is no new case: the person working on it keeps it."""
    feed = Feed()
    feed.raised("case-1")
    feed.acknowledged("case-1")
    hotter = Evidence(signal="temperature_c", unit="Cel", value=41.2, limit=39.7, at=MORNING)
    feed.add(AlertAmended(alert_id="case-1", detection_id="d", revision=2, evidence=(hotter,)))

    row = folded(feed)

    assert (row.status, row.acknowledged_by) == (Status.ACKNOWLEDGED, "user:anna")
    assert (row.revision, row.evidence) == (2, (hotter,))


def test_a_reopened_case_is_nobodys_again() -> None:
    """The cause came back: an old acknowledgement must not hide that nobody is on it."""
    feed = Feed()
    feed.raised("case-1")
    feed.acknowledged("case-1")
    feed.resolved("case-1")
    feed.add(AlertReopened(alert_id="case-1", detection_id="d-2", revision=1))

    row = folded(feed)

    assert (row.status, row.acknowledged_by, row.resolved_at) == (Status.OPEN, None, None)
    assert row.detection_id == "d-2"


def test_a_case_that_later_data_took_back_says_so_until_it_comes_back() -> None:
    """Who looks at it must not search for what never was."""
    feed = Feed()
    feed.raised("case-1")
    feed.resolved("case-1")
    over_at = folded(feed).resolved_at
    feed.add(AlertResolved(alert_id="case-1", detection_id="d-1", revision=2, retracted=True))
    row = folded(feed)
    assert (row.status, row.retracted, row.resolved_at) == (Status.RESOLVED, True, over_at)

    feed.add(AlertReopened(alert_id="case-1", detection_id="d-1", revision=3))

    row = folded(feed)
    assert (row.status, row.retracted) == (Status.OPEN, False)


def test_an_event_of_a_case_never_raised_makes_no_row() -> None:
    """Half a case would be shown with made-up fields."""
    feed = Feed()
    record = feed.acknowledged("case-1")

    assert fold(None, record.event, record.stored) is None


def test_a_row_survives_its_way_into_the_store() -> None:
    """What comes out of Redis is what was folded, to the microsecond."""
    feed = Feed()
    feed.raised("case-1")
    feed.closed("case-1")

    row = folded(feed)

    assert row_from_json(row_to_json(row)) == row


def test_the_most_pressing_case_stands_first_then_the_longest_waiting() -> None:
    """Attention is what a farm has least of."""
    feed = Feed()
    first = feed.raised("later-urgent")
    rows = [
        fold(None, record.event, record.stored)
        for record in (
            first,
            feed.raised("normal", priority=Priority.NORMAL),
            feed.raised("critical", priority=Priority.CRITICAL),
            feed.raised("urgent-2"),
        )
    ]

    ordered = by_urgency(row for row in rows if row is not None)

    assert [row.alert_id for row in ordered] == ["critical", "later-urgent", "urgent-2", "normal"]


def test_the_canonical_form_holds_business_fields_in_any_order_of_rows() -> None:
    """Two replays are compared by it: order of rows and place in the log must not matter."""
    feed = Feed()
    rows = [
        fold(None, record.event, record.stored)
        for record in (feed.raised("case-1"), feed.raised("case-2"))
    ]

    forwards = canonical_lines(row for row in rows if row is not None)
    backwards = canonical_lines(row for row in reversed(rows) if row is not None)

    assert forwards == backwards
    assert len(forwards) == 2
    assert not any("position" in line for line in forwards)


@pytest.mark.parametrize("field", ["specversion", "id", "type", "source", "subject", "time"])
def test_a_change_is_a_cloud_event_with_its_row(field: str) -> None:
    """Foreign clients read the names of CloudEvents; screens read the row and fold nothing."""
    feed = Feed()
    record = feed.raised("case-1")

    data = json.loads(change_data(record.event, fold(None, record.event, record.stored)))

    assert field in data
    assert data["type"] == "alert.raised.v1"
    assert data["alert"]["status"] == "open"
    assert data["data"]["alert_id"] == "case-1"


def test_a_case_given_back_is_open_again_and_nobodys() -> None:
    """The undo of "I'll go": a name left on it would keep everybody else away."""
    feed = Feed()
    feed.raised("case-1")
    feed.acknowledged("case-1")
    feed.released("case-1")

    row = folded(feed)

    assert (row.status, row.acknowledged_by, row.acknowledged_at) == (Status.OPEN, None, None)


def test_a_case_says_since_when_its_cause_lasts_also_after_it_came_back() -> None:
    """Ill since this morning, or told at noon: the farmer must hear both."""
    feed = Feed()
    feed.raised("case-1", onset_at=MORNING)
    again = MORNING + timedelta(hours=9)
    feed.add(AlertReopened(alert_id="case-1", detection_id="d-2", revision=1, onset_at=again))

    first = fold(None, feed.records[0].event, feed.records[0].stored)

    assert first is not None
    assert (first.onset_at, folded(feed).onset_at) == (MORNING, again)
