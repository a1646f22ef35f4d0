"""Retries on real Kafka: judged by what the register had said when they were asked for."""

from datetime import UTC, datetime, timedelta
from threading import Event as Flag
from threading import Thread

import msgspec

from contracts.animal_event import Assignment, CollarAssignments
from contracts.clock import SystemClock, iso
from contracts.dead_letter import LetterRetried, LetterRetryAsked, RetryOutcome
from contracts.ids import AnimalId, CollarId, FarmId, new_id
from contracts.topics import DEAD_LETTERS, READINGS
from farmbox.box import Addresses
from gateway.adapters.collar_feed import CollarEnds, Ends, Reached
from gateway.adapters.letter_feed import LetterFeed
from gateway.attribution import Attribution
from gateway.decoders import NO_DECODERS
from runtime.kafka import Outbox, new_producer, send_event
from runtime.lifecycle import Running
from tests.builders import an_event
from tests.gateway.surroundings import register, serde_of
from tests.kafka_reader import events_of
from tests.waiting import eventually


class Watched(Reached):
    """Says when somebody has asked how far the register is known."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = Flag()

    def covers(self, ends: Ends) -> bool:
        """As Reached."""
        self.asked.set()
        return super().covers(ends)


def test_an_assignment_typed_in_before_the_retry_counts_however_slow_its_way(
    box: Addresses,
) -> None:
    """`herd import`, then `retry` at once: the gateway waits until it knows of the import."""
    farm, collar = FarmId(f"farm-{new_id()[:8]}"), CollarId(f"c-{new_id()[:8]}")
    attribution, reached, running = Attribution(), Watched(), Running()
    register(box, farm, [collar])
    serde, now = serde_of(box), datetime.now(UTC)
    reading = {"seq": 1, "time": iso(now), "interval_s": 60, "temperature_c": 38.6}
    asked = LetterRetryAsked(
        letter_id=new_id(),
        origin=f"mqtt:herd/v1/{farm}/{collar}/readings",
        received_at=now,
        tries=1,
        raw=msgspec.json.encode({"boot_id": 1, "readings": [reading]}),
    )
    feed = LetterFeed(box.kafka_bootstrap, serde, attribution, reached, NO_DECODERS, SystemClock())
    loop = Thread(target=feed.run, args=(running,))
    loop.start()
    outbox = Outbox(new_producer(box.kafka_bootstrap))
    event = an_event(asked, farm_id=farm, aggregate_id=asked.letter_id)
    send_event(outbox, serde, DEAD_LETTERS, event)
    outbox.flush()

    eventually(
        reached.asked.is_set, within_s=40, why="the retry is there, and waits for the register"
    )
    worn = Assignment(animal_id=AnimalId("nl-1"), farm_id=farm, worn_from=now - timedelta(days=1))
    attribution.apply(CollarAssignments(collar_id=collar, assignments=(worn,)))
    ends = CollarEnds(box.kafka_bootstrap)
    reached.note(ends.ask())
    ends.close()

    def outcomes() -> list[LetterRetried]:
        events = events_of(box, DEAD_LETTERS, farm)
        return [one.payload for one in events if isinstance(one.payload, LetterRetried)]

    (outcome,) = eventually(outcomes, why="the outcome is told")
    running.stop()
    loop.join(20)
    assert (outcome.outcome, outcome.readings) == (RetryOutcome.TAKEN, 1)
    (found,) = events_of(box, READINGS, farm)
    assert found.aggregate_id == "nl-1"
