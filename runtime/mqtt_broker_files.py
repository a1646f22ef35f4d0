"""What the two brokers read of who may do what: Artemis' broker properties, mosquitto's ACL.

Artemis applies only the most specific match of an address. So whoever publishes by a wildcard must
be named at each narrower address too: the gateway at every collar's `ack`, a base station at every
`readings` of its farm. That is done by roles, one a wildcard: each narrower address names the role
once, however many base stations a farm has. A wildcard subscription is asked for under its own
address, so subscribers need none of this.

Rejected: each user with the one role of its own name. 20 base stations on a farm of 5,000 collars
were 200,000 lines then, and the broker reads them all again at every change.
"""

from collections.abc import Iterator, Sequence

from runtime.mqtt_filters import FilterTree, is_wildcard
from runtime.mqtt_user import MqttUser

PUBLISH = ("send", "createAddress")
# Durable alone: an MQTT 5 subscription always is one.
SUBSCRIBE = ("consume", "createAddress", "createDurableQueue", "deleteDurableQueue")


def artemis_permissions(users: Sequence[MqttUser]) -> Iterator[str]:
    """Broker properties that allow each user its topics, and nobody anything else.

    One line a permission: `securityRoles."ADDRESS"."ROLE".PERMISSION=true`.
    """
    wide = FilterTree()
    allowed: dict[str, set[tuple[str, str]]] = {}
    for user in users:
        for topic in user.publish:
            role = user.name
            if is_wildcard(topic):
                wide.add(topic)
                role = _role_of(topic)
            allowed.setdefault(topic, set()).update((role, one) for one in PUBLISH)
        for topic in user.subscribe:
            allowed.setdefault(topic, set()).update((user.name, one) for one in SUBSCRIBE)
    for topic, pairs in sorted(allowed.items()):
        for covering in wide.covering(topic):
            pairs.update((_role_of(covering), one) for one in PUBLISH)
        for role, permission in sorted(pairs):
            yield f'securityRoles."{_address(topic)}"."{role}".{permission}=true'


def artemis_roles(users: Sequence[MqttUser]) -> Iterator[str]:
    """`ROLE=USER,…` for JAAS: each user in the role of its own name, and of each wildcard."""
    holders: dict[str, list[str]] = {}
    for user in users:
        yield f"{user.name}={user.name}"
        for topic in user.publish:
            if is_wildcard(topic):
                holders.setdefault(_role_of(topic), []).append(user.name)
    for role, names in sorted(holders.items()):
        yield f"{role}={','.join(names)}"


def mosquitto_acl(users: Sequence[MqttUser]) -> Iterator[str]:
    """Mosquitto's `acl_file`: it merges all that matches, so nothing is repeated.

    It lets everybody subscribe to everything and withholds what may not be read when it comes.
    """
    for user in users:
        yield f"user {user.name}"
        yield from (f"topic write {topic}" for topic in user.publish)
        yield from (f"topic read {topic}" for topic in user.subscribe)


def _role_of(topic: str) -> str:
    """Whoever may publish by this wildcard; no user's name, for it holds dots."""
    return f"publishers.{_address(topic)}"


def _address(topic: str) -> str:
    """Artemis' address for an MQTT topic filter: `a/+/b` is `a.*.b`."""
    return topic.replace("/", ".").replace("+", "*")
