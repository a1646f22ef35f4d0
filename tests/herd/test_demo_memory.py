"""A demo farm's clock never goes back, and a farm that was off goes on as the same farm."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from herd.demo_memory import LEAD, DemoMemory, clock_of, measured_since, read_memory

START = datetime(2026, 3, 15, 12, tzinfo=UTC)
NEW = DemoMemory(
    seed=1,
    animals=120,
    past_from=START - timedelta(days=14),
    laid_to=START - timedelta(days=14),
)


def test_a_new_farm_lies_two_hours_back_until_its_past_is_laid() -> None:
    """Two hours at sixty times: the stories unfold while somebody looks on."""
    clock = clock_of(NEW, START, speed=60, interval_s=300)

    assert clock.at(START) == clock.real_start - LEAD
    assert START + timedelta(seconds=30) < clock.real_start < START + timedelta(minutes=2)
    assert clock.at(clock.real_start + timedelta(minutes=3)) == clock.real_start + timedelta(
        minutes=3
    )


def test_a_farm_that_was_just_stopped_starts_where_it_stopped() -> None:
    """Log time never goes back: a clock before the newest tick would judge nothing."""
    memory = replace(NEW, live=True, laid_to=START - timedelta(minutes=5))

    clock = clock_of(memory, START, speed=60, interval_s=300)

    assert clock.at(START) >= memory.laid_to


def test_what_a_silent_collar_held_is_measured_again() -> None:
    """Her readings lie in a flash that a stop of the demo does not empty."""
    held_from = START - timedelta(hours=5)
    memory = replace(NEW, live=True, laid_to=START - timedelta(minutes=5), held_from=held_from)
    clock = clock_of(memory, START, speed=60, interval_s=300)

    assert measured_since(memory, clock, START) < held_from
    assert measured_since(replace(memory, held_from=None), clock, START) == memory.laid_to


def test_real_time_has_no_lead() -> None:
    """A clock that runs as fast as the real one would stay behind for ever."""
    clock = clock_of(NEW, START, speed=1, interval_s=300)

    assert clock.at(START + timedelta(hours=1)) == START + timedelta(hours=1)


def test_the_memory_outlives_the_process(tmp_path: Path) -> None:
    """Another seed on the same directory would be another herd in the same collars."""
    NEW.write(tmp_path)

    assert read_memory(tmp_path) == NEW
    assert read_memory(tmp_path / "elsewhere") is None
