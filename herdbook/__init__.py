"""The register: animals, the collars they wear, and the credentials of those. A write side."""

from herdbook.adapters.password_file import PasswordFile
from herdbook.app import open_herdbook
from herdbook.credentials import Credentials, Device
from herdbook.domain.commands import (
    AssignCollar,
    RegisterAnimal,
    RemoveCollar,
)
from herdbook.domain.errors import (
    AnimalElsewhereError,
    AnimalNotFoundError,
    CollarElsewhereError,
    CollarNotAddedError,
    CollarNotWornError,
    CollarWornError,
    CredentialsRefusedError,
    ExternalIdTakenError,
    FarmIsLiveError,
    FenceRefusedError,
    HerdbookBusyError,
    HerdbookError,
    LimitRefusedError,
    ParityRefusedError,
    StationNotWornError,
    TextRefusedError,
    TimeRefusedError,
)
from herdbook.handlers import Herdbook
from herdbook.importing import ImportResult, import_csv

__all__ = [
    "AnimalElsewhereError",
    "AnimalNotFoundError",
    "AssignCollar",
    "CollarElsewhereError",
    "CollarNotAddedError",
    "CollarNotWornError",
    "CollarWornError",
    "Credentials",
    "CredentialsRefusedError",
    "Device",
    "ExternalIdTakenError",
    "FarmIsLiveError",
    "FenceRefusedError",
    "Herdbook",
    "HerdbookBusyError",
    "HerdbookError",
    "ImportResult",
    "LimitRefusedError",
    "ParityRefusedError",
    "PasswordFile",
    "RegisterAnimal",
    "RemoveCollar",
    "StationNotWornError",
    "TextRefusedError",
    "TimeRefusedError",
    "import_csv",
    "open_herdbook",
]
