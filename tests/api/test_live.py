"""The socket against a real Redis: resumed without a gap, bounded, and honest about its age."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from api import live_messages as messages
from contracts.ids import FarmId
from farmbox.redis import Redis
from runtime.lifecycle import Running
from tests.api.conftest import OWNER_TOKEN, VET_TOKEN, Api
from tests.builders import FARM
from tests.waiting import eventually

pytestmark = pytest.mark.services
WITHIN_S = 10


class Screen:
    """A plain client: five calls of the websockets library."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    def say(self, **message: Any) -> None:  # noqa: ANN401  any JSON
        """Send one message."""
        self.socket.send(json.dumps(message))

    def hear(self) -> dict[str, Any]:
        """The next message; fails after WITHIN_S."""
        found: dict[str, Any] = json.loads(self.socket.recv(timeout=WITHIN_S))
        return found

    def hear_all(self, kind: str, count: int) -> list[dict[str, Any]]:
        """The next `count` messages of a kind, pings left out."""
        found: list[dict[str, Any]] = []
        while len(found) < count:
            message = self.hear()
            if message["type"] not in {"ping", "stale"}:
                assert message["type"] == kind, message
                found.append(message)
        return found

    def subscribed(
        self, *, farm: FarmId = FARM, since: tuple[str, int] | None = None, sub_id: int = 1
    ) -> dict[str, Any]:
        """Ask for a farm's alerts; the answer."""
        wish: dict[str, Any] = {"type": "sub", "id": sub_id, "channel": f"farm/{farm}/alerts"}
        if since is not None:
            wish["since"] = {"epoch": since[0], "offset": since[1]}
        self.say(**wish)
        return self.hear_all("subbed", 1)[0]

    def close_code(self) -> int:
        """What the server closes with, whatever it says before."""
        with pytest.raises(ConnectionClosed) as closed:
            self._hear_to_the_end()
        assert closed.value.rcvd is not None
        return int(closed.value.rcvd.code)

    def _hear_to_the_end(self) -> None:
        while True:
            self.socket.recv(timeout=WITHIN_S)


@contextmanager
def a_socket(api: Api, **how: Any) -> Iterator[Screen]:  # noqa: ANN401  as connect takes it
    """A connection that has said nothing yet."""
    address = api.base.replace("http", "ws", 1) + "/live"
    how = {"subprotocols": [Subprotocol("herd.v1.json")], "compression": None} | how
    with connect(address, **how) as socket:
        yield Screen(socket)


@contextmanager
def a_screen(api: Api, token: str = OWNER_TOKEN) -> Iterator[Screen]:
    """A connection of somebody who has shown his token."""
    with a_socket(api) as screen:
        assert screen.hear()["type"] == "hello"
        screen.say(type="auth", token=token)
        yield screen


def a_ping(message: dict[str, Any]) -> dict[str, Any] | None:
    """The message if it is a ping."""
    return message if message["type"] == "ping" else None


def offsets(events: list[dict[str, Any]]) -> list[int]:
    """Where each event stands."""
    return [event["offset"] for event in events]


def test_a_screen_gets_the_list_and_then_each_change(api: Api) -> None:
    """The plain way: what is there, then what happens, each with the row as it is now."""
    alert_id = api.chain.raised("nl-0001")

    with a_socket(api) as screen:
        hello = screen.hear()
        screen.say(type="auth", token=OWNER_TOKEN)
        answer = screen.subscribed()
        api.http.post(f"{api.farm()}/alerts/{alert_id}/acknowledge")
        api.chain.project()
        (event,) = screen.hear_all("ev", 1)

    assert (hello["type"], hello["heartbeat_s"]) == ("hello", 20)
    assert screen.socket.subprotocol == "herd.v1.json"
    assert (answer["recovered"], answer["offset"]) == (False, 1)
    assert [row["alert_id"] for row in answer["snapshot"]] == [alert_id]
    assert (event["ch"], event["offset"]) == (f"farm/{FARM}/alerts", 2)
    assert event["data"]["type"] == "alert.acknowledged.v1"
    assert event["data"]["alert"]["status"] == "acknowledged"
    assert event["epoch"] == answer["epoch"] == api.chain.store.epoch()


