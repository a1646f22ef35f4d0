"""Redis as every service of ours uses it: bounded waits, no half-open connection for ever."""

from redis import Redis
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry

COMMAND_MAX_S = 2.0
CONNECT_MAX_S = 1.0
TRIES_MAX = 3


def new_redis(url: str) -> "Redis":
    """A client that answers or fails within a few seconds, and pings idle connections."""
    return Redis.from_url(
        url,
        decode_responses=True,
        socket_timeout=COMMAND_MAX_S,
        socket_connect_timeout=CONNECT_MAX_S,
        health_check_interval=10,
        retry=Retry(ExponentialBackoff(cap=0.5, base=0.05), TRIES_MAX),
        retry_on_error=[RedisConnectionError, RedisTimeoutError],
    )
