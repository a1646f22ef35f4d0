"""What `herd bench` runs; imports all rooms, and its raw floors may use clients directly."""

from collections.abc import Callable
from typing import Any


def _gateway(tell: Callable[[str], None], *, mqtt_broker: str, rounds: int) -> dict[str, Any]:
    from benchmarks.gateway import Sizes, run

    return run(tell, Sizes(rounds=rounds), mqtt_broker)


BENCHES: dict[str, Callable[..., dict[str, Any]]] = {"gateway": _gateway}
