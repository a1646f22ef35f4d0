"""ISO 11784 numbers as people and spreadsheets write them: one spelling each, or why not.

Fifteen digits: three of a country (ISO 3166 numeric) or a maker of transponders, twelve of the
animal. On the transponder these are 10 and 38 bits, so not every fifteen digits are a number.

Which codes of 001 … 899 are countries today is not asked: animals outlive countries (891, Serbia
and Montenegro, has cows still), and a number that a reader reads must not be refused by a list.

Source: ISO 11784:1996 with amendment 2 and ISO 24631-6 (fields, decimal form); ICAR's register of
manufacturer codes (900 … 998, 900 being shared; 999 for tests).
"""

import re

DIGITS = 15
COUNTRY_DIGITS = 3
NATIONAL_MAX = 2**38 - 1  # 274,877,906,943

BARE = re.compile(r"[0-9]{15}")
# Groups behind the country's three digits, as readers and passports print it; a blank may be a
# narrow or a protected one. Other groupings could be a herd's and an animal's own numbers.
GROUPED = re.compile(r"\d{3}(?:[ \u00a0\u2009\u202f-]\d+)+", re.ASCII)
DECIMAL = re.compile(
    r"(\d{15})[.,]0+", re.ASCII
)  # a column of numbers; fifteen digits are still exact in it
ROUNDED = re.compile(r"\d(?:[.,]\d+)?E\+1[0-4]", re.IGNORECASE)


def one_spelling(external_id: str) -> str:
    """The fifteen bare digits of an ISO 11784 number; any other text as it is."""
    decimal = DECIMAL.fullmatch(external_id)
    if decimal:
        return decimal[1]
    if not GROUPED.fullmatch(external_id):
        return external_id
    digits = "".join(re.findall(r"\d", external_id))
    return digits if len(digits) == DIGITS else external_id


def wrong_number(external_id: str) -> str | None:
    """Why this cannot be the ISO 11784 number that it looks like; None if it can, or is none."""
    if ROUNDED.fullmatch(external_id):
        return (
            f"{external_id!r} is what a spreadsheet makes of a long number, its last digits lost: "
            "format the column as text, enter the numbers again, then save the list"
        )
    if BARE.fullmatch(external_id) is None:
        return None
    country, national = external_id[:COUNTRY_DIGITS], int(external_id[COUNTRY_DIGITS:])
    if country == "000":
        return f"{external_id} begins with 000, which is neither a country nor a maker (ISO 11784)"
    if national == 0:
        return f"{external_id} has no animal's number behind {country} (ISO 11784)"
    if national > NATIONAL_MAX:
        return (
            f"{external_id} cannot be on a transponder: behind {country} stands {national}, "
            f"at most {NATIONAL_MAX} (ISO 11784)"
        )
    return None
