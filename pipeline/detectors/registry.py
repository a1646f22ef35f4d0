"""The one tuple of all detectors; their order is the order of detections at one moment."""

from pipeline.detectors.base import Detector
from pipeline.detectors.battery_low import BatteryLow
from pipeline.detectors.calving import Calving
from pipeline.detectors.calving_prolonged import CalvingProlonged
from pipeline.detectors.collar_fault import CollarFault
from pipeline.detectors.collar_silent import CollarSilent
from pipeline.detectors.displaced_abomasum import DisplacedAbomasum
from pipeline.detectors.down import Down
from pipeline.detectors.drinking_stopped import DrinkingStopped
from pipeline.detectors.feeding_drop import FeedingDrop
from pipeline.detectors.fever import Fever
from pipeline.detectors.geofence_escape import GeofenceEscape
from pipeline.detectors.heat_stress import HeatStress
from pipeline.detectors.herd_outbreak import HerdOutbreak
from pipeline.detectors.hypothermia import Hypothermia
from pipeline.detectors.illness import Illness
from pipeline.detectors.ketosis import Ketosis
from pipeline.detectors.lameness import Lameness
from pipeline.detectors.mastitis import Mastitis
from pipeline.detectors.metritis import Metritis
from pipeline.detectors.no_water import NoWater
from pipeline.detectors.oestrus import Oestrus
from pipeline.detectors.predator_panic import PredatorPanic
from pipeline.detectors.rumination_drop import RuminationDrop
from pipeline.detectors.station_silent import StationSilent
from pipeline.detectors.system_deaf import SystemDeaf
from pipeline.detectors.theft import Theft

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
    PredatorPanic(),
    Theft(),
    CollarFault(),
    FeedingDrop(),
    DrinkingStopped(),
    NoWater(),
    DisplacedAbomasum(),
    Metritis(),
    Mastitis(),
    Ketosis(),
    Illness(),  # what is said where none of these four says more
    Calving(),
    CalvingProlonged(),
    Lameness(),
)
