"""A signed approval: one person's word for one plan; whoever has their key could write anything into it."""

import base64
import binascii
import json
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from orgkit.errors import ApprovalMismatch, KeyRefused
from orgkit.model.canonical_json import canonical_document
from orgkit.model.desired import ApprovalSpec, ApproverSpec
from orgkit.model.plan import Target
from orgkit.signing.keys import PublicKey, Signer

KIND = "orgkit approval 2"  # stands in what is signed: no signature under anything else passes for an approval
KIND_1 = "orgkit approval 1"  # of earlier versions, for plan.json alone: its signature verifies, and it opens nothing
REAPPROVE_REMEDY = "approve the plan anew (orgkit approve), and hand over that file as it was written."


@dataclass(frozen=True)
class SignedApproval:
    """What `orgkit approve` writes; `signature` covers all the rest."""

    digest: str  # of one planning; with KIND_1 the sha256 of plan.json, as plan_sha256
    target: Target
    approver: str  # as the parameters file calls whoever has the key
    asserted_by: str  # as they call themselves: a claim
    authenticated_as: str  # the ARN that AWS told their orgkit: here a claim too, held against the parameters file
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
    """The same, signed."""
    return replace(approval, signature=base64.b64encode(signer.sign(approval.message)).decode())


def parse(content: bytes, location: str) -> SignedApproval:
    """A file that `orgkit approve` has written, byte for byte; ApprovalMismatch for anything else."""
    try:
        values = json.loads(content)
        if values["kind"] == KIND_1:
            values["digest"] = values.pop("plan_sha256")
        approval = SignedApproval(**{item.name: _field(item.name, values) for item in fields(SignedApproval)})
        if approval.kind in (KIND, KIND_1) and approval.content == content:
            return approval
    except (ValueError, TypeError, KeyError, RecursionError):
        pass
    raise ApprovalMismatch(f"{location} is no signed approval, or is not as it was written.", REAPPROVE_REMEDY)


def is_signed_by(approval: SignedApproval, key: PublicKey) -> bool:
    """Whether this key has signed exactly this."""
    return key.verify(approval.message, _bytes(approval.signature))


def check_signature(approval: SignedApproval, spec: ApprovalSpec) -> ApproverSpec:
    """The approver whose key has signed exactly this; ApprovalMismatch when none of the parameters file has."""
    approver = spec.approver(approval.approver)
    if approver is None:
        known = ", ".join(listed.name for listed in spec.approvers) or "nobody"
        reason = f"{approval.approver} is no approver of the parameters file, which names {known}."
        raise ApprovalMismatch(reason, "let one of them approve, or add the approver to [approval.approvers].")
    key = PublicKey.load(approver.key)
    if key.id != approval.key_id:
        reason = f"it names the key {approval.key_id}, and {approval.approver}'s in the parameters file is {key.id}."
        raise ApprovalMismatch(reason, REAPPROVE_REMEDY)
    if not is_signed_by(approval, key):
        reason = (
            f"the signature is not {approval.approver}'s under these words: it was altered, or signed by another key."
        )
        raise ApprovalMismatch(reason, REAPPROVE_REMEDY)
    return approver


def approver_of(key: PublicKey, spec: ApprovalSpec) -> ApproverSpec:
    """Whoever has this key by the parameters file; KeyRefused when it names nobody."""
    approver = next((candidate for candidate in spec.approvers if PublicKey.load(candidate.key) == key), None)
    if approver is None:
        reason = f"{key.id} is the key of no approver of the parameters file."
        raise KeyRefused(reason, f'add it under [approval.approvers], as NAME = "{key.line}".')
    return approver


def _field(name: str, values: dict[str, Any]) -> Any:
    """A text that can be shown, or the target; anything else is none of ours."""
    value = values[name]
    if name == "target":
        return Target(**value)
    if not isinstance(value, str) or not value.isprintable():
        raise ValueError(name)
    return value


def _bytes(signature: str) -> bytes:
    """Nothing for what is not base64 in the one way in which it is written here."""
    try:
        content = base64.b64decode(signature, validate=True)
    except (binascii.Error, ValueError):
        return b""
    return content if base64.b64encode(content).decode() == signature else b""
