"""Our own payload: good uploads come through whole, bad ones become a reason, nothing raises."""

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.dead_letter import Reason, Rejected
from contracts.reading import MEASUREMENTS
from gateway.payloads import native
from gateway.upload import PHYSICAL_RANGES, Upload

TIME = "2026-03-01T04:00:00Z"


def an_upload(*readings: dict[str, Any], **envelope: object) -> bytes:
    """The JSON of an upload; each reading needs to name only what matters."""
    usual = {"time": TIME, "interval_s": 300}
    told = [{"seq": number, **usual, **reading} for number, reading in enumerate(readings, 1)]
    return json.dumps({"boot_id": 7, "readings": told, **envelope}).encode()


def decoded(payload: bytes) -> Upload:
    """The upload in a payload that must be one."""
    upload = native.decode(payload)
    assert isinstance(upload, Upload), upload
    return upload


def test_the_example_of_the_contract_comes_through_whole() -> None:
    """What the documentation shows a maker of collars must work as it stands there."""
    payload = (
        b'{"boot_id": 7, "sent_at": "2026-03-01T04:05:01Z", "station_id": "barn-2", "readings": ['
        b'{"seq": 41, "time": "2026-03-01T04:00:00Z", "interval_s": 300, "temperature_c": 38.6,'
        b' "temperature_site": "rumen", "rumination_minutes": 3.0}]}'
    )

    upload = decoded(payload)

    (sample,) = upload.samples
    assert (upload.boot_id, upload.station_id, upload.bad) == (7, "barn-2", ())
    assert (sample.seq, sample.temperature_c, sample.temperature_site) == (41, 38.6, "rumen")
    assert (sample.rumination_minutes, sample.steps) == (3.0, None)


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"not json", Reason.NOT_JSON),
        (b'{"boot_id": 7, "readings": [', Reason.NOT_JSON),
        (an_upload({"temperature_c": float("nan")}), Reason.NOT_JSON),
        (an_upload({"temperature_c": float("inf")}), Reason.NOT_JSON),
        (b'{"boot_id": 7, "readings": ' + b"[" * 100_000, Reason.NOT_JSON),
        (b"", Reason.EMPTY),
        (b" \n", Reason.EMPTY),
        (b'{"boot_id": 7, "readings": []}', Reason.EMPTY),
        (b"[]", Reason.WRONG_TYPE),
        (b"{}", Reason.WRONG_TYPE),
        (an_upload({}, boot_id="7"), Reason.WRONG_TYPE),
        (an_upload({}, sent_at="2026-03-01T04:05:01"), Reason.WRONG_TYPE),
        (an_upload({}, boot_id=-1), Reason.OUT_OF_RANGE),
        (an_upload({}, boot_id=2**60), Reason.OUT_OF_RANGE),
        (an_upload({}, station_id="Barn 2"), Reason.OUT_OF_RANGE),
        (an_upload({}, farm_id=7), Reason.WRONG_TYPE),
        (b" " * (native.UPLOAD_BYTES_MAX + 1), Reason.TOO_LARGE),
    ],
)
def test_a_bad_upload_is_a_value_with_its_reason(payload: bytes, reason: Reason) -> None:
    """Bad data must never stop the stream, and somebody must be able to see why it was refused."""
    refused = native.decode(payload)

    assert isinstance(refused, Rejected), refused
    assert refused.reason is reason


@pytest.mark.parametrize(
    ("reading", "reason"),
    [
        ({"temperature_c": "38.6"}, Reason.WRONG_TYPE),
        ({"temperature_c": True}, Reason.WRONG_TYPE),
        ({"time": "yesterday"}, Reason.WRONG_TYPE),
        ({"time": "2026-03-01T04:00:00"}, Reason.WRONG_TYPE),
        ({"time": "0001-01-01T00:00:00+14:00"}, Reason.OUT_OF_RANGE),
        ({"interval_s": 0}, Reason.OUT_OF_RANGE),
        ({"interval_s": 86_401}, Reason.OUT_OF_RANGE),
        ({"interval_s": 10**400}, Reason.OUT_OF_RANGE),
        ({"temperature_c": -50.1}, Reason.OUT_OF_RANGE),
        ({"temperature_c": 80.1}, Reason.OUT_OF_RANGE),
        ({"temperature_c": 1e300}, Reason.OUT_OF_RANGE),
        ({"rumination_minutes": 6.1}, Reason.OUT_OF_RANGE),
        ({"steps": -1}, Reason.OUT_OF_RANGE),
        ({"latitude": 91}, Reason.OUT_OF_RANGE),
        ({"temperature_site": "a b"}, Reason.OUT_OF_RANGE),
    ],
)
def test_one_bad_reading_costs_only_itself(reading: dict[str, Any], reason: Reason) -> None:
    """A single broken sensor value must not take a day's other readings with it."""
    upload = decoded(an_upload({}, reading, {}))

    (bad,) = upload.bad
    assert [sample.seq for sample in upload.samples] == [1, 3]
    assert (bad.seq, bad.rejected.reason) == (2, reason)


def test_a_bad_readings_letter_can_be_sent_again_by_itself() -> None:
    """A letter is kept to be repaired: its bytes must be a whole upload of that one reading."""
    payload = an_upload({}, {"temperature_c": 99.0}, station_id="barn-2")

    (bad,) = decoded(payload).bad
    again = decoded(bad.raw.replace(b"99.0", b"39.0"))

    assert (again.boot_id, again.station_id) == (7, "barn-2")
    assert [(one.seq, one.temperature_c) for one in again.samples] == [(2, 39.0)]


@pytest.mark.parametrize("seq", [-1, "2", 2**60, 10**400, None])
def test_a_reading_without_a_usable_seq_is_bad_and_covers_none(seq: object) -> None:
    """An answer may only name a seq that was understood."""
    upload = decoded(an_upload({"seq": 1}, {"seq": seq}))

    assert [bad.seq for bad in upload.bad] == [None]
    assert upload.last_seq() == 1


def test_every_number_a_reading_can_carry_has_its_physical_range() -> None:
    """A column without a range could overflow the log's float32 and stop the gateway."""
    numbers = set(MEASUREMENTS) - {"temperature_site"}

    assert numbers == set(PHYSICAL_RANGES)


@pytest.mark.parametrize(
    ("body", "last_seq"),
    [(b"1," * 125_000 + b"1", None), (b'{"seq":1},' * 25_000 + b'{"seq":7}', 7)],
)
def test_a_crowd_of_readings_is_not_looked_at_one_by_one(body: bytes, last_seq: int | None) -> None:
    """One message of 256 KiB held up all collars for a second and a half."""
    payload = b'{"boot_id":1,"readings":[' + body + b"]}"

    begun_s = time.thread_time()
    upload = decoded(payload)
    spent_s = time.thread_time() - begun_s

    (bad,) = upload.bad
    assert (bad.rejected.reason, bad.raw) == (Reason.TOO_MANY_READINGS, payload)
    assert (upload.samples, upload.last_seq()) == ((), last_seq)
    assert spent_s < 0.1


@given(st.binary(max_size=300))
def test_no_bytes_ever_raise(payload: bytes) -> None:
    """One message of one collar must not end the process that serves all of them."""
    native.decode(payload)


@given(st.integers(0, 400), st.integers(0, 255))
def test_no_damaged_upload_ever_raises(place: int, byte: int) -> None:
    """Damage that still looks like JSON reaches deeper than random bytes do."""
    payload = bytearray(an_upload({"temperature_c": 38.6}, {"temperature_site": "rumen"}))
    payload[place % len(payload)] = byte

    native.decode(bytes(payload))
