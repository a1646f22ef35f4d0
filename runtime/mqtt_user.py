"""One credential of the MQTT broker, and what it is for."""

from dataclasses import dataclass
from enum import StrEnum

from runtime.mqtt_filters import matches


class UserKind(StrEnum):
    """Whom a credential is for. COLLAR: a device that speaks for itself, a weather station too."""

    COLLAR = "collar"
    BASE_STATION = "base_station"
    SERVICE = "service"


@dataclass(frozen=True, slots=True)
class MqttUser:
    """One credential. `publish` and `subscribe` hold MQTT topic filters, without `$share/…/`.

    password_hash: as Artemis verifies it; mosquitto_hash: as mosquitto does, "" if unknown.
    """

    name: str
    password_hash: str
    publish: tuple[str, ...] = ()
    subscribe: tuple[str, ...] = ()
    kind: UserKind = UserKind.SERVICE
    mosquitto_hash: str = ""


def may_publish(user: MqttUser, mqtt_topic: str) -> bool:
    """Whether the broker would take a message of this user on a topic."""
    return any(matches(one, mqtt_topic) for one in user.publish)
