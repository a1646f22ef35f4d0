"""The detectors as each farm has them: the registry's, or with limits of the farm's own.

A farm's limits are told by the register and hold from their place in the log on: hours that are
judged again later are judged by them too.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.detectors.base import (
    ByHearing,
    ByHerd,
    ByHour,
    ByReading,
    ByTime,
    Detector,
    Explains,
    LimitBoundsError,
    Spec,
    UnknownLimitError,
)
from pipeline.inhibition import Rules
from pipeline.tables import as_bytes, from_bytes

TUNED = "detector.tuned.v1"
UNKNOWN_DETECTOR = "unknown_detector"


@dataclass(frozen=True, slots=True)
class Forms:
    """Detectors by what makes them judge, each in the order of the registry.

    explaining: names of those by time that explain what later ones would find.
    """

    by_reading: tuple[ByReading, ...]
    by_hour: tuple[ByHour, ...]
    by_herd: tuple[ByHerd, ...]
    by_time: tuple[ByTime, ...]
    by_hearing: tuple[ByHearing, ...]
    explaining: frozenset[str]
    by_name: Mapping[str, Detector]
    rules: Rules

    @classmethod
    def of(cls, detectors: Sequence[Detector]) -> "Forms":
        """Told apart once: asking a protocol costs many microseconds."""
        by_hour = tuple(d for d in detectors if isinstance(d, ByHour))
        return cls(
            tuple(d for d in detectors if isinstance(d, ByReading)),
            by_hour,
            tuple(d for d in detectors if isinstance(d, ByHerd)),
            tuple(d for d in detectors if isinstance(d, ByTime)),
            tuple(d for d in detectors if isinstance(d, ByHearing)),
            frozenset(d.spec.name for d in detectors if isinstance(d, Explains)),
            {d.spec.name: d for d in detectors},
            Rules.of(by_hour),
        )


class Tuning:
    """Farm → its own limits, by detector and limit."""

    def __init__(self, detectors: Sequence[Detector]) -> None:
        self._detectors = tuple(detectors)
        self.common = Forms.of(self._detectors)
        self._limits: dict[str, dict[str, dict[str, float]]] = {}
        self._made: dict[str, Forms] = {}

    def of(self, farm_id: str) -> Forms:
        """The detectors that judge a farm."""
        return self._made.get(farm_id, self.common)

    def hourly_specs(self, farm_id: str) -> list[Spec]:
        """The cards by which a farm's hours are judged."""
        return [detector.spec for detector in self.of(farm_id).by_hour]

    @property
    def farms(self) -> Iterable[str]:
        """Those with limits of their own."""
        return self._made.keys()

    def tune(self, farm_id: str, details: Mapping[str, Any]) -> str | None:
        """A farm's own limits of a detector from here on, all of them; why not, if they are none.

        details: of DetectorTuned. What this build does not know is left as it is.
        """
        name = str(details["detector"])
        values = {str(one["name"]): float(one["value"]) for one in details["limits"]}
        known = self.common.by_name.get(name)
        if known is None:
            return UNKNOWN_DETECTOR
        try:
            known.spec.tuned(values)
        except (UnknownLimitError, LimitBoundsError) as error:
            return str(error)
        limits = {**self._limits.pop(farm_id, {}), name: values}
        self._put(farm_id, {one: some for one, some in limits.items() if some})
        return None

    def to_array(self) -> NDArray[np.uint8]:
        """All of it as JSON in bytes."""
        return as_bytes(self._limits)

    def load(self, packed: NDArray[np.uint8]) -> None:
        """Take over what to_array gave."""
        for farm_id, limits in from_bytes(packed).items():
            self._put(farm_id, limits)

    def _put(self, farm_id: str, limits: dict[str, dict[str, float]]) -> None:
        self._made.pop(farm_id, None)
        if limits:
            self._limits[farm_id] = limits
            own = [_with(one, limits.get(one.spec.name)) for one in self._detectors]
            self._made[farm_id] = Forms.of(own)


def _with(detector: Detector, limits: Mapping[str, float] | None) -> Detector:
    """The same detector with these limits; it is made from its card."""
    if not limits:
        return detector
    made: Any = type(detector)
    spec: Spec = detector.spec.tuned(limits)
    found: Detector = made(spec)
    return found
