"""What is told of an animal's life, each by one event: heat served, pregnancy, treatment, pen.

A fact is told as the event it becomes. Told again, word for word, it changes nothing; told
otherwise, it is one more fact, and whoever reads takes the newest by its own time.
"""

import re
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from contracts.animal_event import (
    AnimalDiagnosed,
    AnimalDriedOff,
    AnimalInseminated,
    AnimalMoved,
    AnimalPregnancyChecked,
    AnimalTreated,
)
from contracts.clock import iso
from contracts.detection import Condition
from herdbook.domain.errors import TextRefusedError, TimeRefusedError

AnimalFact = (
    AnimalInseminated
    | AnimalPregnancyChecked
    | AnimalDriedOff
    | AnimalTreated
    | AnimalDiagnosed
    | AnimalMoved
)

TEXT_CHARS_MAX = 100  # longer than any ear tag, ISO 11784 number or name we have seen
# control characters (NUL breaks JSON in PostgreSQL, line ends break lists), lone surrogates
REFUSED = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
DUE_DAYS_MAX = 310  # the longest gestation on record, and some; a later day is a slip of the year


def occurred_at_of(fact: AnimalFact) -> datetime:
    """When it happened (aware UTC), by the fact itself."""
    match fact:
        case AnimalInseminated():
            return fact.inseminated_at
        case AnimalPregnancyChecked():
            return fact.checked_at
        case AnimalDriedOff():
            return fact.dried_off_at
        case AnimalTreated():
            return fact.treated_at
        case AnimalDiagnosed():
            return fact.diagnosed_at
        case AnimalMoved():
            return fact.moved_at


def checked_fact(fact: AnimalFact, now: datetime) -> AnimalFact:
    """The fact with its times in UTC; raises TimeRefusedError, TextRefusedError."""
    at = occurred_at_of(fact)
    if at > now:
        raise TimeRefusedError(f"it cannot have happened at {iso(at)}: it is {iso(now)}")
    match fact:
        case AnimalPregnancyChecked(due_at=datetime() as due_at):
            if not fact.pregnant:
                raise TimeRefusedError(
                    "an animal that is not pregnant is not due: leave out due_at"
                )
            if not at < due_at <= at + timedelta(days=DUE_DAYS_MAX):
                raise TimeRefusedError(
                    f"due_at {iso(due_at)} is not within {DUE_DAYS_MAX} days after {iso(at)}"
                )
        case AnimalDiagnosed() if fact.condition not in set(Condition):
            raise TextRefusedError(f"condition {fact.condition!r} is none of {[*Condition]}")
        case AnimalMoved():
            checked_text("group", fact.group)
        case AnimalTreated():
            checked_text("reason", fact.reason)
        case _:
            pass
    found = {field.name: getattr(fact, field.name) for field in fields(fact)}
    in_utc: dict[str, Any] = {
        name: value.astimezone(UTC) for name, value in found.items() if isinstance(value, datetime)
    }
    return replace(fact, **in_utc)


def checked_text(what: str, text: str | None) -> None:
    """Raises TextRefusedError for what no list can show; None is no text."""
    if text is None:
        return
    if not text.strip():
        raise TextRefusedError(f"{what} is empty: leave it out instead")
    if len(text) > TEXT_CHARS_MAX:
        raise TextRefusedError(f"{what} has {len(text)} characters, at most {TEXT_CHARS_MAX}")
    if REFUSED.search(text):
        raise TextRefusedError(f"{what} {text!r} holds control characters")
