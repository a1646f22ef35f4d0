"""Messages as they look on the wire; each is tried on the schema and on the gateway's decoder."""

from typing import Any

Message = dict[str, Any]

ONE_READING: Message = {
    "boot_id": 7,
    "sent_at": "2026-03-01T04:05:01Z",
    "readings": [
        {
            "seq": 41,
            "time": "2026-03-01T04:05:00Z",
            "interval_s": 300,
            "temperature_c": 38.6,
            "temperature_site": "rumen",
            "rumination_minutes": 3.0,
        }
    ],
}
BACKLOG: Message = {
    "boot_id": 1772337600,
    "sent_at": "2026-03-01T09:00:02.250+01:00",
    "station_id": "barn-2",
    "readings": [
        {
            "seq": seq,
            "time": f"2026-03-01T07:{5 * seq:02}:00Z",
            "interval_s": 300,
            "temperature_c": 38.4 + seq / 10,
            "temperature_site": "ear",
            "rumination_minutes": 2.5,
            "eating_minutes": 1.0,
            "lying_minutes": 0.0,
            "lying_bouts": 0,
            "steps": 12,
            "activity": 0.42,
            "drinking_minutes": None,
            "heart_rate_bpm": 64,
            "latitude": 52.0907,
            "longitude": 5.1214,
            "battery_v": 3.61,
        }
        for seq in range(3)
    ],
}
WEATHER: Message = {
    "boot_id": 3,
    "sent_at": "2026-03-01T04:10:00Z",
    "readings": [
        {
            "seq": 0,
            "time": "2026-03-01T04:10:00Z",
            "interval_s": 600,
            "ambient_c": 4.5,
            "humidity_pct": 91,
            "battery_v": 12.4,
        }
    ],
}
ANSWER: Message = {"boot_id": 7, "seq": 41}
REJECT: Message = {
    "boot_id": 7,
    "seq": 42,
    "reason": "out_of_range",
    "detail": "temperature_c 386 is outside -50 … 80",
}
UNREADABLE: Message = {
    "boot_id": None,
    "seq": None,
    "reason": "not_json",
    "detail": "JSON is malformed: invalid character (byte 0)",
}
ONLINE: Message = {"online": True}
OFFLINE: Message = {"online": False}

UPLOADS = {"one_reading": ONE_READING, "backlog": BACKLOG, "weather_station": WEATHER}
REJECTS = {"one_reading": REJECT, "unreadable_upload": UNREADABLE}
STATUSES = {"connected": ONLINE, "gone": OFFLINE}
