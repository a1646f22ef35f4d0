"""`herd evaluate` on the command line."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from herd.terminal import Json, answer, fail, tell

if TYPE_CHECKING:
    from contracts.detection import Condition
    from firmware_sim.recording import Composition
    from pipeline.evaluate_pictures import Picture

SEEDS = ("tuning", "test", "quick", "sparse")


def add_to(app: typer.Typer) -> None:
    """Give the command to `herd`."""
    app.command()(evaluate)


def evaluate(  # noqa: PLR0913  options
    *,
    readings: Annotated[
        str, typer.Option("--readings", help="CSV of readings, - = stdin; needs --truth.")
    ] = "",
    truth: Annotated[Path | None, typer.Option("--truth", help="CSV of what was true.")] = None,
    animals: Annotated[
        str,
        typer.Option(
            "--animals", help="CSV of animals; or, without files, how many a simulated farm has."
        ),
    ] = "",
    seeds: Annotated[str, typer.Option("--seeds", help="tuning | test | quick | sparse.")] = "test",
    days: Annotated[
        int, typer.Option("--days", min=0, help="Of each simulated farm; 0 = as composed.")
    ] = 0,
    only: Annotated[
        str, typer.Option("--only", help="Run these conditions' detectors alone: oestrus,calving.")
    ] = "",
    html: Annotated[
        Path | None, typer.Option("--html", help="Write a report with pictures there.")
    ] = None,
    svg: Annotated[
        Path | None, typer.Option("--svg", help="Write the report's drawings there, one a file.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Write the simulated farms' files there instead."),
    ] = None,
    as_json: Json = False,
) -> None:
    """What the detectors are worth: the real engine over herds whose truth is known.

    Without files over simulated herds. Columns and rules: docs/evaluate.md.

    Example: herd evaluate --html report.html · herd evaluate --readings r.csv --truth t.csv
    """
    wanted, shows = _conditions(only), html is not None or svg is not None
    if readings or truth is not None:
        if not readings or truth is None:
            fail("--readings FILE --truth FILE: each needs the other", status=2)
        result, pictures = _of_files(readings, truth, animals, wanted, shows=shows)
    else:
        if seeds not in SEEDS:
            fail(f"--seeds {seeds!r}: {' | '.join(SEEDS)}", status=2)
        if out is not None:
            _write(out, _compositions(seeds, animals, days), as_json=as_json)
            return
        result, pictures = _of_simulated(seeds, animals, days, wanted, shows=shows)
    if html is not None:
        _write_report(html, result, pictures)
    if svg is not None:
        _write_drawings(svg, pictures)
    from herd.evaluate_table import in_words

    answer(result, as_json=as_json, text=lambda: in_words(result))


def _of_files(
    readings: str, truth: Path, animals: str, only: "list[Condition]", *, shows: bool
) -> "tuple[dict[str, Any], list[Picture]]":
    from herd.evaluate import Asked
    from herd.evaluate_csv import FileError
    from herd.evaluate_files import Files, evaluate_files
    from herd.evaluate_table import as_object

    asked = Asked(frozenset(only), young_count=True, pictures=shows)
    files = Files(readings, truth, Path(animals) if animals else None)
    try:
        score, notes = evaluate_files(files, asked, tell)
    except FileError as error:
        fail(str(error), status=2)
    for line in notes.told:
        tell(line)
    if notes.refused:
        tell(f"{notes.refused:,} of {notes.rows:,} rows were left out")
    if notes.doubled:
        tell(f"{notes.doubled:,} rows stood there twice and count once")
    if notes.ignored:
        tell(f"columns that nobody knows: {', '.join(notes.ignored)}")
    return {**as_object(score), "files": notes.as_object()}, score.pictures


def _of_simulated(
    seeds: str, animals: str, days: int, only: "list[Condition]", *, shows: bool
) -> "tuple[dict[str, Any], list[Picture]]":
    from herd.evaluate import Asked, evaluate_simulated
    from herd.evaluate_table import as_object

    composed = _compositions(seeds, animals, days)
    score = evaluate_simulated(composed, Asked(frozenset(only), pictures=shows), tell)
    return {**as_object(score), "seeds": seeds}, score.pictures


def _write_report(file: Path, result: dict[str, Any], pictures: "list[Picture]") -> None:
    from herd.report import report

    try:
        file.write_text(report(result, pictures), "utf-8")
    except OSError as error:
        fail(f"{file}: {error.strerror}")
    tell(f"report in {file}")


def _write_drawings(directory: Path, pictures: "list[Picture]") -> None:
    from herd.report import drawings

    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name, text in drawings(pictures).items():
            (directory / name).write_text(text, "utf-8")
    except OSError as error:
        fail(f"{directory}: {error.strerror}")
    tell(f"drawings in {directory}")


def _conditions(only: str) -> "list[Condition]":
    from contracts.detection import Condition

    names = [name.strip() for name in only.split(",") if name.strip()]
    unknown = [name for name in names if name not in set(Condition)]
    if unknown:
        fail(f"--only: no condition {', '.join(unknown)}", status=2)
    return [Condition(name) for name in names]


def _compositions(seeds: str, animals: str, days: int) -> "list[Composition]":
    from firmware_sim.recording_sets import compositions

    if animals and not (animals.isdecimal() and int(animals) > 0):
        fail(f"--animals {animals!r}: a file needs --readings and --truth beside it", status=2)
    return [
        replace(one, animals=int(animals or one.animals), days=days or one.days)
        for one in compositions(seeds)
    ]


def _write(out: Path, composed: "list[Composition]", *, as_json: bool) -> None:
    from herd.evaluate_out import write_farms

    try:
        written = write_farms(composed, out, tell)
    except OSError as error:
        fail(f"{out}: {error.strerror}")
    answer({"written": written}, as_json=as_json, text=lambda: "\n".join(written))
