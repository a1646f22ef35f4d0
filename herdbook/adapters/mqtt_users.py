"""Credentials of collars in the files that the MQTT broker reads."""

from pathlib import Path

from contracts.ids import CollarId, FarmId
from herdbook.domain.errors import CredentialsRefusedError
from runtime.mqtt_users import RESERVED_USERS, MqttUserError, MqttUsers


class MqttCredentials:
    """`Credentials` over the directory of users that box and broker share."""

    def __init__(self, directory: Path) -> None:
        self._users = MqttUsers(directory)

    def add(self, farm_id: FarmId, collar_id: CollarId) -> str:
        """A new password; raises CredentialsRefusedError for the name of a service."""
        try:
            return self._users.add_collar(farm_id, collar_id)
        except MqttUserError as error:
            raise CredentialsRefusedError(str(error)) from error

    def revoke(self, collar_id: CollarId) -> None:
        """Shut it out."""
        if collar_id in self.collars():
            self._users.revoke(collar_id)

    def collars(self) -> tuple[CollarId, ...]:
        """Everybody but the services."""
        names = (user.name for user in self._users.list())
        return tuple(CollarId(name) for name in names if name not in RESERVED_USERS)
