"""A LoRaWAN server posts an uplink: it is told 200 once the reading is safe, or what to do."""

import asyncio
import json
import re
import ssl
from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from contracts.clock import FakeClock
from contracts.dead_letter import Reason
from contracts.ids import CollarId, FarmId, new_id
from contracts.topics import READINGS
from farmbox.box import Addresses, Box
from farmbox.ports import assign_ports
from gateway.adapters.http_server import serve
from gateway.adapters.http_source import Bounds, HttpSource
from gateway.intake import Verdict
from gateway.limits import Budget, Limits
from gateway.settings import GatewaySettings
from gateway.tally import Tally
from gateway.webhooks import BODY_BYTES_MAX, PROBLEM_JSON, credentials_of, is_json
from runtime.lifecycle import Running
from runtime.mqtt_users import MqttUsers
from tests.builders import FARM, MORNING
from tests.certificates import Authority
from tests.gateway.surroundings import Process, register
from tests.gateway.uplinks import DECODERS, DEV_EUI, changed, fixture, worn
from tests.kafka_reader import events_of
from tests.loops import loops_running
from tests.mosquitto import Mosquitto
from tests.waiting import eventually

CHIRPSTACK = f"/v1/uplinks/{FARM}/chirpstack?event=up"
THINGS_STACK = f"/v1/uplinks/{FARM}/things-stack"
STATION = ("barn-2", "a-secret")
JSON = {"content-type": "application/json"}


class MemorySink:
    """A Kafka in memory that confirms only while it is `here`."""

    def __init__(self) -> None:
        self.here = True
        self.sent: list[Verdict] = []
        self._waiting: list[Callable[[], None]] = []

    @property
    def in_flight(self) -> int:
        """Handed over and not confirmed."""
        return len(self._waiting)

    def send(self, verdict: Verdict, received_at: datetime, then: Callable[[], None]) -> None:
        """Keep it, unconfirmed."""
        assert received_at.tzinfo
        self.sent.append(verdict)
        self._waiting += [then] * (len(verdict.readings) + len(verdict.refusals))

    def poll(self, wait_s: float) -> None:
        """Confirm what waits."""
        assert wait_s == 0
        if self.here:
            waiting, self._waiting = self._waiting, []
            for then in waiting:
                then()


class Webhooks:
    """The webhooks of a gateway over a Kafka in memory, which `barn-2` may call for its farm."""

    def __init__(self, limits: Limits | None = None, **bounds: Any) -> None:  # noqa: ANN401  of Bounds
        self.sink = MemorySink()
        self._limits = limits
        self._bounds = Bounds(**bounds)

    def source(self) -> HttpSource:
        """Of one event loop."""
        return HttpSource(
            self.sink,
            worn(),
            DECODERS,
            FakeClock(MORNING),
            Tally(),
            may_speak=lambda user, password, farm: (
                farm == FARM if (user, password) == STATION else None
            ),
            bounds=self._bounds,
            limits=self._limits,
        )

    def post(self, path: str, body: bytes | Any, **more: Any) -> httpx.Response:  # noqa: ANN401
        """The answer to one request."""
        (response,) = self.post_all([path], body, **more)
        return response

    def post_all(self, paths: list[str], body: bytes | Any, **more: Any) -> list[httpx.Response]:  # noqa: ANN401
        """The answers to requests that come at once."""
        asked: dict[str, Any] = {"auth": STATION, "headers": JSON} | more

        async def ask() -> list[httpx.Response]:
            source = self.source()
            polling = asyncio.create_task(source.poll())
            transport = httpx.ASGITransport(app=source.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://gw") as client:
                answers = [client.post(path, content=body, **asked) for path in paths]
                found = await asyncio.gather(*answers)
            polling.cancel()
            return found

        return asyncio.run(ask())


@pytest.fixture
def webhooks() -> Webhooks:
    """A gateway's webhooks with nothing under way."""
    return Webhooks()


@pytest.mark.parametrize(
    ("path", "name"), [(CHIRPSTACK, "chirpstack_up"), (THINGS_STACK, "things_stack_up")]
)
def test_an_uplink_is_answered_once_its_readings_are_safe(
    webhooks: Webhooks, path: str, name: str
) -> None:
    """Both servers, the same intake as by MQTT."""
    answer = webhooks.post(path, fixture(name))

    assert (answer.status_code, answer.json()) == (200, {"readings": 2})
    assert len(webhooks.sink.sent[0].readings) == 2


def test_nothing_is_answered_as_taken_while_kafka_is_away() -> None:
    """The server keeps it and comes again; what arrives twice counts once."""
    webhooks = Webhooks(confirm_max_s=0.05)
    webhooks.sink.here = False

    away = webhooks.post(CHIRPSTACK, fixture("chirpstack_up"))
    webhooks.sink.here = True
    again = webhooks.post(CHIRPSTACK, fixture("chirpstack_up"))

    assert (away.status_code, away.headers["retry-after"]) == (503, "10")
    assert again.status_code == 200
    first, second = webhooks.sink.sent
    assert [e.event_id for e in first.readings] == [e.event_id for e in second.readings]


def test_what_kafka_has_not_confirmed_is_bounded() -> None:
    """An outage of Kafka must not fill the memory with what servers send again and again."""
    webhooks = Webhooks(confirm_max_s=0.01, records_in_flight_max=6)
    webhooks.sink.here = False

    for _ in range(10):
        assert webhooks.post(CHIRPSTACK, fixture("chirpstack_up")).status_code == 503

    assert webhooks.sink.in_flight == 6


def test_requests_at_once_are_bounded() -> None:
    """One more than so many is told to come again, and the others are served."""
    webhooks = Webhooks(requests_max=3, confirm_max_s=0.2)

    answers = webhooks.post_all([CHIRPSTACK] * 5, fixture("chirpstack_up"))

    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 503, 503]


