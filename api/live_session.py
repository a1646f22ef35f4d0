"""One socket's talk: alerts of a farm, resumed without a gap, and its pulse as it is now.

One task a socket does all the sending, so messages never overtake each other; another reads; a
client QUEUE_MAX changes behind is closed with 4413. While Redis is away the socket stays, says
`stale` once, and goes on where it stopped. Of a pulse the newest alone waits to be sent.
"""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar, assert_never

import anyio
import anyio.to_thread
from fastapi import WebSocket, WebSocketDisconnect

from api import live_messages as messages
from api.auth import Tokens, User, may_see
from api.hub import QUEUE_MAX, Hub, HubFullError, Subscription
from api.live_messages import Auth, BadMessageError, Channel, Kind, Pong, Sub, Unsub
from api.pulses import Pulses, PulseSubscription
from contracts.clock import Clock
from contracts.ids import FarmId
from read_models import ReadModelUnavailableError, Worklist

T = TypeVar("T")

SUBSCRIPTIONS_MAX = 8  # channels on one socket: a farmer's farms, not an installation's
READERS_MAX = 8  # threads that read pages for sockets; commands have the pool's others
RETRY_S = 0.25  # a subscription that waits for Redis tries again as often as the feed does
LEAVE_MAX_S = 5.0  # for all sockets together, when the process ends


