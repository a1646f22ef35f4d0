"""Judged hours as what read models, charts and backtests live on: told in columns."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from contracts.hour import HOUR_SIGNALS, LEARNING_DAYS
from contracts.hour_columns import HourColumns, ScoreCard, ScoreColumn
from contracts.ids import FarmId
from pipeline.baselines import DAY_HOURS, TEACHES_SECONDS_MIN, Baselines
from pipeline.detectors.base import Spec, Verdict
from pipeline.hours import HOUR_S, OPEN_HOURS, SECONDS_MAX, HourBins
from pipeline.keys import FarmKeys
from pipeline.tables import HOUR_US, Longs

ACTOR = "pipeline:hours"
# late readings changed the hour, and not all of its window is held any more: it is told anew with
# its values, its detectors do not judge it again
LATE = "late_readings"
WAITING_HOURS = 73  # an hour is learnt from once it is so old
TOLD = len(HOUR_SIGNALS)  # of what is binned, the first so many signals are told
DIGITS = 3  # a thousandth of a minute or a degree is finer than any collar

Floats = NDArray[np.float64]


class HourTeller:
    """Tells hours; one for a partition's state. specs_of: the hourly detectors' cards, by farm."""

    def __init__(
        self,
        animals: FarmKeys,
        bins: HourBins,
        baselines: Baselines,
        specs_of: Callable[[str], Sequence[Spec]],
    ) -> None:
        self._animals, self._bins, self._baselines = animals, bins, baselines
        self._specs_of = specs_of

    def tell(
        self,
        rows: Longs,
        hour: int,
        line_us: int,
        cause: str,
        verdicts: Sequence[Verdict] = (),
        places: Mapping[int, int] | None = None,
    ) -> list[HourColumns]:
        """The next revision of one hour of these animals, all heard in it; marks it as told.

        rows: of one farm; for none of them, nothing is told. verdicts: one a spec; places: row →
        place in them. None: readings came late.
        """
        if not len(rows):
            return []
        table, slot = self._bins.table, hour % OPEN_HOURS
        before = table["revision"][rows, slot].astype(np.int64)
        revision = np.minimum(before + 1, SECONDS_MAX)
        table["revision"][rows, slot] = revision.astype(np.uint16)
        table["changed"][rows, slot] = False
        farm_id = self._animals.key(int(rows[0]))[0].decode()
        usual, spread = self._baselines.hour_of_day(rows, hour)
        heard_s = np.minimum(table["heard"][rows, slot], HOUR_S)
        return [
            HourColumns(
                farm_id=FarmId(farm_id),
                actor=ACTOR,
                causation_id=cause,
                hour_us=hour * HOUR_US,
                known_us=line_us,
                animal_ids=self._animals.names(rows),
                revision=revision,
                readings=table["readings"][rows, slot].astype(np.int64),
                coverage_share=np.round(heard_s / HOUR_S, DIGITS),
                values=np.round(self._bins.values(rows, hour)[:, :TOLD], DIGITS),
                usual=np.round(usual[:, :TOLD], DIGITS),
                spread=np.round(spread[:, :TOLD], DIGITS),
                scores=tuple(self._scores(farm_id, rows, verdicts, places)),
                learnt_days=self._learnt_days(rows, hour),
            )
        ]

    def _learnt_days(self, rows: Longs, hour: int) -> Longs:
        """(animals,): whole days heard so far: learnt, or heard and still to be learnt."""
        hours = self._baselines.learnt_hours(rows)
        young = np.nonzero(hours < LEARNING_DAYS * DAY_HOURS)[0]
        if len(young):
            table = self._bins.table
            at, heard = table["hour"][rows[young]], table["heard"][rows[young]]
            waits = (at <= hour) & (at > hour - WAITING_HOURS) & (heard >= TEACHES_SECONDS_MIN)
            hours[young] += waits.sum(axis=1)
        return np.minimum(hours // DAY_HOURS, LEARNING_DAYS)

    def _scores(
        self,
        farm_id: str,
        rows: Longs,
        verdicts: Sequence[Verdict],
        places: Mapping[int, int] | None,
    ) -> list[ScoreColumn]:
        cards = [
            ScoreCard(spec.name, spec.condition, spec.limits[0].unit, spec.limits[0].value)
            for spec in self._specs_of(farm_id)
        ]
        whole = np.zeros(len(rows), np.bool_)
        if places is None:
            unjudged, late = np.full(len(rows), np.nan), [LATE] * len(rows)
            return [ScoreColumn(card, unjudged, late, whole) for card in cards]
        at = [places[row] for row in rows.tolist()]
        return [
            ScoreColumn(
                card,
                np.round(verdict.score[at], DIGITS),
                [verdict.why_not[place] for place in at],
                verdict.partial[at],
            )
            for card, verdict in zip(cards, verdicts, strict=True)
        ]
