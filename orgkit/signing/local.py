"""A private key in a file of this machine: generation, file permissions, and signing."""

import os
import stat
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from orgkit.errors import KeyRefused
from orgkit.journal.file_writes import create_file
from orgkit.signing.keys import KEY_REMEDY, PublicKey
from orgkit.signing.texts import reason

PRIVATE, PUBLIC = 0o600, 0o644  # modes


class LocalSigner:
    """An Ed25519 key in a PEM file that its owner alone can read."""

    def __init__(self, path: Path) -> None:
        """Load the key; raise KeyRefused for any other file, whose content is never shown."""
        _guard_mode(path)
        self._key = _private(path)
        self.public = PublicKey.from_object(self._key.public_key())

    @property
    def name(self) -> str:
        return f"ed25519 {self.public.id}"

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message)


def public_path(path: Path) -> Path:
    """Return the path of a new key's public half: next to the private one."""
    return path.with_name(f"{path.name}.pub")


def new_pair(path: Path) -> LocalSigner:
    """Make a pair: the private half at `path`, readable by its owner only, the public one at PATH.pub.

    It overwrites nothing. A missing folder is made too, for its owner only.
    """
    for file in (path, public_path(path)):
        if os.path.lexists(file):
            raise KeyRefused(f"{file} is there already, and a key is never overwritten.", "choose another name.")
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )  # fmt: skip
    _write_new(path, pem, PRIVATE)
    try:
        _write_new(public_path(path), PublicKey.from_object(key.public_key()).pem.encode(), PUBLIC)
    except KeyRefused:
        path.unlink()  # half a pair would make the next attempt fail
        raise
    return LocalSigner(path)


def _write_new(path: Path, content: bytes, mode: int) -> None:
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        create_file(path, content, mode)
    except (OSError, ValueError) as error:
        raise KeyRefused(f"{path} cannot be written: {reason(error)}.", "choose a folder of yours.") from None


def _guard_mode(path: Path) -> None:
    """Refuse a private key that others can read, since they could sign with it."""
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except (OSError, ValueError) as error:
        remedy = "name the file of a private key, or the ARN of a KMS key."
        raise KeyRefused(f"{path} cannot be read: {reason(error)}.", remedy) from None
    if mode & 0o077:
        raise KeyRefused(f"{path} can be read or changed by others (mode {mode:03o}).", f"run: chmod 600 {path}")


def _private(path: Path) -> Ed25519PrivateKey:
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except TypeError:
        raise KeyRefused(f"{path} is encrypted, and nobody is there to type its password.", KEY_REMEDY) from None
    except (OSError, ValueError, UnsupportedAlgorithm):
        raise KeyRefused(f"{path} holds no private key as PEM.", KEY_REMEDY) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyRefused(f"{path} holds a private key that is not Ed25519.", KEY_REMEDY)
    return key
