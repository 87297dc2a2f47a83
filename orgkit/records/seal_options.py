"""How `[records]` of a parameters file wants records sealed: the signer, and whether email addresses are masked."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from orgkit.model.desired import Desired
from orgkit.signing.texts import is_kms

if TYPE_CHECKING:
    from orgkit.signing.keys import Signer


@dataclass(frozen=True)
class Sealing:
    """A key that signs each record's line in the chain, and whether emails are masked before anything is hashed."""

    signer: "Signer | None" = None
    mask_emails: bool = False


def unsigned_sealing(desired: Desired) -> Sealing:
    """For a rehearsal, whose records prove nothing to anybody and whose sandbox has no key of AWS."""
    return Sealing(mask_emails=desired.records.mask_emails)


def sealing_of(desired: Desired, parameters_file: Path) -> Sealing:
    """KeyRefused, before anything is done, where the key cannot sign; a key of KMS is asked as who calls AWS."""
    spec = desired.records
    if not spec.sign_with:
        return Sealing(mask_emails=spec.mask_emails)
    aws = None
    if is_kms(spec.sign_with):
        from orgkit.engine.connect import connect  # late: it loads boto3, which reading records does without

        aws = connect(desired)
    from orgkit.signing.signer import signer_of  # late: it loads cryptography

    return Sealing(signer_of(spec.sign_with, aws, parameters_file.absolute().parent), spec.mask_emails)
