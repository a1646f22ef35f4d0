"""How the demo's scene looks in a terminal, and in one line where there is none."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from herd.demo import Scene

CASES_SHOWN = 8
SERVICES_A_LINE = 5
STATUS_STYLE = {"open": "bold red", "acknowledged": "yellow", "resolved": "green"}


def render(scene: "Scene") -> RenderableType:
    """The whole view: the chain, the cases, what happened."""
    head = Text.assemble(
        ("Herdlog", "bold"),
        f" · farm home · {scene.animals} simulated animals · API {scene.url} · MQTT {scene.mqtt}",
        ("\nCtrl-C stops. Everything below comes from the running farm.", "dim"),
    )
    return Group(head, _chain(scene), _cases(scene), _happened(scene))


def told_in_a_line(scene: "Scene") -> str:
    """The same for a log file: one line."""
    lags = " ".join(f"{name}:{lag}" for name, lag in scene.lags.items())
    down = [name for name, row in scene.services.items() if row["state"] != "running"]
    return (
        f"readings produced {scene.produced}, in the log {scene.acknowledged}, "
        f"detections {scene.detections}, open cases {len(scene.cases)}, lag {lags}"
        + (f", not running: {', '.join(down)}" if down else "")
    )


def _chain(scene: "Scene") -> Panel:
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
    mark = Text("● " if fine else "○ ", "green" if fine else "bold red")
    mark.append(name, "default")
    if lag is not None:
        mark.append(f" lag {lag}", "dim")
    if row["restarts"]:
        mark.append(f" ↻{row['restarts']}", "yellow")
    return mark


def _cases(scene: "Scene") -> Panel:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("animal", "cause", "status", "since", "measured"):
        table.add_column(column)
    rows = sorted(scene.cases.values(), key=lambda row: str(row["raised_at"]), reverse=True)
    for row in rows[:CASES_SHOWN]:
        table.add_row(
            scene.name_of(row["subject_id"]),
            row["condition"],
            Text(row["status"], STATUS_STYLE.get(row["status"], "")),
            _age(str(row["raised_at"])),
            _measured(row),
        )
    more = len(rows) - CASES_SHOWN
    tail = [Text(f"and {more} more", "dim")] if more > 0 else []
    body: RenderableType = Group(table, *tail) if rows else Text("no animal needs you now", "green")
    return Panel(body, title="cases", title_align="left")


def _measured(row: dict[str, Any]) -> str:
    return ", ".join(f"{one['value']:.1f}" for one in row.get("evidence", ()))


def _age(raised_at: str) -> str:
    seconds = (datetime.now(UTC) - datetime.fromisoformat(raised_at)).total_seconds()
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"  # noqa: PLR2004


def _happened(scene: "Scene") -> Panel:
    lines = [f"{at:%H:%M:%S}  {what}" for at, what in scene.happened]
    return Panel(Text("\n".join(lines) or "…"), title="what happens", title_align="left")
