"""What the short commands do, against a running farm."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from contracts.ids import CollarId, FarmId, InvalidIdError, UserId
from contracts.topics import mqtt_topic
from herd.farm_file import FarmFile, NoFarmError, running_farm
from herd.services import OWN_SPECS

RELAYED_WITHIN_S = 15.0
LET_IN_WITHIN_S = 15.0  # the broker takes one second; ten times that under load
CLI_USER = UserId("cli")
REBUILDABLE = ("worklist", "analytics", "animal_history", "dead_letters")


class CommandError(Exception):
    """A command that cannot be carried out; the message says why and what to do next."""


def status_of(data: Path) -> dict[str, Any]:
    """{services: {name: {state, pid, address, restarts, lag}}, url, mqtt, webhooks, pid}."""
    from herd.lag import group_lags

    farm = running_farm(data)
    groups = {spec.name: spec.group for spec in OWN_SPECS if spec.group}
    lags = group_lags(farm.fields["KAFKA_BOOTSTRAP"], list(groups.values()))
    services = {
        name: {**row, "lag": lags.get(groups.get(name, ""))} for name, row in farm.services.items()
    }
    where = {"url": farm.url, "mqtt": farm.mqtt, "webhooks": farm.webhooks}
    return {"services": services, **where, "pid": farm.pid}


def diagnose(data: Path, ports: dict[str, int]) -> dict[str, Any]:
    """{fine, findings: [{what, fine, seen, advice}]}; a running farm's own ports are no finding."""
    from herd.doctor import examine

    try:
        running_farm(data)
    except NoFarmError:
        pass
    else:
        ports = {}
    findings = [asdict(finding) for finding in examine(data, {o: p for o, p in ports.items() if p})]
    return {"fine": all(finding["fine"] for finding in findings), "findings": findings}


def import_file(
    data: Path, file: Path, farm_id: str, *, dry_run: bool, credentials: Path | None = None
) -> tuple[dict[str, Any], list[tuple[int, str]]]:
    """({rows, imported, refused}, [(row, sentence)]); returns when gateways can know of it.

    credentials: the file for the passwords of collars that have none; adds {let_in, left_out}, how
    many got one and which collars were revoked once and stay so. Returns when they are let in.
    """
    from herdbook import PasswordFile, import_csv

    text = _text_of(file)
    farm = running_farm(data)
    passwords = PasswordFile(credentials) if credentials is not None else None
    with opened_herdbook(farm) as herdbook:
        done = import_csv(
            herdbook,
            text,
            checked_farm(farm_id),
            by=CLI_USER,
            dry_run=dry_run,
            passwords=passwords,
        )
        if done.position is not None:
            herdbook.wait_until_relayed(done.position, within_s=RELAYED_WITHIN_S)
    counts: dict[str, Any] = {
        "rows": done.rows,
        "imported": done.imported,
        "refused": len(done.refused),
    }
    if passwords is not None:
        counts |= {"let_in": len(done.let_in), "left_out": list(done.left_out)}
        if done.let_in and done.imported:  # one write: who comes last comes with all
            last = done.let_in[-1]
            password = passwords.read(FarmId(farm_id))[last]
            _wait_until_let_in(farm, last, password, mqtt_topic(FarmId(farm_id), last, "ack"))
    return counts, list(done.refused)


def _text_of(file: Path) -> str:
    raw = file.read_bytes()
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise CommandError(f"{file} is not UTF-8 (line {line}): save it as `CSV UTF-8`") from error


def add_collar(
    data: Path, farm_id: str, collar_id: str, *, device: str = "collar", since: str | None = None
) -> dict[str, str]:
    """{collar_id, user, password, mqtt_topic, mosquitto_pub}: shown once, stored hashed.

    device: collar | base-station | weather-station. since: from when on a weather station's
    readings count, ISO 8601 with an offset; None = now.
    """
    from herdbook import Device

    kind, measures_from = Device(device), _moment(since)
    if since is not None and kind is not Device.WEATHER_STATION:
        raise CommandError(
            "--since is for weather stations: who wears a collar since when says "
            "the register (`herd import`)"
        )
    farm = running_farm(data)
    with opened_herdbook(farm) as herdbook:
        password = herdbook.add_collar(
            checked_collar(collar_id),
            checked_farm(farm_id),
            by=CLI_USER,
            device=kind,
            measures_from=measures_from,
        )
        if kind is Device.WEATHER_STATION:  # or its first readings are a stranger's
            herdbook.wait_until_relayed(herdbook.store.head(), within_s=RELAYED_WITHIN_S)
    host, _, port = farm.mqtt.partition(":")
    if kind is Device.BASE_STATION:  # it speaks for the farm's collars, and hears nothing
        topic, own = f"herd/v1/{farm_id}/+/readings", None
    else:
        topic = mqtt_topic(FarmId(farm_id), CollarId(collar_id), "readings")
        own = mqtt_topic(FarmId(farm_id), CollarId(collar_id), "ack")
    _wait_until_let_in(farm, collar_id, password, own)
    return {
        "collar_id": collar_id,
        "user": collar_id,
        "password": password,
        "mqtt_topic": topic,
        "mosquitto_pub": f"mosquitto_pub -V 5 -h {host} -p {port} -u {collar_id} -P '{password}' "
        f"-q 1 -t {topic.replace('+', 'A-COLLAR')} -f reading.json",
    }