def test_the_very_first_alert_of_all_arrives_as_an_event(api: Api) -> None:
    """A screen that was opened on a fresh farm must ring when the first thing happens."""
    with a_screen(api) as screen:
        answer = screen.subscribed()
        api.chain.raised()
        (event,) = screen.hear_all("ev", 1)

    assert (answer["epoch"], answer["offset"], answer["snapshot"]) == ("", 0, [])
    assert (event["offset"], event["epoch"]) == (1, api.chain.store.epoch())


def test_who_comes_back_gets_exactly_what_he_missed(api: Api) -> None:
    """The heart of it: none missed, none twice, in order, however often the line drops."""
    got: list[int] = []
    with a_screen(api) as screen:
        answer = screen.subscribed()
        api.chain.raised("nl-0001")
        got += offsets(screen.hear_all("ev", 1))
    epoch = api.chain.store.epoch()
    assert answer["offset"] == 0

    for round_number in range(3):
        for animal in range(7):
            api.chain.detected(f"nl-1{round_number}{animal}")
        api.chain.project()
        with a_screen(api) as screen:
            answer = screen.subscribed(since=(epoch, got[-1]))
            got += offsets(screen.hear_all("ev", 7))
            api.chain.raised(f"nl-2{round_number}")
            got += offsets(screen.hear_all("ev", 1))
        assert answer["recovered"] is True
        assert "snapshot" not in answer

    assert got == list(range(1, 26))


