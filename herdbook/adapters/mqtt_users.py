"""Credentials of collars and stations in the files that the MQTT broker reads."""

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from contracts.ids import CollarId, FarmId
from herdbook.credentials import Device
from herdbook.domain.errors import CredentialsRefusedError
from runtime.mqtt_passwords import new_password
from runtime.mqtt_users import RESERVED_USERS, MqttUserError, MqttUsers


class MqttCredentials:
    """`Credentials` over the directory of users that box and broker share."""

    def __init__(self, directory: Path) -> None:
        self._users = MqttUsers(directory)

    @contextmanager
    def held(self) -> Iterator[None]:
        """By the directory itself: other processes let collars in, too."""
        self._users.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(self._users.directory, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def add(self, farm_id: FarmId, collar_id: CollarId, device: Device = Device.COLLAR) -> str:
        """A new password; refused for the name of a service, and to what is another device."""
        try:
            with self.held():
                if device is Device.BASE_STATION:
                    return self._users.add_base_station(farm_id, collar_id)
                return self._users.add_collar(farm_id, collar_id)
        except MqttUserError as error:
            raise CredentialsRefusedError(str(error)) from error

    def add_all(self, farm_id: FarmId, passwords: Mapping[CollarId, str]) -> None:
        """Let collars in; raises CredentialsRefusedError for the name of a service."""
        try:
            collars = [(farm_id, collar_id) for collar_id in passwords]
            self._users.add_collars(
                collars, {str(collar): one for collar, one in passwords.items()}
            )
        except MqttUserError as error:
            raise CredentialsRefusedError(str(error)) from error

    def new_password(self) -> str:
        """24 random characters; a spreadsheet would take one that begins with '-' for a formula."""
        while not (password := new_password())[0].isalnum():
            pass
        return password

    def revoke(self, collar_id: CollarId) -> None:
        """Shut it out."""
        if collar_id in self.collars():
            self._users.revoke(collar_id)

    def collars(self) -> tuple[CollarId, ...]:
        """Everybody but the services."""
        names = (user.name for user in self._users.list())
        return tuple(CollarId(name) for name in names if name not in RESERVED_USERS)

    def is_reserved(self, collar_id: CollarId) -> bool:
        """Whether a service is called so."""
        return collar_id in RESERVED_USERS

    def is_password(self, collar_id: CollarId, password: str) -> bool:
        """Whether it is let in with this one; takes a millisecond."""
        return self._users.verify(collar_id, password) is not None
