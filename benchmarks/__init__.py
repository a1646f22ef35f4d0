"""What `herd bench` runs; imports all rooms, and its raw floors may use clients directly."""

from collections.abc import Callable
from typing import Any


def _gateway(
    tell: Callable[[str], None], *, mqtt_broker: str, rounds: int, **_options: object
) -> dict[str, Any]:
    from benchmarks.gateway import Sizes, run

    return run(tell, Sizes(rounds=rounds), mqtt_broker)


def _peers_job(tell: Callable[[str], None], *, kafka: str, **_options: object) -> dict[str, Any]:
    from benchmarks.peers_job import run

    return run(tell, kafka)


def _scale(tell: Callable[[str], None], **_options: object) -> dict[str, Any]:
    from benchmarks.scale import run

    return run(tell)


BENCHES: dict[str, Callable[..., dict[str, Any]]] = {
    "gateway": _gateway,
    "peers-job": _peers_job,
    "scale": _scale,
}
