"""Which slot a worker takes: a name in the group and in its transactions that nobody else uses.

A worker needs a stable name: Kafka gives its successor the same partitions at once, and ends the
transaction that it left open. Two workers of one name throw each other out. So a name is leased,
and the lease is the seat in the group itself: Kafka's coordinator knows who holds which name, keeps
it by heartbeats, lets it go 8 s after the last one, and refuses whoever held it before. A lease of
our own beside it (claims in a topic, renewed by us) could only disagree with that.

Who sits in a seat says in its client id on which machine and as which process it runs: whoever
starts on the same machine sees that the process is gone, and need not wait.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

CLIENT_PREFIX = "herd-pipeline"


@dataclass(frozen=True, slots=True)
class Process:
    """A process of a machine: host tells apart boots and containers, began those of one pid."""

    host: str
    pid: int
    began: int

    def client_id(self) -> str:
        """What it is called in Kafka."""
        return f"{CLIENT_PREFIX}.{self.host}.{self.pid}.{self.began}"


@dataclass(frozen=True, slots=True)
class Seat:
    """A seat of the group that is taken: under which name, and by whom."""

    slot: str
    member_id: str
    client_id: str


def process_of(client_id: str) -> Process | None:
    """Who is called so; None if it is no worker of ours."""
    parts = client_id.split(".")
    if len(parts) != 4 or parts[0] != CLIENT_PREFIX:  # noqa: PLR2004  prefix, host, pid, began
        return None
    if not (parts[2].isdigit() and parts[3].isdigit()):
        return None
    return Process(parts[1], int(parts[2]), int(parts[3]))


def held(seats: Iterable[Seat], me: Process, lives: Callable[[Process], bool]) -> dict[str, Seat]:
    """Slot → seat of those that somebody may still be working under.

    lives: whether a process of this machine is there; whoever is on another one may be alive until
    Kafka has waited for it.
    """
    return {
        seat.slot: seat
        for seat in seats
        if (who := process_of(seat.client_id)) is None
        or who.host != me.host
        or (who != me and lives(who))
    }


def seat_of(seats: Iterable[Seat], me: Process) -> str | None:
    """The slot in whose seat we sit, as far as Kafka knows; whoever restores stays there."""
    return next((seat.slot for seat in seats if process_of(seat.client_id) == me), None)


def slots_of(partitions: int) -> Sequence[str]:
    """As many as there are partitions: one worker more would have nothing to do."""
    return [f"pipeline-{n}" for n in range(partitions)]


def first_free(taken: Iterable[str], partitions: int, skip: int = 0) -> str | None:
    """The first slot that nobody holds, leaving out so many of the free ones; None = none is free.

    skip: those who start at the same moment and met in one slot part by it.
    """
    used = set(taken)
    free = [slot for slot in slots_of(partitions) if slot not in used]
    return free[skip % len(free)] if free else None
