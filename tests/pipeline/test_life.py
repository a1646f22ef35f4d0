"""What the register says of animals, as detectors see it."""

import dataclasses

import numpy as np

from pipeline.life import unknown


def test_nobody_told_is_not_a_number_anywhere() -> None:
    """A zero would be a calving today; a mask that compares with it would judge on nothing."""
    life = unknown(3)

    told = [getattr(life, field.name) for field in dataclasses.fields(life)]
    assert all(len(array) == 3 and np.isnan(array).all() for array in told)
