"""Tickets in Redis: counted down in one step, so that two who spend the last one are told apart.

Redis holds digests alone: whoever reads it, or a backup of it, cannot come in with what he finds.
"""

import hashlib

from redis import Redis
from redis.exceptions import RedisError

from runtime.redis import new_redis

ROOT = "herd:api:ticket"
# An answer that was lost on the way is asked for again by the client and may cost the ticket's
# last use: the person scans the code again. The other way round somebody could come in twice.
SPEND = """
local left = tonumber(redis.call('GET', KEYS[1]) or '0')
if left < 1 then return 0 end
if left == 1 then redis.call('DEL', KEYS[1]) else redis.call('DECR', KEYS[1]) end
return 1
"""


class TicketsUnavailableError(Exception):
    """Redis is away: nobody comes in by a ticket, and nobody is told that his is spent."""


class RedisTickets:
    """Tickets of one installation; threads may share it."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._spend = redis.register_script(SPEND)

    def put(self, ticket: str, *, uses: int, ttl_s: int) -> None:
        """Let a ticket in `uses` times within `ttl_s` seconds; raises TicketsUnavailableError."""
        try:
            self._redis.set(_key(ticket), uses, ex=ttl_s)
        except RedisError as error:
            raise TicketsUnavailableError(str(error)) from error

    def spend(self, ticket: str) -> bool:
        """Use it once; False if it cannot be. Raises TicketsUnavailableError."""
        try:
            return bool(self._spend(keys=[_key(ticket)]))
        except RedisError as error:
            raise TicketsUnavailableError(str(error)) from error

    def close(self) -> None:
        """Leave Redis."""
        self._redis.close()


def open_tickets(redis_url: str) -> RedisTickets:
    """The tickets in the Redis at this address; nothing connects before the first one."""
    return RedisTickets(new_redis(redis_url))


def _key(ticket: str) -> str:
    digest = hashlib.sha256(ticket.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{ROOT}:{digest}"
