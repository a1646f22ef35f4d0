"""One slice of events onto the rows of a generation, inside the store's transaction.

What the rows hold is read once for the slice, folded in memory and written once. A record at or
below its row's position is a repeat of the relay and changes nothing.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
from psycopg import Connection

from contracts.animal_event import (
    AnimalCalved,
    AnimalRegistered,
    AnimalRenamed,
    Assignment,
    CollarAssigned,
    CollarRemoved,
)
from contracts.ids import SubjectKind
from contracts.messages import BY_PAYLOAD
from contracts.topics import ALERTS
from read_models.animal_history import AnimalRow, animal_of, fold_animal, fold_wearing
from read_models.base import LogRecord
from read_models.worklist import AlertRow, fold, row_from_json, row_to_json

Writer = Connection[Any]
Key = tuple[str, str]  # farm, and animal, collar or case

# each takes one JSON document: a batch is one round trip, whatever its size
UPSERT_FARMS = """INSERT INTO history.farms
SELECT %(generation)s, farm_id, position
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r (farm_id text, position bigint)
ON CONFLICT (generation, farm_id) DO UPDATE
SET position = greatest(farms.position, excluded.position)"""
INSERT_EVENTS = """INSERT INTO history.events
SELECT %(generation)s, farm_id, animal_id, position, event_id, event_type, occurred_at,
    recorded_at, actor, payload
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r (farm_id text, animal_id text, position bigint,
    event_id text, event_type text, occurred_at timestamptz, recorded_at timestamptz, actor text,
    payload jsonb)
ON CONFLICT DO NOTHING"""
UPSERT_ANIMALS = """INSERT INTO history.animals
SELECT %(generation)s, farm_id, animal_id, position, external_id, name, "group", parity, calved_at
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r (farm_id text, animal_id text, position bigint,
    external_id text, name text, "group" text, parity integer, calved_at timestamptz)
ON CONFLICT (generation, farm_id, animal_id) DO UPDATE
SET (position, external_id, name, "group", parity, calved_at) =
    (excluded.position, excluded.external_id, excluded.name, excluded."group", excluded.parity,
     excluded.calved_at)"""
UPSERT_COLLARS = """INSERT INTO history.collars
SELECT %(generation)s, farm_id, collar_id, position, assignments
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r (farm_id text, collar_id text, position bigint,
    assignments jsonb)
ON CONFLICT (generation, farm_id, collar_id) DO UPDATE
SET (position, assignments) = (excluded.position, excluded.assignments)"""
UPSERT_CASES = """INSERT INTO history.cases
SELECT %(generation)s, farm_id, alert_id, position, condition, outcome, closed_at, folded
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r (farm_id text, alert_id text, position bigint,
    condition text, outcome text, closed_at timestamptz, folded jsonb)
