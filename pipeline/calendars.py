"""What the register told of each animal's life: a small row an animal, whether she has spoken yet.

Problem: context comes late, twice, out of order, before an animal's first reading and after her row
was freed; and an hour of three days ago is judged again knowing what is known now, but as things
stood then: the calving of yesterday must not make a calving alert of the day before look absurd.
Approach: of each kind of fact the newest by its own time is kept, of calvings the newest two, and
nothing is ever erased by another fact. What holds at an hour follows from their times alone: a
calving ends the pregnancies told before it, for the hours after it.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import numpy as np

from contracts.columns import micros
from contracts.ids import is_id
from pipeline.keys import NO_KEY, FarmKeys, Farms, Words
from pipeline.life import Floats, Life
from pipeline.tables import Arrays, Column, Longs, Mask, Table, as_bytes, from_bytes

MINUTE_US = 60_000_000
HOUR_MINUTES, DAY_MINUTES = 60, 24 * 60
NO_TIME = -(2**31)  # minutes since 1970 fit into 32 bits for four thousand years
NO_GROUP = -1
# from insemination to calving: 279 to 284 days in dairy breeds (recalled)
GESTATION_DAYS = 280
# no calving lies nearer to the one before; told twice with another hour, it is one
BETWEEN_CALVINGS_DAYS = 200
# so soon after a calving no cow is pregnant, whether anybody looked or not
SURELY_OPEN_DAYS = 30
UNKNOWN, OPEN, PREGNANT = 0, 1, 2  # what a pregnancy check said
PARITY_MAX = 250
GROUPS_MAX = 1000  # of a farm: more are no pens

Apply = Callable[["Calendars", str, int, Mapping[str, Any], int], None]


class Calendars:
    """Rows keyed (farm, animal), of those of whom something was told; none is ever forgotten."""

    def __init__(self) -> None:
        self._farms = Farms()  # its own: rows hang on the order of what was told, not of readings
        self._animals = FarmKeys(self._farms)
        self.table = Table(
            {
                # minutes since 1970
                **{name: Column("int32", fill=NO_TIME) for name in _TIMES},
                "parity": Column("uint8"),  # 0 = not known
                "check": Column("uint8"),
                "group": Column("int16", fill=NO_GROUP),
            }
        )
        self._groups: dict[str, list[str]] = {}  # farm → names by code

    def __len__(self) -> int:
        return len(self._animals)

    def apply(self, farm_id: str, kind: str, details: Mapping[str, Any], at_us: int) -> None:
        """Take in an event of the register. details: its payload; at_us: when it occurred."""
        apply, animal_id = KINDS.get(kind), details.get("animal_id")
        if apply is not None and isinstance(animal_id, str) and is_id(animal_id):
            apply(self, farm_id, self._row(farm_id, animal_id), details, at_us // MINUTE_US)

    def life(self, farm_id: str, animals: Words, hour: int) -> Life | None:
        """Of a farm's animals (their ids as words) at the end of an hour; None: nothing is told."""
        rows = self._rows_of(farm_id, animals)
        if rows is None:
            return None
        at = (hour + 1) * HOUR_MINUTES
        facts = _Facts(self.table, rows, at)
        calved = facts.newest_of("calved", "calved_before")
        calved_at = np.where(np.isnan(calved), -np.inf, calved)
        served, check = facts.newest_of("served"), facts.newest_of("checked")
        checked = facts.of("check") * (check > calved_at)
        # served again since: what the check said of the time before says nothing
        checked = np.where((checked == OPEN) & (served > check), UNKNOWN, checked)
        pregnant = checked == PREGNANT
        told_due = np.where(facts.time("due") > NO_TIME, facts.time("due"), np.nan)
        own_due = np.where(served > calved_at, served + GESTATION_DAYS * DAY_MINUTES, np.nan)
        due = np.where(pregnant, np.where(np.isnan(told_due), own_due, told_due), np.nan)
        since_calving = (at - calved) / DAY_MINUTES
        surely_open = (since_calving < SURELY_OPEN_DAYS) & ~(served > calved_at)
        is_open = np.where((checked == OPEN) | (surely_open & ~pregnant), 1.0, np.nan)
        dried = facts.newest_of("dried")
        return Life(
            days_in_milk=since_calving,
            days_to_due=(due - at) / DAY_MINUTES,
            days_since_insemination=(at - served) / DAY_MINUTES,
            parity=facts.parity(),
            hours_since_treatment=(at - facts.newest_of("treated")) / HOUR_MINUTES,
            hours_since_move=(at - facts.newest_of("moved")) / HOUR_MINUTES,
            open_cow=np.where(pregnant, 0.0, is_open),
            days_dry=np.where(dried > calved_at, (at - dried) / DAY_MINUTES, np.nan),
            hours_since_diagnosis=(at - facts.newest_of("diagnosed")) / HOUR_MINUTES,
        )

    def groups(self, farm_id: str, animals: Words) -> Longs:
        """(animals,): code of the group (pen, paddock) each is in; NO_GROUP = nobody told."""
        rows = self._rows_of(farm_id, animals)
        if rows is None:
            return np.full(len(animals), NO_GROUP, np.int64)
        known: Mask = rows != NO_KEY
        codes: Longs = np.where(known, self.table["group"][np.maximum(rows, 0)], NO_GROUP)
        return codes.astype(np.int64)

    def group_name(self, farm_id: str, code: int) -> str | None:
        """What a group is called; None for NO_GROUP."""
        return None if code == NO_GROUP else self._groups[farm_id][code]

    @property
    def bytes_held(self) -> int:
        """Memory of all of it."""
        return self.table.bytes_per_row * len(self) + self._animals.index.bytes_held

    def to_arrays(self) -> Arrays:
        """All of it as arrays."""
        farms = {f"farms.{name}": array for name, array in self._farms.to_arrays().items()}
        animals = {f"of.{name}": a for name, a in self._animals.index.to_arrays().items()}
        groups = {"groups": as_bytes(self._groups)}
        return {**farms, **animals, **groups, **self.table.to_arrays(len(self))}

    def load(self, arrays: Arrays) -> None:
        """Take over what to_arrays gave."""
        farms, animals = "farms.", "of."
        self._farms.load({n[len(farms) :]: a for n, a in arrays.items() if n.startswith(farms)})
        self._animals.index.load(
            {n[len(animals) :]: a for n, a in arrays.items() if n.startswith(animals)}
        )
        self._groups = from_bytes(arrays["groups"])
        self.table.load({name: array for name, array in arrays.items() if name in _COLUMNS})

    def raise_to(self, row: int, name: str, minute: int) -> bool:
        """Note a time if none newer is known; whether it is the newest now."""
        times = self.table[name]
        newer = minute >= int(times[row])
        if newer:
            times[row] = minute
        return newer

    def put_group(self, farm_id: str, row: int, group: str | None) -> bool:
        """Note in which group she is; whether it is another one than was known."""
        codes = self._groups.setdefault(farm_id, [])
        if group is not None and group not in codes and len(codes) < GROUPS_MAX:
            codes.append(group)
        code = codes.index(group) if group in codes else NO_GROUP
        before = int(self.table["group"][row])
        self.table["group"][row] = code
        return code not in {before, NO_GROUP} and before != NO_GROUP

    def _row(self, farm_id: str, animal_id: str) -> int:
        farm = self._farms.add(farm_id.encode())
        words = self._animals.words(np.array([farm]), self._farms.ids.words(animal_id.encode()))
        row = int(self._animals.index.take(words)[0][0])
        self.table.reach(len(self))
        return row

    def _rows_of(self, farm_id: str, animals: Words) -> Longs | None:
        farm = self._farms.find(farm_id.encode())
        if farm is None or not len(animals):
            return None
        # what is no ordinary id has words of another numbering, and no place in the register
        odd = animals.view(np.uint8).reshape(len(animals), -1)[:, 0] == 0
        rows = self._animals.index.find(self._animals.words(np.full(len(animals), farm), animals))
        found: Longs = np.where(odd, NO_KEY, rows)
        return found if (found != NO_KEY).any() else None


