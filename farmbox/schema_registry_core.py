"""The registry's knowledge and decisions, pure: subjects, versions, ids and what may follow what.

Problem: an id stands in every record of Kafka, so it must mean one schema for ever. Approach: the
state is nothing but the fold of a log of records (the format of Confluent's `_schemas` topic); a
decision returns the record to be written, and the state changes when that record is read back.
No record of a schema is ever deleted, so no id is ever free again.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from farmbox.schema_registry_avro import Level, canonical, problems
from farmbox.schema_registry_errors import (
    CorruptLogError,
    IncompatibleSchemaError,
    InvalidLevelError,
    InvalidSubjectError,
    InvalidVersionError,
    LevelNotSetError,
    SchemaNotFoundError,
    SubjectNotFoundError,
    VersionNotFoundError,
)

DEFAULT_LEVEL = Level.FULL_TRANSITIVE  # any reader of ours reads any record of ours, ever
SUBJECT_CHARS_MAX = 255  # Kafka's longest topic is 249
VERSION_MAX = 2**31 - 1
NEWEST = ("latest", "-1")


@dataclass(frozen=True, slots=True)
class Record:
    """One record of the log: JSON texts; value None takes a setting back."""

    key: str
    value: str | None


@dataclass(frozen=True, slots=True)
class Version:
    """A schema under a subject; version counts from 1, schema_id is the same in all subjects."""

    subject: str
    version: int
    schema_id: int
    schema: str


@dataclass(frozen=True, slots=True)
class Registry:
    """What the log says so far. by_canonical: ids by canonical text; levels[None] is for all."""

    subjects: Mapping[str, tuple[Version, ...]] = field(
        default_factory=lambda: MappingProxyType({})
    )
    schemas: Mapping[int, str] = field(default_factory=lambda: MappingProxyType({}))
    by_canonical: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    levels: Mapping[str | None, Level] = field(default_factory=lambda: MappingProxyType({}))


def evolve(registry: Registry, record: Record) -> Registry:
    """The registry after one more record; raises CorruptLogError for one it cannot read."""
    try:
        key = json.loads(record.key)
        value = None if record.value is None else json.loads(record.value)
        match key["keytype"]:
            case "SCHEMA" if value is not None:
                version = Version(
                    value["subject"], int(value["version"]), int(value["id"]), value["schema"]
                )
                return _with_version(registry, version)
            case "CONFIG":
                levels = dict(registry.levels)
                levels.pop(key["subject"], None)
                if value is not None:
                    levels[key["subject"]] = Level(value["compatibilityLevel"])
                return replace(registry, levels=levels)
            case "NOOP":  # another implementation's mark of a new leader
                return registry
            case other:
                raise CorruptLogError(f"a record of kind {other} and value {record.value}")
    except (KeyError, TypeError, ValueError) as error:
        raise CorruptLogError(f"{record.key} = {record.value}: {error}") from error


def plan_registration(registry: Registry, subject: str, schema: str) -> Version:
    """The version `schema` has under `subject`, or would get: then it must be written first.

    Raises InvalidSchemaError, InvalidSubjectError, IncompatibleSchemaError.
    """
    if not 0 < len(subject) <= SUBJECT_CHARS_MAX or not subject.isprintable():
        raise InvalidSubjectError(
            f"A subject has 1 to {SUBJECT_CHARS_MAX} printable characters; this one is {subject!r}."
        )
    text = canonical(schema)
    known = registry.subjects.get(subject, ())
    for version in known:
        if registry.by_canonical.get(text) == version.schema_id:
            return version
    found = incompatibilities(registry, subject, schema)
    if found:
        raise IncompatibleSchemaError(
            f"The schema is not {level_of(registry, subject)} compatible with subject {subject}: "
            f"{' | '.join(found)}. Give new fields a default, keep what old readers need."
        )
    schema_id = registry.by_canonical.get(text, max(registry.schemas, default=0) + 1)
    return Version(subject, 1 + max((v.version for v in known), default=0), schema_id, schema)


def incompatibilities(
    registry: Registry, subject: str, schema: str, against: Sequence[Version] | None = None
) -> list[str]:
    """Why `schema` may not follow; against: those versions, or None = those the level names."""
    level = level_of(registry, subject)
    canonical(schema)  # refuses what is no schema also where nothing is compared
    known = registry.subjects.get(subject, ()) if against is None else against
    compared = known if level.is_transitive or against is not None else known[-1:]
    return [
        f"version {old.version}: {problem}"
        for old in compared
        for problem in problems(schema, old.schema, level)
    ]


def find_schema(registry: Registry, subject: str, schema: str) -> Version:
    """Where this schema stands under `subject`; raises SubjectNotFound- or SchemaNotFoundError."""
    schema_id = registry.by_canonical.get(canonical(schema))
    for version in versions_of(registry, subject):
        if version.schema_id == schema_id:
            return version
    raise SchemaNotFoundError(f"This schema is not registered under subject {subject}.")


def versions_of(registry: Registry, subject: str) -> tuple[Version, ...]:
    """All versions of a subject, oldest first; raises SubjectNotFoundError."""
    found = registry.subjects.get(subject)
    if found is None:
        raise SubjectNotFoundError(f"Subject {subject} is not known: register a schema first.")
    return found


def find_version(registry: Registry, subject: str, wanted: str) -> Version:
    """One version by number or `latest`; raises for an unknown subject, number, or no number."""
    if wanted not in NEWEST and not (wanted.isdecimal() and 0 < int(wanted) <= VERSION_MAX):
        raise InvalidVersionError(
            f"{wanted!r} is no version: it is a number from 1 to {VERSION_MAX}, or `latest`."
        )
    versions = versions_of(registry, subject)
    for version in versions:
        if str(version.version) == wanted:
            return version
    if wanted in NEWEST:
        return versions[-1]
    raise VersionNotFoundError(f"Subject {subject} has no version {wanted}.")


def schema_by_id(registry: Registry, schema_id: str) -> str:
    """The schema as it was registered; raises SchemaNotFoundError."""
    known = schema_id.isdecimal() and int(schema_id) in registry.schemas
    if not known:
        raise SchemaNotFoundError(f"No schema has the id {schema_id}.")
    return registry.schemas[int(schema_id)]


def uses_of(registry: Registry, schema_id: str) -> list[Version]:
    """Every subject and version under this id; raises SchemaNotFoundError."""
    schema_by_id(registry, schema_id)
    all_versions = (version for versions in registry.subjects.values() for version in versions)
    return [version for version in all_versions if version.schema_id == int(schema_id)]


def level_of(registry: Registry, subject: str | None) -> Level:
    """The level that counts for a subject: its own, else the one for all."""
    for_all = registry.levels.get(None, DEFAULT_LEVEL)
    return registry.levels.get(subject, for_all)


def own_level_of(registry: Registry, subject: str) -> Level:
    """The subject's own level; raises LevelNotSetError."""
    if subject not in registry.levels:
        raise LevelNotSetError(
            f"Subject {subject} has no level of its own: {level_of(registry, None)} counts."
        )
    return registry.levels[subject]


