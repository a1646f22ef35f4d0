"""What detectors look at: signals of the readings that may be judged, in log order."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from contracts.columns import ReadingColumns
from pipeline.baselines import Baselines
from pipeline.signals import COUNTED, MINUTES
from pipeline.tables import HOUR_US, Longs, Mask

Floats = NDArray[np.float64]
RUMEN, CORE = "rumen", "core"
ACTIVITY = "activity"
SCALE = 100  # integers hold hundredths: of °C, of minutes, of counts
CENTI_MAX = 10_000  # ±100 °C: a sum of hundredths over any hour stays far inside its integer
# A count in an hour, whatever its sensor counts (steps, g, a maker's index): eighteen collars of it
# still fit into a bin's integer.
COUNT_MAX = 1_000_000
PART_S = 3600  # a reading that covers more is cut into parts of at most an hour
PARTS_MAX = 24  # a day: what lies beyond says nothing about an hour
WARM_PARTS_MAX = 3  # a temperature speaks for so many hours before it at most: a bolus every 2 h
# Bodies of living cattle, drinks in the rumen included (-8.5 °C after 25 kg at 7.6 °C, Bewley);
# a sensor that says 85 °C or -127 °C speaks of itself.
LOWEST_CENTI_C, HIGHEST_CENTI_C = 3_000, 4_300
# minutes over the span they cover: rounding and a late clock, not more
MINUTES_SHARE_MAX, MINUTES_MORE = 1.25, 1.0


@dataclass(frozen=True, slots=True)
class BodyTemperature:
    """Body temperatures (readings,): rumen or core only, since an ear tag follows the air.

    reading: index in the batch's columns. row: of the animal. centi_c: hundredths of °C. rumen:
    measured in the rumen (else core). usual_c: what is usual for her at that hour, NaN = not known.
    """

    reading: Longs
    row: Longs
    occurred_us: Longs
    centi_c: Longs
    rumen: Mask
    usual_c: Floats


@dataclass(frozen=True, slots=True)
class Signals:
    """What detectors that judge reading by reading may look at in one segment of a batch.

    All (readings,), in log order. reading: index in the batch's columns. row: of the animal.
    interval_us: the span that minutes and counts cover. columns: of the whole batch. baselines:
    what is usual, None = of nobody. farm_row: the row of the farm's first animal, where what is
    known of the farm itself lies. outside_m: metres outside the fences, under 0 inside, NaN = no
    fence or no fix; None: of nobody.
    """

    body_temperature: BodyTemperature
    reading: Longs
    row: Longs
    columns: ReadingColumns
    baselines: Baselines | None = None
    farm_row: Longs | None = None
    outside_m: Floats | None = None

    @property
    def occurred_us(self) -> Longs:
        """(readings,): when each was measured."""
        return self.columns.occurred_us[self.reading]

    @property
    def interval_us(self) -> Longs:
        """(readings,): the span that its minutes and counts cover."""
        return self.columns.longs["interval_s"][self.reading] * 1_000_000

    def column(self, name: str) -> Floats:
        """(readings,): a measurement (contracts.reading.MEASUREMENTS), NaN = not measured."""
        return self.columns.floats[name][self.reading]

    def usual(self, name: str) -> Floats:
        """(readings,): what is usual for her in an hour like that, NaN = not known."""
        if self.baselines is None:
            return np.full(len(self.row), np.nan)
        return self.baselines.usual_each(self.row, name, self.occurred_us // HOUR_US)


@dataclass(frozen=True, slots=True)
class HourParts:
    """Readings as the bins of hours take them, cut into parts of at most an hour: (parts,).

    middle_us: of the span that the part covers. seconds: its length. centi, measured: (parts,
    counted signals), hundredths and whether measured. warmth_centi_c: body temperature, where
    warm. last: the part at the reading's own time: it counts once. odd: last parts of readings with
    something that no animal does: that is taken for not measured.
    """

    row: Longs
    middle_us: Longs
    seconds: Longs
    centi: NDArray[np.int64]
    measured: NDArray[np.bool_]
    warmth_centi_c: Longs
    warm: Mask
    last: Mask
    odd: Mask


def signals(
    readings: ReadingColumns,
    judged: Longs,
    row: Longs,
    baselines: Baselines,
    farm_row: Longs | None = None,
    outside_m: Floats | None = None,
) -> Signals:
    """Signals of the readings at the indices `judged`; row: (judged,), of their animals."""
    celsius, rumen, body = _body_temperature(readings, judged)
    found = np.nonzero(body & _is_plausible(celsius))[0]
    occurred_us = readings.occurred_us[judged][found]
    return Signals(
        BodyTemperature(
            reading=judged[found],
            row=row[found],
            occurred_us=occurred_us,
            centi_c=_centi_c(celsius[found]),
            rumen=rumen[found],
            usual_c=baselines.usual_each(row[found], "temperature_c", occurred_us // HOUR_US),
        ),
        judged,
        row,
        readings,
        baselines,
        farm_row,
        outside_m,
    )


def hour_parts(readings: ReadingColumns, judged: Longs, row: Longs) -> HourParts:
    """The readings at the indices `judged` as parts of hours; row: (judged,), of their animals.

    A reading covers the span before its time and counts wholly in the hour that holds the span's
    middle: cutting it at the hour line would move a few minutes at most, and share out what
    happened in one of both hours. Only readings that cover more than an hour are cut, evenly.
    """
    interval_s = np.clip(readings.longs["interval_s"][judged], 1, PART_S * PARTS_MAX)
    count = -(-interval_s // PART_S)
    which = np.arange(len(judged))
    back = np.zeros(len(judged), np.int64)  # parts between this one and the reading's own time
    if (count > 1).any():
        which = np.repeat(which, count)
        ends = np.cumsum(count)
        back = ends[which] - 1 - np.arange(len(which))
    taken, parts = judged[which], count[which]
    length_us = interval_s[which] * 1_000_000 // parts
    values, measured, odd = _counts(readings, taken, parts, length_us)
    celsius, _, body = _body_temperature(readings, taken)
    sites = body & ~_is_plausible(celsius)
    warm = body & ~sites & (back < WARM_PARTS_MAX)
    return HourParts(
        row=row[which],
        middle_us=readings.occurred_us[taken] - back * length_us - length_us // 2,
        seconds=length_us // 1_000_000,
        centi=np.rint(values * SCALE).astype(np.int64),
        measured=measured,
        warmth_centi_c=_centi_c(np.where(warm, celsius, 0.0)),
        warm=warm,
        last=back == 0,
        odd=(odd | sites) & (back == 0),
    )


def _counts(
    readings: ReadingColumns, taken: Longs, parts: Longs, length_us: Longs
) -> tuple[Floats, Mask, Mask]:
    """Of each part (parts, COUNTED): its share of what was measured, within bounds, and whether it
    was; (parts,): whether the reading says something that no animal does.
    """
    values = np.stack([readings.floats[name][taken] for name in COUNTED], axis=1)
    values /= parts[:, None]
    minutes = np.array([name in MINUTES for name in COUNTED])
    span_minutes = length_us[:, None] / 60_000_000
    most = np.where(minutes, span_minutes, COUNT_MAX * span_minutes / 60)
    ends_at = np.where(minutes, MINUTES_SHARE_MAX * most + MINUTES_MORE, most)
    # an index of activity may have its zero at the mean: under it she rests, which is no fault
    odd = ((values < 0) & np.array([name != ACTIVITY for name in COUNTED])) | (values > ends_at)
    measured = ~(np.isnan(values) | odd)
    some: Mask = np.logical_or.reduce(odd, axis=1)
    return np.where(measured, np.clip(values, 0.0, most), 0.0), measured, some


def _body_temperature(
    readings: ReadingColumns, chosen: Longs
) -> tuple[NDArray[np.float64], Mask, Mask]:
    """(chosen,): °C, whether measured in the rumen, whether it is a body temperature at all."""
    celsius = readings.floats["temperature_c"][chosen]
    site = readings.texts["temperature_site"].take(chosen)
    rumen = site.equal(RUMEN)
    return celsius, rumen, np.isfinite(celsius) & (rumen | site.equal(CORE))


def _is_plausible(celsius: NDArray[np.float64]) -> Mask:
    """(readings,): whether a living body may be so warm."""
    found: Mask = (celsius * SCALE >= LOWEST_CENTI_C) & (celsius * SCALE <= HIGHEST_CENTI_C)
    return found


def _centi_c(celsius: NDArray[np.float64]) -> Longs:
    # integers: the float a collar sent is 38.599998, the same sum must come in any order
    return np.clip(np.rint(celsius * SCALE), -CENTI_MAX, CENTI_MAX).astype(np.int64)
