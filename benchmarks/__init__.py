"""What `herd bench` runs; imports all rooms, and its raw floors may use clients directly."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

# of more animals, a state of weeks would have to be written anew for each run: gigabytes
LEARNT_ANIMALS_MAX = 20_000


def _detectors(tell: Callable[[str], None], **_options: object) -> dict[str, Any]:
    from benchmarks.detectors import run

    return run(tell)


def _gateway(
    tell: Callable[[str], None], *, mqtt_broker: str, rounds: int, **_options: object
) -> dict[str, Any]:
    from benchmarks.gateway import Sizes, run

    return run(tell, Sizes(rounds=rounds), mqtt_broker)


def _peers_job(tell: Callable[[str], None], *, kafka: str, **_options: object) -> dict[str, Any]:
    from benchmarks.peers_job import run

    return run(tell, kafka)


def _pipeline(  # the herds that the log is made of, as the command line names them
    tell: Callable[[str], None],
    *,
    rounds: int,
    animals: int,
    partitions: int,
    cadence_s: float,
    **_options: object,
) -> dict[str, Any]:
    from benchmarks.made_herds import HerdSizes
    from benchmarks.pipeline import Sizes, run

    herd = HerdSizes(animals=animals, partitions=partitions, cadence_s=cadence_s)
    if herd == HerdSizes():
        return run(tell, Sizes(rounds=rounds))
    # as many farms in all, and what hangs on the stream alone is measured with the default
    farms = max(herd.farms, 24 // partitions)
    few = animals * partitions <= LEARNT_ANIMALS_MAX
    return run(tell, Sizes(replace(herd, farms=farms), rounds=rounds, live=(), learnt=few))


def _restore(tell: Callable[[str], None], **_options: object) -> dict[str, Any]:
    from benchmarks.restore import run

    return run(tell)


def _scale(tell: Callable[[str], None], **_options: object) -> dict[str, Any]:
    from benchmarks.scale import run

    return run(tell)


BENCHES: dict[str, Callable[..., dict[str, Any]]] = {
    "detectors": _detectors,
    "gateway": _gateway,
    "peers-job": _peers_job,
    "pipeline": _pipeline,
    "restore": _restore,
    "scale": _scale,
}
