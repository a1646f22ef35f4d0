"""Who keeps whom from beginning: what else is open around an hour, for all hourly detectors.

A detector that another explains turns after it: what begins in one hour under a name of its own
does not begin in the same hour under a general one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from contracts.detection import Condition
from pipeline.detectors.base import ByHour
from pipeline.detectors.sustained import (
    LATELY_HOURS,
    Around,
    Bits,
    Machine,
    Meanwhile,
    Turned,
    flag_of,
)


@dataclass(frozen=True, slots=True)
class Rules:
    """Of some hourly detectors: the places of whom each heeds, and in which order they turn."""

    detectors: tuple[ByHour, ...]
    bars: tuple[tuple[int, ...], ...]
    explains: tuple[tuple[int, ...], ...]
    hushes: tuple[int, ...]  # bits of an hour
    order: tuple[int, ...]

    @classmethod
    def of(cls, detectors: Sequence[ByHour]) -> "Rules":
        """Of these, in the order of the registry."""
        bars = tuple(_places(detectors, d.hold.bars) for d in detectors)
        explains = tuple(_places(detectors, d.hold.explained_by) for d in detectors)
        hushes = tuple(sum(flag_of(one) for one in d.spec.quiet_while) for d in detectors)
        return cls(tuple(detectors), bars, explains, hushes, _order(explains))

    def turn(
        self,
        machines: Sequence[Machine],
        around: Around,
        hour: int,
        bits: Sequence[Bits],
        beside: Bits,
    ) -> list[Turned]:
        """Move all machines on by one hour. beside: (animals,), what lay around it.

        What bars is asked as it was before the hour; what explains, as it is with it.
        """
        around.turn(hour, beside)
        lately = [machine.lately(hour) for machine in machines]
        turned: dict[int, Turned] = {}
        for place in self.order:
            hold = self.detectors[place].hold
            barred = around.within(LATELY_HOURS, hour, hold.bars)
            explained = around.within(1, hour, hold.explained_by)
            for other in self.bars[place]:
                barred |= lately[other]
            for other in self.explains[place]:
                explained |= machines[other].open
            hushed = beside & np.uint8(self.hushes[place]) > 0
            meanwhile = Meanwhile(barred | explained, explained, hushed)
            turned[place] = machines[place].turn(hour, bits[place], meanwhile, hold)
        return [turned[place] for place in range(len(machines))]


def _places(detectors: Sequence[ByHour], conditions: frozenset[Condition]) -> tuple[int, ...]:
    return tuple(n for n, one in enumerate(detectors) if one.spec.condition in conditions)


def _order(explains: Sequence[Sequence[int]]) -> tuple[int, ...]:
    """Those that explain first, else as they stand; of two that explain each other, the first."""
    order: list[int] = []
    entered: set[int] = set()

    def enter(place: int) -> None:
        if place in entered:
            return
        entered.add(place)
        for other in explains[place]:
            enter(other)
        order.append(place)

    for place in range(len(explains)):
        enter(place)
    return tuple(order)
