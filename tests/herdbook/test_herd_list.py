"""A herd list is read as people write it; what is wrong is said by row."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from herdbook.domain.herd_list import (
    COLUMNS,
    ROWS_MAX,
    HerdRow,
    RefusedRow,
    read_list,
    refused_in,
)

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
HEADER = ",".join(COLUMNS)


def read(*lines: str, header: str = HEADER) -> list[HerdRow | RefusedRow]:
    """The rows below a header."""
    return read_list("\n".join([header, *lines]), NOW)


def sentence(*lines: str, header: str = HEADER) -> str:
    """Why the one wrong row is refused."""
    (refused,) = refused_in(read(*lines, header=header))
    return f"row {refused.row}: {refused.sentence}"


def test_a_whole_row_is_read() -> None:
    """Spaces around values are nobody's intention."""
    rows = read("NL 17, nl-0017 ,Bella,dry,c-17,2026-03-01T05:00:00+01:00")

    assert rows == [
        HerdRow(
            row=2,
            external_id="NL 17",
            animal_id="nl-0017",
            name="Bella",
            group="dry",
            collar_id="c-17",
            worn_from=datetime(2026, 3, 1, 4, 0, tzinfo=UTC),
        )
    ]


def test_what_is_empty_is_not_told_but_a_name_is_cleared() -> None:
    """An empty name is a name taken away; a column that is not there says nothing."""
    assert read("NL 17,,,,,") == [
        HerdRow(row=2, external_id="NL 17", clears=frozenset({"name", "group"}))
    ]
    assert read("NL 17", header="external_id") == [HerdRow(row=2, external_id="NL 17")]


def test_files_of_spreadsheets_are_read() -> None:
    """Byte order mark, Windows line ends, quotes, empty lines, columns in another order."""
    text = '\ufeffName,Animal_ID\r\n"Bella, the old",nl-1\r\n\r\n,,\r\nClara,nl-2\r\n'

    rows = read_list(text, NOW)

    assert [(row.row, getattr(row, "name", None)) for row in rows] == [
        (2, "Bella, the old"),
        (5, "Clara"),
    ]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (",,Bella,,,", "row 2: has neither external_id nor animal_id"),
        ("NL 17,NL-17,,,,", "row 2: animal_id 'NL-17' is no id"),
        ("NL 17,,,,C 17,", "row 2: collar_id 'C 17' is no id"),
        ("NL 17,,,,c-17,yesterday", "row 2: worn_from 'yesterday' is no time"),
        ("NL 17,,,,c-17,2026-03-01T04:00:00", "row 2: worn_from .* has no time zone"),
        ("NL 17,,,,c-17,2026-03-01", "row 2: worn_from .* has no time zone"),
        ("NL 17,,,,c-17,2026-03-01T13:00:00Z", "row 2: worn_from .* lies in the future"),
        ("NL 17,,,,c-17,0001-01-01T00:00:00+14:00", "row 2: worn_from .* before the year 2000"),
        ("NL 17,,,,c-17,9999-12-31T23:59:59-14:00", "row 2: worn_from .* lies in the future"),
        ("NL 17,,,,,2026-03-01T04:00:00Z", "row 2: has worn_from without a collar_id"),
        ("NL 17,,Bella, the old,,,", "row 2: has 7 values for 6 columns"),
        ('NL 17,"Bella', "row 2: is no CSV"),
    ],
)
def test_a_row_that_makes_no_sense_is_refused_by_number(line: str, why: str) -> None:
    """Whoever wrote the list finds the place and what to write instead."""
    assert sentence(line).startswith(why.split(" .* ", maxsplit=1)[0])
    assert why.rsplit(" .* ", maxsplit=1)[-1] in sentence(line)


@pytest.mark.parametrize(
    ("header", "why"),
    [
        ("external_id;animal_id;name", "separated by ';'"),
        ("external_id,tag", "unknown column 'tag'"),
        ("external_id,external_id", "twice"),
        ("name,group", "neither external_id nor animal_id"),
        ("", "neither external_id nor animal_id"),
    ],
)
def test_a_wrong_header_is_one_sentence(header: str, why: str) -> None:
    """Not one for each of a thousand rows."""
    assert "row 1: " in sentence("a,b", "c,d", header=header)
    assert why in sentence("a,b", "c,d", header=header)


def test_an_empty_file_is_refused() -> None:
    """Nothing was read, and that is said."""
    assert [row.row for row in refused_in(read_list("", NOW))] == [1]


def test_a_list_has_a_limit() -> None:
    """One import is one append."""
    rows = read(*(f"NL {number},,,,," for number in range(ROWS_MAX + 1)))

    assert [f"more than {ROWS_MAX} rows" in row.sentence for row in refused_in(rows)] == [True]


@given(st.text(max_size=300))
def test_no_text_breaks_the_reading(text: str) -> None:
    """Whatever somebody drops in: rows, or sentences."""
    for start in ("", HEADER + "\n", "animal_id,worn_from,collar_id\n"):
        read_list(start + text, NOW)
