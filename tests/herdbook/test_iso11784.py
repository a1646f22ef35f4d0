"""A transponder's number is one animal however it is spelled; what cannot be one is said."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from herdbook.domain.iso11784 import NATIONAL_MAX, one_spelling, wrong_number

NUMBER = "982000123456789"


@pytest.mark.parametrize(
    "spelled",
    [
        NUMBER,
        "982 000123456789",
        "982-000123456789",
        "982 0001 2345 6789",
        "982\u202f000\u00a0123-456\u2009789",
        "982000123456789.0",
        "982000123456789,00",
    ],
)
def test_one_number_has_one_spelling(spelled: str) -> None:
    """Or one cow becomes two with the next list."""
    assert one_spelling(spelled) == NUMBER
    assert wrong_number(one_spelling(spelled)) is None


@pytest.mark.parametrize(
    "other",
    [
        "NL 982000123456789",
        "9820 0012 3456 789",
        "1234567-12345678",
        "982 00012345678",
        "982  000123456789",
        "982 000123456789 ",
        "982000123456789.5",
        "17",
        "",
    ],
)
def test_what_may_be_another_kind_of_number_is_left_alone(other: str) -> None:
    """Herd and animal numbers of fifteen digits in all, ear tags, two blanks: not ours to guess."""
    assert one_spelling(other) == other


@pytest.mark.parametrize(
    ("number", "why"),
    [
        ("000123456789012", "begins with 000"),
        ("276000000000000", "no animal's number behind 276"),
        (f"276{NATIONAL_MAX + 1}", f"at most {NATIONAL_MAX}"),
        ("528999999999999", "cannot be on a transponder"),
        ("9.82E+14", "spreadsheet"),
        ("9,82E+14", "spreadsheet"),
        ("9.82000123e+14", "spreadsheet"),
        ("4E+13", "spreadsheet"),
    ],
)
def test_what_cannot_be_on_a_transponder_is_said(number: str, why: str) -> None:
    """A typing slip found now is an animal that is found later."""
    assert why in (wrong_number(number) or "")


@pytest.mark.parametrize(
    "number",
    [f"276{NATIONAL_MAX}", "040000000000001", "900123456789012", "999000000000001", "5E12", "NL 1"],
)
def test_what_can_be_is_not_questioned(number: str) -> None:
    """Countries with leading zeros, shared and test makers, ear tags that look like powers."""
    assert wrong_number(number) is None


@given(st.text(max_size=30))
def test_any_text_has_a_spelling_that_stays(text: str) -> None:
    """The second reading says what the first did."""
    assert one_spelling(one_spelling(text)) == one_spelling(text)
    wrong_number(text)


@given(
    st.integers(1, 999),
    st.integers(1, NATIONAL_MAX),
    st.lists(st.integers(3, 14), unique=True, max_size=4),
    st.sampled_from(" -"),
)
def test_any_grouping_behind_the_country_is_the_same_number(
    country: int, national: int, cuts: list[int], blank: str
) -> None:
    """As long as the country's digits stand by themselves."""
    digits = f"{country:03}{national:012}"
    edges = [0, *sorted({3, *cuts}), len(digits)]
    spelled = blank.join(digits[a:b] for a, b in pairwise(edges))

    assert one_spelling(spelled) == digits
    assert wrong_number(digits) is None
