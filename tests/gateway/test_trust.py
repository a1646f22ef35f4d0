"""What each kind of credential hears and says on both brokers, told by the bytes that arrive.

A broker may grant a subscription and withhold what it would bring (mosquitto does), or acknowledge
a message and drop it (MQTT 3.1.1): so no answer of the broker is asked, only what came.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from contracts.ids import new_id
from gateway.adapters.mqtt_source import NOT_SENT_BY_SUBSCRIBING
from runtime.mqtt_filters import matches
from tests.conftest import FULL_SIZE
from tests.farmbox.mqtt_client import MqttClient
from tests.gateway.surroundings import Broker
from tests.waiting import eventually

LISTENED_S = 60.0 if FULL_SIZE else 0.5
SWAPS = 200 if FULL_SIZE else 10
KINDS = ("collar", "weather-station", "base-station", "gateway", "herd-clock", "admin")
FORGED, REFUSED = b"forged", "Not authorized"


@dataclass
class Farm:
    """A farm, its neighbour, and clients with each kind of credential; all of them are closed.

    At mosquitto a device's credential has one connection at a time.
    """

    broker: Broker
    name: str = field(default_factory=lambda: f"f-{new_id()[:8]}")
    clients: list[MqttClient] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.neighbour = f"n-{self.name}"
        ids = {kind: f"{kind}-{self.name}" for kind in (*KINDS, "victim")}
        self.ids = ids | {kind: kind for kind in ("gateway", "herd-clock", "admin")}
        add = self.broker.users.add_collar
        self.passwords = dict(self.broker.passwords)
        for kind in ("collar", "weather-station", "victim"):
            self.passwords[self.ids[kind]] = add(self.name, self.ids[kind])
        station = self.ids["base-station"]
        self.passwords[station] = self.broker.users.add_base_station(self.name, station)
        # the same collar id cannot be two credentials: the neighbour's has a name of its own
        self.neighbours = f"theirs-{self.name}"
        self.passwords[self.neighbours] = add(self.neighbour, self.neighbours)
        self.own = f"herd/v1/{self.name}/{self.ids['victim']}"
        self.foreign = f"herd/v1/{self.neighbour}/{self.neighbours}"

    def connect(
        self,
        kind: str,
        *,
        client_id: str = "",
        keep_session: bool = False,
        will: tuple[str, bytes] | None = None,
    ) -> MqttClient:
        """A connection with the credential of a kind, or of the neighbour's collar."""
        user = self.ids.get(kind, kind)
        is_service = user in self.broker.passwords
        port = self.broker.services_port if is_service else self.broker.port
        one = MqttClient(
            (self.broker.host, port),
            user,
            self.passwords[user],
            client_id=client_id or f"{user}-{new_id()[:8]}",
            keep_session=keep_session,
            will=will,
        )
        self.clients.append(one)
        return one

    def listening(self, kind: str, *topics: str) -> MqttClient:
        """The same, subscribed: a new credential's rights may come up to two seconds late."""
        client = self.connect(kind)
        for topic in topics:
            eventually(lambda topic=topic: client.subscribe(topic).startswith("Granted"))  # type: ignore[misc]
        return client

    def heard_by_the_gateways(self) -> MqttClient:
        """A gateway of a group of its own: it hears what all gateways hear."""
        gateway = self.connect("gateway")
        for one in ("herd/v1/+/+/readings", "lorawan/v1/+/#"):
            told = gateway.subscribe(
                f"$share/{self.name}/{one}", retain_handling=NOT_SENT_BY_SUBSCRIBING
            )
            assert told.startswith("Granted")
        return gateway


@pytest.fixture
def farm(broker: Broker) -> Iterator[Farm]:
    """A farm on each broker."""
    one = Farm(broker)
    yield one
    for client in one.clients:
        client.close()


