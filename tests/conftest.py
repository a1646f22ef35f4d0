"""What every test may ask for: the box, and the programs of the machine, or a sentence why not."""

import os
import shutil
from collections.abc import Iterator

import pytest
from hypothesis import settings

from farmbox.box import Addresses, Box
from runtime.kafka import ensure_topics
from runtime.registry import RegistrySchemaIds

PROGRAMS = {
    "chromium": "chromium",
    "mosquitto": "mosquitto_pub",
    "node": "npm",
}
FULL_SIZE = bool(os.environ.get("HERD_PROOF"))  # `make proof`
settings.register_profile("proof", max_examples=1000, deadline=None)
if FULL_SIZE:
    settings.load_profile("proof")
SERVICE_FIXTURES = {"box", "running_box"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark whoever asks for the box."""
    for item in items:
        if SERVICE_FIXTURES & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.services)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test whose program is not there; fail it if HERD_TEST_NEEDS names the program."""
    if item.get_closest_marker("proof") and not FULL_SIZE:
        pytest.skip("full size: run by `make proof`")
    needed = os.environ.get("HERD_TEST_NEEDS", "").split(",")
    for mark, program in PROGRAMS.items():
        if item.get_closest_marker(mark) and shutil.which(program) is None:
            why = f"Debian's {mark} is not installed (apt-get install {mark})"
            if mark in needed:
                pytest.fail(f"{why}, and HERD_TEST_NEEDS names it")
            pytest.skip(why)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Count what was not run and why, so that a green run cannot hide it."""
    skipped = terminalreporter.stats.get("skipped", [])
    counts = {
        mark: sum(f"Debian's {mark} is" in str(report.longrepr) for report in skipped)
        for mark in PROGRAMS
    }
    told = ", ".join(f"{mark} {count}" for mark, count in counts.items())
    terminalreporter.write_line(f"tests skipped for want of a program: {told}")


@pytest.fixture(scope="session")
def running_box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """The real servers, once a run, on a directory of their own, with our topics and schemas.

    Topics and tables are shared by all tests: each names a farm of its own.
    """
    with Box(tmp_path_factory.mktemp("box"), mqtt_port=None) as box:
        ensure_topics(box.addresses.kafka_bootstrap)
        if box.addresses.registry_url is not None:
            RegistrySchemaIds(box.addresses.registry_url).register_all()
        yield box


@pytest.fixture
def box(running_box: Box) -> Addresses:
    """Where the real servers listen. A server that an earlier test killed is up again."""
    running_box.poll()
    return running_box.addresses
