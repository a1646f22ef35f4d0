"""The guard around decoders: others wrote them, so whatever one does costs that frame alone."""

from collections.abc import Callable
from typing import TypeVar

from contracts.dead_letter import Reason, Rejected
from gateway.decoders import Decode, Frame

SENTENCE_MAX = 200

R = TypeVar("R")


def guarded(
    name: str, decode: Decode, frame: Frame, understood: Callable[[object], R]
) -> R | Rejected:
    """What `understood` makes of the decoder's answer; DECODER_FAILED if either raises.

    `understood` looks into objects that the decoder made, so it runs under the same guard.
    """
    try:
        return understood(decode(frame))
    except (Exception, SystemExit) as error:  # noqa: BLE001  foreign; sys.exit ends our thread
        return Rejected(Reason.DECODER_FAILED, f"decoder {name!r}: {_sentence(error)}")


def _sentence(error: BaseException) -> str:
    """What an error says of itself, fit for a log and a database: no control characters."""
    try:
        text = f"{type(error).__name__}: {error}"
    except Exception:  # noqa: BLE001  foreign, too
        text = "an error that cannot even say what it is"
    # half a surrogate pair cannot be written as UTF-8, and Postgres takes no NUL
    return "".join(letter if letter.isprintable() else "?" for letter in text[:SENTENCE_MAX])
