"""One MQTT message → what goes to Kafka and what the collar is answered. Pure.

Times are held against receipt, by the gateway's own clock: a collar's clock is only a claim.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from contracts.animal_event import Assignment
from contracts.dead_letter import Reason, Rejected
from contracts.envelope import Event
from contracts.ids import CollarId, reading_event_id
from contracts.messages import event_type_of
from contracts.reading import CLOCK_AHEAD, CLOCK_OK, CollarReading
from contracts.topics import MqttAddress, parse_mqtt_topic
from gateway.attribution import Attribution
from gateway.payloads import native
from gateway.upload import Sample, Upload

READINGS_MAX = 500  # an upload; more would make one answer wait for too much
CLOCK_WRONG_AFTER = timedelta(hours=24)  # further off it is a broken clock, not a late reading
CLOCK_AHEAD_AFTER = timedelta(minutes=5)  # stored and charted, not judged


@dataclass(frozen=True, slots=True)
class Refusal:
    """One dead letter to be: why, its bytes, and what the collar can be told about it."""

    rejected: Rejected
    raw: bytes
    boot_id: int | None = None
    seq: int | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a collar is told: everything of this boot up to seq is safe."""

    boot_id: int
    seq: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of one message. address None: it came on no MQTT topic of ours."""

    address: MqttAddress | None
    readings: tuple[Event[CollarReading], ...]
    refusals: tuple[Refusal, ...]
    answer: Answer | None


def judge(
    mqtt_topic: str, payload: bytes, attribution: Attribution, received_at: datetime
) -> Verdict:
    """Decode, attribute and check one message; never raises for anything in it."""
    address = parse_mqtt_topic(mqtt_topic)
    if address is None or address.channel != "readings":
        wrong = Rejected(
            Reason.BAD_MQTT_TOPIC, "expected herd/v1/{farm}/{collar}/readings with ids as names"
        )
        return Verdict(None, (), (Refusal(wrong, payload),), None)
    upload = native.decode(payload)
    if isinstance(upload, Rejected):
        return Verdict(address, (), (Refusal(upload, payload),), None)
    last_seq = upload.last_seq()
    answer = None if last_seq is None else Answer(upload.boot_id, last_seq)
    whole = _refused_whole(upload, address.collar_id, attribution, received_at)
    if whole is not None:
        refusal = Refusal(whole, payload, upload.boot_id, last_seq)
        return Verdict(address, (), (refusal,), answer)
    readings, refusals = _each(upload, address, attribution, received_at)
    return Verdict(address, readings, refusals, answer)


def _refused_whole(
    upload: Upload, collar_id: CollarId, attribution: Attribution, received_at: datetime
) -> Rejected | None:
    count = len(upload.samples) + len(upload.bad)
    if count > READINGS_MAX:
        return Rejected(
            Reason.TOO_MANY_READINGS, f"{count} readings, an upload carries 1 to {READINGS_MAX}"
        )
    if upload.sent_at is not None and abs(upload.sent_at - received_at) > CLOCK_WRONG_AFTER:
        return Rejected(
            Reason.CLOCK, f"sent_at {upload.sent_at.isoformat()} is more than 24 h off receipt"
        )
    return attribution.unknown(collar_id)


def _each(
    upload: Upload, address: MqttAddress, attribution: Attribution, received_at: datetime
) -> tuple[tuple[Event[CollarReading], ...], tuple[Refusal, ...]]:
    readings = []
    refusals = [Refusal(bad.rejected, bad.raw, upload.boot_id, bad.seq) for bad in upload.bad]
    for sample in upload.samples:
        found = _wearer(sample, address, attribution, received_at)
        if isinstance(found, Rejected):
            raw = native.alone(sample, upload)
            refusals.append(Refusal(found, raw, upload.boot_id, sample.seq))
        else:
            readings.append(_event(sample, upload, address.collar_id, found, received_at))
    return tuple(readings), tuple(refusals)


def _wearer(
    sample: Sample, address: MqttAddress, attribution: Attribution, received_at: datetime
) -> Assignment | Rejected:
    if sample.time - received_at > CLOCK_WRONG_AFTER:
        return Rejected(
            Reason.CLOCK, f"time {sample.time.isoformat()} is more than 24 h ahead of receipt"
        )
    return attribution.wearer(address.collar_id, address.farm_id, sample.time)


def _event(
    sample: Sample,
    upload: Upload,
    collar_id: CollarId,
    worn: Assignment,
    received_at: datetime,
) -> Event[CollarReading]:
    ahead = sample.time - received_at > CLOCK_AHEAD_AFTER
    payload = CollarReading(
        collar_id=collar_id,
        boot_id=upload.boot_id,
        seq=sample.seq,
        received_at=received_at,
        sent_at=upload.sent_at,
        station_id=upload.station_id,
        clock=CLOCK_AHEAD if ahead else CLOCK_OK,
        interval_s=sample.interval_s,
        temperature_c=sample.temperature_c,
        temperature_site=sample.temperature_site,
        rumination_minutes=sample.rumination_minutes,
        eating_minutes=sample.eating_minutes,
        lying_minutes=sample.lying_minutes,
        lying_bouts=sample.lying_bouts,
        steps=sample.steps,
        activity=sample.activity,
        drinking_minutes=sample.drinking_minutes,
        heart_rate_bpm=sample.heart_rate_bpm,
        latitude=sample.latitude,
        longitude=sample.longitude,
        ambient_c=sample.ambient_c,
        humidity_pct=sample.humidity_pct,
        battery_v=sample.battery_v,
    )
    return Event(
        event_id=reading_event_id(collar_id, upload.boot_id, sample.seq),
        event_type=event_type_of(CollarReading),
        timestamp=sample.time.astimezone(UTC),
        aggregate_id=worn.animal_id,
        actor=f"collar:{collar_id}",
        farm_id=worn.farm_id,
        payload=payload,
    )
