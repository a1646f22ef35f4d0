"""One message → what goes to Kafka and what its sender is answered. Pure.

Uploads of our own payload come on an MQTT topic of their collar; a LoRaWAN server's messages on
one of its farm, or as a webhook. Whom a message is of says the topic; what it says of itself is
only compared. Times are held against receipt, by the gateway's own clock: a collar's clock is
only a claim.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec

from contracts.animal_event import STATION, Assignment
from contracts.dead_letter import Reason, Rejected
from contracts.envelope import Event
from contracts.ids import CollarId, FarmId, reading_event_id
from contracts.messages import event_type_of
from contracts.reading import CollarReading, StationReading
from contracts.topics import MqttAddress, parse_lorawan_topic, parse_mqtt_topic
from gateway.attribution import Attribution
from gateway.decoders import NO_DECODERS, Decoders
from gateway.letter_ids import letter_id_of
from gateway.payloads import lorawan, native, servers
from gateway.payloads.lorawan import Aside, Uplink
from gateway.taken import clock_of, taken
from gateway.upload import Sample, Upload

READINGS_CHANNEL = "readings"
CLOCK_WRONG_AFTER = timedelta(hours=24)  # further off it is a broken clock, not a late reading

Reading = CollarReading | StationReading
Readings = Sequence[Event[Reading]]


@dataclass(frozen=True, slots=True)
class Sender:
    """Where a message came from; origin as in contracts/dead_letter.py, None = cannot be told."""

    origin: str
    farm_id: FarmId | None = None
    collar_id: CollarId | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """One dead letter to be: why, its bytes, whose, and what the collar can be told about it.

    content: what was measured, as letter_ids.py has it; it matters where there is a seq.
    """

    rejected: Rejected
    raw: bytes
    sender: Sender
    boot_id: int | None = None
    seq: int | None = None
    content: bytes = b""

    @property
    def letter_id(self) -> str | None:
        """Of its letter, the same however often it is told; None = each time another one."""
        if self.boot_id is None or self.seq is None:
            return None
        origin, reason = self.sender.origin, self.rejected.reason
        return letter_id_of(origin, self.boot_id, self.seq, reason, self.content)


class Answer(msgspec.Struct, frozen=True, gc=False):
    """What a collar is told: everything of this boot up to seq is safe."""

    boot_id: int
    seq: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of one message.

    address: who listens for an answer; None where nobody does (a foreign MQTT topic, LoRaWAN).
    aside: a message without readings that needs no letter, by its kind; None = not one of those.
    """

    address: MqttAddress | None
    readings: Readings
    refusals: tuple[Refusal, ...]
    answer: Answer | None
    aside: str | None = None


class _Came(msgspec.Struct, frozen=True, gc=False):
    """One message as it came. origin: as in contracts/dead_letter.py."""

    origin: str
    raw: bytes
    received_at: datetime

    def refused(
        self, rejected: Rejected, farm_id: FarmId | None = None, collar_id: CollarId | None = None
    ) -> Refusal:
        """The letter of all of it."""
        return Refusal(rejected, self.raw, Sender(self.origin, farm_id, collar_id))


def judge(
    mqtt_topic: str,
    payload: bytes,
    attribution: Attribution,
    received_at: datetime,
    decoders: Decoders = NO_DECODERS,
) -> Verdict:
    """Decode, attribute and check one MQTT message; never raises for anything in it."""
    came = _Came(f"mqtt:{mqtt_topic}", payload, received_at)
    address = parse_mqtt_topic(mqtt_topic)
    if address is not None and address.channel == READINGS_CHANNEL:
        return _judge_upload(came, address, attribution)
    served = parse_lorawan_topic(mqtt_topic)
    if served is not None:
        found, collar_id = servers.on_topic(served.server_topic, payload, received_at)
        if isinstance(found, Uplink):
            return _judge_frame(found, came, served.farm_id, attribution, decoders)
        return _without_frame(found, came, served.farm_id, collar_id)
    wrong = Rejected(
        Reason.BAD_MQTT_TOPIC, "expected herd/v1/{farm}/{collar}/readings with ids as names"
    )
    return Verdict(None, (), (came.refused(wrong),), None)


