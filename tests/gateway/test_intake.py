"""One MQTT message → what goes to Kafka and what the collar is told, whatever it holds."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from contracts.animal_event import STATION, Assignment, CollarAssignments
from contracts.clock import iso
from contracts.dead_letter import Reason
from contracts.ids import AnimalId, CollarId, FarmId, reading_event_id
from contracts.reading import CLOCK_AHEAD, CLOCK_OK, CollarReading, StationReading
from contracts.serde import FixedSchemaIds, Serde
from gateway.attribution import Attribution
from gateway.intake import Answer, Sender, Verdict, judge, judge_origin
from gateway.upload import READINGS_MAX
from tests.builders import FARM, MORNING

COLLAR = CollarId("c-17")
TOPIC = f"herd/v1/{FARM}/{COLLAR}/readings"


@pytest.fixture
def attribution() -> Attribution:
    """One collar on one animal, since a week before this morning."""
    known = Attribution()
    assignment = Assignment(
        animal_id=AnimalId("nl-0017"), farm_id=FARM, worn_from=MORNING - timedelta(days=7)
    )
    known.apply(CollarAssignments(collar_id=COLLAR, assignments=(assignment,)))
    return known


def an_upload(*readings: dict[str, Any], **envelope: object) -> bytes:
    """The JSON of an upload received this morning."""
    usual = {"time": iso(MORNING), "interval_s": 300}
    told = [{"seq": number, **usual, **reading} for number, reading in enumerate(readings, 41)]
    return msgspec.json.encode(
        {"boot_id": 7, "sent_at": iso(MORNING), "readings": told, **envelope}
    )


def of_collars(verdict: Verdict) -> list[CollarReading]:
    """The readings of a verdict, which must be collars'."""
    found = [
        event.payload for event in verdict.readings if isinstance(event.payload, CollarReading)
    ]
    assert len(found) == len(verdict.readings)
    return found


def reasons(verdict: Verdict) -> list[Reason]:
    """Why what was refused was."""
    return [refusal.rejected.reason for refusal in verdict.refusals]


def test_a_good_upload_becomes_one_event_a_reading(attribution: Attribution) -> None:
    """The envelope is what every consumer builds on: each of its fields must be right."""
    payload = an_upload({"temperature_c": 38.6, "temperature_site": "rumen"}, {})

    verdict = judge(TOPIC, payload, attribution, MORNING)

    first, second = verdict.readings
    assert first.event_id == reading_event_id(COLLAR, 7, 41)
    assert (first.aggregate_id, first.farm_id, first.actor) == ("nl-0017", FARM, "collar:c-17")
    assert (first.timestamp, first.payload.received_at) == (MORNING, MORNING)
    assert (of_collars(verdict)[0].temperature_c, first.payload.clock) == (38.6, CLOCK_OK)
    assert second.payload.seq == 42
    assert verdict.answer == Answer(boot_id=7, seq=42)
    assert verdict.refusals == ()


def test_every_accepted_event_can_be_written(attribution: Attribution) -> None:
    """An event that Avro refuses would end the gateway, again and again."""
    extremes: dict[str, Any] = {
        "temperature_c": 80, "lying_bouts": 1440, "activity": 1e9, "latitude": -90.0,
        "humidity_pct": 100, "battery_v": 100, "steps": 200_000, "interval_s": 86_400,
        "seq": 2**53,
    }  # fmt: skip
    verdict = judge(TOPIC, an_upload(extremes, boot_id=2**53), attribution, MORNING)

    serde = Serde(FixedSchemaIds())
    found = [serde.decode(serde.encode(event)) for event in verdict.readings]

    assert [event.payload.seq for event in found] == [2**53]


@pytest.mark.parametrize(
    ("ahead", "clock"),
    [
        (timedelta(minutes=5), CLOCK_OK),
        (timedelta(minutes=5, seconds=1), CLOCK_AHEAD),
        (timedelta(hours=24), CLOCK_AHEAD),
        (timedelta(days=-6), CLOCK_OK),
    ],
)
def test_a_reading_from_the_near_future_is_kept_and_marked(
    attribution: Attribution, ahead: timedelta, clock: str
) -> None:
    """A clock that is a bit ahead loses no reading; one that is late is only late."""
    payload = an_upload({"time": iso(MORNING + ahead)})

    verdict = judge(TOPIC, payload, attribution, MORNING)

    assert [event.payload.clock for event in verdict.readings] == [clock]


