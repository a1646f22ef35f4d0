"""A herd list: CSV text → rows that make sense each by itself, and sentences for the others.

Header `external_id,animal_id,name,group,collar_id,worn_from,password`; the columns may stand in any
order and all but one of the first two may be missing. A row's number is its line as a spreadsheet
counts it: the header is 1. No sentence repeats a password.
"""

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from io import StringIO
from itertools import pairwise

from contracts.ids import is_id
from herdbook.domain.iso11784 import one_spelling, wrong_number

COLUMNS = ("external_id", "animal_id", "name", "group", "collar_id", "worn_from", "password")
ROWS_MAX = 10_000  # an animal and a collar each: what the store takes in one append
HEADER_ROW = 1
AHEAD_MAX = timedelta(minutes=5)  # a farm's clock may be a little fast; the future is a typing slip
YEAR_MIN = 2000  # no collar is older: 0026 and 1026 are typing slips
# Hashed quickly, so it must not be guessable; printable, so that every firmware can hold it.
PASSWORD = re.compile(r"[!-~]{16,128}")


@dataclass(frozen=True, slots=True, kw_only=True)
class HerdRow:
    """One animal of a list. None = not told.

    spelled: the external id as it was written, where that is another spelling of the number.
    password: what the maker burnt into the collar. clears: the columns that are there and empty, so
    that a known value is taken away.
    """

    row: int
    external_id: str | None = None
    animal_id: str | None = None
    name: str | None = None
    group: str | None = None
    collar_id: str | None = None
    worn_from: datetime | None = None
    password: str | None = field(default=None, repr=False)
    spelled: str | None = None
    clears: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """Why a row cannot be imported, in a sentence for whoever wrote the list."""

    row: int
    sentence: str


def read_list(text: str, now: datetime) -> list[HerdRow | RefusedRow]:
    """The rows of a list in their order; one RefusedRow alone if the file as a whole is wrong.

    now: aware UTC; a collar cannot be worn from later on.
    """
    reader = csv.reader(StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    rows: list[HerdRow | RefusedRow] = []
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        wrong = _wrong_header(header)
        if wrong:
            return [RefusedRow(HEADER_ROW, wrong)]
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if len(rows) == ROWS_MAX:
                return [RefusedRow(reader.line_num, f"more than {ROWS_MAX} rows: split the list")]
            rows.append(_row(reader.line_num, header, cells, now))
    except csv.Error as error:
        rows.append(RefusedRow(reader.line_num, f"is no CSV: {error}"))
    return rows


def _wrong_header(header: list[str]) -> str | None:
    expected = ",".join(COLUMNS)
    if len(header) == 1 and ";" in header[0]:
        return f"the columns are separated by ';': save the list with commas ({expected})"
    unknown = [name for name in header if name not in COLUMNS]
    if unknown:
        return f"unknown column {unknown[0]!r}: the header is {expected}"
    if len(set(header)) != len(header):
        return f"a column is there twice: the header is {expected}"
    if not {"external_id", "animal_id"} & set(header):
        return f"neither external_id nor animal_id is there: the header is {expected}"
    return None


def _row(number: int, header: list[str], cells: list[str], now: datetime) -> HerdRow | RefusedRow:
    if len(cells) != len(header):
        return RefusedRow(number, _wrong_count(cells, header))
    told = {name: cell.strip() or None for name, cell in zip(header, cells, strict=True)}
    spelled, collar_id = told.get("external_id"), told.get("collar_id")
    external_id = one_spelling(spelled) if spelled else None
    wrong = _wrong(told, external_id)
    if wrong:
        return RefusedRow(number, wrong)
    worn_from = _moment(told.get("worn_from"), now)
    if isinstance(worn_from, str):
        return RefusedRow(number, worn_from)
    if worn_from and not collar_id:
        return RefusedRow(number, "has worn_from without a collar_id: which collar is it?")
    return HerdRow(
        row=number,
        external_id=external_id,
        animal_id=told.get("animal_id"),
        name=told.get("name"),
        group=told.get("group"),
        collar_id=collar_id,
        worn_from=worn_from,
        password=told.get("password"),
        spelled=spelled if spelled != external_id else None,
        clears=frozenset(name for name in ("name", "group") if name in told and not told[name]),
    )


def _wrong(told: dict[str, str | None], external_id: str | None) -> str | None:
    """Why these values cannot be, whatever the register says; None if they can."""
    animal_id, collar_id = told.get("animal_id"), told.get("collar_id")
    if not (animal_id or external_id):
        return "has neither external_id nor animal_id: which animal is it?"
    for name, value in (("animal_id", animal_id), ("collar_id", collar_id)):
        if value and not is_id(value):
            return f"{name} {value[:60]!r} is no id: use 1 to 40 of a-z, 0-9 and '-'"
    number = wrong_number(external_id) if external_id else None
    return f"external_id {number}" if number else _wrong_password(told.get("password"), collar_id)


def _wrong_count(cells: list[str], header: list[str]) -> str:
    halves = (f"{whole},{rest}" for whole, rest in pairwise(cells))
    rounded = next(filter(None, (wrong_number(text.strip()) for text in halves)), None)
    if rounded:  # a decimal comma cuts a rounded number in two
        return f"external_id {rounded}"
    return f"has {len(cells)} values for {len(header)} columns: is a comma unquoted?"


def _wrong_password(password: str | None, collar_id: str | None) -> str | None:
    if password is None:
        return None
    if not collar_id:
        return "has a password without a collar_id: which collar is it?"
    if not PASSWORD.fullmatch(password) or password == collar_id:
        return (
            "password cannot be used: 16 to 128 printable ASCII characters without blanks, "
            "another than the collar's id"
        )
    return None


def _moment(text: str | None, now: datetime) -> datetime | str | None:
    """The aware UTC time in `text`, None for none, or the sentence why it cannot be."""
    if text is None:
        return None
    example = "write it like 2026-03-01T04:00:00Z"
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return f"worn_from {text[:60]!r} is no time: {example}"
    if moment.tzinfo is None:
        return f"worn_from {text!r} has no time zone: {example}"
    if moment.year < YEAR_MIN:
        return f"worn_from {text!r} is before the year {YEAR_MIN}: {example}"
    if moment > now + AHEAD_MAX:
        return f"worn_from {text!r} lies in the future: a collar is assigned once it is worn"
    return moment.astimezone(UTC)


def refused_in(rows: Iterable[HerdRow | RefusedRow]) -> list[RefusedRow]:
    """Those that cannot be imported."""
    return [row for row in rows if isinstance(row, RefusedRow)]
