"""Public keys that verify signatures: Ed25519, ECDSA and RSA, without access to the private half."""

import base64
import hashlib
from functools import cached_property
from pathlib import Path
from typing import Protocol, TypeGuard

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from orgkit.dataclass import dataclass
from orgkit.errors import KeyRefused
from orgkit.sanitize.terminal import short_path
from orgkit.signing.texts import NO_KEY, der_of, is_inline, path_of, pem_of, text_of

WEAKEST_RSA = 2048  # bits
HASH_OF_CURVE = {"secp256r1": hashes.SHA256(), "secp384r1": hashes.SHA384()}  # as KMS signs with them
KEY_REMEDY = "make one with `orgkit keys new`, or use a KMS key of the kind Ed25519, P-256, P-384 or RSA."
Kind = Ed25519PublicKey | ec.EllipticCurvePublicKey | rsa.RSAPublicKey


@dataclass(frozen=True)
class PublicKey:
    """Verifies Ed25519, ECDSA over P-256 or P-384, and RSA signatures; two are equal when the key is the same."""

    der: bytes  # SubjectPublicKeyInfo

    @classmethod
    def load(cls, text_or_path: str | Path) -> "PublicKey":
        """Load PEM, PEM's body in one line, or a file with either; raise KeyRefused for anything else."""
        if isinstance(text_or_path, str) and is_inline(text_or_path):
            return _read(text_or_path, "the text")
        path = path_of(text_or_path)
        return _read(text_of(path), short_path(path, 120))

    @classmethod
    def from_object(cls, key: object, location: str = "the key") -> "PublicKey":
        """Convert a key of `cryptography`; raise KeyRefused for a kind or size that orgkit does not accept."""
        if not _is_good(key):
            raise KeyRefused(f"{location} is of a kind or size that orgkit does not accept.", KEY_REMEDY)
        return cls(key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo))

    @property
    def id(self) -> str:
        """SHA-256 of the DER: the same for every location and encoding of the key."""
        return f"sha256:{hashlib.sha256(self.der).hexdigest()}"

    @property
    def line(self) -> str:
        """The key in one line, for a parameters file."""
        return base64.b64encode(self.der).decode()

    @property
    def pem(self) -> str:
        """The key as PEM, as openssl reads it."""
        return pem_of(self.line)

    @cached_property
    def _key(self) -> Kind:
        key = serialization.load_der_public_key(self.der)
        assert _is_good(key)
        return key

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Return whether the private half of this key has signed exactly this message."""
        try:
            _verify(self._key, message, signature)
        except (InvalidSignature, ValueError):
            return False
        return True


class Signer(Protocol):
    """An object that signs; its name contains no path, so that a record may contain it."""

    @property
    def public(self) -> PublicKey: ...

    @property
    def name(self) -> str: ...

    def sign(self, message: bytes) -> bytes: ...


def _read(text: str, location: str) -> PublicKey:
    """Parse a public key; a private one is refused, and never shown."""
    if "PRIVATE KEY" in text:
        raise KeyRefused(f"{location} holds a private key, which is a secret: its public half belongs here.", NO_KEY)
    try:
        key = serialization.load_der_public_key(der_of(text))
    except (ValueError, UnsupportedAlgorithm):
        raise KeyRefused(f"{location} holds no public key.", NO_KEY) from None
    return PublicKey.from_object(key, location)


def _is_good(key: object) -> TypeGuard[Kind]:
    if isinstance(key, rsa.RSAPublicKey):
        return key.key_size >= WEAKEST_RSA
    if isinstance(key, ec.EllipticCurvePublicKey):
        return key.curve.name in HASH_OF_CURVE
    return isinstance(key, Ed25519PublicKey)


def _verify(key: Kind, message: bytes, signature: bytes) -> None:
    if isinstance(key, Ed25519PublicKey):
        key.verify(signature, message)
    elif isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(signature, message, ec.ECDSA(HASH_OF_CURVE[key.curve.name]))
    else:
        _verify_rsa(key, message, signature)


def _verify_rsa(key: rsa.RSAPublicKey, message: bytes, signature: bytes) -> None:
    """Verify PSS, or PKCS #1 v1.5: KMS signs in both ways."""
    pss = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.AUTO)
    try:
        key.verify(signature, message, pss, hashes.SHA256())
    except InvalidSignature:
        key.verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
