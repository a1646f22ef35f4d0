"""Fan-out of changes to the sockets: pure state, no sockets, no Redis, no clock.

Problem: each client must get each change of its farm exactly once and in order, though it comes
and goes at any moment, reads slowly, and though Redis itself may lose its newest second.

Approach: a subscription is either *catching up*, reading pages from the worklist at its own pace
from the position it has, or *live*, fed from here through a bounded queue. It goes live in the same
step in which it is seen to stand where the farm stands, so nothing falls in between. Each change
names the position before it: one that does not join on sends the subscription back to
catching up, whatever the reason for the gap was.

Rejected: a queue that starts at subscribing and is merged with what is read meanwhile. It has
no limit while the client reads its past, and cannot see a gap.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from contracts.ids import FarmId
from read_models import Change, Page

QUEUE_MAX = 1000  # changes a client may be behind; more than a burst of a large farm


class HubFullError(RuntimeError):
    """More sockets than this process takes."""


@dataclass(frozen=True, slots=True)
class Head:
    """Up to where a farm's changes have been handed out."""

    epoch: str
    position: int


class Subscription:
    """One client's place in one farm's changes. wake: called when there is something to do.

    epoch, position: of the last change queued or read; epoch None = it knows no history yet.
    """

    def __init__(
        self,
        farm_id: FarmId,
        epoch: str | None,
        position: int,
        wake: Callable[[], None],
        *,
        queue_max: int = QUEUE_MAX,
    ) -> None:
        self.farm_id = farm_id
        self.epoch = epoch
        self.position = position
        self.live = False
        self.too_slow = False
        self._queue: deque[Change] = deque()
        self._queue_max = queue_max
        self._wake = wake

    def take(self) -> Change | None:
        """The next change to send; None if none waits."""
        return self._queue.popleft() if self._queue else None

    def waiting(self) -> int:
        """Changes queued."""
        return len(self._queue)

    def has_read(self, page: Page) -> list[Change]:
        """Move over a page read while catching up; those of its changes that the client lacks."""
        self.epoch = self.epoch or page.epoch  # it came before there was any history
        new = []
        for change in page.changes:
            if self.epoch != change.epoch or change.position > self.position:
                self.epoch, self.position = change.epoch, change.position
                new.append(change)
        return new

    def starts_at(self, epoch: str, position: int) -> None:
        """The client has loaded its list anew, as of there."""
        self.epoch, self.position = epoch, position

    def offer(self, change: Change) -> None:
        """A change that was just handed out to all."""
        if not self.live or self.too_slow:
            return
        if change.epoch != self.epoch and self.epoch:
            self.fall_back()
        elif change.position > self.position:
            if change.previous > self.position:
                self.fall_back()
            elif len(self._queue) >= self._queue_max:
                self.too_slow = True
            else:
                self._queue.append(change)
                self.epoch, self.position = change.epoch, change.position
        self._wake()

    def fall_back(self) -> None:
        """Go back to reading from the worklist, after what is queued."""
        self.live = False
        self._wake()

    def wake(self) -> None:
        """Something besides changes has happened."""
        self._wake()


class Hub:
    """All subscriptions of this process. Touched by one thread only: the event loop's."""

    def __init__(self, *, subscriptions_max: int = 100_000) -> None:
        self.stale = True  # until the feed has been heard for the first time
        self.as_of: datetime | None = None
        self.epoch = ""  # of the history that answers now, as far as we heard
        self._subscriptions_max = subscriptions_max
        self._by_farm: dict[FarmId, set[Subscription]] = {}
        self._heads: dict[FarmId, Head] = {}

    def join(self, subscription: Subscription) -> None:
        """Take part from now on, catching up first; raises HubFullError."""
        if sum(map(len, self._by_farm.values())) >= self._subscriptions_max:
            raise HubFullError(f"{self._subscriptions_max} subscriptions are all we take")
        self._by_farm.setdefault(subscription.farm_id, set()).add(subscription)

    def leave(self, subscription: Subscription) -> None:
        """Take part no more; a farm that nobody looks at is not followed."""
        others = self._by_farm.get(subscription.farm_id, set())
        others.discard(subscription)
        if not others:
            self._by_farm.pop(subscription.farm_id, None)
            self._heads.pop(subscription.farm_id, None)

    def go_live(self, subscription: Subscription) -> bool:
        """From now on through the queue; False if the farm is ahead: read on, then ask again."""
        farm_id, epoch = subscription.farm_id, subscription.epoch or ""
        head = self._heads.get(farm_id)
        if head is None:
            self._heads[farm_id] = Head(epoch, subscription.position)
        elif head.position > subscription.position or head.epoch not in (epoch, ""):
            return False
        subscription.live = True
        return True

    def heads(self) -> dict[FarmId, Head]:
        """The farms that are followed, and up to where: a copy, for the thread of the feed."""
        return dict(self._heads)

    def publish(self, farm_id: FarmId, page: Page | None) -> int:
        """Hand a page on to all who are live; None = that history is gone, all load anew.

        Returns how many changes wait in the fullest queue. A page that ends before what was handed
        out already (Redis lost its newest second) takes the farm back; no client gets it twice.
        """
        subscriptions = self._by_farm.get(farm_id, set())
        if page is None:
            self._heads.pop(farm_id, None)
            for subscription in subscriptions:
                subscription.fall_back()
            return 0
        for change in page.changes:
            for subscription in subscriptions:
                subscription.offer(change)
        if subscriptions:
            reached = page.changes[-1].position if page.changes else page.position
            self._heads[farm_id] = Head(page.epoch, reached)
        return self.fullest(farm_id)

    def fullest(self, farm_id: FarmId) -> int:
        """Changes in the longest queue of a farm; those who are lost already do not count."""
        subscriptions = self._by_farm.get(farm_id, set())
        return max((s.waiting() for s in subscriptions if not s.too_slow), default=0)

    def heard(self, epoch: str, as_of: datetime | None, *, stale: bool) -> None:
        """Which history answers, how old what we show is, and whether we must say so."""
        self.epoch = epoch or self.epoch
        changed = stale != self.stale
        self.as_of, self.stale = as_of or self.as_of, stale
        if changed:
            for subscriptions in self._by_farm.values():
                for subscription in subscriptions:
                    subscription.wake()
