"""Signing with a key that never leaves AWS: KMS returns its public half, and signs."""

import re
from typing import TYPE_CHECKING

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_der_public_key

from orgkit.aws.rejections import Rejected
from orgkit.aws.response import Answer
from orgkit.errors import KeyRefused
from orgkit.signing.keys import KEY_REMEDY, PublicKey

if TYPE_CHECKING:
    from orgkit.aws.session import Connection

KEY_ARN = re.compile(r"arn:aws:kms:(?P<region>[a-z0-9-]+):\d{12}:key/[\w-]+")  # no alias: it may move to another key
MAX_MESSAGE_BYTES = 4096  # the longest message that KMS accepts unhashed
# The first that a key has. Ed25519 signs messages, not their hashes, hence RAW for all.
ALGORITHMS = ("ED25519_SHA_512", "ECDSA_SHA_256", "ECDSA_SHA_384", "RSASSA_PSS_SHA_256", "RSASSA_PKCS1_V1_5_SHA_256")


class KmsSigner:
    """A signer with a KMS key; signing changes nothing in an account, so it is not a step. AWS bills each request."""

    def __init__(self, aws: "Connection", arn: str) -> None:
        """Read the public half; raise KeyRefused unless the key can sign and the caller may use it."""
        match = KEY_ARN.fullmatch(arn)
        if match is None:
            raise KeyRefused(f"{arn!r} is not the ARN of a KMS key.", "write it as arn:aws:kms:REGION:ACCOUNT:key/ID.")
        self._aws, self._region, self.name = aws, match["region"], arn
        answer = self._ask("GetPublicKey")
        self._algorithm = next(
            (algorithm for algorithm in ALGORITHMS if algorithm in answer.get("SigningAlgorithms", ())), ""
        )
        if not self._algorithm:
            raise KeyRefused(f"{arn} does not sign, or only in ways that orgkit does not verify.", KEY_REMEDY)
        self.public = _public(answer["PublicKey"], arn)

    def sign(self, message: bytes) -> bytes:
        if len(message) > MAX_MESSAGE_BYTES:
            raise KeyRefused(
                f"KMS signs {MAX_MESSAGE_BYTES} bytes at most, and this has {len(message)}.", "shorten the ticket."
            )
        parameters = {"Message": message, "MessageType": "RAW", "SigningAlgorithm": self._algorithm}
        return bytes(self._ask("Sign", **parameters)["Signature"])

    def _ask(self, operation: str, **parameters: object) -> Answer:
        try:
            return self._aws.read("kms", operation, region=self._region, KeyId=self.name, **parameters)
        except Rejected as rejection:
            raise KeyRefused(f"{self.name}: {rejection}", _remedy_for(rejection, operation)) from None


def _remedy_for(rejection: Rejected, operation: str) -> str:
    if rejection.code == "NotFoundException":
        return "compare the ARN with the key: its region, account and id."
    if rejection.code.startswith("AccessDenied"):
        return f"let this identity use kms:{operation} on the key, in its policy and in the key's."
    if rejection.code in ("DisabledException", "KMSInvalidStateException"):
        return "enable the key, or name another one."
    return "name an asymmetric key of KMS whose usage is SIGN_VERIFY; then run this again."


def _public(der: bytes, arn: str) -> PublicKey:
    try:
        return PublicKey.from_object(load_der_public_key(der), arn)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise KeyRefused(f"{arn} has a public half that cannot be read.", KEY_REMEDY) from None
