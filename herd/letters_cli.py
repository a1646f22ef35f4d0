"""`herd dead-letters …`: what could not be used, looked at, sent again or thrown away."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from herd.terminal import DATA, Data, Json, answer, tell

letters_app = typer.Typer(
    help="Messages that could not be used: look, repair, send again, throw away.",
    no_args_is_help=True,
)

Ids = Annotated[list[str] | None, typer.Argument(help="Ids of letters.", metavar="ID")]
Farm = Annotated[str | None, typer.Option("--farm", help="Of this farm.")]
Collar = Annotated[str | None, typer.Option("--collar", help="Of this collar or station.")]
ReasonOption = Annotated[str | None, typer.Option("--reason", help="unknown_collar, clock, …")]
Service = Annotated[str | None, typer.Option("--service", help="Refused by this service.")]
StateOption = Annotated[
    str, typer.Option("--state", help="open, taken, discarded, expired or any.")
]
Since = Annotated[
    str | None,
    typer.Option("--since", help="Received then or later: 2026-03-01, 2026-03-01T04:00Z."),
]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which letters a command line means: by id, or by what is known of them."""

    ids: tuple[str, ...] = ()
    farm: str | None = None
    collar: str | None = None
    reason: str | None = None
    service: str | None = None
    state: str = "open"
    since: datetime | None = None
    limit: int | None = None

    @property
    def is_all(self) -> bool:
        """Whether nothing narrows it down."""
        return not (self.ids or self.farm or self.collar or self.reason or self.service) and (
            self.since is None
        )


def _since(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"--since: {text!r} is no date or time of ISO 8601") from error
    return at if at.tzinfo else at.replace(tzinfo=UTC)


@letters_app.command("list")
def list_letters(  # noqa: PLR0913  each filter is an option
    *,
    farm: Farm = None,
    collar: Collar = None,
    reason: ReasonOption = None,
    service: Service = None,
    state: StateOption = "open",
    since: Since = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000)] = 100,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """The letters that wait for a decision, newest first.

    Example: herd dead-letters list --reason unknown_collar --json
    """
    from herd.dead_letters import list_letters as found_by

    wanted = Wanted((), farm, collar, reason, service, state, _since(since), limit)
    result = found_by(data, wanted)
    answer(result, as_json=as_json, text=lambda: _table(result))


@letters_app.command("show")
def show_letter(
    letter_id: str,
    *,
    raw: Annotated[
        Path | None, typer.Option("--raw", dir_okay=False, help="Write the bytes there.")
    ] = None,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Everything about one letter, what was done about it, and its bytes.

    Example: herd dead-letters show 0b6f… --raw upload.json
    """
    from herd.dead_letters import show_letter as shown

    result = shown(data, letter_id, raw)
    answer(result, as_json=as_json, text=lambda: _page(result))


@letters_app.command("retry")
def retry_letters(  # noqa: PLR0913  each filter is an option
    ids: Ids = None,
    *,
    farm: Farm = None,
    collar: Collar = None,
    reason: ReasonOption = None,
    service: Service = None,
    state: StateOption = "open",
    since: Since = None,
    limit: Annotated[int | None, typer.Option("--limit", min=1)] = None,
    repaired: Annotated[
        Path | None,
        typer.Option(
            "--with", exists=True, dir_okay=False, help="Send these bytes in place of the letter's."
        ),
    ] = None,
    within: Annotated[
        float, typer.Option("--within", min=1, help="Seconds to wait for the next answer.")
    ] = 30.0,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Send letters the normal way again, and wait for what comes of it; 1 if any is refused again.

    Example: herd dead-letters retry --reason unknown_collar --farm home
    """
    from herd.dead_letters import retry_letters as retried

    wanted = Wanted(tuple(ids or ()), farm, collar, reason, service, state, _since(since), limit)
    if repaired is not None and len(wanted.ids) != 1:
        raise typer.BadParameter("--with repairs one letter: name its id")
    result = retried(data, wanted, repaired, within_s=within, tell=tell)
    answer(result, as_json=as_json, text=lambda: _outcomes(result))
    if result["refused"] or result["unanswered"]:
        raise typer.Exit(1)


@letters_app.command("discard")
def discard_letters(  # noqa: PLR0913  each filter is an option
    ids: Ids = None,
    *,
    farm: Farm = None,
    collar: Collar = None,
    reason: ReasonOption = None,
    service: Service = None,
    since: Since = None,
    limit: Annotated[int | None, typer.Option("--limit", min=1)] = None,
    why: Annotated[str | None, typer.Option("--why", help="Kept with the letter.")] = None,
    yes: Yes = False,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Decide that letters are worth nothing. Their bytes stay 60 days in the log all the same.

    Example: herd dead-letters discard --collar c-17 --why "a test of the maker's" --yes
    """
    from herd.dead_letters import discard_letters as discarded

    wanted = Wanted(tuple(ids or ()), farm, collar, reason, service, "open", _since(since), limit)
    if wanted.is_all:
        raise typer.BadParameter("name letters, or at least one filter")

    def sure(letters: int) -> bool:
        return yes or letters <= 1 or typer.confirm(f"discard {letters} letters?", err=True)

    result = discarded(data, wanted, why, sure)
    answer(result, as_json=as_json, text=lambda: f"{result['discarded']} letters discarded")


def _table(result: dict[str, Any]) -> str:
    lines = [
        f"{'letter':<36} {'received':<20} {'reason':<17} {'state':<9} {'tries':>5}  whose · why"
    ]
    for row in result["letters"]:
        whose = row["collar_id"] or row["farm_id"] or row["origin"]
        received = row["received_at"][:19] + "Z"
        lines.append(
            f"{row['letter_id']:<36} {received:<20} {row['reason']:<17} {row['state']:<9} "
            f"{row['tries']:>5}  {whose} · {row['detail']}"
        )
    if result["more"]:
        lines.append("… and more: narrow it down, or raise --limit")
    return "\n".join(lines) if result["letters"] else "no letters"


def _page(result: dict[str, Any]) -> str:
    steps = [
        f"  {step['at']}  {step['by']}  {step['did']}"
        + (f": {step['told']}" if step["told"] else "")
        for step in result["steps"]
    ]
    apart = {"steps", "text", "hex"}
    lines = [f"{name:<13} {value}" for name, value in result.items() if name not in apart]
    body = result["text"] if result["text"] is not None else result["hex"]
    return "\n".join(
        [*lines, *(["", "what was done:", *steps] if steps else []), "", body or "(no bytes)"]
    )


def _outcomes(result: dict[str, Any]) -> str:
    lines = [f"{one['letter_id']}  {one['detail']}" for one in result["letters"]]
    lines.append(
        f"{result['taken']} taken ({result['readings']} readings stand in the log by them), "
        f"{result['refused']} refused again, {result['unanswered']} unanswered"
    )
    return "\n".join(lines)
