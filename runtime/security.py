"""How this process shows who it is to Kafka and the registry, and whom it believes.

A process speaks to one Kafka as one principal, for all of its life, through a dozen clients in as
many places. So this is said once, when it starts (`use`), and the clients' makers in
runtime/kafka.py and runtime/registry.py ask here. Rejected: handing it through every constructor
that today takes an address; a client that was forgotten would only be noticed in production.
Unsaid, as in the box and in tests, everything is plain.
"""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from runtime.settings import KafkaFields, ServiceSettings

_PLAIN: Mapping[str, str] = MappingProxyType({})
_kafka: Mapping[str, str] = _PLAIN
_ca_file: Path | None = None


def use(settings: ServiceSettings) -> None:
    """From now on clients are made as `settings` say; once, before any loop runs."""
    global _kafka, _ca_file  # noqa: PLW0603  the one fact about the process that is kept here
    _ca_file = settings.ca_file
    _kafka = kafka_of(settings) if isinstance(settings, KafkaFields) else _PLAIN


def kafka() -> dict[str, str]:
    """What librdkafka is told beside the address; empty for a plain Kafka."""
    return dict(_kafka)


def registry(url: str) -> dict[str, str]:
    """What the registry's client is told beside the address; a user's name stands in the URL."""
    if _ca_file is None or not url.startswith("https:"):
        return {}
    return {"ssl.ca.location": str(_ca_file)}


def kafka_of(settings: ServiceSettings) -> dict[str, str]:
    """Librdkafka's names for the KafkaFields and the certificate authority of `settings`."""
    if not isinstance(settings, KafkaFields) or settings.kafka_security == "plaintext":
        return {}
    told: dict[str, str] = {"security.protocol": settings.kafka_security}
    if settings.ca_file is not None and settings.kafka_security.endswith("ssl"):
        told["ssl.ca.location"] = str(settings.ca_file)
    if settings.kafka_security.startswith("sasl"):
        told["sasl.mechanism"] = settings.kafka_sasl_mechanism
        told["sasl.username"] = settings.kafka_user
        told["sasl.password"] = settings.kafka_password.get_secret_value()
    return told
