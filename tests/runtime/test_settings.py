"""What all services share: the clock follows from the settings alone."""

from datetime import UTC, datetime, timedelta

from contracts.clock import FarmClock, SystemClock
from runtime.settings import ServiceSettings


def test_without_a_start_the_clock_is_the_machines() -> None:
    """Production sets nothing."""
    assert isinstance(ServiceSettings().clock(), SystemClock)


def test_the_same_settings_give_the_same_clock_in_every_process() -> None:
    """Services agree on what time it is on a demo farm without asking each other."""
    start = datetime(2026, 3, 1, 12, tzinfo=UTC)

    settings = ServiceSettings(clock_real_start=start, clock_lead_s=7200, clock_speed=60)

    assert settings.clock() == FarmClock(start, timedelta(hours=2), 60.0)
