"""All that the demo's terminal shows: filled by its threads, read by its view."""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from herd.live_client import LiveClient, LiveError

EVENTS_SHOWN = 8
RECONNECT_AFTER_S = 1.0
LISTEN_S = 0.5


@dataclass(slots=True)
class Scene:
    """past_from, laid_to: how far the past is laid. live: it is, and collars send by themselves.

    farm_now: what the farm's clock shows. lags: records each service is behind, None = not known.
    """

    mqtt: str
    animals: int
    past_from: datetime
    url: str = ""
    live: bool = False
    laid_to: datetime | None = None
    lays_to: datetime | None = None
    farm_now: datetime | None = None
    produced: int = 0
    acknowledged: int = 0
    buffered: int = 0
    detections: int = 0
    cases: dict[str, dict[str, Any]] = field(default_factory=dict)
    lags: dict[str, int | None] = field(default_factory=dict)
    services: dict[str, dict[str, Any]] = field(default_factory=dict)
    happened: deque[tuple[datetime, str]] = field(
        default_factory=lambda: deque(maxlen=EVENTS_SHOWN)
    )
    connected: bool = False
    names: dict[str, str] = field(default_factory=dict)

    @property
    def laid_share(self) -> float:
        """How much of the past is laid, 0 to 1."""
        if self.live:
            return 1.0
        if self.laid_to is None or self.lays_to is None:
            return 0.0
        whole = (self.lays_to - self.past_from).total_seconds()
        done = (self.laid_to - self.past_from).total_seconds()
        return min(1.0, done / whole) if whole > 0 else 1.0

    def name_of(self, animal_id: str) -> str:
        """How people call her."""
        return self.names.get(animal_id, animal_id)

    def tell(self, at: datetime, what: str) -> None:
        """Something happened on the farm, at its time."""
        self.happened.append((at, what))

    def take(self, row: dict[str, Any]) -> None:
        """Apply a case's newest row."""
        if row["status"] == "closed":
            self.cases.pop(row["alert_id"], None)
        else:
            self.cases[row["alert_id"]] = row


def follow_live(scene: Scene, url: str, token: str, farm_id: str, stop: threading.Event) -> None:
    """Follow the farm's cases as any client would, through restarts of the API."""
    live = LiveClient(url, token, farm_id)
    while not stop.is_set():
        try:
            live.connect()
            scene.connected = True
            if not live.recovered:
                scene.cases = {row["alert_id"]: row for row in live.snapshot}
            _events(scene, live, stop.is_set)
        except (LiveError, OSError, TimeoutError):
            scene.connected = False
            stop.wait(RECONNECT_AFTER_S)
        finally:
            live.close()


def _events(scene: Scene, live: LiveClient, stopped: Callable[[], bool]) -> None:
    while not stopped():
        for event in live.events(within_s=LISTEN_S):
            scene.take(event["alert"])
            if scene.live:  # while the past is laid they come by the hundred
                what = event["type"].removeprefix("alert.").rsplit(".", 1)[0]
                condition = event["alert"]["condition"].replace("_", " ")
                at = datetime.fromisoformat(event["time"])
                scene.tell(at, f"{scene.name_of(event['subject'])}: case {what} ({condition})")
            if stopped():
                return
