"""The registry's decisions, without a server: ids for ever, compatibility by Apache's avro."""

import json
from collections.abc import Mapping

import pytest

from farmbox import schema_registry_core as core
from farmbox.schema_registry_avro import Level
from farmbox.schema_registry_core import Record, Registry
from farmbox.schema_registry_errors import (
    CorruptLogError,
    IncompatibleSchemaError,
    InvalidLevelError,
    InvalidSchemaError,
    InvalidSubjectError,
    InvalidVersionError,
    RegistryError,
    VersionNotFoundError,
)

Field = Mapping[str, object]

NAME = {"name": "name", "type": "string"}
AGE = {"name": "age", "type": ["null", "int"], "default": None}
AGE_WITHOUT_DEFAULT = {"name": "age", "type": "int"}


def a_schema(*fields: Field) -> str:
    """A record with these fields."""
    return json.dumps({"type": "record", "name": "Cow", "fields": list(fields)})


def a_registry(*schemas: str, level: Level = Level.FULL_TRANSITIVE) -> Registry:
    """One that was asked for `level` and then for these schemas under `cow`, in order."""
    registry = core.evolve(Registry(), core.level_record(None, level))
    for schema in schemas:
        registry = registered(registry, "cow", schema)[0]
    return registry


def registered(registry: Registry, subject: str, schema: str) -> tuple[Registry, int]:
    """Register as the server does: decide, write, read back."""
    version = core.plan_registration(registry, subject, schema)
    return core.evolve(registry, core.version_record(version)), version.schema_id


def test_the_same_schema_keeps_its_id_in_every_subject_and_spelling() -> None:
    """Ids stand in every record of the log: one schema under two ids would split its readers."""
    respelt = '{"fields": [{"type":"string",  "name":"name"}], "name":"Cow", "type":"record"}'

    registry, first = registered(Registry(), "a", a_schema(NAME))
    registry, again = registered(registry, "a", respelt)
    registry, elsewhere = registered(registry, "b", a_schema(NAME))
    registry, other = registered(registry, "b", a_schema(NAME, AGE))

    assert (first, again, elsewhere, other) == (1, 1, 1, 2)
    assert [version.version for version in core.versions_of(registry, "a")] == [1]
    assert [version.version for version in core.versions_of(registry, "b")] == [1, 2]
    assert [use.subject for use in core.uses_of(registry, "1")] == ["a", "b"]


def test_schemas_that_read_old_data_differently_are_two() -> None:
    """Avro's parsing canonical form drops defaults; with it the new default would be lost."""
    other_default = {**AGE, "type": ["int", "null"], "default": 7}

    registry, first = registered(Registry(), "a", a_schema({**other_default, "default": 8}))
    registry, second = registered(registry, "a", a_schema(other_default))

    assert (first, second) == (1, 2)


@pytest.mark.parametrize(
    ("level", "old", "new", "fits"),
    [
        ("FULL_TRANSITIVE", (NAME,), (NAME, AGE), True),
        ("FULL_TRANSITIVE", (NAME, AGE), (NAME,), True),
        ("FULL_TRANSITIVE", (NAME,), (NAME, AGE_WITHOUT_DEFAULT), False),
        ("FULL_TRANSITIVE", (NAME, AGE_WITHOUT_DEFAULT), (NAME,), False),
        ("BACKWARD", (NAME, AGE_WITHOUT_DEFAULT), (NAME,), True),
        ("BACKWARD", (NAME,), (NAME, AGE_WITHOUT_DEFAULT), False),
        ("FORWARD", (NAME,), (NAME, AGE_WITHOUT_DEFAULT), True),
        ("FORWARD", (NAME, AGE_WITHOUT_DEFAULT), (NAME,), False),
        ("FULL", (NAME,), ({"name": "name", "type": "int"},), False),
        ("NONE", (NAME,), ({"name": "name", "type": "int"},), True),
    ],
)
def test_compatibility_is_what_the_level_says(
    level: str, old: tuple[Field, ...], new: tuple[Field, ...], *, fits: bool
) -> None:
    """A schema that old readers cannot read must be refused before its first record."""
    registry = a_registry(a_schema(*old), level=Level(level))

    found = core.incompatibilities(registry, "cow", a_schema(*new))

    assert (found == []) is fits


