"""What each field and each reason of the wire format means, for whoever makes a collar."""

from contracts.dead_letter import Reason
from gateway.payloads.native import UPLOAD_BYTES_MAX
from gateway.upload import READINGS_MAX

OF_UPLOAD = {
    "boot_id": "Goes up with each boot: a counter in flash, or the time of booting in seconds. "
    "Without it a collar that starts its seq anew would repeat numbers that are taken.",
    "readings": f"1 to {READINGS_MAX} readings, in the order of their seq.",
    "sent_at": "When the upload was sent, by the collar's clock. More than 24 h off receipt, the "
    "upload is refused: no time in it can be trusted then.",
    "station_id": "The radio box that heard the collar, where it knows.",
    "farm_id": "May be told; only compared with the farm of the MQTT topic.",
    "collar_id": "May be told; only compared with the collar of the MQTT topic.",
}

OF_READING = {
    "seq": "Counts readings, +1 each, from any start, per boot_id. collar, boot_id and seq are the "
    "reading's name for ever: the same name is the same reading, however often it comes.",
    "time": "The end of what was measured, ISO 8601 with an offset.",
    "interval_s": "The seconds before `time` that minutes and counts cover.",
    "temperature_c": "Degrees Celsius at temperature_site.",
    "temperature_site": "Where: `rumen` and `core` are body temperatures and judged, `ear`, `skin` "
    "and others are charted.",
    "rumination_minutes": "Minutes of rumination, at most the interval.",
    "eating_minutes": "Minutes of eating, at most the interval.",
    "lying_minutes": "Minutes of lying, at most the interval.",
    "lying_bouts": "Times she lay down.",
    "steps": "Steps.",
    "activity": "Your own scale: each animal is held against herself.",
    "drinking_minutes": "Minutes of drinking, at most the interval.",
    "heart_rate_bpm": "Beats a minute.",
    "latitude": "WGS 84, degrees.",
    "longitude": "WGS 84, degrees.",
    "ambient_c": "Degrees Celsius of the air around; what a weather station measures.",
    "humidity_pct": "Relative humidity of the air around, percent.",
    "battery_v": "Volts of the battery.",
}

# Why a collar is told that a reading, or a whole upload, was refused.
TOLD = {
    Reason.NOT_JSON: "The payload is no JSON (NaN and Infinity are none, either).",
    Reason.EMPTY: "There is nothing in it.",
    Reason.TOO_LARGE: f"The upload has more than {UPLOAD_BYTES_MAX // 1024} KiB.",
    Reason.TOO_MANY_READINGS: f"The upload has more than {READINGS_MAX} readings.",
    Reason.WRONG_TYPE: "A field of a reading, or of the upload, is missing or of another type; or "
    "a station's reading measures nothing of the air.",
    Reason.OUT_OF_RANGE: "No animal can have this value; the other readings were taken.",
    Reason.CLOCK: "`sent_at` is more than 24 h off receipt, or the reading's time more than 24 h "
    "ahead of it: set the clock.",
    Reason.UNKNOWN_COLLAR: "The register does not know the collar: assign it.",
    Reason.NOT_WORN: "No animal wore the collar at the reading's time.",
    Reason.WRONG_FARM: "The collar was not on this farm at the reading's time, or the upload names "
    "another farm than its MQTT topic.",
    Reason.BAD_MQTT_TOPIC: "The upload names another collar than its MQTT topic.",
    Reason.SEQ_REUSED: "This seq of this boot came before with another content: the boot_id did "
    "not go up, or two collars send under one name. The first one stands.",
    Reason.RATE_LIMITED: "More than one collar may send; told once a minute. Not answered: keep "
    "the readings and send them again, slower.",
}
# LoRaWAN servers hear no answers, and records of Kafka have no collar that listens.
NEVER_TOLD = frozenset(
    {
        Reason.UNKNOWN_DECODER,
        Reason.DECODER_FAILED,
        Reason.UNKNOWN_SCHEMA,
        Reason.DAMAGED_AVRO,
        Reason.HANDLER_FAILED,
    }
)
