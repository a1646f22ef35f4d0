"""Fever: three successive readings at or over the limit begin it, three under it end it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.detection import Phase
from pipeline.detectors.base import Change
from pipeline.detectors.fever import Fever
from pipeline.tables import Table
from tests.builders import a_reading
from tests.pipeline.detectors.made import MINUTE_US, AnyReading, made_readings, signals_of
from tests.pipeline.logs import temperatures, told_by


def changes(*readings: AnyReading) -> list[Change]:
    """What fever says of these readings, from nothing remembered."""
    memory = Table(Fever.memory)
    memory.reach(8)
    return Fever().judge(signals_of(readings), memory)


def reading_by_reading(readings: list[AnyReading]) -> list[tuple[Phase, int, int]]:
    """The same judgement written as one plain loop: (phase, row, index of the reading)."""
    newest: dict[int, int] = {}
    recent: dict[int, list[bool]] = {}
    is_open: dict[int, bool] = {}
    found = []
    for index, (row, minute, centi_c, rumen) in enumerate(readings):
        if minute <= newest.get(row, -1):
            continue
        newest[row] = minute
        last = [*recent.get(row, []), centi_c >= (4000 if rumen else 3950)][-3:]
        recent[row] = last
        if last == [not is_open.get(row, False)] * 3:
            is_open[row] = last[0]
            found.append((Phase.ONSET if last[0] else Phase.END, row, index))
    return found


@given(st.lists(made_readings, max_size=60))
@settings(max_examples=300, deadline=None)
def test_all_at_once_is_as_reading_by_reading(readings: list[AnyReading]) -> None:
    """The vectorised form is there for speed; the plain loop says what is meant."""
    found = [(change.phase, change.row, change.reading) for change in changes(*readings)]

    assert found == reading_by_reading(readings)


@pytest.mark.parametrize(("rumen", "limit"), [(True, 4000), (False, 3950)], ids=["rumen", "core"])
def test_the_limit_itself_is_fever_and_a_hundredth_less_is_not(*, rumen: bool, limit: int) -> None:
    """The rumen is warmer than the core, so each site has its limit."""
    at_limit = [(0, minute, limit, rumen) for minute in range(3)]
    below = [(0, minute, limit - 1, rumen) for minute in range(3)]

    assert [change.phase for change in changes(*at_limit)] == [Phase.ONSET]
    assert changes(*below) == []


@pytest.mark.parametrize(
    ("usual_c", "feverish"), [(38.6, True), (39.2, True), (39.3, False)], ids=str
)
def test_who_is_warm_by_nature_has_to_be_warmer(usual_c: float, *, feverish: bool) -> None:
    """40.0 °C is a fever for most; for one who is at 39.3 every evening it is an evening."""
    memory = Table(Fever.memory)
    memory.reach(8)
    warm = [(0, minute, 4000, True) for minute in range(3)]

    found = Fever().judge(signals_of(warm, usual_c=usual_c), memory)

    assert bool(found) is feverish


def test_two_hot_readings_are_not_fever() -> None:
    """One slipped sensor must not call anybody."""
    hot, cool = (0, 1, 4100, True), (0, 3, 3860, True)

    assert changes(hot, (0, 2, 4100, True), cool, (0, 4, 4100, True), (0, 5, 4100, True)) == []


def test_the_onset_is_the_first_hot_reading_and_the_evidence_all_three() -> None:
    """The farmer is told since when, and by what."""
    (change,) = changes((0, 1, 3860, True), *[(0, m, 4000 + m, True) for m in (5, 6, 7)])

    assert change.onset_us == 5 * MINUTE_US
    assert [(m.at_us // MINUTE_US, m.value, m.limit) for m in change.evidence] == [
        (5, 40.05, 40.0),
        (6, 40.06, 40.0),
        (7, 40.07, 40.0),
    ]


def test_a_letter_days_late_does_not_stand_between_newer_readings() -> None:
    """An old cool reading that comes in the middle of a fever must not break the run."""
    hot = [(0, minute, 4100, True) for minute in (10, 20, 30)]

    assert len(changes(hot[0], hot[1], (0, 5, 3860, True), hot[2])) == 1


@pytest.mark.parametrize("site", ["ear", "skin", None, "Rumen"])
def test_only_rumen_and_core_are_body_temperatures(site: str | None) -> None:
    """An ear tag follows the air: 41 °C in the sun is no fever."""
    assert (
        told_by([a_reading(seq=n, temperature_c=41.5, temperature_site=site) for n in range(4)])
        == []
    )


def test_readings_without_temperature_do_not_break_a_run() -> None:
    """A neck collar and a bolus report side by side; the collar's readings say nothing here."""
    hot = temperatures(41.0, 41.0, 41.0)
    neck = [a_reading(collar="c-neck", seq=n, rumination_minutes=3.0) for n in range(1, 4)]

    mixed = [event for pair in zip(hot, neck, strict=True) for event in pair]

    assert len(told_by(mixed)) == 1
