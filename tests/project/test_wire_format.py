"""What is published of the wire format is what the code does, and what the specifications allow."""

import gzip
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.dead_letter import Reason
from contracts.topics import ALL, LORAWAN_FILTER, PARTITIONS, parse_lorawan_topic, parse_mqtt_topic
from gateway.payloads import native
from gateway.published import examples, fields, schemas
from gateway.published.__main__ import files
from gateway.upload import COUNT_MAX, MINUTES, PHYSICAL_RANGES, Upload
from tests.conftest import FULL_SIZE

MESSAGES = 8_000 if FULL_SIZE else 300

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"

UPLOAD = jsonschema.Draft202012Validator(schemas.upload_schema())
ASYNCAPI = yaml.safe_load((DOCS / "wire_format/asyncapi.yaml").read_text("utf-8"))


def gateway_takes(message: Any) -> bool:  # noqa: ANN401  any JSON
    """Whether the decoder finds nothing wrong with an upload."""
    found = native.decode(json.dumps(message).encode())
    return isinstance(found, Upload) and not found.bad


def with_reading(**values: Any) -> dict[str, Any]:  # noqa: ANN401  any JSON
    """An upload of one reading in which some values are others; ... takes a field out."""
    reading = {"seq": 1, "time": "2026-03-01T04:00:00Z", "interval_s": 86_400} | values
    return {
        "boot_id": 1,
        "readings": [{name: value for name, value in reading.items() if value is not ...}],
    }


def test_the_published_files_are_what_the_code_says() -> None:
    """`python -m gateway.published docs` writes them; a change of the code alone would be a lie."""
    stale = [name for name, text in files().items() if (DOCS / name).read_text("utf-8") != text]

    assert stale == []


@pytest.mark.parametrize("name", ["upload", "answer", "reject", "status"])
def test_the_schemas_are_json_schema(name: str) -> None:
    """Of the dialect that they name."""
    schema = json.loads((DOCS / f"wire_format/{name}.schema.json").read_text("utf-8"))

    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    jsonschema.Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("name", examples.UPLOADS)
def test_an_example_is_taken_by_the_schema_and_by_the_gateway(name: str) -> None:
    """As the file that a maker copies."""
    raw = (DOCS / f"examples/{name}.json").read_bytes()

    UPLOAD.validate(json.loads(raw))
    found = native.decode(raw)

    assert isinstance(found, Upload)
    assert found.bad == ()


BAD = {
    "no readings": {"boot_id": 1, "readings": []},
    "a crowd": {"boot_id": 1, "readings": with_reading()["readings"] * 501},
    "no boot": {"readings": with_reading()["readings"]},
    "no list": {"boot_id": 1, "readings": with_reading()["readings"][0]},
    "an array": [with_reading()],
    "boot below zero": with_reading() | {"boot_id": -1},
    "boot in quotes": with_reading() | {"boot_id": "1"},
    "station in capitals": with_reading() | {"station_id": "Barn 2"},
    "sent without an offset": with_reading() | {"sent_at": "2026-03-01T04:00:00"},
    "no seq": with_reading(seq=...),
    "seq null": with_reading(seq=None),
    "seq true": with_reading(seq=True),
    "seq too large": with_reading(seq=COUNT_MAX + 1),
    "no time": with_reading(time=...),
    "time as a number": with_reading(time=1772337600),
    "time without an offset": with_reading(time="2026-03-01T04:00:00"),
    "a day that is none": with_reading(time="2026-02-30T04:00:00Z"),
    "a clock never set": with_reading(time="1969-12-31T00:00:00Z"),
    "no interval": with_reading(interval_s=...),
    "interval of nothing": with_reading(interval_s=0),
    "interval of two days": with_reading(interval_s=172_800),
    "fahrenheit": with_reading(temperature_c=101.5),
    "temperature in quotes": with_reading(temperature_c="38.6"),
    "site in capitals": with_reading(temperature_site="Rumen"),
    "latitude beyond the pole": with_reading(latitude=90.1),
    "humidity": with_reading(humidity_pct=101),
}


