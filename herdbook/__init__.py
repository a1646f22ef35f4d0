"""The register: animals, the collars they wear, and the credentials of those. A write side."""

from herdbook.app import open_herdbook
from herdbook.credentials import Credentials
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
    CredentialsRefusedError,
    ExternalIdTakenError,
    HerdbookBusyError,
    HerdbookError,
    TextRefusedError,
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
    "Credentials",
    "CredentialsRefusedError",
    "ExternalIdTakenError",
    "Herdbook",
    "HerdbookBusyError",
    "HerdbookError",
    "ImportResult",
    "RegisterAnimal",
    "RemoveCollar",
    "TextRefusedError",
    "import_csv",
    "open_herdbook",
]
