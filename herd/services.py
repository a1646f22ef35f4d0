"""Our own services as children of `herd`: what each runs, and the environment it is given."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from farmbox.service import Service

REPOSITORY = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class OwnSpec:
    """One process of ours. group: its Kafka consumer group, whose lag `herd status` tells."""

    name: str
    arguments: tuple[str, ...]
    prefix: str
    group: str | None = None


# In the order of starting: who stores before who decides, and the way in is opened last.
OWN_SPECS = (
    OwnSpec("herdbook", ("herdbook",), "HERD_HERDBOOK_"),
    OwnSpec("alerts", ("alerts",), "HERD_ALERTS_", group="herd-alerts"),
    OwnSpec("read-models", ("read_models",), "HERD_READ_MODELS_"),
    OwnSpec("api", ("api",), "HERD_API_"),
    OwnSpec("pipeline", ("pipeline",), "HERD_PIPELINE_", group="herd-pipeline"),
    OwnSpec("herd-clock", ("gateway", "clock"), "HERD_CLOCK_", group="herd-clock"),
    OwnSpec("gateway", ("gateway",), "HERD_GATEWAY_"),
)


class OwnProcess(Service):
    """A service of ours as a supervised child; ready once it has written its ready file."""

    # the name is the spec's: one class serves all our processes
    name: str

    def __init__(
        self,
        spec: OwnSpec,
        directory: Path,
        fields: Mapping[str, str],
        more: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(directory, port=0)
        self.name = spec.name
        self.spec = spec
        self._fields = fields
        self._more = more or {}

    @property
    def ready_file(self) -> Path:
        """Holds the process id of a child that does its work."""
        return self.directory / "ready"

    def prepare(self) -> None:
        """Forget the readiness of the child before."""
        super().prepare()
        self.ready_file.unlink(missing_ok=True)

    def command(self) -> list[str]:
        """The same interpreter, the service as a module."""
        return [sys.executable, "-m", *self.spec.arguments]

    def environment(self) -> Mapping[str, str]:
        """The shared fields under the service's own prefix, and what its spec adds."""
        fields = {**self._fields, "READY_FILE": str(self.ready_file)}
        ours = {self.spec.prefix + name: value for name, value in fields.items()}
        # a service may run from any directory, and the checkout need not be installed
        return {**ours, **self._more, "PYTHONPATH": str(REPOSITORY)}

    def answers(self) -> bool:
        """Whether this very child said that it is ready."""
        try:
            return int(self.ready_file.read_text() or 0) == self.pid
        except FileNotFoundError:
            return False


def raise_descriptor_limit() -> tuple[int, int]:
    """Lift the soft limit of open files to the hard one; (soft, hard) after that.

    A farm in a box holds a few thousand: Kafka's segments, sockets of collars and phones.
    """
    import resource

    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard, hard


def process_lives(pid: int) -> bool:
    """Whether a process with this id runs (not as a zombie)."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z" and Path(f"/proc/{pid}").exists()