def test_a_history_that_is_unknown_or_too_old_is_loaded_anew(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A gap that cannot be filled must be told, with what the screen needs instead."""
    monkeypatch.setattr("read_models.adapters.redis.FEED_MAX", 3)
    for animal in range(6):
        api.chain.raised(f"nl-{animal}")
    epoch = api.chain.store.epoch()

    with a_screen(api) as screen:
        answers = [
            screen.subscribed(since=("another-history", 4)),
            screen.subscribed(since=(epoch, 2), sub_id=2),
        ]

    assert [answer["recovered"] for answer in answers] == [False, False]
    assert [answer["offset"] for answer in answers] == [6, 6]
    assert [len(answer["snapshot"]) for answer in answers] == [6, 6]


def test_two_screens_and_another_farm_do_not_mix(api: Api) -> None:
    """Each gets its own farm's changes, in the order of the log."""
    other = FarmId("farm-b")
    with a_screen(api) as one, a_screen(api) as two:
        one.subscribed()
        two.subscribed(farm=other)
        for animal in range(3):
            api.chain.raised(f"nl-{animal}")
            api.chain.raised(f"be-{animal}", farm=other)
        ones, twos = one.hear_all("ev", 3), two.hear_all("ev", 3)

    assert offsets(ones) == [1, 3, 5]
    assert offsets(twos) == [2, 4, 6]
    assert {event["data"]["alert"]["farm_id"] for event in twos} == {other}


def test_while_redis_is_away_the_socket_says_so_and_goes_on_without_a_gap(
    api: Api, redis_server: Redis
) -> None:
    """A restart of a store must cost the farmer nothing but a moment's uncertainty."""
    with a_screen(api) as screen:
        screen.subscribed()
        api.chain.raised("nl-0001")
        screen.hear_all("ev", 1)
        eventually(lambda: not api.service.hub.stale)

        redis_server.crash()
        said = screen.hear()
        while said["type"] == "ping":  # told when the age of the first second was known
            said = screen.hear()
        redis_server.start()
        redis_server.wait_ready()
        api.chain.raised("nl-0002")
        heard = [screen.hear() for _ in range(2)]

    assert said["type"] == "stale"
    assert sorted(message["type"] for message in heard) == ["ev", "ping"]
    assert offsets([message for message in heard if message["type"] == "ev"]) == [2]


def test_who_asks_while_redis_is_away_is_answered_when_it_is_back(
    api: Api, redis_server: Redis
) -> None:
    """A socket that is opened in that moment must not need a second try."""
    api.chain.raised("nl-0001")
    redis_server.crash()

    with a_screen(api) as screen:
        screen.say(type="sub", id=1, channel=f"farm/{FARM}/alerts")
        first = screen.hear()
        redis_server.start()
        redis_server.wait_ready()
        answer = screen.hear_all("subbed", 1)[0]

    assert first["type"] == "stale"
    assert len(answer["snapshot"]) == 1


def test_a_client_that_reads_too_slowly_is_closed_and_the_others_go_on(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One sleeping tablet must not hold up the farm or fill our memory."""
    api.service.queue_max = 20
    monkeypatch.setattr("api.adapters.change_feed.ROOM_WAITS_MAX", 3)
    monkeypatch.setattr("api.adapters.change_feed.PAGE_MAX", 10)

    with a_socket(api, sock=a_narrow_line(api), max_queue=1) as slow, a_screen(api) as quick:
        slow.hear()
        slow.say(type="auth", token=OWNER_TOKEN)
        slow.subscribed()
        quick.subscribed()
        total = 0
        while not _lost_one(api):
            for _ in range(10):
                api.chain.detected(f"nl-{total}")
                total += 1
            api.chain.project()
            assert offsets(quick.hear_all("ev", 10)) == list(range(total - 9, total + 1))
            assert total < 20_000
        code = slow.close_code()

    assert code == 4413


def a_narrow_line(api: Api) -> socket.socket:
    """A connection whose kernel holds little, so that not reading is noticed soon."""
    line = socket.socket()
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    line.connect((api.http.base_url.host, api.http.base_url.port))
    return line


def _lost_one(api: Api) -> bool:
    sessions = tuple(api.service.sessions)
    return len(sessions) < 2 or any(session._ended.done() for session in sessions)


def test_the_process_ends_and_tells_its_clients_to_come_back(api: Api, running: Running) -> None:
    """1012 means restart: a client that knows it reconnects and resumes."""
    with a_screen(api) as screen:
        screen.subscribed()
        running.stop()

        assert screen.close_code() == 1012


@pytest.mark.parametrize(
    ("first", "code"),
    [
        ({"type": "auth", "token": "forged"}, 4401),
        ({"type": "sub", "id": 1, "channel": f"farm/{FARM}/alerts"}, 4401),
        ({"type": "auth", "token": OWNER_TOKEN, "more": 1}, 4400),
        ({"type": "nonsense"}, 4400),
        ([1, 2], 4400),
        ("x" * 17_000, 1009),
    ],
)
def test_who_does_not_say_who_he_is_is_closed_with_a_reason(
    api: Api,
    first: object,
    code: int,
) -> None:
    """Codes that a browser can read, since it sees no status of a refused handshake."""
    with a_socket(api) as socket:
        socket.hear()
        socket.socket.send(json.dumps(first))

        assert socket.close_code() == code


def test_who_says_nothing_is_closed(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sockets that were opened and forgotten cost memory."""
    monkeypatch.setattr(messages, "HELLO_MAX_S", 0.3)

    with a_socket(api) as socket:
        assert socket.close_code() == 4408


@pytest.mark.parametrize(
    "channel",
    [
        "farm/farm-b/alerts",
        "farm/farm-b/pulse",
        "farm/farm-of-nobody/alerts",
        "farm/farm-of-nobody/pulse",
        "farm/A B/alerts",
        "farm/farm-a/alerts/more",
        "farm/farm-a/readings",
        "readings",
    ],
)
def test_a_channel_that_was_not_given_closes_the_socket(api: Api, channel: str) -> None:
    """The socket asks may_see as every route does; what is not there looks the same."""
    api.chain.raised(farm=FarmId("farm-b"))

    with a_screen(api, VET_TOKEN) as screen:
        screen.say(type="sub", id=1, channel=channel)

        assert screen.close_code() == 4403


def test_a_vet_gets_the_farm_he_was_given(api: Api) -> None:
    """The refusal above means something only if his own farm is answered."""
    api.chain.raised()

    with a_screen(api, VET_TOKEN) as screen:
        assert len(screen.subscribed()["snapshot"]) == 1


@pytest.mark.parametrize("origin", ["https://elsewhere", "null", "http://127.0.0.1:1"])
def test_a_page_from_elsewhere_is_refused_before_anything_is_said(api: Api, origin: str) -> None:
    """A foreign page in the farmer's browser must not even get a hello."""
    with pytest.raises(InvalidStatus) as refused, a_socket(api, origin=Origin(origin)):
        pass

    assert refused.value.response.status_code == 403


@pytest.mark.parametrize("of_ours", [True, False])
def test_our_own_pages_and_those_we_named_may_open_it(api: Api, *, of_ours: bool) -> None:
    """The dashboard is served by this very host; a co-operative's portal may be named."""
    origin = api.base if of_ours else "https://ours"

    with a_socket(api, origin=Origin(origin)) as socket:
        assert socket.hear()["type"] == "hello"


def test_there_is_no_room_for_one_more_than_we_take(api: Api) -> None:
    """A socket too many is told so, instead of slowing down all the others."""
    api.service.sockets_max = 1

    with a_screen(api) as first, a_socket(api) as second:
        assert second.close_code() == 4429
        assert first.subscribed()["type"] == "subbed"


def test_a_channel_can_be_left_and_taken_again(api: Api) -> None:
    """A screen that turns to another farm should not have to reconnect."""
    with a_screen(api) as screen:
        screen.subscribed()
        screen.say(type="unsub", id=1)
        again = screen.subscribed(sub_id=2)
        api.chain.raised()
        events = screen.hear_all("ev", 1)

    assert again["id"] == 2
    assert offsets(events) == [1]
    eventually(lambda: not api.service.sessions)


def test_a_screen_hears_how_fresh_the_readings_are_once_and_newest_only(api: Api) -> None:
    """The chip that says how old all this is; a pulse that came and went is not told again."""
    newest = datetime(2026, 3, 1, 4, 5, tzinfo=UTC)
    with a_screen(api) as screen:
        screen.say(type="sub", id=1, channel=f"farm/{FARM}/pulse")
        answer = screen.hear_all("subbed", 1)[0]
        first = screen.hear_all("tm", 1)[0]
        api.chain.heard("nl-0001", at=newest - timedelta(minutes=5))
        api.chain.heard("nl-0002", at=newest)
        second = eventually(lambda: a_pulse_with(screen, heard=2))

    assert (answer["id"], answer["recovered"]) == (1, True)
    assert first["ch"] == f"farm/{FARM}/pulse"
    assert first["data"]["newest_reading_at"] is None
    assert second["data"]["newest_reading_at"] == "2026-03-01T04:05:00Z"
    assert second["now"].endswith("Z")


def test_alerts_go_on_while_the_latest_values_are_being_built(api: Api) -> None:
    """A pulse that nobody feels must not hold up a case."""
    api.chain.forget_latest()

    with a_screen(api) as screen:
        screen.say(type="sub", id=2, channel=f"farm/{FARM}/pulse")
        screen.hear_all("subbed", 1)
        screen.subscribed()
        api.chain.raised()
        (event,) = screen.hear_all("ev", 1)

    assert event["offset"] == 1


def test_a_session_that_ends_closes_its_sockets(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lost phone must not stay connected for as long as its battery lasts."""
    monkeypatch.setattr(messages, "HEARTBEAT_S", 0.2)

    with a_screen(api) as screen:
        screen.subscribed()
        api.service.tokens = NobodysTokens()

        assert screen.close_code() == 4401


class NobodysTokens:
    """All sessions are over."""

    def redeem(self, token: str) -> None:
        """Whose it is: nobody's."""


def a_pulse_with(screen: Screen, *, heard: int) -> dict[str, Any] | None:
    """The next message, if it is a pulse of so many animals."""
    message = screen.hear()
    return message if message.get("data", {}).get("heard") == heard else None


def test_a_page_whose_name_was_pointed_at_us_gets_no_socket(api: Api) -> None:
    """DNS rebinding: Host and Origin agree, and both are somebody else's."""
    name = f"rebound.example:{api.http.base_url.port}"
    line = socket.create_connection((api.http.base_url.host, api.http.base_url.port))

    with pytest.raises(InvalidStatus) as refused:
        connect(f"ws://{name}/live", sock=line, origin=Origin(f"http://{name}"))

    assert refused.value.response.status_code == 403


def test_a_quiet_farm_is_told_that_all_is_heard(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Silence of the line and silence of the farm must be told apart."""
    monkeypatch.setattr(messages, "HEARTBEAT_S", 0.2)

    with a_screen(api) as screen:
        screen.subscribed()
        heard = eventually(lambda: a_ping(screen.hear()))

    assert heard["as_of"].endswith("Z")
