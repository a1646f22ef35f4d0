"""The command line: names and JSON keys are stable, scripts depend on them.

Results go to stdout, everything else to stderr; with --json the last line of stdout is one object.
Exit status: 0 done (Ctrl-C and SIGTERM too), 1 failed, 2 used wrongly.
"""

import json
import signal
import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from herd import backtest_cli, evaluate_cli
from herd.collar_cli import collar_app
from herd.letters_cli import letters_app
from herd.terminal import DATA, DEFAULT_FARM, Data, FarmOption, Json, answer, fail, tell

app = typer.Typer(
    name="herd",
    help="Event-driven herd health: from the collar to the farmer, one log.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=True,
)
app.add_typer(collar_app, name="collar")
app.add_typer(letters_app, name="dead-letters")
evaluate_cli.add_to(app)
backtest_cli.add_to(app)


def _one_or_three(brokers: int) -> int:
    if brokers not in {1, 3}:
        raise typer.BadParameter("1, or 3 for a cluster that survives the loss of one")
    return brokers


MQTT_PORT, PORT = 1883, 8080

MqttPort = Annotated[int, typer.Option("--mqtt-port", min=0, max=65535, help="0 = any free one.")]
Port = Annotated[int, typer.Option("--port", min=0, max=65535, help="Of the API; 0 = any free.")]
Brokers = Annotated[
    int, typer.Option("--brokers", help="Of Kafka: 1 or 3.", callback=_one_or_three)
]
Lan = Annotated[
    bool, typer.Option("--lan", help="People may come in from the whole network, by a QR code.")
]


INTERRUPTED = 130  # typer's word for a KeyboardInterrupt; a farm that is told to stop has done well


def main() -> None:
    """Run the command; known failures become one sentence and status 1."""
    from farmbox.errors import BoxError
    from herd.commands import CommandError
    from herd.farm_file import NoFarmError
    from runtime.logging import configure

    configure("herd", level="error", json=False)  # what people should know is told in words
    signal.signal(signal.SIGTERM, _as_ctrl_c)
    try:
        status = app(standalone_mode=False)
    except (BoxError, NoFarmError, CommandError) as error:
        fail(str(error))
    except (KeyboardInterrupt, typer.Abort):
        sys.exit(0)
    except typer.BadParameter as error:
        fail(error.format_message(), status=2)
    # outside standalone mode typer hands an Exit's code back, unraised, and of Ctrl-C its own
    sys.exit(0 if status in (None, INTERRUPTED) else status)


def _as_ctrl_c(_signal: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt


@app.command()
def up(
    *,
    brokers: Brokers = 1,
    data: Data = DATA,
    mqtt_port: MqttPort = MQTT_PORT,
    port: Port = PORT,
    lan: Lan = False,
) -> None:
    """Bring a farm up and keep it up until Ctrl-C.

    Example: herd up --data ./.herd --mqtt-port 1883
    """
    from herd.door import Door
    from herd.supervisor import POLL_EVERY_S, Farm

    with Farm(
        data,
        mqtt_port=mqtt_port or None,
        port=port or None,
        brokers=brokers,
        search=True,
        lan=lan,
        tell=tell,
    ) as farm:
        tell(f"open {Door(farm.file.url, farm.owner_token, lan=lan).open()}")
        tell(f"MQTT {farm.file.mqtt} · webhooks {farm.file.webhooks}/v1/uplinks")
        tell(f"the owner's token is in {farm.file.owner_token_file}")
        stop = _stop_event()
        while not stop.wait(POLL_EVERY_S):
            farm.poll()


def _stop_event() -> Any:  # noqa: ANN401  threading.Event, imported late
    import threading

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _signal, _frame: stop.set())
    return stop


