"""What the register needs of the MQTT broker: a credential for each collar and station."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from enum import StrEnum
from typing import Protocol

from contracts.ids import CollarId, FarmId


class Device(StrEnum):
    """What a credential is for. A weather station speaks like a collar; a base station for all."""

    COLLAR = "collar"
    BASE_STATION = "base-station"
    WEATHER_STATION = "weather-station"


class Credentials(Protocol):
    """Who may connect to the MQTT broker. Raises CredentialsRefusedError where it cannot."""

    def held(self) -> AbstractContextManager[None]:
        """While this is held nobody else makes credentials; `add` holds it itself."""
        ...

    def add(self, farm_id: FarmId, collar_id: CollarId, device: Device = Device.COLLAR) -> str:
        """A new password; a base station may speak for the farm's collars, others for themselves.

        What is let in already stays what it is: a collar never becomes a base station.
        """
        ...

    def add_all(self, farm_id: FarmId, passwords: Mapping[CollarId, str]) -> None:
        """Let many collars in with these passwords, in one write."""
        ...

    def new_password(self) -> str:
        """One that nobody can guess."""
        ...

    def revoke(self, collar_id: CollarId) -> None:
        """Shut the collar out; nothing happens if it is not let in."""
        ...

    def collars(self) -> tuple[CollarId, ...]:
        """The collars and stations that are let in."""
        ...

    def is_password(self, collar_id: CollarId, password: str) -> bool:
        """Whether the collar is let in with this password."""
        ...

    def is_reserved(self, collar_id: CollarId) -> bool:
        """Whether this is the name of a service."""
        ...


class PasswordList(Protocol):
    """The file in which whoever ordered credentials finds them. Raises CredentialsRefusedError."""

    def read(self, farm_id: FarmId) -> dict[CollarId, str]:
        """The passwords of the farm's collars that stand in it; none if there is no file."""
        ...

    def write(self, farm_id: FarmId, passwords: Mapping[CollarId, str]) -> None:
        """Add these, in one step that a crash cannot halve; a collar's older row is replaced."""
        ...
