"""`herd evaluate` on the command line."""

from typing import TYPE_CHECKING, Annotated

import typer

from herd.terminal import Json, answer, fail, tell

if TYPE_CHECKING:
    from firmware_sim.recording import Composition

SEEDS = ("tuning", "test", "quick")


def add_to(app: typer.Typer) -> None:
    """Give the command to `herd`."""
    app.command()(evaluate)


def evaluate(
    *,
    seeds: Annotated[str, typer.Option("--seeds", help="tuning | test | quick.")] = "test",
    only: Annotated[
        str, typer.Option("--only", help="Run these conditions' detectors alone: oestrus,calving.")
    ] = "",
    animals: Annotated[
        int, typer.Option("--animals", min=0, help="Of each simulated farm; 0 = as composed.")
    ] = 0,
    days: Annotated[
        int, typer.Option("--days", min=0, help="Of each simulated farm; 0 = as composed.")
    ] = 0,
    as_json: Json = False,
) -> None:
    """What the detectors are worth: the real engine over herds whose truth is known.

    Example: herd evaluate · herd evaluate --seeds tuning --only oestrus --animals 40 --days 30
    """
    from contracts.detection import Condition
    from herd.evaluate import evaluate_simulated
    from herd.evaluate_table import as_object, in_words

    if seeds not in SEEDS:
        fail(f"--seeds {seeds!r}: {' | '.join(SEEDS)}", status=2)
    unknown = [name for name in only.split(",") if name and name not in set(Condition)]
    if unknown:
        fail(f"--only: no condition {', '.join(unknown)}", status=2)
    wanted = [Condition(name) for name in only.split(",") if name]
    score, took_s = evaluate_simulated(_compositions(seeds, animals, days), wanted, tell)
    result = as_object(score, took_s)
    answer(result, as_json=as_json, text=lambda: in_words(result))


def _compositions(seeds: str, animals: int, days: int) -> "list[Composition]":
    from firmware_sim.recording import Composition

    return [
        Composition(seed=f"{seeds}-{n}", animals=animals or 60, days=days or 30, interval_s=600)
        for n in range(4)
    ]