class _Facts:
    """Of some animals (rows, NO_KEY = nothing told) what was so at a time (minutes)."""

    def __init__(self, table: Table, rows: Longs, at: int) -> None:
        self._table, self._rows, self._at = table, np.maximum(rows, 0), at
        self._known: Mask = rows != NO_KEY

    def of(self, name: str) -> Longs:
        """(animals,): a column, 0 where nothing is told."""
        found: Longs = np.where(self._known, self._table[name][self._rows], 0).astype(np.int64)
        return found

    def time(self, name: str) -> Longs:
        """(animals,): a time, NO_TIME where nothing is told."""
        found: Longs = np.where(self._known, self._table[name][self._rows], NO_TIME)
        return found.astype(np.int64)

    def newest_of(self, *names: str) -> Floats:
        """(animals,): the newest of these times that is not after the hour; NaN = none."""
        found = np.full(len(self._rows), np.nan)
        for name in reversed(names):
            time = self.time(name)
            found = np.where((time > NO_TIME) & (time <= self._at), time, found)
        return found

    def parity(self) -> Floats:
        """(animals,): calvings up to the hour; NaN = not known."""
        told, newest = self.of("parity"), self.time("calved")
        calves_later = newest > self._at
        return np.where(told > 0, told - calves_later, np.nan).astype(np.float64)


