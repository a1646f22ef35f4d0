"""Findings beside the truth: what was found, how early, and what was told in vain. Pure.

The rules are those of `herd evaluate` (docs/evaluate.md): a finding hits a row of its condition
(one of `illness`: its four too) if it was known within the row and its tolerance. A row is detected
once, further hits are neutral. A finding counts when it was told first, also if it is taken back
later: by then somebody was up.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from contracts.detection import Condition
from contracts.ids import SubjectKind
from pipeline.evaluate_run import Days, Finding
from pipeline.tables import DAY_US, HOUR_US

C = Condition
TOLERANCE_H = {C.OESTRUS: 24.0, C.CALVING: 12.0, C.LAMENESS: 336.0}
TOLERANCE_ELSE_H = 120.0
ILL = frozenset({C.ILLNESS, C.MASTITIS, C.METRITIS, C.KETOSIS, C.DISPLACED_ABOMASUM})
SIGNS = frozenset(
    {
        C.FEVER,
        C.HYPOTHERMIA,
        C.RUMINATION_DROP,
        C.FEEDING_DROP,
        C.DRINKING_STOPPED,
        C.ILLNESS,
    }
)
HEALTH = frozenset(Condition) - {
    C.OESTRUS,
    C.CALVING,
    C.GEOFENCE_ESCAPE,
    C.THEFT,
    C.PREDATOR_PANIC,
    C.COLLAR_SILENT,
    C.COLLAR_FAULT,
    C.BATTERY_LOW,
    C.STATION_SILENT,
    C.SYSTEM_DEAF,
}
YOUNG_DAYS = 7  # her first: nothing is usual yet
BEFORE_CALVING_DAYS = 21  # in which a calving is waited for: false alerts are held against these
WILSON_Z = 1.96  # 95 %


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of truth. animal_id: an animal, or for what befalls all of them the farm."""

    animal_id: str
    condition: Condition
    start_us: int
    end_us: int
    tolerance_h: float | None = None

    @property
    def window_us(self) -> tuple[int, int]:
        """From when to when a finding that is known hits it."""
        hours = self.tolerance_h
        if hours is None:
            hours = TOLERANCE_H.get(self.condition, TOLERANCE_ELSE_H)
        tolerance_us = round(hours * HOUR_US)
        return self.start_us - tolerance_us, self.end_us + tolerance_us


@dataclass(slots=True)
class Figures:
    """Of one condition.

    before: of the detected, how many were known before the start. leads_h: start less first known.
    right: findings that were the first on a row. false: that hit nothing. alarm_h: how long its
    findings were open. young_*: rows that began in the animal's first week.
    """

    events: int = 0
    detected: int = 0
    before: int = 0
    leads_h: list[float] = field(default_factory=list)
    findings: int = 0
    right: int = 0
    false: int = 0
    alarm_h: float = 0.0
    young_events: int = 0
    young_detected: int = 0

    def add(self, other: "Figures") -> None:
        """Take in those of another farm."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    @property
    def has_rows(self) -> bool:
        """Whether there was any row of it, or a finding of it hit one."""
        return self.events + self.young_events + self.right > 0

    def told(self, animal_days: float) -> dict[str, Any]:
        """As JSON. None = nothing to divide by."""
        low, high = wilson(self.detected, self.events)
        quarter, median, three = _quartiles(self.leads_h)
        return {
            "events": self.events,
            "detected": self.detected,
            "sensitivity": _share(self.detected, self.events),
            "sensitivity_low": low,
            "sensitivity_high": high,
            # of signs of which the truth has no row, none could be right
            "precision": _share(self.right, self.right + self.false) if self.has_rows else None,
            "false_alerts": self.false,
            "false_alerts_per_1000_animal_days": _share(1000 * self.false, animal_days),
            "lead_h_median": median,
            "lead_h_q1": quarter,
            "lead_h_q3": three,
            "lead_h_least": _rounded(min(self.leads_h, default=None)),
            "detected_before_start": self.before,
            "detections": self.findings,
            "hours_in_alarm_per_1000_animal_days": _share(1000 * self.alarm_h, animal_days),
            "young_events": self.young_events,
            "young_detected": self.young_detected,
        }


@dataclass(slots=True)
class Table:
    """Figures of all conditions over some farms; all days are those that count.

    before_calving_days: of animal-days, those in the three weeks before a calving.
    """

    conditions: defaultdict[Condition, Figures] = field(
        default_factory=lambda: defaultdict(Figures)
    )
    animal_days: int = 0
    before_calving_days: float = 0.0

    def add(self, other: "Table") -> None:
        """Take in another farm's."""
        for condition, figures in other.conditions.items():
            self.conditions[condition].add(figures)
        self.animal_days += other.animal_days
        self.before_calving_days += other.before_calving_days

    def of(self, some: Collection[Condition]) -> "Table":
        """The same of some conditions only."""
        chosen = {one: figures for one, figures in self.conditions.items() if one in some}
        return replace(self, conditions=defaultdict(Figures, chosen))

    @property
    def health_false(self) -> int:
        """False alerts of everything that speaks of health."""
        return sum(one.false for condition, one in self.conditions.items() if condition in HEALTH)

    @property
    def health_false_per_1000(self) -> float | None:
        """The same a thousand animal-days."""
        return _share(1000 * self.health_false, self.animal_days)

    def told(self) -> dict[str, Any]:
        """As JSON, conditions in the order of the enum."""
        conditions = {
            str(condition): self.conditions[condition].told(self.animal_days)
            for condition in Condition
            if condition in self.conditions
        }
        if C.CALVING in conditions and self.before_calving_days:
            conditions[C.CALVING]["false_alerts_per_1000_pre_calving_days"] = _share(
                1000 * self.conditions[C.CALVING].false, self.before_calving_days
            )
        return {
            "conditions": conditions,
            "health_false_alerts_per_1000_animal_days": self.health_false_per_1000,
            "animal_days": self.animal_days,
        }


