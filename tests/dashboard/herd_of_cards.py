"""An invented herd for the screens: animals, curves and cases, the same for the same seed."""

import math
import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from contracts.clock import iso

Json = dict[str, Any]

NAMES = """
Frieda Olga Berta Juno Nele Alma Kaja Svea Ruth Wilma Hilde Lotte Gerda Paula Tilda Martha Edda Rosa
Emma Lina Ida Greta Clara Mina Selma Thea Elsa Hanna Frida Dora
"""
FARM_ID = "eschenhof"
HOURS = 24 * 8  # a week, and the day before it
UNITS = {
    "rumination_minutes": "min",
    "eating_minutes": "min",
    "lying_minutes": "min",
    "activity": "1",
    "temperature_c": "Cel",
}
PRIORITY_OF = {
    "down": "critical",
    "fever": "urgent",
    "rumination_drop": "urgent",
    "oestrus": "normal",
    "collar_silent": "informational",
    "lameness": "normal",
    "calving": "urgent",
    "illness": "normal",
    "heat_stress": "urgent",
    "station_silent": "urgent",
    "drinking_stopped": "urgent",
    "battery_low": "informational",
}
SUBJECT_OF = {  # what is no animal's case here
    "heat_stress": ("farm", FARM_ID),
    "drinking_stopped": ("farm", FARM_ID),
    "station_silent": ("station", "barn-2"),
}
MAIN_SIGNAL = {
    "fever": "temperature_c",
    "rumination_drop": "rumination_minutes",
    "oestrus": "activity",
    "lameness": "steps",
    "down": "lying_minutes",
}


def an_animal(number: int, now: datetime) -> Json:
    """The animal with this number, as the API tells of her."""
    draw = random.Random(number)  # noqa: S311  an invented herd, no secret
    tag = f"{(number * 179 + 587) % 1000:03d}"
    names = NAMES.split()
    name = names[number % len(names)]
    return {
        "animal_id": f"cow-{number:03d}",
        "external_id": f"999 000 012 340 {tag}",
        "name": name,
        "group": f"Pen {1 + number % 3}",
        "tag": tag,
        "parity": 1 + number % 5,
        "calved_at": iso(now - timedelta(days=draw.randrange(1, 280))),
        "collar_id": f"c-{391 + number:04d}",
        "last_heard_at": iso(now - timedelta(seconds=20 + number)),
    }


def usual_of(signal: str, hour_of_day: float) -> float:
    """What is usual in this hour: a herd eats and moves by day, ruminates and lies by night."""
    day = math.cos(2 * math.pi * (hour_of_day - 17) / 24)
    half = math.cos(4 * math.pi * (hour_of_day - 6) / 24)
    match signal:
        case "rumination_minutes":
            return 21 - 9 * day - 4 * half
        case "eating_minutes":
            return 13 + 6 * day + 5 * half
        case "lying_minutes":
            return 28 - 12 * day - 6 * half
        case "temperature_c":
            return 38.6 + 0.25 * day
        case _:
            return 140 + 60 * day + 40 * half


SPREAD = {
    "rumination_minutes": 5.0,
    "eating_minutes": 4.0,
    "lying_minutes": 6.0,
    "temperature_c": 0.16,
    "activity": 30.0,
    "steps": 30.0,
}


def curve(
    number: int, signal: str, condition: str | None, now: datetime, hours: int, onset_h: float
) -> Json:
    """`hours` values of one signal; in its condition she departs from onset_h hours ago on."""
    draw = random.Random(f"{number}/{signal}")  # noqa: S311  an invented herd, no secret
    begin = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=hours)
    values: list[float | None] = []
    usual: list[float | None] = []
    drift = 0.0
    for index in range(hours):
        level = usual_of(signal, (begin.hour + index) % 24)
        drift = 0.5 * drift + 0.6 * draw.gauss(0, SPREAD[signal])
        share = max(0.0, min(1.0, (index - (hours - onset_h)) / 8 + 0.4))
        if index < hours - onset_h - 3:
            share = 0.0
        value = level + drift
        if condition == "fever" and signal == "temperature_c":
            value += 1.5 * share
        elif condition in {"rumination_drop", "fever"} and signal in {
            "rumination_minutes",
            "eating_minutes",
        }:
            value *= 1 - (0.62 if signal == "rumination_minutes" else 0.4) * share
        elif condition == "oestrus" and signal == "activity":
            value *= 1 + 1.3 * share
        elif condition == "down" and signal == "lying_minutes":
            value += 30 * share
        most = 60.0 if signal.endswith("_minutes") else 1000.0
        values.append(round(max(0.0, min(most, value)), 2))
        usual.append(round(level, 2))
    if number % 3 == 2:
        start = hours - min(hours - 2, 100)
        values[start : start + 6] = [None] * 6
    if condition == "collar_silent":
        silent = int(onset_h)
        values[-silent:] = [None] * silent
    return {
        "start": iso(begin),
        "step_s": 3600,
        "unit": UNITS.get(signal, "1"),
        "values": values,
        "usual": usual,
        "spread": [SPREAD[signal]] * hours,
    }


