"""The registry's REST API, as Confluent documents it, for Avro.

Reads are answered from an immutable state; writes queue at one lock: decide, write to the log,
wait until the record comes back, take it in, answer. So nobody is told an id that a crash forgets.
"""

import json
import threading
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from farmbox import schema_registry_core as core
from farmbox.loopback_http import BodyTooLargeError, BodyTooSlowError, bounded_body
from farmbox.schema_registry_core import Record, Registry, Version
from farmbox.schema_registry_errors import (
    InvalidSchemaError,
    LogLostError,
    NotPermittedError,
    RegistryError,
    SchemaNotFoundError,
)
from farmbox.schema_registry_fixed import FIXED, Answer, Json, page

MEDIA_TYPE = "application/vnd.schemaregistry.v1+json"
BODY_MAX_BYTES = 1024 * 1024  # the longest schema of ours has 10 kB

LEVEL_NAMES = {"compatibility", "compatibilityLevel"}


class Log(Protocol):
    """Where decisions are written before anybody is told."""

    def append(self, record: Record) -> Sequence[Record]:
        """Write, and return everything that came back, this record as the last."""
        ...


class RegistryApi:
    """The routes over a log and what it said so far.

    on_lost: called when a write's end is unknown, so that the process starts anew from the log.
    """

    def __init__(self, log: Log, records: Sequence[Record], on_lost: Callable[[str], None]) -> None:
        self._log = log
        self._on_lost = on_lost
        self._writing = threading.Lock()
        self._lost: str | None = None
        self._registry = Registry()
        for record in records:
            self._registry = core.evolve(self._registry, record)

    def app(self) -> Starlette:
        """The application to serve."""
        subject = "/subjects/{subject}"
        version = subject + "/versions/{version}"
        compatibility = "/compatibility" + subject + "/versions"
        table: list[tuple[str, str, Answer]] = [
            *FIXED,
            ("GET", "/subjects", self._subjects),
            ("POST", subject, self._lookup),
            ("GET", subject + "/metadata", self._with_metadata),
            ("GET", subject + "/versions", self._versions),
            ("POST", subject + "/versions", self._register),
            ("GET", version, self._version),
            ("GET", version + "/schema", self._version_schema),
            ("GET", version + "/referencedby", self._references),
            ("GET", "/schemas/ids/{id}", self._schema),
            ("GET", "/schemas/ids/{id}/schema", self._schema_alone),
            ("GET", "/schemas/ids/{id}/subjects", self._schema_subjects),
            ("GET", "/schemas/ids/{id}/versions", self._schema_versions),
            ("POST", compatibility, self._compatible),
            ("POST", compatibility + "/{version}", self._compatible),
            ("GET", "/config", self._level),
            ("PUT", "/config", self._set_level),
            ("DELETE", "/config", self._unset_level),
            ("GET", "/config/{subject}", self._level),
            ("PUT", "/config/{subject}", self._set_level),
            ("DELETE", "/config/{subject}", self._unset_level),
        ]
        return Starlette(
            routes=[Route(path, _endpoint(answer), methods=[verb]) for verb, path, answer in table],
            exception_handlers={
                RegistryError: _refused,
                BodyTooLargeError: _refused,
                BodyTooSlowError: _refused,
                HTTPException: _refused,
            },
        )

    def _write(self, record: Record) -> None:
        """Under the lock. After a lost write nothing is written: what the log says is unknown."""
        if self._lost is not None:
            raise LogLostError(self._lost)
        try:
            for came_back in self._log.append(record):
                self._registry = core.evolve(self._registry, came_back)
        except LogLostError as error:
            self._lost = str(error)
            self._on_lost(self._lost)
            raise

    def _register(self, request: Request, body: dict[str, Any]) -> Json:
        subject, schema = request.path_params["subject"], _schema_of(body)
        if body.get("id") is not None or body.get("version") is not None:
            raise NotPermittedError("Ids and versions are given here, and taken from nobody.")
        with self._writing:
            version = core.plan_registration(self._registry, subject, schema)
            if version not in self._registry.subjects.get(subject, ()):
                self._write(core.version_record(version))
        return _told(version)

    def _set_level(self, request: Request, body: dict[str, Any]) -> Json:
        level = core.level_named(_only_level(body))
        with self._writing:
            self._write(core.level_record(request.path_params.get("subject"), level))
        return {"compatibility": level}

    def _unset_level(self, request: Request, _body: dict[str, Any]) -> Json:
        subject = request.path_params.get("subject")
        with self._writing:
            if subject is None:
                before = core.level_of(self._registry, None)
            else:
                before = core.own_level_of(self._registry, subject)
            self._write(core.level_record(subject, None))
        return {"compatibilityLevel": before}

    def _level(self, request: Request, _body: dict[str, Any]) -> Json:
        subject = request.path_params.get("subject")
        if subject is None or _asks(request, "defaultToGlobal"):
            return {"compatibilityLevel": core.level_of(self._registry, subject)}
        return {"compatibilityLevel": core.own_level_of(self._registry, subject)}

    def _subjects(self, request: Request, _body: dict[str, Any]) -> Json:
        prefix = request.query_params.get("subjectPrefix", "")
        names = sorted(name for name in self._registry.subjects if name.startswith(prefix))
        return page(request, names)

    def _versions(self, request: Request, _body: dict[str, Any]) -> Json:
        versions = core.versions_of(self._registry, request.path_params["subject"])
        return page(request, [version.version for version in versions])

    def _version(self, request: Request, _body: dict[str, Any]) -> Json:
        return _told(self._found(request))

    def _version_schema(self, request: Request, _body: dict[str, Any]) -> Json:
        return _parsed(self._found(request).schema)

    def _references(self, request: Request, _body: dict[str, Any]) -> Json:
        self._found(request)
        return []  # a schema with references is refused

    def _with_metadata(self, request: Request, _body: dict[str, Any]) -> Json:
        subject = request.path_params["subject"]
        core.versions_of(self._registry, subject)
        raise SchemaNotFoundError(f"No schema of subject {subject} has metadata: none is kept.")

    def _found(self, request: Request) -> Version:
        asked = request.path_params
        return core.find_version(self._registry, asked["subject"], asked["version"])

    def _lookup(self, request: Request, body: dict[str, Any]) -> Json:
        subject = request.path_params["subject"]
        return _told(core.find_schema(self._registry, subject, _schema_of(body)))

    def _compatible(self, request: Request, body: dict[str, Any]) -> Json:
        registry, subject = self._registry, request.path_params["subject"]
        wanted = request.path_params.get("version")
        against = None if wanted is None else [core.find_version(registry, subject, wanted)]
        found = core.incompatibilities(registry, subject, _schema_of(body), against)
        return {"is_compatible": not found} | (
            {"messages": found} if _asks(request, "verbose") else {}
        )

    def _schema(self, request: Request, _body: dict[str, Any]) -> Json:
        return {"schema": core.schema_by_id(self._registry, request.path_params["id"])}

    def _schema_alone(self, request: Request, _body: dict[str, Any]) -> Json:
        return _parsed(core.schema_by_id(self._registry, request.path_params["id"]))

    def _schema_subjects(self, request: Request, _body: dict[str, Any]) -> Json:
        return sorted({v.subject for v in core.uses_of(self._registry, request.path_params["id"])})

    def _schema_versions(self, request: Request, _body: dict[str, Any]) -> Json:
        uses = core.uses_of(self._registry, request.path_params["id"])
        return [{"subject": use.subject, "version": use.version} for use in uses]


