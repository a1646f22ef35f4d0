"""What all commands share: how they speak to people and scripts, and options of one meaning."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console

DATA = Path(".herd")
DEFAULT_FARM = "home"

Data = Annotated[Path, typer.Option("--data", help="The farm's directory.")]
Json = Annotated[bool, typer.Option("--json", help="The last line of stdout is one JSON object.")]
FarmOption = Annotated[str, typer.Option("--farm", help="The farm's id.")]

errors = Console(stderr=True, highlight=False, soft_wrap=True)


def fail(sentence: str, *, status: int = 1) -> NoReturn:
    """Say why on stderr and leave."""
    errors.print(f"herd: {sentence}", markup=False)
    sys.exit(status)


def tell(line: str) -> None:
    """Progress, on stderr."""
    errors.print(line, markup=False)


def answer(result: dict[str, Any], *, as_json: bool, text: Callable[[], str]) -> None:
    """The result on stdout: one JSON object, or words."""
    typer.echo(json.dumps(result) if as_json else text())
