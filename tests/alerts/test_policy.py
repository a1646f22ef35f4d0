"""Every cause has its priority."""

from alerts.domain.policy import priority_of
from contracts.alert_event import Priority
from contracts.detection import Condition


def test_every_condition_says_how_pressing_it_is() -> None:
    """A new detector must not be the one whose first alert cannot be raised."""
    assert {priority_of(condition) for condition in Condition} == set(Priority)
