"""The fan-out in memory: whatever the order of things, each client gets each change once."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from api.hub import Hub, HubFullError, Subscription
from contracts.ids import FarmId
from read_models import Change, Page
from tests.builders import FARM

EPOCH = "epoch-a"
CLIENTS_MAX = 3  # more only thin out the interesting orders


def nothing() -> None:
    """Nobody waits."""


def a_change(position: int, *, previous: int | None = None, epoch: str = EPOCH) -> Change:
    """The change at a position, which follows the one before unless told otherwise."""
    before = position - 1 if previous is None else previous
    return Change(FARM, epoch, position, before, f'{{"n":{position}}}')


def a_page(*positions: int, epoch: str = EPOCH) -> Page:
    """Changes in a row."""
    changes = tuple(a_change(position, epoch=epoch) for position in positions)
    return Page(epoch, positions[-1] if positions else 0, changes)


def a_live_one(
    hub: Hub, *, at: int = 0, queue_max: int = 10, wake: Callable[[], None] = nothing
) -> Subscription:
    """A subscription that stands at a position and is live."""
    subscription = Subscription(FARM, EPOCH, at, wake, queue_max=queue_max)
    hub.join(subscription)
    assert hub.go_live(subscription)
    return subscription


def taken(subscription: Subscription) -> list[int]:
    """The positions of all that waits."""
    found = []
    while (change := subscription.take()) is not None:
        found.append(change.position)
    return found


def test_who_is_live_gets_what_is_published_in_order() -> None:
    """The plain way."""
    hub = Hub()
    one, two = a_live_one(hub), a_live_one(hub)

    hub.publish(FARM, a_page(1, 2))
    hub.publish(FARM, a_page(3))

    assert taken(one) == taken(two) == [1, 2, 3]


def test_a_client_that_reads_too_slowly_is_lost_alone() -> None:
    """One sleeping phone must not hold up the farm, nor fill the memory."""
    hub = Hub()
    slow, quick = a_live_one(hub, queue_max=2), a_live_one(hub, queue_max=10)

    hub.publish(FARM, a_page(1, 2, 3))

    assert (slow.too_slow, quick.too_slow) == (True, False)
    assert slow.waiting() == 2
    assert taken(quick) == [1, 2, 3]


def test_nobody_goes_live_behind_the_farm() -> None:
    """Between the last page read and going live a change may have been handed out."""
    hub = Hub()
    a_live_one(hub)
    late = Subscription(FARM, EPOCH, 0, nothing)
    hub.join(late)

    hub.publish(FARM, a_page(1))

    assert not hub.go_live(late)
    assert [change.position for change in late.has_read(a_page(1))] == [1]
    assert hub.go_live(late)


def test_a_gap_sends_the_client_back_to_reading() -> None:
    """A change that does not join on means that something was missed, whoever lost it."""
    woken: list[bool] = []
    hub = Hub()
    subscription = a_live_one(hub, wake=lambda: woken.append(True))

    hub.publish(FARM, Page(EPOCH, 5, (a_change(5, previous=4),)))

    assert not subscription.live
    assert taken(subscription) == []
    assert woken


def test_what_is_published_again_reaches_nobody_twice() -> None:
    """Redis lost its newest second and was told it again."""
    hub = Hub()
    subscription = a_live_one(hub)
    hub.publish(FARM, a_page(1, 2, 3))

    hub.publish(FARM, Page(EPOCH, 1, ()))
    newcomer = a_live_one(hub, at=1)
    hub.publish(FARM, a_page(2, 3, 4))

    assert taken(subscription) == [1, 2, 3, 4]
    assert taken(newcomer) == [2, 3, 4]


def test_a_history_that_is_gone_sends_all_back_to_load_anew() -> None:
    """After a restore positions mean other things."""
    hub = Hub()
    subscription = a_live_one(hub)

    hub.publish(FARM, None)

    assert not subscription.live
    assert hub.heads() == {}


def test_a_farm_that_nobody_looks_at_is_not_followed() -> None:
    """A thousand farms in Redis cost nothing while one is on a screen."""
    hub = Hub()
    subscription = a_live_one(hub)
    followed = set(hub.heads())

    hub.leave(subscription)
    hub.publish(FARM, a_page(1))

    assert followed == {FARM}
    assert hub.heads() == {}


def test_the_first_history_of_all_is_everybodys() -> None:
    """A screen that was opened before the very first alert must get it as an event."""
    hub = Hub()
    subscription = Subscription(FARM, "", 0, nothing)
    hub.join(subscription)
    hub.go_live(subscription)

    hub.publish(FARM, a_page(1))

    assert taken(subscription) == [1]
    assert subscription.epoch == EPOCH


def test_all_are_woken_when_the_age_of_the_data_becomes_untold() -> None:
    """A screen never lies: it must hear that nothing can be said."""
    woken: list[bool] = []
    hub = Hub()
    a_live_one(hub, wake=lambda: woken.append(True))
    hub.heard(EPOCH, None, stale=False)
    woken.clear()

    hub.heard(EPOCH, None, stale=False)
    quiet = list(woken)
    hub.heard(EPOCH, None, stale=True)

    assert quiet == []
    assert woken


def test_a_process_takes_no_more_than_it_can() -> None:
    """Every queue has a limit, the number of queues too."""
    hub = Hub(subscriptions_max=1)
    a_live_one(hub)

    with pytest.raises(HubFullError):
        hub.join(Subscription(FARM, EPOCH, 0, nothing))


@dataclass
class Store:
    """The worklist's feed as the hub's surroundings see it; it may lose its newest entries."""

    truth: list[Change] = field(default_factory=list)
    kept: int = 0

    def page(self, epoch: str | None, position: int, limit: int) -> Page:
        """As Worklist.page: what follows a position among what is there now."""
        del epoch
        there = self.truth[: self.kept]
        found = tuple(change for change in there if change.position > position)[:limit]
        return Page(EPOCH, there[-1].position if there else 0, found)


class Client:
    """A screen: what it was sent, and where it would resume."""

    def __init__(self, position: int) -> None:
        self.resumed_at = position
        self.got: list[int] = []
        self.subscription: Subscription | None = None
        self.page: Page | None = None

    @property
    def position(self) -> int:
        """The last it was sent."""
        return self.got[-1] if self.got else self.resumed_at


class Farm(RuleBasedStateMachine):
    """Changes, losses, polls, sends, drops and returns in any order hypothesis can think of."""

    clients = Bundle("clients")

    def __init__(self) -> None:
        super().__init__()
        self.hub, self.store, self.all = Hub(), Store(), list[Client]()

    @initialize(target=clients)
    def somebody_looks_on(self) -> Client:
        """The farm is on one screen from the start."""
        client = self._comes(0)
        self.asks_for_a_page(client, 1)
        self.gets_the_page(client)
        return client

    @precondition(lambda self: len(self.all) < CLIENTS_MAX)
    @rule(target=clients, back=st.integers(0, 3))
    def comes(self, back: int) -> Client:
        """A client comes from a position that was true once."""
        return self._comes(back)

    def _comes(self, back: int) -> Client:
        position = self.store.truth[-1].position if self.store.truth else 0
        client = Client(max(0, position - back * 2))
        self.all.append(client)
        self._subscribe(client)
        return client

    def _subscribe(self, client: Client) -> None:
        client.subscription = Subscription(FARM, EPOCH, client.position, nothing, queue_max=4)
        self.hub.join(client.subscription)

    @rule(gap=st.integers(1, 3), is_told=st.booleans())
    def happens(self, gap: int, is_told: bool) -> None:  # noqa: FBT001  drawn by hypothesis
        """A change: other farms' events lie between two of this one. Mostly it is told at once."""
        before = self.store.truth[-1].position if self.store.truth else 0
        self.store.truth.append(a_change(before + gap, previous=before))
        if is_told:
            self.store.kept = len(self.store.truth)
            self.feed_polls(3)

    @rule(count=st.integers(1, 4))
    def is_folded(self, count: int) -> None:
        """The projector catches up, in part."""
        self.store.kept = min(len(self.store.truth), self.store.kept + count)

    @rule(count=st.integers(1, 2))
    def redis_loses_its_newest(self, count: int) -> None:
        """Kill -9, power cut."""
        self.store.kept = max(0, self.store.kept - count)

    @rule(limit=st.integers(1, 3))
    def feed_polls(self, limit: int) -> None:
        """The feed asks for one page and hands it over."""
        for farm_id, head in self.hub.heads().items():
            self.hub.publish(FarmId(farm_id), self.store.page(head.epoch, head.position, limit))

    @rule(client=clients)
    def is_sent_what_waits(self, client: Client) -> None:
        """The socket's writer empties the queue, as api/live.py does."""
        subscription = client.subscription
        if subscription is None:
            return
        if subscription.too_slow:
            self.leaves(client)
            return
        while (change := subscription.take()) is not None:
            client.got.append(change.position)

    @rule(client=clients, limit=st.integers(1, 3))
    def asks_for_a_page(self, client: Client, limit: int) -> None:
        """The writer finds its client behind and asks; anything may happen until the answer."""
        self.is_sent_what_waits(client)
        subscription = client.subscription
        if subscription is not None and not subscription.live and client.page is None:
            client.page = self.store.page(subscription.epoch, subscription.position, limit)

    @rule(client=clients)
    def gets_the_page(self, client: Client) -> None:
        """The answer: changes to send, or none, and then it may go live."""
        subscription, page = client.subscription, client.page
        client.page = None
        if subscription is None or page is None:
            return
        new = subscription.has_read(page)
        client.got += [change.position for change in new]
        if not new:
            self.hub.go_live(subscription)

    @rule(client=clients)
    def leaves(self, client: Client) -> None:
        """The phone sleeps; what was queued and not sent is lost with the socket."""
        if client.subscription is not None:
            self.hub.leave(client.subscription)
            client.subscription, client.page = None, None

    @rule(client=clients)
    def returns(self, client: Client) -> None:
        """It resumes from the last it was sent."""
        if client.subscription is None:
            self._subscribe(client)

    @invariant()
    def nobody_missed_or_doubled_anything(self) -> None:
        """What a client was sent is exactly what happened after it came, without a hole."""
        for client in self.all:
            since = [c.position for c in self.store.truth if c.position > client.resumed_at]
            assert client.got == since[: len(client.got)]

    def teardown(self) -> None:
        """Once all is quiet, everybody has everything."""
        self.store.kept = len(self.store.truth)
        for client in self.all:
            self.leaves(client)
            self._subscribe(client)
        for _ in range(2 * len(self.store.truth) + 4):
            self.feed_polls(3)
            for client in self.all:
                self.asks_for_a_page(client, 3)
                self.gets_the_page(client)
                self.is_sent_what_waits(client)
        for client in self.all:
            since = [c.position for c in self.store.truth if c.position > client.resumed_at]
            assert client.got == since


TestAnyOrderOfThings = Farm.TestCase
TestAnyOrderOfThings.settings = settings(
    max_examples=300, stateful_step_count=60, deadline=None, derandomize=True
)
