"""A LoRaWAN server's request → its answer, as HTTP has it. Pure.

What a server is told decides what it does: with 200 or 202 it forgets the uplink, with 503 it may
try again. A message that cannot be read is a dead letter and answered 202: sent again it would be
the same message. 200 and 202 are said only once Kafka has confirmed everything of it.
"""

import binascii
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.intake import Verdict

BODY_BYTES_MAX = 256 * 1024
RETRY_AFTER_S = 10
JSON = "application/json"
PROBLEM_JSON = "application/problem+json"

TITLES = {
    400: "The request cannot be read",
    401: "Who are you?",
    403: "Not for this farm",
    404: "There is no such webhook",
    405: "A webhook is posted to",
    408: "The body did not come in time",
    413: "The body is too large",
    415: "The body is not JSON",
    422: "The request says too little",
    429: "More than one device may send",
    503: "Not now",
}


@dataclass(frozen=True, slots=True)
class Reply:
    """What a request is answered with; the body is an object of JSON."""

    status: int
    body: Mapping[str, Any]
    media_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)


def problem(status: int, detail: str) -> Reply:
    """A refusal as RFC 9457 has it; detail: what was expected."""
    headers: dict[str, str] = {}
    if status == 401:  # noqa: PLR2004  HTTP asks for the scheme
        headers["WWW-Authenticate"] = 'Basic realm="herd", charset="UTF-8"'
    if status in {429, 503}:
        headers["Retry-After"] = str(RETRY_AFTER_S)
    body = {
        "type": "about:blank",
        "title": TITLES.get(status, "Refused"),
        "status": status,
        "detail": detail,
    }
    return Reply(status, body, PROBLEM_JSON, headers)


def told(verdict: Verdict) -> Reply:
    """The answer to a message all of which is in Kafka now: taken, or kept as dead letters."""
    body: dict[str, Any] = {"readings": len(verdict.readings)}
    if verdict.aside is not None:
        body["aside"] = verdict.aside
    if not verdict.refusals:
        return Reply(200, body)
    body["refused"] = [
        {"reason": one.rejected.reason, "detail": one.rejected.detail} for one in verdict.refusals
    ]
    return Reply(202, body)


def aside(kind: str) -> Reply:
    """The answer to a message that carries no readings by its kind."""
    return Reply(200, {"readings": 0, "aside": kind})


def credentials_of(authorization: str | None) -> tuple[str, str] | None:
    """(user, password) of a header of HTTP Basic; None without one that can be read."""
    scheme, _, encoded = (authorization or "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, colon, password = b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None
    return (user, password) if colon else None


def is_json(content_type: str | None) -> bool:
    """Whether a body says that it is JSON."""
    return (content_type or "").partition(";")[0].strip().lower() == JSON
