"""Many readings as Avro at once, column by column: the bytes of `reading_bytes.py`, far cheaper.

Problem: an import or a herd that comes back brings readings by the ten thousand, and to write each
by itself costs more than all else that a gateway does with it.

Approach: what the readings of an upload share is written once (`subject_part`, `receipt_part`), and
what differs is written for all rows together: varints by shifting whole columns, measurements by
one assignment of all their bytes into a template. Rows that measured the same columns share a
template. Rejected: one template for all rows with unions told apart afterwards (each row would be
moved byte by byte). A test holds every byte against fastavro's.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache, partial
from itertools import repeat

import numpy as np
from numpy.typing import NDArray

from contracts.ids import AnimalId, CollarId, FarmId
from contracts.messages import event_type_of
from contracts.reading import CollarReading
from contracts.reading_bytes import NULL, double, long, moment, single, text, text_or_null

Floats = NDArray[np.float64]
Bytes = NDArray[np.uint8]

# The numbers of a reading, in the order of the schema; temperature_site stands behind the first.
NUMBERS = (
    "temperature_c",
    "rumination_minutes",
    "eating_minutes",
    "lying_minutes",
    "lying_bouts",
    "steps",
    "activity",
    "drinking_minutes",
    "heart_rate_bpm",
    "latitude",
    "longitude",
    "ambient_c",
    "humidity_pct",
    "battery_v",
)
DOUBLES = frozenset(("latitude", "longitude"))
PRESENT = b"\x02"  # the second branch of a union
NOT_MOVED = 3 * NULL
ID_LENGTH = "H"  # 36, as a zigzag varint
COLUMNS_FROM = 8  # rows; for fewer, numpy's calls cost more than they save
VARINT_BYTES_MAX = 10
PARTS_KEPT = 20_000  # animals of a busy minute
LAYOUTS_KEPT = 1000  # which columns are measured, at which site: a herd has a handful

_weights = 1 << np.arange(len(NUMBERS))
_packs = [partial(double if name in DOUBLES else single, PRESENT[0]) for name in NUMBERS]


@dataclass(slots=True)
class ReadingRows:
    """Columns of equal length: one row a reading, in the order in which they are to be sent.

    times_us: microseconds since 1970. subjects, receipts: `subject_part`, `receipt_part`.
    measured: values in the order of NUMBERS, None = not measured. sites: temperature_site.
    """

    event_ids: list[str] = field(default_factory=list)
    times_us: list[int] = field(default_factory=list)
    subjects: list[bytes] = field(default_factory=list)
    seqs: list[int] = field(default_factory=list)
    receipts: list[bytes] = field(default_factory=list)
    measured: list[tuple[float | None, ...]] = field(default_factory=list)
    sites: list[str | None] = field(default_factory=list)


def rows_bytes(rows: ReadingRows, header: bytes = b"") -> list[bytes]:
    """The Avro record of each row, behind the header of the wire format."""
    return [
        b"".join(parts)
        for parts in zip(
            repeat(header),
            [(ID_LENGTH + event_id).encode() for event_id in rows.event_ids],
            repeat(text(event_type_of(CollarReading))),
            _longs(rows.times_us),
            rows.subjects,
            _longs(rows.seqs),
            rows.receipts,
            _measurements(rows.measured, rows.sites),
        )
    ]


@lru_cache(PARTS_KEPT)
def subject_part(animal_id: AnimalId, farm_id: FarmId, collar_id: CollarId, boot_id: int) -> bytes:
    """From aggregate_id to boot_id: whose the reading is."""
    return b"".join(
        (
            text(animal_id),
            text(f"collar:{collar_id}"),
            text_or_null(farm_id),
            NULL,
            text(collar_id),
            long(boot_id),
        )
    )


def receipt_part(
    received_at: datetime,
    sent_at: datetime | None,
    station_id: str | None,
    clock: str,
    interval_s: int,
) -> bytes:
    """From received_at to interval_s: what is known of the way it came."""
    return b"".join(
        (
            moment(received_at),
            NULL if sent_at is None else PRESENT + moment(sent_at),
            text_or_null(station_id),
            text(clock),
            long(interval_s),
        )
    )


def _longs(values: Sequence[int]) -> list[bytes]:
    """Each as a zigzag varint."""
    if len(values) < COLUMNS_FROM:
        return [long(value) for value in values]
    signed = np.array(values, dtype=np.int64)
    zigzag = ((signed << 1) ^ (signed >> 63)).view(np.uint64)
    width = max(1, -(-int(zigzag.max()).bit_length() // 7))
    parts = zigzag[:, None] >> (7 * np.arange(width, dtype=np.uint64))
    more = parts > 0x7F  # noqa: PLR2004  seven bits a byte
    data = ((parts & 0x7F) | (more.astype(np.uint64) << 7)).astype(np.uint8).tobytes()
    sizes = (1 + more.sum(axis=1)).tolist()
    return [
        data[begin : begin + size]
        for begin, size in zip(range(0, len(data), width), sizes, strict=True)
    ]


def _measurements(measured: list[tuple[float | None, ...]], sites: list[str | None]) -> list[bytes]:
    """From temperature_c to the end of each record."""
    if len(measured) < COLUMNS_FROM:
        return [_alone(values, site) for values, site in zip(measured, sites, strict=True)]
    values = np.array(measured, dtype=np.float64)  # None becomes NaN
    patterns = (~np.isnan(values) @ _weights).tolist()
    kinds = list(zip(patterns, sites, strict=True))
    if kinds.count(kinds[0]) == len(kinds):
        return _of_kind(values, *kinds[0])
    found: list[bytes] = [b""] * len(kinds)
    places: dict[tuple[int, str | None], list[int]] = {}
    for place, kind in enumerate(kinds):
        places.setdefault(kind, []).append(place)
    for kind, those in places.items():
        for place, record in zip(those, _of_kind(values[those], *kind), strict=True):
            found[place] = record
    return found


def _alone(values: tuple[float | None, ...], site: str | None) -> bytes:
    parts = [
        NULL if value is None else pack(value) for pack, value in zip(_packs, values, strict=True)
    ]
    return b"".join((parts[0], text_or_null(site), *parts[1:], NOT_MOVED))


def _of_kind(values: Floats, pattern: int, site: str | None) -> list[bytes]:
    """The same for rows that all measured the same columns at the same site."""
    layout = _layout(pattern, site)
    rows, width = len(values), len(layout.template)
    out = np.empty((rows, width), dtype=np.uint8)
    out[:] = layout.template
    if layout.singles:
        singles = np.ascontiguousarray(values[:, layout.singles], dtype="<f4")
        out[:, layout.single_places] = singles.view(np.uint8)
    if layout.doubles:
        doubles = np.ascontiguousarray(values[:, layout.doubles], dtype="<f8")
        out[:, layout.double_places] = doubles.view(np.uint8)
    data = out.tobytes()
    return [data[begin : begin + width] for begin in range(0, rows * width, width)]


@dataclass(frozen=True, slots=True)
class _Layout:
    """template: all that does not differ. singles, doubles: columns; where their bytes go."""

    template: Bytes
    singles: list[int]
    single_places: NDArray[np.intp]
    doubles: list[int]
    double_places: NDArray[np.intp]


@lru_cache(LAYOUTS_KEPT)
def _layout(pattern: int, site: str | None) -> _Layout:
    template = bytearray()
    singles: list[int] = []
    doubles: list[int] = []
    places: dict[bool, list[int]] = {False: [], True: []}
    for column, name in enumerate(NUMBERS):
        if pattern >> column & 1:
            is_double = name in DOUBLES
            template += PRESENT
            size = 8 if is_double else 4
            places[is_double] += range(len(template), len(template) + size)
            (doubles if is_double else singles).append(column)
            template += bytes(size)
        else:
            template += NULL
        if column == 0:
            template += text_or_null(site)
    template += NOT_MOVED
    return _Layout(
        np.frombuffer(bytes(template), dtype=np.uint8),
        singles,
        np.array(places[False], dtype=np.intp),
        doubles,
        np.array(places[True], dtype=np.intp),
    )