def evidence_of(condition: str, now: datetime, onset_h: float) -> list[Json]:
    """What carried the judgement, as the detectors tell it."""

    def one(signal: str, unit: str, value: float, limit: float | None, usual: float | None) -> Json:
        at = iso(now - timedelta(minutes=10))
        return {
            "signal": signal,
            "unit": unit,
            "value": value,
            "limit": limit,
            "usual": usual,
            "at": at,
        }

    match condition:
        case "fever":
            return [
                one("temperature_c", "Cel", value, 39.6, 38.5)
                | {"at": iso(now - timedelta(minutes=m))}
                for value, m in ((39.7, 20), (39.8, 15), (40.0, 10))
            ]
        case "rumination_drop":
            return [
                one("rumination_minutes", "min", 312.0, 352.0, 503.0),
                one("eating_minutes", "min", 168.0, None, 214.0),
                one("herd_rumination_pct", "%", -3.0, None, None),
            ]
        case "oestrus":
            onset = now - timedelta(hours=onset_h)
            return [
                one("activity", "1", 3528.0, 2850.0, 1680.0),
                one("rumination_minutes", "min", 128.0, None, 170.0),
                one("inseminate_from", "h", 12.0, None, None)
                | {"at": iso(onset + timedelta(hours=10))},
                one("inseminate_until", "h", 24.0, None, None)
                | {"at": iso(onset + timedelta(hours=22))},
            ]
        case _:
            return _signs_of(condition, now, onset_h, one)


def _signs_of(
    condition: str, now: datetime, onset_h: float, one: Callable[..., Json]
) -> list[Json]:
    match condition:
        case "collar_silent":
            silent = one("silent_minutes", "min", onset_h * 60, 180.0, None)
            said = [silent | {"at": iso(now - timedelta(hours=onset_h))}]
        case "down":
            said = [one("lying_minutes", "min", 380.0, 240.0, 130.0)]
        case "calving":
            said = [
                one("temperature_c", "Cel", 38.1, None, 38.6),
                one("lying_bouts", "1", 18.0, None, 9.0),
                one("rumination_minutes", "min", 131.0, None, 190.0),
            ]
        case "illness":
            said = [
                one("rumination_minutes", "min", 320.0, 452.0, 503.0),
                one("eating_minutes", "min", 168.0, 190.0, 214.0),
                one("temperature_c", "Cel", 39.4, 39.0, 38.6),
                one("days_in_milk", "d", 6.0, None, None),
                one("illness_score", "1", 87.0, 60.0, None),
            ]
        case "lameness":
            shares = (("steps", 77.0), ("lying_minutes", 112.0), ("eating_minutes", 84.0))
            said = [one(signal, "%", share, None, 100.0) for signal, share in shares]
        case "heat_stress":
            said = [
                one("thi", "1", 78.4, 72.0, None),
                one("ambient_c", "Cel", 31.2, None, None),
                one("herd_lying_minutes_pct", "%", -12.0, None, None),
                one("herd_drinking_minutes_pct", "%", 28.0, None, None),
            ]
        case "drinking_stopped":
            said = [one("herd_drinking_pct", "%", 4.0, 15.0, 100.0)]
        case "station_silent":
            began = {"at": iso(now - timedelta(hours=onset_h))}
            silent = one("silent_minutes", "min", onset_h * 60, 45.0, None)
            said = [silent | began, one("silent_collars", "1", 14.0, None, None) | began]
        case "battery_low":
            said = [one("battery_v", "V", volts, 3.24, None) for volts in (3.22, 3.21, 3.2)]
        case _:
            said = [one("steps", "1", 610.0, 900.0, 1480.0)]
    return said


def an_alert(number: int, condition: str, now: datetime, onset_h: float, position: int) -> Json:
    """An open case of this animal, raised half an hour after its onset."""
    onset = now - timedelta(hours=onset_h)
    raised = onset + timedelta(minutes=30)
    kind, subject_id = SUBJECT_OF.get(condition, ("animal", f"cow-{number:03d}"))
    return {
        "alert_id": f"alert-{number:03d}-{condition.replace('_', '-')}",
        "farm_id": FARM_ID,
        "subject_kind": kind,
        "subject_id": subject_id,
        "condition": condition,
        "number": 1,
        "priority": PRIORITY_OF[condition],
        "status": "open",
        "detection_id": f"detection-{number}",
        "revision": 1,
        "evidence": evidence_of(condition, now, onset_h),
        "onset_at": iso(onset),
        "raised_at": iso(raised),
        "updated_at": iso(raised),
        "position": position,
        "acknowledged_by": None,
        "acknowledged_at": None,
        "resolved_at": None,
        "retracted": False,
        "closed_by": None,
        "closed_at": None,
        "outcome": None,
        "note": None,
    }


