"""How pressing a cause is, until a farm says otherwise."""

from contracts.alert_event import Priority
from contracts.conditions import CARDS
from contracts.detection import Condition


def priority_of(condition: Condition) -> Priority:
    """How pressing a case of this cause is when it is raised."""
    return CARDS[condition].priority
