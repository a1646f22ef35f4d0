"""Settings of the herdbook (`HERD_HERDBOOK_…`)."""

from pydantic_settings import SettingsConfigDict

from runtime.settings import KafkaFields, PostgresFields, ServiceSettings


class HerdbookSettings(ServiceSettings, KafkaFields, PostgresFields):
    """The register → its feed, and what gateways need of it."""

    model_config = SettingsConfigDict(env_prefix="HERD_HERDBOOK_", frozen=True, extra="ignore")
