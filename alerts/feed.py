"""What the relay of alerts puts into Kafka: every event of a case, as it is stored."""

from collections.abc import Iterable, Sequence
from typing import Any

from alerts.domain.alert import CATEGORY
from contracts.envelope import Event
from contracts.serde import Serde
from contracts.topics import ALERTS, partition_of_farm
from event_store.relay import Record, ToRecords

RELAY = "alerts-relay"  # its position is stored under this name


def alert_records(serde: Serde) -> ToRecords:
    """The records of `herd.alerts.v1` for a batch of the log; other rooms' events give none."""

    def to_records(events: Sequence[Event[Any]]) -> Iterable[Record]:
        for event in events:
            if event.farm_id is None or event.stored is None:
                continue
            if event.stored.stream.startswith(f"{CATEGORY}:"):
                partition = partition_of_farm(event.farm_id)
                yield Record(ALERTS, partition, event.aggregate_id, serde.encode(event))

    return to_records
