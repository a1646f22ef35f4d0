"""Who may connect to the MQTT broker, and what for: files that Artemis and mosquitto read.

One credential a collar, station or service, permissions by topic. `credentials.json` is the truth;
what the brokers read is written anew from it after each change, each file by an atomic rename:

- Artemis: `users.properties` and `roles.properties` (JAAS, read again at the next login) and
  `permissions.properties` (broker properties; the broker watches the file's time and reads it again
  within half a second).
- mosquitto: `mosquitto.passwords` and `mosquitto.acl`, read again on SIGHUP.

Rejected: Artemis' permissions as XML, included into the broker's own. Reading it again takes a time
that grows with the square of the collars: 45 s for 1,000, where properties take less than one.
"""

import fcntl
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from contracts.ids import CollarId, FarmId, checked_id
from contracts.topics import MQTT_CHANNELS, mqtt_topic
from runtime.mqtt_broker_files import artemis_permissions, artemis_roles, mosquitto_acl
from runtime.mqtt_passwords import (
    NOBODYS_HASH,
    artemis_hash,
    is_password,
    mosquitto_hash,
    new_password,
)
from runtime.mqtt_user import MqttUser, UserKind

USABLE_WITHIN_S = 2.0  # a new credential; half a second; beside 5,000 others the broker takes 2 s
RESERVED_USERS = frozenset({"gateway", "herd-clock", "admin"})


class MqttUserError(Exception):
    """A credential that cannot be made or taken away; the message says why."""


class MqttUsers:
    """The credentials of one broker, in a directory of mode 0700 that the broker reads too."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._known: tuple[object, dict[str, MqttUser]] = (None, {})

    def add(
        self,
        user: str,
        password: str,
        *,
        publish: Iterable[str] = (),
        subscribe: Iterable[str] = (),
    ) -> None:
        """Let a service in with `password`, or give it a new password and new topics."""
        name = checked_id("MQTT user", user)
        with self._changing() as users:
            users[name] = _user(name, password, UserKind.SERVICE, publish, subscribe)

    def add_collar(self, farm_id: str, collar_id: str) -> str:
        """A new password for the collar, who may use its own four MQTT topics alone.

        A collar that is there already gets a new password, and the topics of `farm_id`. A weather
        station that publishes itself is let in the same way.
        """
        return self.add_collars([(farm_id, collar_id)])[collar_id]

    def add_collars(
        self, collars: Sequence[tuple[str, str]], given: Mapping[str, str] | None = None
    ) -> dict[str, str]:
        """Passwords by collar for many (farm_id, collar_id) at once: one write, one reload.

        given: passwords that are known already, by collar; the others get new ones.
        """
        passwords = {collar_id: new_password() for _, collar_id in collars} | dict(given or {})
        added = [_collar(farm, collar, passwords[collar]) for farm, collar in collars]
        with self._changing() as users:
            for user in added:
                _put(users, user)
        return passwords

    def add_base_station(self, farm_id: str, station_id: str) -> str:
        """A new password for a radio box that speaks for the farm's collars, and hears nothing.

        It may publish readings of every collar of its farm, and what a LoRaWAN server says of it.
        """
        password = new_password()
        checked_id("farm", farm_id)
        every_collar = f"herd/v1/{farm_id}/+/readings"
        # `+/#` for `#`: of two matches of one length Artemis takes either, and on a farm with an id
        # of one letter `lorawan.v1.*.#`, which lets the gateways hear, would be one of them
        publish = (every_collar, f"lorawan/v1/{farm_id}/+/#")
        name = _free_name("base station", station_id)
        with self._changing() as users:
            _put(users, _user(name, password, UserKind.BASE_STATION, publish, ()))
        return password

    def revoke(self, user: str) -> None:
        """Shut `user` out: no new connection, and open ones can do nothing after 2 s."""
        with self._changing() as users:
            if users.pop(user, None) is None:
                raise MqttUserError(f"No MQTT user is called {user!r}: see `herd collar list`.")

    def verify(self, user: str, password: str) -> MqttUser | None:
        """The user, if that is the password; None in the same time if not, or if it is nobody's.

        What was added or revoked meanwhile counts at once; the file is read again only then.
        """
        found = self._by_name().get(user)
        is_it = is_password(password, NOBODYS_HASH if found is None else found.password_hash)
        return found if is_it else None

    def list(self) -> tuple[MqttUser, ...]:
        """All users, by name."""
        try:
            text = self._truth.read_text(encoding="utf-8")
        except FileNotFoundError:
            return ()
        return tuple(_from_truth(one) for one in msgspec.json.decode(text))

    def _by_name(self) -> dict[str, MqttUser]:
        try:
            found = self._truth.stat()
        except FileNotFoundError:
            return {}
        version = (found.st_ino, found.st_mtime_ns)  # each change is a file of its own
        if version != self._known[0]:
            self._known = (version, {user.name: user for user in self.list()})
        return self._known[1]

    @property
    def _truth(self) -> Path:
        return self.directory / "credentials.json"

    @contextmanager
    def _changing(self) -> Iterator[dict[str, MqttUser]]:
        """The users by name, to be changed in place; written back unless an error comes out."""
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Several processes change these: the box, `herd collar add`, the api.
        with (self.directory / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            users = {user.name: user for user in self.list()}
            before = users.keys() - ()
            yield users
            if before - users.keys():
                self._write_truth(users)  # cut short, nobody who was shut out comes back
            self._write(sorted(users.values(), key=lambda user: user.name))
            # cut short, whoever is not let in yet does not count as such: the next try heals it
            self._write_truth(users)

    def _write_truth(self, users: Mapping[str, MqttUser]) -> None:
        listed = sorted(users.values(), key=lambda user: user.name)
        truth = msgspec.json.format(msgspec.json.encode(listed), indent=1)
        _replace(self._truth, truth.decode() + "\n")

    def _write(self, users: Sequence[MqttUser]) -> None:
        # Permissions first: who can log in must already be allowed what he came for.
        permissions = artemis_permissions(users)
        _replace(self.directory / "permissions.properties", _lines(permissions))
        _replace(self.directory / "roles.properties", _lines(artemis_roles(users)))
        logins = (f"{user.name}={user.password_hash}" for user in users)
        _replace(self.directory / "users.properties", _lines(logins))
        _replace(self.directory / "mosquitto.acl", _lines(mosquitto_acl(users)))
        logins = (f"{user.name}:{user.mosquitto_hash}" for user in users if user.mosquitto_hash)
        _replace(self.directory / "mosquitto.passwords", _lines(logins))


def _user(
    name: str, password: str, kind: UserKind, publish: Iterable[str], subscribe: Iterable[str]
) -> MqttUser:
    return MqttUser(
        name,
        artemis_hash(password),
        tuple(publish),
        tuple(subscribe),
        kind,
        mosquitto_hash(password),
    )


def _collar(farm_id: str, collar_id: str, password: str) -> MqttUser:
    farm, collar = FarmId(checked_id("farm", farm_id)), CollarId(_free_name("collar", collar_id))
    own = {channel: mqtt_topic(farm, collar, channel) for channel in MQTT_CHANNELS}
    publish, subscribe = (own["readings"], own["status"]), (own["ack"], own["rejects"])
    return _user(collar, password, UserKind.COLLAR, publish, subscribe)


def _free_name(what: str, device_id: str) -> str:
    """The id of a device, if it is one and no service's."""
    if checked_id(what, device_id) in RESERVED_USERS:
        raise MqttUserError(f"{device_id!r} is the name of a service: call the {what} otherwise.")
    return device_id


