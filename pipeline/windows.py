"""Log time: how late it is in the log itself, so that a replay judges as it was judged live.

Log time of a farm = the highest tick so far; of a farm with ticks of its own (an import), its own,
until it goes live. Before the first tick nothing is early or late.
"""

from dataclasses import dataclass, field

import numpy as np

from pipeline.tables import NEVER, Longs, Mask

LATE_MAX_US = 72 * 3_600_000_000  # older readings are kept and charted, never judged
AHEAD_MAX_US = 5 * 60_000_000  # a collar's clock may run so far ahead before it is disbelieved
LINE_US = 5 * 60_000_000  # ticks act only where they cross a line of five minutes
FARM_IS_LIVE = "farm.live.v1"  # the context record that ends a farm's own ticks


@dataclass(slots=True)
class LogTime:
    """Log time of one partition, and of its farms that import their past; microseconds or NEVER."""

    partition_us: int = NEVER
    own_us: dict[str, int] = field(default_factory=dict)
    deaf: list[tuple[int, int]] = field(default_factory=list)  # united, in order
    live: set[str] = field(default_factory=set)  # farms that have told all their past

    def of(self, farm_id: str) -> int:
        """Log time of a farm."""
        return self.own_us.get(farm_id, self.partition_us)

    def tick(self, farm_id: str | None, at_us: int) -> None:
        """A tick of the partition (None) or of one farm; an older one moves nothing back.

        Ticks may come again, a farm's own after it went live too: it must not be held by them.
        """
        if farm_id is None:
            self.partition_us = max(self.partition_us, at_us)
        elif farm_id not in self.live:
            self.own_us[farm_id] = max(self.own_us.get(farm_id, NEVER), at_us)

    def go_live(self, farm_id: str) -> None:
        """From here on the partition's ticks are the farm's."""
        self.own_us.pop(farm_id, None)
        self.live.add(farm_id)

    def add_deaf(self, began_us: int, ended_us: int) -> None:
        """Unite a span in which nobody could be heard with those known; told twice counts once."""
        self.deaf = united([*self.deaf, (began_us, ended_us)])
        kept_from = self.partition_us - LATE_MAX_US
        self.deaf = [span for span in self.deaf if span[1] >= kept_from]

    def hearing_us(self, since_us: int, until_us: int) -> int:
        """How much of [since, until] the way in was open."""
        return int(self.all_hearing_us(np.array([since_us]), until_us)[0])

    def all_hearing_us(self, since_us: Longs, until_us: int) -> Longs:
        """(times,): how much of [since, until] the way in was open, of each."""
        heard: Longs = np.maximum(until_us - since_us, 0)
        for began, ended in self.deaf:
            heard = heard - np.maximum(min(ended, until_us) - np.maximum(began, since_us), 0)
        return heard


def lines_between(before_us: int, at_us: int) -> range:
    """The five-minute lines that log time crosses from `before` to `at`, at most late_max of them.

    Before the first tick there is no time to catch up with: the last line alone.
    """
    last = line_of(at_us)
    if before_us == NEVER:
        return range(last, last + 1, LINE_US)
    # what is older than late_max can be judged no more: a clock set right jumps over it
    first = max(line_of(before_us) + LINE_US, line_of(last - LATE_MAX_US))
    return range(first, last + 1, LINE_US)


def united(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The spans in order, those that touch made one."""
    out: list[tuple[int, int]] = []
    for began, ended in sorted(spans):
        if out and began <= out[-1][1]:
            out[-1] = (out[-1][0], max(out[-1][1], ended))
        elif ended > began:
            out.append((began, ended))
    return out


def may_be_judged(occurred_us: Longs, received_us: Longs, log_us: Longs, ahead: Mask) -> Mask:
    """(readings,): neither late nor ahead. log_us: log time where each stands in the log.

    Ahead is held against receipt too: a tick may lie minutes behind (its writer restarts, the
    demo's clock runs 60 times as fast, an import moves log time only once all is answered), and
    an honest reading must not go unjudged for that.
    """
    early = ahead | (occurred_us > np.maximum(log_us, received_us) + AHEAD_MAX_US)
    late = (log_us != NEVER) & (occurred_us < log_us - LATE_MAX_US)
    judged: Mask = ~(early | late)
    return judged


def line_of(at_us: int) -> int:
    """The last five-minute line at or before a time."""
    return at_us - at_us % LINE_US if at_us != NEVER else NEVER


def log_us_at(places: Longs, marks: list[tuple[int, int]], start_us: int) -> Longs:
    """(readings,): log time at each place; marks: (place, log time from there on), in order."""
    times = np.array([start_us, *(time for _, time in marks)], np.int64)
    return times[np.searchsorted(np.array([place for place, _ in marks], np.int64), places)]
