"""What the short commands do, against a running farm."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from contracts.ids import CollarId, FarmId, InvalidIdError, UserId
from contracts.topics import mqtt_topic
from herd.farm_file import FarmFile, NoFarmError, running_farm
from herd.services import OWN_SPECS

RELAYED_WITHIN_S = 15.0
LET_IN_WITHIN_S = 15.0  # the broker takes one second; ten times that under load
CLI_USER = UserId("cli")
REBUILDABLE = ("worklist", "analytics", "animal_history")


class CommandError(Exception):
    """A command that cannot be carried out; the message says why and what to do next."""


def status_of(data: Path) -> dict[str, Any]:
    """{services: {name: {state, pid, address, restarts, lag}}, url, mqtt} of the running farm."""
    from herd.lag import group_lags

    farm = running_farm(data)
    groups = {spec.name: spec.group for spec in OWN_SPECS if spec.group}
    lags = group_lags(farm.fields["KAFKA_BOOTSTRAP"], list(groups.values()))
    services = {
        name: {**row, "lag": lags.get(groups.get(name, ""))} for name, row in farm.services.items()
    }
    return {"services": services, "url": farm.url, "mqtt": farm.mqtt, "pid": farm.pid}


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
    data: Path, file: Path, farm_id: str, *, dry_run: bool
) -> tuple[dict[str, int], list[tuple[int, str]]]:
    """({rows, imported, refused}, [(row, sentence)]); returns when gateways can know of it."""
    from herdbook import import_csv

    farm = running_farm(data)
    with _herdbook(farm) as herdbook:
        done = import_csv(
            herdbook,
            file.read_text("utf-8-sig"),
            checked_farm(farm_id),
            by=CLI_USER,
            dry_run=dry_run,
        )
        if done.position is not None:
            herdbook.wait_until_relayed(done.position, within_s=RELAYED_WITHIN_S)
    counts = {"rows": done.rows, "imported": done.imported, "refused": len(done.refused)}
    return counts, list(done.refused)


def add_collar(data: Path, farm_id: str, collar_id: str) -> dict[str, str]:
    """{collar_id, user, password, mqtt_topic, mosquitto_pub}: shown once, stored hashed."""
    from herd.credential_probe import wait_until_let_in

    farm = running_farm(data)
    with _herdbook(farm) as herdbook:
        password = herdbook.add_collar(
            checked_collar(collar_id), checked_farm(farm_id), by=CLI_USER
        )
    host, _, port = farm.mqtt.partition(":")
    topic = mqtt_topic(FarmId(farm_id), CollarId(collar_id), "readings")
    ack_topic = mqtt_topic(FarmId(farm_id), CollarId(collar_id), "ack")
    if not wait_until_let_in(
        host,
        int(port),
        user=collar_id,
        password=password,
        mqtt_topic=ack_topic,
        within_s=LET_IN_WITHIN_S,
    ):
        raise CommandError(
            f"the credential of {collar_id} is made, but the MQTT broker at {farm.mqtt} does not "
            f"let it in within {LET_IN_WITHIN_S:.0f} s: look at `herd status`, then add it again"
        )
    return {
        "collar_id": collar_id,
        "user": collar_id,
        "password": password,
        "mqtt_topic": topic,
        "mosquitto_pub": f"mosquitto_pub -V 5 -h {host} -p {port} -u {collar_id} -P '{password}' "
        f"-i {collar_id} -q 1 -t {topic} -f reading.json",
    }


def revoke_collar(data: Path, farm_id: str, collar_id: str) -> dict[str, str]:
    """{collar_id}: its credentials are gone."""
    with _herdbook(running_farm(data)) as herdbook:
        herdbook.revoke_collar(checked_collar(collar_id), checked_farm(farm_id), by=CLI_USER)
    return {"collar_id": collar_id}


def list_collars(data: Path) -> dict[str, list[str]]:
    """{collars: [...]} that have credentials."""
    with _herdbook(running_farm(data)) as herdbook:
        return {"collars": sorted(herdbook.collars())}


def rebuild_model(data: Path, model: str) -> dict[str, Any]:
    """What a rebuild did; raises CommandError for a model that is not there."""
    from read_models import rebuild_analytics, rebuild_animal_history, rebuild_worklist

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


def _herdbook(farm: FarmFile) -> Any:  # noqa: ANN401  herdbook.Herdbook, imported late
    from herdbook import open_herdbook

    return open_herdbook(farm.fields["POSTGRES_DSN"], Path(farm.fields["MQTT_USERS_DIR"]))
