"""What this registry always answers the same: modes, contexts, and what it does not serve.

A client must not believe that something was done which was not: whatever is not served is
refused with a sentence that says what to do instead.
"""

from collections.abc import Callable
from typing import Any

from starlette.requests import Request

from farmbox.schema_registry_errors import (
    InvalidModeError,
    ModeNotSetError,
    NeverDeletedError,
    NotPermittedError,
    SchemaNotFoundError,
)

Json = dict[str, Any] | list[Any] | str
Answer = Callable[[Request, dict[str, Any]], Json]

MODE = "READWRITE"
MODES = (MODE, "READONLY", "READONLY_OVERRIDE", "IMPORT", "FORWARD")
DEFAULT_CONTEXT = "."
DELETED_ONLY = ("deletedOnly", "deleted_only")


def _mode(_request: Request, _body: dict[str, Any]) -> Json:
    return {"mode": MODE}


def _set_mode(_request: Request, body: dict[str, Any]) -> Json:
    wanted = str(body.get("mode")).upper()
    if wanted not in MODES:
        raise InvalidModeError(f"{body.get('mode')!r} is no mode: one of {', '.join(MODES)}.")
    if wanted != MODE:
        raise NotPermittedError(
            f"This registry is always {MODE}: it gives ids itself, and takes none from an import."
        )
    return {"mode": MODE}


def _unset_mode(request: Request, _body: dict[str, Any]) -> Json:
    subject = request.path_params.get("subject")
    raise ModeNotSetError(f"Subject {subject} has no mode of its own: all are {MODE}.")


def _delete(_request: Request, _body: dict[str, Any]) -> Json:
    raise NeverDeletedError(
        "Schemas are never deleted: records written with them stay in Kafka for years."
    )


def _guid(request: Request, _body: dict[str, Any]) -> Json:
    raise SchemaNotFoundError(
        f"No schema has the guid {request.path_params['guid']}: here schemas have ids alone."
    )


def _no_associations(_request: Request, _body: dict[str, Any]) -> Json:
    raise NotPermittedError(
        "Topics are not associated with subjects here: the subject is the topic's name and the "
        "record's (TopicRecordNameStrategy)."
    )


def page(request: Request, items: list[Any]) -> list[Any]:
    """The part of a list that `offset` and `limit` ask for; a limit below zero is none.

    Of the deleted alone there is never any.
    """
    # the second as Confluent's client for Python spells it
    if any(request.query_params.get(n, "").lower() == "true" for n in DELETED_ONLY):
        return []
    start = max(0, _number(request, "offset", 0))
    limit = _number(request, "limit", -1)
    return items[start:] if limit < 0 else items[start : start + limit]


def _number(request: Request, name: str, otherwise: int) -> int:
    text = request.query_params.get(name, "")
    return int(text) if text.removeprefix("-").isdecimal() else otherwise


FIXED: list[tuple[str, str, Answer]] = [
    ("GET", "/", lambda _request, _body: {}),
    ("GET", "/contexts", lambda request, _body: page(request, [DEFAULT_CONTEXT])),
    ("GET", "/schemas/types", lambda _request, _body: ["AVRO"]),
    ("GET", "/schemas/guids/{guid}", _guid),
    ("DELETE", "/subjects/{subject}", _delete),
    ("DELETE", "/subjects/{subject}/versions/{version}", _delete),
    ("GET", "/mode", _mode),
    ("PUT", "/mode", _set_mode),
    ("GET", "/mode/{subject}", _mode),
    ("PUT", "/mode/{subject}", _set_mode),
    ("DELETE", "/mode/{subject}", _unset_mode),
    ("POST", "/associations", _no_associations),
    # asked before every serializer's first record: none is an answer, and no error
    ("GET", "/associations/resources/{namespace}/{name}", lambda _request, _body: []),
    ("DELETE", "/associations/resources/{id}", _no_associations),
]
