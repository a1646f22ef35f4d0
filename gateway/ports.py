"""What the bridge stands between: the MQTT side and the Kafka side, and what bounds them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from gateway.intake import Readings, Refusal


class Arrived(NamedTuple):
    """One PUBLISH from the broker. epoch: which connection it came on, mid: its packet id."""

    mqtt_topic: str
    payload: bytes
    mid: int
    qos: int
    epoch: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """waiting: uploads that are here and not judged. records: handed to Kafka, not confirmed."""

    records_in_flight_max: int = 20_000
    waiting_max: int = 1000
    waiting_bytes_max: int = 64 * 1024 * 1024


class Source(Protocol):
    """The MQTT side."""

    def turn(self, wait_s: float, *, reading: bool = True) -> list[Arrived]:
        """Serve the connection; what arrived, waiting at most `wait_s` for something to.

        reading: whether to take anything more from the socket; all else goes on.
        """
        ...

    def epoch(self) -> int:
        """The number of the connection now; acknowledgements of others are worthless."""
        ...

    def acknowledge(self, arrived: Arrived) -> None:
        """PUBACK; dropped if the message came on another connection."""
        ...

    def publish(self, topic: str, payload: bytes, *, retain: bool) -> None:
        """Publish at QoS 1; may be dropped if too many wait for the broker."""
        ...

    def close(self) -> None:
        """Leave in order; the session stays at the broker."""
        ...


class Sink(Protocol):
    """The Kafka side. `then` runs inside `poll`, once all that it was given for is confirmed."""

    @property
    def in_flight(self) -> int:
        """Records taken and not yet confirmed."""
        ...

    def readings(self, readings: Readings, then: Callable[[], None]) -> None:
        """Take the readings of one upload, at least one; they are sent by `hand_over`."""
        ...

    def hand_over(self) -> None:
        """Send all readings that were taken since the last time, together; no-op without any."""
        ...

    def letter(
        self, refusal: Refusal, arrived: Arrived, received_at: datetime, then: Callable[[], None]
    ) -> None:
        """Send one dead letter."""
        ...

    def poll(self, wait_s: float) -> None:
        """Serve confirmations; raises if Kafka gave a record up."""
        ...