def _calved(
    calendars: Calendars, _farm_id: str, row: int, details: Mapping[str, Any], _at: int
) -> None:
    table, minute = calendars.table, _minute(details["calved_at"])
    newest, parity = int(table["calved"][row]), int(table["parity"][row])
    said = details.get("parity")
    apart = BETWEEN_CALVINGS_DAYS * DAY_MINUTES
    if newest == NO_TIME or minute >= newest + apart:
        table["calved_before"][row], table["calved"][row] = newest, minute
        parity = min(parity + 1, PARITY_MAX) if parity else 0
    elif minute > newest - apart:  # the same calving, told anew
        table["calved"][row] = minute
    else:
        calendars.raise_to(row, "calved_before", minute)
        return
    table["parity"][row] = parity if said is None else min(max(int(said), 0), PARITY_MAX)


def _checked(
    calendars: Calendars, _farm_id: str, row: int, details: Mapping[str, Any], _at: int
) -> None:
    if calendars.raise_to(row, "checked", _minute(details["checked_at"])):
        due_at = details.get("due_at")
        calendars.table["check"][row] = PREGNANT if details["pregnant"] else OPEN
        calendars.table["due"][row] = NO_TIME if due_at is None else _minute(due_at)


def _moved(
    calendars: Calendars, farm_id: str, row: int, details: Mapping[str, Any], _at: int
) -> None:
    minute = _minute(details["moved_at"])
    calendars.raise_to(row, "moved", minute)
    if calendars.raise_to(row, "grouped", minute):
        calendars.put_group(farm_id, row, details["group"])


def _named(
    calendars: Calendars, farm_id: str, row: int, details: Mapping[str, Any], at: int
) -> None:
    """Her attributes, her group among them; another one than before means that she was moved."""
    is_newest = calendars.raise_to(row, "grouped", at)
    if is_newest and calendars.put_group(farm_id, row, details.get("group")):
        calendars.raise_to(row, "moved", at)


def _newest(column: str, field: str) -> Apply:
    def apply(
        calendars: Calendars, _farm_id: str, row: int, details: Mapping[str, Any], _at: int
    ) -> None:
        calendars.raise_to(row, column, _minute(details[field]))

    return apply


def _minute(said: str) -> int:
    return micros(datetime.fromisoformat(said)) // MINUTE_US


_TIMES = (
    "calved",
    "calved_before",
    "served",
    "checked",
    "due",
    "dried",
    "treated",
    "diagnosed",
    "moved",
    "grouped",
)
_COLUMNS = (*_TIMES, "parity", "check", "group")
KINDS: Mapping[str, Apply] = {
    "animal.registered.v1": _named,
    "animal.renamed.v1": _named,
    "animal.moved.v1": _moved,
    "animal.calved.v1": _calved,
    "animal.inseminated.v1": _newest("served", "inseminated_at"),
    "animal.pregnancy-checked.v1": _checked,
    "animal.dried-off.v1": _newest("dried", "dried_off_at"),
    "animal.treated.v1": _newest("treated", "treated_at"),
    "animal.diagnosed.v1": _newest("diagnosed", "diagnosed_at"),
}
