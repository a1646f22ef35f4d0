"""The truth and animals files of `herd evaluate`: small, and read strictly, since they decide."""

import csv
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import datetime, timedelta
from typing import TypeVar

from contracts.animal_event import (
    AnimalCalved,
    AnimalInseminated,
    AnimalPregnancyChecked,
    AnimalRegistered,
)
from contracts.columns import micros, moment
from contracts.detection import Condition
from contracts.ids import AnimalId
from herd.evaluate_csv import TOLD_MAX, FileError, time_of
from pipeline.evaluate import Row
from pipeline.evaluate_input import Fact

One = TypeVar("One")
ABOUT_THE_FARM = frozenset(
    {
        Condition.HEAT_STRESS,
        Condition.HERD_OUTBREAK,
        Condition.PREDATOR_PANIC,
        Condition.SYSTEM_DEAF,
    }
)
FARM_NAMES = frozenset({"", "farm", "herd", "*"})
TOLERANCE_H_MAX = 24 * 365

GESTATION_MIN = timedelta(days=200)  # due days further from a calving are of another one


def read_truth(lines: Iterable[str], animals: Collection[str], farm_id: str) -> list[Row]:
    """Rows of truth; raises FileError that names every bad line (the first of them).

    animals: that were heard. What befalls the whole farm may name an animal, the farm or nobody.
    """
    known = frozenset(animals)

    def row(fields: dict[str, str]) -> Row:
        try:
            condition = Condition(fields["condition"].lower())
        except ValueError:
            raise ValueError(f"no condition {fields['condition']!r}") from None
        animal_id = fields["animal_id"]
        if animal_id not in known and condition in ABOUT_THE_FARM:
            animal_id = farm_id
        elif animal_id in FARM_NAMES - known:
            raise ValueError(f"{condition} of no animal")
        start = time_of(fields["start"])
        end = time_of(fields["end"]) if fields.get("end") else start
        if end < start:
            raise ValueError(f"it ends at {fields['end']}, before its start")
        tolerance = fields.get("tolerance_h")
        hours = float(tolerance) if tolerance else None
        if hours is not None and not 0 <= hours <= TOLERANCE_H_MAX:
            raise ValueError(f"tolerance_h {tolerance!r}: 0 to {TOLERANCE_H_MAX}")
        return Row(
            animal_id=animal_id,
            condition=condition,
            start_us=micros(start),
            end_us=micros(end),
            tolerance_h=hours,
        )

    return _read("truth", lines, ("animal_id", "condition", "start"), row)


def read_animals(lines: Iterable[str], since_us: int) -> list[Fact]:
    """What the register is told of the animals, in order of time; raises FileError.

    What lies before since_us is told then; a calving or insemination that lies later, when it
    happened: nobody knows it earlier.
    """

    def facts(fields: dict[str, str]) -> list[Fact]:
        return list(_facts(fields, since_us))

    found = [one for some in _read("animals", lines, ("animal_id",), facts) for one in some]
    return sorted(found, key=lambda one: one.at_us)


def _facts(fields: dict[str, str], since_us: int) -> Iterator[Fact]:
    if not fields["animal_id"]:
        raise ValueError("no animal_id")
    animal_id = AnimalId(fields["animal_id"])

    def at(name: str) -> datetime | None:
        return time_of(fields[name]) if fields.get(name) else None

    parity = int(float(fields["parity"])) if fields.get("parity") else None
    group, calved_at = fields.get("group") or None, at("calved_at")
    yield Fact(
        at_us=since_us,
        payload=AnimalRegistered(animal_id=animal_id, external_id=animal_id, group=group),
    )
    if calved_at is not None:
        calved = AnimalCalved(animal_id=animal_id, calved_at=calved_at, parity=parity)
        yield Fact(at_us=max(since_us, micros(calved_at)), payload=calved)
    inseminated_at = at("inseminated_at")
    if inseminated_at is not None:
        served = AnimalInseminated(animal_id=animal_id, inseminated_at=inseminated_at)
        yield Fact(at_us=max(since_us, micros(inseminated_at)), payload=served)
    due_at = at("due_at")
    known_us = None if due_at is None else _due_is_known_us(due_at, calved_at, since_us)
    if due_at is not None and known_us is not None:
        checked = AnimalPregnancyChecked(
            animal_id=animal_id, checked_at=moment(known_us), pregnant=True, due_at=due_at
        )
        yield Fact(at_us=known_us, payload=checked)


def _due_is_known_us(due_at: datetime, calved_at: datetime | None, since_us: int) -> int | None:
    """When the register knows that she is due: at once, unless it is the due day of a calving that
    was over by then (None), or of the one after a calving that is still to come (after that one).
    """
    if calved_at is None:
        return since_us
    if due_at < calved_at + GESTATION_MIN:  # of this very calving
        return None if micros(calved_at) <= since_us else since_us
    return max(since_us, micros(calved_at) + 60_000_000)


def _read(
    what: str, lines: Iterable[str], needed: tuple[str, ...], made: Callable[[dict[str, str]], One]
) -> list[One]:
    reader = csv.reader(lines)
    header = [name.strip().lstrip("\ufeff").lower() for name in next(reader, [])]
    missing = [name for name in needed if name not in header]
    if missing:
        raise FileError(f"{what}, line 1: no column {', '.join(missing)} in its header")
    found, bad = [], []
    for row in reader:
        if not row:
            continue
        if len(row) > len(header):
            bad.append(f"line {reader.line_num}: {len(row)} fields, the header has {len(header)}")
            continue
        texts = [*(text.strip() for text in row), *[""] * (len(header) - len(row))]
        try:
            found.append(made(dict(zip(header, texts, strict=True))))
        except ValueError as error:
            bad.append(f"line {reader.line_num}: {error}")
    if bad:
        more = f"; and {len(bad) - TOLD_MAX} more" if len(bad) > TOLD_MAX else ""
        raise FileError(f"{what}: {'; '.join(bad[:TOLD_MAX])}{more}")
    return found
