"""The prober of herd-clock: an upload of nobody's, every few seconds, to see whether it arrives.

It goes the way of every upload: published at QoS 1, delivered through the gateways' shared
subscription, behind whatever waits there, and answered on `…/ack`. It leaves no reading. Its
MQTT topic lies where no farm's can, so no collar may publish there; the token is random, so that an
answer belongs to one probe of this process. A probe nobody fetched expires at the broker: those of
a night without a gateway are not worked off in the morning.
"""

import secrets
import time
from collections.abc import Callable
from typing import Protocol

from contracts.clock import Clock
from contracts.topics import probe_topic
from gateway.bridge import Arrived
from gateway.hearing import Hearing

TOKEN_BYTES = 12
WAIT_S = 0.2  # an answer ends it at once; it only bounds how late a stop is noticed


class ProbeSource(Protocol):
    """The MQTT side."""

    subscribed: bool

    def turn(self, wait_s: float) -> list[Arrived]:
        """Serve the connection; the answers that came."""
        ...

    def acknowledge(self, arrived: Arrived) -> None:
        """PUBACK."""
        ...

    def publish(
        self, topic: str, payload: bytes, *, retain: bool, expires_s: int | None = None
    ) -> None:
        """Publish at QoS 1."""
        ...


class Prober:
    """One prober; `turn` is one round of its loop."""

    def __init__(  # noqa: PLR0913  what it speaks through, notes to, and how often
        self,
        source: ProbeSource,
        hearing: Hearing,
        clock: Clock,
        *,
        instance: str,
        every_s: float,
        expires_s: float,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._source = source
        self._hearing = hearing
        self._clock = clock
        self._topic = probe_topic(instance, "readings")
        self._every_s = every_s
        self._expires_s = max(1, int(expires_s))
        self._monotonic = monotonic
        self._next_at_s = 0.0

    def turn(self, wait_s: float = WAIT_S) -> None:
        """Note the answers that came; send the next probe if it is time and somebody listens."""
        for answer in self._source.turn(wait_s):
            self._hearing.answered(answer.payload, self._monotonic(), self._clock.now())
            self._source.acknowledge(answer)
        now_s = self._monotonic()
        # before we are subscribed an answer would be lost; and to a broker that is away nothing is
        # sent: it would be queued here and prove nothing later
        if self._source.subscribed and now_s >= self._next_at_s:
            self._next_at_s = now_s + self._every_s
            token = secrets.token_hex(TOKEN_BYTES).encode()
            self._hearing.sent(token, now_s, self._clock.now())
            self._source.publish(self._topic, token, retain=False, expires_s=self._expires_s)
