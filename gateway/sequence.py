"""Repeats and gaps of each collar, from boot_id and seq: counted and logged, never acted on.

Only a hint: with several gateways in one shared subscription each sees a part of the uploads.
What makes a reading count once stands downstream, in whoever folds the log. Pure.
"""

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass

from contracts.ids import CollarId

COLLARS_MAX = 200_000  # two numbers each; the longest unheard are forgotten first


@dataclass(frozen=True, slots=True)
class Noted:
    """repeats: readings seen before. missing: seqs skipped between two that came."""

    repeats: int
    missing: int


class Sequences:
    """The highest seq of each collar's newest boot."""

    def __init__(self, *, collars_max: int = COLLARS_MAX) -> None:
        self._last: OrderedDict[CollarId, tuple[int, int]] = OrderedDict()
        self._collars_max = collars_max

    def note(self, collar_id: CollarId, boot_id: int, seqs: Iterable[int]) -> Noted:
        """Take the seqs of one upload; how many came again and how many are skipped."""
        repeats = missing = 0
        last = self._last.get(collar_id)
        for seq in sorted(seqs):
            if last is None or boot_id > last[0]:
                last = (boot_id, seq)  # a first hearing, or a reboot: nothing to compare with
            elif boot_id < last[0] or seq <= last[1]:
                repeats += 1
            else:
                missing += seq - last[1] - 1
                last = (boot_id, seq)
        if last is not None:
            self._last[collar_id] = last
            self._last.move_to_end(collar_id)
        if len(self._last) > self._collars_max:
            self._last.popitem(last=False)
        return Noted(repeats, missing)
