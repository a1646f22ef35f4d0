"""How pressing a cause is, until a farm says otherwise."""

from contracts.alert_event import Priority
from contracts.detection import Condition

# Ours, after what can wait for how long: critical = minutes (an animal dies or is gone), urgent =
# today's round, normal = in its own time, informational = at the next visit.
PRIORITIES = {
    Condition.DOWN: Priority.CRITICAL,
    Condition.CALVING_PROLONGED: Priority.CRITICAL,
    Condition.PREDATOR_PANIC: Priority.CRITICAL,
    Condition.GEOFENCE_ESCAPE: Priority.CRITICAL,
    Condition.THEFT: Priority.CRITICAL,
    Condition.SYSTEM_DEAF: Priority.CRITICAL,
    Condition.FEVER: Priority.URGENT,
    Condition.HYPOTHERMIA: Priority.URGENT,
    Condition.DRINKING_STOPPED: Priority.URGENT,
    Condition.ILLNESS: Priority.URGENT,
    Condition.MASTITIS: Priority.URGENT,
    Condition.METRITIS: Priority.URGENT,
    Condition.DISPLACED_ABOMASUM: Priority.URGENT,
    Condition.CALVING: Priority.URGENT,
    Condition.OESTRUS: Priority.URGENT,
    Condition.HEAT_STRESS: Priority.URGENT,
    Condition.HERD_OUTBREAK: Priority.URGENT,
    Condition.KETOSIS: Priority.NORMAL,
    Condition.RUMINATION_DROP: Priority.NORMAL,
    Condition.FEEDING_DROP: Priority.NORMAL,
    Condition.LAMENESS: Priority.NORMAL,
    Condition.COLLAR_SILENT: Priority.NORMAL,
    Condition.STATION_SILENT: Priority.NORMAL,
    Condition.COLLAR_FAULT: Priority.INFORMATIONAL,
    Condition.BATTERY_LOW: Priority.INFORMATIONAL,
}


def priority_of(condition: Condition) -> Priority:
    """How pressing a case of this cause is when it is raised."""
    return PRIORITIES[condition]
