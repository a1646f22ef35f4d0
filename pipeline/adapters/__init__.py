"""Kafka as the worker needs it: its input, its transactions, its snapshots."""
