"""How the demo's scene looks in a terminal, and in one line where there is none."""

from datetime import datetime
from typing import Any

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from herd.demo_scene import Scene

CASES_SHOWN = 8
SERVICES_A_LINE = 5
STATUS_STYLE = {"open": "bold red", "acknowledged": "yellow", "resolved": "green"}
HOUR_MINUTES = 60
BAR_WIDTH = 40


def render(scene: Scene) -> RenderableType:
    """The whole view: the way in, how far the past is laid, the chain, the cases."""
    parts = [_way_in(scene), _chain(scene), _cases(scene), _happened(scene)]
    if not scene.live:
        parts.insert(1, _past(scene))
    return Group(*parts)


def told_in_a_line(scene: Scene) -> str:
    """The same for a log file: one line."""
    lags = " ".join(f"{name}:{lag}" for name, lag in scene.lags.items())
    down = [
        name
        for name, row in scene.services.items()
        if row["state"] != "running" and not row.get("beside")
    ]
    state = "live" if scene.live else f"laying the past: {scene.laid_share:.0%}"
    return (
        f"{state}, readings produced {scene.produced}, in the log {scene.acknowledged}, "
        f"detections {scene.detections}, open cases {len(scene.cases)}, lag {lags}"
        + (f", not running: {', '.join(down)}" if down else "")
    )


def _way_in(scene: Scene) -> RenderableType:
    clock = f" · on the farm it is {scene.farm_now:%a %H:%M} UTC" if scene.farm_now else ""
    return Text.assemble(
        ("Herdlog", "bold"),
        f" · farm home · {scene.animals} simulated animals{clock}\n",
        ("open ", "dim"),
        (scene.url, "bold underline"),
        (f"\nMQTT {scene.mqtt} · Ctrl-C stops; the farm goes on at the next start", "dim"),
    )


def _past(scene: Scene) -> Panel:
    bar = ProgressBar(total=1.0, completed=scene.laid_share, width=BAR_WIDTH)
    laid_to = f"{scene.laid_to:%a %d %b %H:%M}" if scene.laid_to else "…"
    text = Text(f"what the collars measured so far, laid down to {laid_to}")
    return Panel(Group(text, bar), title="the past", title_align="left")


def _chain(scene: Scene) -> Panel:
    table = Table(box=None, pad_edge=False, show_header=True, header_style="dim")
    for column in ("collars", "in the log", "on the way", "detections", "open cases"):
        table.add_column(column, justify="right")
    table.add_row(
        f"{scene.produced} readings",
        f"{scene.acknowledged}",
        f"{scene.buffered}",
        f"{scene.detections}",
        f"{len(scene.cases)}",
    )
    services = Table.grid(padding=(0, 3))
    marks = [_mark(name, row, scene.lags.get(name)) for name, row in scene.services.items()]
    for first in range(0, len(marks), SERVICES_A_LINE):
        services.add_row(*marks[first : first + SERVICES_A_LINE])
    parts: list[RenderableType] = [table, Text(), services]
    if not scene.connected:
        parts.append(Text("connecting to /live …", "yellow"))
    return Panel(Group(*parts), title="the chain", title_align="left")


def _mark(name: str, row: dict[str, Any], lag: int | None) -> Text:
    fine = row["state"] == "running"
    starting = row["state"] == "starting"
    style = "green" if fine else "yellow" if starting else "bold red"
    mark = Text("● " if fine else "○ ", style)
    mark.append(name, "default")
    if lag is not None:
        mark.append(f" lag {lag}", "dim")
    if row["restarts"]:
        mark.append(f" ↻{row['restarts']}", "yellow")
    return mark


def _cases(scene: Scene) -> Panel:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("animal", "cause", "status", "since", "measured"):
        table.add_column(column)
    rows = sorted(scene.cases.values(), key=lambda row: str(row["raised_at"]), reverse=True)
    for row in rows[:CASES_SHOWN]:
        table.add_row(
            scene.name_of(row["subject_id"]),
            row["condition"].replace("_", " "),
            Text(row["status"], STATUS_STYLE.get(row["status"], "")),
            _age(str(row["raised_at"]), scene.farm_now),
            _measured(row),
        )
    more = len(rows) - CASES_SHOWN
    tail = [Text(f"and {more} more", "dim")] if more > 0 else []
    body: RenderableType = Group(table, *tail) if rows else Text("no animal needs you now", "green")
    return Panel(body, title="cases", title_align="left")


def _measured(row: dict[str, Any]) -> str:
    return ", ".join(f"{one['value']:.1f}" for one in row.get("evidence", ()))


def _age(raised_at: str, now: datetime | None) -> str:
    if now is None:
        return ""
    minutes = max(0.0, (now - datetime.fromisoformat(raised_at)).total_seconds() / 60)
    return f"{minutes:.0f} min" if minutes < 2 * HOUR_MINUTES else f"{minutes / HOUR_MINUTES:.0f} h"


def _happened(scene: Scene) -> Panel:
    # a copy, made in one step: another thread adds to it
    lines = [f"{at:%H:%M}  {what}" for at, what in tuple(scene.happened)]
    return Panel(Text("\n".join(lines) or "…"), title="what happens", title_align="left")
