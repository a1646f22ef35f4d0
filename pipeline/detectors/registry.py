"""The one tuple of all detectors; their order is the order of detections at one moment."""

from pipeline.detectors.base import Detector
from pipeline.detectors.battery_low import BatteryLow
from pipeline.detectors.collar_silent import CollarSilent
from pipeline.detectors.down import Down
from pipeline.detectors.fever import Fever
from pipeline.detectors.geofence_escape import GeofenceEscape
from pipeline.detectors.heat_stress import HeatStress
from pipeline.detectors.herd_outbreak import HerdOutbreak
from pipeline.detectors.hypothermia import Hypothermia
from pipeline.detectors.oestrus import Oestrus
from pipeline.detectors.rumination_drop import RuminationDrop
from pipeline.detectors.station_silent import StationSilent
from pipeline.detectors.system_deaf import SystemDeaf

ALL: tuple[Detector, ...] = (
    Fever(),
    RuminationDrop(),
    Oestrus(),
    StationSilent(),  # before the collars whose silence it explains
    CollarSilent(),
    SystemDeaf(),
    Down(),
    Hypothermia(),
    HeatStress(),  # before the outbreak that it is no sign of
    HerdOutbreak(),
    GeofenceEscape(),
    BatteryLow(),
)
