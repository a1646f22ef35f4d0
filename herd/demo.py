"""`herd demo`: a farm with a past, stories that unfold, one URL; and its chain in the terminal."""

import threading
import time
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from rich.console import Console

from contracts.clock import FarmClock
from contracts.ids import AnimalId, FarmId
from contracts.topics import DETECTIONS
from firmware_sim.herd import Herd
from herd.demo_memory import LEAD, DemoMemory, clock_of, measured_since, read_memory
from herd.demo_scene import Scene, follow_live
from herd.demo_view import render, told_in_a_line
from herd.door import Door, qr_text
from herd.farmer import Farmer
from herd.history import BY, Historian
from herd.lag import Tail, group_lags
from herd.roster import roster
from herd.services import OWN_SPECS
from herd.simulated import clocked_herd_on, register_animals
from herd.story import PAST, Story, story_of
from herd.supervisor import POLL_EVERY_S, Farm, Progress

FARM_ID = FarmId("home")
INTERVAL_S = 300
LAG_EVERY_S = 2.0
LINE_EVERY_S = 5.0  # where nobody watches a terminal
REMEMBER_EVERY_S = 10.0
DOOR_EVERY_S = 3000.0  # before the ticket of the link on the screen runs out
STOP_MAX_S = 10.0
TICKS_UNDER_WAY = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoOptions:
    """What `herd demo` was asked for. animals: of a new farm. seconds: None = until Ctrl-C."""

    animals: int = 120
    speed: float = 60.0
    brokers: int = 1
    seconds: float | None = None
    mqtt_port: int | None = None
    port: int | None = None
    lan: bool = False


def run_demo(data: Path, options: DemoOptions, stop: threading.Event) -> None:
    """Run until `stop` or for the seconds asked for; what is shown comes from the running farm."""
    console = Console(stderr=False)
    progress = Console(stderr=True, highlight=False)
    start = datetime.now(UTC)
    memory = read_memory(data) or new_memory(options.animals, start)
    clock = clock_of(memory, start, speed=options.speed, interval_s=INTERVAL_S)
    story = story_of(memory.seed, _animals(memory, start), memory.past_from)
    with ExitStack() as leaving:
        farm = leaving.enter_context(
            Farm(
                data,
                mqtt_port=options.mqtt_port,
                port=options.port,
                brokers=options.brokers,
                search=True,
                clock=clock,
                lan=options.lan,
                tell=progress.print,
            )
        )
        show = Show(farm, clock, story, memory, Door(farm.file.url, farm.owner_token, options.lan))
        leaving.callback(show.close)
        show.open(progress.print)
        show.run(console, stop, options.seconds)


def new_memory(animals: int, start: datetime) -> DemoMemory:
    """A new farm: its past ends where it goes live, two hours before now."""
    past_from = (start - LEAD - PAST).replace(microsecond=0)
    return DemoMemory(seed=1, animals=animals, past_from=past_from, laid_to=past_from)


