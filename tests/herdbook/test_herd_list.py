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
HEADER = "external_id,animal_id,name,group,collar_id,worn_from"
WITH_PASSWORD = ",".join(COLUMNS)
BURNT_IN = "burnt-into-the-firmware-17"


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
    ("line", "why"),
    [
        ("9.82E+14,,,,,", "external_id '9.82E+14' is what a spreadsheet makes of a long number"),
        ('"9,82E+14",,,,,', "external_id '9,82E+14' is what a spreadsheet"),
        ("9,82E+14,,,,,", "external_id '9,82E+14' is what a spreadsheet"),
        ("000 123456789012,,,,,", "external_id 000123456789012 begins with 000"),
        ("276 999999999999,,,,,", "external_id 276999999999999 cannot be on a transponder"),
    ],
)
def test_a_number_that_no_transponder_has_is_refused(line: str, why: str) -> None:
    """A decimal comma that nobody quoted, too: what is missing is not a quote but the digits."""
    assert sentence(line).startswith(f"row 2: {why}")


def test_a_transponders_number_has_one_spelling() -> None:
    """How it was written is kept, for an animal that was registered that way."""
    (spelled,) = read("982 000123456789", header="external_id")
    (bare,) = read("982000123456789", header="external_id")

    assert isinstance(spelled, HerdRow)
    assert isinstance(bare, HerdRow)
    assert spelled.external_id == bare.external_id == "982000123456789"
    assert (spelled.spelled, bare.spelled) == ("982 000123456789", None)


def test_a_makers_password_is_read_and_never_shown() -> None:
    """Results are printed and logged."""
    (row,) = read(f"NL 17,,,,c-17,,{BURNT_IN}", header=WITH_PASSWORD)

    assert isinstance(row, HerdRow)
    assert row.password == BURNT_IN
    assert BURNT_IN not in repr(row)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("NL 17,,,,c-17,,only-15-letters", "password cannot be used: 16 to 128 printable"),
        (f"NL 17,,,,c-17,,{'x' * 129}", "password cannot be used"),
        ("NL 17,,,,c-17,,zwölf Monde und mehr", "password cannot be used"),
        ("NL 17,,,,c-17-c-17-c-17-c-17,,c-17-c-17-c-17-c-17", "password cannot be used"),
        (f"NL 17,,,,,,{BURNT_IN}", "has a password without a collar_id"),
        (f"NL 17,,,,c-17,,{BURNT_IN},", "has 8 values for 7 columns"),
    ],
)
def test_a_password_that_cannot_be_used_is_refused_and_not_repeated(line: str, why: str) -> None:
    """The sentence lands on a screen, in a ticket, in a chat."""
    said = sentence(line, header=WITH_PASSWORD)

    assert said.startswith(f"row 2: {why}")
    assert line.split(",")[6] not in said


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
    for start in ("", HEADER + "\n", WITH_PASSWORD + "\n", "animal_id,worn_from,collar_id\n"):
        read_list(start + text, NOW)
