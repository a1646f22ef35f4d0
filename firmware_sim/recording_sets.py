"""Which simulated farms detectors are tuned on, and which they are judged on. Pure.

The seeds of `test` are for reporting alone: no limit is set on them. What is rare on farms is made
frequent on some of them (CROWDED), or a table would rest on two events; farms at usual rates stand
beside them, and carry most of what is said of false alerts.
"""

from dataclasses import replace
from datetime import UTC, datetime

from firmware_sim.recording import Composition

SPRING = datetime(2026, 3, 1, tzinfo=UTC)  # the clock goes on in it
EARLY_SUMMER = datetime(2026, 5, 20, tzinfo=UTC)
SUMMER = datetime(2026, 6, 1, tzinfo=UTC)  # with heat waves
AUTUMN = datetime(2026, 9, 10, tzinfo=UTC)  # and back

_DEVICES = {"slipped": 0.0015, "stuck": 0.0010, "battery": 0.0012, "station_dead": 0.06}
_WAY_IN = {"outage": 0.06}
# of a dairy herd: about five to ten times the usual
CROWDED = {
    "mastitis": 0.0028,
    "metritis": 0.40,
    "ketosis": 0.35,
    "displaced_abomasum": 0.12,
    "displaced_after_ketosis": 0.40,
    "milk_fever": 0.15,
    "prolonged": 0.35,
    "lameness": 0.0025,
    "indigestion": 0.0012,
    "down": 0.0009,
    "hypothermia": 0.0014,
    "no_water": 0.0016,
    "no_appetite": 0.0016,
    "outbreak": 0.08,
    "water_failure": 0.0,
    **_DEVICES,
    **_WAY_IN,
}
CROWDED_RANGE = {
    "predator": 0.20,
    "theft": 0.005,
    "escape": 0.006,
    "brd": 0.003,
    "lameness": 0.0015,
    "down": 0.0008,
    "prolonged": 0.25,
    **_DEVICES,
    **_WAY_IN,
}
CROWDED_CALVES = {
    "brd": 0.003,
    "outbreak": 0.12,
    "hypothermia": 0.002,
    "no_water": 0.0012,
    "no_appetite": 0.0012,
    "water_failure": 0.005,
    **_DEVICES,
    **_WAY_IN,
}
SETS = ("tuning", "test", "quick", "sparse")

_DAIRY = Composition(seed="", animals=120, days=120, interval_s=600, since=SPRING)
_BEEF = Composition(seed="", kind="beef", animals=45, days=120, interval_s=300, since=SUMMER)
_CALVES = Composition(seed="", kind="calves", animals=36, days=60, interval_s=600, since=AUTUMN)


def compositions(which: str) -> tuple[Composition, ...]:
    """The farms of one of SETS; raises ValueError of any other name.

    quick: minutes of a test. sparse: few animals with few sensors at a slow cadence, which is
    what most recordings of real herds are; for tuning too.
    """
    found = {"tuning": _tuning, "test": _test, "quick": _quick, "sparse": _sparse}.get(which)
    if found is None:
        raise ValueError(f"no set of farms called {which}: {', '.join(SETS)}")
    return found()


def _test() -> tuple[Composition, ...]:
    """Few and large: a farm's day costs the engine more than its animals do."""
    calves = replace(_CALVES, animals=72, days=120, since=EARLY_SUMMER, per_day=CROWDED_CALVES)
    return (
        replace(_DAIRY, seed="test-usual", animals=240),
        replace(_DAIRY, seed="test-crowded-autumn", animals=100, since=AUTUMN, per_day=CROWDED),
        replace(_DAIRY, seed="test-crowded-summer", animals=100, since=SUMMER, per_day=CROWDED),
        replace(
            _DAIRY, seed="test-block", animals=90, days=100, block_calving=True, per_day=CROWDED
        ),
        replace(_BEEF, seed="test-range", animals=80, per_day={**CROWDED_RANGE, "predator": 0.36}),
        *(replace(calves, seed=f"test-calves-{n}") for n in range(1, 4)),
    )


def _tuning() -> tuple[Composition, ...]:
    dairy = replace(_DAIRY, animals=60, days=60)
    return (
        replace(dairy, seed="tuning-spring"),
        replace(dairy, seed="tuning-crowded-spring", per_day=CROWDED),
        replace(dairy, seed="tuning-crowded-summer", since=SUMMER, per_day=CROWDED),
        replace(dairy, seed="tuning-block", block_calving=True, per_day=CROWDED),
        replace(_BEEF, seed="tuning-range", days=60, animals=40, per_day=CROWDED_RANGE),
        replace(_CALVES, seed="tuning-calves", days=45, per_day=CROWDED_CALVES),
        replace(_CALVES, seed="tuning-hot-calves", days=45, since=SUMMER, per_day=CROWDED_CALVES),
    )


def _quick() -> tuple[Composition, ...]:
    return (
        replace(_DAIRY, seed="quick", animals=16, days=14, per_day=CROWDED),
        replace(_BEEF, seed="quick-range", animals=6, days=6, per_day=CROWDED_RANGE),
        replace(_CALVES, seed="quick-calves", animals=6, days=10, per_day=CROWDED_CALVES),
    )


def _sparse() -> tuple[Composition, ...]:
    hourly = replace(
        _DAIRY, animals=40, days=50, interval_s=3600, block_calving=True, per_day=CROWDED
    )
    return (
        replace(hourly, seed="sparse-activity", columns=("activity",)),
        replace(hourly, seed="sparse-steps", columns=("steps", "lying_minutes", "lying_bouts")),
        replace(
            hourly,
            seed="sparse-behaviour",
            columns=("eating_minutes", "lying_minutes", "activity"),
        ),
        replace(hourly, seed="sparse-warmth", interval_s=1800, columns=("temperature_c",)),
        replace(
            hourly,
            seed="sparse-slow",
            interval_s=7200,
            columns=("rumination_minutes", "activity"),
        ),
    )
