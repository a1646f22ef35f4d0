"""One animal of a recording with her collar and its radio: what is ever heard of her day. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from contracts.ids import CollarId
from firmware_sim.animal import Animal
from firmware_sim.course_farm import clock_changes
from firmware_sim.course_plan import Plan
from firmware_sim.draws import drawn_from
from firmware_sim.faults_radio import NEVER_US, SECOND_US, Gap, Radio, heard_share, repeated
from firmware_sim.grid import BEGINS_AT, grid_of
from firmware_sim.recording import Composition, Floats, Longs

SKEWED_SHARE, SKEW_S_MAX = 0.06, 200.0  # of collars; more would be clock faults the gateway tells
KEEPING_STATIONS = 0.8  # of the collars keep what a dead station did not hear
REACH_M = {"dairy": (15.0, 130.0), "calves": (15.0, 60.0), "beef": (60.0, 300.0)}
_BODY = ("temperature_c", "rumination_minutes", "eating_minutes", "lying_minutes", "lying_bouts")
_MOVES = ("steps", "activity")
COLUMNS = {
    "dairy": (*_BODY, *_MOVES, "drinking_minutes", "ambient_c", "humidity_pct", "battery_v"),
    "calves": (*_BODY, *_MOVES, "drinking_minutes", "ambient_c", "humidity_pct", "battery_v"),
    "beef": (
        *_BODY,
        *_MOVES,
        "heart_rate_bpm",
        "latitude",
        "longitude",
        "ambient_c",
        "humidity_pct",
        "battery_v",
    ),
}


@dataclass(frozen=True, slots=True)
class Heard:
    """Columns of some readings; see recording.Slice."""

    heard_us: Longs
    time_us: Longs
    animal: Longs
    seq: Longs
    columns: dict[str, Floats]

    def take(self, which: Longs) -> "Heard":
        """These readings only, in that order."""
        columns = {name: values[which] for name, values in self.columns.items()}
        return Heard(
            self.heard_us[which], self.time_us[which], self.animal[which], self.seq[which], columns
        )


class Wearer:
    """One animal, her collar and its radio, through the recording's days."""

    def __init__(self, composition: Composition, plan: Plan, number: int) -> None:
        one = plan.animals[number]
        self.number = number
        self.faults = tuple(one.faults)
        self.names = composition.columns or COLUMNS[composition.kind]
        self.site = composition.site
        self.body = Animal(
            one.enrolled.animal_id, plan.farm_id, one.conditions, one.stage, clock_changes(plan)
        )
        collar_id = CollarId(f"{one.enrolled.animal_id}-c")
        self.grid = grid_of(collar_id, composition.interval_s)
        self.radio = _radio_of(plan, number, composition.kind)

    def day(self, since: datetime, until: datetime) -> Heard:
        """What is ever heard of what she measures in (since, until]."""
        first = self.grid.last_until(since) + 1
        places = np.arange(first, self.grid.last_until(until) + 1, dtype=np.int64)
        times = BEGINS_AT.timestamp() + self.grid.phase_s + self.grid.interval_s * places
        times_s = times.astype(np.float64)
        columns = self.body.columns(times_s, self.grid.interval_s, self.names, self.site)
        for fault in self.faults:
            fault.spoil(times_s, columns)
        rng = drawn_from(self.body.seed, "radio", int(since.timestamp()))
        time_us = times.astype(np.int64) * SECOND_US
        heard_us = self.radio.heard_us(time_us, self.grid.interval_s, rng)
        again, again_us = repeated(heard_us, rng)
        once = np.nonzero(heard_us != NEVER_US)[0]
        which = np.concatenate([once, again])
        return Heard(
            np.concatenate([heard_us[once], again_us]),
            (time_us + round(self.radio.skew_s * SECOND_US))[which],
            np.full(len(which), self.number, np.int64),
            places[which],
            {name: values[which] for name, values in columns.items()},
        )


def _radio_of(plan: Plan, number: int, kind: str) -> Radio:
    one = plan.animals[number]
    rng = drawn_from(one.enrolled.animal_id, "reach")
    answered = kind != "beef"
    keeps = answered or bool(rng.random() < KEEPING_STATIONS)
    gaps = [Gap(us_of(s.begins_at), us_of(s.ends_at), s.buffered) for s in one.silences]
    station = plan.station_of[number]
    gaps += [
        Gap(us_of(begins), us_of(ends), keeps)
        for dead, begins, ends in plan.stations_dead
        if dead == station
    ]
    gaps += [Gap(us_of(begins), us_of(ends), kept=True) for begins, ends in plan.deaf]
    skewed = rng.random() < SKEWED_SHARE
    return Radio(
        lost_share=1 - heard_share(float(rng.uniform(*REACH_M[kind]))),
        answered=answered,
        skew_s=float(rng.uniform(-SKEW_S_MAX, SKEW_S_MAX)) if skewed else 0.0,
        gaps=sorted(gaps, key=lambda gap: gap.begins_us),
        storms=[(us_of(begins), us_of(ends)) for begins, ends in plan.storms],
    )


def joined(parts: Sequence[Heard]) -> Heard:
    """All of them, in that order."""
    return Heard(
        np.concatenate([one.heard_us for one in parts]),
        np.concatenate([one.time_us for one in parts]),
        np.concatenate([one.animal for one in parts]),
        np.concatenate([one.seq for one in parts]),
        {name: np.concatenate([one.columns[name] for one in parts]) for name in parts[-1].columns},
    )


def us_of(at: datetime) -> int:
    """Microseconds since 1970."""
    return round(at.timestamp() * SECOND_US)
