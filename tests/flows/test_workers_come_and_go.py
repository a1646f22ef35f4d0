"""Workers join, leave and die while readings come: each counts once, each answer is told once."""

from pathlib import Path

import pytest

from farmbox.box import Addresses
from tests.flows.workers import Herds, Workers

pytestmark = pytest.mark.timeout(300)


def test_workers_join_leave_and_die_under_load(box: Addresses, tmp_path: Path) -> None:
    """One, two, three; one killed and replaced, one leaves for good, one dies for good."""
    herds, waited_s = Herds(box), dict[str, float]()
    with Workers(box, tmp_path) as workers:
        with herds.under_load():
            one = workers.start(0)
            herds.goes_on()
            two = workers.start(1)
            waited_s["a second joined"] = herds.goes_on()
            three = workers.start(2)
            waited_s["a third joined"] = herds.goes_on()
            two.kill()
            workers.start(1)
            waited_s["one was killed and replaced"] = herds.goes_on()
            left = three.stop()
            waited_s["one left for good"] = herds.goes_on()
            one.kill()
            waited_s["one was killed for good"] = herds.goes_on()
        print({what: f"{s:.1f} s" for what, s in waited_s.items()})  # noqa: T201  figures

        assert left == 0
        herds.assert_told_and_counted_once(workers)