def _put(users: dict[str, MqttUser], user: MqttUser) -> None:
    """Add a device, or give it a new password; a collar never becomes a base station by that."""
    before = users.get(user.name, user)
    if before.kind is not user.kind:
        kind = before.kind.replace("_", " ")
        raise MqttUserError(f"{user.name!r} is the credential of a {kind} already.")
    users[user.name] = user


def _from_truth(one: dict[str, Any]) -> MqttUser:
    """A user as stored; what an older Herdlog wrote knew no kinds, and nothing of mosquitto."""
    kind = UserKind.SERVICE if one["name"] in RESERVED_USERS else UserKind.COLLAR
    return MqttUser(
        one["name"],
        one["password_hash"],
        tuple(one["publish"]),
        tuple(one["subscribe"]),
        UserKind(one.get("kind", kind)),
        one.get("mosquitto_hash", ""),
    )


def _lines(lines: Iterable[str]) -> str:
    return "".join(line + "\n" for line in lines)


def _replace(path: Path, text: str) -> None:
    """Put `text` in place of the file in one step, readable by its owner alone."""
    before_ns = path.stat().st_mtime_ns if path.exists() else 0
    scratch = path.with_name(path.name + ".new")
    descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    # The broker sees a change by whole milliseconds: two within one would be taken for none.
    changed_ns = max(scratch.stat().st_mtime_ns, before_ns + 1_000_000)
    os.utime(scratch, ns=(changed_ns, changed_ns))
    scratch.replace(path)
