"""The errors that mean a store is away: the answer is 503, try again."""

import psycopg

from api.adapters.tickets import TicketsUnavailableError
from read_models import ReadModelUnavailableError

# a pool that gives no connection raises a kind of psycopg's OperationalError too
OUTAGES: tuple[type[Exception], ...] = (
    ReadModelUnavailableError,
    TicketsUnavailableError,
    psycopg.OperationalError,
)
