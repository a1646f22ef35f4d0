"""A told hour of a herd as columns: one row an animal, Avro's bytes for all rows at once.

Problem: every animal tells an hour an hour, and all of a partition's in the same second. As
objects (event, payload, seven signals, scores) a row cost 45 µs to make and 37 µs to encode: a
million animals would have kept a core busy for 80 s of every hour.

Approach: as `reading_columns.py`. What all rows share is written once into a template, what differs
is assigned to its columns in one go. Rows of the same shape (which signals are known, why a
detector did not judge, how long the id and the varints are) share a template; a herd has a handful
of shapes. What is left a row is one SHA-256, for its event_id, and one slice of the bytes.
Rejected: encoding in the state's own arrays (silent replay tells nothing: it must cost nothing).
A test holds every byte against fastavro's.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from contracts.columns import moment as time_of
from contracts.detection import Condition
from contracts.envelope import Event
from contracts.hour import HOUR_SIGNALS, AnimalHour, HourScore, HourSignal
from contracts.id_columns import ID_CHARS, derived_ids
from contracts.ids import FarmId
from contracts.messages import event_type_of
from contracts.reading_bytes import NULL, double, long, text, text_or_null

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]
Bytes = NDArray[np.uint8]
Mask = NDArray[np.bool_]

PRESENT = 2  # the second branch of a union, as a zigzag varint
NUMBERS_A_SIGNAL = 3  # value, usual, spread
SIGNALS = tuple(HOUR_SIGNALS)
EVENT_TYPE = event_type_of(AnimalHour)
LAYOUTS_KEPT = 2000  # shapes of a herd's rows, of all herds: 1 kB each
HOUR_S = 3600
DOUBLE_BYTES = 8
_PLACEHOLDER = double(PRESENT, 0.0)
_VARINT_LIMITS = 1 << (7 * np.arange(1, 9, dtype=np.int64))


@dataclass(frozen=True, slots=True)
class ScoreCard:
    """What the scores of one detector have in common; see HourScore."""

    detector: str
    condition: Condition
    unit: str
    limit: float | None


@dataclass(frozen=True, slots=True, eq=False)
class ScoreColumn:
    """One detector's scores, each (animals,): NaN = not judged, why_not says why; see HourScore."""

    card: ScoreCard
    score: Floats
    why_not: Sequence[str | None]
    partial: Mask