@pytest.mark.parametrize("side", ["BACKWARD", "FORWARD", "FULL"])
def test_transitive_looks_at_every_version_and_the_plain_level_at_the_last(side: str) -> None:
    """A field that comes back with another type breaks whoever reads the oldest records."""
    text = {"name": "note", "type": ["null", "string"], "default": None}
    number = {"name": "note", "type": ["null", "int"], "default": None}
    registry = a_registry(a_schema(NAME, text), a_schema(NAME))

    plain, transitive = (
        core.incompatibilities(
            core.evolve(registry, core.level_record("cow", Level(level))),
            "cow",
            a_schema(NAME, number),
        )
        for level in (side, f"{side}_TRANSITIVE")
    )

    assert plain == []
    assert transitive
    assert all(problem.startswith("version 1: ") for problem in transitive)


def test_a_refusal_says_what_does_not_fit_and_what_to_do() -> None:
    """Whoever changes a schema should not have to guess."""
    registry = a_registry(a_schema(NAME))

    with pytest.raises(IncompatibleSchemaError) as refused:
        core.plan_registration(registry, "cow", a_schema(NAME, AGE_WITHOUT_DEFAULT))

    assert "reader_field_missing_default_value" in str(refused.value)
    assert "Give new fields a default" in str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        '{"type": "cow"}',
        "",
        "no json",
        "[",
        "3",
        "null",
        "[" * 5000,
        '{"type": "record", "name": "Cow"}',
        '{"type": "record", "name": "Cow", "fields": 3}',
        '{"type": "record", "name": "Cow", "fields": [3]}',
        '{"type": "record", "name": ["Cow"], "fields": []}',
        '{"type": "enum", "name": "Cow", "symbols": {}}',
        '{"type": "fixed", "name": "Cow", "size": "big"}',
        '{"type": "array"}',
    ],
)
def test_what_is_no_schema_is_refused_and_nothing_else_happens(text: str) -> None:
    """Whatever is sent, the answer is 42201 and never a fault of the server."""
    with pytest.raises(InvalidSchemaError) as refused:
        core.plan_registration(Registry(), "cow", text)

    assert (refused.value.status, refused.value.code) == (422, 42201)


@pytest.mark.parametrize(
    ("wanted", "error"),
    [
        ("0", InvalidVersionError),
        ("-2", InvalidVersionError),
        ("two", InvalidVersionError),
        ("2147483648", InvalidVersionError),
        ("2", VersionNotFoundError),
    ],
)
def test_versions_that_are_not_there_are_told_from_what_is_no_version(
    wanted: str, error: type[RegistryError]
) -> None:
    """Clients decide by the code whether to register or to give up."""
    with pytest.raises(error):
        core.find_version(a_registry(a_schema(NAME)), "cow", wanted)


@pytest.mark.parametrize("subject", ["", "a\nb", "x" * 256])
def test_subjects_nobody_can_mean_are_refused(subject: str) -> None:
    """They would stay in the log for ever."""
    with pytest.raises(InvalidSubjectError):
        core.plan_registration(Registry(), subject, a_schema(NAME))


def test_levels_are_known_by_name_alone() -> None:
    """A misspelt level must not mean none."""
    assert core.level_named("backward") is Level.BACKWARD
    with pytest.raises(InvalidLevelError, match="FULL_TRANSITIVE"):
        core.level_named("ALL")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("no json", "{}"),
        ('{"keytype":"SCHEMA"}', '{"subject":"a"}'),
        ('{"keytype":"SCHEMA"}', None),
        ('{"keytype":"COW"}', "{}"),
        ('{"keytype":"CONFIG","subject":null}', '{"compatibilityLevel":"ALL"}'),
    ],
)
def test_a_log_that_cannot_be_read_stops_the_registry(key: str, value: str | None) -> None:
    """Skipping a record could give its id to another schema."""
    with pytest.raises(CorruptLogError):
        core.evolve(Registry(), Record(key, value))


def test_one_id_for_two_schemas_stops_the_registry() -> None:
    """Readers would take one schema's bytes for the other's."""
    registry = a_registry(a_schema(NAME))
    other = core.Version("horse", 1, 1, a_schema(AGE))

    with pytest.raises(CorruptLogError, match="means two schemas"):
        core.evolve(registry, core.version_record(other))
