"""The import of a herd list: every row is decided first, then all of it is stored, or nothing."""

from collections import Counter
from dataclasses import dataclass, replace

from contracts.ids import AnimalId, CollarId, FarmId, UserId, derived_id, new_id
from herdbook.credentials import PasswordList
from herdbook.domain.commands import AssignCollar, RegisterAnimal
from herdbook.domain.errors import ExternalIdTakenError, HerdbookError
from herdbook.domain.herd_list import HEADER_ROW, HerdRow, RefusedRow, read_list, refused_in
from herdbook.handlers import Herdbook, retried_on_conflict
from herdbook.letting_in import LettingIn
from herdbook.register import Register

UNIQUE = ("animal_id", "external_id", "collar_id", "password")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportResult:
    """rows: read. imported: rows that the register now says (0 when refused, or on a dry run).

    refused: (row, sentence), the header being row 1; one is enough and nothing was imported.
    changes: events that were, or on a dry run would be, stored; 0 = the register said so already.
    position: of the log after the import; None if nothing was stored.
    let_in: collars that got, or on a dry run would get, a credential by this. left_out: those that
    were revoked once and stay so.
    """

    rows: int
    imported: int
    refused: tuple[tuple[int, str], ...] = ()
    changes: int = 0
    position: int | None = None
    let_in: tuple[CollarId, ...] = ()
    left_out: tuple[CollarId, ...] = ()


def import_csv(
    herdbook: Herdbook,
    text: str,
    farm_id: FarmId,
    *,
    by: UserId,
    dry_run: bool = False,
    passwords: PasswordList | None = None,
) -> ImportResult:
    """Import a herd list (see `domain/herd_list.py`); the same list again changes nothing.

    An empty animal_id finds the farm's animal with that external_id, or gives a new UUID; an
    empty external_id means the known one, or the animal_id; an empty worn_from means now.
    passwords: where the passwords go of collars that have no credential yet; None = none is made.
    Raises CredentialsRefusedError, before anything is stored where that can be.
    """
    wanted = None if passwords is None else LettingIn(herdbook.credentials, passwords, farm_id)

    def attempt() -> ImportResult:
        register = herdbook.register(farm_id, by)
        read = read_list(text, register.now)
        rows = [row for row in read if isinstance(row, HerdRow)]
        refused = refused_in(read) + decide_rows(register, farm_id, rows, wanted)
        if refused:
            told = sorted((one.row, one.sentence) for one in refused)
            return ImportResult(rows=len(read), imported=0, refused=tuple(told))
        changes = register.changes()
        return ImportResult(
            rows=len(rows),
            imported=0 if dry_run else len(rows),
            changes=changes,
            position=register.store().position if changes and not dry_run else None,
            let_in=wanted.lacking() if wanted else (),
            left_out=wanted.left_out if wanted else (),
        )

    result = retried_on_conflict(attempt)
    if wanted and result.imported:
        return replace(result, let_in=wanted.carry_out())
    return result


def decide_rows(
    register: Register, farm_id: FarmId, rows: list[HerdRow], wanted: LettingIn | None = None
) -> list[RefusedRow]:
    """Decide on every row, in `register`; the rows that cannot be imported."""
    spellings = {row.spelled or row.external_id or row.animal_id or "" for row in rows}
    holders = register.holders(spellings | {row.external_id or "" for row in rows})
    refused = _in_two_spellings(rows, holders)
    for row in rows:
        if row.spelled in holders:
            holders.setdefault(row.external_id or "", holders[row.spelled])
    named = [AnimalId(row.animal_id) for row in rows if row.animal_id]
    register.load(named, [CollarId(row.collar_id) for row in rows if row.collar_id])
    known = holders | _fresh(register, farm_id, rows, holders)
    whole = [_with_ids(register, row, known) for row in rows]
    refused += _twice(whole)
    in_file = {row.animal_id for row in whole}
    if wanted:
        wanted.begin(register)
    for row in whole:
        try:
            holder = holders.get(row.external_id or "")
            if holder not in (None, row.animal_id) and holder not in in_file:
                raise ExternalIdTakenError(str(row.external_id), str(holder))
            _decide_row(register, farm_id, row)
            if wanted:
                wanted.decide(row)
        except HerdbookError as error:
            refused.append(RefusedRow(row.row, str(error)))
    if wanted is None and any(row.password for row in rows):
        sentence = "there are passwords in the list: import it with --credentials FILE"
        refused.append(RefusedRow(HEADER_ROW, sentence))
    return refused


def _fresh(
    register: Register, farm_id: FarmId, rows: list[HerdRow], holders: dict[str, AnimalId]
) -> dict[str, AnimalId]:
    """Ids for the external ids that no animal of the farm carries; loads them."""
    fresh = {
        row.external_id: AnimalId(derived_id("animal", farm_id, row.external_id))
        for row in rows
        if row.external_id and not row.animal_id and row.external_id not in holders
    }
    register.load(fresh.values())
    for external_id, animal_id in fresh.items():
        if register.animal(animal_id) is not None:  # it has got another external id since
            fresh[external_id] = AnimalId(new_id())
            register.load([fresh[external_id]])
    return fresh


def _in_two_spellings(rows: list[HerdRow], holders: dict[str, AnimalId]) -> list[RefusedRow]:
    """The rows whose number the register knows in two spellings, as two animals."""
    refused: list[RefusedRow] = []
    for row in rows:
        known = {holders[text] for text in (row.spelled, row.external_id) if text in holders}
        if len(known) > 1 and not row.animal_id:
            which = " and ".join(sorted(known))
            sentence = f"external_id {row.external_id} is two animals, {which}: give the animal_id"
            refused.append(RefusedRow(row.row, sentence))
    return refused


def _with_ids(register: Register, row: HerdRow, known: dict[str, AnimalId]) -> HerdRow:
    """The row with both of its animal's ids."""
    animal_id = AnimalId(row.animal_id or known[row.external_id or ""])
    animal = register.animal(animal_id)
    kept = animal.external_id if animal else animal_id
    return replace(row, animal_id=animal_id, external_id=row.external_id or kept)


def _twice(rows: list[HerdRow]) -> list[RefusedRow]:
    """The second and later rows of what may stand once in a list: which one is meant?"""
    refused: list[RefusedRow] = []
    for name in UNIQUE:
        first: dict[str, int] = {}
        counts = Counter(getattr(row, name) for row in rows)
        for row in rows:
            value = getattr(row, name)
            if value is None or counts[value] == 1:
                continue
            if value in first:
                told = name if name == "password" else f"{name} {value!r}"
                refused.append(RefusedRow(row.row, f"{told} stands in row {first[value]} already"))
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
