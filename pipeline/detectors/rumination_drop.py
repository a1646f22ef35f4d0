"""Rumination drop: she ruminates and eats far less than is usual for her, and the herd does not.

Rumination falls days before ketosis and displaced abomasum are diagnosed, and with many other
illnesses. It falls for a whole herd with a new ration or a hot day: so each animal is held against
the herd's median, fixed when the hour is judged. A healthy animal's day varies by an eighth: the
last 24 hours must be low, and the last 36 as well, and she must eat less too, if that is measured.
An animal that is much more active than usual chews less because she is in oestrus, not ill.
"""

from collections.abc import Mapping

import numpy as np

from contracts.detection import Condition
from pipeline.detectors.base import Limit, Measured, Spec, Verdict
from pipeline.detectors.sustained import MEMORY, Hold, changes_of, forget, turns
from pipeline.herd_hour import Floats, HerdHour, Window, herd_ratio
from pipeline.tables import Column, Table

DAY_HOURS = 24  # a whole day: meals, milking and night are in it once
LONG_HOURS = 36  # a day alone was four times as often wrong about as many ill animals
HOLD = Hold(onset_hours=3, end_hours=3)  # two were twice as often wrong, six found a fifth less
SIGNAL, EATING, ACTIVITY = "rumination_minutes", "eating_minutes", "activity"
HERD = "herd_rumination_pct"

DROP_LIMIT = Limit(
    "drop_pct",
    20.0,
    "%",
    "-15 to -30 % before ketosis (after Stangaferro 2016), the herd's median taken off as real "
    "feeding data ask for (Eckelkamp 2018's 30 % alone: 27.6 a 1000 days); ours: docs/detectors.md",
)
EATING_LIMIT = Limit(
    "eating_drop_pct", 15.0, "%", "-20 to -40 % with illness (signatures.csv); ours"
)
OVER_LIMIT = Limit("over_pct", 10.0, "%", "half of the onset's: a case must not flicker; ours")
ACTIVE_LIMIT = Limit(
    "activity_factor", 1.15, "1", "illness lowers it, oestrus multiplies it (signatures.csv); ours"
)


class RuminationDrop:
    """The detector of rumination_drop."""

    spec = Spec(
        "rumination_drop",
        1,
        Condition.RUMINATION_DROP,
        (DROP_LIMIT, EATING_LIMIT, OVER_LIMIT, ACTIVE_LIMIT),
    )
    memory: Mapping[str, Column] = MEMORY
    window_hours = LONG_HOURS

    def judge_hour(self, herd: HerdHour, memory: Table) -> Verdict:
        """Score: the least of her drops in per cent, eating by its own limit; see ByHour."""
        day = herd.window(SIGNAL, DAY_HOURS)
        eaten = herd.window(EATING, LONG_HOURS)
        of_day = _drop_pct(day)
        score = np.fmin(of_day, _drop_pct(herd.window(SIGNAL, LONG_HOURS)))
        score = np.fmin(score, _drop_pct(eaten) * (DROP_LIMIT.value / EATING_LIMIT.value))
        score = np.where(np.isfinite(of_day), score, np.nan)
        judged = np.nonzero(np.isfinite(score))[0]
        rows = herd.rows[judged]
        calm = ~(herd.window(ACTIVITY, DAY_HOURS).ratio[judged] > ACTIVE_LIMIT.value)
        turned = turns(
            memory,
            rows,
            herd.hour,
            (score[judged] >= DROP_LIMIT.value) & calm,
            of_day[judged] < OVER_LIMIT.value,
            HOLD,
        )
        told = memory["open"][rows]
        told[turned.end] = True
        newest = {
            int(herd.rows[place]): _evidence(herd, place, day, eaten)
            for place in judged[told].tolist()
        }
        return Verdict(score, day.why_not, changes_of(turned, rows, memory, newest), newest)

    def forget(self, row: int, memory: Table) -> None:
        """See ByHour."""
        forget(row, memory)


def _drop_pct(window: Window) -> Floats:
    """(animals,): per cent below usual, the herd's median taken for usual; NaN = not judged."""
    return (1.0 - window.ratio / herd_ratio(window.ratio)) * 100.0


def _evidence(herd: HerdHour, place: int, day: Window, eaten: Window) -> tuple[Measured, ...]:
    at_us, usual, ratio = herd.ends_us, float(day.usual[place]), herd_ratio(day.ratio)
    fires_under = usual * ratio * (1.0 - DROP_LIMIT.value / 100.0)
    said = [
        Measured(
            SIGNAL,
            "min",
            at_us,
            round(float(day.value[place]), 1),
            round(fires_under, 1),
            round(usual, 1),
        )
    ]
    if eaten.why_not[place] is None:
        a_day = DAY_HOURS / LONG_HOURS
        value, usually = float(eaten.value[place]) * a_day, float(eaten.usual[place]) * a_day
        said.append(Measured(EATING, "min", at_us, round(value, 1), None, round(usually, 1)))
    if ratio != 1.0:
        said.append(Measured(HERD, "%", at_us, round((ratio - 1.0) * 100.0, 1), None))
    return tuple(said)
