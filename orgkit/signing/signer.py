"""The signer for a setting: the file of a private key, or the ARN of a KMS key."""

from pathlib import Path
from typing import TYPE_CHECKING

from orgkit.errors import KeyRefused
from orgkit.signing.keys import Signer
from orgkit.signing.local import LocalSigner
from orgkit.signing.texts import is_kms, path_of

if TYPE_CHECKING:
    from orgkit.aws.session import Connection


def signer_of(spec_text: str, aws: "Connection | None", base: Path = Path()) -> Signer:
    """Return the signer; a relative path starts at `base`, the parameters file's folder. Raises KeyRefused."""
    if not is_kms(spec_text):
        return LocalSigner(base / path_of(spec_text))
    if aws is None:
        raise KeyRefused(f"{spec_text} is in AWS, and there is no connection.", "name the file of a private key.")
    from orgkit.signing.kms_aws import KmsSigner  # late: it loads botocore, which reading records does without

    return KmsSigner(aws, spec_text)
