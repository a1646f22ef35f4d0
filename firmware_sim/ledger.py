"""The ledger: every reading produced and acknowledged, on disk before it is sent anywhere.

What a test or a chaos run holds the log against: whatever is lost or doubled later, this is true.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from io import TextIOWrapper
from pathlib import Path
from types import TracebackType
from typing import Self

from contracts.clock import iso
from contracts.ids import AnimalId, CollarId
from firmware_sim.collar import Buffered

PRODUCED, ACKNOWLEDGED = "produced", "acknowledged"
HEADER = "what,animal_id,collar_id,boot_id,seq,time,event_id\n"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: what is `produced` or `acknowledged`."""

    what: str
    animal_id: AnimalId
    collar_id: CollarId
    boot_id: int
    seq: int
    time: datetime
    event_id: str


class Ledger:
    """Appends to one CSV file; every `write` is on disk when it returns."""

    def __init__(self, path: Path) -> None:
        self.path = path
        is_new = not path.exists() or path.stat().st_size == 0
        self._file: TextIOWrapper = path.open("a", encoding="utf-8")
        if is_new:
            self._file.write(HEADER)

    def write(self, what: str, readings: Iterable[tuple[AnimalId, Buffered]]) -> None:
        """Append these readings, then fsync once."""
        lines = [
            f"{what},{animal},{one.collar_id},{one.boot_id},{one.seq},{iso(one.time)},"
            f"{one.event_id}\n"
            for animal, one in readings
        ]
        if not lines:
            return
        self._file.writelines(lines)
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


class NoLedger:
    """Keeps nothing: for a herd that runs for ever and is held against nothing."""

    def write(self, what: str, readings: Iterable[tuple[AnimalId, Buffered]]) -> None:
        """Forget them."""

    def close(self) -> None:
        """Nothing is open."""


def read_ledger(path: Path) -> list[Entry]:
    """All entries of a ledger file, oldest first; a last line cut by a kill is left out."""
    lines = path.read_text("utf-8").splitlines(keepends=True)
    whole = (line.rstrip("\n").split(",") for line in lines[1:] if line.endswith("\n"))
    return [
        Entry(
            what,
            AnimalId(animal_id),
            CollarId(collar_id),
            int(boot_id),
            int(seq),
            datetime.fromisoformat(time),
            event_id,
        )
        for what, animal_id, collar_id, boot_id, seq, time, event_id in whole
    ]
