"""What conditions are to others: each has its card, in words that ICAR knows."""

import pytest

from contracts.conditions import CARDS
from contracts.detection import Condition

# icarAttentionCauseType and icarAttentionCategoryType of ICAR ADE (Apache-2.0), branch Develop
CAUSES = frozenset(
    (
        "Activity",
        "AnimalTemperature",
        "BodyCondition",
        "EatingLess",
        "EnvironmentTemperature",
        "Disturbance",
        "Health",
        "HeartRate",
        "Inactivity",
        "Ketosis",
        "Lameness",
        "Location",
        "LowerRumination",
        "LyingTooLong",
        "LyingTooShort",
        "Mastitis",
        "MobilityScore",
        "NoMovement",
        "Parturition",
        "PostParturitionRisk",
        "ProlongedParturition",
        "RespirationRate",
        "Standing",
        "StandingUp",
        "Walking",
        "Other",
        "Undefined",
    )
)
CATEGORIES = frozenset(("Behaviour", "Environment", "Health", "Other"))


@pytest.mark.parametrize("condition", Condition)
def test_each_condition_has_a_card_in_words_of_icar(condition: Condition) -> None:
    """A receiver that speaks ICAR refuses what its enumeration does not hold."""
    card = CARDS[condition]

    assert card.cause in CAUSES
    assert card.category in CATEGORIES