class ClosedError(Exception):
    """We close the socket: a code of the protocol, and a sentence."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason[:120]  # a close frame holds 123 bytes


@dataclass(slots=True)
class LiveService:
    """What sockets share. clock: the farm's. sessions: the sockets open now.

    queue_max: changes that a client may be behind before it is closed.
    """

    hub: Hub
    pulses: Pulses
    clock: Clock
    worklist: Worklist
    tokens: Tokens
    allowed_origins: tuple[str, ...]
    sockets_max: int
    server: str
    queue_max: int = QUEUE_MAX
    sessions: set["Session"] = field(default_factory=set)
    readers: anyio.CapacityLimiter = field(
        default_factory=lambda: anyio.CapacityLimiter(READERS_MAX)
    )

    async def restart(self) -> None:
        """Close every socket with 1012: clients come back, to whoever serves then, and resume."""
        leaving = tuple(self.sessions)
        for session in leaving:
            session.end(ClosedError(messages.CLOSE_RESTART, "we restart: come back and resume"))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LEAVE_MAX_S):
                for session in leaving:
                    await session.gone.wait()


class Session:
    """One socket: who is there, what he wants, and what still has to be told to him."""

    def __init__(self, socket: WebSocket, service: LiveService) -> None:
        self._socket = socket
        self._service = service
        self.gone = asyncio.Event()
        self._wake = asyncio.Event()
        self._ended: asyncio.Future[ClosedError] = asyncio.get_running_loop().create_future()
        self._token = ""
        self._subscriptions: dict[int, Subscription] = {}
        self._pulses: dict[int, PulseSubscription] = {}
        self._unanswered: set[int] = set()
        self._told_stale = False

    async def run(self) -> None:
        """Until the client leaves; raises ClosedError, WebSocketDisconnect."""
        if len(self._service.sessions) > self._service.sockets_max:
            raise ClosedError(messages.CLOSE_TOO_MANY, "too many sockets: try again later")
        user = await self._greet()
        try:
            await _first_of(self._read(user), self._write(), self._until_ended())
        finally:
            for sub_id in (*self._subscriptions, *self._pulses):
                self._unsubscribe(sub_id)

    async def _greet(self) -> User:
        """Say hello, and find out who is there, within HELLO_MAX_S."""
        try:
            async with asyncio.timeout(messages.HELLO_MAX_S):
                greeting = messages.hello(self._service.server, self._service.hub.epoch)
                await self._socket.send_text(greeting)
                message = await self._receive()
        except TimeoutError:
            late = f"no auth within {messages.HELLO_MAX_S:.0f} s"
            raise ClosedError(messages.CLOSE_TOO_LATE, late) from None
        if not isinstance(message, Auth):
            raise ClosedError(messages.CLOSE_UNAUTHORISED, "auth comes first")
        self._token = message.token
        return self._user()

    def _user(self) -> User:
        user = self._service.tokens.redeem(self._token)
        if user is None:
            raise ClosedError(messages.CLOSE_UNAUTHORISED, "this token is nobody's")
        return user

    async def _receive(self) -> messages.ClientMessage:
        received = await self._socket.receive()
        if received["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(received.get("code", 1005))
        text = received.get("text")
        if text is None:
            raise ClosedError(messages.CLOSE_BAD_MESSAGE, "text frames only")
        try:
            return messages.parse(text)
        except BadMessageError as error:
            raise ClosedError(messages.CLOSE_BAD_MESSAGE, str(error)) from error

    async def _read(self, user: User) -> None:
        while True:
            message = await self._receive()
            match message:
                case Sub():
                    self._subscribe(user, message)
                case Unsub():
                    self._unsubscribe(message.id)
                case Pong():
                    pass
                case Auth():
                    raise ClosedError(messages.CLOSE_BAD_MESSAGE, "authenticated already")
                case _:
                    assert_never(message)

    def _subscribe(self, user: User, wish: Sub) -> None:
        channel = messages.channel_from(wish.channel)
        if channel is None or not may_see(user, channel.farm_id):
            # the same for a farm that is not there: nobody learns which farms there are
            raise ClosedError(messages.CLOSE_FORBIDDEN, "no such channel for you")
        taken = self._subscriptions.keys() | self._pulses.keys()
        if wish.id in taken or len(taken) >= SUBSCRIPTIONS_MAX:
            why = f"subscription ids are used once, {SUBSCRIPTIONS_MAX} channels at most"
            raise ClosedError(messages.CLOSE_BAD_MESSAGE, why)
        match channel.kind:
            case Kind.ALERTS:
                self._follow(channel.farm_id, wish)
            case Kind.PULSE:
                listening = PulseSubscription(channel.farm_id, self._wake.set)
                self._service.pulses.join(listening)
                self._pulses[wish.id] = listening
            case _:
                assert_never(channel.kind)
        self._unanswered.add(wish.id)
        self._wake.set()

    def _follow(self, farm_id: FarmId, wish: Sub) -> None:
        since = wish.since
        subscription = Subscription(
            farm_id,
            None if since is None else since.epoch,
            0 if since is None else since.offset,
            self._has_work,
            queue_max=self._service.queue_max,
        )
        try:
            self._service.hub.join(subscription)
        except HubFullError as error:
            raise ClosedError(messages.CLOSE_TOO_MANY, str(error)) from error
        self._subscriptions[wish.id] = subscription

    def _unsubscribe(self, sub_id: int) -> None:
        subscription = self._subscriptions.pop(sub_id, None)
        if subscription is not None:
            self._service.hub.leave(subscription)
        listening = self._pulses.pop(sub_id, None)
        if listening is not None:
            self._service.pulses.leave(listening)

    def end(self, why: ClosedError) -> None:
        """Close the socket for this reason, whatever is being sent."""
        if not self._ended.done():
            self._ended.set_result(why)

    def _has_work(self) -> None:
        self._wake.set()
        if any(subscription.too_slow for subscription in self._subscriptions.values()):
            self.end(ClosedError(messages.CLOSE_TOO_SLOW, "you read too slowly: resume from here"))

    async def _until_ended(self) -> None:
        raise await self._ended  # beside the sending, which may hang in a client that reads not

    async def _write(self) -> None:
        """All that goes out, one after the other."""
        ping_at = asyncio.get_running_loop().time() + messages.HEARTBEAT_S
        while True:
            self._wake.clear()
            behind = False
            for sub_id, subscription in list(self._subscriptions.items()):
                behind |= not await self._serve(sub_id, subscription)
            await self._tell_pulses()
            await self._tell_age()
            now = asyncio.get_running_loop().time()
            if now >= ping_at:
                self._user()  # his session may have ended meanwhile
                await self._socket.send_text(
                    messages.ping(self._service.hub.as_of, self._service.clock.now())
                )
                ping_at = now + messages.HEARTBEAT_S
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(RETRY_S if behind else ping_at - now):
                    await self._wake.wait()

    async def _tell_pulses(self) -> None:
        """The newest of each that the client does not know."""
        for sub_id, listening in list(self._pulses.items()):
            if sub_id in self._unanswered:
                self._unanswered.discard(sub_id)
                await self._socket.send_text(messages.listens(sub_id, self._service.hub.epoch))
            newest = listening.take()
            if newest is not None:
                channel = Channel(listening.farm_id, Kind.PULSE)
                now = self._service.clock.now()
                await self._socket.send_text(messages.pulse(channel, now, newest))

    async def _tell_age(self) -> None:
        """Say once that we cannot know, and at once when we can again."""
        hub, now = self._service.hub, self._service.clock.now()
        if hub.stale and not self._told_stale:
            await self._socket.send_text(messages.stale(hub.as_of, now))
        elif self._told_stale and not hub.stale:
            await self._socket.send_text(messages.ping(hub.as_of, now))
        self._told_stale = hub.stale

    async def _serve(self, sub_id: int, subscription: Subscription) -> bool:
        """Send what waits, and read on where it is behind; False if Redis keeps us from it."""
        channel = Channel(subscription.farm_id, Kind.ALERTS)
        while True:
            while (change := subscription.take()) is not None:
                await self._socket.send_text(messages.event(channel, change))
            if subscription.live:
                return True
            try:
                if not await self._catch_up(sub_id, subscription, channel):
                    return False
            except ReadModelUnavailableError:
                return False

    async def _catch_up(self, sub_id: int, subscription: Subscription, channel: Channel) -> bool:
        """One page from the worklist; False if there is nothing to read though we are behind."""
        worklist, farm_id = self._service.worklist, subscription.farm_id
        page = None
        if subscription.epoch is not None:
            ask = partial(worklist.page, farm_id, subscription.epoch, subscription.position)
            page = await self._ask(ask)
        if page is None:
            view = await self._ask(partial(worklist.open_alerts, farm_id))
            subscription.starts_at(view.epoch, view.position)
            await self._socket.send_text(
                messages.loaded_anew(sub_id, view.epoch, view.position, view.as_of, view.alerts)
            )
            self._unanswered.discard(sub_id)
            return True
        if sub_id in self._unanswered:
            self._unanswered.discard(sub_id)
            await self._socket.send_text(
                messages.resumed(sub_id, page.epoch, subscription.position)
            )
        new = subscription.has_read(page)
        for change in new:
            await self._socket.send_text(messages.event(channel, change))
        return bool(new) or self._service.hub.go_live(subscription)

    async def _ask(self, question: Callable[[], T]) -> T:
        return await anyio.to_thread.run_sync(question, limiter=self._service.readers)


async def _first_of(*parts: Coroutine[None, None, None]) -> None:
    """Run all until one of them ends, end the others, and raise what it raised."""
    tasks = [asyncio.ensure_future(part) for part in parts]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()
