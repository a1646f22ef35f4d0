"""The farms' pulses on their way to the sockets: the last value wins, nothing is kept or repeated.

Pure state beside the hub of the changes: a pulse says how fresh the readings are, so an old one is
worth nothing. A socket that reads slowly misses some and holds one at most.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from contracts.ids import FarmId


@dataclass(frozen=True, slots=True)
class FarmPulse:
    """How fresh what we hear of a farm is. Times are aware UTC, None = nothing heard yet.

    heard: animals with a reading in the hour before the newest. animals: of the register, None =
    it could not be asked yet.
    """

    newest_reading_at: datetime | None
    newest_received_at: datetime | None
    heard: int
    animals: int | None


class PulseSubscription:
    """One socket's wish to hear a farm's pulse. wake: called when there is a new one."""

    def __init__(self, farm_id: FarmId, wake: Callable[[], None]) -> None:
        self.farm_id = farm_id
        self._wake = wake
        self._newest: FarmPulse | None = None
        self._told: FarmPulse | None = None

    def offer(self, pulse: FarmPulse) -> None:
        """A pulse that was just felt; it replaces one that was not taken yet."""
        self._newest = pulse
        if pulse != self._told:
            self._wake()

    def take(self) -> FarmPulse | None:
        """The newest pulse, if the client does not know it yet."""
        if self._newest == self._told:
            return None
        self._told = self._newest
        return self._told


class Pulses:
    """All such subscriptions of this process. Touched by the event loop's thread only."""

    def __init__(self) -> None:
        self._by_farm: dict[FarmId, set[PulseSubscription]] = {}

    def join(self, subscription: PulseSubscription) -> None:
        """Hear the farm's pulse from the next one on."""
        self._by_farm.setdefault(subscription.farm_id, set()).add(subscription)

    def leave(self, subscription: PulseSubscription) -> None:
        """Hear it no more; a farm that nobody listens to is not felt."""
        others = self._by_farm.get(subscription.farm_id, set())
        others.discard(subscription)
        if not others:
            self._by_farm.pop(subscription.farm_id, None)

    def farms(self) -> tuple[FarmId, ...]:
        """The farms that somebody listens to."""
        return tuple(self._by_farm)

    def felt(self, farm_id: FarmId, pulse: FarmPulse) -> None:
        """Hand a pulse to all who listen."""
        for subscription in self._by_farm.get(farm_id, set()):
            subscription.offer(pulse)
