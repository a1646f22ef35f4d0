"""A list lets its collars in, and no password is lost however the import is cut short."""

import csv
import stat
import threading
from collections.abc import Mapping
from pathlib import Path

import pytest

from contracts.clock import FakeClock
from contracts.ids import CollarId, FarmId, UserId
from event_store.memory import MemoryEventStore
from herdbook import (
    CredentialsRefusedError,
    Device,
    Herdbook,
    ImportResult,
    PasswordFile,
    import_csv,
)
from herdbook.adapters.mqtt_users import MqttCredentials
from herdbook.adapters.password_file import HEADER
from runtime.mqtt_users import MqttUsers
from tests.builders import FARM, MORNING
from tests.herdbook.overtaken import OvertakenStore

ANNA = UserId("u-1")
C1, C2, C3 = CollarId("c-1"), CollarId("c-2"), CollarId("c-3")
LIST = "external_id,collar_id\nNL 1,c-1\nNL 2,c-2\nNL 3,\n"
WITH_PASSWORD = "external_id,collar_id,password\nNL 1,c-1,burnt-into-the-firmware-1\nNL 2,c-2,\n"
TWICE = "sixteen-letters-x"


class PowerCutError(Exception):
    """The process dies here."""


class Farm:
    """A register, the broker's users and the file of one import, on a disk that stays."""

    def __init__(self, directory: Path) -> None:
        self.users = MqttUsers(directory / "users")
        self.out = directory / "out.csv"
        self.store = MemoryEventStore()

    def herdbook(self) -> Herdbook:
        """A process that was just started."""
        return Herdbook(self.store, MqttCredentials(self.users.directory), FakeClock(MORNING))

    def run(self, text: str = LIST, *, farm: FarmId = FARM, dry_run: bool = False) -> ImportResult:
        """`herd import --credentials`."""
        passwords = PasswordFile(self.out)
        return import_csv(
            self.herdbook(), text, farm, by=ANNA, dry_run=dry_run, passwords=passwords
        )

    def told(self) -> dict[str, str]:
        """The passwords in the file, by collar."""
        with self.out.open(newline="") as file:
            return {row["collar_id"]: row["password"] for row in csv.DictReader(file)}

    def let_in(self) -> dict[str, bool]:
        """Whether each collar that is let in is so with the password in the file."""
        told = self.told() if self.out.exists() else {}
        return {
            user.name: self.users.verify(user.name, told.get(user.name, "")) is not None
            for user in self.users.list()
        }

    def notes(self) -> list[str]:
        """What the log says of credentials, in order."""
        log = self.store.read(0, 1000)
        return [
            f"{event.event_type.split('.')[1]} {event.aggregate_id}"
            for event in log
            if event.event_type in {"collar.added.v1", "collar.revoked.v1"}
        ]


@pytest.fixture
def farm(tmp_path: Path) -> Farm:
    """An empty register; nobody is let in."""
    return Farm(tmp_path)


def test_every_collar_of_a_list_gets_a_credential(farm: Farm) -> None:
    """And the file says all that goes into the collar, to its owner alone."""
    result = farm.run()

    assert (result.imported, result.let_in) == (3, (C1, C2))
    assert farm.let_in() == {"c-1": True, "c-2": True}
    assert farm.notes() == ["added c-1", "added c-2"]
    assert stat.S_IMODE(farm.out.stat().st_mode) == 0o600
    first = farm.out.read_text().splitlines()[1].split(",")
    assert farm.out.read_text().splitlines()[0] == ",".join(HEADER)
    assert (first[:2], first[3]) == (["c-1", "c-1"], "herd/v1/farm-a/c-1/readings")


def test_the_same_list_again_makes_no_credential(farm: Farm) -> None:
    """The passwords in the collars go on working."""
    farm.run()
    before = (farm.out.read_bytes(), farm.users.list(), farm.store.head())

    again = farm.run()

    assert (again.imported, again.changes, again.let_in) == (3, 0, ())
    assert (farm.out.read_bytes(), farm.users.list(), farm.store.head()) == before


def test_a_longer_list_adds_to_the_file(farm: Farm) -> None:
    """Ten more collars were bought; also for another farm of the same people."""
    farm.run()
    first = farm.told()

    farm.run(LIST + "NL 4,c-3\n")
    farm.run("external_id,collar_id\nNL 1,c-9\n", farm=FarmId("farm-b"))

    assert {name: farm.told()[name] for name in first} == first
    assert farm.let_in() == dict.fromkeys(["c-1", "c-2", "c-3", "c-9"], True)


