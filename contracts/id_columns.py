"""Derived ids of many things at once: the letters of `ids.derived_id`, without a text a row."""

from collections.abc import Sequence
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]

ID_CHARS = 36
_DIGITS = np.frombuffer(b"0123456789abcdef", np.uint8)
_VARIANTS = np.frombuffer(b"89ab" * 4, np.uint8)  # by the digit that stood there, as in ids.py
_VERSION_AT, _VARIANT_AT = 12, 16  # digits of the digest that make it a UUIDv4
_VERSION, _DASH = ord("4"), ord("-")
_DASHES_AT = (8, 13, 18, 23)
_DIGITS_AT = [place for place in range(ID_CHARS) if place not in _DASHES_AT]


def derived_ids(texts: Sequence[bytes]) -> Bytes:
    """(texts, 36): the id that each text's SHA-256 stands for, in ASCII.

    texts: what `derived_id` hashes: its parts, each behind its length and a colon.
    """
    digests = b"".join([sha256(text).digest()[:16] for text in texts])
    octets = np.frombuffer(digests, np.uint8).reshape(len(texts), 16)
    halves = np.stack([octets >> 4, octets & 0xF], axis=2).reshape(len(texts), 32)
    digits = _DIGITS[halves]
    digits[:, _VERSION_AT] = _VERSION
    digits[:, _VARIANT_AT] = _VARIANTS[halves[:, _VARIANT_AT]]
    ids = np.full((len(texts), ID_CHARS), _DASH, np.uint8)
    ids[:, _DIGITS_AT] = digits
    return ids