@pytest.mark.parametrize("what", BAD)
def test_what_is_wrong_is_refused_by_the_schema_and_by_the_gateway(what: str) -> None:
    """A maker's test bench finds it, before the barn does."""
    assert not UPLOAD.is_valid(BAD[what])
    assert not gateway_takes(BAD[what])


@pytest.mark.parametrize("column", PHYSICAL_RANGES)
def test_the_bounds_are_the_gateways(column: str) -> None:
    """On the bound it is taken, beyond it is not, by both."""
    low, high = PHYSICAL_RANGES[column]
    for value, fits in ((low, True), (high, True), (low - 0.5, False), (high + 0.5, False)):
        message = with_reading(**{column: value})

        assert UPLOAD.is_valid(message) is gateway_takes(message) is fits


def ends_at_its_end(text: str) -> bool:
    """JSON Schema's `$` is ECMA's; Python's own lets a line end stand behind it."""
    return not text.endswith("\n")


NUMBERS = st.one_of(
    st.none(),
    st.integers(-(2**60), 2**60),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([0, 0.0, -0.0, 1e300, 86_400, 1440.5, COUNT_MAX, True, "1", [], {}]),
)
COUNTS = st.integers(-2, COUNT_MAX + 2) | st.sampled_from([1.5, "1", None, True, ...])
VALUES = st.fixed_dictionaries(
    {},
    optional={
        "seq": COUNTS,
        "interval_s": st.integers(-1, 90_000) | st.sampled_from(["300", None, ...]),
        **dict.fromkeys((name for name in PHYSICAL_RANGES if name not in MINUTES), NUMBERS),
        "temperature_site": st.none()
        | st.one_of(st.text(max_size=45), st.from_regex(schemas.ID)).filter(ends_at_its_end),
        "made_up": NUMBERS,
    },
)


@settings(max_examples=MESSAGES, deadline=None)
@given(VALUES)
def test_schema_and_gateway_agree_on_any_values(values: dict[str, Any]) -> None:
    """Minutes aside, which depend on the interval; fields that nobody knows are passed over."""
    message = with_reading(**values)

    assert UPLOAD.is_valid(message) is gateway_takes(message)


@settings(max_examples=MESSAGES, deadline=None)
@given(
    st.one_of(
        st.from_regex(schemas.TIME, fullmatch=True),
        st.datetimes().map(lambda moment: moment.isoformat() + "Z"),
        st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:]{5,8}(Z|[+-][0-9:]{4,5})?"),
    ).filter(ends_at_its_end)
)
def test_a_time_that_the_schema_takes_the_gateway_takes(text: str) -> None:
    """There are no more leap years in the pattern than in the calendar."""
    message = with_reading(time=text) | {"sent_at": text}

    assert not UPLOAD.is_valid(message) or gateway_takes(message)


@pytest.mark.parametrize(
    ("day", "there_is"),
    [("2024-02-29", True), ("2026-02-29", False), ("2000-02-29", True), ("2100-02-29", False)],
)
def test_the_pattern_knows_the_calendar(day: str, there_is: bool) -> None:  # noqa: FBT001
    """A firmware that counts days itself is tried against it."""
    assert UPLOAD.is_valid(with_reading(time=f"{day}T00:00:00Z")) is there_is


def test_every_field_of_the_decoder_is_published() -> None:
    """A field that the gateway reads and nobody is told of is a secret."""
    decoded = {field.name for field in msgspec.structs.fields(native._Message)}
    measured = {field.name for field in msgspec.structs.fields(native._Aware)}

    assert set(schemas.upload_schema()["properties"]) == set(fields.OF_UPLOAD) == decoded
    assert set(schemas.reading_schema()["properties"]) == set(fields.OF_READING) == measured


def test_every_reason_is_explained_or_none_of_a_collars_business() -> None:
    """A reason in no table is a question to us at night."""
    assert set(fields.TOLD) | fields.NEVER_TOLD == set(Reason)
    assert not set(fields.TOLD) & fields.NEVER_TOLD


