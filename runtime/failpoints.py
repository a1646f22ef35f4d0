"""Failpoints: named places where a test kills, breaks or stalls a process, to see what is lost.

A promise about crashes is tested at every step between two acknowledgements, not at the moments a
random kill happens to meet. A place is declared where it is passed, and armed by one setting:

    HERD_GATEWAY_FAILPOINT=gateway.confirmed:kill         the process is gone, without a last word
    HERD_GATEWAY_FAILPOINT=gateway.confirmed:raise@3      an error that ends its loop, 3rd passing
    HERD_GATEWAY_FAILPOINT=gateway.confirmed:stall=5@3    stands still for 5 s (30 if not said)

Each acts once in the life of a process. Disarmed, as always in production, a passing costs a
comparison (40 ns).
"""

import os
import re
import signal
import time
from collections.abc import Callable

import structlog

log = structlog.get_logger()

STALL_S = 30.0  # longer than an MQTT keepalive, shorter than what counts as stuck
SPEC = re.compile(
    r"(?P<name>[a-z0-9_.]+):(?P<action>kill|raise|stall(?:=(?P<stall_s>[0-9.]+))?)(?:@(?P<nth>\d+))?"
)

_declared: dict[str, "Failpoint"] = {}


class FailpointError(RuntimeError):
    """What `raise` raises; also a setting that names no failpoint."""


class Failpoint:
    """One place, declared once at import; `reached` is called whenever it is passed."""

    __slots__ = ("_action", "_passings_left", "_stall_s", "name")

    def __init__(self, name: str) -> None:
        if name in _declared:
            raise FailpointError(f"two failpoints are called {name!r}")
        self.name = name
        self._action: str | Callable[[], None] | None = None
        self._passings_left = 0
        self._stall_s = STALL_S
        _declared[name] = self

    def reached(self) -> None:
        """Do nothing; or what it is armed for, at the passing it is armed for."""
        if self._action is None:
            return
        self._passings_left -= 1
        if self._passings_left == 0:
            self._act()

    def arm(
        self, action: str | Callable[[], None], *, nth: int = 1, stall_s: float = STALL_S
    ) -> None:
        """Act at the nth passing from now: kill, raise or stall; or, in a simulation, a call."""
        self._action, self._passings_left, self._stall_s = action, nth, stall_s

    def disarm(self) -> None:
        """Be passed for nothing."""
        self._action = None

    def _act(self) -> None:
        action, self._action = self._action, None
        if callable(action):
            action()
            return
        log.warning("failpoint_reached", name=self.name, action=action)
        if action == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        elif action == "stall":
            time.sleep(self._stall_s)
            log.warning("failpoint_left", name=self.name)
        else:
            raise FailpointError(f"failpoint {self.name}")


def declared() -> tuple[str, ...]:
    """The names of all failpoints of what is imported, sorted."""
    return tuple(sorted(_declared))


def failpoint(name: str) -> Failpoint:
    """The failpoint of that name; raises KeyError if none is declared."""
    return _declared[name]


def arm(spec: str) -> None:
    """Arm the failpoint of a setting, `NAME:kill|raise|stall[=SECONDS][@NTH]`; "" arms none.

    Raises FailpointError for a spec that would test nothing.
    """
    if not spec:
        return
    found = SPEC.fullmatch(spec)
    if found is None or found["name"] not in _declared:
        raise FailpointError(
            f"{spec!r}: expected NAME:kill|raise|stall[=SECONDS][@NTH], NAME one of "
            + ", ".join(declared())
        )
    action, stall_s, nth = found["action"].split("=")[0], found["stall_s"], found["nth"]
    _declared[found["name"]].arm(
        action,
        nth=max(1, int(nth or 1)),
        stall_s=float(stall_s) if stall_s else STALL_S,
    )
    log.warning("failpoint_armed", spec=spec)
