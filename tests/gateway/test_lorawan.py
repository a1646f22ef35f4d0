"""A frame becomes readings by whoever understands it, each counted once; or it becomes a letter."""

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any

import pytest

from contracts.animal_event import STATION
from contracts.clock import iso
from contracts.dead_letter import Reason
from contracts.ids import reading_event_id
from contracts.reading import CollarReading, StationReading
from contracts.serde import FixedSchemaIds, Serde
from gateway.attribution import Attribution
from gateway.decoders import FRAME_BYTES_MAX, READINGS_MAX, Decoders, Frame
from gateway.forks import Forks
from gateway.intake import Sender, Verdict, judge, judge_origin, judge_webhook
from gateway.payloads import lorawan
from pipeline.sequences import HOLES_MAX
from tests.builders import FARM, MORNING
from tests.gateway.uplinks import (
    CHIRPSTACK_TOPIC,
    DECODERS,
    DEV_EUI,
    THINGS_STACK_TOPIC,
    changed,
    fixture,
    worn,
)
from tests.pipeline.counting import Counting

BOOT = 0x01A2B3C4 * READINGS_MAX  # the session of the ChirpStack fixtures
COLUMNS: dict[str, Any] = {"interval_s": 300, "temperature_c": 38.5}


def judged(
    message: bytes, decoders: Decoders = DECODERS, known: Attribution | None = None
) -> Verdict:
    """What becomes of a message of ChirpStack's."""
    return judge(CHIRPSTACK_TOPIC, message, worn() if known is None else known, MORNING, decoders)


def decoding(told: object) -> Verdict:
    """What becomes of a frame whose decoder answers with `told`."""
    return judged(fixture("chirpstack_up"), {"example-collar": lambda _frame: told})  # type: ignore[dict-item,return-value]  # on purpose


def reasons(verdict: Verdict) -> list[Reason]:
    """Why what was refused was."""
    return [refusal.rejected.reason for refusal in verdict.refusals]


def of_collars(verdict: Verdict) -> list[CollarReading]:
    """The readings of a verdict, which must be collars'."""
    found = [
        event.payload for event in verdict.readings if isinstance(event.payload, CollarReading)
    ]
    assert len(found) == len(verdict.readings)
    return found


def test_a_frame_becomes_one_event_a_reading() -> None:
    """Both readings of the frame, the older an interval before the newer."""
    verdict = judged(fixture("chirpstack_up"))

    first, second = verdict.readings
    heard_at = datetime(2026, 3, 1, 4, 0, 0, 775023, UTC)
    assert (first.timestamp, second.timestamp) == (heard_at - timedelta(minutes=5), heard_at)
    assert (first.aggregate_id, first.farm_id, first.actor) == (
        "nl-0017", FARM, f"collar:{DEV_EUI}",
    )  # fmt: skip
    assert [one.temperature_c for one in of_collars(verdict)] == [38.61, 38.58]
    assert [one.station_id for one in of_collars(verdict)] == ["a84041ffff1eb2c4"] * 2
    assert (first.payload.received_at, first.payload.sent_at) == (MORNING, None)
    assert (verdict.address, verdict.answer) == (None, None)


def test_every_event_of_a_frame_can_be_written() -> None:
    """An event that Avro refuses would end the gateway, again and again."""
    serde = Serde(FixedSchemaIds())

    for event in judged(changed("chirpstack_up", "devAddr", to="ffffffff")).readings:
        assert serde.decode(serde.encode(event)).payload.boot_id >= (2**32 - 1) * READINGS_MAX


def test_a_frame_handed_on_twice_is_the_same_readings() -> None:
    """Servers repeat what was not acknowledged, by MQTT or by webhook; each counts once."""
    by_mqtt = judged(fixture("chirpstack_up"))
    path = f"/v1/uplinks/{FARM}/chirpstack"
    by_http = judge_webhook(path, fixture("chirpstack_up"), worn(), MORNING, DECODERS)

    assert by_http is not None
    assert [event.event_id for event in by_http.readings] == [
        event.event_id for event in by_mqtt.readings
    ]
    assert by_mqtt.readings[1].event_id == reading_event_id(DEV_EUI, BOOT + 1, 7)


