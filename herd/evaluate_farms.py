"""Where `herd evaluate` has its farms from: simulated ones, as the engine reads them."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import numpy as np

from contracts.animal_event import (
    AnimalCalved,
    AnimalInseminated,
    AnimalPregnancyChecked,
    AnimalRegistered,
)
from contracts.columns import micros
from firmware_sim.recording import Enrolled, Recording, Slice
from pipeline.evaluate import Row
from pipeline.evaluate_input import EvaluatedFarm, Fact, Heard, tick_us_of


def simulated_farm(recording: Recording, interval_s: int) -> EvaluatedFarm:
    """A simulated farm with what its register is told; interval_s: of its collars."""
    since_us = micros(recording.since)
    facts = [Fact(at_us=since_us, payload=one) for one in enrolled_facts(recording)]
    told = [
        Fact(at_us=max(micros(one.told_at), since_us), payload=one.payload)
        for one in recording.happenings()
    ]
    return EvaluatedFarm(
        farm_id=recording.farm_id,
        animals=[one.animal_id for one in recording.animals],
        since_us=since_us,
        until_us=micros(recording.until),
        stations=recording.stations,
        sites=(recording.temperature_site,),
        facts=[*facts, *sorted(told, key=lambda one: one.at_us)],
        tick_us=tick_us_of(interval_s),
    )


def enrolled_facts(recording: Recording) -> Iterator[Any]:
    """What the register knows when a recording begins."""
    for one in recording.animals:
        yield from facts_of(one, recording.since)


def facts_of(one: Enrolled, checked_at: datetime) -> Iterator[Any]:
    """What the register is told of one animal, as its events."""
    yield AnimalRegistered(animal_id=one.animal_id, external_id=one.animal_id, group=one.group)
    if one.calved_at is not None:
        yield AnimalCalved(animal_id=one.animal_id, calved_at=one.calved_at, parity=one.parity)
    if one.inseminated_at is not None:
        yield AnimalInseminated(animal_id=one.animal_id, inseminated_at=one.inseminated_at)
    if one.due_at is not None:
        yield AnimalPregnancyChecked(
            animal_id=one.animal_id, checked_at=checked_at, pregnant=True, due_at=one.due_at
        )


def simulated_spans(slices: Iterable[Slice]) -> Iterator[Heard]:
    """Its readings."""
    for one in slices:
        warm = np.isfinite(one.columns["temperature_c"]) if "temperature_c" in one.columns else None
        count = len(one.heard_us)
        site = np.full(count, -1) if warm is None else np.where(warm, 0, -1)
        yield Heard(
            until_us=micros(one.until),
            heard_us=one.heard_us,
            time_us=one.time_us,
            animal=one.animal,
            seq=one.seq,
            interval_s=one.interval_s,
            station=one.station,
            site=site,
            columns=one.columns,
            deaf=one.deaf,
        )


def simulated_truth(recording: Recording) -> list[Row]:
    """What was true there."""
    return [
        Row(
            animal_id=one.animal_id,
            condition=one.condition,
            start_us=micros(one.begins_at),
            end_us=micros(one.ends_at),
        )
        for one in recording.truths()
    ]
