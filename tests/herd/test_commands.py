"""What the short commands refuse before they ask the farm for anything."""

from pathlib import Path

import pytest

from herd.commands import CommandError, add_collar, import_file


def test_a_list_in_the_letters_of_another_decade_is_refused(tmp_path: Path) -> None:
    """Spreadsheets still write them; `Zoë` would become somebody else."""
    file = tmp_path / "herd.csv"
    file.write_bytes("external_id,name\nNL 17,Bella\nNL 18,Zoë\n".encode("latin-1"))

    with pytest.raises(CommandError, match=r"not UTF-8 \(line 3\): save it as `CSV UTF-8`"):
        import_file(tmp_path, file, "home", dry_run=True)


@pytest.mark.parametrize("since", ["yesterday", "2026-03-01T04:00:00"])
def test_a_stations_first_time_needs_an_offset(tmp_path: Path, since: str) -> None:
    """A time without one is nobody's time."""
    with pytest.raises(CommandError, match="is no time: write it like"):
        add_collar(tmp_path, "home", "roof-1", device="weather-station", since=since)


@pytest.mark.parametrize("device", ["collar", "base-station"])
def test_since_is_for_weather_stations(tmp_path: Path, device: str) -> None:
    """Since when a collar is worn says the register, and a box measures nothing."""
    with pytest.raises(CommandError, match="`herd import`"):
        add_collar(tmp_path, "home", "c-17", device=device, since="2026-03-01T04:00:00Z")
