"""Settings of the deployment's one-time job (`HERD_PROVISION_…`)."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from runtime.settings import SECRETS_DIR, KafkaFields, PostgresFields, ServiceSettings


class ProvisionSettings(ServiceSettings, KafkaFields, PostgresFields):
    """Who makes users, grants, topics and tables, and where the others' secrets lie."""

    model_config = SettingsConfigDict(env_prefix="HERD_PROVISION_", frozen=True, extra="ignore")

    kafka_certificate_file: Path = Field(
        default=SECRETS_DIR / "admin.crt", description="Who the job is to Kafka: a certificate."
    )
    kafka_key_file: Path = Field(default=SECRETS_DIR / "admin.key", description="Its private key.")
    secrets_dir: Path = Field(
        default=SECRETS_DIR,
        description="Where `herd_<service>_kafka_password` and `…_postgres_dsn` of all services "
        "lie.",
    )
    replication: int = Field(
        default=3, ge=1, le=3, description="Copies of each topic: as many as there are brokers."
    )
