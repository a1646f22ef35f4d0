"""Collars that behave like firmware on animals that behave like cattle; for demo and tests."""
