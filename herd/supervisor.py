"""A whole farm: the box, then our services, watched over until it is told to stop."""

import os
import secrets
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from contracts.clock import FarmClock
from farmbox.box import Box
from farmbox.ports import assign_ports
from farmbox.supervision import Supervision, Watch
from herd.farm_file import FarmFile
from herd.services import OWN_SPECS, OwnProcess, OwnSpec, raise_descriptor_limit
from runtime.kafka import ensure_topics
from runtime.registry import RegistrySchemaIds

POLL_EVERY_S = 0.2
EVERYWHERE = "0.0.0.0"  # asked for with --lan
WRITE_STATUS_EVERY_S = 1.0

Progress = Callable[[str], None]


class Farm:
    """The box and our services over one data directory.

    mqtt_port, port: where collars and people come in; None = any free one.
    box: a box that runs already and is somebody else's to stop; None = one of our own.
    brokers: 1 or 3 of Kafka. search: OpenSearch beside, where the machine has the memory.
    settings: further environment of single services, {service: {VARIABLE: value}}.
    clock: of a demo, the same for every service; None = the machine's. lan: people come in from
    the whole network, not from this machine alone.
    """

    def __init__(  # noqa: PLR0913  a farm has that many sides
        self,
        data: Path,
        *,
        mqtt_port: int | None = None,
        port: int | None = None,
        brokers: int = 1,
        search: bool = False,
        box: Box | None = None,
        tell: Progress = lambda _line: None,
        settings: dict[str, dict[str, str]] | None = None,
        clock: FarmClock | None = None,
        lan: bool = False,
    ) -> None:
        self.data = data.absolute()
        self._own_box = box is None
        self.box = box or Box(
            self.data,
            mqtt_port=mqtt_port,
            brokers=brokers,
            search=search,
            on_progress=self._told,
        )
        self._port = port
        self._tell = tell
        self._settings = settings or {}
        self._clock = clock
        self._lan = lan
        self._own = Supervision([])
        self._file: FarmFile | None = None
        self._write_at_s = 0.0

    @property
    def file(self) -> FarmFile:
        """What the farm tells others; RuntimeError before `start`."""
        if self._file is None:
            raise RuntimeError("the farm has not been started")
        return self._file

    @property
    def owner_token(self) -> str:
        """What the one owner shows to the API."""
        return Path(self.file.owner_token_file).read_text("utf-8").strip()

    @property
    def own(self) -> dict[str, Watch]:
        """Our services by name."""
        return {watch.service.name: watch for watch in self._own.watches}

    def start(self) -> None:
        """Start everything and return when all of it does its work; BoxError says what hinders."""
        raise_descriptor_limit()
        begun = time.monotonic()
        if self._own_box:
            self._tell("starting Kafka, the MQTT broker, PostgreSQL, Redis, ClickHouse, a registry")
            self.box.start()
            if self.box.left_out:
                self._tell(self.box.left_out)
        try:
            self._start_own()
        except BaseException:  # Ctrl-C too: no half of a farm is left behind
            self.stop()
            raise
        self._tell(f"ready in {time.monotonic() - begun:.1f} s")

    def _start_own(self) -> None:
        addresses = self.box.addresses
        ensure_topics(addresses.kafka_bootstrap, replication=self.box.brokers)
        RegistrySchemaIds(str(addresses.registry_url)).register_all()
        self._tell("topics and schemas are there; starting our services")
        token_file = self._owner_token_file()
        fixed = {} if self._port is None else {"api": self._port}
        ports = assign_ports(
            self.data / "own-ports.json", ["api", "webhooks"], fixed, self.box.host
        )
        port = ports["api"]
        fields = self._fields()
        self._file = FarmFile(
            pid=os.getpid(),
            url=f"http://{self.box.host}:{port}",
            mqtt=f"{addresses.mqtt_host}:{addresses.mqtt_port}",
            owner_token_file=str(token_file),
            fields=fields,
            webhooks=f"http://{self.box.host}:{ports['webhooks']}",
        )
        own_fields = {
            **fields,
            **_clock_fields(self._clock),
            "PORT": str(port),
            "HTTP_PORT": str(ports["webhooks"]),
            "OWNER_TOKEN_FILE": str(token_file),
            "HOST": EVERYWHERE if self._lan else self.box.host,
        }
        self._own = Supervision(
            [self._process(spec, own_fields) for spec in OWN_SPECS],
            self._told,
        )
        for watch in self._own.watches:
            watch.service.prepare()
        self._own.spawn_all()
        self._own.wait_all_ready()
        self._write_status()

    def _process(self, spec: OwnSpec, fields: dict[str, str]) -> OwnProcess:
        directory = self.data / spec.name
        return OwnProcess(spec, directory, fields, self._settings.get(spec.name))

    def poll(self) -> None:
        """Start what died again and keep the status file fresh; a few times a second."""
        self.box.poll()
        self._own.poll()
        if time.monotonic() > self._write_at_s:
            self._write_status()

    def stop(self) -> None:
        """Stop our services, then the box, each in reverse order of start."""
        self._tell("stopping")
        for watch in self._own.watches:
            watch.service.ask_to_stop()  # all at once: none of them waits for another
        self._own.stop()
        if self._own_box:
            self.box.stop()

    def services(self) -> dict[str, dict[str, Any]]:
        """{name: {state, pid, address, restarts}} of everything, in order of start.

        beside: true for what nothing waits for: a farm is whole while that one still starts.
        """
        found: dict[str, dict[str, Any]] = {}
        for name, service in self.box.services.items():
            beside = name in self.box.beside
            ready = not beside or service.answers()
            found[name] = _state(service.alive, service.pid, service.address, ready=ready)
            found[name] |= {"restarts": self.box.restarts(name), "beside": beside}
        for name, watch in self.own.items():
            ready = watch.service.answers()
            found[name] = _state(watch.service.alive, watch.service.pid, None, ready=ready)
            found[name] |= {"restarts": watch.restarts, "beside": False}
        return found

    def _write_status(self) -> None:
        self._write_at_s = time.monotonic() + WRITE_STATUS_EVERY_S
        self._file = replace(self.file, services=self.services())
        self._file.write(self.data)

    def _fields(self) -> dict[str, str]:
        addresses = self.box.addresses
        return {
            "KAFKA_BOOTSTRAP": addresses.kafka_bootstrap,
            "REGISTRY_URL": str(addresses.registry_url),
            "POSTGRES_DSN": addresses.postgres_dsn,
            "REDIS_URL": addresses.redis_url,
            "CLICKHOUSE_URL": str(addresses.clickhouse_url),
            "SEARCH_URL": addresses.search_url or "",
            "MQTT_HOST": addresses.mqtt_host,
            "MQTT_PORT": str(addresses.mqtt_port),
            "MQTT_USER": "gateway",
            "MQTT_PASSWORD": addresses.mqtt_gateway_password,
            "PROBE_USER": "herd-clock",
            "PROBE_PASSWORD": addresses.mqtt_clock_password,
            "MQTT_SHARE_GROUP": addresses.mqtt_share_group,
            "MQTT_USERS_DIR": str(addresses.mqtt_users),
        }

    def _owner_token_file(self) -> Path:
        path = self.data / "secrets" / "owner-token"
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(secrets.token_urlsafe(24))
        return path

    def _told(self, name: str, seconds: float) -> None:
        self._tell(f"  {name} ready after {seconds:.1f} s")

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()


def _clock_fields(clock: FarmClock | None) -> dict[str, str]:
    if clock is None:
        return {}
    return {
        "CLOCK_REAL_START": clock.real_start.isoformat(),
        "CLOCK_LEAD_S": str(clock.lead.total_seconds()),
        "CLOCK_SPEED": str(clock.speed),
    }


def _state(
    alive: bool,  # noqa: FBT001  a table row
    pid: int | None,
    address: str | None,
    *,
    ready: bool = True,
) -> dict[str, Any]:
    state = "running" if alive and ready else "starting" if alive else "down"
    return {"state": state, "pid": pid, "address": address}