@dataclass(frozen=True, slots=True, eq=False)
class HourColumns:
    """One told hour of animals of one farm; see AnimalHour for what each column means.

    hour_us, known_us: microseconds since 1970. animal_ids, revision, readings, coverage_share:
    (animals,). values, usual, spread: (animals, signals in the order of HOUR_SIGNALS), NaN = None.
    learnt_days: (animals,), 0 to 63. All numbers are rounded as they are to be told.
    """

    farm_id: FarmId
    actor: str
    causation_id: str
    hour_us: int
    known_us: int
    animal_ids: Sequence[str]
    revision: Longs
    readings: Longs
    coverage_share: Floats
    values: Floats
    usual: Floats
    spread: Floats
    scores: tuple[ScoreColumn, ...]
    learnt_days: Longs

    def __len__(self) -> int:
        return len(self.animal_ids)

    def __eq__(self, other: object) -> bool:
        """Whether both tell the same, NaN being as good as NaN."""
        return isinstance(other, HourColumns) and self.events() == other.events()

    __hash__ = None  # type: ignore[assignment]  # arrays may be written to

    def records(self, header: bytes) -> Iterator[tuple[str, bytes]]:
        """Kafka's key and value of each row; header: of the wire format."""
        return zip(self.animal_ids, _Encoding(self, header).records(), strict=True)

    def events(self) -> list[Event[AnimalHour]]:
        """The same, decoded: for readers of single hours, and for tests."""
        hour_at = time_of(self.hour_us)
        ids = derived_ids(self.id_texts()).tobytes().decode()
        return [
            Event(
                event_id=ids[ID_CHARS * row : ID_CHARS * (row + 1)],
                event_type=EVENT_TYPE,
                timestamp=hour_at,
                aggregate_id=animal_id,
                actor=self.actor,
                farm_id=self.farm_id,
                causation_id=self.causation_id,
                payload=AnimalHour(
                    hour_at=hour_at,
                    revision=int(self.revision[row]),
                    known_at=time_of(self.known_us),
                    readings=int(self.readings[row]),
                    coverage_share=float(self.coverage_share[row]),
                    signals=self._signals(row),
                    scores=self._scores(row),
                    learnt_days=int(self.learnt_days[row]),
                ),
            )
            for row, animal_id in enumerate(self.animal_ids)
        ]

    def id_texts(self) -> list[bytes]:
        """What the event_id of each row is derived from: see `hour_event_id`."""
        hour_s = str(self.hour_us // 1_000_000)
        head = f"4:hour{len(self.farm_id)}:{self.farm_id}".encode()
        tails = {
            revision: f"{len(hour_s)}:{hour_s}{len(str(revision))}:{revision}".encode()
            for revision in set(self.revision.tolist())
        }
        return [
            b"%b%d:%b%b" % (head, len(animal_id), animal_id.encode(), tails[revision])
            for animal_id, revision in zip(self.animal_ids, self.revision.tolist(), strict=True)
        ]

    def _signals(self, row: int) -> tuple[HourSignal, ...]:
        """Those signals that were measured, or are usually."""
        return tuple(
            HourSignal(
                signal=signal,
                value=_said(self.values[row, column]),
                usual=_said(self.usual[row, column]),
                spread=_said(self.spread[row, column]),
            )
            for column, signal in enumerate(SIGNALS)
            if not np.isnan([self.values[row, column], self.usual[row, column]]).all()
        )

    def _scores(self, row: int) -> tuple[HourScore, ...]:
        return tuple(
            HourScore(
                detector=column.card.detector,
                condition=column.card.condition,
                unit=column.card.unit,
                score=_said(column.score[row]),
                limit=column.card.limit,
                why_not=column.why_not[row],
                partial=bool(column.partial[row]),
            )
            for column in self.scores
        )


class _Encoding:
    """One told hour being written."""

    def __init__(self, hours: HourColumns, header: bytes) -> None:
        self._hours = hours
        self._ids = derived_ids(hours.id_texts())
        self._animals = [animal_id.encode() for animal_id in hours.animal_ids]
        self._revision, self._readings = zigzag(hours.revision), zigzag(hours.readings)
        numbers = [hours.values, hours.usual, hours.spread]
        # (animals, all numbers of all signals), in the order of the bytes; behind them the scores
        signals = np.stack(numbers, axis=2).reshape(len(hours), NUMBERS_A_SIGNAL * len(SIGNALS))
        self._numbers = np.column_stack([signals, *[column.score for column in hours.scores]])
        at = long(hours.hour_us)
        # what lies before, between and behind what differs
        self._begin = header + long(ID_CHARS)
        self._type = text(EVENT_TYPE) + at
        self._middle = b"".join(
            [text(hours.actor), text_or_null(hours.farm_id), text_or_null(hours.causation_id), at]
        )
        self._known = long(hours.known_us)

    def records(self) -> list[bytes]:
        """Of each row its bytes."""
        shapes = self._shapes()
        first = shapes[0] if len(shapes) else shapes
        if (shapes == first).all():
            return self._of_shape(slice(None), first.tobytes()) if len(shapes) else []
        width = shapes.shape[1]
        raw = shapes.tobytes()
        places: dict[bytes, list[int]] = {}
        for place, begin in enumerate(range(0, len(raw), width)):
            places.setdefault(raw[begin : begin + width], []).append(place)
        found: list[bytes] = [b""] * len(shapes)
        for shape, those in places.items():
            for place, record in zip(those, self._of_shape(np.array(those), shape), strict=True):
                found[place] = record
        return found

    def _shapes(self) -> Bytes:
        """(animals, …): rows with equal shapes have equal templates.

        Lengths of id and varints, then of each detector why it did not judge (index of its reasons)
        and whether partial, then which numbers are known, as bits.
        """
        lengths = np.fromiter(map(len, self._animals), np.uint8, len(self._animals))
        columns = [lengths, _width(self._revision), _width(self._readings)]
        for column in self._hours.scores:
            codes = {why: code for code, why in enumerate(_reasons(column))}
            columns.append(np.array([codes[why] for why in column.why_not], np.uint8))
            columns.append(column.partial.astype(np.uint8))
        known = np.packbits(~np.isnan(self._numbers), axis=1, bitorder="little")
        return np.column_stack([*columns, known])

    def _of_shape(self, rows: slice | Longs, shape: bytes) -> list[bytes]:
        """The records of these rows, all of one shape."""
        length, revision_bytes, readings_bytes = shape[:3]
        tail, columns, places = self._tail(shape)
        parts = [self._begin, bytes(ID_CHARS), self._type, long(length), bytes(length)]
        parts += [self._middle, bytes(revision_bytes), self._known, bytes(readings_bytes)]
        parts += [bytes(DOUBLE_BYTES), tail, bytes([PRESENT]), bytes(1)]
        begins = np.cumsum([0, *map(len, parts)]).tolist()
        ids = self._ids[rows]
        out = np.empty((len(ids), begins[-1]), np.uint8)
        out[:] = np.frombuffer(b"".join(parts), np.uint8)

        def put(part: int, octets: Bytes) -> None:
            out[:, begins[part] : begins[part + 1]] = octets

        put(1, ids)
        put(4, self._named(rows, length))
        put(6, varints(self._revision[rows], revision_bytes))
        put(8, varints(self._readings[rows], readings_bytes))
        put(9, _doubles(self._hours.coverage_share[rows][:, None]))
        put(12, zigzag(self._hours.learnt_days[rows])[:, None].astype(np.uint8))
        out[:, begins[10] + places] = _doubles(self._numbers[rows][:, columns])
        data, width = out.tobytes(), begins[-1]
        return [data[begin : begin + width] for begin in range(0, len(data), width)]

    def _named(self, rows: slice | Longs, length: int) -> Bytes:
        """(rows, length): the ids of animals, all of that length."""
        animals = self._animals
        some = animals if isinstance(rows, slice) else [animals[row] for row in rows.tolist()]
        return np.frombuffer(b"".join(some), np.uint8).reshape(-1, length)

    def _tail(self, shape: bytes) -> "tuple[bytes, NDArray[np.intp], NDArray[np.intp]]":
        """Signals and scores of a shape; which numbers stand in them, and where their bytes go."""
        scores = self._hours.scores
        said = tuple(
            (column.card, _reasons(column)[shape[3 + 2 * place]], bool(shape[4 + 2 * place]))
            for place, column in enumerate(scores)
        )
        known = int.from_bytes(shape[3 + 2 * len(scores) :], "little")
        return _layout(known, said)


@lru_cache(LAYOUTS_KEPT)
def _layout(
    known: int, scores: tuple[tuple[ScoreCard, str | None, bool], ...]
) -> "tuple[bytes, NDArray[np.intp], NDArray[np.intp]]":
    """The template of signals and scores; columns of the numbers in it, places of their bytes.

    known: bit by bit, which numbers are: those of the signals, then the scores.
    """
    template = bytearray()
    columns: list[int] = []
    places: list[int] = []

    def number(column: int) -> None:
        nonlocal template
        if known >> column & 1:
            columns.append(column)
            places.extend(range(len(template) + 1, len(template) + 1 + DOUBLE_BYTES))
            template += _PLACEHOLDER
        else:
            template += NULL

    told = [place for place in range(len(SIGNALS)) if known >> (NUMBERS_A_SIGNAL * place) & 0b11]
    template += long(len(told)) if told else b""
    for place in told:
        template += text(SIGNALS[place])
        for column in range(NUMBERS_A_SIGNAL):
            number(NUMBERS_A_SIGNAL * place + column)
    template += NULL  # no more signals
    template += long(len(scores)) if scores else b""
    for place, (card, why_not, partial) in enumerate(scores):
        template += text(card.detector) + text(card.condition) + text(card.unit)
        number(NUMBERS_A_SIGNAL * len(SIGNALS) + place)
        template += NULL if card.limit is None else double(PRESENT, card.limit)
        template += text_or_null(why_not) + bytes([partial])
    template += NULL  # no more scores
    return bytes(template), np.array(columns, np.intp), np.array(places, np.intp)


def _reasons(column: ScoreColumn) -> list[str | None]:
    """The reasons of a column, each once."""
    return list(dict.fromkeys(column.why_not))


def _said(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def zigzag(values: Longs) -> Longs:
    """As Avro writes longs: small ones of either sign become small ones of none."""
    found: Longs = (values << 1) ^ (values >> 63)
    return found


def _width(zigzags: Longs) -> Bytes:
    """How many bytes each is as a varint."""
    return (1 + np.searchsorted(_VARINT_LIMITS, zigzags, side="right")).astype(np.uint8)


def varints(zigzags: Longs, width: int) -> Bytes:
    """(values, width): varints that are all of that width."""
    octets = (zigzags[:, None] >> (7 * np.arange(width))) & 0x7F
    octets[:, :-1] |= 0x80
    return octets.astype(np.uint8)


def _doubles(values: Floats) -> Bytes:
    """(rows, 8 each): their bytes in Avro's order."""
    return np.ascontiguousarray(values, "<f8").view(np.uint8)
