"""Settings of alerts (`HERD_ALERTS_…`)."""

from pydantic_settings import SettingsConfigDict

from runtime.settings import KafkaFields, PostgresFields, ServiceSettings


class AlertsSettings(ServiceSettings, KafkaFields, PostgresFields):
    """Detections → cases; cases → their feed."""

    model_config = SettingsConfigDict(env_prefix="HERD_ALERTS_", frozen=True, extra="ignore")