def judge_webhook(
    path: str,
    body: bytes,
    attribution: Attribution,
    received_at: datetime,
    decoders: Decoders = NO_DECODERS,
) -> Verdict | None:
    """The same for the body of a LoRaWAN server's request; None if the path is no webhook's."""
    webhook = servers.parse_webhook_path(path)
    if webhook is None:
        return None
    farm_id, server = webhook
    came = _Came(f"http:{path}", body, received_at)
    found = servers.over_http(server, body, received_at)
    if isinstance(found, Uplink):
        return _judge_frame(found, came, farm_id, attribution, decoders)
    return _without_frame(found, came, farm_id)


def sender_of_webhook(
    farm_id: FarmId, server: str, body: bytes, received_at: datetime
) -> Sender | None:
    """Whose a request is, before its frame costs a decoder's time; None if there is no frame to it.

    Parsed once more than needed, some 10 µs. A body that cannot be read is nobody's in particular.
    """
    found = servers.over_http(server, body, received_at)
    if isinstance(found, Aside):
        return None
    device = found.dev_eui if isinstance(found, Uplink) else None
    return Sender(f"http:{servers.webhook_path(farm_id, server)}", farm_id, device)


def judge_origin(
    origin: str,
    raw: bytes,
    attribution: Attribution,
    received_at: datetime,
    decoders: Decoders = NO_DECODERS,
) -> Verdict | None:
    """What becomes of a dead letter's bytes now; None if its origin is none of a gateway's.

    received_at: the letter's own.
    """
    way, _, place = origin.partition(":")
    match way:
        case "mqtt":
            return judge(place, raw, attribution, received_at, decoders)
        case "http":
            return judge_webhook(place, raw, attribution, received_at, decoders)
    return None


def _without_frame(
    found: Aside | Rejected, came: _Came, farm_id: FarmId, collar_id: CollarId | None = None
) -> Verdict:
    if isinstance(found, Aside):
        return Verdict(None, (), (), None, aside=found.what)
    return Verdict(None, (), (came.refused(found, farm_id, collar_id),), None)


def _judge_frame(
    uplink: Uplink, came: _Came, farm_id: FarmId, attribution: Attribution, decoders: Decoders
) -> Verdict:
    address = MqttAddress(farm_id, uplink.dev_eui, READINGS_CHANNEL)
    # a stranger's frame is not worth a decoder's time
    uploads = attribution.unknown(uplink.dev_eui) or lorawan.uploads_of(uplink, came.raw, decoders)
    if isinstance(uploads, Rejected):
        sender = Sender(came.origin, farm_id, uplink.dev_eui)
        numbered = uplink.boot_id(), uplink.f_cnt, uplink.content()
        refusal = Refusal(uploads, came.raw, sender, *numbered)
        return Verdict(None, (), (refusal,), None)
    if not uploads:
        return Verdict(None, (), (), None, aside="nothing_measured")
    judged = [_each(upload, came, address, attribution) for upload in uploads]
    readings = tuple(event for events, _ in judged for event in events)
    # one message holds all readings of a frame: its bytes need one letter a reason, not a reading
    refusals: dict[Reason, Refusal] = {}
    for refusal in (refusal for _, refused in judged for refusal in refused):
        refusals.setdefault(refusal.rejected.reason, refusal)
    return Verdict(None, readings, tuple(refusals.values()), None)


def _judge_upload(came: _Came, address: MqttAddress, attribution: Attribution) -> Verdict:
    upload = native.decode(came.raw)
    if isinstance(upload, Rejected):
        refusal = came.refused(upload, address.farm_id, address.collar_id)
        return Verdict(address, (), (refusal,), None)
    last_seq = upload.last_seq()
    answer = None if last_seq is None else Answer(upload.boot_id, last_seq)
    whole = _refused_whole(upload, address, attribution, came.received_at)
    if whole is not None:
        sender = Sender(came.origin, address.farm_id, address.collar_id)
        refusal = Refusal(whole, came.raw, sender, upload.boot_id, last_seq, upload.content())
        return Verdict(address, (), (refusal,), answer)
    readings, refusals = _each(upload, came, address, attribution)
    return Verdict(address, readings, refusals, answer)


