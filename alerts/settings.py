"""Settings of alerts (`HERD_ALERTS_…`)."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from runtime.settings import KafkaFields, PostgresFields, ServiceSettings
from runtime.tries import TRIES_MAX


class AlertsSettings(ServiceSettings, KafkaFields, PostgresFields):
    """Detections → cases; cases → their feed."""

    model_config = SettingsConfigDict(env_prefix="HERD_ALERTS_", frozen=True, extra="ignore")

    consumer_group: str = Field(
        default="herd-alerts",
        pattern="[a-z0-9-]{1,100}",
        description="Kafka consumer group; its committed offsets say what was taken in.",
    )
    tries_max: int = Field(
        default=TRIES_MAX,
        ge=1,
        le=100,
        description="How often a detection that cannot be taken in is tried, a store that is away "
        "not counted; then it becomes a dead letter.",
    )
