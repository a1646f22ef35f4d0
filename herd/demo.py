"""`herd demo`: a live farm with simulated animals, and its chain at work in the terminal."""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from contracts.ids import AnimalId, FarmId
from contracts.topics import DETECTIONS
from firmware_sim.herd import Herd
from herd.demo_view import render, told_in_a_line
from herd.lag import Tail, group_lags
from herd.live_client import LiveClient, LiveError
from herd.services import OWN_SPECS
from herd.simulated import herd_on, name_of, register_animals
from herd.supervisor import POLL_EVERY_S, Farm

FARM_ID = FarmId("home")
SECONDS_BETWEEN_READINGS = 3.0  # of one animal; a collar takes minutes, a viewer has less patience
STORY_EVERY_S = 45.0
FEVER_FOR_S = 40.0
LAG_EVERY_S = 2.0
LINE_EVERY_S = 5.0  # where nobody watches a terminal
EVENTS_SHOWN = 8
RECONNECT_AFTER_S = 1.0


@dataclass(slots=True)
class Scene:
    """All that the view shows; filled by the threads of the demo, read by the view."""

    url: str
    mqtt: str
    token_file: str
    animals: int
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

    def name_of(self, animal_id: str) -> str:
        """How people call her, with her id."""
        name = self.names.get(animal_id)
        return f"{name} ({animal_id})" if name else animal_id

    def take(self, row: dict[str, Any]) -> None:
        """Apply a case's newest row."""
        if row["status"] == "closed":
            self.cases.pop(row["alert_id"], None)
        else:
            self.cases[row["alert_id"]] = row


def run_demo(
    data: Path,
    *,
    animals: int,
    seconds: float | None,
    mqtt_port: int | None,
    port: int | None,
    stop: threading.Event,
) -> None:
    """Run until `stop` or for `seconds`; everything shown comes from the running farm."""
    console = Console(stderr=False)
    progress = Console(stderr=True, highlight=False)
    with Farm(data, mqtt_port=mqtt_port, port=port, tell=progress.print) as farm:
        progress.print(f"registering {animals} animals on farm {FARM_ID}")
        worn = register_animals(farm.file, FARM_ID, animals)
        herd = herd_on(
            farm.file,
            worn,
            readings_per_s=animals / SECONDS_BETWEEN_READINGS,
            ledger=None,  # some 400 MB a day that nobody reads
        )
        scene = Scene(farm.file.url, farm.file.mqtt, farm.file.owner_token_file, animals)
        scene.names = {one.animal_id: name_of(number) for number, one in enumerate(worn)}
        watcher = threading.Thread(
            target=_follow, args=(scene, farm, stop), name="live", daemon=True
        )
        herd.start()
        watcher.start()
        tail = Tail(farm.file.fields["KAFKA_BOOTSTRAP"], DETECTIONS.name)
        try:
            story = Story(herd, [one.animal_id for one in worn])
            Show(farm, herd, tail, scene, story).run(console, stop, seconds)
        finally:
            stop.set()
            tail.close()
            herd.stop()
            watcher.join(RECONNECT_AFTER_S * 3)


class Story:
    """One animal after the other falls ill for a while."""

    def __init__(self, herd: Herd, animals: list[AnimalId]) -> None:
        self._herd = herd
        self._animals = animals
        self._next_s = time.monotonic() + 5.0  # soon: a viewer decides in ten seconds
        self._well_at: list[tuple[float, AnimalId]] = []
        self._turn = 0

    def go_on(self) -> tuple[AnimalId, str] | None:
        """To whom something happens now, and what; None if nothing does."""
        now_s = time.monotonic()
        if self._well_at and now_s >= self._well_at[0][0]:
            _, animal_id = self._well_at.pop(0)
            self._herd.make_well(animal_id)
            return animal_id, "gets well"
        if now_s < self._next_s:
            return None
        self._next_s = now_s + STORY_EVERY_S
        animal_id = self._animals[self._turn % len(self._animals)]
        self._turn += 7  # not neighbours
        self._herd.make_feverish(animal_id)
        self._well_at.append((now_s + FEVER_FOR_S, animal_id))
        return animal_id, "falls ill: her collar measures a fever"


@dataclass(slots=True)
class Show:
    """Moves the story on, looks at everything a few times a second, and shows it."""

    farm: Farm
    herd: Herd
    tail: Tail
    scene: Scene
    story: Story
    lag_at_s: float = 0.0
    line_at_s: float = 0.0

    def run(self, console: Console, stop: threading.Event, seconds: float | None) -> None:
        """Until `stop`, or for `seconds`."""
        from rich.live import Live

        ends_s = None if seconds is None else time.monotonic() + seconds
        live = Live(console=console, auto_refresh=False) if console.is_terminal else None
        with live or console:
            while not stop.wait(POLL_EVERY_S) and (ends_s is None or time.monotonic() < ends_s):
                self.farm.poll()
                self._look()
                if live is not None:
                    live.update(render(self.scene), refresh=True)
                elif time.monotonic() > self.line_at_s:
                    self.line_at_s = time.monotonic() + LINE_EVERY_S
                    console.print(told_in_a_line(self.scene), soft_wrap=True)

    def _look(self) -> None:
        scene, counts = self.scene, self.herd.counts()
        happened = self.story.go_on()
        if happened:
            animal_id, what = happened
            scene.happened.append((datetime.now(UTC), f"{scene.name_of(animal_id)} {what}"))
        scene.produced, scene.acknowledged = counts.produced, counts.acknowledged
        scene.buffered, scene.detections = counts.buffered, self.tail.look()
        scene.services = self.farm.services()
        if time.monotonic() > self.lag_at_s:
            self.lag_at_s = time.monotonic() + LAG_EVERY_S
            groups = {spec.name: spec.group for spec in OWN_SPECS if spec.group}
            bootstrap = self.farm.file.fields["KAFKA_BOOTSTRAP"]
            found = group_lags(bootstrap, list(groups.values()))
            scene.lags = {name: found[group] for name, group in groups.items()}


def _follow(scene: Scene, farm: Farm, stop: threading.Event) -> None:
    """Follow the farm's alerts as any client would, through restarts of the API."""
    live = LiveClient(farm.file.url, farm.owner_token, FARM_ID)
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
        for event in live.events(within_s=0.5):
            scene.take(event["alert"])
            what = event["type"].removeprefix("alert.").rsplit(".", 1)[0]
            told = f"{scene.name_of(event['subject'])}: {event['alert']['condition']} case {what}"
            scene.happened.append((datetime.now(UTC), told))
            if stopped():
                return
