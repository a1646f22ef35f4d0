"""Settings of the gateway (`HERD_GATEWAY_…`) and of herd-clock (`HERD_CLOCK_…`)."""

from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import SettingsConfigDict

from runtime.settings import KafkaFields, ServiceSettings


class GatewaySettings(ServiceSettings, KafkaFields):
    """MQTT → Kafka."""

    model_config = SettingsConfigDict(env_prefix="HERD_GATEWAY_", frozen=True, extra="ignore")

    mqtt_host: str = Field(default="127.0.0.1", description="MQTT broker, name or address.")
    mqtt_port: int = Field(default=1883, ge=1, le=65_535, description="MQTT broker's port.")
    mqtt_tls: bool = Field(
        default=False,
        description="Speak to the MQTT broker with TLS; ca_file says whom to believe.",
    )
    mqtt_user: str = Field(default="gateway", description="Who the gateway is to the MQTT broker.")
    mqtt_password: SecretStr = Field(default=SecretStr(""), description="Its password.")
    instance: str = Field(
        default="1",
        pattern="[a-z0-9-]{1,40}",
        description="Names this gateway's session at the broker; each gateway has its own.",
    )
    mqtt_share_group: str = Field(
        default="gateway",
        pattern="[A-Za-z0-9_-]{1,80}",
        description="Group of the shared subscription, the same for all gateways of a farm. Not to "
        "be guessed where others may subscribe too: Artemis 2.53 deletes the queue of a group when "
        "somebody who may not is refused it.",
    )
    mqtt_keepalive_s: int = Field(
        default=15, ge=5, le=600, description="Seconds after which a silent broker counts as lost."
    )
    mqtt_session_s: int = Field(
        default=86_400,
        ge=60,
        le=2_592_000,
        description="Seconds the broker keeps uploads for a gateway that is away.",
    )
    receive_maximum: int = Field(
        default=1000,
        ge=10,
        le=65_535,
        description="Uploads the broker may send ahead of their PUBACK: 1000 that take 20 ms to "
        "Kafka and back are 50,000 a second.",
    )
    records_in_flight_max: int = Field(
        default=20_000,
        ge=500,
        le=90_000,
        description="Readings handed to Kafka and not yet confirmed.",
    )
    waiting_bytes_max: int = Field(
        default=64 * 1024 * 1024,
        ge=1024 * 1024,
        le=4 * 1024 * 1024 * 1024,
        description="Bytes of uploads that are here and not judged; beyond it the gateway stops "
        "reading from the broker. 64 MiB are 360 of the largest uploads.",
    )
    collar_uploads_per_s: float = Field(
        default=20.0,
        gt=0,
        le=100_000,
        description="Uploads a second that one collar may send for ever; beyond it they are "
        "refused as rate_limited. An honest one sends one in minutes.",
    )
    collar_uploads_burst: int = Field(
        default=10_000,
        ge=1,
        le=10_000_000,
        description="Uploads that one collar may send at once: a month's buffer, one by one.",
    )
    collar_bytes_per_s: int = Field(
        default=256 * 1024,
        ge=1024,
        le=1024 * 1024 * 1024,
        description="Bytes a second that one collar may send for ever: one largest upload.",
    )
    collar_bytes_burst: int = Field(
        default=32 * 1024 * 1024,
        ge=256 * 1024,
        le=4 * 1024 * 1024 * 1024,
        description="Bytes that one collar may send at once: ten times a month's buffer.",
    )
    tell_every_s: float = Field(
        default=10.0,
        gt=0,
        le=3600,
        description="Seconds between two log lines of what was bridged.",
    )
    http_port: int = Field(
        default=0,
        ge=0,
        le=65_535,
        description="Port on which LoRaWAN servers' webhooks are taken; 0 = none are.",
    )
    http_host: str = Field(
        default="127.0.0.1",
        description="Address of the webhooks; loopback by default, for a proxy that speaks TLS.",
    )
    http_certificate_file: Path | None = Field(
        default=None,
        description="Certificate (chain, PEM) to take webhooks over TLS with; unset = plain HTTP, "
        "which shows passwords to the network: for loopback or behind a proxy.",
    )
    http_key_file: Path | None = Field(
        default=None, description="The certificate's private key, PEM; both or none."
    )
    mqtt_users_dir: Path | None = Field(
        default=None,
        description="Where the MQTT broker keeps its users: a webhook shows the credential of a "
        "base station of its farm. Needed with http_port.",
    )

    @model_validator(mode="after")
    def _webhooks_whole(self) -> Self:
        """Half a certificate would be plain HTTP, and without users nobody could be let in."""
        if (self.http_certificate_file is None) != (self.http_key_file is None):
            raise ValueError("http_certificate_file and http_key_file belong together: set both")
        if self.http_port and self.mqtt_users_dir is None:
            raise ValueError("http_port needs mqtt_users_dir: set both, or none")
        return self


class ClockSettings(ServiceSettings, KafkaFields):
    """herd-clock: ticks and context."""

    model_config = SettingsConfigDict(env_prefix="HERD_CLOCK_", frozen=True, extra="ignore")

    instance: str = Field(
        default="1",
        pattern="[a-z0-9-]{1,40}",
        description="Names this member of the group; a second one of the same name ends the first.",
    )
    tick_every_s: float = Field(
        default=5.0, gt=0, le=60, description="Seconds between two ticks of a partition."
    )
    deaf_after_s: float = Field(
        default=20.0,
        ge=2,
        le=3600,
        description="Seconds without a tick, or without an answered probe, after which nobody "
        "counts as heard. Real time, also while a demo's clock runs faster.",
    )
    mqtt_host: str = Field(default="127.0.0.1", description="MQTT broker, name or address.")
    mqtt_port: int = Field(default=1883, ge=1, le=65_535, description="MQTT broker's port.")
    mqtt_tls: bool = Field(
        default=False,
        description="Speak to the MQTT broker with TLS; ca_file says whom to believe.",
    )
    probe_user: str = Field(
        default="herd-clock", description="Who the prober of the way in is to the MQTT broker."
    )
    probe_password: SecretStr = Field(default=SecretStr(""), description="Its password.")
    probe_every_s: float = Field(
        default=4.0, gt=0, le=600, description="Seconds between two probes of the way in."
    )
    ahead_max_s: float = Field(
        default=2.0, gt=0, le=60, description="Seconds our clock may be ahead of Kafka's."
    )