def test_the_next_frame_counts_on_by_one() -> None:
    """Who counts readings once keeps few holes: with one a frame, a late letter were a repeat."""
    counted = Counting()
    frames = [
        judged(changed("chirpstack_up", "fCnt", to=number)) for number in range(4 * HOLES_MAX)
    ]
    late = frames.pop(2)

    def count(verdict: Verdict) -> list[bool]:
        told = of_collars(verdict)
        keys = [(b"farm-a", one.collar_id.encode(), one.boot_id) for one in told]
        return counted.first_seen(keys, [one.seq for one in told])

    for frame in frames:
        assert count(frame) == [True, True]
    assert count(late) == [True, True]
    assert count(late) == [False, False]


def test_both_servers_speak_through_one_door() -> None:
    """The same device on The Things Stack: same animal, another session."""
    verdict = judge(THINGS_STACK_TOPIC, fixture("things_stack_up"), worn(), MORNING, DECODERS)

    assert [one.temperature_c for one in of_collars(verdict)] == [38.61, 38.58]


def test_what_a_servers_codec_decoded_needs_no_decoder() -> None:
    """In protobuf a Struct makes 600.0 of 600, and the maker's own columns are nobody's concern."""
    (reading,) = of_collars(judged(fixture("chirpstack_object"), {}))

    assert (reading.interval_s, reading.temperature_c) == (600, 38.4)


def test_a_servers_codec_may_tell_several_readings_with_their_times() -> None:
    """A device that buffers tells more than one."""
    message = fixture("things_stack_decoded")

    verdict = judge(THINGS_STACK_TOPIC, message, worn(), MORNING, {})

    assert [event.timestamp for event in verdict.readings] == [
        MORNING - timedelta(minutes=5), MORNING,
    ]  # fmt: skip


def test_an_installed_decoder_comes_before_the_servers_codec() -> None:
    """It was chosen by whoever runs this gateway."""
    message = changed("chirpstack_up", "object", to={"interval_s": 60, "temperature_c": 1.0})

    assert [one.temperature_c for one in of_collars(judged(message))] == [38.61, 38.58]


@pytest.mark.parametrize(
    "message",
    [
        changed("chirpstack_up", "deviceInfo", "deviceProfileName", to="Acme"),
        changed("chirpstack_object", "object", to={"TempC_SHT": 21.3}),
        changed("chirpstack_object", "object", to={"temperature_c": 38.3}),
        changed("chirpstack_object", "object", to={"readings": []}),
        changed("chirpstack_object", "object", to=7),
        changed("chirpstack_object", "deviceInfo", "tags", to={"herd_decoder": "not-there"}),
    ],
)
def test_a_frame_that_nobody_understands_is_a_letter_with_all_of_it(message: bytes) -> None:
    """Once the decoder is installed, the letter is sent again and nothing is lost."""
    verdict = judged(message)

    (refusal,) = verdict.refusals
    assert (refusal.rejected.reason, refusal.raw) == (Reason.UNKNOWN_DECODER, message)
    assert (refusal.sender.farm_id, refusal.sender.collar_id) == (FARM, DEV_EUI)
    assert (refusal.boot_id, refusal.seq) == (BOOT, 7)


def test_a_letter_of_an_unknown_decoder_comes_home_once_it_is_installed() -> None:
    """The letter's own origin and bytes are enough."""
    message = fixture("chirpstack_up")
    (refusal,) = judged(message, {}).refusals

    again = judge_origin(refusal.sender.origin, refusal.raw, worn(), MORNING, DECODERS)

    assert again == judged(message)


