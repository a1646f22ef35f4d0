"""One process: its loops in threads until SIGTERM, stopped in order, with an exit status.

The clients of Kafka, MQTT and Postgres are synchronous, so a loop is a plain function in a thread
of its own; asyncio is only where sockets are many (api). Three rules live here and nowhere else:

* a loop that fails ends the whole process: half a service is worse than none, and whoever
  supervises it starts it again from what was committed;
* a loop that makes no progress for `stall_max_s` ends the process too, from outside the loop,
  because the usual cause (a client that waits for ever) cannot be interrupted from inside;
* SIGTERM and Ctrl-C let each loop finish what it holds, within STOP_MAX_S, and leave 0.
"""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from types import FrameType

import structlog

from runtime import failpoints, logging, metrics, security
from runtime.settings import ServiceSettings

log = structlog.get_logger()

STOP_MAX_S = 15.0  # a commit may take as long as a broker's restart; then the process just ends
CHECK_EVERY_S = 0.1
EXIT_FAILED = 1
EXIT_STUCK = 70  # EX_SOFTWARE: alive, without progress


class Running:
    """What a loop knows of its process: whether to go on, and where it reports progress."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._beats: dict[str, float] = {}
        self._ready: Callable[[], None] = lambda: None

    def goes_on(self) -> bool:
        """Whether to take the next turn; asking counts as progress."""
        self.beat()
        return not self._stop.is_set()

    def beat(self) -> None:
        """Report progress from within a long turn."""
        self._beats[threading.current_thread().name] = time.monotonic()

    def wait(self, seconds: float) -> bool:
        """Rest, at most `seconds`; True if the process is to stop."""
        return self._stop.wait(seconds)

    def stop(self) -> None:
        """Ask every loop to finish."""
        self._stop.set()

    def ready(self) -> None:
        """Say that the service does its work from now on."""
        self._ready()

    def beats(self) -> dict[str, float]:
        """The monotonic time of each loop's last progress."""
        return dict(self._beats)

    def oldest_beat(self) -> tuple[str, float]:
        """The loop whose last progress lies furthest back, and its monotonic time."""
        return min(self._beats.items(), key=lambda beat: beat[1])


Loop = Callable[[Running], None]


def run(service: str, settings: ServiceSettings, loops: Mapping[str, Loop]) -> int:
    """Run `loops` until a signal, a failure or a stall; returns the exit status."""
    logging.configure(service, level=settings.log_level, json=settings.log_json)
    running = Running()
    running._ready = lambda: _say_ready(service, settings)  # noqa: SLF001  its own module
    _stop_on_signals(running)
    security.use(settings)
    failpoints.arm(settings.failpoint)
    if settings.metrics_port:
        metrics.serve(settings.metrics_host, settings.metrics_port, running.beats)
    failed: list[str] = []
    threads = [
        threading.Thread(
            target=_guarded, args=(name, loop, running, failed), name=name, daemon=True
        )
        for name, loop in loops.items()
    ]
    for thread in threads:
        running._beats[thread.name] = time.monotonic()  # noqa: SLF001
        thread.start()
    _watch(service, settings, running, threads)
    if settings.ready_file is not None:
        settings.ready_file.unlink(missing_ok=True)
    log.info("service_stopped", service=service, failed=failed)
    return EXIT_FAILED if failed else 0


def _guarded(name: str, loop: Loop, running: Running, failed: list[str]) -> None:
    try:
        loop(running)
    except Exception:  # the one place that catches everything: it ends the process
        failed.append(name)
        log.exception("loop_failed", loop=name)
    finally:
        running.stop()


def _watch(
    service: str, settings: ServiceSettings, running: Running, threads: list[threading.Thread]
) -> None:
    while not running.wait(CHECK_EVERY_S):
        name, since = running.oldest_beat()
        if time.monotonic() - since > settings.stall_max_s:
            log.error("loop_stuck", service=service, loop=name, stall_max_s=settings.stall_max_s)
            sys.stderr.flush()
            os._exit(EXIT_STUCK)
    deadline = time.monotonic() + STOP_MAX_S
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
        if thread.is_alive():
            log.error("loop_did_not_stop", service=service, loop=thread.name, waited_s=STOP_MAX_S)
            sys.stderr.flush()
            os._exit(EXIT_FAILED)


def _stop_on_signals(running: Running) -> None:
    def stop(_signal: int, _frame: FrameType | None) -> None:
        running.stop()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)


def _say_ready(service: str, settings: ServiceSettings) -> None:
    if settings.ready_file is not None:
        settings.ready_file.write_text(str(os.getpid()))
    metrics.READY.set(1)
    log.info("service_ready", service=service)
