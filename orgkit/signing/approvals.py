"""Signed approvals: one person approves one plan; the holder of the key can write any value into the approval."""

import base64
import binascii
import json
from dataclasses import asdict, fields, replace
from typing import Any

from orgkit.dataclass import dataclass
from orgkit.errors import ApprovalMismatch, KeyRefused
from orgkit.model.canonical_json import canonical_document
from orgkit.model.desired import ApprovalSpec, ApproverSpec
from orgkit.model.plan import Target
from orgkit.signing.keys import PublicKey, Signer

KIND = "orgkit approval 2"  # part of the signed bytes, so that a signature of other data is not valid as an approval
KIND_1 = "orgkit approval 1"  # of earlier versions, for plan.json alone: its signature verifies, it approves nothing
REAPPROVE_REMEDY = "approve the plan again (orgkit approve), and pass on that file unchanged."


@dataclass(frozen=True)
class SignedApproval:
    """The approval that `orgkit approve` writes; `signature` covers all other fields."""

    digest: str  # of one planning; with KIND_1 the sha256 of plan.json, as plan_sha256
    target: Target
    approver: str  # the name of the key's holder in the parameters file
    asserted_by: str  # the approver's own name: recorded, not verified
    authenticated_as: str  # the ARN that AWS reported to the approver: not verified here, checked against the file
    ticket: str
    at: str
    expires_at: str
    key_id: str
    signature: str = ""  # base64
    kind: str = KIND

    @property
    def message(self) -> bytes:
        """The bytes that are signed, as `jq -S 'del(.signature)'` prints them."""
        return canonical_document({name: value for name, value in self._facts().items() if name != "signature"})

    @property
    def content(self) -> bytes:
        """The bytes of the file."""
        return canonical_document(self._facts())

    def _facts(self) -> dict[str, Any]:
        facts = asdict(self)
        if self.kind == KIND_1:
            facts["plan_sha256"] = facts.pop("digest")
        return facts


def sign(approval: SignedApproval, signer: Signer) -> SignedApproval:
    """Return the approval with its signature."""
    return replace(approval, signature=base64.b64encode(signer.sign(approval.message)).decode())


def parse(content: bytes, location: str) -> SignedApproval:
    """Parse a file that `orgkit approve` has written, byte for byte; raise ApprovalMismatch for anything else."""
    try:
        values = json.loads(content)
        if values["kind"] == KIND_1:
            values["digest"] = values.pop("plan_sha256")
        approval = SignedApproval(**{item.name: _field(item.name, values) for item in fields(SignedApproval)})
        if approval.kind in (KIND, KIND_1) and approval.content == content:
            return approval
    except (ValueError, TypeError, KeyError, RecursionError):
        pass
    raise ApprovalMismatch(f"{location} is not a signed approval, or was altered.", REAPPROVE_REMEDY)


def is_signed_by(approval: SignedApproval, key: PublicKey) -> bool:
    """Return whether this key has signed exactly this approval."""
    return key.verify(approval.message, _bytes(approval.signature))


def check_signature(approval: SignedApproval, spec: ApprovalSpec) -> ApproverSpec:
    """Return the approver who has signed it; raise ApprovalMismatch if no approver of the parameters file has."""
    approver = spec.approver(approval.approver)
    if approver is None:
        known = ", ".join(listed.name for listed in spec.approvers) or "nobody"
        reason = f"{approval.approver} is not an approver of the parameters file, which names {known}."
        raise ApprovalMismatch(reason, "let one of them approve, or add the approver to [approval.approvers].")
    key = PublicKey.load(approver.key)
    if key.id != approval.key_id:
        reason = f"it names the key {approval.key_id}, and {approval.approver}'s in the parameters file is {key.id}."
        raise ApprovalMismatch(reason, REAPPROVE_REMEDY)
    if not is_signed_by(approval, key):
        reason = (
            f"the signature is not {approval.approver}'s for this content: it was altered, or signed by another key."
        )
        raise ApprovalMismatch(reason, REAPPROVE_REMEDY)
    return approver


def approver_of(key: PublicKey, spec: ApprovalSpec) -> ApproverSpec:
    """Return the approver who has this key in the parameters file; raise KeyRefused if there is none."""
    approver = next((candidate for candidate in spec.approvers if PublicKey.load(candidate.key) == key), None)
    if approver is None:
        reason = f"{key.id} is the key of no approver of the parameters file."
        raise KeyRefused(reason, f'add it under [approval.approvers], as NAME = "{key.line}".')
    return approver


def _field(name: str, values: dict[str, Any]) -> Any:
    """Return a printable string, or the target; any other value is invalid."""
    value = values[name]
    if name == "target":
        return Target(**value)
    if not isinstance(value, str) or not value.isprintable():
        raise ValueError(name)
    return value


def _bytes(signature: str) -> bytes:
    """Decode a signature; return b"" unless it is canonical base64."""
    try:
        content = base64.b64decode(signature, validate=True)
    except (binascii.Error, ValueError):
        return b""
    return content if base64.b64encode(content).decode() == signature else b""
