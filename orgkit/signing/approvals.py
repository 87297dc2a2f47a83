"""A signed approval: one person's word for one plan; whoever has their key could write anything into it."""

import base64
import binascii
import json
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from orgkit.errors import ApprovalMismatch, KeyRefused
from orgkit.model.desired import ApprovalSpec, ApproverSpec
from orgkit.plan import Target
from orgkit.signing.keys import PublicKey, Signer

KIND = "orgkit approval 1"  # stands in what is signed: no signature under anything else passes for an approval
ANEW = "approve the plan anew (orgkit approve), and hand over that file as it was written."


@dataclass(frozen=True)
class SignedApproval:
    """What `orgkit approve` writes; `signature` covers all the rest."""

    plan_sha256: str
    target: Target
    approver: str  # as the parameters file calls whoever has the key
    asserted_by: str  # as they call themselves: a claim
    authenticated_as: str  # the ARN that AWS told their orgkit: here a claim too, held against the parameters file
    ticket: str
    at: str
    expires_at: str
    key_id: str
    signature: str = ""  # base64

    @property
    def message(self) -> bytes:
        """The bytes that are signed, as `jq -S 'del(.signature)'` prints them."""
        return _canonical({name: value for name, value in self._facts().items() if name != "signature"})

    @property
    def content(self) -> bytes:
        """The bytes of the file."""
        return _canonical(self._facts())

    def _facts(self) -> dict[str, Any]:
        return {"kind": KIND, **asdict(self)}


def sign(approval: SignedApproval, signer: Signer) -> SignedApproval:
    """The same, signed."""
    return replace(approval, signature=base64.b64encode(signer.sign(approval.message)).decode())


def parse(content: bytes, where: str) -> SignedApproval:
    """A file that `orgkit approve` has written, byte for byte; ApprovalMismatch for anything else."""
    try:
        given = json.loads(content)
        approval = SignedApproval(**{each.name: _field(each.name, given) for each in fields(SignedApproval)})
        if approval.content == content:
            return approval
    except (ValueError, TypeError, KeyError, RecursionError):
        pass
    raise ApprovalMismatch(f"{where} is no signed approval, or is not as it was written.", ANEW)


def is_signed_by(approval: SignedApproval, key: PublicKey) -> bool:
    """Whether this key has signed exactly this."""
    return key.verify(approval.message, _bytes(approval.signature))


def check_signature(approval: SignedApproval, spec: ApprovalSpec) -> ApproverSpec:
    """The approver whose key has signed exactly this; ApprovalMismatch when none of the parameters file has."""
    approver = spec.approver(approval.approver)
    if approver is None:
        known = ", ".join(each.name for each in spec.approvers) or "nobody"
        why = f"{approval.approver} is no approver of the parameters file, which names {known}."
        raise ApprovalMismatch(why, "let one of them approve, or add the approver to [approval.approvers].")
    key = PublicKey.load(approver.key)
    if key.id != approval.key_id:
        why = f"it names the key {approval.key_id}, and {approval.approver}'s in the parameters file is {key.id}."
        raise ApprovalMismatch(why, ANEW)
    if not is_signed_by(approval, key):
        why = f"the signature is not {approval.approver}'s under these words: it was altered, or signed by another key."
        raise ApprovalMismatch(why, ANEW)
    return approver


def approver_of(key: PublicKey, spec: ApprovalSpec) -> ApproverSpec:
    """Whoever has this key by the parameters file; KeyRefused when it names nobody."""
    found = next((each for each in spec.approvers if PublicKey.load(each.key) == key), None)
    if found is None:
        why = f"{key.id} is the key of no approver of the parameters file."
        raise KeyRefused(why, f'add it under [approval.approvers], as NAME = "{key.line}".')
    return found


def _canonical(facts: dict[str, Any]) -> bytes:
    return (json.dumps(facts, sort_keys=True, ensure_ascii=False, indent=2) + "\n").encode()


def _field(name: str, given: dict[str, Any]) -> Any:
    """A text that can be shown, or the target; anything else is none of ours."""
    value = given[name]
    if name == "target":
        return Target(**value)
    if not isinstance(value, str) or not value.isprintable():
        raise ValueError(name)
    return value


def _bytes(signature: str) -> bytes:
    """Nothing for what is not base64 in the one way in which it is written here."""
    try:
        found = base64.b64decode(signature, validate=True)
    except (binascii.Error, ValueError):
        return b""
    return found if base64.b64encode(found).decode() == signature else b""