def _moment(text: str | None) -> datetime | None:
    """The aware time in `text`; raises CommandError for none."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise CommandError(f"{text[:60]!r} is no time: write it like 2026-03-01T04:00:00Z")
    return moment.astimezone(UTC)


def _wait_until_let_in(farm: FarmFile, user: str, password: str, mqtt_topic: str | None) -> None:
    from herd.credential_probe import wait_until_let_in

    host, _, port = farm.mqtt.partition(":")
    if not wait_until_let_in(
        host,
        int(port),
        user=user,
        password=password,
        mqtt_topic=mqtt_topic,
        within_s=LET_IN_WITHIN_S,
    ):
        raise CommandError(
            f"the credential of {user} is made, but the MQTT broker at {farm.mqtt} does not "
            f"let it in within {LET_IN_WITHIN_S:.0f} s: look at `herd status`, then add it again"
        )


def revoke_collar(data: Path, farm_id: str, collar_id: str) -> dict[str, str]:
    """{collar_id}: its credentials are gone."""
    with opened_herdbook(running_farm(data)) as herdbook:
        herdbook.revoke_collar(checked_collar(collar_id), checked_farm(farm_id), by=CLI_USER)
    return {"collar_id": collar_id}


def list_collars(data: Path) -> dict[str, list[str]]:
    """{collars: [...]} that have credentials."""
    with opened_herdbook(running_farm(data)) as herdbook:
        return {"collars": sorted(herdbook.collars())}


def rebuild_model(data: Path, model: str) -> dict[str, Any]:
    """What a rebuild did; raises CommandError for a model that is not there."""
    from read_models import (
        rebuild_analytics,
        rebuild_animal_history,
        rebuild_dead_letters,
        rebuild_worklist,
    )

    if model not in REBUILDABLE:
        raise CommandError(f"there is no read model {model!r}: one of {', '.join(REBUILDABLE)}")
    fields = running_farm(data).fields
    kafka, registry = fields["KAFKA_BOOTSTRAP"], fields["REGISTRY_URL"]
    match model:
        case "analytics":
            return rebuild_analytics(
                kafka_bootstrap=kafka,
                registry_url=registry,
                clickhouse_url=fields["CLICKHOUSE_URL"],
            )
        case "animal_history":
            return rebuild_animal_history(
                kafka_bootstrap=kafka, registry_url=registry, postgres_dsn=fields["POSTGRES_DSN"]
            )
        case "dead_letters":
            return rebuild_dead_letters(
                kafka_bootstrap=kafka, registry_url=registry, postgres_dsn=fields["POSTGRES_DSN"]
            )
        case _:
            return rebuild_worklist(
                kafka_bootstrap=kafka, registry_url=registry, redis_url=fields["REDIS_URL"]
            )


def checked_farm(farm_id: str) -> FarmId:
    """A farm's id from the command line; raises CommandError outside the grammar."""
    return FarmId(_checked("farm", farm_id))


def checked_collar(collar_id: str) -> CollarId:
    """A collar's id from the command line; raises CommandError outside the grammar."""
    return CollarId(_checked("collar", collar_id))


def _checked(what: str, value: str) -> str:
    from contracts.ids import checked_id

    try:
        return checked_id(what, value)
    except InvalidIdError as error:
        raise CommandError(str(error)) from error


@contextmanager
def opened_herdbook(farm: FarmFile) -> Iterator[Any]:  # herdbook.Herdbook, imported late
    """The register of a running farm; a refusal becomes a CommandError."""
    from herdbook import HerdbookError, open_herdbook

    try:
        with open_herdbook(
            farm.fields["POSTGRES_DSN"], Path(farm.fields["MQTT_USERS_DIR"])
        ) as herdbook:
            yield herdbook
    except HerdbookError as refused:
        raise CommandError(str(refused)) from refused
