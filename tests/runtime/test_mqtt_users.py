"""Credentials as files: what the broker is told, and that a change is whole or not there."""

import base64
import hashlib
import json
import re
import stat
import subprocess
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from contracts.ids import InvalidIdError, is_id
from runtime import mqtt_users
from runtime.mqtt_user import UserKind, may_publish
from runtime.mqtt_users import MqttUserError, MqttUsers
from tests.conftest import FULL_SIZE


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


def test_a_wildcard_publisher_keeps_its_permission_on_every_narrower_match(
    users: MqttUsers,
) -> None:
    """Artemis applies the most specific match alone: whoever is not named there is shut out."""
    users.add("gateway", "x", publish=["herd/v1/+/+/ack"])
    users.add_collar("f", "c-1")

    lines = (users.directory / "permissions.properties").read_text("utf-8").splitlines()
    roles = (users.directory / "roles.properties").read_text("utf-8").splitlines()

    assert 'securityRoles."herd.v1.f.c-1.ack"."publishers.herd.v1.*.*.ack".send=true' in lines
    assert 'securityRoles."herd.v1.*.*.ack"."publishers.herd.v1.*.*.ack".send=true' in lines
    assert "publishers.herd.v1.*.*.ack=gateway" in roles
    assert 'securityRoles."herd.v1.f.c-1.ack"."c-1".consume=true' in lines
    assert 'securityRoles."herd.v1.f.c-1.ack"."c-1".send=true' not in lines
    assert not any(line.startswith('securityRoles."herd.v1.*.*.ack"."c-1"') for line in lines)


def test_a_base_station_speaks_for_its_farm_alone_and_hears_nothing(users: MqttUsers) -> None:
    """It hangs on a mast by the road: whoever takes it must not hear the farm."""
    users.add_base_station("farm-1", "mast-1")

    (station,) = users.list()
    assert station.kind is UserKind.BASE_STATION
    assert station.subscribe == ()
    assert may_publish(station, "herd/v1/farm-1/c-1/readings")
    assert may_publish(station, "lorawan/v1/farm-1/application/7/device/x/event/up")
    for topic in (
        "herd/v1/farm-2/c-1/readings",
        "herd/v1/farm-1/c-1/ack",
        "herd/v1/farm-1/c-1/status",
        "herd/v1/_/1/readings",
        "lorawan/v1/farm-2/x",
        "lorawan/v1/+/x",
        "lorawan/v1/farm-1/#",
        "herd/v1/farm-1/+/readings",
        "$share/g/herd/v1/farm-1/c-1/readings",
    ):
        assert not may_publish(station, topic), topic


def test_the_lines_of_a_farm_do_not_grow_with_its_base_stations(users: MqttUsers) -> None:
    """The broker reads them all again at every change, in the time that a new collar waits."""
    users.add_collars([("farm-1", f"c-{number}") for number in range(50)])
    watched = users.directory / "permissions.properties"
    users.add_base_station("farm-1", "mast-1")
    with_one = watched.read_text("utf-8")

    for number in range(2, 10):
        users.add_base_station("farm-1", f"mast-{number}")

    assert watched.read_text("utf-8") == with_one


def test_a_collar_never_becomes_a_base_station_by_its_name(users: MqttUsers) -> None:
    """An id used twice in a list would hand one cow's collar the whole farm."""
    users.add_collar("farm-1", "x-1")
    users.add_base_station("farm-1", "mast-1")

    with pytest.raises(MqttUserError, match="credential of a collar already"):
        users.add_base_station("farm-1", "x-1")
    with pytest.raises(MqttUserError, match="credential of a base station already"):
        users.add_collar("farm-1", "mast-1")


def test_a_password_is_verified_as_the_broker_does(users: MqttUsers) -> None:
    """Webhooks come past the broker, with the same credentials."""
    password = users.add_base_station("farm-1", "mast-1")

    found = users.verify("mast-1", password)

    assert found is not None
    assert found.name == "mast-1"
    assert users.verify("mast-1", password + "x") is None
    assert users.verify("mast-1", "") is None
    assert users.verify("nobody", password) is None


def test_what_another_process_changed_counts_at_the_next_question(users: MqttUsers) -> None:
    """The process that answers webhooks is not the one that adds and revokes."""
    elsewhere = MqttUsers(users.directory)
    assert elsewhere.verify("mast-1", "x") is None
    old = users.add_base_station("farm-1", "mast-1")
    assert elsewhere.verify("mast-1", old)
    new = users.add_base_station("farm-1", "mast-1")
    assert not elsewhere.verify("mast-1", old)
    assert elsewhere.verify("mast-1", new)

    users.revoke("mast-1")

    assert not elsewhere.verify("mast-1", new)