@app.command()
def demo(  # noqa: PLR0913  the options of design, each a thing to turn
    *,
    check: Annotated[
        bool, typer.Option("--check", help="Prove the chain once, then stop.")
    ] = False,
    alerts: Annotated[int, typer.Option("--alerts", min=1, max=2000, help="With --check.")] = 1,
    animals: Annotated[
        int, typer.Option("--animals", min=3, max=2000, help="Of a new farm.")
    ] = 120,
    speed: Annotated[
        float, typer.Option("--speed", min=1, max=600, help="Of the first two hours; 1 = none.")
    ] = 60.0,
    brokers: Brokers = 1,
    seconds: Annotated[
        float | None, typer.Option("--for", help="Stop after so many seconds.", min=1)
    ] = None,
    data: Data = DATA,
    mqtt_port: MqttPort = MQTT_PORT,
    port: Port = PORT,
    lan: Lan = False,
    as_json: Json = False,
) -> None:
    """Run a live farm: animals with a past of fourteen days, stories that unfold, one URL.

    Example: herd demo · herd demo --lan · herd demo --check --alerts 200 --json
    """
    if check:
        from herd.check import check_chain

        result = check_chain(alerts, tell)
        answer(result, as_json=as_json, text=lambda: json.dumps(result, indent=1))
        return
    from herd.demo import DemoOptions, run_demo

    options = DemoOptions(
        animals=animals,
        speed=speed,
        brokers=brokers,
        seconds=seconds,
        mqtt_port=mqtt_port or None,
        port=port or None,
        lan=lan,
    )
    run_demo(data, options, _stop_event())


@app.command()
def status(*, data: Data = DATA, as_json: Json = False) -> None:
    """How each service of the running farm does, and how far it is behind.

    Example: herd status --json
    """
    from herd.commands import status_of

    result = status_of(data)
    answer(result, as_json=as_json, text=lambda: _status_table(result))
    if any(not _is_well(service) for service in result["services"].values()):
        raise typer.Exit(1)


def _is_well(service: dict[str, Any]) -> bool:
    """Running; or still starting, if it is one that nothing waits for."""
    starting = bool(service["beside"]) and service["state"] == "starting"
    return starting or bool(service["state"] == "running")


def _status_table(result: dict[str, Any]) -> str:
    lines = [f"{'service':<12} {'state':<9} {'pid':>8}  {'restarts':>8}  {'lag':>7}  address"]
    for name, row in result["services"].items():
        lag = "" if row["lag"] is None else row["lag"]
        lines.append(
            f"{name:<12} {row['state']:<9} {row['pid'] or '':>8}  {row['restarts']:>8}  "
            f"{lag:>7}  {row['address'] or ''}"
        )
    return "\n".join(lines)


@app.command()
def doctor(
    *, data: Data = DATA, mqtt_port: MqttPort = MQTT_PORT, port: Port = PORT, as_json: Json = False
) -> None:
    """What this machine lacks to run a farm, and how to mend it.

    Example: herd doctor
    """
    from herd.commands import diagnose

    result = diagnose(data, {"--mqtt-port": mqtt_port, "--port": port})
    answer(result, as_json=as_json, text=lambda: _findings(result))
    if not result["fine"]:
        raise typer.Exit(1)


def _findings(result: dict[str, Any]) -> str:
    lines = []
    for finding in result["findings"]:
        lines.append(f"{'ok ' if finding['fine'] else 'BAD'} {finding['what']}: {finding['seen']}")
        if not finding["fine"]:
            lines.append(f"    → {finding['advice']}")
    return "\n".join(lines)


@app.command()
def config(*, as_json: Json = False) -> None:
    """Every setting of every service: variable, default, meaning.

    Example: herd config | less
    """
    from herd.settings_page import all_settings

    found = all_settings()
    answer(
        found,
        as_json=as_json,
        text=lambda: "\n\n".join(
            f"{service}\n"
            + "\n".join(f"  {s['variable']} = {s['default']}\n      {s['meaning']}" for s in rows)
            for service, rows in found.items()
        ),
    )