def test_a_farm_set_up_anew_lets_its_collars_in_with_what_they_hold(farm: Farm) -> None:
    """Its disk was lost, the file was kept: nobody climbs after a hundred cows with a laptop."""
    farm.run()
    before = farm.out.read_bytes()
    for path in farm.users.directory.iterdir():
        path.unlink()
    farm.store = MemoryEventStore()

    farm.run()

    assert farm.out.read_bytes() == before
    assert farm.let_in() == {"c-1": True, "c-2": True}


class DyingCredentials(MqttCredentials):
    """The power goes before, or just after, the broker's users are written."""

    after = False

    def add_all(self, farm_id: FarmId, passwords: Mapping[CollarId, str]) -> None:
        """Die."""
        if self.after:
            super().add_all(farm_id, passwords)
        raise PowerCutError


class DyingFile(PasswordFile):
    """The power goes before the passwords are written down."""

    def write(self, _farm_id: FarmId, _passwords: Mapping[CollarId, str]) -> None:
        """Die."""
        raise PowerCutError


@pytest.mark.parametrize("where", ["before the file", "before the broker", "after the broker"])
def test_an_import_that_is_cut_short_is_finished_by_the_next(farm: Farm, where: str) -> None:
    """At no moment a collar is let in whose password is not on the disk, and none changes twice."""
    credentials = DyingCredentials(farm.users.directory)
    credentials.after = where == "after the broker"
    herdbook = Herdbook(farm.store, credentials, FakeClock(MORNING))
    out = DyingFile(farm.out) if where == "before the file" else PasswordFile(farm.out)
    with pytest.raises(PowerCutError):
        import_csv(herdbook, LIST, FARM, by=ANNA, passwords=out)
    assert all(farm.let_in().values())
    written = farm.told() if farm.out.exists() else {}

    farm.run()

    assert farm.let_in() == {"c-1": True, "c-2": True}
    assert where == "before the file" or farm.told() == written
    assert farm.notes() == ["added c-1", "added c-2"]


def test_a_file_that_cannot_be_written_lets_nobody_in(farm: Farm) -> None:
    """Said in a sentence; once it can, the same list does the rest."""
    out, farm.out = farm.out, farm.out.parent / "no-such-folder" / "out.csv"
    with pytest.raises(CredentialsRefusedError, match="cannot be written"):
        farm.run()
    assert farm.users.list() == ()

    farm.out = out
    farm.run()

    assert farm.let_in() == {"c-1": True, "c-2": True}


def test_a_file_that_is_something_else_is_left_alone(farm: Farm) -> None:
    """`--credentials herd.csv` would eat the herd list; nothing is imported either."""
    farm.out.write_text(LIST)

    with pytest.raises(CredentialsRefusedError, match="no list of credentials"):
        farm.run()

    assert farm.out.read_text() == LIST
    assert farm.store.head() == 0


def test_a_file_that_others_could_read_is_theirs_no_more(farm: Farm) -> None:
    """Somebody made it before us."""
    farm.out.write_text(",".join(HEADER) + "\n")
    farm.out.chmod(0o644)

    farm.run()

    assert stat.S_IMODE(farm.out.stat().st_mode) == 0o600


def test_a_makers_passwords_are_let_in_as_they_are(farm: Farm) -> None:
    """They are burnt into the firmware; the others get new ones."""
    result = farm.run(WITH_PASSWORD)

    assert result.let_in == (C1, C2)
    assert farm.told()["c-1"] == "burnt-into-the-firmware-1"
    assert farm.let_in() == {"c-1": True, "c-2": True}
    assert farm.run(WITH_PASSWORD).changes == 0


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (
            WITH_PASSWORD.replace("firmware-1", "firmware-9"),
            "collar c-1 is let in with another password already",
        ),
        ("external_id,collar_id\nNL 1,gateway\n", "gateway is the name of a service"),
        (
            f"external_id,collar_id,password\nNL 1,c-4,{TWICE}\nNL 2,c-5,{TWICE}\n",
            "password stands in row 2 already",
        ),
        ("external_id,collar_id,password\nNL 1,c-4,short\n", "password cannot be used"),
        ("external_id,collar_id\nNL 1,c-8\n", "collar c-8 belongs to another farm"),
        ("external_id,collar_id\nNL 1,roof-1\n", "roof-1 is a station, which no animal wears"),
    ],
)
def test_one_row_that_cannot_be_let_in_keeps_all_out(farm: Farm, text: str, why: str) -> None:
    """No animal, no file, no credential; and no password in the sentence."""
    farm.run(WITH_PASSWORD)
    farm.herdbook().add_collar(CollarId("c-8"), FarmId("farm-b"), by=ANNA)
    farm.herdbook().register_station(CollarId("roof-1"), FARM, MORNING, by=ANNA)
    before = (farm.out.read_bytes(), farm.users.list(), farm.store.head())

    result = farm.run(text + "NL 9,c-3" + "," * text.splitlines()[0].count("password") + "\n")

    assert result.imported == 0
    (refused,) = result.refused
    assert why in refused[1]
    assert TWICE not in refused[1]
    assert (farm.out.read_bytes(), farm.users.list(), farm.store.head()) == before


