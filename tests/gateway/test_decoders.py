"""Decoders: the example reads its frames, and what is installed is found, broken or not."""

import struct
from datetime import timedelta
from importlib.metadata import EntryPoint, EntryPoints

import pytest
import structlog

from gateway.decoders import FRAME_BYTES_MAX, READINGS_MAX, Frame
from gateway.decoders.example_collar import decode
from gateway.decoders.loading import GROUP, installed_decoders, load_decoders
from tests.builders import MORNING

HERE = "gateway.decoders.example_collar"
NOT_MEASURED = (-0x8000, 0xFFFF, 0xFFFF, 0xFFFF)


def a_frame(*readings: tuple[int, int, int, int], f_port: int = 1, interval_s: int = 300) -> Frame:
    """A frame of the example collar, received this morning."""
    body = b"".join(struct.pack(">hHHH", *one) for one in readings)
    return Frame(f_port, struct.pack(">BH", 1, interval_s) + body, None, MORNING)


def test_the_example_reads_a_frame() -> None:
    """It is what the documentation shows to whoever writes one."""
    older, newer = decode(a_frame((3861, 31, 42, 361), (3858, 25, 12, 360)))

    assert older == {
        "interval_s": 300, "time": MORNING - timedelta(minutes=5), "temperature_c": 38.61,
        "temperature_site": "rumen", "rumination_minutes": 3.1, "steps": 42, "battery_v": 3.61,
    }  # fmt: skip
    assert (newer["time"], newer["temperature_c"]) == (MORNING, 38.58)


def test_what_the_example_did_not_measure_is_absent() -> None:
    """None is not zero: a cow with 0 minutes of rumination is ill."""
    (reading,) = decode(a_frame(NOT_MEASURED))

    assert {value for name, value in reading.items() if name not in ("interval_s", "time")} == {
        None
    }


def test_another_port_measures_nothing() -> None:
    """An answer to a command is no reading and no mistake."""
    assert decode(a_frame(f_port=2)) == []


@pytest.mark.parametrize(
    "data", [b"", b"\x01", a_frame().data, a_frame(NOT_MEASURED).data[:-1], b"\x02" + bytes(10)]
)
def test_bytes_of_another_device_are_refused(data: bytes) -> None:
    """A guess would be somebody else's temperature."""
    with pytest.raises(ValueError, match="bytes"):
        decode(Frame(1, data, None, MORNING))


def test_a_full_frame_stays_within_the_bounds() -> None:
    """What LoRaWAN can carry, a gateway takes."""
    full = a_frame(*[NOT_MEASURED] * 29)

    assert len(full.data) <= 242 < FRAME_BYTES_MAX
    assert len(decode(full)) <= READINGS_MAX


def test_the_example_is_installed() -> None:
    """`pip install` of a package with this entry point is all that a farm does."""
    assert installed_decoders()["example-collar"] is decode


@pytest.mark.parametrize(
    ("name", "value", "event"),
    [
        ("gone", "no_such_package:decode", "decoder_broken"),
        ("gone", f"{HERE}:no_such_function", "decoder_broken"),
        ("number", f"{HERE}:VERSION", "decoder_not_callable"),
        ("Has Blanks", f"{HERE}:decode", "decoder_name_refused"),
        ("good", f"{HERE}:decode", "decoder_named_twice"),
    ],
)
def test_a_broken_package_is_a_line_in_the_log(name: str, value: str, event: str) -> None:
    """One package that does not fit this version must not keep the others, or the gateway, down."""
    entries = EntryPoints(
        [EntryPoint("good", f"{HERE}:decode", GROUP), EntryPoint(name, value, GROUP)]
    )

    with structlog.testing.capture_logs() as logs:
        decoders = load_decoders(entries)

    assert dict(decoders) == {"good": decode}
    assert event in [line["event"] for line in logs]
