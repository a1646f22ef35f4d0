"""The canonical form of detections: what two runs over the same log must agree on, byte by byte."""

import json
from collections.abc import Iterable
from dataclasses import asdict

from contracts.clock import iso
from contracts.detection import Detection
from contracts.envelope import Event


def canonical(detections: Iterable[Event[Detection]]) -> bytes:
    """One line of JSON a revision, sorted; without offsets, known_at and causation_id.

    A revision sent again unchanged is the same line and stands once.
    """
    lines = {_line(event) for event in detections}
    return "\n".join(sorted(lines)).encode()


def _line(event: Event[Detection]) -> str:
    said = asdict(event.payload)
    del said["known_at"]
    for measured in said["evidence"]:
        measured["at"] = iso(measured["at"])
    said["onset_at"] = iso(event.payload.onset_at)
    ordered = {"detection_id": said.pop("detection_id"), "revision": said.pop("revision")}
    envelope = {
        "event_id": event.event_id,
        "aggregate_id": event.aggregate_id,
        "actor": event.actor,
        "farm_id": event.farm_id,
    }
    return json.dumps(ordered | envelope | said)
