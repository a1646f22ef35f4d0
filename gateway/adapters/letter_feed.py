"""Retries of letters: what is asked in the dead letters' topic is done by one of the gateways.

At least once: readings, then letters, then the outcome, each confirmed before the next, and the
place in the topic last. A crash in between asks again, and everything carries the same ids.
"""

from dataclasses import replace

import structlog

from contracts.clock import Clock
from contracts.dead_letter import DeadLetter, LetterRetryAsked
from contracts.envelope import Event
from contracts.ids import derived_id
from contracts.serde import Serde
from contracts.topics import DEAD_LETTERS, READINGS
from gateway.adapters.collar_feed import CollarEnds, Reached
from gateway.adapters.kafka_sink import letter_of
from gateway.attribution import Attribution
from gateway.decoders import Decoders
from gateway.intake import Refusal
from gateway.letters import Record, retried_event, retry
from runtime.consume import Limits, consume, flush
from runtime.kafka import Outbox, new_consumer, new_producer, send_event
from runtime.lifecycle import Running
from runtime.tries import Received, StoppedError

log = structlog.get_logger()

GROUP = "herd-gateway-letters"
SERVICE = "gateway"
BATCH_MAX = 32  # each may hold an upload of 500 readings
FETCH_MAX_KB = 8 * 1024  # fetched ahead of it
LOOK_EVERY_S = 0.01


class LetterFeed:
    """Does what was asked about letters. For one thread.

    reached: how far the register is known here. An assignment that was typed in before somebody
    asked must count, or a letter would be refused again that the register knows by now.
    """

    def __init__(
        self,
        bootstrap: str,
        serde: Serde,
        attribution: Attribution,
        reached: Reached,
        decoders: Decoders,
        clock: Clock,
    ) -> None:
        self._bootstrap = bootstrap
        self._serde = serde
        self._attribution = attribution
        self._reached = reached
        self._decoders = decoders
        self._clock = clock
        self._outbox = Outbox(new_producer(bootstrap))

    def run(self, running: Running) -> None:
        """Serve until stopped."""
        consumer = new_consumer(
            self._bootstrap, GROUP, **{"queued.max.messages.kbytes": FETCH_MAX_KB}
        )
        consumer.subscribe([DEAD_LETTERS.name])
        ends = CollarEnds(self._bootstrap)

        def handle(batch: list[Received]) -> None:
            self._handle(batch, ends, running)

        try:
            consume(
                consumer,
                handle,
                self._serde,
                self._outbox,
                self._clock,
                running,
                service=SERVICE,
                limits=Limits(records_max=BATCH_MAX),
            )
        finally:
            ends.close()

    def _handle(self, batch: list[Received], ends: CollarEnds, running: Running) -> None:
        asked = [one for one in batch if isinstance(one.event.payload, LetterRetryAsked)]
        if not asked:
            return
        now_known = ends.ask()
        while not self._reached.covers(now_known):
            if not running.goes_on():
                raise StoppedError
            running.wait(LOOK_EVERY_S)
        outcomes = []
        for one in asked:
            done = retry(one.event.payload, self._attribution, self._decoders, self._serde)
            for event in done.readings:
                send_event(self._outbox, self._serde, READINGS, event)
            if done.record is not None:
                self._again(done.record)
            for number, refusal in enumerate(done.refusals):
                letter = _letter(refusal, one.event.payload, number)
                send_event(self._outbox, self._serde, DEAD_LETTERS, letter)
            outcomes.append(
                (one.partition, retried_event(one.event, done.retried, self._clock.now()))
            )
        flush(self._outbox, running)  # an outcome speaks of what is in the log
        for partition, outcome in outcomes:
            value = self._serde.encode(outcome)
            self._outbox.send(DEAD_LETTERS, partition, outcome.aggregate_id, value)
        flush(self._outbox, running)
        taken = sum(outcome.payload.readings > 0 for _, outcome in outcomes)
        log.info("letters_retried", letters=len(outcomes), with_readings=taken)

    def _again(self, record: Record) -> None:
        self._outbox.send(READINGS, record.partition, record.key, record.value)


def _letter(refusal: Refusal, asked: LetterRetryAsked, number: int) -> Event[DeadLetter]:
    """The letter of a reading that is still refused; of a repeated retry the same one."""
    letter = letter_of(refusal, asked.received_at)
    letter = replace(letter, payload=replace(letter.payload, tries=asked.tries + 1))
    if refusal.letter_id is not None:
        return letter
    letter_id = derived_id("letter", asked.letter_id, number)
    return replace(letter, event_id=letter_id, aggregate_id=letter_id)