def test_passwords_without_a_file_for_them_are_refused(farm: Farm) -> None:
    """Whoever sends them wants the collars let in; silence would be found out in the barn."""
    result = import_csv(farm.herdbook(), WITH_PASSWORD, FARM, by=ANNA)

    assert result.refused == (
        (1, "there are passwords in the list: import it with --credentials FILE"),
    )
    assert farm.store.head() == 0


def test_an_old_list_opens_no_door_that_was_shut(farm: Farm) -> None:
    """The collar was stolen and revoked; the list it stands in is imported every month."""
    farm.run()
    farm.herdbook().revoke_collar(C2, FARM, by=ANNA)

    result = farm.run()

    assert (result.let_in, result.left_out) == ((), (C2,))
    assert [user.name for user in farm.users.list()] == ["c-1"]
    farm.herdbook().add_collar(C2, FARM, by=ANNA)  # somebody decides that it may
    assert farm.run().left_out == ()


def test_a_dry_run_says_who_would_be_let_in(farm: Farm) -> None:
    """And makes neither file nor credential."""
    result = farm.run(dry_run=True)

    assert (result.let_in, result.changes) == ((C1, C2), 7)
    assert not farm.out.exists()
    assert (farm.users.list(), farm.store.head()) == ((), 0)


def test_an_import_beside_another_order_is_decided_again(tmp_path: Path) -> None:
    """The collar went to another farm just then: it gets no credential of ours."""
    farm = Farm(tmp_path)
    farm.store = store = OvertakenStore()
    other = FarmId("farm-b")
    store.overtakers = [lambda: farm.herdbook().add_collar(C2, other, by=ANNA)]

    result = farm.run()

    assert [sentence.split(" ")[1] for _, sentence in result.refused] == ["c-2"]
    assert [user.name for user in farm.users.list()] == ["c-2"]
    assert not farm.out.exists()


class OvertakenFile(PasswordFile):
    """Somebody else imports the same list while the passwords are written down."""

    def __init__(self, path: Path, other: threading.Thread) -> None:
        super().__init__(path)
        self._other = other

    def write(self, farm_id: FarmId, passwords: Mapping[CollarId, str]) -> None:
        """Give the other one all the time that it needs, unless it waits for us."""
        self._other.start()
        self._other.join(timeout=0.5)
        super().write(farm_id, passwords)


def test_two_imports_at_once_make_one_credential_a_collar(farm: Farm) -> None:
    """Or one of the two files would hold passwords that let nobody in."""
    others = farm.out.with_name("others.csv")

    def import_too() -> None:
        import_csv(farm.herdbook(), LIST, FARM, by=ANNA, passwords=PasswordFile(others))

    other = threading.Thread(target=import_too)
    overtaken = OvertakenFile(farm.out, other)

    result = import_csv(farm.herdbook(), LIST, FARM, by=ANNA, passwords=overtaken)
    other.join()

    assert result.let_in == (C1, C2)
    assert farm.let_in() == {"c-1": True, "c-2": True}
    assert not others.exists()


def test_a_weather_station_is_let_in_and_registered_at_once(farm: Farm) -> None:
    """Again, it gets a new password and stays the station it is."""
    station = CollarId("weather-1")
    first = farm.herdbook().add_collar(station, FARM, by=ANNA, device=Device.WEATHER_STATION)

    again = farm.herdbook().add_collar(station, FARM, by=ANNA, device=Device.WEATHER_STATION)

    assert first != again
    assert [event.event_type for event in farm.store.read(0, 9)] == [
        "collar.added.v1",
        "station.registered.v1",
    ]
    (user,) = farm.users.list()
    assert user.publish[0] == "herd/v1/farm-a/weather-1/readings"


def test_a_base_station_may_speak_for_the_farms_collars(farm: Farm) -> None:
    """It is revoked as they are; a collar never becomes one by a slip."""
    box = CollarId("barn-2")
    farm.herdbook().add_collar(box, FARM, by=ANNA, device=Device.BASE_STATION)
    (user,) = farm.users.list()
    assert "herd/v1/farm-a/+/readings" in user.publish

    with pytest.raises(CredentialsRefusedError, match="base station"):
        farm.herdbook().add_collar(box, FARM, by=ANNA)

    farm.herdbook().revoke_collar(box, FARM, by=ANNA)
    assert farm.users.list() == ()
