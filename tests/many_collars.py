"""Thousands of collars in one thread: the firmware's own buffer, each over a connection of its own.

What `firmware_sim` does with paho for a herd, this does with `tests.mqtt5` for a storm. The ledger
is the list of event ids that were measured: in memory, because nobody kills the test.
"""

import asyncio
import json
import random
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

from contracts.ids import CollarId, FarmId
from contracts.topics import mqtt_topic
from farmbox.box import Addresses
from firmware_sim.animal import Measures
from firmware_sim.collar import Buffered, Collar, Limits, payload_of
from runtime.mqtt_users import MqttUsers
from tests.gateway.surroundings import register
from tests.mqtt5 import Mqtt5

INTERVAL_S = 300
# A broker lets some hundreds a second in, each with its subscription. Who gives up sooner than the
# last of a storm can be served has his place in the queue served all the same, and comes again:
# with 20 s, ten thousand collars never came back.
CONNECT_MAX_S = 90.0
BACKOFF_S = 0.5
BACKOFF_MAX_S = 20.0
LOOK_AGAIN_S = 1.0  # at what is in flight and not answered
KEEPALIVE_S = 60
MEASURES = Measures(
    temperature_c=38.6,
    rumination_minutes=2.0,
    eating_minutes=1.0,
    lying_minutes=2.0,
    lying_bouts=0.0,
    steps=12.0,
    activity=33.0,
    drinking_minutes=0.2,
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a broker lets devices in."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Manners:
    """How a collar sends and comes back. session_s: what the broker keeps; 0 = it starts clean.

    Ten thousand clean sessions are hard on Artemis: at the end of each it looks through all others.
    """

    limits: Limits
    backoff_max_s: float = BACKOFF_MAX_S
    session_s: int = 0


class Device:
    """One collar on its farm. answered: (monotonic seconds, seconds it took) of each upload."""

    def __init__(
        self,
        farm_id: FarmId,
        collar_id: CollarId,
        password: str,
        manners: Manners,
        *,
        seed: int = 0,
    ) -> None:
        self._draw = random.Random(seed).random  # noqa: S311  no secret
        self.collar = Collar(collar_id, boot_id=1, jitter=self._draw, limits=manners.limits)
        self.event_ids: list[str] = []
        self.answered: list[tuple[float, float]] = []
        self.connections = 0
        self._is_subscribed = False
        self._password = password
        self._manners = manners
        self._topic = mqtt_topic(farm_id, collar_id, "readings")
        self._ack = mqtt_topic(farm_id, collar_id, "ack")
        self._began = datetime.now(UTC) - timedelta(days=5)
        self._in_flight: tuple[Buffered, ...] = ()
        self._sent_s = 0.0
        self._wake = asyncio.Event()

    def measure(self, count: int) -> None:
        """So many readings more, five minutes apart, the first of them days ago."""
        for _ in range(count):
            at = self._began + timedelta(seconds=INTERVAL_S * (len(self.event_ids) % 1000))
            self.event_ids.append(self.collar.measured(MEASURES, at, INTERVAL_S).event_id)
        self._wake.set()

    async def run(self, place: Place) -> None:
        """Connect, send, hear; again and again until cancelled."""
        tries = 0
        while True:
            try:
                async with asyncio.timeout(CONNECT_MAX_S):
                    line = await self._connected(place)
            except OSError:  # TimeoutError is one
                await self._rested(tries)
                tries += 1
                continue
            tries = 1  # after a connection that held, too, nobody comes back in the same instant
            self.connections += 1
            self.collar.connected(time.monotonic())
            await self._serve(line)
            await self._rested(tries)

    async def _rested(self, tries: int) -> None:
        """Full jitter: whoever lost a broker with ten thousand others must not return as one."""
        wait_s = self._draw() * min(self._manners.backoff_max_s, BACKOFF_S * 2.0**tries)
        until_s = time.monotonic() + wait_s
        while (left_s := until_s - time.monotonic()) > 0:
            self._wake.clear()
            await self._woken(left_s)

    async def _connected(self, place: Place) -> Mqtt5:
        line = await Mqtt5.connect(
            place.host,
            place.port,
            client_id=self.collar.collar_id,
            user=self.collar.collar_id,
            password=self._password,
            heard=self._heard,
            gone=self._wake.set,
            keepalive_s=KEEPALIVE_S,
            session_s=self._manners.session_s,
        )
        if line.is_resumed and self._is_subscribed:
            return line  # a session that was refused its subscription is resumed without it
        try:
            await line.subscribe([self._ack])
        except BaseException:
            line.close()
            raise
        self._is_subscribed = True
        return line

    async def _serve(self, line: Mqtt5) -> None:
        try:
            while not line.lost.is_set():
                self._wake.clear()
                upload = self.collar.upload(time.monotonic())
                if upload:
                    if upload is not self._in_flight:
                        self._in_flight, self._sent_s = upload, time.monotonic()
                    line.publish(self._topic, payload_of(upload, datetime.now(UTC)))
                await self._woken(LOOK_AGAIN_S if len(self.collar) else KEEPALIVE_S / 2)
                line.ping()
        finally:
            line.close()

    async def _woken(self, within_s: float) -> None:
        """Wait for an answer, a reading or the end of the connection, at most so long."""
        try:
            async with asyncio.timeout(within_s):
                await self._wake.wait()
        except TimeoutError:
            return

    def _heard(self, _topic: str, payload: bytes) -> None:
        told = json.loads(payload)
        self.collar.answered(told["boot_id"], told["seq"])
        last = self._in_flight[-1] if self._in_flight else None
        if last is not None and told["boot_id"] == last.boot_id and told["seq"] >= last.seq:
            now_s = time.monotonic()
            self.answered.append((now_s, now_s - self._sent_s))
            self._in_flight = ()
        self._wake.set()


class ManyCollars:
    """Devices on a loop in a thread of its own; asked and told from the test's."""

    def __init__(self, devices: Iterable[Device], place: Place) -> None:
        self.devices = list(devices)
        self._place = place
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="collars", daemon=True)

    def __enter__(self) -> Self:
        """All set off at once."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """All hang up."""
        self._loop.call_soon_threadsafe(self._stop)
        self._thread.join(30)

    def measure(self, count: int, devices: Iterable[Device] | None = None) -> None:
        """So many readings more of each of these devices, of all if none are named."""
        chosen = self.devices if devices is None else list(devices)
        done = threading.Event()

        def measured() -> None:
            for device in chosen:
                device.measure(count)
            done.set()

        self._loop.call_soon_threadsafe(measured)
        assert done.wait(60)

    def buffered(self) -> int:
        """Readings that no answer has come for."""
        return sum(len(device.collar) for device in self.devices)

    def connected(self) -> int:
        """Devices that were let in at least once."""
        return sum(device.connections > 0 for device in self.devices)

    def event_ids(self) -> set[str]:
        """Of all that was measured."""
        return {event_id for device in self.devices for event_id in device.event_ids}

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._tasks = [self._loop.create_task(one.run(self._place)) for one in self.devices]
        self._loop.run_forever()
        self._loop.run_until_complete(asyncio.gather(*self._tasks, return_exceptions=True))
        self._loop.close()

    def _stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        self._loop.stop()


def peak_memory_mb(pid: int | None) -> int:
    """The most a process ever had resident."""
    status = Path(f"/proc/{pid}/status").read_text("utf-8")
    return int(next(line.split()[1] for line in status.splitlines() if "VmHWM" in line)) // 1024


def registered(
    box: Addresses, farm_id: FarmId, names: Iterable[CollarId], users: MqttUsers | None = None
) -> dict[CollarId, str]:
    """Passwords of collars that the gateways know. users: of another broker than the box's."""
    collars = list(names)
    users = users or MqttUsers(box.mqtt_users)
    passwords = users.add_collars([(farm_id, one) for one in collars])
    register(box, farm_id, collars)
    return {collar: passwords[collar] for collar in collars}
