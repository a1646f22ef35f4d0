"""Who we are to Kafka and whom we believe reaches every client; unsaid, everything is plain."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from runtime import kafka, registry, security
from runtime.settings import KafkaFields, ServiceSettings


class Settings(ServiceSettings, KafkaFields):
    """A service that speaks to Kafka."""


class Made:
    """Stands for a client's class and keeps what it was made with."""

    def __init__(self, configuration: dict[str, object]) -> None:
        self.configuration = configuration

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture(autouse=True)
def _plain_again() -> Iterator[None]:
    yield
    security.use(ServiceSettings())


def in_production() -> Settings:
    """As compose.yaml has it."""
    return Settings(
        ca_file=Path("/run/secrets/ca.crt"),
        kafka_security="sasl_ssl",
        kafka_user="pipeline",
        kafka_password=SecretStr("only here"),
    )


SECURE = {
    "security.protocol": "sasl_ssl",
    "ssl.ca.location": "/run/secrets/ca.crt",
    "sasl.mechanism": "SCRAM-SHA-512",
    "sasl.username": "pipeline",
    "sasl.password": "only here",
}


def test_unsaid_everything_is_plain() -> None:
    """The box and the tests listen on loopback and ask for nothing."""
    security.use(Settings())

    assert security.kafka() == {}
    assert security.registry("http://registry:8081") == {}


def test_every_client_of_kafka_is_made_as_the_settings_say(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A client that was forgotten would be noticed in production only."""
    made: list[Made] = []

    def client(configuration: dict[str, object]) -> Made:
        made.append(Made(configuration))
        return made[-1]

    for name in ("Producer", "Consumer"):
        monkeypatch.setattr(kafka, name, client)
    security.use(in_production())

    kafka.new_producer("kafka-1:9092")
    kafka.new_consumer("kafka-1:9092", "herd-test")

    assert [SECURE.items() <= one.configuration.items() for one in made] == [True, True]


def test_tls_without_a_password_needs_an_authority_alone() -> None:
    """`ssl` encrypts and believes; who we are is not asked."""
    settings = Settings(kafka_security="ssl", ca_file=Path("/ca.crt"))

    assert security.kafka_of(settings) == {
        "security.protocol": "ssl",
        "ssl.ca.location": "/ca.crt",
    }


def test_the_registry_is_believed_by_our_own_authority_where_it_speaks_tls(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its client would ask the machine's list, which does not know a farm's own authority."""
    monkeypatch.setattr(registry, "SchemaRegistryClient", Made)
    security.use(in_production())

    secure = registry.RegistrySchemaIds("https://registry:8081")
    plain = registry.RegistrySchemaIds("http://registry:8081")

    assert secure._client.configuration["ssl.ca.location"] == "/run/secrets/ca.crt"  # type: ignore[attr-defined]
    assert "ssl.ca.location" not in plain._client.configuration  # type: ignore[attr-defined]
