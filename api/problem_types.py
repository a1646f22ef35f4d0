"""Every kind of refusal: its address, its status, what it says and what to do about it."""

from dataclasses import dataclass
from http import HTTPStatus


@dataclass(frozen=True, slots=True)
class ProblemType:
    """One kind of refusal. advice: what the one who asked can do."""

    slug: str
    status: HTTPStatus
    title: str
    advice: str


UNAUTHORISED = ProblemType(
    "unauthorised",
    HTTPStatus.UNAUTHORIZED,
    "You have not shown who you are.",
    "Send the header `Authorization: Bearer TOKEN` with a token of this installation.",
)
NOT_FOUND = ProblemType(
    "not-found",
    HTTPStatus.NOT_FOUND,
    "There is nothing here that you may see.",
    "Check the address. What belongs to a farm that you were not given looks the same.",
)
FORBIDDEN = ProblemType(
    "forbidden",
    HTTPStatus.FORBIDDEN,
    "This is for the owner alone.",
    "Ask with the owner's token itself: a session cannot let others in.",
)
TICKET_REFUSED = ProblemType(
    "ticket-refused",
    HTTPStatus.UNAUTHORIZED,
    "This ticket lets nobody in.",
    "It is spent, too old or not of this installation: ask the owner for a new one "
    "(`herd demo` and `herd up` print an address that holds one).",
)
TOO_MANY_TRIES = ProblemType(
    "too-many-tries",
    HTTPStatus.TOO_MANY_REQUESTS,
    "There were too many wrong tickets from your address.",
    "Wait the seconds in `Retry-After`, then use a new ticket.",
)
UNKNOWN_HOST = ProblemType(
    "unknown-host",
    HTTPStatus.MISDIRECTED_REQUEST,
    "This is not the name of this server.",
    "Use its IP address, or add the name to HERD_API_ALLOWED_HOSTS and start the API again.",
)
INVALID = ProblemType(
    "invalid-request",
    HTTPStatus.UNPROCESSABLE_ENTITY,
    "The request is not what is expected here.",
    "`errors` names each field; /openapi.json describes them all.",
)
UNREADABLE = ProblemType(
    "unreadable-request",
    HTTPStatus.BAD_REQUEST,
    "The request could not be read.",
    "Send JSON in UTF-8 with the header `Content-Type: application/json`.",
)
TOO_LARGE = ProblemType(
    "too-large",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "The request is too large.",
    "Send at most 256 KiB.",
)
TOO_SLOW = ProblemType(
    "too-slow",
    HTTPStatus.REQUEST_TIMEOUT,
    "The request took too long to arrive.",
    "Send the whole body within 30 s.",
)
UNAVAILABLE = ProblemType(
    "unavailable",
    HTTPStatus.SERVICE_UNAVAILABLE,
    "A store is away for the moment.",
    "Nothing is lost: try again after the seconds in `Retry-After`.",
)
CLOSED = ProblemType(
    "alert-closed",
    HTTPStatus.CONFLICT,
    "The alert is closed.",
    "Load it again: somebody has judged it. A new onset opens the next case.",
)
RESOLVED = ProblemType(
    "alert-resolved",
    HTTPStatus.CONFLICT,
    "The alert is resolved.",
    "Its cause is over: there is nothing to take on, close it with what was found.",
)
TAKEN_ON = ProblemType(
    "alert-taken-on",
    HTTPStatus.CONFLICT,
    "Somebody else has taken the alert on.",
    "Only he or an owner can give it back: ask him.",
)
BUSY = ProblemType(
    "busy",
    HTTPStatus.CONFLICT,
    "Others are changing the same thing.",
    "Load it again and repeat the order if it is still wanted.",
)
TAKEN = ProblemType(
    "taken",
    HTTPStatus.CONFLICT,
    "This id cannot be used here.",
    "Another animal or farm has it: choose another one.",
)
REFUSED = ProblemType(
    "refused",
    HTTPStatus.CONFLICT,
    "The order was refused.",
    "`detail` says why; nothing has happened.",
)
FAILED = ProblemType(
    "internal-error",
    HTTPStatus.INTERNAL_SERVER_ERROR,
    "Something went wrong on our side.",
    "Try again; if it stays, look into the log of the API.",
)

ALL = (
    UNAUTHORISED,
    FORBIDDEN,
    TICKET_REFUSED,
    TOO_MANY_TRIES,
    UNKNOWN_HOST,
    NOT_FOUND,
    INVALID,
    UNREADABLE,
    TOO_LARGE,
    TOO_SLOW,
    UNAVAILABLE,
    CLOSED,
    RESOLVED,
    TAKEN_ON,
    BUSY,
    TAKEN,
    REFUSED,
    FAILED,
)
