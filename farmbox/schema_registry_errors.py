"""What the registry answers when it refuses: HTTP status and the error codes of Confluent's API."""

from typing import ClassVar


class RegistryError(Exception):
    """A refusal; `status` is HTTP's, `code` the documented one of the API."""

    status: ClassVar[int] = 500
    code: ClassVar[int] = 50001


class SubjectNotFoundError(RegistryError):
    """No schema was ever registered under this subject."""

    status, code = 404, 40401


class VersionNotFoundError(RegistryError):
    """The subject has no such version."""

    status, code = 404, 40402


class SchemaNotFoundError(RegistryError):
    """No such id, or this schema is not registered under the subject."""

    status, code = 404, 40403


class LevelNotSetError(RegistryError):
    """The subject has no compatibility level of its own."""

    status, code = 404, 40408


class ModeNotSetError(RegistryError):
    """The subject has no mode of its own."""

    status, code = 404, 40409


class IncompatibleSchemaError(RegistryError):
    """The schema breaks the promise of the subject's compatibility level."""

    status, code = 409, 409


class InvalidSchemaError(RegistryError):
    """Not an Avro schema, or one with references or of another kind."""

    status, code = 422, 42201


class InvalidVersionError(RegistryError):
    """Neither a number of 1 to 2³¹-1, nor `latest`."""

    status, code = 422, 42202


class InvalidLevelError(RegistryError):
    """No compatibility level of this name."""

    status, code = 422, 42203


class InvalidModeError(RegistryError):
    """No mode of this name."""

    status, code = 422, 42204


class NotPermittedError(RegistryError):
    """Something that other registries can do and this one does not."""

    status, code = 422, 42205


class InvalidSubjectError(RegistryError):
    """A subject that no client could mean."""

    status, code = 422, 42208


class NeverDeletedError(RegistryError):
    """Somebody asked to delete a schema: Kafka still holds records written with it."""

    status, code = 405, 405


class LogLostError(RegistryError):
    """Kafka did not confirm a write, or another registry has taken over: nobody knows its end."""

    status, code = 500, 50001


class CorruptLogError(Exception):
    """A record of the registry's topic is not one of ours; the message names it."""
