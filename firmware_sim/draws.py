"""Random numbers that only a text decides: nothing to carry, the same on every machine."""

import hashlib
import math
from functools import lru_cache

import numpy as np
from numpy.random import Generator, Philox
from numpy.typing import NDArray

Floats = NDArray[np.float64]

BLOCK = 32  # knots of a line that are drawn at once


def drawn_from(*parts: str | int) -> Generator:
    """A generator that starts at the same place for the same parts.

    Philox counts instead of remembering, so that its start is the whole key and costs nothing.
    """
    text = "/".join(str(part) for part in parts)
    digest = hashlib.blake2b(text.encode(), digest_size=16).digest()
    return Generator(Philox(key=int.from_bytes(digest, "big")))


def wave(rng: Generator, size: int, every: int, turns: float = 0.0) -> Floats:
    """(size,): a smooth random line around 0, its knots `every` steps apart and of unit spread.

    turns: 0 … 1, how much each knot pushes the next to the other side: the more, the more even
    are the line's ups and downs.
    """
    knots = rng.standard_normal(size // every + 4)
    knots = (knots[1:] - turns * knots[:-1]) / math.sqrt(1 + turns * turns)
    start = int(rng.random() * every)  # the knots of two lines must not lie at the same minutes
    between = np.arange(every) / every
    whole = knots[:-1, None] + np.diff(knots)[:, None] * between
    found: Floats = whole.ravel()[start : start + size]
    return found


def line(seed: str, what: str, at: Floats) -> Floats:
    """As `at`: a random line without end, straight between knots of unit spread at whole numbers.

    Unlike a wave it goes on from day to day: what lies at a number is the same at every asking.
    """
    first = int(np.floor(at.min())) // BLOCK
    last = (int(np.floor(at.max())) + 1) // BLOCK
    knots = np.concatenate([_knots(seed, what, block) for block in range(first, last + 1)])
    found: Floats = np.interp(at, np.arange(first * BLOCK, (last + 1) * BLOCK), knots)
    return found


def lines(seed: str, what: str, at: float, count: int) -> Floats:
    """(count,): as many lines at one number; dearer for many numbers, cheaper for one."""
    low = math.floor(at)
    before, after = _row(seed, what, low, count), _row(seed, what, low + 1, count)
    found: Floats = before + (after - before) * (at - low)
    return found


def _row(seed: str, what: str, knot: int, count: int) -> Floats:
    found: Floats = _rows(seed, what, knot // BLOCK, count)[knot % BLOCK]
    return found


@lru_cache(maxsize=4096)
def _rows(seed: str, what: str, block: int, count: int) -> Floats:
    return drawn_from(seed, what, block).standard_normal((BLOCK, count))


@lru_cache(maxsize=16_384)  # the lines of thousands of animals, 4 MB
def _knots(seed: str, what: str, block: int) -> Floats:
    return drawn_from(seed, what, block).standard_normal(BLOCK)
