"""A whole farm over the run's one box: our seven services as child processes."""

from collections.abc import Callable, Iterator
from typing import TypeVar

import pytest

from farmbox.box import Box
from herd.supervisor import Farm
from tests.waiting import eventually

T = TypeVar("T")


class WatchedFarm:
    """A farm whose dead services are started again while a test waits."""

    def __init__(self, farm: Farm) -> None:
        self.farm = farm

    def eventually(
        self, check: Callable[[], T | None], *, within_s: float = 60.0, why: str = ""
    ) -> T:
        """As tests.waiting.eventually, watching over the services meanwhile."""

        def polled() -> T | None:
            self.farm.box.poll()
            self.farm.poll()
            return check()

        return eventually(polled, within_s=within_s, why=why)


@pytest.fixture(scope="module")
def watched_farm(
    running_box: Box, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[WatchedFarm]:
    """The farm's services, started once a module."""
    with Farm(tmp_path_factory.mktemp("farm"), box=running_box) as farm:
        yield WatchedFarm(farm)
