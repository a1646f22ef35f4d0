"""Finds the installed decoders, once, when a process starts."""

from functools import cache
from importlib.metadata import EntryPoints, entry_points
from types import MappingProxyType

import structlog

from contracts.ids import is_id
from gateway.decoders import Decode, Decoders

log = structlog.get_logger()

GROUP = "herd.decoders"


@cache
def installed_decoders() -> Decoders:
    """Those of the installed packages, loaded at the first call."""
    return load_decoders(entry_points(group=GROUP))


def load_decoders(found: EntryPoints) -> Decoders:
    """All decoders by name; one that cannot be loaded is a line in the log, and left out."""
    decoders: dict[str, Decode] = {}
    for entry in found:
        if not is_id(entry.name):
            log.error("decoder_name_refused", name=entry.name, expected="1 to 40 of a-z, 0-9, '-'")
            continue
        if entry.name in decoders:
            log.error("decoder_named_twice", name=entry.name, ignored=entry.value)
            continue
        try:
            decode = entry.load()
        except (Exception, SystemExit) as error:  # noqa: BLE001  a broken package stops only itself
            log.error(  # noqa: TRY400  the stack is that package's own matter
                "decoder_broken", name=entry.name, package=entry.value, why=repr(error)
            )
            continue
        if callable(decode):
            decoders[entry.name] = decode
        else:
            log.error("decoder_not_callable", name=entry.name, package=entry.value)
    log.info("decoders_loaded", decoders=sorted(decoders))
    return MappingProxyType(decoders)