@dataclass(frozen=True, slots=True)
class Judged:
    """One finding held against the truth: the rows it hits; neutral: it is neither right nor false.

    excused: a sign of an illness while she was ill of something else.
    """

    finding: Finding
    rows: tuple[Row, ...]
    first: bool
    excused: bool

    @property
    def false(self) -> bool:
        """Whether it was told in vain."""
        return not self.rows and not self.excused


class Truth:
    """A farm's rows of truth, by whom they are about."""

    def __init__(self, farm_id: str, rows: Iterable[Row]) -> None:
        self.farm_id = farm_id
        self.rows = sorted(rows, key=lambda one: (one.start_us, one.animal_id, one.condition))
        self._by_subject: dict[str, list[Row]] = defaultdict(list)
        for row in self.rows:
            self._by_subject[row.animal_id].append(row)

    def about(self, finding: Finding) -> Sequence[Row]:
        """Rows that a finding may hit: of its subject, and of the whole farm."""
        if finding.subject_kind is SubjectKind.FARM:
            return self.rows
        return [*self._by_subject[finding.subject_id], *self._by_subject[self.farm_id]]

    def hit_by(self, finding: Finding) -> tuple[Row, ...]:
        """The rows that it hits."""
        return tuple(row for row in self.about(finding) if hits(finding, row))

    def excuses(self, finding: Finding) -> bool:
        """Whether it is a sign while that very animal was ill of anything."""
        return finding.condition in SIGNS and any(
            row.condition in HEALTH and _within(finding, row)
            for row in self._by_subject[finding.subject_id]
        )


def hits(finding: Finding, row: Row) -> bool:
    """Whether it names the row's condition, and was known in its window."""
    same = finding.condition is row.condition
    illness = finding.condition is C.ILLNESS and row.condition in ILL
    return (same or illness) and _within(finding, row)


def judged(truth: Truth, findings: Iterable[Finding]) -> list[Judged]:
    """Each finding held against the truth, in the order in which they were known."""
    taken: set[tuple[Condition, int]] = set()
    found = []
    for finding in sorted(findings, key=lambda one: one.known_us):
        rows = truth.hit_by(finding)
        keys = {(finding.condition, id(row)) for row in rows}
        found.append(Judged(finding, rows, bool(keys - taken), truth.excuses(finding)))
        taken |= keys
    return found


