"""Passwords of MQTT users, each kept as the two hashes that our two brokers verify.

Passwords are random and long (`new_password`), so hashing slowly adds nothing; what counts is that
a broker verifies thousands of them when a barn's power comes back.
"""

import base64
import hashlib
import hmac
import re
import secrets

PASSWORD_BYTES = 18  # 24 characters, 144 bits: guessing is hopeless
ARTEMIS_ITERATIONS = 1024  # Artemis' own default, a millisecond a login
ARTEMIS_HASH_BYTES = 64
ARTEMIS_SALT_BYTES = 32
MOSQUITTO_ITERATIONS = 101  # mosquitto_passwd's own default
MOSQUITTO_SALT_BYTES = 12
ARTEMIS_HASH = re.compile(r"ENC\((\d+):([0-9a-f]+):([0-9a-f]+)\)")
# Of no password: whoever asks for a user that is not there waits as long as for one that is.
NOBODYS_HASH = f"ENC({ARTEMIS_ITERATIONS}:{'00' * ARTEMIS_SALT_BYTES}:{'00' * ARTEMIS_HASH_BYTES})"


def new_password() -> str:
    """24 characters that no shell and no URL minds."""
    return secrets.token_urlsafe(PASSWORD_BYTES)


def artemis_hash(password: str) -> str:
    """`ENC(iterations:salt:hash)`, PBKDF2 with SHA-1, as Artemis' default codec verifies it."""
    salt = secrets.token_bytes(ARTEMIS_SALT_BYTES)
    digest = hashlib.pbkdf2_hmac(
        "sha1", password.encode(), salt, ARTEMIS_ITERATIONS, ARTEMIS_HASH_BYTES
    )
    return f"ENC({ARTEMIS_ITERATIONS}:{salt.hex()}:{digest.hex()})"


def mosquitto_hash(password: str) -> str:
    """`$7$iterations$salt$hash`, PBKDF2 with SHA-512, as `mosquitto_passwd` writes it."""
    salt = secrets.token_bytes(MOSQUITTO_SALT_BYTES)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, MOSQUITTO_ITERATIONS)
    told = (base64.b64encode(part).decode("ascii") for part in (salt, digest))
    return f"$7${MOSQUITTO_ITERATIONS}${'$'.join(told)}"


def is_password(password: str, stored: str) -> bool:
    """Whether an `artemis_hash` is of this password, in a time that tells nothing of either."""
    match = ARTEMIS_HASH.fullmatch(stored)
    if match is None:
        return False
    iterations, salt, digest = int(match[1]), bytes.fromhex(match[2]), bytes.fromhex(match[3])
    found = hashlib.pbkdf2_hmac("sha1", password.encode(), salt, iterations, len(digest))
    return hmac.compare_digest(found, digest)
