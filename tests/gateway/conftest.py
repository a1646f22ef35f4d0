"""Brokers for the gateway's tests: what holds for any MQTT 5 broker runs on both of ours."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from farmbox.box import Addresses
from tests.gateway.surroundings import Broker, mosquitto_with_services
from tests.mosquitto import Mosquitto


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    """A mosquitto that knows our services, and reads new users at once."""
    broker = mosquitto_with_services(tmp_path)
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture(
    params=[
        pytest.param("artemis", marks=pytest.mark.services),
        pytest.param("mosquitto", marks=pytest.mark.mosquitto),
    ]
)
def broker(request: pytest.FixtureRequest) -> Broker:
    """Each test runs on both: a farm may bring its own broker."""
    if request.param == "artemis":
        box: Addresses = request.getfixturevalue("box")
        return Broker.of_box(box)
    found: Mosquitto = request.getfixturevalue("mosquitto")
    return Broker.of_mosquitto(found)