def scored(truth: Truth, findings: Sequence[Finding], counting: "Counting", until_us: int) -> Table:
    """The figures of one farm; until_us: the end of its log."""
    table = Table(animal_days=counting.animal_days())
    found = judged(truth, findings)
    first_us: dict[int, int] = {}  # in the order in which they were known
    for one in found:
        for row in one.rows:
            first_us.setdefault(id(row), one.finding.known_us)
    for row in truth.rows:
        _count_row(table, row, first_us.get(id(row)), counting)
    for one in found:
        if counting.counts(one.finding.subject_id, one.finding.known_us):
            counted = any(counting.counts(row.animal_id, row.start_us) for row in one.rows)
            figures = table.conditions[one.finding.condition]
            # the first on a row that is told beside is neither right nor wrong
            figures.right += one.first and counted
            _count_finding(figures, one, until_us)
    return table


def _count_row(table: Table, row: Row, known_us: int | None, counting: "Counting") -> None:
    figures = table.conditions[row.condition]
    if counting.is_young(row.animal_id, row.start_us):
        figures.young_events += 1
        figures.young_detected += known_us is not None
    if not counting.counts(row.animal_id, row.start_us):
        return
    figures.events += 1
    if row.condition is C.CALVING:
        table.before_calving_days += counting.days_before(row)
    if known_us is not None:
        figures.detected += 1
        figures.before += known_us < row.start_us
        figures.leads_h.append((row.start_us - known_us) / HOUR_US)


def _count_finding(figures: Figures, one: Judged, until_us: int) -> None:
    finding = one.finding
    ended_us = until_us if finding.ended_us is None else finding.ended_us
    figures.findings += 1
    figures.alarm_h += max(0, ended_us - finding.known_us) / HOUR_US
    figures.false += one.false


class Counting:
    """Since when animals were heard, and what counts.

    young_count: whether an animal's first week counts as all others do: of a simulated farm it does
    not, since it could as well have been left out; in files every row of truth is an event.
    """

    def __init__(self, animals: Sequence[str], days: Days, *, young_count: bool) -> None:
        self._first = {animals[place]: at for place, at in days.first_us.items()}
        self._days = {animals[place]: some for place, some in days.days.items()}
        self._farm_us = min(self._first.values(), default=0)
        self._young_count = young_count

    def _until(self, animal_id: str) -> int:
        return self._first.get(animal_id, self._farm_us) + YOUNG_DAYS * DAY_US

    def is_young(self, animal_id: str, at_us: int) -> bool:
        """Whether that lies in her first week; of the farm (and whoever is no animal): its own."""
        return at_us < self._until(animal_id)

    def counts(self, animal_id: str, at_us: int) -> bool:
        """Whether what lies there counts."""
        return self._young_count or not self.is_young(animal_id, at_us)

    def animal_days(self) -> int:
        """On how many days that count animals were heard."""
        return sum(
            self.counts(animal_id, day * DAY_US + DAY_US // 2)
            for animal_id, some in self._days.items()
            for day in some
        )

    def days_before(self, row: Row) -> float:
        """How long she was heard in the weeks before a calving, at most."""
        heard_us = self._first.get(row.animal_id, self._farm_us)
        since_us = heard_us if self._young_count else self._until(row.animal_id)
        return min(max(row.start_us - since_us, 0) / DAY_US, BEFORE_CALVING_DAYS)


def wilson(found: int, of: int) -> tuple[float | None, float | None]:
    """The 95 % interval of a share.

    Source: Wilson 1927, J. Am. Stat. Assoc. 22:209: it stays within 0 and 1, also of few.
    """
    if not of:
        return None, None
    share, square = found / of, WILSON_Z**2 / of
    middle = (share + square / 2) / (1 + square)
    half = WILSON_Z * np.sqrt(share * (1 - share) / of + square / (4 * of)) / (1 + square)
    return _rounded(max(0.0, middle - half)), _rounded(min(1.0, middle + half))


def _within(finding: Finding, row: Row) -> bool:
    begins, ends = row.window_us
    return begins <= finding.known_us <= ends


def _share(part: float, whole: float) -> float | None:
    return _rounded(part / whole) if whole else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(float(value), 4)


def _quartiles(values: Sequence[float]) -> tuple[float | None, float | None, float | None]:
    if not values:
        return None, None, None
    first, second, third = np.percentile(np.array(values), [25, 50, 75]).tolist()
    return _rounded(first), _rounded(second), _rounded(third)