@pytest.mark.parametrize(
    ("body", "status", "whose"),
    [
        (fixture("chirpstack_up"), 200, DEV_EUI),
        (b"not json", 202, None),
    ],
    ids=("a device", "bodies that cannot be read"),
)
def test_beyond_its_budget_a_device_is_told_to_come_later_and_costs_nobody_else(
    body: bytes, status: int, whose: str | None
) -> None:
    """A device that floods, or whoever holds a password, must not fill the dead letters."""
    budget = Budget(uploads_per_s=0.001, uploads_burst=2, bytes_per_s=1e6, bytes_burst=1e6)
    webhooks = Webhooks(limits=Limits(budget))
    other = changed("chirpstack_up", "deviceInfo", "devEui", to="0102030405060709")
    join = CHIRPSTACK.replace("=up", "=join")

    answers = [webhooks.post(CHIRPSTACK, body) for _ in range(6)]
    others = [webhooks.post(CHIRPSTACK, other), webhooks.post(join, b"{}")]

    assert [answer.status_code for answer in answers] == [status] * 2 + [429] * 4
    assert answers[-1].headers["retry-after"] == "10"
    assert [answer.status_code for answer in others] == [202, 200]
    limited = [
        refusal
        for verdict in webhooks.sink.sent
        for refusal in verdict.refusals
        if refusal.rejected.reason is Reason.RATE_LIMITED
    ]
    assert [one.sender.collar_id for one in limited] == [whose]


def test_a_message_that_cannot_be_read_is_kept_and_answered(webhooks: Webhooks) -> None:
    """Sent again it would be the same message; people find it among the dead letters."""
    answer = webhooks.post(CHIRPSTACK, fixture("chirpstack_damaged_base64"))

    assert answer.status_code == 202
    assert answer.json()["refused"][0]["reason"] == "wrong_type"
    (refusal,) = webhooks.sink.sent[0].refusals
    assert refusal.sender.origin == f"http:/v1/uplinks/{FARM}/chirpstack"
    assert (refusal.sender.farm_id, refusal.rejected.reason) == (FARM, Reason.WRONG_TYPE)


@pytest.mark.parametrize(
    ("path", "name", "kind"),
    [
        (CHIRPSTACK.replace("=up", "=join"), "chirpstack_join", "join"),
        (CHIRPSTACK.replace("=up", "=new"), "chirpstack_join", "other"),
        (THINGS_STACK, "things_stack_join", "join_accept"),
        (THINGS_STACK, "things_stack_simulated", "simulated"),
    ],
)
def test_a_servers_other_messages_are_answered_and_leave_nothing(
    webhooks: Webhooks, path: str, name: str, kind: str
) -> None:
    """ChirpStack posts all its events to one address, and stops at none."""
    answer = webhooks.post(path, fixture(name))

    assert (answer.status_code, answer.json()) == (200, {"readings": 0, "aside": kind})
    assert webhooks.sink.in_flight == 0


UP = fixture("chirpstack_up")
FOREIGN = CHIRPSTACK.replace(FARM, "farm-b")


