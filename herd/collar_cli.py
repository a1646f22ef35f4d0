"""`herd collar …`: collars and stations, and their credentials."""

from typing import Annotated

import typer

from herd.terminal import DATA, DEFAULT_FARM, Data, FarmOption, Json, answer

collar_app = typer.Typer(help="Collars and their credentials.", no_args_is_help=True)

DEVICES = ("collar", "base-station", "weather-station")


def _one_of_the_devices(device: str) -> str:
    if device not in DEVICES:
        raise typer.BadParameter(f"one of {', '.join(DEVICES)}")
    return device


@collar_app.command("add")
def collar_add(
    collar_id: str,
    *,
    farm: FarmOption = DEFAULT_FARM,
    device: Annotated[
        str, typer.Option("--as", help=" | ".join(DEVICES), callback=_one_of_the_devices)
    ] = DEVICES[0],
    since: Annotated[
        str | None, typer.Option(help="A weather station's first time, like 2026-03-01T04:00:00Z.")
    ] = None,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Give a collar or a station a credential of its own; prints a ready mosquitto_pub line.

    Example: herd collar add c-17 --farm home · herd collar add roof-1 --as weather-station
    """
    from herd.commands import add_collar

    result = add_collar(data, farm, collar_id, device=device, since=since)
    answer(
        result,
        as_json=as_json,
        text=lambda: (
            f"user {result['user']}\npassword {result['password']}\n\n"
            f"try it:\n{result['mosquitto_pub']}"
        ),
    )


@collar_app.command("revoke")
def collar_revoke(
    collar_id: str, *, farm: FarmOption = DEFAULT_FARM, data: Data = DATA, as_json: Json = False
) -> None:
    """Take a collar's credentials away.

    Example: herd collar revoke c-17
    """
    from herd.commands import revoke_collar

    result = revoke_collar(data, farm, collar_id)
    answer(result, as_json=as_json, text=lambda: f"{collar_id} may no longer publish")


@collar_app.command("list")
def collar_list(*, data: Data = DATA, as_json: Json = False) -> None:
    """Collars that have credentials.

    Example: herd collar list
    """
    from herd.commands import list_collars

    result = list_collars(data)
    answer(result, as_json=as_json, text=lambda: "\n".join(result["collars"]))
