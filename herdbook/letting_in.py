"""Credentials for the collars of a list: which of them lack one, and how none is lost on the way.

Problem: a password exists in clear for one moment; the broker keeps hashes. If the process dies
between, a collar is let in with a password that nobody knows, or somebody has one that is none.

Approach: the register's note first (what was refused is let in by nobody), then the file with the
passwords, on the disk, then the broker, in one write. Whoever is cut short imports the list again:
collars that are not let in get the password that stands in the file already, which may be in them
by now, and a new one where none does. What is let in is never touched, so the same list again does
nothing.

A collar that was revoked is left out: an old list must not open the door that somebody shut.
"""

from contracts.ids import CollarId, FarmId
from herdbook.credentials import Credentials, PasswordList
from herdbook.domain.commands import AddCollar
from herdbook.domain.errors import CredentialsRefusedError
from herdbook.domain.herd_list import HerdRow
from herdbook.register import Register


class LettingIn:
    """The collars of one list that are to be let in for one farm. `begin` again on each try."""

    def __init__(self, credentials: Credentials, passwords: PasswordList, farm_id: FarmId) -> None:
        self._credentials = credentials
        self._passwords = passwords
        self._farm_id = farm_id
        self._in_file = passwords.read(farm_id)  # refuses a file that is something else

    def begin(self, register: Register) -> None:
        """Look at the broker's users, and at nobody's row yet."""
        self._register = register
        self._let_in = frozenset(self._credentials.collars())
        self._wanted: dict[CollarId, str | None] = {}
        self._left_out: list[CollarId] = []

    def decide(self, row: HerdRow) -> None:
        """Note that the row's collar is to be let in; raises a HerdbookError."""
        if row.collar_id is None:
            return
        collar_id = CollarId(row.collar_id)
        if self._register.known_collar(collar_id).revoked:
            self._left_out.append(collar_id)
            return
        if self._credentials.is_reserved(collar_id):
            raise CredentialsRefusedError(
                f"{collar_id} is the name of a service: call the collar otherwise"
            )
        self._register.collar(AddCollar(collar_id=collar_id, farm_id=self._farm_id))
        if collar_id not in self._let_in:
            self._wanted[collar_id] = row.password or self._in_file.get(collar_id)
        elif row.password and not self._credentials.is_password(collar_id, row.password):
            raise CredentialsRefusedError(
                f"collar {collar_id} is let in with another password already: leave the password "
                "out, and `herd collar add` gives a new one to put into the collar"
            )

    @property
    def left_out(self) -> tuple[CollarId, ...]:
        """Collars that were revoked, and stay so."""
        return tuple(self._left_out)

    def lacking(self) -> tuple[CollarId, ...]:
        """Collars that are not let in yet."""
        return tuple(self._wanted)

    def carry_out(self) -> tuple[CollarId, ...]:
        """Write the passwords down, then let the collars in; those that nobody else did meanwhile.

        Raises CredentialsRefusedError.
        """
        if not self._wanted:
            return ()
        with self._credentials.held():
            let_in = frozenset(self._credentials.collars())
            made = {
                collar_id: known or self._credentials.new_password()
                for collar_id, known in self._wanted.items()
                if collar_id not in let_in
            }
            if made:
                self._passwords.write(self._farm_id, made)
                self._credentials.add_all(self._farm_id, made)
        return tuple(made)