@pytest.mark.parametrize(
    ("status", "path", "body", "more"),
    [
        (401, CHIRPSTACK, UP, {"auth": None}),
        (401, CHIRPSTACK, UP, {"auth": ("barn-2", "wrong")}),
        (401, FOREIGN, UP, {"auth": ("nobody", "a-secret")}),
        (403, FOREIGN, UP, {}),
        (404, "/v1/uplinks/farm-a/sigfox", UP, {}),
        (404, "/v1/uplinks/Farm%20A/chirpstack", UP, {}),
        (404, "/", UP, {}),
        (413, CHIRPSTACK, b" " * (BODY_BYTES_MAX + 1), {}),
        (415, CHIRPSTACK, UP, {"headers": {"content-type": "application/octet-stream"}}),
        (415, CHIRPSTACK, UP, {"headers": {}}),
        (422, CHIRPSTACK.removesuffix("?event=up"), UP, {}),
    ],
)
def test_a_refused_request_is_told_why(
    webhooks: Webhooks, status: int, path: str, body: bytes, more: dict[str, Any]
) -> None:
    """As a problem of RFC 9457, and nothing of it is kept."""
    answer = webhooks.post(path, body, **more)

    assert (answer.status_code, answer.headers["content-type"]) == (status, PROBLEM_JSON)
    assert set(answer.json()) == {"type", "title", "status", "detail"}
    assert webhooks.sink.sent == []
    assert (status == 401) == ("www-authenticate" in answer.headers)


def test_another_farm_and_no_farm_are_refused_alike(webhooks: Webhooks) -> None:
    """A user of one farm learns of no other whether it is there."""
    first = webhooks.post(FOREIGN, UP)
    second = webhooks.post(FOREIGN.replace("farm-b", "no-farm"), UP)

    assert (first.status_code, first.text) == (second.status_code, second.text)


def test_a_body_without_a_length_is_bounded_too(webhooks: Webhooks) -> None:
    """A chunked body says nothing of its size."""

    async def endless() -> Any:  # noqa: ANN401  an async iterator, as httpx takes one
        for _ in range(1000):
            yield b" " * 1024

    assert webhooks.post(CHIRPSTACK, endless()).status_code == 413


def test_a_body_that_dribbles_is_cut_off() -> None:
    """Whoever sends a byte a minute holds one of few places."""
    webhooks = Webhooks(body_max_s=0.05)

    async def dribbling() -> Any:  # noqa: ANN401
        yield b"{"
        await asyncio.Event().wait()

    assert webhooks.post(CHIRPSTACK, dribbling()).status_code == 408


@pytest.mark.parametrize(
    ("header", "found"),
    [
        (f"Basic {b64encode(b'barn-2:a:b').decode()}", ("barn-2", "a:b")),
        (f"basic {b64encode(b'u:').decode()}", ("u", "")),
        (f"Basic {b64encode(b'nocolon').decode()}", None),
        ("Basic %%%", None),
        (f"Basic {b64encode(bytes([255, 58])).decode()}", None),
        ("Basic é", None),
        ("Bearer abc", None),
        ("", None),
        (None, None),
    ],
)
def test_only_a_whole_credential_is_one(header: str | None, found: tuple[str, str] | None) -> None:
    """A password may hold colons; a header may hold anything."""
    assert credentials_of(header) == found


@pytest.mark.parametrize(
    ("content_type", "is_it"),
    [("application/json", True), ("Application/JSON; charset=utf-8", True), ("text/json", False)],
)
def test_a_body_says_that_it_is_json(content_type: str, is_it: bool) -> None:  # noqa: FBT001
    """ChirpStack's other encoding is protobuf, and would only be a letter each time."""
    assert is_json(content_type) == is_it


def test_webhooks_are_not_opened_for_nobody() -> None:
    """Without the broker's users no password could be right, and half a certificate is none."""
    with pytest.raises(ValueError, match="mqtt_users_dir"):
        GatewaySettings(http_port=8090)
    with pytest.raises(ValueError, match="set both"):
        GatewaySettings(http_certificate_file=Path("cert.pem"))


def test_webhooks_speak_tls_where_they_have_a_certificate(tmp_path: Path) -> None:
    """Each request shows a password: a farm without a proxy must be able to hide it."""
    port = assign_ports(tmp_path / "ports.json", ["webhooks"], {}, "127.0.0.1")["webhooks"]
    authority, pem = Authority("the farm"), tmp_path / "gateway.pem"
    authority.issue(pem)
    believed = ssl.create_default_context(cafile=authority.write(tmp_path / "ca.pem"))
    settings = GatewaySettings(
        http_port=port, http_certificate_file=pem, http_key_file=pem, mqtt_users_dir=tmp_path
    )
    where = f"localhost:{port}{CHIRPSTACK}"

    def webhooks(running: Running) -> None:
        running.ready()
        serve(Webhooks().source(), settings, running, Tally())

    def status(scheme: str) -> int:
        try:
            with httpx.Client(verify=believed, auth=STATION, headers=JSON) as client:
                return client.post(f"{scheme}://{where}", content=UP).status_code
        except httpx.TransportError:
            return 0

    with loops_running({"webhooks": webhooks}):
        eventually(lambda: status("https") == 200, within_s=10, why="no answer over TLS")
        assert status("http") == 0


