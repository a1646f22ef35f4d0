"""Repeats, gaps and forks of each collar, from boot_id and seq: counted and told. Pure.

Only a hint: with several gateways in one shared subscription each sees a part of the uploads, and
after a restart none. What makes a reading count once stands downstream, in whoever folds the log.
"""

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass

from contracts.ids import CollarId

COLLARS_MAX = 200_000  # two numbers each; the longest unheard are forgotten first
RETURNS_MAX = 10_000  # collars whose older boot was heard again: few, unless somebody plays
FORK_WITHIN_S = 600.0
RETURNS_OF_A_FORK = 2  # once is what a broker delivers again after a reboot


@dataclass(frozen=True, slots=True)
class Noted:
    """repeats: readings seen before. missing: seqs skipped between two that came.

    is_forked: two boots of this collar take turns, which one device cannot do; said once in
    FORK_WITHIN_S.
    """

    repeats: int
    missing: int
    is_forked: bool = False


NOTHING = Noted(0, 0)


def _are_in_a_row(seqs: list[int]) -> bool:
    """Whether these, in order, are one after the other."""
    return seqs[-1] - seqs[0] == len(seqs) - 1 and len(set(seqs)) == len(seqs)


@dataclass(slots=True)
class _Returns:
    """How often an older boot came back after a newer one was heard, since when."""

    since_s: float
    count: int = 0
    is_back: bool = False


class Sequences:
    """The highest seq of each collar's newest boot. Times are seconds of a monotonic clock."""

    def __init__(self, *, collars_max: int = COLLARS_MAX, returns_max: int = RETURNS_MAX) -> None:
        self._last: OrderedDict[CollarId, tuple[int, int]] = OrderedDict()
        self._returns: OrderedDict[CollarId, _Returns] = OrderedDict()
        self._collars_max = collars_max
        self._returns_max = returns_max

    def note(
        self, collar_id: CollarId, boot_id: int, seqs: Iterable[int], now_s: float = 0.0
    ) -> Noted:
        """Take the seqs of one upload; how many came again, how many are skipped, and by whom."""
        repeats = missing = 0
        last = self._last.get(collar_id)
        is_forked = last is not None and self._fork(collar_id, boot_id < last[0], now_s)
        ordered = sorted(seqs)
        if ordered and last == (boot_id, ordered[0] - 1) and _are_in_a_row(ordered):
            last, ordered = (boot_id, ordered[-1]), []  # the next ones, as nearly always
        for seq in ordered:
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
        if repeats or missing or is_forked:
            return Noted(repeats, missing, is_forked)
        return NOTHING

    def _fork(self, collar_id: CollarId, is_older_boot: bool, now_s: float) -> bool:  # noqa: FBT001
        returns = self._returns.get(collar_id)
        if not is_older_boot:
            if returns is not None:
                returns.is_back = False
            return False
        if returns is None or now_s - returns.since_s > FORK_WITHIN_S:
            returns = self._returns[collar_id] = _Returns(now_s)
            self._returns.move_to_end(collar_id)
            if len(self._returns) > self._returns_max:
                self._returns.popitem(last=False)
        if returns.is_back:
            return False
        returns.is_back = True
        returns.count += 1
        return returns.count == RETURNS_OF_A_FORK