def level_named(name: object) -> Level:
    """The level of this name, in either case; raises InvalidLevelError."""
    try:
        return Level(str(name).upper())
    except ValueError as error:
        raise InvalidLevelError(
            f"{name!r} is no compatibility level: choose one of {', '.join(Level)}."
        ) from error


def version_record(version: Version) -> Record:
    """The record that makes a version known."""
    key = {"keytype": "SCHEMA", "subject": version.subject, "version": version.version, "magic": 1}
    value = {
        "subject": version.subject,
        "version": version.version,
        "id": version.schema_id,
        "schema": version.schema,
        "deleted": False,
    }
    return Record(_json(key), _json(value))


def level_record(subject: str | None, level: Level | None) -> Record:
    """The record that sets a level, or takes the subject's own back (None)."""
    key = {"keytype": "CONFIG", "subject": subject, "magic": 0}
    return Record(_json(key), None if level is None else _json({"compatibilityLevel": level}))


def _with_version(registry: Registry, version: Version) -> Registry:
    others = registry.subjects.get(version.subject, ())
    versions = [other for other in others if other.version != version.version]
    versions.append(version)
    text = canonical(version.schema)
    if registry.by_canonical.get(text, version.schema_id) != version.schema_id:
        raise CorruptLogError(f"id {version.schema_id} and another one mean the same schema")
    if version.schema_id in registry.schemas:
        if canonical(registry.schemas[version.schema_id]) != text:
            raise CorruptLogError(f"id {version.schema_id} means two schemas")
        schemas = registry.schemas  # the text of the first registration stays
    else:
        schemas = {**registry.schemas, version.schema_id: version.schema}
    return replace(
        registry,
        subjects={
            **registry.subjects,
            version.subject: tuple(sorted(versions, key=lambda v: v.version)),
        },
        schemas=schemas,
        by_canonical={**registry.by_canonical, text: version.schema_id},
    )


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
