"""The file with the passwords says what was written into it, whatever a maker calls a password."""

import csv
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.ids import CollarId
from herdbook import PasswordFile
from herdbook.adapters.mqtt_users import MqttCredentials
from herdbook.domain.herd_list import PASSWORD
from tests.builders import FARM

PASSWORDS = st.dictionaries(
    st.from_regex(r"[a-z0-9-]{1,40}", fullmatch=True).map(CollarId),
    st.from_regex(PASSWORD, fullmatch=True),
    max_size=5,
)


@settings(max_examples=10, deadline=None)  # each waits for the disk four times
@given(PASSWORDS, PASSWORDS)
def test_what_is_written_is_read_again(
    first: dict[CollarId, str], second: dict[CollarId, str]
) -> None:
    """Commas, quotes and all; by our own reader and by a spreadsheet's."""
    with tempfile.TemporaryDirectory() as folder:
        file = PasswordFile(Path(folder) / "out.csv")

        file.write(FARM, first)
        file.write(FARM, second)

        assert file.read(FARM) == first | second
        with file.path.open(newline="") as opened:
            told = {row["collar_id"]: row["password"] for row in csv.DictReader(opened)}
        assert told == first | second


def test_no_password_of_ours_looks_like_a_formula(tmp_path: Path) -> None:
    """`-x7…` opened in a spreadsheet becomes `#NAME?`, and the collar stays out."""
    credentials = MqttCredentials(tmp_path)

    assert all(credentials.new_password()[0].isalnum() for _ in range(300))


def test_a_file_laid_out_for_us_by_somebody_gets_no_password(tmp_path: Path) -> None:
    """Its name can be guessed; a link leads elsewhere, and a file keeps its owner."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("")
    (tmp_path / ".out.csv.new").symlink_to(elsewhere)

    PasswordFile(tmp_path / "out.csv").write(FARM, {CollarId("c-1"): "a-long-password-1"})

    assert elsewhere.read_text() == ""
    assert (tmp_path / "out.csv").stat().st_mode & 0o777 == 0o600
