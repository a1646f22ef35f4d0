"""Credentials as files: what the broker is told, and that a change is whole or not there."""

import hashlib
import re
import stat
from pathlib import Path

import pytest

from contracts.ids import InvalidIdError
from runtime.mqtt_users import MqttUser, MqttUserError, MqttUsers, permission_lines


@pytest.fixture
def users(tmp_path: Path) -> MqttUsers:
    """An empty directory of credentials."""
    return MqttUsers(tmp_path / "mqtt-users")


def test_a_collar_may_use_its_own_four_topics_and_no_other(users: MqttUsers) -> None:
    """A stolen collar must be worth one animal's readings, not the farm's."""
    users.add_collar("farm-1", "c-1")

    (collar,) = users.list()
    assert collar.publish == ("herd/v1/farm-1/c-1/readings", "herd/v1/farm-1/c-1/status")
    assert collar.subscribe == ("herd/v1/farm-1/c-1/ack", "herd/v1/farm-1/c-1/rejects")


def test_the_password_is_kept_as_a_hash_that_the_broker_verifies(users: MqttUsers) -> None:
    """Who reads the files must not be able to speak for a collar."""
    password = users.add_collar("farm-1", "c-1")

    stored = (users.directory / "users.properties").read_text("utf-8")
    match = re.fullmatch(r"c-1=ENC\((\d+):([0-9a-f]+):([0-9a-f]+)\)\n", stored)
    assert match is not None
    iterations, salt, digest = int(match[1]), bytes.fromhex(match[2]), bytes.fromhex(match[3])
    assert hashlib.pbkdf2_hmac("sha1", password.encode(), salt, iterations, len(digest)) == digest
    assert not any(password in path.read_text("utf-8") for path in users.directory.iterdir())


def test_the_files_are_readable_by_their_owner_alone(users: MqttUsers) -> None:
    """Hashes are still worth guessing at."""
    users.add_collar("farm-1", "c-1")

    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in users.directory.iterdir()}
    assert stat.S_IMODE(users.directory.stat().st_mode) == 0o700
    assert {mode for name, mode in modes.items() if name != "lock"} == {0o600}


def test_a_wildcard_holder_keeps_its_permission_on_every_narrower_match() -> None:
    """The broker applies the most specific match alone: whoever is not named there is shut out."""
    gateway = MqttUser("gateway", "", publish=("herd/v1/+/+/ack",))
    collar = MqttUser("c-1", "", subscribe=("herd/v1/f/c-1/ack",))

    lines = permission_lines([gateway, collar])

    assert 'securityRoles."herd.v1.f.c-1.ack"."gateway".send=true' in lines
    assert 'securityRoles."herd.v1.f.c-1.ack"."c-1".consume=true' in lines
    assert 'securityRoles."herd.v1.*.*.ack"."gateway".send=true' in lines
    assert 'securityRoles."herd.v1.f.c-1.ack"."c-1".send=true' not in lines
    assert not any(line.startswith('securityRoles."herd.v1.*.*.ack"."c-1"') for line in lines)


def test_a_revoked_collar_is_gone_from_every_file(users: MqttUsers) -> None:
    """A name left in one of them would be a way in."""
    users.add_collars([("farm-1", "c-1"), ("farm-1", "c-2")])

    users.revoke("c-1")

    assert [user.name for user in users.list()] == ["c-2"]
    assert not any("c-1" in path.read_text("utf-8") for path in users.directory.iterdir())


def test_whom_nobody_knows_cannot_be_revoked(users: MqttUsers) -> None:
    """A mistyped id must not look like a revoked collar."""
    with pytest.raises(MqttUserError, match="No MQTT user is called 'c-9'"):
        users.revoke("c-9")


@pytest.mark.parametrize("name", ["gateway", "admin"])
def test_no_collar_takes_a_services_name(users: MqttUsers, name: str) -> None:
    """Its new password would shut the service out."""
    with pytest.raises(MqttUserError, match="name of a service"):
        users.add_collar("farm-1", name)


@pytest.mark.parametrize("name", ["a/b", "+", "#", "a.b", "", 'a"b', "a=b"])
def test_no_id_reaches_into_a_neighbours_topics(users: MqttUsers, name: str) -> None:
    """A wildcard or separator in an id would widen what it may do."""
    with pytest.raises(InvalidIdError):
        users.add_collar("farm-1", name)
    with pytest.raises(InvalidIdError):
        users.add_collar(name, "c-1")


def test_each_change_moves_the_time_that_the_broker_watches(users: MqttUsers) -> None:
    """It looks at whole milliseconds, and two changes within one would be one too few."""
    watched = users.directory / "permissions.properties"
    seen = []
    for number in range(5):
        users.add_collar("farm-1", f"c-{number}")
        seen.append(watched.stat().st_mtime_ns // 1_000_000)

    assert seen == sorted(set(seen))


def test_a_password_that_is_known_already_is_kept(users: MqttUsers) -> None:
    """A maker's firmware holds one; the others of the same write get new ones."""
    known = "burnt-into-the-firmware-17"

    passwords = users.add_collars([("farm-1", "c-1"), ("farm-1", "c-2")], {"c-1": known})

    assert passwords["c-1"] == known
    assert len(passwords["c-2"]) >= 20
