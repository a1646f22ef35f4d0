"""Settings of the read models' process, prefix HERD_READ_MODELS_."""

from pydantic_settings import SettingsConfigDict

from runtime.settings import KafkaFields, RedisFields, ServiceSettings


class ReadModelsSettings(ServiceSettings, KafkaFields, RedisFields):
    """Where the feed is read and where the worklist is kept."""

    model_config = SettingsConfigDict(env_prefix="HERD_READ_MODELS_", frozen=True, extra="ignore")
