"""Which signals are binned by the hour and learnt. Those of a told hour stand first."""

from contracts.hour import HOUR_SIGNALS

SIGNALS = (*HOUR_SIGNALS, "lying_bouts")  # the last is looked at by detectors, and told in no hour
TEMPERATURE = "temperature_c"
COUNTED = tuple(signal for signal in SIGNALS if signal != TEMPERATURE)  # minutes and counts
MINUTES = tuple(signal for signal in COUNTED if signal.endswith("_minutes"))
