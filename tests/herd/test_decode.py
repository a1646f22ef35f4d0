"""`herd decode`: a captured payload says what a gateway would make of it, without any farm."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from herd.decode import decode_file, in_words

UPLINKS = Path(__file__).parents[1] / "fixtures" / "uplinks"


def captured(name: str) -> Path:
    """A captured payload."""
    return UPLINKS / f"{name}.json"


def test_each_format_is_known_by_its_keys() -> None:
    """Whoever captured a payload need not know whose it is."""
    found = {name: decode_file(captured(name)) for name in (
        "native", "chirpstack_up", "things_stack_up",
    )}  # fmt: skip

    assert [one["format"] for one in found.values()] == ["native", "chirpstack", "things-stack"]
    assert [len(one["readings"]) for one in found.values()] == [1, 2, 2]
    assert [one["device"] for one in found.values()] == [None, *["70b3d57ed0061717"] * 2]
    assert found["chirpstack_up"]["readings"][1] == {
        "boot_id": 0x01A2B3C4 * 64 + 1,
        "seq": 7,
        "time": "2026-03-01T04:00:00.775023Z",
        "interval_s": 300,
        "temperature_c": 38.58,
        "temperature_site": "rumen",
        "rumination_minutes": 2.5,
        "steps": 12.0,
        "battery_v": 3.61,
    }


def test_a_decoder_may_be_named_for_whatever_the_frame_says() -> None:
    """Its author tries it on a capture before the devices are registered under its name."""
    unknown = decode_file(captured("things_stack_decoded"), decoder="example-collar")
    tried = decode_file(captured("chirpstack_object"), decoder="example-collar")

    assert [one["reason"] for one in unknown["refused"] + tried["refused"]] == [
        "decoder_failed", "decoder_failed",
    ]  # fmt: skip


def test_a_message_without_readings_is_no_mistake() -> None:
    """A join or a simulated uplink is nothing to be mended."""
    assert decode_file(captured("things_stack_join"))["aside"] == "join_accept"
    assert decode_file(captured("things_stack_simulated"))["refused"] == []


def test_times_at_the_calendars_ends_end_nothing(tmp_path: Path) -> None:
    """A capture may hold anything: the one is refused, the other only by a gateway's clock."""
    file = tmp_path / "odd.json"
    readings = [
        {"seq": 1, "interval_s": 60, "time": time}
        for time in ("9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00")
    ]
    file.write_text(json.dumps({"boot_id": 1, "readings": readings}))

    result = decode_file(file)
    assert [one["reason"] for one in result["refused"]] == ["out_of_range"]
    assert [one["time"] for one in result["readings"]] == ["9999-12-31T23:59:59-14:00"]


def test_an_unknown_format_or_decoder_is_used_wrongly() -> None:
    """The sentence names what there is."""
    with pytest.raises(typer.BadParameter, match="native, chirpstack, things-stack"):
        decode_file(captured("native"), payload_format="sigfox")
    with pytest.raises(typer.BadParameter, match="example-collar"):
        decode_file(captured("native"), decoder="not-there")


def test_the_words_name_every_value_and_every_reason() -> None:
    """What people read says as much as the JSON."""
    words = in_words(decode_file(captured("chirpstack_up")))

    assert "temperature_c 38.58, temperature_site rumen, rumination_minutes 2.5" in words
    assert "REFUSED wrong_type" in in_words(decode_file(captured("chirpstack_damaged_base64")))


@pytest.mark.parametrize(
    ("name", "status", "more"),
    [("native", 0, []), ("chirpstack_damaged_base64", 1, []), ("native", 2, ["--format", "x"])],
)
def test_the_exit_status_says_whether_all_of_it_would_be_taken(
    name: str, status: int, more: list[str]
) -> None:
    """Scripts check captures by it; the last line of stdout is one object."""
    done = subprocess.run(
        [sys.executable, "-m", "herd.cli", "decode", str(captured(name)), "--json", *more],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == status, done.stderr
    if status != 2:
        assert json.loads(done.stdout.splitlines()[-1])["format"]