def test_no_credential_hears_a_byte_that_is_not_its_own(farm: Farm) -> None:
    """A stolen device must not become an ear on the farm, nor our services know all."""
    victim = farm.listening("victim", f"{farm.own}/ack")
    theirs = farm.connect(farm.neighbours)
    eventually(lambda: theirs.publish(f"{farm.foreign}/readings", b"warm") != REFUSED)
    ears = {kind: farm.connect(kind) for kind in KINDS}
    gateway, station, clock = (ears[k] for k in ("gateway", "base-station", "herd-clock"))
    for ear in ears.values():
        ear.subscribe(
            *("#", "+/#", "$SYS/#", "$sys/#", "$share/g/#", "$share/g/+/#", "herd/#", "lorawan/#"),
            *("+/+/+/+/+", "herd/v1/+/+/readings", "herd/v1/+/+/ack", "herd/v1/+/+/status"),
            *(f"{farm.own}/#", f"{farm.own}/ack", f"{farm.own}/readings", f"{farm.own}/rejects"),
            *(f"{farm.foreign}/readings", f"$share/g/{farm.own}/ack", "herd/v1/_/+/readings"),
            *("herd/v1/_/+/ack", f"lorawan/v1/{farm.name}/#", "activemq/#", "$queue/#"),
        )

    until, rounds = time.monotonic() + LISTENED_S, 0
    while time.monotonic() < until or rounds < 3:
        rounds += 1
        said = b"%d" % rounds
        victim.publish(f"{farm.own}/readings", said)
        victim.publish(f"{farm.own}/status", said, retain=True)
        gateway.publish(f"{farm.own}/ack", said, retain=True)
        gateway.publish(f"{farm.own}/rejects", said)
        theirs.publish(f"{farm.foreign}/readings", said)
        station.publish(f"lorawan/v1/{farm.name}/application/1/up", said)
        clock.publish(f"herd/v1/_/{farm.name}/readings", said)
        gateway.publish(f"herd/v1/_/{farm.name}/ack", said)
    last = b"%d" % rounds
    eventually(lambda: last in victim.payloads(), why="the traffic is real")
    eventually(lambda: last in ears["gateway"].payloads(), why="and wide ears hear theirs")

    users = {user.name: user for user in farm.broker.users.list()}
    for kind, ear in ears.items():
        allowed = users[farm.ids[kind]].subscribe
        foreign = [m for m in ear.received if not any(matches(f, m.topic) for f in allowed)]
        assert foreign == [], kind


def test_no_credential_is_heard_where_it_may_not_speak(farm: Farm) -> None:
    """Neither by the gateways, nor by a neighbour, nor retained for who comes later."""
    gateways = farm.heard_by_the_gateways()
    victim = farm.listening("victim", f"{farm.own}/ack", f"{farm.own}/rejects")
    theirs = farm.listening(farm.neighbours, f"{farm.foreign}/ack")
    clock = farm.listening("herd-clock", f"herd/v1/_/{farm.name}/ack")
    admin = farm.listening("admin", "herd/v1/+/+/status")
    users = {user.name: user for user in farm.broker.users.list()}
    topics = (
        *(f"{farm.own}/{channel}" for channel in ("readings", "ack", "rejects", "status")),
        *(f"{farm.foreign}/{channel}" for channel in ("readings", "ack", "status")),
        *(f"herd/v1/{farm.neighbour}/{farm.ids['collar']}/readings", "herd/v1/_/1/readings"),
        *(f"herd/v1/_/{farm.name}/ack", f"lorawan/v1/{farm.neighbour}/application/1/up"),
        *(f"lorawan/v1/{farm.name}/up", f"{farm.own}/readings/more", "elsewhere"),
        *(f"herd.v1.{farm.neighbour}.{farm.neighbours}.readings", "activemq/management"),
    )

    tried, liars = 0, {kind: farm.connect(kind) for kind in KINDS}
    for kind, liar in liars.items():
        allowed = users[farm.ids[kind]].publish
        foreign = [topic for topic in topics if not any(matches(one, topic) for one in allowed)]
        for retain in (False, True):
            liar.publish_all(((topic, FORGED) for topic in foreign), retain=retain)
        tried += len(foreign)
    liars["base-station"].publish(f"{farm.own}/readings", b"honest")
    eventually(lambda: b"honest" in gateways.payloads(), why="what is allowed is heard")
    victim.close()
    late = farm.listening("victim", f"{farm.own}/ack")
    late_admin = farm.listening("admin", "herd/v1/+/+/status")

    assert tried > 70
    for ear in (gateways, victim, theirs, clock, admin, late, late_admin):
        assert FORGED not in ear.payloads()


@pytest.mark.parametrize("kind", ["collar", "base-station"])
def test_a_will_where_one_may_not_speak_is_never_sent(farm: Farm, kind: str) -> None:
    """The broker publishes it in the device's name, long after it is gone."""
    victim = farm.listening("victim", f"{farm.own}/ack")
    gateways = farm.heard_by_the_gateways()
    own = f"herd/v1/{farm.name}/{farm.ids['collar']}/readings"

    farm.connect(kind, will=(f"{farm.own}/ack", FORGED)).vanish()
    farm.connect(kind, will=(own, b"gone")).vanish()

    eventually(lambda: b"gone" in gateways.payloads(), why="an allowed will is sent")
    assert FORGED not in victim.payloads()


