"""How people come in, over the wire."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from api.schemas.base import Received, Sent, Text

USES_MAX = 20  # the phones of a farm; whoever invites more mints another
TTL_MAX_S = 3600  # a ticket may stand on a screen or in a chat: an hour, no longer
TICKET_CHARS_MAX = 128


class TicketIn(Received):
    """A wish for a ticket: for how many, and for how many seconds."""

    uses: Annotated[int, Field(ge=1, le=USES_MAX)] = 1
    ttl_s: Annotated[int, Field(ge=1, le=TTL_MAX_S)] = 600


class TicketOut(Sent):
    """A ticket, to be spent at /api/v1/sessions; shown this once."""

    ticket: str
    expires_at: datetime


class SessionIn(Received):
    """A ticket to spend."""

    ticket: Annotated[Text, Field(min_length=1, max_length=TICKET_CHARS_MAX)]


class SessionOut(Sent):
    """A token to be sent as `Authorization: Bearer TOKEN`, and in the socket's `auth`."""

    token: str
    user_id: str
    expires_at: datetime
