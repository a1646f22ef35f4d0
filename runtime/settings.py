"""What the settings of every service have in common; each service adds its own fields.

A service's class sets its prefix: `HERD_<SERVICE>_`. Nothing else reads the environment. What is
secret may come as a file instead: `/run/secrets/herd_<service>_<field>`, which no process list,
no crash dump and no child shows. The environment wins where both are there.
"""

from datetime import timedelta
from pathlib import Path
from typing import Literal

from pydantic import AwareDatetime, Field, SecretStr
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SecretsSettingsSource,
    SettingsConfigDict,
)

from contracts.clock import Clock, FarmClock, SystemClock

SECRETS_DIR = Path("/run/secrets")  # where containers are handed their secrets


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
        default=0, ge=0, le=65535, description="Port of Prometheus metrics; 0 = off."
    )
    metrics_host: str = Field(
        default="127.0.0.1", description="Address that metrics are served on; loopback by default."
    )
    ca_file: Path | None = Field(
        default=None,
        description="Certificates (PEM) of those who may vouch for the servers we connect to with "
        "TLS; unset = the machine's own list.",
    )
    stall_max_s: float = Field(
        default=60.0,
        gt=0,
        description="Seconds without progress after which the process ends itself "
        "(its supervisor starts it again).",
    )
    failpoint: str = Field(
        default="",
        description="For tests alone: a place in the code and what happens there, "
        "NAME:kill|raise|stall[=SECONDS][@NTH] (runtime/failpoints.py).",
    )
    clock_real_start: AwareDatetime | None = Field(
        default=None,
        description="When a demo's clock sets off, in real time; unset = the machine's clock. "
        "The same for every service of a farm.",
    )
    clock_lead_s: float = Field(
        default=0.0, ge=0, description="Seconds by which that clock starts behind real time."
    )
    clock_speed: float = Field(
        default=1.0,
        ge=1,
        le=3600,
        description="How fast it runs until it has caught up with real time.",
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then the environment, then files of secrets where the directory is there."""
        del dotenv_settings, file_secret_settings  # one place for files, and no .env
        sources = (init_settings, env_settings)
        if not SECRETS_DIR.is_dir():
            return sources
        return (*sources, SecretsSettingsSource(settings_cls, secrets_dir=SECRETS_DIR))

    def clock(self) -> Clock:
        """The clock of this process: the machine's, or that of a demo farm."""
        if self.clock_real_start is None:
            return SystemClock()
        lead = timedelta(seconds=self.clock_lead_s)
        return FarmClock(self.clock_real_start, lead, self.clock_speed)


class KafkaFields(BaseSettings):
    """Where Kafka and its schema registry are, and who we are there."""

    kafka_bootstrap: str = Field(
        default="127.0.0.1:9092", description="Kafka brokers, HOST:PORT,…."
    )
    registry_url: str = Field(
        default="http://127.0.0.1:8081", description="Schema registry, Confluent-compatible."
    )
    kafka_security: Literal["plaintext", "ssl", "sasl_plaintext", "sasl_ssl"] = Field(
        default="plaintext",
        description="How Kafka is spoken to: plaintext, ssl, sasl_plaintext or sasl_ssl.",
    )
    kafka_sasl_mechanism: Literal["SCRAM-SHA-256", "SCRAM-SHA-512", "PLAIN"] = Field(
        default="SCRAM-SHA-512", description="With sasl_…: how we show who we are."
    )
    kafka_user: str = Field(default="", description="With sasl_…: who we are.")
    kafka_password: SecretStr = Field(
        default=SecretStr(""), description="With sasl_…: our password."
    )


class PostgresFields(BaseSettings):
    """Where PostgreSQL is, with which role."""

    postgres_dsn: str = Field(
        default="postgresql://127.0.0.1:5432/herd", description="PostgreSQL connection string."
    )


class RedisFields(BaseSettings):
    """Where Redis is."""

    redis_url: str = Field(default="redis://127.0.0.1:6379/0", description="Redis, as redis://…/0.")
