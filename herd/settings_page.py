"""Every setting of every service, read from the settings classes themselves."""

from typing import Any

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from runtime.settings import ServiceSettings


def settings_classes() -> dict[str, type[ServiceSettings]]:
    """The settings class of each service by the service's name."""
    from alerts.settings import AlertsSettings
    from api.settings import ApiSettings
    from firmware_sim.settings import FirmwareSimSettings
    from gateway.settings import ClockSettings, GatewaySettings
    from herdbook.settings import HerdbookSettings
    from pipeline.settings import PipelineSettings
    from read_models.settings import ReadModelsSettings

    return {
        "gateway": GatewaySettings,
        "herd-clock": ClockSettings,
        "pipeline": PipelineSettings,
        "herdbook": HerdbookSettings,
        "alerts": AlertsSettings,
        "read-models": ReadModelsSettings,
        "api": ApiSettings,
        "firmware-sim": FirmwareSimSettings,
    }


def all_settings() -> dict[str, list[dict[str, str]]]:
    """{service: [{variable, default, meaning}]}; secrets show no default."""
    return {
        service: [
            _row(str(settings.model_config.get("env_prefix", "")), name, field)
            for name, field in settings.model_fields.items()
        ]
        for service, settings in settings_classes().items()
    }


def _row(prefix: str, name: str, field: FieldInfo) -> dict[str, str]:
    default: Any = "" if field.is_required() or field.default is None else field.default
    if isinstance(default, SecretStr):
        default = "(secret)"
    return {
        "variable": f"{prefix}{name}".upper(),
        "default": str(default),
        "meaning": field.description or "",
    }
