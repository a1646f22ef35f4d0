"""A judged hour as the event that read models, charts and backtests live on."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contracts.columns import moment
from contracts.envelope import Event
from contracts.hour import HOUR_SIGNALS, AnimalHour, HourScore, HourSignal, hour_event_id
from contracts.ids import FarmId
from contracts.messages import event_type_of
from pipeline.baselines import Baselines
from pipeline.detectors.base import Spec, Verdict
from pipeline.hours import HOUR_S, OPEN_HOURS, SECONDS_MAX, HourBins
from pipeline.tables import HOUR_US, Longs, Rows

ACTOR = "pipeline:hours"
# late readings changed the hour: its values are told anew, its detectors do not judge it again
LATE = "late_readings"
DIGITS = 3  # a thousandth of a minute or a degree is finer than any collar

Floats = NDArray[np.float64]


class HourTeller:
    """Makes the events of hours; one for a partition's state. specs: of the hourly detectors."""

    def __init__(
        self, animals: Rows, bins: HourBins, baselines: Baselines, specs: Sequence[Spec]
    ) -> None:
        self._animals, self._bins, self._baselines = animals, bins, baselines
        self._specs = specs

    def tell(
        self,
        rows: Longs,
        hour: int,
        line_us: int,
        cause: str,
        verdicts: Sequence[Verdict] = (),
        places: Mapping[int, int] | None = None,
    ) -> list[Event[AnimalHour]]:
        """The next revision of one hour of these animals, all heard in it; marks it as told.

        verdicts: one a spec; places: row → place in them. None: readings came late.
        """
        table, slot = self._bins.table, hour % OPEN_HOURS
        before = table["revision"][rows, slot].astype(np.int64)
        table["revision"][rows, slot] = np.minimum(before + 1, SECONDS_MAX).astype(np.uint16)
        table["changed"][rows, slot] = False
        values = _said(self._bins.values(rows, hour))
        span = np.array([hour])
        usual, spread = (
            _said(np.concatenate([of(rows, signal, span) for signal in HOUR_SIGNALS], axis=1))
            for of in (self._baselines.usual, self._baselines.spread)
        )
        heard_s = np.minimum(table["heard"][rows, slot], HOUR_S)
        hour_at, known_at = moment(hour * HOUR_US), moment(line_us)
        event_type = event_type_of(AnimalHour)
        scores = [_said(verdict.score) for verdict in verdicts]
        told = []
        for place, row in enumerate(rows.tolist()):
            farm_id, animal_id = (part.decode() for part in self._animals.keys[row])
            revision = int(table["revision"][row, slot])
            payload = AnimalHour(
                hour_at=hour_at,
                revision=revision,
                known_at=known_at,
                readings=int(table["readings"][row, slot]),
                coverage_share=round(int(heard_s[place]) / HOUR_S, DIGITS),
                signals=_signals(values[place], usual[place], spread[place]),
                scores=self._scores(scores, verdicts, places[row] if places else None),
            )
            told.append(
                Event(
                    event_id=hour_event_id(farm_id, animal_id, hour_at, revision),
                    event_type=event_type,
                    timestamp=hour_at,
                    aggregate_id=animal_id,
                    actor=ACTOR,
                    farm_id=FarmId(farm_id),
                    causation_id=cause,
                    payload=payload,
                )
            )
        return told

    def _scores(
        self, scores: list[list[Any]], verdicts: Sequence[Verdict], place: int | None
    ) -> tuple[HourScore, ...]:
        if place is None:
            found: list[tuple[float | None, str | None]] = [(None, LATE)] * len(self._specs)
        else:
            found = [
                (score[place], verdict.why_not[place])
                for score, verdict in zip(scores, verdicts, strict=True)
            ]
        return tuple(
            HourScore(
                detector=spec.name,
                condition=spec.condition,
                unit=spec.limits[0].unit,
                score=score,
                limit=spec.limits[0].value,
                why_not=why_not,
            )
            for spec, (score, why_not) in zip(self._specs, found, strict=True)
        )


def _signals(values: list[Any], usual: list[Any], spread: list[Any]) -> tuple[HourSignal, ...]:
    """Those signals that were measured, or are usually."""
    return tuple(
        HourSignal(signal=signal, value=value, usual=level, spread=width)
        for signal, value, level, width in zip(HOUR_SIGNALS, values, usual, spread, strict=True)
        if value is not None or level is not None
    )


def _said(values: Floats) -> list[Any]:
    """The same as lists, rounded, None for NaN."""
    rounded = np.round(values, DIGITS).astype(object)
    rounded[np.isnan(values)] = None
    said: list[Any] = rounded.tolist()
    return said
