"""Settings of the read models' process, prefix HERD_READ_MODELS_."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from runtime.settings import KafkaFields, PostgresFields, RedisFields, ServiceSettings


class ReadModelsSettings(ServiceSettings, KafkaFields, PostgresFields, RedisFields):
    """Where the log is read and where each of the answers is kept."""

    model_config = SettingsConfigDict(env_prefix="HERD_READ_MODELS_", frozen=True, extra="ignore")

    clickhouse_url: str = Field(
        default="http://127.0.0.1:8123",
        description="ClickHouse's HTTP interface, http(s)://[user:password@]host:port.",
    )
