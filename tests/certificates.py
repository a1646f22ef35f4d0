"""Certificates for tests: an authority, and what it signs, good or bad."""

import ssl
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = timedelta(days=1)


class Authority:
    """Somebody who signs certificates, and whom others believe or not."""

    def __init__(self, name: str) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _named(name)
        now = datetime.now(UTC)
        self._own = (
            x509.CertificateBuilder()
            .subject_name(self._name)
            .issuer_name(self._name)
            .public_key(self._key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - 9 * DAY)
            .not_valid_after(now + 9 * DAY)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(self._key, hashes.SHA256())
        )

    def write(self, path: Path) -> Path:
        """Its certificate, for those who are to believe it."""
        path.write_bytes(self._own.public_bytes(serialization.Encoding.PEM))
        return path

    def issue(
        self, path: Path, names: Sequence[str] = ("localhost",), *, expired: bool = False
    ) -> int:
        """Put a server's key and certificate in place of a file in one step; its serial number."""
        key = ec.generate_private_key(ec.SECP256R1())
        now = datetime.now(UTC)
        serial = x509.random_serial_number()
        certificate = (
            x509.CertificateBuilder()
            .subject_name(_named(names[0]))
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(serial)
            .not_valid_before(now - 3 * DAY)
            .not_valid_after(now + (-DAY if expired else DAY))
            .add_extension(x509.SubjectAlternativeName(map(x509.DNSName, names)), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        secret = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        scratch = path.with_name(path.name + ".new")
        scratch.write_bytes(secret + certificate.public_bytes(serialization.Encoding.PEM))
        scratch.replace(path)
        return serial


def serial_at(host: str, port: int, ca_file: Path) -> int | None:
    """The serial number of the certificate that a server shows to whoever connects now.

    None: it lets nobody in at this moment, as Artemis does while it takes a new one.
    """
    try:
        found = ssl.get_server_certificate((host, port), ca_certs=str(ca_file), timeout=5)
    except ConnectionError:
        return None
    return x509.load_pem_x509_certificate(found.encode()).serial_number


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
