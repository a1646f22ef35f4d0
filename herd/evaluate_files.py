"""`herd evaluate` over files: readings of a herd, what was true, and what is known of animals."""

import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from io import TextIOWrapper
from pathlib import Path
from typing import TextIO

from contracts.columns import moment
from contracts.ids import FarmId
from herd.evaluate import Asked, Score, evaluate_farm
from herd.evaluate_csv import DAY_US, FileError, LaidDown, Notes, lay_down
from herd.evaluate_spans import days_of, site_unsaid, spans_of
from herd.evaluate_truth import read_animals, read_truth
from pipeline.evaluate import Row
from pipeline.evaluate_input import NOT_SAID, EvaluatedFarm, tick_us_of

STDIN = "-"
FARM = FarmId("evaluated")
TOLD_EVERY_S = 5.0

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Files:
    """What is read. readings: STDIN = standard input. animals: None = nobody knows anything."""

    readings: str
    truth: Path
    animals: Path | None = None


def evaluate_files(files: Files, asked: Asked, tell: Tell) -> tuple[Score, Notes]:
    """The figures, and what is to be told of the files; raises FileError."""
    notes, progress = Notes(), _Progress(tell)
    with tempfile.TemporaryDirectory(prefix="herd-evaluate-") as directory:
        with _opened(files.readings) as lines:
            laid = lay_down(lines, Path(directory), notes, progress.rows)
        unsaid = site_unsaid(laid)
        if unsaid != NOT_SAID:
            notes.told.append(
                f"no temperature_site: taken for {laid.sites[unsaid]}, by their median"
            )
        with _opened(str(files.truth)) as lines:
            rows = read_truth(lines, laid.animals, FARM)
        _note_unheard(rows, laid, notes)
        ids = _ids_of(laid.animals)
        farm = _farm(files, laid, ids, notes)
        rows = [replace(row, animal_id=ids.get(row.animal_id, row.animal_id)) for row in rows]
        score = evaluate_farm(
            farm, spans_of(laid, unsaid, notes), rows, asked, progress.days_of(farm)
        )
    names = {given: name for name, given in ids.items()}
    score.pictures = [
        replace(one, subject_id=names.get(one.subject_id, one.subject_id)) for one in score.pictures
    ]
    return score, notes


def _ids_of(animals: Sequence[str]) -> dict[str, str]:
    """Name in the files → id in the engine, which takes what a register would: a file's may be any
    text, and an animal might be called as the farm is.
    """
    return {name: f"animal-{number:06}" for number, name in enumerate(animals)}


def _farm(files: Files, laid: LaidDown, ids: Mapping[str, str], notes: Notes) -> EvaluatedFarm:
    days = days_of(laid)
    since_us = days.start * DAY_US
    facts = []
    if files.animals is not None:
        with _opened(str(files.animals)) as lines:
            told = read_animals(lines, since_us)
        heard = set(laid.animals)
        facts = [
            replace(one, payload=replace(one.payload, animal_id=ids[one.payload.animal_id]))
            for one in told
            if one.payload.animal_id in heard
        ]
        unheard = len({one.payload.animal_id for one in told} - heard)
        if unheard:
            notes.told.append(f"{unheard} animals of the animals file were never heard")
    return EvaluatedFarm(
        farm_id=FARM,
        animals=list(ids.values()),
        since_us=since_us,
        until_us=days.stop * DAY_US,
        sites=laid.sites,
        facts=facts,
        tick_us=tick_us_of(laid.interval_s_min),
    )


def _note_unheard(rows: list[Row], laid: LaidDown, notes: Notes) -> None:
    heard = {*laid.animals, FARM}
    unheard = sum(row.animal_id not in heard for row in rows)
    if unheard:
        notes.told.append(f"{unheard} rows of truth are about animals that were never heard")


@contextmanager
def _opened(name: str) -> Iterator[TextIO]:
    """A file of text, or standard input; raises FileError if it cannot be read."""
    try:
        if name == STDIN:
            # as the bytes came: a terminal's own encoding says nothing of a pipe
            yield TextIOWrapper(sys.stdin.buffer, encoding="utf-8-sig", newline="")
        else:
            with Path(name).open(encoding="utf-8-sig", newline="") as file:
                yield file
    except UnicodeDecodeError:
        raise FileError(f"{name} is not UTF-8") from None
    except OSError as error:
        raise FileError(f"{name}: {error.strerror}") from None


class _Progress:
    """A line every few seconds."""

    def __init__(self, tell: Tell) -> None:
        self._tell, self._told_s, self._begun_s = tell, time.monotonic(), time.monotonic()

    def rows(self, count: int) -> None:
        """So many rows are read."""
        self._say(lambda took_s: f"{count:,} rows read, {count / took_s:,.0f} a second")

    def days_of(self, farm: EvaluatedFarm) -> Callable[[int, int], None]:
        """What is to be called as log time goes on."""
        days, begun_s, readings = (farm.until_us - farm.since_us) // DAY_US, time.monotonic(), 0

        def reported(log_us: int, count: int) -> None:
            nonlocal readings
            readings += count
            day = (log_us - farm.since_us) // DAY_US
            self._say(
                lambda now_s: (
                    f"{moment(log_us).date()}: day {day} of {days}, "
                    f"{readings / (now_s + self._begun_s - begun_s):,.0f} readings/s"
                )
            )

        return reported

    def _say(self, line: Callable[[float], str]) -> None:
        now_s = time.monotonic()
        if now_s - self._told_s >= TOLD_EVERY_S:
            self._told_s = now_s
            self._tell(line(now_s - self._begun_s))