@pytest.mark.mosquitto
def test_mosquitto_s_own_program_writes_hashes_of_the_same_form(
    users: MqttUsers, tmp_path: Path
) -> None:
    """That mosquitto lets our users in is shown with a broker; this names what moved if not."""
    password = users.add_collar("farm-1", "c-1")
    theirs = tmp_path / "theirs"
    program = ["mosquitto_passwd", "-b", "-c", str(theirs), "c-1", password]
    subprocess.run(program, check=True, capture_output=True)

    ours = (users.directory / "mosquitto.passwords").read_text("utf-8")
    form = re.compile(r"c-1:\$7\$101\$([A-Za-z0-9+/]{16})\$([A-Za-z0-9+/]{86}==)\n")
    match = form.fullmatch(theirs.read_text("utf-8"))

    assert form.fullmatch(ours)
    assert match is not None
    salt, digest = (base64.b64decode(part) for part in match.groups())
    assert hashlib.pbkdf2_hmac("sha512", password.encode(), salt, 101) == digest


def test_what_an_older_herdlog_wrote_is_still_a_credential(users: MqttUsers) -> None:
    """An update must not send anybody to every barn with new passwords."""
    password = users.add_collar("farm-1", "c-1")
    truth = users.directory / "credentials.json"
    (stored,) = json.loads(truth.read_text("utf-8"))
    old = {k: v for k, v in stored.items() if k not in {"kind", "mosquitto_hash"}}
    truth.write_text(json.dumps([old]), "utf-8")

    users.add_collar("farm-1", "c-2")

    known = users.verify("c-1", password)
    assert known is not None
    assert known.kind is UserKind.COLLAR
    assert "c-1:" not in (users.directory / "mosquitto.passwords").read_text("utf-8")
    assert "c-2:" in (users.directory / "mosquitto.passwords").read_text("utf-8")


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
    with pytest.raises(MqttUserError, match="name of a service"):
        users.add_base_station("farm-1", name)


@pytest.mark.parametrize("name", ["a/b", "+", "#", "a.b", "", 'a"b', "a=b"])
def test_no_id_reaches_into_a_neighbours_topics(users: MqttUsers, name: str) -> None:
    """A wildcard or separator in an id would widen what it may do."""
    with pytest.raises(InvalidIdError):
        users.add_collar("farm-1", name)
    with pytest.raises(InvalidIdError):
        users.add_collar(name, "c-1")
    with pytest.raises(InvalidIdError):
        users.add_base_station("farm-1", name)
    with pytest.raises(InvalidIdError):
        users.add_base_station(name, "mast-1")


@given(st.text(max_size=60) | st.from_regex(r"[a-z0-9/+#$%. -]{1,50}", fullmatch=True))
@settings(max_examples=10_000 if FULL_SIZE else 300)
def test_whatever_is_no_id_is_no_credential(name: str) -> None:
    """A name is a topic level, a line of a file and a role: nothing may come out of its place."""
    assume(not is_id(name))
    nowhere = MqttUsers(Path("/nonexistent/mqtt-users"))  # nothing is written for it

    for add in (nowhere.add_collar, nowhere.add_base_station):
        with pytest.raises(InvalidIdError):
            add("farm-1", name)
        with pytest.raises(InvalidIdError):
            add(name, "c-1")


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


@pytest.mark.parametrize("written", range(6))
def test_a_change_that_is_cut_short_is_healed_by_the_next(
    users: MqttUsers, written: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Six files are written one by one: whoever is not in all of them is not let in yet."""
    users.add_collar("home", "c-1")
    real, left = mqtt_users._replace, iter(range(written))

    def cut(path: Path, text: str) -> None:
        if next(left, None) is None:
            raise OSError(28, "No space left on device")
        real(path, text)

    monkeypatch.setattr(mqtt_users, "_replace", cut)
    with pytest.raises(OSError, match="No space"):
        users.add_collar("home", "c-2")
    known = {user.name for user in users.list()}
    left = iter(range(written))
    with pytest.raises(OSError, match="No space"):
        users.revoke("c-1")
    still = {user.name for user in users.list()}
    monkeypatch.undo()
    users.add_collar("home", "c-3")

    assert known == {"c-1"}
    assert ("c-1" in still) == (written == 0)
    logins = (users.directory / "users.properties").read_text()
    assert ("c-1=" in logins) == (written == 0)
    assert "c-2=" not in logins
    assert "c-3=" in logins
