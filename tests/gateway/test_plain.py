"""The quick way and the careful way agree on every upload that the quick one takes."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.reading import MEASUREMENTS
from gateway.payloads import native, plain
from gateway.upload import READINGS_MAX, Upload
from tests.gateway.test_native import TIME, an_upload

VALUES = (
    st.none()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.integers(-5, 300)
    | st.sampled_from([True, "38.6", "", "rumen", "Rumen 1", 2**70, []])
)
TIMES = st.sampled_from([TIME, "2026-03-01T04:00:00+05:00", "1969-12-31T23:59:59Z", "now", 3, None])
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "seq": st.integers(-2, 2**54) | VALUES,
    "time": TIMES,
    "interval_s": st.integers(-1, 90_000) | VALUES,
    **dict.fromkeys(MEASUREMENTS, VALUES),
    "colour": VALUES,
}
READINGS = st.fixed_dictionaries({}, optional=FIELDS)
GOOD = st.fixed_dictionaries(
    {}, optional={name: st.none() | st.floats(5, 5.9) | st.just(5) for name in MEASUREMENTS}
)
ENVELOPES = st.fixed_dictionaries(
    {},
    optional={
        "boot_id": st.integers(-1, 2**54) | VALUES,
        "sent_at": TIMES,
        "station_id": st.none() | st.sampled_from(["barn-2", "Barn 2", 3]),
        "farm_id": VALUES,
        "collar_id": VALUES,
    },
)


def told(upload: Upload) -> list[object]:
    """All that an upload says, whichever way it was read."""
    samples = [msgspec.to_builtins(sample) for sample in upload.samples]
    rest = (upload.boot_id, upload.sent_at, upload.station_id, upload.farm_id, upload.collar_id)
    return [*rest, upload.bad, upload.raw, samples]


@given(ENVELOPES, st.lists(READINGS | GOOD, max_size=4))
def test_what_the_quick_way_takes_the_careful_way_reads_the_same(
    envelope: dict[str, Any], readings: list[dict[str, Any]]
) -> None:
    """Which way it went must not be seen in a reading, nor in what a collar is told."""
    payload = an_upload(*readings, **envelope)

    quick = plain.decode(payload)
    careful = native.carefully(payload)

    assert quick is None or (isinstance(careful, Upload) and told(quick) == told(careful))


@given(st.lists(GOOD, min_size=1, max_size=4))
def test_what_collars_send_goes_the_quick_way(readings: list[dict[str, Any]]) -> None:
    """Otherwise it would be quick for nobody."""
    payload = an_upload(*({**one, "temperature_site": "rumen"} for one in readings))

    assert plain.decode(payload) is not None


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"[" * 100_000,
        b"\xff",
        an_upload({"temperature_c": 81}),
        an_upload({"lying_minutes": 6.1}),
        an_upload({}, {"time": "1969-12-31T23:59:59Z"}),
        an_upload({"temperature_site": "a b"}),
        an_upload({}, station_id="A"),
        an_upload({"temperature_c": float("nan")}),
        an_upload(*[{}] * (READINGS_MAX + 1)),
        json.dumps({"boot_id": 7, "readings": []}).encode(),
    ],
)
def test_what_is_odd_needs_a_closer_look(payload: bytes) -> None:
    """Reasons are said in one place only."""
    assert plain.decode(payload) is None