ON CONFLICT (generation, farm_id, alert_id) DO UPDATE
SET (position, outcome, closed_at, folded) =
    (excluded.position, excluded.outcome, excluded.closed_at, excluded.folded)"""
ANIMALS = """SELECT farm_id, animal_id, position, external_id, name, "group", parity, calved_at
FROM history.animals WHERE generation = %s AND (farm_id, animal_id) IN
    (SELECT * FROM unnest(%s::text[], %s::text[]))"""
COLLARS = """SELECT farm_id, collar_id, position, assignments::text
FROM history.collars WHERE generation = %s AND (farm_id, collar_id) IN
    (SELECT * FROM unnest(%s::text[], %s::text[]))"""
CASES = """SELECT farm_id, alert_id, position, folded::text
FROM history.cases WHERE generation = %s AND (farm_id, alert_id) IN
    (SELECT * FROM unnest(%s::text[], %s::text[]))"""

_assignments: msgspec.json.Decoder[tuple[Assignment, ...]] = msgspec.json.Decoder(
    tuple[Assignment, ...]
)


def fold_slice(connection: Writer, generation_id: str, records: Sequence[LogRecord]) -> None:
    """Fold records of one partition, in their order, into the rows of a generation."""
    if not records:
        return
    positions: dict[str, int] = {}
    for record in records:
        farm_id = str(record.event.farm_id)
        positions[farm_id] = max(positions.get(farm_id, 0), record.stored.position)
    alerts = [record for record in records if _is_alert(record)]
    register = [record for record in records if not _is_alert(record)]
    subjects = _fold_cases(connection, generation_id, alerts)
    _fold_roster(connection, generation_id, register)
    _fold_collars(connection, generation_id, register)
    subjects += [(animal_of(record.event.payload), record) for record in register]
    events = [_event_row(animal, record) for animal, record in subjects if animal is not None]
    _write(connection, generation_id, INSERT_EVENTS, events)
    farms = [{"farm_id": farm, "position": position} for farm, position in positions.items()]
    _write(connection, generation_id, UPSERT_FARMS, farms)


def _is_alert(record: LogRecord) -> bool:
    return BY_PAYLOAD[type(record.event.payload)].kafka_topic == ALERTS


def _fold_cases(
    connection: Writer, generation_id: str, records: Sequence[LogRecord]
) -> list[tuple[str | None, LogRecord]]:
    """Fold the cases; of each record the animal it is about, None where it is about no animal."""
    keys = [(str(record.event.farm_id), str(record.event.payload.alert_id)) for record in records]
    rows: dict[Key, AlertRow] = {
        (farm, alert): row_from_json(text)
        for farm, alert, _, text in _stored(connection, generation_id, CASES, keys)
    }
    changed: dict[Key, AlertRow] = {}
    subjects: list[tuple[str | None, LogRecord]] = []
    for key, record in zip(keys, records, strict=True):
        row = rows.get(key)
        if row is None or record.stored.position > row.position:
            row = fold(row, record.event, record.stored)
            if row is not None:
                rows[key] = changed[key] = row
        about = row.subject_id if row and row.subject_kind is SubjectKind.ANIMAL else None
        subjects.append((about, record))
    _write(connection, generation_id, UPSERT_CASES, [_case_row(row) for row in changed.values()])
    return subjects


def _case_row(row: AlertRow) -> dict[str, object]:
    return {
        "farm_id": row.farm_id,
        "alert_id": row.alert_id,
        "position": row.position,
        "condition": row.condition,
        "outcome": row.outcome,
        "closed_at": row.closed_at,
        "folded": msgspec.Raw(row_to_json(row).encode()),
    }


def _fold_roster(connection: Writer, generation_id: str, records: Sequence[LogRecord]) -> None:
    ours = [
        (record, record.event.payload)
        for record in records
        if isinstance(record.event.payload, AnimalRegistered | AnimalRenamed | AnimalCalved)
    ]
    keys = [(str(record.event.farm_id), str(payload.animal_id)) for record, payload in ours]
    rows: dict[Key, tuple[int, AnimalRow]] = {
        (farm, animal): (
            position,
            AnimalRow(
                animal_id=animal,
                external_id=external_id,
                name=name,
                group=group,
                parity=parity,
                calved_at=calved_at,
            ),
        )
        for farm, animal, position, external_id, name, group, parity, calved_at in _stored(
            connection, generation_id, ANIMALS, keys
        )
    }
    changed: dict[Key, dict[str, object]] = {}
    for key, (record, payload) in zip(keys, ours, strict=True):
        position, row = rows.get(key, (0, None))
        if record.stored.position <= position:
            continue
        row = fold_animal(row, payload)
        if row is not None:
            rows[key] = record.stored.position, row
            fields: dict[str, object] = msgspec.to_builtins(row)
            changed[key] = {**fields, "farm_id": key[0], "position": record.stored.position}
    _write(connection, generation_id, UPSERT_ANIMALS, list(changed.values()))


def _fold_collars(connection: Writer, generation_id: str, records: Sequence[LogRecord]) -> None:
    ours = [
        record
        for record in records
        if isinstance(record.event.payload, CollarAssigned | CollarRemoved)
    ]
    keys = [(str(record.event.farm_id), str(record.event.payload.collar_id)) for record in ours]
    rows: dict[Key, tuple[int, tuple[Assignment, ...]]] = {
        (farm, collar): (position, _assignments.decode(text))
        for farm, collar, position, text in _stored(connection, generation_id, COLLARS, keys)
    }
    changed: dict[Key, dict[str, object]] = {}
    for key, record in zip(keys, ours, strict=True):
        position, assignments = rows.get(key, (0, ()))
        if record.stored.position <= position:
            continue
        rows[key] = record.stored.position, fold_wearing(assignments, record.event)
        changed[key] = {
            "farm_id": key[0],
            "collar_id": key[1],
            "position": record.stored.position,
            "assignments": rows[key][1],
        }
    _write(connection, generation_id, UPSERT_COLLARS, list(changed.values()))


def _event_row(animal_id: str, record: LogRecord) -> dict[str, object]:
    event = record.event
    return {
        "farm_id": event.farm_id,
        "animal_id": animal_id,
        "position": record.stored.position,
        "event_id": event.event_id,
        "event_type": event.event_type,
        "occurred_at": event.timestamp,
        "recorded_at": record.stored.recorded_at,
        "actor": event.actor,
        "payload": event.payload,
    }


def _stored(
    connection: Writer, generation_id: str, query: str, keys: Sequence[Key]
) -> Sequence[Any]:
    if not keys:
        return ()
    farms, ids = zip(*sorted(set(keys)), strict=True)
    return connection.execute(query.encode(), (generation_id, list(farms), list(ids))).fetchall()


def _write(
    connection: Writer, generation_id: str, statement: str, rows: Sequence[dict[str, object]]
) -> None:
    if rows:
        document = msgspec.json.encode(rows).decode()
        connection.execute(statement.encode(), {"generation": generation_id, "rows": document})
