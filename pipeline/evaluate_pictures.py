"""What a report shows of single events: the signals of her hours, what was usual, what was said.

The engine's told hours are kept while it runs (half precision: a picture is no measurement), and of
the events of a farm a few of each kind are cut out afterwards. Pure.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from contracts.detection import Condition
from contracts.hour import HOUR_SIGNALS
from contracts.hour_columns import HourColumns
from contracts.ids import SubjectKind
from pipeline.evaluate import ILL, Judged, Row, Truth
from pipeline.evaluate_input import EvaluatedFarm
from pipeline.evaluate_run import Finding
from pipeline.tables import HOUR_US

Halves = NDArray[np.float16]
Floats = NDArray[np.float64]
C = Condition

SIGNALS = tuple(HOUR_SIGNALS)
KEPT_BYTES_MAX = 400_000_000
# of each condition and kind, of one farm
PICKED = 2
HIT, LATE, MISSED, FALSE = "found", "found late", "missed", "false alert"
KINDS = (HIT, LATE, MISSED, FALSE)
LATE_H = 24.0  # of what is known by a diagnosis: so much after it is late; of others see below
LATE_SOONER_H = {C.OESTRUS: 10.0, C.CALVING: 0.0, C.DOWN: 6.0, C.PREDATOR_PANIC: 0.5, C.THEFT: 0.5}
BEFORE_H = {
    C.OESTRUS: 72,
    C.CALVING: 72,
    C.CALVING_PROLONGED: 48,
    C.LAMENESS: 24 * 21,
    C.DOWN: 36,
    C.COLLAR_SILENT: 36,
    C.FEVER: 72,
    C.HYPOTHERMIA: 48,
    C.DRINKING_STOPPED: 60,
    C.PREDATOR_PANIC: 24,
    C.THEFT: 24,
    C.GEOFENCE_ESCAPE: 24,
}
BEFORE_ELSE_H = 24 * 6
AFTER_H = {
    C.LAMENESS: 24 * 10,
    C.OESTRUS: 36,
    C.CALVING: 36,
    C.DOWN: 24,
    C.FEVER: 48,
    C.PREDATOR_PANIC: 12,
    C.THEFT: 12,
    C.GEOFENCE_ESCAPE: 12,
}
AFTER_ELSE_H = 72


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """One signal, all (hours,): NaN = not measured, or not known yet."""

    signal: str
    value: Floats
    usual: Floats
    spread: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One event of one animal. since_us: the first hour; rows, findings: of hers that it shows.

    why: what her own detectors said meanwhile, in words. lead_h: None where nothing was found.
    """

    condition: Condition
    kind: str
    farm_id: str
    subject_id: str
    since_us: int
    traces: tuple[Trace, ...]
    rows: tuple[Row, ...]
    findings: tuple[Finding, ...]
    lead_h: float | None = None
    why: str = ""


