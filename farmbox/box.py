"""A farm in a box: every service started in order, watched, and stopped in reverse.

Problem: seven servers, some slow, must come up together, come back when one dies, and vanish with
us. Approach: preparations (initdb, formatting) run side by side in threads; children are spawned
from the main thread, which their lives are tied to; readiness is polled for all at once. `poll`
is the whole supervision: no thread of our own runs while the box is up. OpenSearch is started by
the first `poll`, when whoever holds the box has started his own: nothing waits for it.
"""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from farmbox.clickhouse import ClickHouse
from farmbox.data import DataDirectory
from farmbox.errors import BoxError
from farmbox.kafka import Kafka, KafkaNode
from farmbox.mqtt import Mqtt
from farmbox.opensearch import MEMORY_FREE_MIN_GIB, PORTS, OpenSearch, memory_available_gib
from farmbox.ports import assign_ports
from farmbox.postgres import Postgres
from farmbox.redis import Redis
from farmbox.schema_registry import SchemaRegistry
from farmbox.service import Service
from farmbox.supervision import Supervision, Watch


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where everything listens, and what it takes to come in.

    mqtt_share_group: of `$share/{group}/…`, not to be guessed: Artemis 2.53 deletes the queue of a
    shared subscription when somebody who may not is refused it, and the gateway hears no more.
    """

    kafka_bootstrap: str
    mqtt_host: str
    mqtt_port: int
    mqtt_gateway_password: str
    mqtt_clock_password: str
    mqtt_admin_password: str
    mqtt_share_group: str
    mqtt_users: Path
    postgres_dsn: str
    redis_url: str
    registry_url: str
    clickhouse_url: str | None
    search_url: str | None


class Box:
    """The services over one data directory.

    mqtt_port: where collars come in; None = any free one. brokers: 1 or 3, for the life of the
    directory. search: OpenSearch beside the rest, where the machine has the memory. on_progress is
    called with the name of each service that has become ready and the seconds it took.
    """

    def __init__(  # noqa: PLR0913  what there is to choose of a box
        self,
        data: Path,
        *,
        mqtt_port: int | None,
        host: str = "127.0.0.1",
        brokers: int = 1,
        clickhouse: bool = True,
        search: bool = False,
        on_progress: Callable[[str, float], None] = lambda _name, _seconds: None,
    ) -> None:
        self.data = DataDirectory(data.resolve())
        self.mqtt_port = mqtt_port
        self.host = host
        self.brokers = brokers
        self.clickhouse = clickhouse
        self.search = search
        self.left_out = ""  # a sentence, if something that was asked for is not started, and why
        self._on_progress = on_progress
        self._supervision = Supervision([], on_progress)
        self._beside = Supervision([])
        self._addresses: Addresses | None = None

    @property
    def addresses(self) -> Addresses:
        """Where everything listens; BoxError before `start`."""
        if self._addresses is None:
            raise BoxError("The box has not been started: call start() first.")
        return self._addresses

    @property
    def services(self) -> dict[str, Service]:
        """Each service by its name, in the order they start."""
        return {watch.service.name: watch.service for watch in self._watches}

    @property
    def beside(self) -> frozenset[str]:
        """Services that nothing waits for: they may still be starting when the box is up."""
        return frozenset(watch.service.name for watch in self._beside.watches)

    def restarts(self, name: str) -> int:
        """How often a service has been started again since the box was."""
        return next(w.restarts for w in self._watches if w.service.name == name)

    @property
    def _watches(self) -> list[Watch]:
        return [*self._supervision.watches, *self._beside.watches]

    def start(self) -> None:
        """Start everything and return when all of it answers; BoxError says what hinders."""
        self.data.open()
        try:
            self.data.fix_brokers(self.brokers)
            self._weigh_search()
            services, beside = self._build()
            with ThreadPoolExecutor(len(services)) as pool:
                for _ in pool.map(lambda service: service.prepare(), [*services, *beside]):
                    pass
            self._supervision = Supervision(services, self._on_progress)
            self._beside = Supervision(beside)
            self._supervision.spawn_all()
            self._supervision.wait_all_ready()
        except BaseException:  # Ctrl-C too: no half of a box is left behind
            self.stop()
            raise

    def stop(self) -> None:
        """Stop everything, in reverse order of start; no-op when nothing runs."""
        for watch in self._beside.watches:
            watch.service.ask_to_stop()  # it takes seconds, and nothing needs it meanwhile
        self._supervision.stop()
        self._beside.stop()
        self._supervision = Supervision([])
        self._beside = Supervision([])
        self._addresses = None
        self.data.close()

    def poll(self) -> None:
        """Start dead services again, later the more often they die. Call it a few times a second,
        from the main thread; it never waits for a service to be ready.
        """
        self._supervision.poll()
        for watch in self._beside.watches:
            if watch.started_at_s:
                watch.poll(time.monotonic())
            else:
                watch.spawn()

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

    def _weigh_search(self) -> None:
        if not self.search:
            return
        free_gib = memory_available_gib()
        if free_gib < MEMORY_FREE_MIN_GIB:
            self.search = False
            self.left_out = (
                f"OpenSearch is left out: {free_gib:.1f} GiB of memory are available, and it is "
                f"started from {MEMORY_FREE_MIN_GIB:.0f} GiB on. All else works without it."
            )

    def _build(self) -> tuple[list[Service], list[Service]]:
        """The services in their order of start, and those beside them."""
        path, secret = self.data.path, self.data.secret
        names = ["mqtt", "postgres", "redis", "registry", "clickhouse"]
        for number in range(1, self.brokers + 1):
            names += [f"kafka-{number}", f"kafka-controller-{number}"]
        fixed = {} if self.mqtt_port is None else {"mqtt": self.mqtt_port}
        if self.search:
            names += ["search", "search-transport"]
        within = {"search": PORTS}
        ports = assign_ports(path / "ports.json", names, fixed, self.host, within=within)
        nodes = tuple(
            KafkaNode(number, ports[f"kafka-{number}"], ports[f"kafka-controller-{number}"])
            for number in range(1, self.brokers + 1)
        )
        kafkas = [
            Kafka(
                path / f"kafka-{node.node_id}",
                nodes,
                cluster_id=self.data.kafka_cluster_id,
                node_id=node.node_id,
                host=self.host,
            )
            for node in nodes
        ]
        mqtt = Mqtt(
            path / "mqtt",
            ports["mqtt"],
            users=path / "mqtt-users",
            gateway_password=secret("mqtt-gateway"),
            clock_password=secret("mqtt-clock"),
            admin_password=secret("mqtt-admin"),
            host=self.host,
        )
        postgres = Postgres(
            path / "postgres", ports["postgres"], password=secret("postgres"), host=self.host
        )
        redis = Redis(path / "redis", ports["redis"], password=secret("redis"), host=self.host)
        kafka_bootstrap = ",".join(kafka.address for kafka in kafkas)
        registry = SchemaRegistry(
            path / "registry",
            ports["registry"],
            kafka_bootstrap=kafka_bootstrap,
            replication=len(kafkas),
            host=self.host,
        )
        clickhouse = ClickHouse(path / "clickhouse", ports["clickhouse"], host=self.host)
        beside = self._search(path / "search", ports)
        self._addresses = Addresses(
            kafka_bootstrap=kafka_bootstrap,
            mqtt_host=self.host,
            mqtt_port=mqtt.port,
            mqtt_gateway_password=mqtt.gateway_password,
            mqtt_clock_password=mqtt.clock_password,
            mqtt_admin_password=mqtt.admin_password,
            mqtt_share_group=f"gateway-{secret('mqtt-share-group')}",
            mqtt_users=mqtt.users,
            postgres_dsn=postgres.dsn(),
            redis_url=redis.url,
            registry_url=registry.url,
            clickhouse_url=clickhouse.url if self.clickhouse else None,
            search_url=beside[0].url if beside else None,
        )
        stores = [postgres, redis, *([clickhouse] if self.clickhouse else [])]
        return [*kafkas, mqtt, *stores, registry], list(beside)

    def _search(self, directory: Path, ports: dict[str, int]) -> list[OpenSearch]:
        if not self.search:
            return []
        transport = ports["search-transport"]
        return [OpenSearch(directory, ports["search"], transport_port=transport, host=self.host)]
