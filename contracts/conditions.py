"""What each condition is to others: how pressing, and ICAR's words for it.

Priorities are ours, after what can wait for how long: critical = minutes (an animal dies or is
gone), urgent = today's round, normal = in its own time, informational = at the next visit. Causes
and categories are those of ICAR ADE (icarAttentionCauseType, icarAttentionCategoryType); what it
has no word for is Location, Health or Other there.
"""

from dataclasses import dataclass

from contracts.alert_event import Priority
from contracts.detection import Condition


@dataclass(frozen=True, slots=True)
class ConditionCard:
    """priority: of a case until the farm says otherwise. cause, category: ICAR's."""

    priority: Priority
    cause: str
    category: str


_HEALTH, _BEHAVIOUR, _AIR, _OTHER = "Health", "Behaviour", "Environment", "Other"
_CRITICAL, _URGENT = Priority.CRITICAL, Priority.URGENT
_NORMAL, _INFORMATIONAL = Priority.NORMAL, Priority.INFORMATIONAL

CARDS = {
    Condition.DOWN: ConditionCard(_CRITICAL, "LyingTooLong", _HEALTH),
    Condition.CALVING_PROLONGED: ConditionCard(_CRITICAL, "ProlongedParturition", _HEALTH),
    Condition.PREDATOR_PANIC: ConditionCard(_CRITICAL, "Disturbance", _BEHAVIOUR),
    Condition.GEOFENCE_ESCAPE: ConditionCard(_CRITICAL, "Location", _BEHAVIOUR),
    Condition.THEFT: ConditionCard(_CRITICAL, "Location", _OTHER),
    Condition.SYSTEM_DEAF: ConditionCard(_CRITICAL, "Other", _OTHER),
    Condition.FEVER: ConditionCard(_URGENT, "AnimalTemperature", _HEALTH),
    Condition.HYPOTHERMIA: ConditionCard(_URGENT, "AnimalTemperature", _HEALTH),
    Condition.DRINKING_STOPPED: ConditionCard(_URGENT, "Health", _HEALTH),
    Condition.ILLNESS: ConditionCard(_URGENT, "Health", _HEALTH),
    Condition.MASTITIS: ConditionCard(_URGENT, "Mastitis", _HEALTH),
    Condition.METRITIS: ConditionCard(_URGENT, "PostParturitionRisk", _HEALTH),
    Condition.DISPLACED_ABOMASUM: ConditionCard(_URGENT, "Health", _HEALTH),
    Condition.CALVING: ConditionCard(_URGENT, "Parturition", _HEALTH),
    Condition.OESTRUS: ConditionCard(_URGENT, "Activity", _BEHAVIOUR),
    Condition.HEAT_STRESS: ConditionCard(_URGENT, "EnvironmentTemperature", _AIR),
    Condition.HERD_OUTBREAK: ConditionCard(_URGENT, "Health", _HEALTH),
    Condition.KETOSIS: ConditionCard(_NORMAL, "Ketosis", _HEALTH),
    Condition.RUMINATION_DROP: ConditionCard(_NORMAL, "LowerRumination", _HEALTH),
    Condition.FEEDING_DROP: ConditionCard(_NORMAL, "EatingLess", _HEALTH),
    Condition.LAMENESS: ConditionCard(_NORMAL, "Lameness", _HEALTH),
    Condition.COLLAR_SILENT: ConditionCard(_NORMAL, "Other", _OTHER),
    Condition.STATION_SILENT: ConditionCard(_NORMAL, "Other", _OTHER),
    Condition.COLLAR_FAULT: ConditionCard(_INFORMATIONAL, "Other", _OTHER),
    Condition.BATTERY_LOW: ConditionCard(_INFORMATIONAL, "Other", _OTHER),
}
