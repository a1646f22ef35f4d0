"""The detectors, one condition a file."""