def test_a_reading_from_the_far_future_is_refused_alone_and_answered(
    attribution: Attribution,
) -> None:
    """A broken clock must not hold back the ring buffer: the collar may forget the reading."""
    payload = an_upload({"time": iso(MORNING + timedelta(hours=24, seconds=1))}, {})

    verdict = judge(TOPIC, payload, attribution, MORNING)

    assert [event.payload.seq for event in verdict.readings] == [42]
    assert reasons(verdict) == [Reason.CLOCK]
    assert verdict.answer == Answer(7, 42)


@pytest.mark.parametrize("off", [timedelta(hours=25), timedelta(hours=-25)])
def test_an_upload_sent_at_a_wrong_time_is_refused_whole(
    attribution: Attribution, off: timedelta
) -> None:
    """If even sent_at is a day off, no time in the upload can be believed."""
    payload = an_upload({}, {}, sent_at=iso(MORNING + off))

    verdict = judge(TOPIC, payload, attribution, MORNING)

    assert verdict.readings == ()
    assert reasons(verdict) == [Reason.CLOCK]
    assert verdict.refusals[0].raw == payload
    assert verdict.answer == Answer(7, 42)


def test_a_publisher_without_sent_at_is_taken(attribution: Attribution) -> None:
    """A hand-made file need not know when it will be sent."""
    verdict = judge(TOPIC, an_upload({}, sent_at=None), attribution, MORNING)

    assert len(verdict.readings) == 1


def test_too_many_readings_are_one_letter(attribution: Attribution) -> None:
    """The limit protects everybody else; the letter keeps all of them."""
    payload = an_upload(*({} for _ in range(READINGS_MAX + 1)))

    verdict = judge(TOPIC, payload, attribution, MORNING)

    assert reasons(verdict) == [Reason.TOO_MANY_READINGS]
    assert verdict.readings == ()
    assert verdict.answer == Answer(7, 41 + READINGS_MAX)


def test_a_full_upload_is_taken(attribution: Attribution) -> None:
    """500 readings are allowed, and so are their bytes."""
    full: dict[str, Any] = {"temperature_c": 38.61, "temperature_site": "rumen", "steps": 12.5}
    full |= {"rumination_minutes": 3.25, "latitude": 52.123456, "longitude": 5.123456}

    verdict = judge(TOPIC, an_upload(*[full] * READINGS_MAX), attribution, MORNING)

    assert len(verdict.readings) == READINGS_MAX


def test_readings_that_nobody_wore_the_collar_for_are_refused_singly(
    attribution: Attribution,
) -> None:
    """Each letter can be sent again once the assignment is typed in."""
    early = {"time": iso(MORNING - timedelta(days=8)), "temperature_c": 38.5}
    verdict = judge(TOPIC, an_upload(early, {}), attribution, MORNING)

    (refusal,) = verdict.refusals
    later = Attribution()
    first = MORNING - timedelta(days=9)
    assignment = Assignment(animal_id=AnimalId("nl-2"), farm_id=FARM, worn_from=first)
    later.apply(CollarAssignments(collar_id=COLLAR, assignments=(assignment,)))
    again = judge(TOPIC, refusal.raw, later, MORNING)

    assert (refusal.rejected.reason, refusal.seq) == (Reason.NOT_WORN, 41)
    assert [reading.temperature_c for reading in of_collars(again)] == [38.5]
    assert again.readings[0].event_id == reading_event_id(COLLAR, 7, 41)


@pytest.mark.parametrize(
    ("topic", "reason"),
    [
        ("herd/v1/farm-a/c-99/readings", Reason.UNKNOWN_COLLAR),
        ("herd/v1/farm-b/c-17/readings", Reason.WRONG_FARM),
    ],
)
def test_a_stranger_is_refused_and_answered(
    attribution: Attribution, topic: str, reason: Reason
) -> None:
    """A collar that is not (yet) registered must not resend for ever."""
    verdict = judge(topic, an_upload({}), attribution, MORNING)

    assert verdict.readings == ()
    assert reasons(verdict) == [reason]
    assert verdict.answer == Answer(7, 41)


