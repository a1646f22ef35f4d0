"""What all services share: the clock follows from the settings alone."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic_settings import SettingsConfigDict

from contracts.clock import FarmClock, SystemClock
from runtime import settings as settings_module
from runtime.settings import KafkaFields, ServiceSettings


def test_without_a_start_the_clock_is_the_machines() -> None:
    """Production sets nothing."""
    assert isinstance(ServiceSettings().clock(), SystemClock)


def test_the_same_settings_give_the_same_clock_in_every_process() -> None:
    """Services agree on what time it is on a demo farm without asking each other."""
    start = datetime(2026, 3, 1, 12, tzinfo=UTC)

    settings = ServiceSettings(clock_real_start=start, clock_lead_s=7200, clock_speed=60)

    assert settings.clock() == FarmClock(start, timedelta(hours=2), 60.0)


def test_a_secret_may_be_a_file_and_the_environment_wins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In production no secret stands in an environment, which children and crash dumps inherit."""
    monkeypatch.setattr(settings_module, "SECRETS_DIR", tmp_path)
    (tmp_path / "herd_secret_kafka_password").write_text("from a file\n", encoding="utf-8")
    (tmp_path / "herd_secret_kafka_user").write_text("from a file\n", encoding="utf-8")
    monkeypatch.setenv("HERD_SECRET_KAFKA_USER", "from the environment")

    class Secret(ServiceSettings, KafkaFields):
        model_config = SettingsConfigDict(env_prefix="HERD_SECRET_")

    settings = Secret()

    assert settings.kafka_password.get_secret_value() == "from a file"
    assert settings.kafka_user == "from the environment"
    assert "from a file" not in repr(settings)


def test_without_a_directory_of_secrets_nothing_is_missed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At a terminal there is none."""
    monkeypatch.setattr(settings_module, "SECRETS_DIR", tmp_path / "none")

    assert ServiceSettings().log_level == "info"
