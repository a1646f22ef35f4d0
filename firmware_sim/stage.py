"""What an animal is and where in her life she stands: kind, parity, calvings, age. Pure.

A fresh cow eats and ruminates less and comes back within two or three weeks; a dry one is not
milked, drinks less and lies more; a calf lies most of the day and learns to ruminate within weeks.
Rumination after calving after Soriani 2012 and Schirmann 2013, lying of dry cows after Maselyne
2017, calves after Swanson & Harris 1958: directions and sizes recalled.
"""

import math
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

DAY_S = 86_400
DRY_DAYS = 55.0  # before the next calving
FRESH_DAYS = 5.5  # in which two thirds of what calving took come back


class Kind(StrEnum):
    """What an animal is kept as."""

    DAIRY = "dairy"  # in a barn, milked twice a day
    BEEF = "beef"  # a cow on range
    CALF = "calf"  # in a pen, fed milk


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """An animal's place in her life; the usual one is a cow somewhere in her lactation.

    parity: calvings so far, None = drawn from her seed. calvings: all that matter, those before
    the asked days and those to come, oldest first. born_at: of a calf; None = six weeks old always.
    """

    kind: Kind = Kind.DAIRY
    parity: int | None = None
    calvings: tuple[datetime, ...] = ()
    born_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """Factors on her own usual day. milked: whether she goes to the parlour."""

    milked: bool
    eating: float = 1.0
    rumination: float = 1.0
    lying: float = 1.0
    drinks: float = 1.0
    steps: float = 1.0


def shares_of(stage: Stage, at_s: float) -> Shares:
    """Her factors on the day around `at_s` (seconds since 1970)."""
    if stage.kind is Kind.CALF:
        return _calf(_days_since(stage.born_at, at_s, 42.0))
    past = [one for one in stage.calvings if one.timestamp() <= at_s]
    coming = [one for one in stage.calvings if one.timestamp() > at_s]
    milked = stage.kind is Kind.DAIRY
    if coming and -_days_since(coming[0], at_s, 0.0) < DRY_DAYS:
        dry = milked
        return Shares(
            milked=False,
            eating=0.86 if dry else 0.97,
            rumination=0.94 if dry else 0.98,
            lying=1.10 if dry else 1.02,
            drinks=0.65 if dry else 1.0,
            steps=0.80 if dry else 0.95,
        )
    if not past:
        return Shares(milked=milked)
    days = _days_since(past[-1], at_s, 0.0)
    lost = math.exp(-days / FRESH_DAYS)
    return Shares(
        milked=milked,
        eating=1 - 0.24 * lost,
        rumination=1 - 0.24 * lost,
        lying=1 - 0.08 * lost,
        drinks=1 - 0.15 * lost,
        steps=1 + 0.12 * lost,
    )


def _calf(days: float) -> Shares:
    """Of a calf `days` old, beside one that ruminates like a weaned one."""
    grown = 1 / (1 + 2.0 ** (-(days - 35) / 7))
    return Shares(milked=False, eating=0.3 + 0.7 * grown, rumination=0.08 + 0.92 * grown)


def _days_since(at: datetime | None, at_s: float, unknown: float) -> float:
    return unknown if at is None else (at_s - at.timestamp()) / DAY_S
