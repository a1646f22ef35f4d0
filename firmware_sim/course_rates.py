"""How often what happens on a simulated farm, each with its unit and source. Pure.

A composition names those that it wants otherwise (Composition.rates). What is rare on farms needs
a higher rate there, or a table of detectors would rest on two events; precision is then read on
the farms that keep these.
"""

from dataclasses import dataclass

CALVING, ANIMAL_DAY, FARM_DAY, SHARE = "a calving", "an animal-day", "a farm-day", "share"


@dataclass(frozen=True, slots=True)
class Rate:
    """value: how often, in `unit`."""

    value: float
    unit: str
    source: str


_RECALLED = "recalled"
_OURS = "ours"

RATES: dict[str, Rate] = {
    "metritis": Rate(0.19, CALVING, "19 % of calvings (Bar & Ezra 2005)"),
    "ketosis": Rate(0.10, CALVING, "8 to 13 % of calvings (Bar & Ezra 2005)"),
    "displaced_abomasum": Rate(0.005, CALVING, "0.4 to 1.1 % of calvings (Bar & Ezra 2005)"),
    "displaced_after_ketosis": Rate(0.05, SHARE, "of ketoses, so that both make 1 %; ours"),
    "milk_fever": Rate(0.02, CALVING, "0.1 to 2.6 % of calvings (Bar & Ezra 2005)"),
    "prolonged": Rate(0.05, CALVING, "of calvings; recalled"),
    "mastitis": Rate(0.0009, ANIMAL_DAY, "25 to 40 per 100 cows and year (recalled)"),
    "lameness": Rate(0.0010, ANIMAL_DAY, "new cases; prevalence 20 to 30 % (recalled)"),
    "indigestion": Rate(0.0003, ANIMAL_DAY, _RECALLED),
    "brd": Rate(0.0008, ANIMAL_DAY, "calves and young cattle; recalled"),
    "down": Rate(0.00005, ANIMAL_DAY, _RECALLED),
    "hypothermia": Rate(0.00005, ANIMAL_DAY, _RECALLED),
    "no_water": Rate(0.00005, ANIMAL_DAY, _OURS),
    "no_appetite": Rate(0.0002, ANIMAL_DAY, _OURS),
    "outbreak": Rate(0.003, FARM_DAY, "one a year; ours"),
    "water_failure": Rate(0.003, FARM_DAY, "one pen, once a year; ours"),
    "predator": Rate(0.005, FARM_DAY, "of a range; ours"),
    "escape": Rate(0.0002, ANIMAL_DAY, "of a range; ours"),
    "theft": Rate(0.00002, ANIMAL_DAY, "of a range; ours"),
    "pen_move": Rate(0.004, ANIMAL_DAY, "some three a year beside those round calving; ours"),
    "trimming": Rate(0.006, FARM_DAY, "a pen, twice a year; ours"),
    "vaccination": Rate(0.011, FARM_DAY, "a pen, four times a year; ours"),
    "late_feed": Rate(0.02, FARM_DAY, "a pen; ours"),
    "storm": Rate(0.02, FARM_DAY, _OURS),
    "heat_seen": Rate(0.67, SHARE, "two heats of three are seen (recalled)"),
    "due_known": Rate(0.80, SHARE, _OURS),
    "slipped": Rate(0.0006, ANIMAL_DAY, "a collar slips or turns; ours"),
    "stuck": Rate(0.0002, ANIMAL_DAY, _OURS),
    "battery": Rate(0.0002, ANIMAL_DAY, "a battery dies; ours"),
    "dead": Rate(0.0003, ANIMAL_DAY, "a collar dies or is lost; ours"),
    "out_of_reach": Rate(0.006, ANIMAL_DAY, "gaps of GPS collars to 7.3 days were recorded"),
    "station_dead": Rate(0.01, FARM_DAY, _OURS),
    "outage": Rate(0.03, FARM_DAY, "our own way in; ours"),
}


class UnknownRateError(LookupError):
    """A composition names something that does not happen."""

    def __init__(self, name: str) -> None:
        super().__init__(f"nothing called {name} happens on a simulated farm: see RATES")


def rates_with(own: dict[str, float]) -> dict[str, float]:
    """The usual rates with a composition's own in their place; raises UnknownRateError."""
    for name in own:
        if name not in RATES:
            raise UnknownRateError(name)
    return {name: own.get(name, rate.value) for name, rate in RATES.items()}
