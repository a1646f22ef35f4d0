"""Sheets: records of several writers, by layout or by cursor, in the order of the log."""

import copy
from io import BytesIO
from typing import Any

import fastavro
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.column_layouts import Sheet
from contracts.column_sheet import LAYOUTS_MAX, SheetReader
from contracts.column_walk import Schema
from contracts.columns import NONE_LONG, NONE_TEXT, micros
from tests.conftest import FULL_SIZE

MICROS = {"type": "long", "logicalType": "timestamp-micros"}
OURS: dict[str, Any] = {
    "type": "record",
    "name": "Reading",
    "fields": [
        {"name": "who", "type": "string"},
        {"name": "at", "type": MICROS},
        {
            "name": "payload",
            "type": {
                "type": "record",
                "name": "P",
                "fields": [
                    {"name": "seq", "type": "long"},
                    {"name": "clock", "type": "string", "default": "ok"},
                    {"name": "share", "type": "double", "default": 0.5},
                    {"name": "tries", "type": "long", "default": 3},
                    {"name": "note", "type": ["null", "string"], "default": None},
                    {"name": "warm", "type": ["null", "double"], "default": None},
                    {"name": "moved", "type": ["null", "long"], "default": None},
                ],
            },
        },
    ],
}


def other_writer(change: dict[str, Schema | None], more: Schema = None) -> dict[str, Any]:
    """Our schema with other types in the payload (None = it lacks the field), and a field more."""
    schema = copy.deepcopy(OURS)
    payload = schema["fields"][2]["type"]
    for field in list(payload["fields"]):
        if field["name"] in change:
            field["type"] = change[field["name"]]
            field.pop("default", None)
            if field["type"] is None:
                payload["fields"].remove(field)
    if more is not None:
        payload["fields"].insert(1, {"name": "more", "type": more})
    return schema


WRITERS = {
    1: OURS,
    2: other_writer(dict.fromkeys(["clock", "share", "tries", "note", "warm", "moved"])),
    3: other_writer({"note": ["string", "null"], "seq": "int", "share": "float"}),
    4: other_writer({"warm": ["float", "null"]}, more=["null", "string"]),
    5: other_writer({"seq": "string"}),
    6: other_writer({"seq": None}),
    7: other_writer({"moved": ["null", "long", "string"]}),
    8: OURS | {"fields": [OURS["fields"][0], {"name": "at", "type": "long"}, OURS["fields"][2]]},
}
READ_BY_COLUMNS = {1, 2, 3, 4}

values = st.fixed_dictionaries(
    {
        "seq": st.integers(-(2**31), 2**31 - 1),
        "clock": st.sampled_from(["ok", "ahead"]),
        "share": st.floats(0, 1, width=32),
        "tries": st.integers(-(2**61), 2**61),
        "note": st.none() | st.text(st.characters(max_codepoint=127), max_size=5),
        "warm": st.none() | st.floats(-50, 50, width=32),
        "moved": st.none() | st.integers(0, 300),
        "more": st.none() | st.just("passed over"),
    }
)
records = st.tuples(
    st.sampled_from(sorted(WRITERS)),
    st.sampled_from(["c-1", "c-22"]),
    st.integers(0, 2**52),
    values,
)


def written(schema_id: int, who: str, at: int, payload: dict[str, Any]) -> bytes:
    """The record as that writer writes it."""
    if schema_id == 5:
        payload = payload | {"seq": "seven"}
    out = BytesIO(b"\0" + schema_id.to_bytes(4, "big"))
    out.seek(5)
    record = {"who": who, "at": at, "payload": payload}
    fastavro.schemaless_writer(out, fastavro.parse_schema(WRITERS[schema_id]), record)
    return out.getvalue()


def read_singly(raw: bytes) -> dict[str, Any]:
    """What Avro's resolution makes of it."""
    writer = WRITERS[int.from_bytes(raw[1:5], "big")]
    found: Any = fastavro.schemaless_reader(
        BytesIO(raw[5:]), fastavro.parse_schema(writer), fastavro.parse_schema(OURS)
    )
    return {"who": found["who"], "at": micros(found["at"]), **found["payload"]}


def row(reader: SheetReader, sheet: Sheet, place: int) -> dict[str, Any]:
    """One record of a sheet."""
    found: dict[str, Any] = {}
    for path, longs in zip(reader.longs, sheet.longs, strict=True):
        found[path] = None if longs[place] == NONE_LONG else int(longs[place])
    for path, floats in zip(reader.floats, sheet.floats, strict=True):
        found[path] = None if np.isnan(floats[place]) else float(floats[place])
    for path, start, end in zip(reader.texts, sheet.starts, sheet.ends, strict=True):
        text = sheet.buffer[start[place] : end[place]].decode()
        found[path] = None if start[place] == NONE_TEXT else text
    return {path.rpartition(".")[2]: value for path, value in found.items()}


@given(st.lists(records, max_size=12))
@settings(max_examples=3000 if FULL_SIZE else 80, deadline=None)
def test_records_of_several_writers_are_read_as_avro_resolves_them(some: list[Any]) -> None:
    """Builds of a year lie mixed in one batch; what one lacks is its default, not a guess."""
    raws = [written(*one) for one in some]
    for walk_only in (False, True):
        reader = SheetReader(OURS, WRITERS.get)
        if walk_only:
            reader._learn = lambda *_: None  # type: ignore[method-assign]

        sheet = reader.read(raws)

        for place, (schema_id, *_) in enumerate(some):
            assert sheet.odd[place] == (schema_id not in READ_BY_COLUMNS)
            if not sheet.odd[place]:
                assert row(reader, sheet, place) == read_singly(raws[place])


def test_more_layouts_than_are_kept_are_read_all_the_same() -> None:
    """A herd of odd collars costs time, never a reading."""
    payload = {"seq": 0, "clock": "ok", "share": 0.0, "tries": 0}
    payload |= dict.fromkeys(["note", "warm", "moved"])
    raws = [
        written(1, "c" * first, 0, payload | {"note": "n" * (200 - first)})
        for first in range(2, 4 * LAYOUTS_MAX)
    ]
    reader = SheetReader(OURS, WRITERS.get)

    for _ in range(4):
        sheet = reader.read(raws)

        assert not sheet.odd.any()
        assert [row(reader, sheet, place) for place in range(len(raws))] == [
            read_singly(raw) for raw in raws
        ]