@pytest.mark.parametrize(
    ("claim", "reason"),
    [
        ({"farm_id": "farm-b"}, Reason.WRONG_FARM),
        ({"collar_id": "c-18"}, Reason.BAD_MQTT_TOPIC),
        ({"farm_id": FARM, "collar_id": "c-18"}, Reason.BAD_MQTT_TOPIC),
    ],
)
def test_a_payload_that_says_it_is_anothers_is_refused(
    attribution: Attribution, claim: dict[str, str], reason: Reason
) -> None:
    """The topic is what the credential allows; a payload may only agree with it."""
    verdict = judge(TOPIC, an_upload({}, **claim), attribution, MORNING)

    assert (verdict.readings, reasons(verdict)) == ((), [reason])
    assert verdict.answer == Answer(7, 41)


def test_a_payload_that_agrees_with_its_topic_is_taken(attribution: Attribution) -> None:
    """Some devices name themselves in every message."""
    payload = an_upload({}, farm_id=FARM, collar_id=COLLAR)

    assert len(judge(TOPIC, payload, attribution, MORNING).readings) == 1


def test_a_letter_knows_whose_it_is(attribution: Attribution) -> None:
    """People look for letters by the animal they miss."""
    payload = an_upload({"temperature_c": 99})

    (refusal,) = judge(TOPIC, payload, attribution, MORNING).refusals

    assert refusal.sender == Sender(f"mqtt:{TOPIC}", FARM, COLLAR)


STATION_ID = CollarId("barn-2")
STATION_TOPIC = f"herd/v1/{FARM}/{STATION_ID}/readings"


@pytest.fixture
def station() -> Attribution:
    """A station in the barn, measuring since a week."""
    known = Attribution()
    assignment = Assignment(
        animal_id=AnimalId(STATION_ID),
        farm_id=FARM,
        worn_from=MORNING - timedelta(days=7),
        kind=STATION,
    )
    known.apply(CollarAssignments(collar_id=STATION_ID, assignments=(assignment,)))
    return known


def test_a_station_sends_as_collars_do(station: Attribution) -> None:
    """Barn and weather come the same way, with the same answers, and are no animal's."""
    payload = an_upload(
        {"ambient_c": 21.5, "humidity_pct": 60, "temperature_c": 38.6}, {"battery_v": 3}
    )

    verdict = judge(STATION_TOPIC, payload, station, MORNING)

    first, second = verdict.readings
    assert isinstance(first.payload, StationReading)
    assert (first.event_type, first.aggregate_id) == ("station.reading.v1", STATION_ID)
    assert (first.payload.ambient_c, first.payload.humidity_pct) == (21.5, 60)
    assert second.payload.battery_v == 3
    assert verdict.answer == Answer(7, 42)


def test_a_station_that_measured_nothing_of_a_stations_is_refused(station: Attribution) -> None:
    """A collar registered as a station by mistake must not look like one that works."""
    verdict = judge(STATION_TOPIC, an_upload({"temperature_c": 38.6}), station, MORNING)

    (refusal,) = verdict.refusals
    assert (refusal.rejected.reason, verdict.readings) == (Reason.WRONG_TYPE, ())
    assert "barn-2 is a station" in refusal.rejected.detail


def test_a_letter_goes_the_way_it_came(attribution: Attribution) -> None:
    """Whatever way a message came, its letter's bytes and origin say it all."""
    payload = an_upload({})

    again = judge_origin(f"mqtt:{TOPIC}", payload, attribution, MORNING)

    assert again == judge(TOPIC, payload, attribution, MORNING)
    assert judge_origin("kafka:herd.readings.v1/3/17", payload, attribution, MORNING) is None
    assert judge_origin("http:/v1/else", payload, attribution, MORNING) is None


@pytest.mark.parametrize(
    "topic", ["", "herd/v1/farm-a/c-17/status", "herd/v1/Farm A/c-17/readings", "a/b/c/d/e"]
)
def test_a_foreign_topic_is_a_letter_without_an_answer(
    attribution: Attribution, topic: str
) -> None:
    """There is nobody there who could be told."""
    verdict = judge(topic, an_upload({}), attribution, MORNING)

    assert reasons(verdict) == [Reason.BAD_MQTT_TOPIC]
    assert (verdict.address, verdict.answer) == (None, None)


def test_an_unreadable_upload_is_a_letter_without_an_answer(attribution: Attribution) -> None:
    """No seq could be read, so none may be called safe."""
    verdict = judge(TOPIC, b"not json", attribution, MORNING)

    assert reasons(verdict) == [Reason.NOT_JSON]
    assert verdict.answer is None
    assert verdict.address is not None
    assert verdict.address.farm_id == FarmId("farm-a")
