"""Who may connect to the MQTT broker, and what for: files that Artemis reads again while it runs.

One credential a collar, permissions by topic. `credentials.json` is the truth; the files that the
broker reads are written anew from it after each change, each by an atomic rename:
`users.properties` and `roles.properties` (JAAS, read again at the next login) and
`permissions.properties` (broker properties; the broker watches the file's time and reads it again
within half a second). Every user has the one role of its own name. The broker applies only the
most specific match of an address, so a match of a publisher lists wildcard publishers too.

Rejected: permissions as XML, included into the broker's own. Reading it again takes a time that
grows with the square of the collars: 45 s for 1,000, where properties take less than one.
"""

import fcntl
import hashlib
import json
import os
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from contracts.ids import checked_id

PASSWORD_BYTES = 18  # 24 characters, 144 bits: guessing is hopeless, hashing slowly adds nothing
HASH_ITERATIONS = 1024  # Artemis' own default, a millisecond a login
HASH_BYTES = 64
SALT_BYTES = 32
USABLE_WITHIN_S = 2.0  # a new credential; measured: half a second, a second beside 1,000 others
RESERVED_USERS = frozenset({"gateway", "herd-clock", "admin"})

PUBLISH = ("send", "createAddress")
# Durable alone: an MQTT 5 subscription always is one.
SUBSCRIBE = ("consume", "createAddress", "createDurableQueue", "deleteDurableQueue")


class MqttUserError(Exception):
    """A credential that cannot be made or taken away; the message says why."""


@dataclass(frozen=True, slots=True)
class MqttUser:
    """One credential. `publish` and `subscribe` hold MQTT topic filters, without `$share/…/`."""

    name: str
    password_hash: str
    publish: tuple[str, ...] = ()
    subscribe: tuple[str, ...] = ()


class MqttUsers:
    """The credentials of one broker, in a directory of mode 0700 that the broker reads too."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def add(
        self,
        user: str,
        password: str,
        *,
        publish: Iterable[str] = (),
        subscribe: Iterable[str] = (),
    ) -> None:
        """Let `user` in with `password`, or give it a new password and new topics."""
        name = checked_id("MQTT user", user)
        added = MqttUser(name, hash_password(password), tuple(publish), tuple(subscribe))
        with self._changing() as users:
            users[name] = added

    def add_collar(self, farm_id: str, collar_id: str) -> str:
        """A new password for the collar, who may use its own four MQTT topics alone.

        A collar that is there already gets a new password, and the topics of `farm_id`.
        """
        return self.add_collars([(farm_id, collar_id)])[collar_id]

    def add_collars(
        self, collars: Sequence[tuple[str, str]], given: Mapping[str, str] | None = None
    ) -> dict[str, str]:
        """Passwords by collar for many (farm_id, collar_id) at once: one write, one reload.

        given: passwords that are known already, by collar; the others get new ones.
        """
        passwords = {collar_id: secrets.token_urlsafe(PASSWORD_BYTES) for _, collar_id in collars}
        passwords |= given or {}
        added = [_collar(farm, collar, passwords[collar]) for farm, collar in collars]
        with self._changing() as users:
            users.update((user.name, user) for user in added)
        return passwords

    def revoke(self, user: str) -> None:
        """Shut `user` out: no new connection, and open ones can do nothing after 2 s."""
        with self._changing() as users:
            if users.pop(user, None) is None:
                raise MqttUserError(f"No MQTT user is called {user!r}: see `herd collar list`.")

    def list(self) -> tuple[MqttUser, ...]:
        """All users, by name."""
        try:
            text = self._truth.read_text(encoding="utf-8")
        except FileNotFoundError:
            return ()
        return tuple(
            MqttUser(u["name"], u["password_hash"], tuple(u["publish"]), tuple(u["subscribe"]))
            for u in json.loads(text)
        )

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
            yield users
            self._write(sorted(users.values(), key=lambda user: user.name))

    def _write(self, users: Sequence[MqttUser]) -> None:
        truth = json.dumps([asdict(user) for user in users], indent=1)
        _replace(self._truth, truth + "\n")
        # Permissions first: who can log in must already be allowed what he came for.
        _replace(self.directory / "permissions.properties", _lines(permission_lines(users)))
        _replace(self.directory / "roles.properties", _lines(f"{u.name}={u.name}" for u in users))
        logins = (f"{user.name}={user.password_hash}" for user in users)
        _replace(self.directory / "users.properties", _lines(logins))


def hash_password(password: str) -> str:
    """`ENC(iterations:salt:hash)`, PBKDF2 with SHA-1, as Artemis' default codec verifies it."""
    salt = secrets.token_bytes(SALT_BYTES)
    digest = hashlib.pbkdf2_hmac("sha1", password.encode(), salt, HASH_ITERATIONS, HASH_BYTES)
    return f"ENC({HASH_ITERATIONS}:{salt.hex()}:{digest.hex()})"


def permission_lines(users: Sequence[MqttUser]) -> list[str]:
    """Broker properties that allow each user its topics, and nobody anything else.

    One line a permission: `securityRoles."ADDRESS"."ROLE".PERMISSION=true`. A wildcard subscription
    is asked for under its own address, so only wildcard publishers are repeated at narrower ones.
    """
    publish = [(topic, user.name, PUBLISH) for user in users for topic in user.publish]
    subscribe = [(topic, user.name, SUBSCRIBE) for user in users for topic in user.subscribe]
    wide = [(topic, name) for topic, name, _ in publish if _is_wildcard(topic)]
    allowed: dict[str, set[tuple[str, str]]] = {}
    for topic, name, permissions in (*publish, *subscribe):
        allowed.setdefault(topic, set()).update((name, one) for one in permissions)
    for topic, pairs in allowed.items():
        for wide_topic, name in wide:
            if _covers(wide_topic, topic):
                pairs.update((name, one) for one in PUBLISH)
    return [
        f'securityRoles."{_address(topic)}"."{name}".{permission}=true'
        for topic, pairs in sorted(allowed.items())
        for name, permission in sorted(pairs)
    ]


def _collar(farm_id: str, collar_id: str, password: str) -> MqttUser:
    checked_id("farm", farm_id)
    if checked_id("collar", collar_id) in RESERVED_USERS:
        raise MqttUserError(f"{collar_id!r} is the name of a service: call the collar otherwise.")
    own = f"herd/v1/{farm_id}/{collar_id}"
    return MqttUser(
        collar_id,
        hash_password(password),
        publish=(f"{own}/readings", f"{own}/status"),
        subscribe=(f"{own}/ack", f"{own}/rejects"),
    )


def _address(topic: str) -> str:
    """The broker's address for an MQTT topic filter: `a/+/b` is `a.*.b`."""
    return topic.replace("/", ".").replace("+", "*")


def _is_wildcard(topic: str) -> bool:
    return "+" in topic or "#" in topic


def _covers(wide: str, topic: str) -> bool:
    """Whether every topic that `topic` names or matches is matched by the filter `wide` too."""
    levels = topic.split("/")
    for number, level in enumerate(wide.split("/")):
        if level == "#":
            return True
        if number >= len(levels) or levels[number] == "#" or level not in ("+", levels[number]):
            return False
    return len(levels) == len(wide.split("/"))


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
