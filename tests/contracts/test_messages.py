"""The table of messages: one schema file each, and none without a message."""

from pathlib import Path

import contracts
from contracts.messages import MESSAGES, schema_of

SCHEMAS = Path(contracts.__file__).parent / "schemas"


def test_every_message_has_a_schema_and_every_schema_a_message() -> None:
    """A schema nobody sends would be kept compatible for ever, for nothing."""
    named = {message.schema_stem for message in MESSAGES}

    assert named == {path.stem for path in SCHEMAS.glob("*.avsc")}


def test_event_types_carry_their_version() -> None:
    """Old events are told from new ones by their type alone."""
    assert all(message.event_type.rsplit(".", 1)[1].startswith("v") for message in MESSAGES)


def test_a_schemas_record_is_named_like_its_payload() -> None:
    """The registry's subject is made of that name."""
    for message in MESSAGES:
        schema = schema_of(message)

        assert message.record == f"{schema['namespace']}.{schema['name']}"