class HourKeeper:
    """Keeps told hours of a farm; a `Watcher`. about: those it keeps first if not all fit."""

    def __init__(self, farm: EvaluatedFarm, about: Iterable[str]) -> None:
        self._first = farm.since_us // HOUR_US - 24
        self._hours = farm.until_us // HOUR_US + 1 - self._first
        most = KEPT_BYTES_MAX // (self._hours * len(SIGNALS) * 3 * 2)
        wanted = dict.fromkeys([*about, *farm.animals])
        known = set(farm.animals)
        kept = [one for one in wanted if one in known][:most]
        self._place = {one: place for place, one in enumerate(kept)}
        shape = (len(kept), self._hours, len(SIGNALS), 3)
        self._kept: Halves = np.full(shape, np.nan, np.float16)
        self._scores: dict[Condition, Halves] = {}  # of its limit: 1 and more tells
        self._why_not: dict[Condition, dict[tuple[int, int], str]] = {}

    def see(self, hours: HourColumns) -> None:
        """Take in one told hour."""
        hour = hours.hour_us // HOUR_US - self._first
        if not 0 <= hour < self._hours:
            return
        at = [self._place.get(one, -1) for one in hours.animal_ids]
        rows = np.array([row for row, place in enumerate(at) if place >= 0], np.int64)
        places = np.array([place for place in at if place >= 0], np.int64)
        said = np.stack([hours.values, hours.usual, hours.spread], axis=2)[rows]
        with np.errstate(over="ignore"):
            self._kept[places, hour] = said.astype(np.float16)
        for column in hours.scores:
            if column.card.limit:
                share = column.score[rows] / column.card.limit
                judged = np.isfinite(share)
                with np.errstate(over="ignore"):
                    kept = self._scores_of(column.card.condition)
                    kept[places[judged], hour] = share[judged].astype(np.float16)
                reasons = self._why_not.setdefault(column.card.condition, {})
                for row, place in zip(rows.tolist(), places.tolist(), strict=True):
                    why = column.why_not[row]
                    if why is not None:
                        reasons[place, hour] = why

    def _scores_of(self, condition: Condition) -> Halves:
        if condition not in self._scores:
            self._scores[condition] = np.full((len(self._place), self._hours), np.nan, np.float16)
        return self._scores[condition]

    def traces(self, animal_id: str, since_us: int, until_us: int) -> tuple[Trace, ...]:
        """Her measured signals in these hours; () of somebody who is not kept."""
        place = self._place.get(animal_id)
        if place is None:
            return ()
        begins, ends = self._between(since_us, until_us)
        kept = self._kept[place, begins:ends].astype(np.float64)
        return tuple(
            Trace(
                signal=signal,
                value=kept[:, column, 0],
                usual=kept[:, column, 1],
                spread=kept[:, column, 2],
            )
            for column, signal in enumerate(SIGNALS)
            if np.isfinite(kept[:, column, 0]).any()
        )

    def said(self, animal_id: str, conditions: Collection[Condition], row: Row) -> str:
        """How near detectors of these conditions came within a row's window, in words."""
        place = self._place.get(animal_id)
        if place is None:
            return ""
        begins, ends = self._between(*row.window_us)
        parts = []
        for condition in conditions:
            if condition not in self._scores:
                continue
            scores = self._scores[condition][place, begins:ends].astype(np.float64)
            judged = np.isfinite(scores)
            reasons = [
                self._why_not[condition][place, hour]
                for hour in range(begins, ends)
                if (place, hour) in self._why_not[condition]
            ]
            if judged.any():
                share = float(np.nanmax(scores))
                part = f"{condition} came to {share:.0%} of its limit"
                if share >= 1:
                    part += " (not for long enough, or something explained it)"
                if reasons:
                    part += f"; {len(reasons)} of {ends - begins} hours not judged"
                parts.append(part)
            elif reasons:
                most = max(sorted(set(reasons)), key=reasons.count)
                parts.append(f"{condition} judged none of the hours ({most})")
        return "; ".join(parts)

    def _between(self, since_us: int, until_us: int) -> tuple[int, int]:
        begins = max(0, since_us // HOUR_US - self._first)
        return begins, max(begins, min(self._hours, -(-until_us // HOUR_US) - self._first))


def pictures(
    truth: Truth, found: Sequence[Judged], keeper: HourKeeper, since_us: int
) -> list[Picture]:
    """A few of each condition and kind; since_us: earlier ones are of the first week."""
    made: list[Picture] = []
    counts: dict[tuple[Condition, str], int] = {}
    for moment in _moments(truth, found, since_us):
        key = moment.condition, moment.kind
        if counts.get(key, 0) < PICKED:
            picture = _picture(truth, found, keeper, moment)
            if picture is not None:
                counts[key] = counts.get(key, 0) + 1
                made.append(picture)
    return made


@dataclass(frozen=True, slots=True)
class _Moment:
    """What a picture is of: a row with what hit it first (None = nothing), or a false alert."""

    condition: Condition
    kind: str
    row: Row | None
    finding: Finding | None

    @property
    def subject_id(self) -> str:
        if self.row is not None:
            return self.row.animal_id
        return "" if self.finding is None else self.finding.subject_id

    @property
    def times_us(self) -> list[int]:
        known = [] if self.finding is None else [self.finding.known_us]
        return known if self.row is None else [*known, self.row.start_us]


def _moments(truth: Truth, found: Sequence[Judged], since_us: int) -> Iterator[_Moment]:
    first: dict[int, Finding] = {}
    for one in found:
        for row in one.rows:
            first.setdefault(id(row), one.finding)
    for row in truth.rows:
        if row.start_us >= since_us:
            hit = first.get(id(row))
            yield _Moment(row.condition, _kind(row, hit), row, hit)
    for one in found:
        if one.false and one.finding.known_us >= since_us:
            yield _Moment(one.finding.condition, FALSE, None, one.finding)


def _kind(row: Row, hit: Finding | None) -> str:
    if hit is None:
        return MISSED
    late_us = LATE_SOONER_H.get(row.condition, LATE_H) * HOUR_US
    return LATE if hit.known_us > row.start_us + late_us else HIT


def _picture(
    truth: Truth, found: Sequence[Judged], keeper: HourKeeper, moment: _Moment
) -> Picture | None:
    condition, subject_id, row, hit = (
        moment.condition,
        moment.subject_id,
        moment.row,
        moment.finding,
    )
    of_many = hit is not None and hit.subject_kind is not SubjectKind.ANIMAL
    if of_many or subject_id == truth.farm_id:
        return None  # there are no hours of one animal to show
    before_us = BEFORE_H.get(condition, BEFORE_ELSE_H) * HOUR_US
    begins_us = (min(moment.times_us) - before_us) // HOUR_US * HOUR_US
    ends_us = max(moment.times_us) + AFTER_H.get(condition, AFTER_ELSE_H) * HOUR_US
    traces = keeper.traces(subject_id, begins_us, ends_us)
    if not traces:
        return None
    if hit is not None:
        why = hit.evidence
    else:
        asked = [condition, *([C.ILLNESS] if condition in ILL - {C.ILLNESS} else [])]
        why = "" if row is None else keeper.said(subject_id, asked, row)
    return Picture(
        condition=condition,
        kind=moment.kind,
        farm_id=truth.farm_id,
        subject_id=subject_id,
        since_us=begins_us,
        traces=traces,
        rows=tuple(
            one
            for one in truth.rows
            if one.animal_id in (subject_id, truth.farm_id)
            and one.start_us < ends_us
            and one.end_us > begins_us
        ),
        findings=tuple(
            one.finding
            for one in found
            if one.finding.subject_id == subject_id and begins_us < one.finding.known_us < ends_us
        ),
        lead_h=None if row is None or hit is None else (row.start_us - hit.known_us) / HOUR_US,
        why=why,
    )


def picked(pictures: Iterable[Picture], most: dict[str, int]) -> list[Picture]:
    """Of those of all farms so many of each condition and kind, farms in turn."""
    by: dict[tuple[Condition, str], dict[str, list[Picture]]] = {}
    for one in pictures:
        by.setdefault((one.condition, one.kind), {}).setdefault(one.farm_id, []).append(one)
    found: list[Picture] = []
    for condition in Condition:
        for kind in KINDS:
            farms = list(by.get((condition, kind), {}).values())
            turns = [farm[n] for n in range(PICKED) for farm in farms if n < len(farm)]
            found += turns[: most.get(kind, 0)]
    return found


def running_mean(trace: Trace, hours: int) -> Trace:
    """The same as means of the last so many hours; NaN where less than half of them are known.

    The spread of a mean is that of its hours as if they were independent.
    """

    def mean(values: Floats) -> Floats:
        known = np.isfinite(values)
        total = np.cumsum(np.append([0.0], np.where(known, values, 0.0)))
        count = np.cumsum(np.append([0], known))
        begins = np.maximum(np.arange(len(values)) + 1 - hours, 0)
        ends = np.arange(len(values)) + 1
        counts = count[ends] - count[begins]
        sums = total[ends] - total[begins]
        return np.where(counts >= hours / 2, sums / np.maximum(counts, 1), np.nan)

    return replace(
        trace,
        value=mean(trace.value),
        usual=mean(trace.usual),
        spread=np.sqrt(mean(trace.spread**2) / hours),
    )