def test_the_makers_page_explains_every_reason() -> None:
    """And every reason that it explains is one."""
    page = (DOCS / "collar_maker.md").read_text("utf-8")
    section = page.split("## What you are told", 1)[1].split("\n## ", 1)[0]

    rows = re.findall(r"^\| ((?:`\w+` ?)+)\|", section, re.MULTILINE)

    named = [name for row in rows for name in re.findall(r"`(\w+)`", row)]
    assert sorted(named) == sorted(reason.value for reason in fields.TOLD)


def test_the_document_is_asyncapi() -> None:
    """By the schema of those who make the specification (see asyncapi/README.md)."""
    packed = (Path(__file__).parent / "asyncapi/3.1.0.schema.json.gz").read_bytes()
    specification = json.loads(gzip.decompress(packed))

    errors = sorted(
        f"{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}"
        for error in jsonschema.Draft7Validator(specification).iter_errors(ASYNCAPI)
    )

    assert errors == []


def test_every_reference_of_the_document_leads_somewhere() -> None:
    """Within it, or to an Avro schema beside it."""
    found = list(references(ASYNCAPI))
    dead = [reference for reference in found if resolved(reference) is None]

    assert len(found) > 100
    assert dead == []


def test_the_examples_of_the_document_fit_their_schemas() -> None:
    """An example that is none is copied all the same."""
    messages = ASYNCAPI["components"]["messages"]
    shown = [
        (message["payload"]["$ref"], example["payload"])
        for message in messages.values()
        for example in message.get("examples", ())
    ]

    assert len(shown) == 8
    for reference, payload in shown:
        jsonschema.Draft202012Validator(resolved(reference)).validate(payload)


def test_the_addresses_are_the_gateways() -> None:
    """Filled in with the example of each parameter they are topics that the code reads."""
    told = {name: one for name, one in ASYNCAPI["channels"].items() if "parameters" in one}
    filled = {name: filled_in(one["address"]) for name, one in told.items()}

    lorawan = parse_lorawan_topic(filled.pop("lorawan"))
    assert lorawan is not None
    assert LORAWAN_FILTER.startswith("lorawan/v1/")
    for channel, topic in filled.items():
        address = parse_mqtt_topic(topic)
        assert address is not None
        assert (address.farm_id, address.collar_id, address.channel) == ("home", "c-17", channel)


def test_the_kafka_half_is_the_contracts() -> None:
    """Partitions and retention as `herd.provision` makes them."""
    told = {
        channel["address"]: channel["bindings"]["kafka"]
        for channel in ASYNCAPI["channels"].values()
        if "bindings" in channel
    }

    assert set(told) == {topic.name for topic in ALL}
    assert {one["partitions"] for one in told.values()} == {PARTITIONS}
    readings = told["herd.readings.v1"]["topicConfiguration"]
    assert readings == {"cleanup.policy": ["delete"], "retention.ms": 400 * 86_400_000}
    assert told["herd.alerts.v1"]["topicConfiguration"]["retention.ms"] == -1


def references(part: Any) -> Any:  # noqa: ANN401  any YAML
    """Every `$ref` of the document."""
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for value in part.values():
            yield from references(value)
    elif isinstance(part, list):
        for value in part:
            yield from references(value)


@cache
def resolved(reference: str) -> Any:  # noqa: ANN401  any YAML
    """What a reference leads to; None if nowhere."""
    if not reference.startswith("#/"):
        path = DOCS / "wire_format" / reference
        return json.loads(path.read_text("utf-8")) if path.is_file() else None
    found = ASYNCAPI
    for name in reference[2:].split("/"):
        found = found.get(name) if isinstance(found, dict) else None
    return found


def filled_in(address: str) -> str:
    """An address with the first example of each parameter."""
    parameters = ASYNCAPI["components"]["parameters"]
    return re.sub(r"\{(\w+)\}", lambda match: parameters[match[1]]["examples"][0], address)
