"""Turns the operator's secrets into keys, so that the database alone tells nobody who asked or what.

Each secret gives three independent values by HKDF-SHA-256 (RFC 5869): a key to look rows up, a key to encrypt, and a
fingerprint that may be stored, to know the secret again.
"""

import hmac
import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from secrets import token_bytes, token_hex, token_urlsafe

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESGCMSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from bot.core.errors import SettingsError

log = logging.getLogger(__name__)

KEY_FILE = "secret.key"
NONCE_BYTES = 12
SHORT_SECRET = 16  # characters; the file that is made holds 43
MARK = 4  # bytes of its secret's fingerprint beside what a key names or seals, so that rows under another are found


class Keys:
    """The keys of one or more secrets: the first encrypts and names rows, all decrypt and look up.

    Raises SettingsError when there is no secret or an empty one.
    """

    def __init__(self, secrets: Sequence[str]) -> None:
        stripped = [secret.strip() for secret in secrets]
        if not stripped or not all(stripped):
            raise SettingsError("EXPLAINER_SECRET_KEY holds an empty key: give keys separated by single commas.")
        if any(len(secret) < SHORT_SECRET for secret in stripped):
            log.warning(
                "storage.key_short: EXPLAINER_SECRET_KEY holds a key shorter than %d characters, easy to guess",
                SHORT_SECRET,
            )
        self._derived = tuple(_derive(secret) for secret in dict.fromkeys(stripped))

    @property
    def fingerprints(self) -> tuple[bytes, ...]:
        """What each secret is known again by (16 bytes each), the first secret's first."""
        return tuple(derived.fingerprint for derived in self._derived)

    def row_keys(self, channel: str, reader: str) -> tuple[bytes, ...]:
        """The keyed hashes (32 bytes each) that a reader's row may stand under, the first secret's first.

        `channel` holds no colon, so no two readers share the hashed words.
        """
        words = f"{channel}:{reader}".encode()
        return tuple(hmac.digest(derived.lookup, words, sha256) for derived in self._derived)

    def seal(self, plain: bytes, bound_to: bytes) -> bytes:
        """Encrypt with the first secret; only together with the same `bound_to` does `unseal` give it back."""
        nonce = token_bytes(NONCE_BYTES)
        return nonce + self._derived[0].cipher.encrypt(nonce, plain, bound_to)

    def unseal(self, sealed: bytes, bound_to: bytes) -> bytes | None:
        """What was sealed with any of the secrets; None when it was with another, or was changed, or moved."""
        nonce, ciphertext = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
        for derived in self._derived:
            try:
                return derived.cipher.decrypt(nonce, ciphertext, bound_to)
            except (InvalidTag, ValueError):  # ValueError: too short to hold a nonce
                continue
        return None


def mark(fingerprint: bytes) -> bytes:
    """What all rows bear that are under the secret with this fingerprint."""
    return fingerprint[:MARK]


def lock_names(row_keys: Sequence[bytes]) -> tuple[int, ...]:
    """What a database is to lock while a reader's rows are changed: one name a key, whatever order the keys are in."""
    return tuple(int.from_bytes(key[:8], signed=True) for key in row_keys)


def load_or_create(data_folder: Path) -> Keys:
    """As `load`, for a database that has no key yet: the file is made once, readable by its owner alone."""
    path = data_folder / KEY_FILE
    try:
        data_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            _create(path)
    except OSError as error:
        raise SettingsError(
            f"The secret key {path} can be neither read nor made ({error.strerror}): "
            "set EXPLAINER_SECRET_KEY, or give EXPLAINER_DATA a folder that can be written."
        ) from error
    return load(data_folder)


def load(data_folder: Path) -> Keys:
    """The keys of the secret in `data_folder`/secret.key. Raises SettingsError when that cannot be read."""
    path = data_folder / KEY_FILE
    try:
        secret = path.read_text("utf-8").strip()
        open_to_others = path.stat().st_mode & 0o077
    except OSError as error:
        raise SettingsError(
            f"The secret key {path} cannot be read ({error.strerror}): restore it, or set EXPLAINER_SECRET_KEY."
        ) from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"The secret key {path} is not text: restore it, or set EXPLAINER_SECRET_KEY.") from error
    if not secret:
        raise SettingsError(f"The secret key {path} is empty: restore it, or set EXPLAINER_SECRET_KEY.")
    if open_to_others:
        log.warning("storage.key_readable: %s can be read by other users of this machine: chmod 600 it", path)
    return Keys([secret])


@dataclass(frozen=True, slots=True)
class _Derived:
    lookup: bytes
    cipher: AESGCMSIV | AESGCM
    fingerprint: bytes


def _derive(secret: str) -> _Derived:
    def expand(purpose: bytes, length: int) -> bytes:
        info = b"civic-explainer 1 " + purpose
        return HKDF(SHA256(), length, salt=None, info=info).derive(secret.encode())

    return _Derived(expand(b"lookup", 32), _cipher(expand(b"encryption", 32)), expand(b"fingerprint", 16))


def _cipher(key: bytes) -> AESGCMSIV | AESGCM:
    try:
        return AESGCMSIV(key)  # RFC 8452: a nonce drawn twice by chance gives nothing away but equality
    except UnsupportedAlgorithm:  # OpenSSL before 3.2
        return AESGCM(key)


def _create(path: Path) -> None:
    """Make the file whole or not at all: a link to a finished file fails where another process was first."""
    finished = path.with_name(f".{path.name}.{token_hex(4)}")
    descriptor = os.open(finished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(token_urlsafe(32) + "\n")
            file.flush()
            os.fsync(file.fileno())
        path.hardlink_to(finished)
    except FileExistsError:
        return
    finally:
        finished.unlink()
    log.warning(
        "storage.key_made: EXPLAINER_SECRET_KEY is not set: made %s; keep a copy of it away from the backups",
        path,
    )