def test_a_retained_upload_meets_no_gateway_that_comes_later(farm: Farm) -> None:
    """One message that is delivered at every start would be a letter at every start."""
    gateways = farm.heard_by_the_gateways()
    victim = farm.connect("victim")
    eventually(lambda: victim.publish(f"{farm.own}/readings", b"kept", retain=True) == "Success")
    eventually(lambda: gateways.payloads() == [b"kept"])

    later = farm.heard_by_the_gateways()
    victim.publish(f"{farm.own}/readings", b"live")
    eventually(lambda: b"live" in later.payloads() + gateways.payloads())

    assert b"kept" not in later.payloads()


def test_who_takes_anothers_client_id_gets_nothing_of_its_session(farm: Farm) -> None:
    """Messages that wait in a session are for the credential that subscribed.

    Artemis deletes a queue that somebody who may not is refused, and what waits in it: so client
    ids there hold a secret, and collars keep what is not answered. The owner goes on all the same.
    """
    gateway = farm.connect("gateway", client_id=f"gw-{farm.name}", keep_session=True)
    eventually(lambda: gateway.subscribe("herd/v1/+/+/readings").startswith("Granted"))
    gateway.close()
    victim = farm.connect("victim", client_id=f"v-{farm.name}", keep_session=True)
    eventually(lambda: victim.subscribe(f"{farm.own}/ack").startswith("Granted"))
    victim.close()
    others, station = farm.connect("gateway"), farm.connect("base-station")
    # what a credential may is known to a busy broker some seconds after the credential
    eventually(lambda: others.publish(f"{farm.own}/ack", b"for the victim") == "Success")
    eventually(lambda: station.publish(f"{farm.own}/readings", b"for the gateway") == "Success")

    thieves = [
        farm.connect("collar", client_id=f"gw-{farm.name}", keep_session=True),
        farm.connect("weather-station", client_id=f"v-{farm.name}", keep_session=True),
    ]
    others.publish(f"{farm.own}/ack", b"for the victim again")
    station.publish(f"{farm.own}/readings", b"for the gateway again")
    for thief in thieves:
        thief.close()
    again = farm.connect("gateway", client_id=f"gw-{farm.name}", keep_session=True)
    eventually(lambda: again.subscribe("herd/v1/+/+/readings").startswith("Granted"))
    station.publish(f"{farm.own}/readings", b"later")
    eventually(lambda: b"later" in again.payloads())

    assert [thief.payloads() for thief in thieves] == [[], []]
    if farm.broker.name == "mosquitto":
        assert {b"for the gateway", b"for the gateway again"} <= set(again.payloads())


@pytest.mark.mosquitto
def test_at_mosquitto_no_device_can_cut_anothers_connection(mosquitto_farm: Farm) -> None:
    """There a device's client id is its user's name. At Artemis a secret in the id is the guard."""
    farm = mosquitto_farm
    gateway = farm.connect("gateway", client_id="known-to-all", keep_session=True)
    victim = farm.listening("victim", f"{farm.own}/ack")

    for client_id in ("known-to-all", farm.ids["victim"], f"{farm.ids['victim']}-1"):
        assert farm.connect("collar", client_id=client_id).connected == "Success"
    gateway.publish(f"{farm.own}/ack", b"still here")
    eventually(lambda: victim.payloads() == [b"still here"])

    assert gateway.answers.disconnected == victim.answers.disconnected == []


def test_two_devices_with_one_client_id_never_speak_for_one_another(farm: Farm) -> None:
    """A cloned configuration: the newest wins, and what each says is still its own."""
    gateways = farm.heard_by_the_gateways()
    collar = f"herd/v1/{farm.name}/{farm.ids['collar']}/readings"
    for swap in range(SWAPS):
        for kind, topic in (("victim", f"{farm.own}/readings"), ("collar", collar)):
            device = farm.connect(kind, client_id="the-same")
            said = f"{kind} {swap}".encode()
            eventually(lambda d=device, t=topic, s=said: d.publish(t, s) == "Success")  # type: ignore[misc]
            device.close()
    eventually(lambda: len(set(gateways.payloads())) == 2 * SWAPS)

    for message in gateways.received:
        assert message.payload.startswith(b"collar") == (message.topic == collar)


@pytest.fixture
def mosquitto_farm(request: pytest.FixtureRequest) -> Iterator[Farm]:
    """A farm on mosquitto alone."""
    one = Farm(Broker.of_mosquitto(request.getfixturevalue("mosquitto")))
    yield one
    for client in one.clients:
        client.close()
