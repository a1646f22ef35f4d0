"""What the settings of every service have in common; each service adds its own fields.

A service's class sets its prefix: `HERD_<SERVICE>_`. Nothing else reads the environment.
"""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class ServiceSettings(BaseSettings):
    """How a process logs, says it is ready, and when it counts as stuck."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    log_level: str = Field(default="info", description="debug, info, warning or error.")
    log_json: bool = Field(
        default=True, description="One JSON object a line; false for people at a terminal."
    )
    ready_file: Path | None = Field(
        default=None,
        description="Written with the process id once the service is ready; none if unset.",
    )
    metrics_port: int = Field(
        default=0, ge=0, le=65535, description="Port of Prometheus metrics on loopback; 0 = off."
    )
    stall_max_s: float = Field(
        default=60.0,
        gt=0,
        description="Seconds without progress after which the process ends itself "
        "(its supervisor starts it again).",
    )


class KafkaFields(BaseSettings):
    """Where Kafka and its schema registry are."""

    kafka_bootstrap: str = Field(
        default="127.0.0.1:9092", description="Kafka brokers, HOST:PORT,…."
    )
    registry_url: str = Field(
        default="http://127.0.0.1:8081", description="Schema registry, Confluent-compatible."
    )


class PostgresFields(BaseSettings):
    """Where PostgreSQL is, with which role."""

    postgres_dsn: str = Field(
        default="postgresql://127.0.0.1:5432/herd", description="PostgreSQL connection string."
    )


class RedisFields(BaseSettings):
    """Where Redis is."""

    redis_url: str = Field(default="redis://127.0.0.1:6379/0", description="Redis, as redis://…/0.")
