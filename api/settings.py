"""Settings of the API, prefix HERD_API_."""

from pathlib import Path
from typing import Self

from pydantic import Field, model_validator
from pydantic_settings import SettingsConfigDict

from runtime.settings import PostgresFields, RedisFields, ServiceSettings


class ApiSettings(ServiceSettings, PostgresFields, RedisFields):
    """Where people come in, and who they are."""

    model_config = SettingsConfigDict(env_prefix="HERD_API_", frozen=True, extra="ignore")

    host: str = Field(
        default="127.0.0.1",
        description="Address to listen on; loopback by default, 0.0.0.0 = the whole network.",
    )
    port: int = Field(
        default=8080, ge=0, le=65535, description="Port to listen on; 0 = any free one."
    )
    tls_certificate_file: Path | None = Field(
        default=None,
        description="Certificate (chain, PEM) to answer over TLS with; unset = plain HTTP, for "
        "loopback or behind a proxy.",
    )
    tls_key_file: Path | None = Field(
        default=None, description="The certificate's private key, PEM; both or none."
    )
    clickhouse_url: str = Field(
        default="http://127.0.0.1:8123", description="ClickHouse over HTTP, for the charts."
    )
    owner_token_file: Path = Field(
        default=Path("owner-token"),
        description="File that holds the owner's token, 20 characters or more.",
    )
    allowed_origins: tuple[str, ...] = Field(
        default=(),
        description="Origins of other web pages that may open the socket, as a JSON list of "
        "https://host[:port]; pages of our own host always may.",
    )
    allowed_hosts: tuple[str, ...] = Field(
        default=(),
        description="Names, beside localhost and plain addresses, by which pages and programs may "
        'call us, as a JSON list: ["herd.example.org"]. Others are refused (DNS rebinding).',
    )
    mqtt_users_dir: Path | None = Field(
        default=None, description="Where the MQTT broker keeps its users; needed to add collars."
    )
    sockets_max: int = Field(
        default=2000, ge=1, description="Sockets held at once; one more is closed with 4429."
    )

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        """A certificate without its key would be served as plain HTTP."""
        if (self.tls_certificate_file is None) != (self.tls_key_file is None):
            raise ValueError("tls_certificate_file and tls_key_file belong together: set both")
        return self
