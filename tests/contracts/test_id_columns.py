"""Many derived ids at once are those that are derived one by one."""

from hypothesis import given
from hypothesis import strategies as st

from contracts.id_columns import derived_ids
from contracts.ids import derived_id


@given(st.lists(st.tuples(st.text(min_size=1), st.integers(0, 2**40)), max_size=20))
def test_a_column_of_ids_holds_what_derived_id_says(parts: list[tuple[str, int]]) -> None:
    """An event told by an older build, or by hand, must carry the same id."""
    texts = [f"{len(name)}:{name}{len(str(n))}:{n}".encode() for name, n in parts]

    ids = derived_ids(texts)

    assert [row.tobytes().decode() for row in ids] == [derived_id(name, n) for name, n in parts]
