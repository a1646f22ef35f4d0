"""A recording as the files that `herd evaluate` reads: readings, animals, truth. Pure.

Readings are told as a collar told them: repeats are in, what nobody heard is not; in the order in
which they were heard.
"""

import math
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from contracts.clock import iso
from contracts.reading import MEASUREMENTS
from firmware_sim.course import truth_csv
from firmware_sim.faults_radio import SECOND_US
from firmware_sim.recording import Enrolled, Recording, Slice

__all__ = ["animals_csv", "readings_csv", "truth_csv"]

ANIMALS_HEADER = "animal_id,group,calved_at,due_at,inseminated_at,parity"
_SITE = "temperature_site"


def readings_csv(recording: Recording) -> Iterator[str]:
    """Its lines, the header first, without line ends; a day of them is made at once."""
    names: tuple[str, ...] = ()
    for one in recording.slices():
        if not names:
            names = tuple(name for name in MEASUREMENTS if name in one.columns or name == _SITE)
            yield ",".join(("time", "animal_id", "interval_s", *names))
        yield from _rows(recording, one, names)


def animals_csv(animals: Sequence[Enrolled]) -> str:
    """The animals file: what the register knew when the recording began."""
    return "\n".join([ANIMALS_HEADER, *map(_enrolled, animals), ""])


def _rows(recording: Recording, one: Slice, names: Sequence[str]) -> Iterator[str]:
    ids = [animal.animal_id for animal in recording.animals]
    site = recording.temperature_site
    columns = [
        [site] * len(one.seq) if name == _SITE else one.columns[name].tolist() for name in names
    ]
    times = one.time_us.tolist(), one.animal.tolist(), one.interval_s.tolist()
    for time_us, animal, interval_s, *values in zip(*times, *columns, strict=True):
        at = iso(datetime.fromtimestamp(time_us // SECOND_US, UTC))
        yield ",".join((at, ids[animal], str(interval_s), *map(_told, values)))


def _told(value: float | str) -> str:
    if isinstance(value, str):
        return value
    # ten digits: a degree's sixth decimal is a tenth of a metre
    return "" if math.isnan(value) else f"{value:.10g}"


def _enrolled(one: Enrolled) -> str:
    times = [
        "" if at is None else iso(at) for at in (one.calved_at, one.due_at, one.inseminated_at)
    ]
    parity = "" if one.parity is None else str(one.parity)
    return ",".join((one.animal_id, one.group or "", *times, parity))