def _raises(_frame: Frame) -> list[dict[str, Any]]:
    raise ValueError("half a \ud800 pair and a \x00")


def _leaves(_frame: Frame) -> list[dict[str, Any]]:
    raise SystemExit(0)


def _recurses(frame: Frame) -> list[dict[str, Any]]:
    return _recurses(frame)


class Unspeakable(Exception):  # noqa: N818  made for one test
    """An error that raises when it is asked what it is."""

    def __str__(self) -> str:
        raise RuntimeError


def _unspeakable(_frame: Frame) -> list[dict[str, Any]]:
    raise Unspeakable


@pytest.mark.parametrize("decode", [_raises, _leaves, _recurses, _unspeakable])
def test_a_decoder_that_raises_costs_its_frame_alone(
    decode: Callable[[Frame], list[dict[str, Any]]],
) -> None:
    """Others wrote it; whatever it does, the gateway serves the next message."""
    verdict = judged(fixture("chirpstack_up"), {"example-collar": decode})

    (refusal,) = verdict.refusals
    assert refusal.rejected.reason is Reason.DECODER_FAILED
    assert refusal.rejected.detail.isprintable()


class Timeless(tzinfo):
    """A time zone that cannot say what it is."""

    def utcoffset(self, _when: datetime | None, /) -> timedelta:
        """Raises."""
        raise RuntimeError

    def dst(self, _when: datetime | None, /) -> timedelta:
        """Raises."""
        raise RuntimeError

    def tzname(self, _when: datetime | None, /) -> str:
        """Raises."""
        raise RuntimeError


@pytest.mark.parametrize(
    "told",
    [
        None,
        7,
        "readings",
        {"interval_s": 300},
        [7],
        [{}],
        [{"interval_s": 300.5}],
        [{"interval_s": "300"}],
        [{**COLUMNS, "temperature_c": "38"}],
        [{**COLUMNS, "temperature_c": True}],
        [{**COLUMNS, "time": "yesterday"}],
        [{**COLUMNS, "time": datetime(2026, 3, 1)}],  # noqa: DTZ001  that is the point
        [{**COLUMNS, "time": datetime(2026, 3, 1, tzinfo=Timeless())}],
        [{**COLUMNS, "time": datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14)))}],
        [{**COLUMNS, 7: 7}],
        [{**COLUMNS, "temperature_c": 10**400}],
        [COLUMNS] * (READINGS_MAX + 1),
    ],
)
def test_a_decoder_that_answers_nonsense_costs_its_frame_alone(told: object) -> None:
    """What looks like readings and is none must not get into the log."""
    assert reasons(decoding(told)) == [Reason.DECODER_FAILED]


def test_hex_that_happens_to_be_base64_is_the_decoders_to_refuse() -> None:
    """Each hex digit is a letter of base64, too: only who knows the frame can tell."""
    assert reasons(judged(fixture("chirpstack_hex"))) == [Reason.DECODER_FAILED]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 99.0])
def test_a_value_that_no_animal_can_have_is_refused(value: float) -> None:
    """A decoder can make NaN, as JSON cannot; in the log it would poison every sum."""
    verdict = decoding([{**COLUMNS, "temperature_c": value}, COLUMNS])

    assert reasons(verdict) == [Reason.OUT_OF_RANGE]
    assert [one.boot_id for one in of_collars(verdict)] == [BOOT + 1]


def test_a_frames_refused_readings_are_one_letter_a_reason() -> None:
    """They are all in one message; deciding on it once is enough."""
    bad = {**COLUMNS, "temperature_c": 99}

    verdict = decoding([bad, bad, {**COLUMNS, "time": iso(MORNING - timedelta(days=9))}])

    assert reasons(verdict) == [Reason.OUT_OF_RANGE, Reason.NOT_WORN]
    assert {refusal.raw for refusal in verdict.refusals} == {fixture("chirpstack_up")}


