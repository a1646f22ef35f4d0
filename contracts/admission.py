"""Which schemas of foreign writers are let in front of the decoder at all. Pure.

Problem: the decoder trusts the writer's schema. One that contains itself lets 20 kB of bytes nest
so deep that the process dies of a segmentation fault, which no `except` sees; an array of items
without bytes makes five million of them out of five. Whoever can register a schema could so end
every reader of a topic. Approach: such schemas are refused by their shape, before a byte is read.
No message of ours needs either.
"""

from collections.abc import Mapping
from typing import Any

DEPTH_MAX = 12  # our deepest schema has 6 levels; the decoder's own stack is never in question
NODES_MAX = 2_000  # types in one schema; our largest has under 100
WIDTHLESS = "null"


class _RefusedError(Exception):
    """Why, as a sentence."""


def why_refused(schema: object) -> str | None:
    """Why records of this schema are not decoded; None if they may be."""
    if not isinstance(schema, dict) or schema.get("type") != "record":
        return "it is no Avro record"
    try:
        _Walk().width_of(schema, "", ())
    except _RefusedError as refused:
        return str(refused)
    return None


class _Walk:
    """One walk over a schema; remembers which named types it has met, and their widths."""

    def __init__(self) -> None:
        self._known: dict[str, bool] = {}
        self._nodes = 0

    def width_of(self, schema: object, namespace: str, above: tuple[str, ...]) -> bool:
        """Whether a value takes any byte. above: full names of the records around it."""
        self._nodes += 1
        if self._nodes > NODES_MAX:
            raise _RefusedError(f"it has more than {NODES_MAX} types")
        match schema:
            case list():
                for branch in schema:
                    self.width_of(branch, namespace, (*above, ""))
                return True  # the branch's number
            case str():
                return self._named(schema, namespace, above)
            case dict() if len(above) <= DEPTH_MAX:
                return self._shaped(schema, namespace, above)
            case dict():
                raise _RefusedError(f"it is nested deeper than {DEPTH_MAX} levels")
            case _:
                raise _RefusedError(f"{schema!r} is no type")

    def _shaped(self, schema: Mapping[str, Any], namespace: str, above: tuple[str, ...]) -> bool:
        match schema.get("type"):
            case "record" | "error":
                return self._record(schema, namespace, above)
            case "enum" | "fixed":
                name = _full_name(schema, namespace)
                self._known[name] = schema.get("size") != 0
                return self._known[name]
            case "array":
                if not self.width_of(schema.get("items"), namespace, (*above, "")):
                    raise _RefusedError("it has an array whose items take no bytes")
                return True
            case "map":
                self.width_of(schema.get("values"), namespace, (*above, ""))
                return True  # each entry has a key
            case other:
                return self.width_of(other, namespace, (*above, ""))

    def _record(self, schema: Mapping[str, Any], namespace: str, above: tuple[str, ...]) -> bool:
        name = _full_name(schema, namespace)
        fields = schema.get("fields")
        if not isinstance(fields, list) or not all(isinstance(field, dict) for field in fields):
            raise _RefusedError(f"record {name} has no list of fields")
        inner = name.rpartition(".")[0]
        # every field is walked, also behind the first that has a width
        widths = [self.width_of(f.get("type"), inner, (*above, name)) for f in fields]
        self._known[name] = any(widths)
        return self._known[name]

    def _named(self, name: str, namespace: str, above: tuple[str, ...]) -> bool:
        full = name if "." in name or not namespace else f"{namespace}.{name}"
        if full in above or name in above:
            raise _RefusedError(f"record {full} contains itself")
        return self._known.get(full, self._known.get(name, name != WIDTHLESS))


def _full_name(schema: Mapping[str, Any], namespace: str) -> str:
    name = str(schema.get("name"))
    within = str(schema.get("namespace", namespace))
    return name if "." in name or not within else f"{within}.{name}"