def _refused_whole(
    upload: Upload, address: MqttAddress, attribution: Attribution, received_at: datetime
) -> Rejected | None:
    if upload.farm_id not in (None, address.farm_id):
        return Rejected(Reason.WRONG_FARM, "the upload names another farm than its MQTT topic")
    if upload.collar_id not in (None, address.collar_id):
        return Rejected(Reason.BAD_MQTT_TOPIC, "the upload names another collar than its topic")
    if upload.sent_at is not None and abs(upload.sent_at - received_at) > CLOCK_WRONG_AFTER:
        return Rejected(
            Reason.CLOCK, f"sent_at {upload.sent_at.isoformat()} is more than 24 h off receipt"
        )
    return attribution.unknown(address.collar_id)


def _each(
    upload: Upload, came: _Came, address: MqttAddress, attribution: Attribution
) -> tuple[Readings, tuple[Refusal, ...]]:
    """What becomes of each reading. address: whose they are, also where nobody hears an answer."""
    worn = _worn_throughout(upload, address, attribution, came.received_at)
    if worn is not None and not upload.bad:
        wearers = (worn,) * len(upload.samples)
        return taken(address.collar_id, upload, came.received_at, upload.samples, wearers), ()
    sender = Sender(came.origin, address.farm_id, address.collar_id)
    of_animals: list[tuple[Sample, Assignment]] = []
    of_stations: list[Event[Reading]] = []
    refusals = [
        Refusal(bad.rejected, bad.raw, sender, upload.boot_id, bad.seq, bad.content)
        for bad in upload.bad
    ]
    for sample in upload.samples:
        found = _wearer(sample, address, attribution, came.received_at)
        if isinstance(found, Assignment) and found.kind != STATION:
            of_animals.append((sample, found))
            continue
        made = (
            found
            if isinstance(found, Rejected)
            else _of_station(sample, upload, address.collar_id, found, came)
        )
        if isinstance(made, Rejected):
            raw = native.alone(sample, upload) if upload.raw is None else upload.raw
            numbered = upload.boot_id, sample.seq, sample.content()
            refusals.append(Refusal(made, raw, sender, *numbered))
        else:
            of_stations.append(made)
    samples = tuple(sample for sample, _ in of_animals)
    wearers = tuple(wearer for _, wearer in of_animals)
    readings = taken(address.collar_id, upload, came.received_at, samples, wearers)
    if of_stations:
        return (*of_stations, *readings), tuple(refusals)
    return readings, tuple(refusals)


def _worn_throughout(
    upload: Upload, address: MqttAddress, attribution: Attribution, received_at: datetime
) -> Assignment | None:
    """The animal's assignment that holds for all readings; None where each needs a look."""
    times = [sample.time for sample in upload.samples]
    if not times or (last := max(times)) - received_at > CLOCK_WRONG_AFTER:
        return None
    worn = attribution.wearer_throughout(address.collar_id, address.farm_id, min(times), last)
    return None if worn is None or worn.kind == STATION else worn


def _wearer(
    sample: Sample, address: MqttAddress, attribution: Attribution, received_at: datetime
) -> Assignment | Rejected:
    if sample.time - received_at > CLOCK_WRONG_AFTER:
        return Rejected(
            Reason.CLOCK, f"time {sample.time.isoformat()} is more than 24 h ahead of receipt"
        )
    return attribution.wearer(address.collar_id, address.farm_id, sample.time)


def _of_station(
    sample: Sample, upload: Upload, station_id: CollarId, worn: Assignment, came: _Came
) -> Event[Reading] | Rejected:
    if sample.ambient_c is None and sample.humidity_pct is None and sample.battery_v is None:
        return Rejected(
            Reason.WRONG_TYPE,
            f"{station_id} is a station: its readings carry ambient_c, humidity_pct or battery_v, "
            "and this one none of them",
        )
    payload = StationReading(
        station_id=station_id,
        boot_id=upload.boot_id,
        seq=sample.seq,
        received_at=came.received_at,
        sent_at=upload.sent_at,
        clock=clock_of(sample.time, came.received_at),
        interval_s=sample.interval_s,
        ambient_c=sample.ambient_c,
        humidity_pct=sample.humidity_pct,
        battery_v=sample.battery_v,
    )
    return Event(
        event_id=reading_event_id(station_id, upload.boot_id, sample.seq),
        event_type=event_type_of(StationReading),
        timestamp=sample.time.astimezone(UTC),
        aggregate_id=worn.animal_id,
        actor=f"collar:{station_id}",
        farm_id=worn.farm_id,
        payload=payload,
    )
