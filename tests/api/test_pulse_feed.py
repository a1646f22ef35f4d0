"""The feed of pulses: what it can feel it tells, whoever else is away."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
from psycopg_pool import ConnectionPool

from api.adapters.pulse_feed import PulseFeed
from api.pulses import Pulses, PulseSubscription
from farmbox.redis import Redis
from read_models import History, open_latest
from runtime.lifecycle import Running
from tests.api.chain import Chain
from tests.builders import FARM, MORNING
from tests.waiting import eventually

pytestmark = pytest.mark.services
NOWHERE = "postgresql://127.0.0.1:1/nowhere?connect_timeout=1"


@contextmanager
def a_loop() -> Iterator[asyncio.AbstractEventLoop]:
    """An event loop that turns in a thread of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield loop
    loop.call_soon_threadsafe(loop.stop)
    thread.join(20)
    loop.close()


def test_while_the_register_is_away_the_pulse_goes_on_without_its_count(
    redis_server: Redis, chain: Chain
) -> None:
    """How fresh the readings are does not hang on who is in the herd; nobody says there is none."""
    chain.heard("nl-0001", at=MORNING)
    running, pulses = Running(), Pulses()
    listening = PulseSubscription(FARM, lambda: None)
    pulses.join(listening)
    pool = ConnectionPool(NOWHERE, min_size=1, open=True, timeout=0.2)
    with (
        a_loop() as loop,
        closing(open_latest(redis_server.url)) as latest,
        closing(History(pool)) as history,
    ):
        feed = PulseFeed(latest, history, pulses, loop)
        thread = threading.Thread(target=feed.run, args=(running,))
        thread.start()

        felt = eventually(listening.take)
        running.stop()
        thread.join(20)

    assert felt.heard == 1
    assert felt.animals is None
    assert felt.newest_reading_at == MORNING


def test_while_the_latest_values_are_away_nothing_is_told_and_then_they_are(
    redis_server: Redis, chain: Chain, history: History
) -> None:
    """An old pulse told as new would be a lie; silence is seen by the age of the last one."""
    chain.heard("nl-0001", at=MORNING)
    running, pulses = Running(), Pulses()
    listening = PulseSubscription(FARM, lambda: None)
    pulses.join(listening)
    redis_server.crash()
    with a_loop() as loop, closing(open_latest(redis_server.url)) as latest:
        feed = PulseFeed(latest, history, pulses, loop)
        thread = threading.Thread(target=feed.run, args=(running,))
        thread.start()
        eventually(lambda: feed._away)
        before = listening.take()
        redis_server.start()
        redis_server.wait_ready()
        after = eventually(listening.take)
        running.stop()
        thread.join(20)

    assert before is None
    assert after.newest_reading_at == MORNING
