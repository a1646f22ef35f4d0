"""A herd judged as one: a case of the farm, what it keeps quiet, and who carries its memory."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from contracts.detection import Condition, Detection, Phase
from contracts.envelope import Event
from contracts.ids import SubjectKind
from pipeline.detectors.base import NO_READING, Change, Detector, Limit, Measured, Spec
from pipeline.detectors.fever import SPEC, Fever
from pipeline.herd_hour import HerdHour
from pipeline.state import PartitionState
from pipeline.tables import Column, Table
from tests.builders import FARM, MORNING, a_reading, a_tick
from tests.pipeline.logs import run_all, values_of

MINUTES = 10
HOT, COOL = 41.0, 38.5
ILL = ("nl-1", "nl-2", "nl-3")
HERD = (*ILL, "nl-4", "nl-5", "nl-6")
DAY_MINUTES = 24 * 60
CROWD = Spec(
    "crowd",
    1,
    Condition.HERD_OUTBREAK,
    (Limit("animals", 3.0, "1", "a test"),),
    teaches=True,
    subject_kind=SubjectKind.FARM,
)


class Crowd:
    """Three feverish at once are a case of the farm, until two are."""

    memory: Mapping[str, Column] = {"farm_open": Column("bool"), "own": Column("int32")}

    def __init__(self, spec: Spec = CROWD) -> None:
        self.spec = spec

    def judge_herd(self, herd: HerdHour, row: int, memory: Table) -> list[Change]:
        """See ByHerd."""
        many = int(herd.open[Condition.FEVER].sum()) >= self.spec.value("animals")
        if many == bool(memory["farm_open"][row]):
            return []
        memory["farm_open"][row] = many
        phase, onset_us = (Phase.ONSET, herd.ends_us) if many else (Phase.END, 0)
        return [Change(phase, row, NO_READING, onset_us, self.evidence(herd, row, memory))]

    def evidence(self, herd: HerdHour, row: int, memory: Table) -> tuple[Measured, ...]:  # noqa: ARG002  the form's
        """See ByHerd."""
        count = float(herd.open[Condition.FEVER].sum())
        return (Measured("feverish", "1", herd.ends_us, count, self.spec.value("animals")),)


QUIET = replace(SPEC, quiet_while=frozenset({Condition.HERD_OUTBREAK}))
DETECTORS: tuple[Detector, ...] = (Fever(QUIET), Crowd())


def log_of(hot: Mapping[str, tuple[int, int]], minutes: int) -> list[Event[Any]]:
    """Temperatures of the herd, and ticks; hot: minutes from … to of each fever."""
    log: list[Event[Any]] = []
    for minute in range(0, minutes, MINUTES):
        time = MORNING + timedelta(minutes=minute)
        for animal in HERD:
            since, until = hot.get(animal, (0, 0))
            log.append(
                a_reading(
                    animal=animal,
                    collar=f"c-{animal}",
                    seq=minute // MINUTES,
                    time=time,
                    interval_s=60 * MINUTES,
                    temperature_c=HOT if since <= minute < until else COOL,
                    temperature_site="core",
                )
            )
        log.append(a_tick(time + timedelta(minutes=1)))
    return log


OUTBREAK = log_of(
    {
        **dict.fromkeys(ILL, (60, 600)),
        "nl-4": (300, 1400),  # she outlasts it
        "nl-5": (360, 480),  # and this one does not
    },
    1100,
)


def told_by(
    log: list[Event[Any]], batch: int = 10_000, detectors: tuple[Detector, ...] = DETECTORS
) -> list[Event[Detection]]:
    """What these say of a log, from a snapshot after each batch."""
    state, told = PartitionState(detectors), []
    values = values_of(log)
    for start in range(0, len(values), batch):
        state = PartitionState.from_arrays(state.to_arrays(), detectors)
        told += run_all(values[start : start + batch], state=state)[1].detections
    return told


def of(told: list[Event[Detection]], subject: str) -> list[tuple[Phase, int]]:
    """Of one subject: phase, and the minute at which it was known."""
    minute = timedelta(minutes=1)
    return [
        (e.payload.phase, (e.payload.known_at - MORNING) // minute)
        for e in told
        if e.aggregate_id == subject
    ]


def test_a_herd_is_judged_once_an_hour_and_told_as_the_farms() -> None:
    """The farmer is told of his herd, at grace, and again every six hours."""
    told = told_by(OUTBREAK)

    assert of(told, FARM) == [(Phase.ONSET, 80), (Phase.UPDATE, 440), (Phase.END, 620)]
    onset = next(e.payload for e in told if e.aggregate_id == FARM)
    assert onset.subject_kind is SubjectKind.FARM
    assert [(e.value, e.limit) for e in onset.evidence] == [(3.0, 3.0)]


def test_what_begins_meanwhile_is_told_if_it_lasts_longer() -> None:
    """One case instead of one for each; and nobody is forgotten in the crowd."""
    told = told_by(OUTBREAK)

    assert [phase for phase, _ in of(told, "nl-1")] == [Phase.ONSET, Phase.UPDATE, Phase.END]
    assert of(told, "nl-4") == [(Phase.ONSET, 620), (Phase.UPDATE, 980)]
    hers = next(e.payload for e in told if e.aggregate_id == "nl-4")
    assert hers.onset_at == MORNING + timedelta(minutes=300)
    assert of(told, "nl-5") == []


def test_the_quiet_ones_are_counted_with_the_others() -> None:
    """Else an outbreak would end because it is one."""
    later = dict.fromkeys(HERD[3:], (300, 900))

    told = told_by(log_of({**dict.fromkeys(ILL, (60, 400)), **later}, 1000))

    phases = [phase for phase, _ in of(told, FARM)]
    assert phases == [Phase.ONSET, Phase.UPDATE, Phase.UPDATE, Phase.END]
    assert of(told, FARM)[-1][1] > max(until for _, until in later.values())


@pytest.mark.parametrize("batch", [1, 7, 50])
def test_cases_of_the_herd_do_not_hang_on_batches_or_crashes(batch: int) -> None:
    """Quiet ones are in the snapshot, too."""
    assert told_by(OUTBREAK, batch) == told_by(OUTBREAK)


def test_a_herd_of_which_nobody_is_heard_has_no_case() -> None:
    """What was said of it is over: the next word is of another day."""
    log = log_of(dict.fromkeys(ILL, (60, 600)), 300)
    later = [a_tick(MORNING + timedelta(minutes=300 + n)) for n in range(0, 2 * DAY_MINUTES, 30)]

    told = told_by([*log, *later])

    assert of(told, FARM)[-1][0] is Phase.END
    assert DAY_MINUTES < of(told, FARM)[-1][1] < DAY_MINUTES + 500


def test_what_is_known_of_a_farm_goes_on_to_its_next_animal_and_nothing_else_does() -> None:
    """The first cow is sold; the outbreak is not over, and her own marks are not the next one's."""
    state, _ = run_all(values_of(OUTBREAK[: 7 * 30]), state=PartitionState(DETECTORS))
    rows = state.rows_of_farm[FARM]
    memory = state.memories["crowd"]
    assert memory["farm_open"][rows[0]]
    memory["own"][rows] = np.arange(len(rows)) + 1

    state.free_animals(FARM, rows[:1])

    first = state.rows_of_farm[FARM][0]
    assert memory["farm_open"][first]
    assert memory["own"][first] == 2
    assert state.farm_rows_of(state.rows_of_farm[FARM]).tolist() == [first] * (len(rows) - 1)