@app.command(name="import")
def import_animals(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)],
    *,
    farm: FarmOption = DEFAULT_FARM,
    credentials: Annotated[
        Path | None,
        typer.Option(help="Let collars in that have no credential; their passwords go here."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check, change nothing.")] = False,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Register animals and the collars they wear from a CSV file; all of it or nothing.

    Header: external_id,animal_id,name,group,collar_id,worn_from,password

    Example: herd import herd.csv --farm home --credentials passwords.csv
    """
    from herd.commands import import_file

    result, refused = import_file(data, file, farm, dry_run=dry_run, credentials=credentials)
    for row, sentence in refused:
        tell(f"row {row}: {sentence}")
    for collar_id in result.get("left_out", ()):
        tell(f"{collar_id} was revoked: `herd collar add {collar_id}` lets it in again")
    answer(
        result,
        as_json=as_json,
        text=lambda: (
            f"{result['imported']} of {result['rows']} rows imported, "
            f"{result['refused']} refused"
            + (f", {result['let_in']} collars let in" if "let_in" in result else "")
            + (" (dry run: nothing changed)" if dry_run else "")
        ),
    )
    if refused:
        raise typer.Exit(1)


@app.command()
def simulate(  # noqa: PLR0913  options
    *,
    animals: Annotated[int, typer.Option("--animals", min=1, max=5000)] = 20,
    rate: Annotated[float, typer.Option("--rate", min=0.1, help="Readings a second, all.")] = 10.0,
    seconds: Annotated[float, typer.Option("--for", min=1)] = 60.0,
    fevers: Annotated[int, typer.Option("--fevers", min=0, help="Animals that fall ill.")] = 1,
    farm: FarmOption = DEFAULT_FARM,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Let simulated collars publish to the running farm for a while, and count what came of it.

    Example: herd simulate --animals 50 --rate 20 --for 60
    """
    from herd.simulate import simulate_herd

    result = simulate_herd(
        data, farm, animals=animals, rate=rate, seconds=seconds, fevers=fevers, tell=tell
    )
    answer(result, as_json=as_json, text=lambda: json.dumps(result, indent=1))


@app.command()
def decode(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)],
    *,
    payload_format: Annotated[
        str, typer.Option("--format", help="native | chirpstack | things-stack; found if not said.")
    ] = "",
    decoder: Annotated[
        str, typer.Option("--decoder", help="Of `herd.decoders`, for whatever the frame names.")
    ] = "",
    as_json: Json = False,
) -> None:
    """What a gateway would read from a captured payload: its readings, or the reason why not.

    Needs no farm. Exit status 1 if anything of it would be refused.

    Example: herd decode uplink.json --decoder example-collar
    """
    from herd.decode import decode_file, in_words

    result = decode_file(file, payload_format=payload_format, decoder=decoder)
    answer(result, as_json=as_json, text=lambda: in_words(result))
    if result["refused"]:
        raise typer.Exit(1)


@app.command()
def rebuild(
    model: Annotated[
        str, typer.Argument(help="worklist | analytics | animal_history | dead_letters")
    ],
    *,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Build a read model anew from the log while the farm runs, then swap it in.

    Example: herd rebuild worklist
    """
    from herd.commands import rebuild_model

    result = rebuild_model(data, model)
    answer(result, as_json=as_json, text=lambda: json.dumps(result))


@app.command()
def bench(  # noqa: PLR0913  the options of all benches
    name: Annotated[str, typer.Argument(help="gateway")],
    *,
    mqtt_broker: Annotated[
        str, typer.Option("--mqtt-broker", help="artemis | mosquitto, of this machine.")
    ] = "artemis",
    rounds: Annotated[int, typer.Option("--rounds", min=1, max=20)] = 3,
    kafka: Annotated[
        str, typer.Option("--kafka", help="HOST:PORT of a Kafka with the peers' topic (peers-job).")
    ] = "",
    animals: Annotated[
        int, typer.Option("--animals", min=1, help="In each partition (pipeline).")
    ] = 500,
    partitions: Annotated[
        int, typer.Option("--partitions", min=1, max=12, help="That hold any (pipeline).")
    ] = 12,
    cadence_s: Annotated[
        float, typer.Option("--cadence", min=60, help="Seconds between readings (pipeline).")
    ] = 60.0,
    as_json: Json = False,
) -> None:
    """Measure a part of the system on this machine, in a private box, beside its floor.

    Example: herd bench gateway --json
    """
    from benchmarks import BENCHES

    if name not in BENCHES:
        fail(f"there is no bench {name!r}; there are: {', '.join(BENCHES)}", status=2)
    if mqtt_broker not in {"artemis", "mosquitto"}:
        fail(f"--mqtt-broker {mqtt_broker!r}: artemis or mosquitto", status=2)
    if (name == "peers-job") != bool(kafka):
        fail("bench peers-job --kafka HOST:PORT: each needs the other", status=2)
    result = BENCHES[name](
        tell,
        mqtt_broker=mqtt_broker,
        rounds=rounds,
        kafka=kafka,
        animals=animals,
        partitions=partitions,
        cadence_s=cadence_s,
    )
    answer(result, as_json=as_json, text=lambda: json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
