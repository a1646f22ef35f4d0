"""Settings of the simulator (`HERD_FIRMWARE_SIM_…`)."""

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from runtime.settings import ServiceSettings


class FirmwareSimSettings(ServiceSettings):
    """Collars that measure and send."""

    model_config = SettingsConfigDict(env_prefix="HERD_FIRMWARE_SIM_", frozen=True, extra="ignore")

    mqtt_host: str = Field(default="127.0.0.1", description="MQTT broker, name or address.")
    mqtt_port: int = Field(default=1883, ge=1, le=65_535, description="MQTT broker's port.")
    collars_file: Path = Field(
        default=Path("collars.csv"),
        description="CSV with a header: farm_id,animal_id,collar_id,password; one collar a line.",
    )
    station_user: str = Field(
        default="",
        description="If set, all collars speak over one connection of this user.",
    )
    station_password: SecretStr = Field(default=SecretStr(""), description="Its password.")
    readings_per_s: float = Field(
        default=0.0, ge=0, le=100_000, description="Of all collars; 0 = each every interval_s."
    )
    interval_s: int = Field(
        default=300, ge=1, le=86_400, description="Seconds that each reading covers."
    )
    ledger_file: Path = Field(
        default=Path("ledger.csv"),
        description="Every reading produced and acknowledged is appended here.",
    )
