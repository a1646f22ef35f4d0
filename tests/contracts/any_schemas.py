"""Hypothesis strategies: Avro schemas of all types that the walk knows, and values of them."""

from itertools import count
from typing import Any

from hypothesis import strategies as st

from contracts.column_walk import Schema

ASCII = st.text(st.characters(max_codepoint=127), max_size=6)
_numbers = count()


def _named(kind: str, **more: object) -> dict[str, Any]:
    return {"type": kind, "name": f"{kind.capitalize()}{next(_numbers)}", **more}


_simple: st.SearchStrategy[Any] = st.one_of(
    st.sampled_from(["boolean", "int", "long", "float", "double", "string", "bytes"]),
    st.integers(1, 5).map(lambda n: _named("enum", symbols=[f"S{i}" for i in range(n)])),
    st.integers(1, 5).map(lambda n: _named("fixed", size=n)),
)


def _record(fields: list[Any]) -> dict[str, Any]:
    return _named("record", fields=[{"name": f"f{i}", "type": t} for i, t in enumerate(fields)])


def _union(branches: list[Any], null_at: int) -> list[Any]:
    """Different branches, null among them somewhere; a number decides no branch, so one only."""
    kinds: dict[str, Any] = {}
    for branch in branches:
        kind = branch if isinstance(branch, str) else branch["type"]
        family = "number" if kind in {"int", "long", "float", "double", "boolean"} else kind
        family = "text" if kind in {"string", "enum", "bytes", "fixed"} else family
        kinds.setdefault(family, branch)
    found = list(kinds.values())
    return [*found[:null_at], "null", *found[null_at:]]


def _deeper(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(_record),
        inner.filter(lambda t: not isinstance(t, list)).map(
            lambda t: {"type": "array", "items": t}
        ),
        st.builds(
            _union,
            st.lists(inner.filter(lambda t: not isinstance(t, list)), min_size=1, max_size=3),
            st.integers(0, 2),
        ),
    )


schemas = st.lists(st.recursive(_simple, _deeper, max_leaves=6), min_size=1, max_size=4).map(
    _record
)


def values_of(  # noqa: C901, PLR0911, PLR0912  one line a type
    schema: Schema,
) -> st.SearchStrategy[Any]:
    """Values that fastavro writes and reads back unchanged."""
    match schema:
        case "null":
            return st.none()
        case "boolean":
            return st.booleans()
        case "int":
            return st.integers(-(2**31), 2**31 - 1)
        case "long":
            return st.integers(-(2**62), 2**62 - 1)
        case "float":
            return st.floats(width=32)
        case "double":
            return st.floats()
        case "string":
            return ASCII
        case "bytes":
            return st.binary(max_size=6)
        case list():
            return st.one_of([values_of(branch) for branch in schema])
        case {"type": "enum", "symbols": symbols}:
            return st.sampled_from(symbols)
        case {"type": "fixed", "size": size}:
            return st.binary(min_size=size, max_size=size)
        case {"type": "array", "items": items}:
            return st.lists(values_of(items), max_size=4)
        case {"type": "record", "fields": fields}:
            return st.fixed_dictionaries({one["name"]: values_of(one["type"]) for one in fields})
    raise TypeError(f"no values of {schema!r}")
