"""The passwords of an import as a CSV file that its owner alone can read."""

import csv
import os
from collections.abc import Mapping
from io import StringIO
from pathlib import Path

from contracts.ids import CollarId, FarmId
from contracts.topics import mqtt_topic, parse_mqtt_topic
from herdbook.domain.errors import CredentialsRefusedError

HEADER = ["collar_id", "user", "password", "mqtt_topic"]


class PasswordFile:
    """`PasswordList` in a file of mode 0600, replaced as a whole and on the disk when it is."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self, farm_id: FarmId) -> dict[CollarId, str]:
        """Those of one farm; raises CredentialsRefusedError for a file that is something else."""
        found: dict[CollarId, str] = {}
        for collar_id, _user, password, topic in self._rows():
            address = parse_mqtt_topic(topic)
            if address is not None and address.farm_id == farm_id:
                found[CollarId(collar_id)] = password
        return found

    def write(self, farm_id: FarmId, passwords: Mapping[CollarId, str]) -> None:
        """Keep what stands there of other collars, and add these."""
        rows = [row for row in self._rows() if row[0] not in passwords]
        rows += [
            [collar_id, collar_id, password, mqtt_topic(farm_id, collar_id, "readings")]
            for collar_id, password in passwords.items()
        ]
        text = StringIO(newline="")
        csv.writer(text, lineterminator="\n").writerows([HEADER, *rows])
        try:
            self._replace(text.getvalue())
        except OSError as error:
            raise CredentialsRefusedError(
                f"{self.path} cannot be written ({error.strerror}), so no credential was made: "
                "import the list again once it can"
            ) from error

    def _rows(self) -> list[list[str]]:
        try:
            rows = list(csv.reader(StringIO(self.path.read_text("utf-8"), newline="")))
        except FileNotFoundError:
            return []
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise CredentialsRefusedError(f"{self.path} cannot be read: {error}") from error
        if rows[:1] != [HEADER] or any(len(row) != len(HEADER) for row in rows):
            raise CredentialsRefusedError(
                f"{self.path} is there and no list of credentials ({','.join(HEADER)}): "
                "name another file"
            )
        return rows[1:]

    def _replace(self, text: str) -> None:
        scratch = self.path.with_name(f".{self.path.name}.new")
        # ours from the start: one that lay there would keep its owner, who could read it all
        scratch.unlink(missing_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        descriptor = os.open(scratch, flags, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(self.path)
        directory = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(directory)  # or a power cut forgets the name, when the broker has the hashes
        finally:
            os.close(directory)
