"""What the register needs of the MQTT broker: a credential for each collar."""

from typing import Protocol

from contracts.ids import CollarId, FarmId


class Credentials(Protocol):
    """Who may connect to the MQTT broker. Raises CredentialsRefusedError where it cannot."""

    def add(self, farm_id: FarmId, collar_id: CollarId) -> str:
        """A new password for the collar, which may use its own MQTT topics of this farm."""
        ...

    def revoke(self, collar_id: CollarId) -> None:
        """Shut the collar out; nothing happens if it is not let in."""
        ...

    def collars(self) -> tuple[CollarId, ...]:
        """The collars that are let in."""
        ...