def test_a_frame_that_measured_nothing_is_no_letter() -> None:
    """An answer to a command, a heartbeat: its decoder knows."""
    verdict = judged(changed("chirpstack_up", "fPort", to=2))

    assert (verdict.readings, verdict.refusals) == ((), ())
    assert verdict.aside == "nothing_measured"


def test_a_frame_larger_than_lorawan_allows_reaches_no_decoder() -> None:
    """A decoder's time is bounded by its input alone."""
    message = changed("chirpstack_up", "data", to="AAAA" * (FRAME_BYTES_MAX // 3 + 1))

    assert reasons(judged(message)) == [Reason.TOO_LARGE]


def test_a_strangers_frame_reaches_no_decoder() -> None:
    """Whoever is not in the register gets a letter, and none of our time."""
    called: list[Frame] = []

    def decode(frame: Frame) -> list[dict[str, Any]]:
        called.append(frame)
        return []

    verdict = judged(fixture("chirpstack_up"), {"example-collar": decode}, Attribution())

    assert (reasons(verdict), called) == ([Reason.UNKNOWN_COLLAR], [])


def test_another_farms_device_is_refused() -> None:
    """A farm's LoRaWAN server speaks for the devices of that farm."""
    topic = CHIRPSTACK_TOPIC.replace(FARM, "farm-b")

    verdict = judge(topic, fixture("chirpstack_up"), worn(), MORNING, DECODERS)

    assert (verdict.readings, reasons(verdict)) == ((), [Reason.WRONG_FARM])


def test_a_weather_station_may_be_on_lorawan() -> None:
    """Barn and weather come the same way as collars: no second door."""
    weather = {"interval_s": 600, "ambient_c": 21.5, "humidity_pct": 64.0}
    message = changed("chirpstack_object", "object", to=weather)

    (event,) = judged(message, {}, worn(kind=STATION)).readings

    assert isinstance(event.payload, StationReading)
    assert (event.aggregate_id, event.payload.ambient_c) == (DEV_EUI, 21.5)


def test_a_device_that_counts_from_zero_again_within_its_session_is_seen() -> None:
    """ABP without a kept counter: other readings under old names, kept as the server sent them."""
    forks, message = Forks(), changed("chirpstack_up", "time", to="2026-03-01T04:30:00Z")
    sender = Sender(f"mqtt:{CHIRPSTACK_TOPIC}")
    forks.part(judged(fixture("chirpstack_up")), fixture("chirpstack_up"), sender, 0.0)

    verdict, forked = forks.part(judged(message), message, sender, 1.0)

    (refusal,) = verdict.refusals
    assert (verdict.readings, forked is not None) == ((), True)
    assert (refusal.rejected.reason, refusal.raw) == (Reason.SEQ_REUSED, message)
    assert refusal.sender == Sender(f"mqtt:{CHIRPSTACK_TOPIC}", FARM, DEV_EUI)


def test_a_join_is_counted_and_leaves_no_letter() -> None:
    """It comes on the same subscription, and is nobody's mistake."""
    topic = CHIRPSTACK_TOPIC.replace("event/up", "event/join")

    verdict = judge(topic, fixture("chirpstack_join"), worn(), MORNING, DECODERS)

    assert (verdict.readings, verdict.refusals, verdict.aside) == ((), (), "join")


@pytest.mark.parametrize(
    ("parts", "name"),
    [
        (("Acme Bolus 2.0",), "acme-bolus-2-0"),
        (("Acme", "Bolus"), "acme-bolus"),
        (("", ""), ""),
        (("Büffel\x00\ud800",), "b-ffel"),
        (("x" * 300,), "x" * 40),
    ],
)
def test_names_that_people_chose_become_names_of_decoders(
    parts: tuple[str, ...], name: str
) -> None:
    """They land in sentences and logs: whatever they hold, an id comes out, or nothing."""
    assert lorawan.decoder_name(*parts) == name