def _endpoint(answer: Answer) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        body = _json_of(await bounded_body(request, BODY_MAX_BYTES))
        told = await run_in_threadpool(answer, request, body)
        return JSONResponse(told, media_type=MEDIA_TYPE)

    return endpoint


def _refused(_request: Request, error: Exception) -> Response:
    match error:
        case RegistryError():
            status, code, message = error.status, error.code, str(error)
        case BodyTooLargeError():
            status, code, message = 413, 413, str(error)
        case BodyTooSlowError():
            status, code, message = 408, 408, str(error)
        case HTTPException():
            status, code, message = error.status_code, error.status_code, error.detail
        case _:
            raise error
    told = {"error_code": code, "message": message}
    return JSONResponse(told, status, media_type=MEDIA_TYPE)


def _json_of(body: bytes) -> dict[str, Any]:
    try:
        loaded = json.loads(body) if body else {}
    except (ValueError, RecursionError) as error:
        raise HTTPException(400, f"The body is not JSON: {error}") from error
    if not isinstance(loaded, dict):
        raise HTTPException(400, "The body is no JSON object.")
    return loaded


def _schema_of(body: dict[str, Any]) -> str:
    if body.get("schemaType") not in {None, "AVRO"}:
        raise InvalidSchemaError(f"schemaType is {body['schemaType']}: only AVRO is served.")
    if body.get("references"):
        raise InvalidSchemaError("Schema references are not served: write the schema out in full.")
    if body.get("metadata") or body.get("ruleSet"):
        raise InvalidSchemaError("Metadata and rules are not kept: register the schema alone.")
    schema = body.get("schema")
    if not isinstance(schema, str):
        raise InvalidSchemaError("The body names no `schema`: it is the Avro schema as a string.")
    return schema


def _only_level(body: dict[str, Any]) -> object:
    """The level in a config; raises NotPermittedError for what would be forgotten."""
    others = {name for name, value in body.items() if value is not None} - LEVEL_NAMES
    if others:
        raise NotPermittedError(
            f"Only `compatibility` can be set here, not {', '.join(sorted(others))}."
        )
    return body.get("compatibility") or body.get("compatibilityLevel")


def _told(version: Version) -> dict[str, Any]:
    return {
        "subject": version.subject,
        "version": version.version,
        "id": version.schema_id,
        "schema": version.schema,
        "schemaType": "AVRO",
    }


def _parsed(schema: str) -> Json:
    parsed: Json = json.loads(schema)
    return parsed


def _asks(request: Request, parameter: str) -> bool:
    return request.query_params.get(parameter, "").lower() == "true"
