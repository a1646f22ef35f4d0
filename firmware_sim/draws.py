"""Random numbers that only a text decides: nothing to carry, the same on every machine."""

import hashlib

import numpy as np
from numpy.random import Generator, Philox
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def drawn_from(*parts: str | int) -> Generator:
    """A generator that starts at the same place for the same parts.

    Philox counts instead of remembering, so that its start is the whole key and costs nothing.
    """
    text = "/".join(str(part) for part in parts)
    digest = hashlib.blake2b(text.encode(), digest_size=16).digest()
    return Generator(Philox(key=int.from_bytes(digest, "big")))


def wave(rng: Generator, size: int, every: int) -> Floats:
    """(size,): a smooth random line around 0, its knots `every` steps apart and of unit spread."""
    knots = rng.standard_normal(size // every + 2)
    start = rng.random()  # the knots of two lines must not lie at the same minutes
    return np.interp((np.arange(size) / every) + start, np.arange(len(knots)), knots)
