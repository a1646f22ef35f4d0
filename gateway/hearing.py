"""Whether the way in is open, from what came back of the probes that travel it.

Problem: a silent collar and a dead gateway look alike in the log. Ticks go on either way, since
their writer needs neither the gateway nor the MQTT broker.

Approach: herd-clock sends a probe every few seconds the way of an upload, and the gateway answers
it once everything that came before it is confirmed by Kafka. So an answer says: what was handed to
the broker before this probe was sent, is in the log. Without one for `deaf_after` we are deaf,
since the newest answered probe was sent, until a fresh one is answered; the spans are in the farm's
time, as its clock showed it at those moments, so a demo's fast clock stretches them as it does the
silence of the collars.

Rejected: asking the gateway over HTTP (it says nothing of the broker and the subscription between
them); the gateway's own word in Kafka (a dead one says none, and a silent one may just be idle);
judging by the readings that come (a herd out of reach, and a farm with one collar, look deaf).
"""

import threading
from collections import deque
from datetime import datetime

from contracts.tick import DeafSpan

SPANS_MAX = 64  # partitions tick every few seconds: what is older has been told


class Hearing:
    """Noted by the thread that probes, asked by the one that writes ticks.

    *_s: monotonic seconds; now: the farm's time, aware UTC. Begins as if just heard.
    """

    def __init__(self, *, deaf_after_s: float, now: datetime, monotonic_s: float) -> None:
        self._deaf_after_s = deaf_after_s
        self._lock = threading.Lock()
        self._sent: dict[bytes, tuple[float, datetime]] = {}
        self._heard = (monotonic_s, now)  # when the newest answered probe was sent
        self._never_heard = True
        self._deaf_since: datetime | None = None
        self._over: deque[DeafSpan] = deque(maxlen=SPANS_MAX)

    def sent(self, token: bytes, monotonic_s: float, now: datetime) -> None:
        """A probe that nobody else can name is on its way."""
        with self._lock:
            oldest_s = monotonic_s - self._deaf_after_s
            self._sent = {one: at for one, at in self._sent.items() if at[0] >= oldest_s}
            self._sent[token] = (monotonic_s, now)

    def answered(self, token: bytes, monotonic_s: float, now: datetime) -> None:
        """A probe came back; one that was under way too long proves nothing of now."""
        with self._lock:
            sent = self._sent.pop(token, None)
            if sent is None or monotonic_s - sent[0] > self._deaf_after_s:
                return
            self._look(monotonic_s)
            self._never_heard = False
            self._heard = max(self._heard, sent)
            if self._deaf_since is not None:
                if self._deaf_since < now:
                    self._over.append(DeafSpan(began_at=self._deaf_since, ended_at=now))
                self._deaf_since = None

    def inherit(self, since: datetime) -> None:
        """Whoever wrote ticks before us was deaf then: so are we, until we have heard once."""
        with self._lock:
            if self._never_heard:
                self._deaf_since = min(since, self._deaf_since or since)

    def begin_anew(self, monotonic_s: float, now: datetime) -> None:
        """Forget: we were stopped ourselves, and know nothing of that time."""
        with self._lock:
            self._sent.clear()
            self._over.clear()
            self._heard = (monotonic_s, now)
            self._never_heard = True
            self._deaf_since = None

    def is_deaf(self, monotonic_s: float) -> bool:
        """Whether the way in is closed, as far as we know."""
        with self._lock:
            self._look(monotonic_s)
            return self._deaf_since is not None

    def deaf_spans(
        self, after: datetime, monotonic_s: float, now: datetime
    ) -> tuple[DeafSpan, ...]:
        """The spans that reach beyond `after`, the last one up to now if we are deaf."""
        with self._lock:
            self._look(monotonic_s)
            spans = [span for span in self._over if span.ended_at > after]
            if self._deaf_since is not None and self._deaf_since < now:
                spans.append(DeafSpan(began_at=self._deaf_since, ended_at=now))
            return tuple(spans)

    def _look(self, monotonic_s: float) -> None:
        heard_s, heard_at = self._heard
        if self._deaf_since is None and monotonic_s - heard_s > self._deaf_after_s:
            self._deaf_since = heard_at


def reaches(spans: tuple[DeafSpan, ...], moment: datetime) -> bool:
    """Whether one of them lasts up to a moment, or beyond."""
    return any(span.ended_at >= moment for span in spans)
