"""A key that never leaves AWS: KMS is asked for its public half, and to sign."""

import re

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_der_public_key

from orgkit.aws.answer import Answer
from orgkit.aws.retry import Refused
from orgkit.aws.session import Connection
from orgkit.errors import KeyRefused
from orgkit.signing.keys import DIFFERENTLY, PublicKey

KEY_ARN = re.compile(r"arn:aws:kms:(?P<region>[a-z0-9-]+):\d{12}:key/[\w-]+")  # an alias may come to mean another key
LONGEST = 4096  # bytes that KMS takes as they are; what it hashes itself, it cannot be told to hash otherwise
# The first that a key has. Ed25519 signs messages, not their hashes, hence RAW for all.
ALGORITHMS = ("ED25519_SHA_512", "ECDSA_SHA_256", "ECDSA_SHA_384", "RSASSA_PSS_SHA_256", "RSASSA_PKCS1_V1_5_SHA_256")


def is_kms(text: str) -> bool:
    """Whether this names a key of KMS rather than a file."""
    return text.startswith("arn:")


class KmsSigner:
    """Signing changes nothing in an account, so that it is no step; but each signature is a paid request."""

    def __init__(self, aws: Connection, arn: str) -> None:
        """Asks for the public half; KeyRefused when this is no key that signs, or one that we may not use."""
        named = KEY_ARN.fullmatch(arn)
        if named is None:
            raise KeyRefused(f"{arn!r} is no ARN of a KMS key.", "write it as arn:aws:kms:REGION:ACCOUNT:key/ID.")
        self._aws, self._region, self.name = aws, named["region"], arn
        found = self._ask("GetPublicKey")
        self._algorithm = next((each for each in ALGORITHMS if each in found.get("SigningAlgorithms", ())), "")
        if not self._algorithm:
            raise KeyRefused(f"{arn} does not sign, or only in ways that orgkit does not verify.", DIFFERENTLY)
        self.public = _public(found["PublicKey"], arn)

    def sign(self, message: bytes) -> bytes:
        if len(message) > LONGEST:
            raise KeyRefused(f"KMS signs {LONGEST} bytes at most, and this has {len(message)}.", "shorten the ticket.")
        more = {"Message": message, "MessageType": "RAW", "SigningAlgorithm": self._algorithm}
        return bytes(self._ask("Sign", **more)["Signature"])

    def _ask(self, operation: str, **more: object) -> Answer:
        try:
            return self._aws.read("kms", operation, region=self._region, KeyId=self.name, **more)
        except Refused as refused:
            raise KeyRefused(f"{self.name}: {refused}", _mend(refused, operation)) from None


def _mend(refused: Refused, operation: str) -> str:
    if refused.code == "NotFoundException":
        return "compare the ARN with the key: its region, account and id."
    if refused.code.startswith("AccessDenied"):
        return f"let this identity use kms:{operation} on the key, in its policy and in the key's."
    if refused.code in ("DisabledException", "KMSInvalidStateException"):
        return "enable the key, or name another one."
    return "name an asymmetric key of KMS whose usage is SIGN_VERIFY; then run this again."


def _public(der: bytes, arn: str) -> PublicKey:
    try:
        return PublicKey.of(load_der_public_key(der), arn)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise KeyRefused(f"{arn} has a public half that cannot be read.", DIFFERENTLY) from None
