"""A store in which somebody else is a moment faster: what threads do by chance, on purpose."""

from collections.abc import Callable, Sequence

from event_store.memory import MemoryEventStore
from event_store.port import Append, AppendResult


class OvertakenStore(MemoryEventStore):
    """Before each append the next of `overtakers` is carried out, whole."""

    def __init__(self) -> None:
        super().__init__()
        self.overtakers: list[Callable[[], object]] = []

    def append(self, appends: Sequence[Append]) -> AppendResult:
        """Let the other one go first."""
        overtakers, self.overtakers = self.overtakers, []
        if overtakers:
            overtakers[0]()
            self.overtakers = overtakers[1:]
        return super().append(appends)
