"""`herd backtest` over a farm's log in Kafka; promoted, and rolled back, in its register."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import typer

from contracts.ids import FarmId, new_id
from contracts.serde import Serde
from contracts.topics import READINGS, partition_of_farm
from farmbox.box import Addresses
from herd.backtest import Wanted, promote, roll_back, run
from herd.backtest_cli import parsed
from herd.commands import CommandError
from herd.farm_file import FarmFile
from herdbook import open_herdbook
from runtime.kafka import Outbox, new_producer
from runtime.registry import RegistrySchemaIds
from tests.builders import a_reading, a_tick

BEGIN = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=30)


@pytest.fixture
def data(box: Addresses, tmp_path: Path) -> Path:
    """The directory of a farm that runs on the box."""
    users = tmp_path / "users"
    users.mkdir()
    farm = FarmFile(
        pid=os.getpid(),
        url="",
        mqtt="",
        owner_token_file="",
        fields={
            "KAFKA_BOOTSTRAP": box.kafka_bootstrap,
            "REGISTRY_URL": str(box.registry_url),
            "POSTGRES_DSN": str(box.postgres_dsn),
            "MQTT_USERS_DIR": str(users),
        },
    )
    with open_herdbook(str(box.postgres_dsn)):
        pass  # its tables are there
    farm.write(tmp_path)
    return tmp_path


def write_a_day(box: Addresses, farm: FarmId) -> None:
    """A day in which one animal is mildly and another highly feverish, with its ticks."""
    serde = Serde(RegistrySchemaIds(str(box.registry_url)))
    outbox = Outbox(new_producer(box.kafka_bootstrap))
    for number in range(144):
        at = BEGIN + timedelta(minutes=10 * number)
        events = [
            a_reading(
                animal=animal,
                farm=farm,
                collar=f"{animal}-{farm}"[:40],
                seq=number + 1,
                time=at,
                interval_s=600,
                temperature_c=celsius if 36 <= number < 54 else 38.6,
                temperature_site="rumen",
            )
            for animal, celsius in (("mild", 39.8), ("high", 41.0))
        ]
        for event in [*events, a_tick(at + timedelta(minutes=5))]:
            key = event.aggregate_id
            outbox.send(READINGS, partition_of_farm(farm), key, serde.encode(event))
    outbox.flush()


def test_a_farms_own_log_says_what_another_limit_would_have_told(
    box: Addresses, data: Path
) -> None:
    """Before the first night is spent on it; and its register is told once it is promoted."""
    farm = FarmId(f"bt-{new_id()[:8]}")
    write_a_day(box, farm)
    limits = parsed(["fever.rumen_c=39.7"])
    wanted = Wanted(farm, limits, BEGIN - timedelta(hours=1))

    found = run(data, wanted, lambda _: None)
    promote(data, wanted, "seven of nine confirmed")
    back = roll_back(data, farm, "fever")

    fever = found["conditions"]["fever"]
    assert (fever["now"]["cases"], fever["changed"]["cases"], fever["both"]) == (1, 2, 1)
    assert [case["animal_id"] for case in found["only_changed"]] == ["mild"]
    assert back["rolled_back"] == {"fever": {}}


def test_a_limit_that_is_not_there_is_refused_before_the_register_hears_of_it(
    data: Path,
) -> None:
    """An unknown limit would change nothing, silently, for ever."""
    wanted = Wanted(FarmId("home"), {"fever": {"rumen_f": 104.0}}, BEGIN)

    with pytest.raises(CommandError, match="fever has no limit rumen_f"):
        promote(data, wanted, None)


@pytest.mark.parametrize("text", ["oestrus=1", "oestrus.activity_factor", "x.y=high", ".=1"])
def test_a_limit_is_told_by_detector_name_and_value(text: str) -> None:
    """Anything else says how it is written."""
    with pytest.raises(typer.BadParameter, match=r"like oestrus\.activity_factor=1\.8"):
        parsed([text])
