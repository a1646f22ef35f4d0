"""`herd backtest`: what other limits would have told; promoted, or rolled back, by an event."""

import signal
import threading
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from herd.terminal import DATA, DEFAULT_FARM, Data, FarmOption, Json, answer, tell

SHOWN_MAX = 20  # cases of one side; --json has them all

Limit = Annotated[
    list[str] | None,
    typer.Option("--limit", help="DETECTOR.LIMIT=VALUE, as often as needed; `--list` names them."),
]
Days = Annotated[float, typer.Option("--days", min=0.1, max=400, help="Of the log, to now.")]
Follow = Annotated[
    bool, typer.Option("--follow", help="Go on as a shadow beside what runs, until Ctrl-C.")
]
Promote = Annotated[bool, typer.Option("--promote", help="Judge the farm by these limits now.")]
RollBack = Annotated[
    str | None,
    typer.Option("--roll-back", metavar="DETECTOR", help="To its limits before the newest."),
]
Reason = Annotated[str | None, typer.Option("--reason", help="With --promote: why.")]
List = Annotated[bool, typer.Option("--list", help="All detectors with their limits.")]


def add_to(app: typer.Typer) -> None:
    """The command, on its app."""
    app.command()(backtest)


def backtest(  # noqa: PLR0913  the options of design, each a thing to turn
    *,
    limit: Limit = None,
    farm: FarmOption = DEFAULT_FARM,
    days: Days = 90.0,
    follow: Follow = False,
    promote: Promote = False,
    roll_back: RollBack = None,
    reason: Reason = None,
    list_: List = False,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """What other limits would have told of the farm's own log, against what runs now.

    Example: herd backtest --limit oestrus.activity_factor=1.8 --days 30
    """
    from herd import backtest as work
    from herd.commands import checked_farm

    if list_:
        found = _limits()
        answer(found, as_json=as_json, text=lambda: _list(found))
        return
    farm_id = checked_farm(farm)
    if roll_back is not None:
        found = work.roll_back(data, farm_id, roll_back)
        answer(found, as_json=as_json, text=lambda: _decided(found))
        return
    since = datetime.now(UTC) - timedelta(days=days)
    wanted = work.Wanted(farm_id, parsed(limit or []), since)
    if promote:
        found = work.promote(data, wanted, reason)
        answer(found, as_json=as_json, text=lambda: _decided(found))
        return
    found = work.run(data, wanted, tell, follow=follow, goes_on=_until_ctrl_c())
    answer(found, as_json=as_json, text=lambda: _report(found))


def parsed(limits: list[str]) -> dict[str, dict[str, float]]:
    """By detector, the limits and their values; raises typer.BadParameter."""
    found: dict[str, dict[str, float]] = {}
    for text in limits:
        name, _, value = text.partition("=")
        detector, _, limit = name.partition(".")
        try:
            found.setdefault(detector.strip(), {})[limit.strip()] = float(value)
        except ValueError:
            limit = ""
        if not limit:
            raise typer.BadParameter(f"--limit: {text!r} is not like oestrus.activity_factor=1.8")
    if not found:
        raise typer.BadParameter("--limit: which limit is to be another? `--list` names them all")
    return found


def _until_ctrl_c() -> Any:  # noqa: ANN401  a callable
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _signal, _frame: stop.set())
    return lambda: not stop.is_set()


def _limits() -> dict[str, Any]:
    from pipeline.detectors.registry import ALL

    return {
        "detectors": {
            detector.spec.name: {
                "version": detector.spec.version,
                "condition": str(detector.spec.condition),
                "limits": {one.name: [one.value, one.unit] for one in detector.spec.limits},
            }
            for detector in ALL
        }
    }


def _list(found: dict[str, Any]) -> str:
    lines = []
    for name, card in found["detectors"].items():
        lines.append(f"{name} {card['version']}")
        for limit, (value, unit) in card["limits"].items():
            lines.append(f"  {name}.{limit}={value:g}  [{unit}]")
    return "\n".join(lines)


def _decided(found: dict[str, Any]) -> str:
    lines = []
    for what in ("promoted", "rolled_back"):
        for detector, limits in found.get(what, {}).items():
            said = ", ".join(f"{name}={value:g}" for name, value in limits.items())
            lines.append(f"{detector} of {found['farm']}: {said or 'the limits of its card'}")
    return "\n".join(lines)


def _report(found: dict[str, Any]) -> str:
    lines = [
        f"{found['farm']}: {found['days']:g} days, {found['diagnoses']} diagnoses in the log",
        f"{'':18} {'now':>6} {'changed':>8} {'both':>6} {'a day':>14} {'diagnoses found':>16}",
    ]
    for name, sides in {**found["conditions"], "all": found["all"]}.items():
        now, changed = sides["now"], sides["changed"]
        a_day = f"{now['a_day']:g} → {changed['a_day']:g}"
        hits = f"{now['found']} → {changed['found']} of {sides['diagnoses']}"
        counts = f"{now['cases']:6} {changed['cases']:8} {sides['both']:6}"
        lines.append(f"{name:18} {counts} {a_day:>14} {hits:>16}")
    for side in ("only_now", "only_changed"):
        cases = found[side]
        lines += [
            f"{side:13} {case['condition']:18} {case['animal_id']} {case['known_at']}"
            for case in cases[:SHOWN_MAX]
        ]
        if len(cases) > SHOWN_MAX:
            lines.append(f"{side:13} and {len(cases) - SHOWN_MAX} more: --json has them all")
    return "\n".join(lines)
