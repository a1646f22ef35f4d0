"""The import of a herd list: every row is decided first, then all of it is stored, or nothing."""

from collections import Counter
from dataclasses import dataclass, replace

from contracts.ids import AnimalId, CollarId, FarmId, UserId, derived_id, new_id
from herdbook.domain.commands import AssignCollar, RegisterAnimal
from herdbook.domain.errors import ExternalIdTakenError, HerdbookError
from herdbook.domain.herd_list import HerdRow, RefusedRow, read_list, refused_in
from herdbook.handlers import Herdbook, retried_on_conflict
from herdbook.register import Register


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportResult:
    """rows: read. imported: rows that the register now says (0 when refused, or on a dry run).

    refused: (row, sentence), the header being row 1; one is enough and nothing was imported.
    changes: events that were, or on a dry run would be, stored; 0 = the register said so already.
    position: of the log after the import; None if nothing was stored.
    """

    rows: int
    imported: int
    refused: tuple[tuple[int, str], ...] = ()
    changes: int = 0
    position: int | None = None


def import_csv(
    herdbook: Herdbook, text: str, farm_id: FarmId, *, by: UserId, dry_run: bool = False
) -> ImportResult:
    """Import a herd list (see `domain/herd_list.py`); the same list again changes nothing.

    An empty animal_id finds the farm's animal with that external_id, or gives a new UUID; an
    empty external_id means the known one, or the animal_id; an empty worn_from means now.
    """

    def attempt() -> ImportResult:
        register = herdbook.register(farm_id, by)
        read = read_list(text, register.now)
        rows = [row for row in read if isinstance(row, HerdRow)]
        refused = refused_in(read) + decide_rows(register, farm_id, rows)
        if refused:
            told = sorted((one.row, one.sentence) for one in refused)
            return ImportResult(rows=len(read), imported=0, refused=tuple(told))
        changes = register.changes()
        if dry_run or not changes:
            return ImportResult(
                rows=len(rows), imported=0 if dry_run else len(rows), changes=changes
            )
        position = register.store().position
        return ImportResult(rows=len(rows), imported=len(rows), changes=changes, position=position)

    return retried_on_conflict(attempt)


def decide_rows(register: Register, farm_id: FarmId, rows: list[HerdRow]) -> list[RefusedRow]:
    """Decide on every row, in `register`; the rows that cannot be imported."""
    holders = register.holders(row.external_id or row.animal_id or "" for row in rows)
    fresh = {
        row.external_id: AnimalId(derived_id("animal", farm_id, row.external_id))
        for row in rows
        if row.external_id and not row.animal_id and row.external_id not in holders
    }
    named = [AnimalId(row.animal_id) for row in rows if row.animal_id]
    collars = [CollarId(row.collar_id) for row in rows if row.collar_id]
    register.load([*named, *fresh.values()], collars)
    for external_id, animal_id in fresh.items():
        if register.animal(animal_id) is not None:  # it has got another external id since
            fresh[external_id] = AnimalId(new_id())
            register.load([fresh[external_id]])
    whole = [_with_ids(register, row, holders | fresh) for row in rows]
    refused = _twice(whole)
    in_file = {row.animal_id for row in whole}
    for row in whole:
        try:
            holder = holders.get(row.external_id or "")
            if holder not in (None, row.animal_id) and holder not in in_file:
                raise ExternalIdTakenError(str(row.external_id), str(holder))
            _decide_row(register, farm_id, row)
        except HerdbookError as error:
            refused.append(RefusedRow(row.row, str(error)))
    return refused


def _with_ids(register: Register, row: HerdRow, known: dict[str, AnimalId]) -> HerdRow:
    """The row with both of its animal's ids."""
    animal_id = AnimalId(row.animal_id or known[row.external_id or ""])
    animal = register.animal(animal_id)
    kept = animal.external_id if animal else animal_id
    return replace(row, animal_id=animal_id, external_id=row.external_id or kept)


def _twice(rows: list[HerdRow]) -> list[RefusedRow]:
    """The second and later rows of an animal, an external id or a collar: which one is meant?"""
    refused: list[RefusedRow] = []
    for name in ("animal_id", "external_id", "collar_id"):
        first: dict[str, int] = {}
        counts = Counter(getattr(row, name) for row in rows)
        for row in rows:
            value = getattr(row, name)
            if value is None or counts[value] == 1:
                continue
            if value in first:
                refused.append(
                    RefusedRow(row.row, f"{name} {value!r} stands in row {first[value]} already")
                )
            first.setdefault(value, row.row)
    return refused


def _decide_row(register: Register, farm_id: FarmId, row: HerdRow) -> None:
    animal_id = AnimalId(row.animal_id or "")
    known = register.animal(animal_id)
    kept = {name: getattr(known, name, None) for name in ("name", "group")}
    told = {name: None if name in row.clears else kept[name] for name in kept}
    register.register(
        RegisterAnimal(
            animal_id=animal_id,
            farm_id=farm_id,
            external_id=row.external_id or "",
            name=row.name or told["name"],
            group=row.group or told["group"],
        )
    )
    if row.collar_id is not None:
        register.collar(
            AssignCollar(
                collar_id=CollarId(row.collar_id),
                animal_id=animal_id,
                farm_id=farm_id,
                worn_from=row.worn_from or register.now,
            )
        )