TRACKS: dict[str, Json] = {
    "rumination_drop": {
        "closed": 9,
        "right": 7,
        "last": ["confirmed"] * 4 + ["nothing_found"] + ["confirmed"] * 3 + ["nothing_found"],
    },
    "fever": {"closed": 5, "right": 5, "last": ["confirmed"] * 5},
    "oestrus": {"closed": 14, "right": 12, "last": ["confirmed"] * 8 + ["nothing_found"] * 2},
    "collar_silent": {"closed": 2, "right": 2, "last": ["confirmed"] * 2},
}


def a_case(alert: Json, now: datetime) -> Json:
    """The case with its animal, its spark and the condition's track record, as the board has it."""
    condition = alert["condition"]
    track = TRACKS.get(condition, {"closed": 0, "right": 0, "last": []})
    if alert["subject_kind"] != "animal":
        return {"alert": alert, "animal": None, "spark": None, "track": track}
    number = int(alert["subject_id"].split("-")[1])
    onset = datetime.fromisoformat(alert["onset_at"])
    onset_h = (now - onset).total_seconds() / 3600
    signal = MAIN_SIGNAL.get(condition, "rumination_minutes")
    spark = curve(number, signal, condition, now, 48, onset_h) | {"signal": signal}
    return {"alert": alert, "animal": an_animal(number, now), "spark": spark, "track": track}


SCORES = (
    ("rumination_drop", "rumination_drop", 38.0, 20.0, "%", None),
    ("oestrus", "oestrus", 0.8, 4.1, "1", None),
    ("collar_fault", "collar_fault", 0.0, 1.0, "1", None),
    ("feeding_drop", "feeding_drop", 21.0, 35.0, "%", None),
    ("drinking_stopped", "drinking_stopped", None, 90.0, "%", "not_measured"),
    ("displaced_abomasum", "displaced_abomasum", None, 60.0, "1", "no_calving_known"),
    ("metritis", "metritis", None, 60.0, "1", "no_calving_known"),
    ("mastitis", "mastitis", 12.5, 60.0, "1", None),
    ("ketosis", "ketosis", None, 60.0, "1", "no_calving_known"),
    ("illness", "illness", 44.0, 60.0, "1", None),
    ("calving", "calving", 1.1, 3.5, "1", "calved_lately"),
    ("calving_prolonged", "calving_prolonged", 0.2, 2.2, "1", "calved_lately"),
    ("lameness", "lameness", 1.4, 3.8, "1", None),
)
LEARNER = 21  # of this animal only two days were heard


def signals_of(number: int, condition: str | None, now: datetime, onset_h: float) -> Json:
    """Eight days of her signals, and how near every detector is."""
    series = []
    for name, unit in UNITS.items():
        one = curve(number, name, condition, now, HOURS, onset_h)
        series.append(
            {"name": name, "unit": unit} | {key: one[key] for key in ("values", "usual", "spread")}
        )
    end = now.replace(minute=0, second=0, microsecond=0)
    keys = ("detector", "condition", "score", "limit", "unit", "why_not")
    scores = [dict(zip(keys, score, strict=True)) for score in SCORES]
    if number == LEARNER:
        scores = [score | {"score": None, "why_not": "no_baseline"} for score in scores]
    return {
        "start": iso(end - timedelta(hours=HOURS)),
        "end": iso(end),
        "step_s": 3600,
        "signals": series,
        "coverage": [0.0 if value is None else 0.97 for value in series[0]["values"]],
        "scores": scores,
        "scores_at": iso(end),
        "learnt_days": 2 if number == LEARNER else 7,
        "learning_days": 7,
    }


def history_of(number: int, alerts: list[Json], now: datetime) -> list[Json]:
    """What happened to her, newest first."""
    animal = an_animal(number, now)
    told: list[tuple[str, datetime, str, Json]] = [
        (
            "animal.registered.v1",
            now - timedelta(days=40),
            "user:anna",
            {"animal_id": animal["animal_id"], "name": animal["name"]},
        ),
        (
            "collar.assigned.v1",
            now - timedelta(days=39),
            "user:anna",
            {"collar_id": animal["collar_id"]},
        ),
        ("animal.renamed.v1", now - timedelta(days=5), "user:jonas", {"group": animal["group"]}),
        ("animal.calved.v1", now - timedelta(days=3, hours=4), "user:jonas", {"parity": 3}),
    ]
    for alert in alerts:
        raised = datetime.fromisoformat(alert["raised_at"])
        told.append(("alert.raised.v1", raised, "service:alerts", alert))
        if alert["acknowledged_at"]:
            at = datetime.fromisoformat(alert["acknowledged_at"])
            told.append(("alert.acknowledged.v1", at, alert["acknowledged_by"], {}))
        if alert["closed_at"]:
            at = datetime.fromisoformat(alert["closed_at"])
            told.append(("alert.closed.v1", at, alert["closed_by"], alert))
    told.sort(key=lambda event: event[1])
    events = [
        {
            "event_id": f"{number}-{position}",
            "type": kind,
            "occurred_at": iso(at),
            "recorded_at": iso(at),
            "position": position,
            "actor": actor,
            "data": data,
        }
        for position, (kind, at, actor, data) in enumerate(told, start=1)
    ]
    return events[::-1]
