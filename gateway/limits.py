"""How much one collar may send, so that a broken or stolen one delays nobody else. Pure.

An honest collar has one upload in flight and a ring buffer that empties once: the burst takes a
whole buffer at the speed of the line, the rate is what remains for days. Beyond it an upload is not
read: it is refused, its collar keeps the readings and comes again. One letter a minute tells of it,
with the first of its bytes, so that a flood fills neither Kafka nor memory.

Each budget is one number, the moment at which it would be unspent again (GCRA): nothing has to be
refilled, a collar costs three numbers, and the longest unheard are forgotten first: by then their
budgets are whole.
"""

from collections import OrderedDict
from dataclasses import dataclass

from contracts.dead_letter import Reason, Rejected
from gateway.intake import Refusal, Sender

COLLARS_MAX = 100_000  # about 25 MB
LETTER_EVERY_S = 60.0
ROUNDING_S = 1e-6  # floats: a sum of ten thousand small costs is not quite the burst
LETTER_BYTES_MAX = 1024  # what a letter keeps of an upload that was not read


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What a collar may send: a burst at once, and so much a second for ever."""

    uploads_per_s: float = 20.0
    uploads_burst: float = 10_000.0
    bytes_per_s: float = 256 * 1024
    bytes_burst: float = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Over:
    """An upload beyond the budget. left_out: refused without a letter since the last one.

    has_letter: whether this one is told and kept.
    """

    has_letter: bool
    left_out: int


@dataclass(slots=True)
class _Spent:
    """When each budget would be unspent; when the last letter was written, what was left out."""

    uploads_until_s: float
    bytes_until_s: float
    letter_at_s: float = float("-inf")
    left_out: int = 0


class Limits:
    """The budgets of all collars. Times are seconds of one monotonic clock."""

    def __init__(self, budget: Budget | None = None, *, collars_max: int = COLLARS_MAX) -> None:
        budget = budget or Budget()
        self._upload_costs_s = 1 / budget.uploads_per_s
        self._byte_costs_s = 1 / budget.bytes_per_s
        self._uploads_ahead_max_s = budget.uploads_burst / budget.uploads_per_s + ROUNDING_S
        self._bytes_ahead_max_s = budget.bytes_burst / budget.bytes_per_s + ROUNDING_S
        self._collars_max = collars_max
        self._spent: OrderedDict[str, _Spent] = OrderedDict()

    def __len__(self) -> int:
        """Collars that are remembered."""
        return len(self._spent)

    def spend(self, whose: str, size_bytes: int, now_s: float) -> Over | None:
        """Take one upload from a collar's budget; what is beyond it costs nothing."""
        spent = self._spent.get(whose)
        if spent is None:
            spent = self._spent[whose] = _Spent(now_s, now_s)
            if len(self._spent) > self._collars_max:
                self._spent.popitem(last=False)
        else:
            self._spent.move_to_end(whose)
        uploads_until_s = max(spent.uploads_until_s, now_s) + self._upload_costs_s
        bytes_until_s = max(spent.bytes_until_s, now_s) + size_bytes * self._byte_costs_s
        if (
            uploads_until_s - now_s <= self._uploads_ahead_max_s
            and bytes_until_s - now_s <= self._bytes_ahead_max_s
        ):
            spent.uploads_until_s, spent.bytes_until_s = uploads_until_s, bytes_until_s
            return None
        return _over(spent, now_s)


def _over(spent: _Spent, now_s: float) -> Over:
    if now_s - spent.letter_at_s < LETTER_EVERY_S:
        spent.left_out += 1
        return Over(has_letter=False, left_out=spent.left_out)
    over = Over(has_letter=True, left_out=spent.left_out)
    spent.letter_at_s, spent.left_out = now_s, 0
    return over


def rate_limited(over: Over, payload: bytes, sender: Sender) -> Refusal:
    """The letter of an upload beyond the budget."""
    rejected = Rejected(
        Reason.RATE_LIMITED,
        f"more than one collar may send: {len(payload)} bytes not read, {over.left_out} uploads "
        "more since the letter before; keep the readings, send them again later",
    )
    return Refusal(rejected, payload[:LETTER_BYTES_MAX], sender)
