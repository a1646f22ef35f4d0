"""Readings → detections: one columnar state a partition, one transaction a batch."""
