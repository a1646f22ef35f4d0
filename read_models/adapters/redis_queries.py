"""The worklist's questions to Redis, each answered from one generation in one step."""

from datetime import datetime

from redis import Redis
from redis.client import PubSub

from contracts.ids import FarmId
from read_models.adapters.redis_scripts import (
    WORKLIST_ROOT,
    Reply,
    Scripts,
    items,
    reachable,
    texts,
)
from read_models.base import ReadModelUnavailableError
from read_models.worklist import (
    AlertRow,
    Canonical,
    Change,
    Page,
    WorklistView,
    by_urgency,
    canonical_lines,
    row_from_json,
    rows_from_json,
)
from runtime.redis import new_redis

NO_FARM = FarmId("")  # what is known of all farms is answered for none
PAGE_MAX = 500  # changes in one answer: Redis serves others in between


class Worklist:
    """What needs somebody now. Threads may share one.

    Every method raises ReadModelUnavailableError while Redis is away or no generation is finished.
    """

    def __init__(self, redis: Redis, *, root: str = WORKLIST_ROOT) -> None:
        self._redis = redis
        self._scripts = Scripts(redis, root)
        self._root = root

    def open_alerts(self, farm_id: FarmId) -> WorklistView:
        """The farm's cases that are not closed, most pressing first."""
        epoch, position, as_of, rows = self._ask("open", farm_id)
        alerts = by_urgency(rows_from_json(str(rows)))
        return WorklistView(str(epoch), int(str(position)), _moment(as_of), alerts)

    def alert(self, farm_id: FarmId, alert_id: str) -> AlertRow | None:
        """One case of the farm, also a closed one; None if there is none."""
        (text,) = self._ask("one", farm_id, alert_id)
        return row_from_json(str(text)) if text else None

    def head(self, farm_id: FarmId) -> WorklistView:
        """Epoch, position and as_of without the rows."""
        epoch, position, as_of = self._ask("head", farm_id)
        return WorklistView(str(epoch), int(str(position)), _moment(as_of), ())

    def age(self) -> WorklistView:
        """Epoch and as_of, which are the same for all farms."""
        return self.head(NO_FARM)

    def page(
        self, farm_id: FarmId, epoch: str, position: int, *, limit: int = PAGE_MAX
    ) -> Page | None:
        """The farm's next changes after `position`, oldest first, at most `limit`.

        None if that history, or its part up to there, is not kept: the reader must load anew.
        """
        known, state, *rest = self._ask("changes", farm_id, epoch, position, limit)
        if state == "gone":
            return None
        stands_at, entries = rest
        changes = tuple(_change(farm_id, str(known), entry) for entry in items(entries))
        return Page(str(known), int(str(stands_at)), changes)

    def changes_since(
        self, farm_id: FarmId, epoch: str, position: int, *, limit: int = PAGE_MAX
    ) -> list[Change] | None:
        """The changes of `page` alone."""
        page = self.page(farm_id, epoch, position, limit=limit)
        return None if page is None else list(page.changes)

    def canonical(self, farm_id: FarmId) -> Canonical:
        """All rows kept of a farm as sorted lines, for comparing two replays."""
        epoch, position, _, rows = self._ask("all", farm_id)
        lines = canonical_lines(rows_from_json(str(rows)))
        return Canonical(str(epoch), int(str(position)), lines)

    def hints(self) -> "Hints":
        """A subscription to farm ids that have just changed: a hint, never the only way to know."""
        with reachable():
            pubsub: PubSub = self._redis.pubsub(  # type: ignore[no-untyped-call]  # redis' own
                ignore_subscribe_messages=True
            )
            return Hints(pubsub, f"{self._root}:changed")

    def close(self) -> None:
        """Leave Redis."""
        self._redis.close()

    def _ask(self, *question: str | int) -> list[Reply]:
        reply = self._scripts.call("ask", question)
        if not isinstance(reply, list):
            raise ReadModelUnavailableError("the worklist is being built: ask again in a moment")
        return reply


class Hints:
    """Farm ids as the projector names them. For one thread; lossy, like all of Redis' pub/sub."""

    def __init__(self, pubsub: PubSub, channel: str) -> None:
        self._pubsub = pubsub
        with reachable():
            self._pubsub.subscribe(channel)

    def wait(self, seconds: float) -> FarmId | None:
        """The next farm that changed, at most `seconds` from now; None if none did."""
        with reachable():
            message = self._pubsub.get_message(timeout=seconds)
        return None if message is None else FarmId(str(message["data"]))

    def close(self) -> None:
        """Leave the channel."""
        self._pubsub.close()


def open_worklist(redis_url: str) -> Worklist:
    """The worklist in the Redis at this address; nothing connects before the first question."""
    return Worklist(new_redis(redis_url))


def _moment(text: Reply) -> datetime | None:
    return datetime.fromisoformat(str(text)) if text else None


def _change(farm_id: FarmId, epoch: str, entry: Reply) -> Change:
    """An entry of the feed: its id is the position, its fields previous and data."""
    entry_id, names = items(entry)
    names_and_values = texts(names)
    fields = dict(zip(names_and_values[::2], names_and_values[1::2], strict=True))
    position = int(str(entry_id).split("-")[0])
    return Change(farm_id, epoch, position, int(fields["previous"]), fields["data"])