class Posting:
    """A LoRaWAN server of a farm of its own, with a base station's credential and one device."""

    def __init__(self, box: Addresses, port: int) -> None:
        self.box = box
        self.farm_id = FarmId(f"farm-{new_id()[:8]}")
        self.dev_eui = CollarId(new_id().replace("-", "")[:16])
        self.user = f"station-{self.farm_id}"
        self.password = MqttUsers(box.mqtt_users).add_base_station(self.farm_id, self.user)
        self.url = f"http://127.0.0.1:{port}/v1/uplinks/{self.farm_id}/chirpstack?event=up"
        register(box, self.farm_id, [self.dev_eui])
        body = changed("chirpstack_up", "deviceInfo", "devEui", to=self.dev_eui)
        self.frame: dict[str, Any] = json.loads(body)
        self.frame["time"] = datetime.now(UTC).isoformat()

    def post(self, password: str | None = None) -> int:
        """Post it; the status, 0 if nobody answers."""
        auth = (self.user, self.password if password is None else password)
        try:
            return httpx.post(self.url, json=self.frame, auth=auth, timeout=15).status_code
        except httpx.TransportError:
            return 0

    def publish(self, topic: str, host: str, port: int) -> None:
        """The same by MQTT, at QoS 1."""
        client = Client(
            CallbackAPIVersion.VERSION2, client_id=self.user, protocol=MQTTProtocolVersion.MQTTv5
        )
        client.username_pw_set(self.user, self.password)
        client.connect(host, port)
        client.loop_start()
        client.publish(topic, json.dumps(self.frame), 1).wait_for_publish(10)
        client.disconnect()
        client.loop_stop()

    def readings(self) -> list[tuple[str, float | None]]:
        """Event and temperature of each reading of the farm in the log."""
        found = events_of(self.box, READINGS, self.farm_id)
        return [(event.event_id, event.payload.temperature_c) for event in found]


@pytest.fixture(scope="module")
def posting(
    running_box: Box, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Posting, Process]]:
    """A farm's server, and the gateway that it posts to."""
    box, directory = running_box.addresses, tmp_path_factory.mktemp("webhooks")
    port = assign_ports(directory / "ports.json", ["webhooks"], {}, "127.0.0.1")["webhooks"]
    server = Posting(box, port)
    gateway = Process(box, directory, "HERD_GATEWAY_", "gateway")
    gateway._environment |= {
        "HERD_GATEWAY_HTTP_PORT": str(port),
        "HERD_GATEWAY_MQTT_USERS_DIR": str(box.mqtt_users),
        "HERD_GATEWAY_INSTANCE": "webhooks",
        "HERD_GATEWAY_MQTT_SHARE_GROUP": f"webhooks-{server.farm_id}",
    }
    gateway.start()
    yield server, gateway
    gateway.kill()


@pytest.mark.mosquitto
def test_what_the_guide_gives_to_mosquitto_carries_uplinks_over(
    posting: tuple[Posting, Process], tmp_path: Path
) -> None:
    """The bridge of docs/lorawan.md, but for names and TLS, in a real mosquitto."""
    server, _ = posting
    guide = (Path(__file__).parents[2] / "docs" / "lorawan.md").read_text("utf-8")
    (bridge,) = re.findall(r"```\n(connection herdlog\n.*?)```", guide, re.DOTALL)
    where = f"{server.box.mqtt_host}:{server.box.mqtt_port}"
    for told, meant in {
        "HOST:8883": where, "barn-2": server.user, "PASSWORD": server.password,
        "bridge_capath /etc/ssl/certs\n": "", "v1/home/": f"v1/{server.farm_id}/",
    }.items():  # fmt: skip
        assert told in bridge
        bridge = bridge.replace(told, meant)
    local = Mosquitto(tmp_path, more=bridge)
    local.start()

    try:
        topic = f"application/1/device/{server.dev_eui}/event/up"
        server.publish(topic, local.host, local.port)
        eventually(lambda: len(server.readings()) >= 2, within_s=30, why="nothing came over")
    finally:
        local.stop()

    assert {round(told or 0, 2) for _, told in server.readings()} == {38.61, 38.58}


def test_a_frame_reaches_the_log_by_webhook_and_by_mqtt_as_the_same_readings(
    posting: tuple[Posting, Process],
) -> None:
    """A real gateway, broker and Kafka: a farm may use both ways, and change between them."""
    server, gateway = posting
    before = len(server.readings())

    try:
        eventually(lambda: server.post() == 200, within_s=20, why="the webhook takes nothing")
        assert server.post(password="wrong") == 401
        topic = f"lorawan/v1/{server.farm_id}/application/1/device/{server.dev_eui}/event/up"
        server.publish(topic, server.box.mqtt_host, server.box.mqtt_port)
        came = before + 4
        eventually(lambda: len(server.readings()) >= came, within_s=20, why="nothing by MQTT")
    finally:
        status = gateway.stop()

    assert status == 0
    assert len({event_id for event_id, _ in server.readings()}) == 2
