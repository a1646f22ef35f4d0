"""Calving: within hours she gives birth: cooler than usual, restless, off her feed.

From a day before, the body is 0.3 to 0.5 °C cooler (Kim 2021, Burfeind 2011); in the last 6 to 12
hours she lies down and gets up, walks, eats and ruminates less. None of it alone is worth much (a
drop of temperature finds 7 of 10 and is wrong on a quarter of the days: PMC8833683), so all that is
measured is added up, in spreads of her own. Who is known to be due needs less; nobody is told of
who is due at another time, is not pregnant or calved lately. Where nobody knows when she is due,
the signs must be stronger, and those of a birth: off her feed, and not as restless as in oestrus,
which is far commoner and leaves the appetite. A cool body alone comes too early and goes with the
weather: it must be far cooler.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from contracts.detection import Condition
from pipeline.detectors.base import Limit, Measured, Spec, Verdict
from pipeline.detectors.leanings import Leaning, lean, sum_of, told
from pipeline.detectors.sustained import MEMORY, Hold
from pipeline.herd_hour import NOT_MEASURED, HerdHour
from pipeline.life import Life
from pipeline.signals import TEMPERATURE
from pipeline.tables import Column, Mask

Floats = NDArray[np.float64]

RESTLESS_HOURS, DAY_HOURS = 8, 24
COOL = (Leaning(TEMPERATURE, 12, -1, 0.6), Leaning(TEMPERATURE, DAY_HOURS, -1, 0.9))
FASTS = (
    Leaning("rumination_minutes", RESTLESS_HOURS, -1, 0.8),
    Leaning("eating_minutes", 12, -1, 0.8),
)
RESTLESS = (
    Leaning("activity", RESTLESS_HOURS, 1, 0.6, most=3.0),
    Leaning("steps", RESTLESS_HOURS, 1, 0.5, most=3.0),
    Leaning("lying_bouts", 12, 1, 1.0),
    Leaning("lying_minutes", RESTLESS_HOURS, -1, 0.3),
)
LABOUR = (*FASTS, *RESTLESS)
SIGNS = (*COOL, *LABOUR)

FEW_SIGNS = 4  # measured: so few do not add up to what all of them can

NOT_DUE, NOT_PREGNANT, CALVED_LATELY = "not_due", "not_pregnant", "calved_lately"

DUE_LIMIT = Limit("due_spreads", 3.5, "1", "of one sign; ours: docs/detectors.md")
LIMITS = (
    DUE_LIMIT,
    Limit("due_few_spreads", 2.2, "1", "where at most four signs are measured; ours"),
    Limit("due_cool_spreads", 4.5, "1", "where only the body is; -0.3 to -0.5 °C (Kim 2021)"),
    Limit("unknown_spreads", 3.8, "1", "where nobody knows when she is due; ours"),
    Limit("unknown_few_spreads", 2.5, "1", "where neither that nor more than four signs; ours"),
    Limit("unknown_cool_spreads", 5.3, "1", "where only the body is measured, -0.9 °C; ours"),
    Limit("labour_spreads", 1.0, "1", "of restlessness and appetite at least, if measured; ours"),
    Limit("unknown_fasts_spreads", 0.7, "1", "off her feed, as in oestrus she is seldom; ours"),
    Limit("heat_spreads", 3.5, "1", "of activity: so restless is oestrus, not birth; ours"),
    Limit("heat_steps_spreads", 6.0, "1", "of steps, where no activity is measured; ours"),
    Limit("signs_min", 2, "1", "one alone is a quarrel, a cold drink, a sensor; ours"),
    Limit("over_share", 0.4, "1", "of the limit: a case must not flicker; ours"),
    Limit("due_days", 12, "d", "gestation 281 ± 5 days: 49 of 50 within twelve (recalled)"),
    Limit("open_days_min", 200, "d", "after a calving; a pregnancy is 80 days longer; ours"),
)
SPEC = Spec(
    "calving",
    1,
    Condition.CALVING,
    LIMITS,
    signals=tuple(dict.fromkeys(one.signal for one in SIGNS)),
)
HOLD = Hold(
    onset_hours=2,
    end_hours=6,
    lasts_hours_max=48,  # signs begin 24 to 36 hours before
    rest_hours=24,
)


class Calving:
    """The detector of calving that is at hand."""

    memory: Mapping[str, Column] = MEMORY
    window_hours = DAY_HOURS
    medians = tuple((one.signal, one.hours) for one in SIGNS)
    hold = HOLD

    def __init__(self, spec: Spec = SPEC) -> None:
        self.spec = spec

    def judge_hour(self, herd: HerdHour) -> Verdict:
        """Score: spreads of all signs together, scaled to the limit of who is due; see ByHour."""
        first, signs = self.spec.value(DUE_LIMIT.name), sum_of(herd, SIGNS)
        asked, labour = asked_of(herd.life, self.spec), sum_of(herd, LABOUR)
        limit = self._limit(asked.due, signs.judged <= FEW_SIGNS, labour.judged == 0)
        score = signs.spreads * first / limit
        judged = np.isfinite(score)
        in_labour = ~(labour.spreads < self.spec.value("labour_spreads"))
        enough = signs.speaking >= self.spec.value("signs_min")
        convincing = enough & in_labour & (asked.due | self._is_birth(herd))
        return Verdict(
            score,
            asked.why_not(judged),
            over=(score >= first) & convincing & ~asked.barred,
            under=asked.barred | (score < first * self.spec.value("over_share")),
            partial=judged & herd.medians.partial(self.medians),
        )

    def evidence(self, herd: HerdHour, place: int) -> tuple[Measured, ...]:
        """What was measured of all signs, beside what is usual for her; see ByHour."""
        return told(herd, SIGNS, place)

    def _limit(self, due: Mask, few: Mask, cool: Mask) -> Floats:
        """(animals,): what is asked of each; few, cool: of whose signs few, or no other, are
        measured.
        """

        def of(who: str) -> Floats:
            value = self.spec.value
            some = np.where(few, value(f"{who}_few_spreads"), value(f"{who}_spreads"))
            return np.where(cool, value(f"{who}_cool_spreads"), some)

        return np.where(due, of("due"), of("unknown"))

    def _is_birth(self, herd: HerdHour) -> Mask:
        """(animals,): whose signs are not those of oestrus; who measures nothing but the body shows
        none of those.
        """
        value = self.spec.value
        off_her_feed = sum_of(herd, FASTS).spreads >= value("unknown_fasts_spreads")
        active, steps = (lean(herd, one, RESTLESS_HOURS) for one in ("activity", "steps"))
        heat = (active > value("heat_spreads")) | (
            np.isnan(active) & (steps > value("heat_steps_spreads"))
        )
        cool_alone = sum_of(herd, LABOUR).judged == 0
        birth: Mask = (off_her_feed | cool_alone) & ~heat
        return birth


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of signs of calving, by what the register knows, all (animals,).

    due: who is due within the days. reasons: why she is not about to calve; None = she may be.
    """

    due: Mask
    reasons: list[str | None]

    @property
    def barred(self) -> Mask:
        """(animals,): who is not about to calve."""
        return np.array([one is not None for one in self.reasons], np.bool_)

    def why_not(self, judged: Mask) -> list[str | None]:
        """Why each has no score, or why hers raises nothing."""
        return [
            NOT_MEASURED if reason is None and not is_judged else reason
            for reason, is_judged in zip(self.reasons, judged.tolist(), strict=True)
        ]


def asked_of(life: Life, spec: Spec) -> Asked:
    """By the card's `due_days` and `open_days_min`."""
    due_days = spec.value("due_days")
    due = np.abs(life.days_to_due) <= due_days
    away = np.abs(life.days_to_due) > due_days  # unknown is neither
    lately = ~due & (life.days_in_milk < spec.value("open_days_min"))
    empty = life.open_cow == 1
    reasons = [
        CALVED_LATELY if has else NOT_PREGNANT if is_empty else NOT_DUE if far else None
        for has, is_empty, far in zip(lately.tolist(), empty.tolist(), away.tolist(), strict=True)
    ]
    return Asked(due, reasons)
