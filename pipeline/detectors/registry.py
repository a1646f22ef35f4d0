"""The one tuple of all detectors; their order is the order of detections at one reading."""

from pipeline.detectors.base import Detector
from pipeline.detectors.fever import Fever

ALL: tuple[Detector, ...] = (Fever(),)
