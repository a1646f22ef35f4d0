"""Schema ids by registry: registers or looks up our schemas and remembers what it was told."""

import json
import weakref
from typing import Any

import httpx2
from confluent_kafka.schema_registry import Schema, SchemaRegistryClient
from confluent_kafka.schema_registry.error import SchemaRegistryError

from contracts.messages import MESSAGES, MessageType, schema_text
from runtime import security
from runtime.retry import retried

NOT_FOUND = 404
TRANSIENT = (OSError, httpx2.TransportError)  # the client is built on httpx2, whose are no OSErrors


class SchemaMismatchError(RuntimeError):
    """The registry refuses a schema of this build, or holds another one under its name."""


class RegistrySchemaIds:
    """SchemaIds of contracts/serde.py, answered by a Confluent-compatible registry."""

    def __init__(self, url: str) -> None:
        self._client = SchemaRegistryClient({"url": url, "timeout": 5, **security.registry(url)})
        # nobody closes a Serde: without this its socket lies open until the collector comes by
        weakref.finalize(self, self._client.close)
        self._ids: dict[MessageType, int] = {}
        self._writers: dict[int, dict[str, Any]] = {}

    def register_all(self) -> None:
        """Register every schema of this build; raises SchemaMismatchError if one is refused.

        Registering what is known already returns the same id, so every process may do it.
        """
        for message in MESSAGES:
            self._ids[message] = self._register(message)

    def id_of(self, message: MessageType) -> int:
        """The registered id of our current schema of `message`."""
        if message not in self._ids:
            self._ids[message] = self._register(message)
        return self._ids[message]

    def writer_schema(self, schema_id: int) -> dict[str, Any] | None:
        """The schema under an id; None if the registry does not know it."""
        if schema_id not in self._writers:
            try:
                schema = retried(
                    lambda: self._client.get_schema(schema_id), on=TRANSIENT, total_max_s=30.0
                )
            except SchemaRegistryError as error:
                if error.http_status_code == NOT_FOUND:
                    return None
                raise
            self._writers[schema_id] = _parsed(schema)
        return self._writers[schema_id]

    def _register(self, message: MessageType) -> int:
        schema = Schema(schema_text(message), "AVRO")
        try:
            return retried(
                lambda: self._client.register_schema(message.subject, schema),
                on=TRANSIENT,
                total_max_s=30.0,
            )
        except SchemaRegistryError as error:
            raise SchemaMismatchError(
                f"the registry refuses our schema for {message.subject}: {error.error_message}. "
                "This build and the running system do not fit: compare contracts/schemas/history"
            ) from error


def _parsed(schema: Schema) -> dict[str, Any]:
    """The schema as JSON; empty, which is nobody's, where it is none that Avro records have."""
    if schema.schema_type not in {None, "AVRO"}:
        return {}
    try:
        parsed = json.loads(schema.schema_str or "{}")
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}
