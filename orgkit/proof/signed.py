"""Whether the signed file that an approval rests on is in the record, and signed by the key that the approval names."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from orgkit.errors import OrgkitError
from orgkit.record.files import sha256_of
from orgkit.signing.approvals import is_signed_by, parse
from orgkit.signing.keys import PublicKey
from orgkit.signing.texts import is_inline

SIGNED = "signed-approval.json"


def faults_of_signed(run: Path, approval: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Each as (file, what): of approval.json as it was read, and the signed file beside it.

    That the key is an approver's, only a copy of the parameters file that was reviewed can tell.
    """
    file, named = run / SIGNED, approval.get("signed_sha256")
    if not named and not file.exists():
        return
    if not named or not file.is_file() or sha256_of(file) != named:
        yield SIGNED, "is not the one that approval.json names"
        return
    try:
        signed, line = parse(file.read_bytes(), SIGNED), str(approval.get("public_key", ""))
        key = PublicKey.load(line) if is_inline(line) else None
    except OrgkitError as wrong:
        yield SIGNED, wrong.why
        return
    except RecursionError:
        yield SIGNED, "is nested beyond reason"
        return
    if key is None or key.id != signed.key_id or not is_signed_by(signed, key):
        yield SIGNED, "is not signed by the key that approval.json names"
    if (signed.plan_sha256, signed.key_id) != (approval.get("plan_sha256"), approval.get("key_id")):
        yield SIGNED, "approves another plan than approval.json, or with another key"