class Show:
    """A demo under way: its herd and historian in threads, and what the terminal shows of them."""

    def __init__(
        self, farm: Farm, clock: FarmClock, story: Story, memory: DemoMemory, door: Door
    ) -> None:
        self._farm, self._clock, self._story, self._door = farm, clock, story, door
        self._memory = memory
        self._stop = threading.Event()
        self._herd: Herd | None = None
        self._failure: Exception | None = None
        self._told = 0  # stories that the terminal has told
        self._line_at_s = self._lag_at_s = self._door_at_s = 0.0
        self._remember_at_s = time.monotonic() + REMEMBER_EVERY_S
        self.scene = Scene(
            mqtt=farm.file.mqtt,
            animals=memory.animals,
            past_from=memory.past_from,
            laid_to=memory.laid_to,
            lays_to=clock.now(),
        )
        self._tail = Tail(farm.file.fields["KAFKA_BOOTSTRAP"], DETECTIONS.name)
        self._threads = [
            threading.Thread(target=self._lay_guarded, name="historian", daemon=True),
            threading.Thread(
                target=follow_live,
                args=(self.scene, farm.file.url, farm.owner_token, FARM_ID, self._stop),
                name="live",
                daemon=True,
            ),
        ]

    def open(self, tell: Progress) -> None:
        """Register the herd, print the way in, and begin."""
        file = self._farm.file
        tell(f"registering {self._memory.animals} animals on farm {FARM_ID}")
        worn = register_animals(file, FARM_ID, self._memory.animals, self._clock)
        cows = roster(FARM_ID, self._memory.animals, self._memory.past_from.date())
        self.scene.names = {cow.animal_id: cow.name for cow in cows}
        self._herd = clocked_herd_on(
            file,
            worn,
            clock=self._clock,
            since=measured_since(self._memory, self._clock, datetime.now(UTC)),
            course=self._story.course,
            interval_s=INTERVAL_S,
        )
        self._herd.start()
        self._renew_door()
        if self._door.lan:
            tell(qr_text(self.scene.url))
        tell(f"\nopen {self.scene.url}\n")
        for thread in self._threads:
            thread.start()

    def run(self, console: Console, stop: threading.Event, seconds: float | None) -> None:
        """Until `stop`, or for `seconds`; raises what ended the herd or its historian."""
        from rich.live import Live

        ends_s = None if seconds is None else time.monotonic() + seconds
        live = Live(console=console, auto_refresh=False) if console.is_terminal else None
        with live or nullcontext():  # as a context a console would keep its lines to itself
            while not stop.wait(POLL_EVERY_S) and (ends_s is None or time.monotonic() < ends_s):
                self._farm.poll()
                self._look()
                if self._failure is not None:
                    raise self._failure
                if live is not None:
                    live.update(render(self.scene), refresh=True)
                elif time.monotonic() > self._line_at_s:
                    self._line_at_s = time.monotonic() + LINE_EVERY_S
                    console.print(told_in_a_line(self.scene), soft_wrap=True)
                    console.file.flush()  # into a file, too, it is told while it happens

    def close(self) -> None:
        """Stop collars and threads; what was not noted is measured again at the next start."""
        self._stop.set()
        self._tail.close()
        if self._herd is not None:
            self._herd.stop()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(STOP_MAX_S)

    def _lay_guarded(self) -> None:
        try:
            self._lay()
        except Exception as error:  # noqa: BLE001  told and raised by the thread that shows
            self._failure = error

    def _lay(self) -> None:
        from alerts import open_alerts
        from herdbook import open_herdbook
        from read_models import open_worklist

        herd, fields = self._herd, self._farm.file.fields
        assert herd is not None  # noqa: S101  open() made it before it started us
        with ExitStack() as leaving:
            herdbook = leaving.enter_context(
                open_herdbook(fields["POSTGRES_DSN"], clock=self._clock)
            )
            alerts, worklist = (
                open_alerts(fields["POSTGRES_DSN"]),
                open_worklist(fields["REDIS_URL"]),
            )
            leaving.callback(alerts.close)
            leaving.callback(worklist.close)
            if not self._memory.live:
                for cow in roster(FARM_ID, self._memory.animals, self._memory.past_from.date()):
                    herdbook.record_calving(
                        cow.animal_id, FARM_ID, cow.calved_at, cow.parity, by=BY
                    )
            farmer = Farmer(FARM_ID, alerts, worklist, self._story.was_so)
            historian = Historian(
                FARM_ID,
                self._farm.data,
                herd,
                herdbook,
                farmer,
                self._clock,
                caught_up=self._caught_up,
            )
            self._memory = historian.lay(self._memory, self._laid, self._stop.is_set)
        if not self._stop.is_set():
            herd.follow_clock()
            self.scene.live = True

    def _caught_up(self) -> bool:
        """Whether what was laid is judged; ticks are always on their way."""
        lags = self.scene.lags.values()
        # None: nothing was ever committed there, as by alerts of a herd to whom nothing happened
        return bool(lags) and all((lag or 0) <= TICKS_UNDER_WAY for lag in lags)

    def _laid(self, to: datetime) -> None:
        self.scene.laid_to = to

    def _look(self) -> None:
        scene, now_s = self.scene, time.monotonic()
        scene.farm_now = self._clock.now()
        scene.detections = self._tail.look()
        scene.services = self._farm.services()
        if self._herd is not None:
            counts = self._herd.counts()
            scene.produced, scene.acknowledged = counts.produced, counts.acknowledged
            scene.buffered = counts.buffered
        self._tell_stories()
        if now_s > self._lag_at_s:
            self._lag_at_s = now_s + LAG_EVERY_S
            groups = {spec.name: spec.group for spec in OWN_SPECS if spec.group}
            found = group_lags(self._farm.file.fields["KAFKA_BOOTSTRAP"], list(groups.values()))
            scene.lags = {name: found[group] for name, group in groups.items()}
        if now_s > self._door_at_s:
            self._renew_door()
        if now_s > self._remember_at_s and scene.live:
            self._remember_at_s = now_s + REMEMBER_EVERY_S
            self._remember()

    def _tell_stories(self) -> None:
        for one in self._story.scripted[self._told :]:
            if not self.scene.live or one.at > self._clock.now():
                return
            self.scene.tell(one.at, f"{self.scene.name_of(one.animal_id)} {one.what}")
            self._told += 1

    def _renew_door(self) -> None:
        try:
            self.scene.url = self._door.open()
            self._door_at_s = time.monotonic() + DOOR_EVERY_S
        except httpx.HTTPError:
            self.scene.url = self.scene.url or self._door.page_url
            self._door_at_s = time.monotonic() + LAG_EVERY_S

    def _remember(self) -> None:
        """Everything answered up to a moment ago is laid: a start after kill -9 begins there."""
        laid_to = self._clock.now() - timedelta(seconds=2 * INTERVAL_S)
        if laid_to > self._memory.laid_to:
            held_from = self._herd.oldest_held() if self._herd is not None else None
            self._memory = replace(self._memory, laid_to=laid_to, held_from=held_from)
            self._memory.write(self._farm.data)


def _animals(memory: DemoMemory, start: datetime) -> list[AnimalId]:
    return [cow.animal_id for cow in roster(FARM_ID, memory.animals, start.date())]
