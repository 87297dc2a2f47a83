"""A signed approval: one person's word for one plan, which nobody can write in another's name."""

import base64
import binascii
import json
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from orgkit.errors import ApprovalMismatch, KeyRefused
from orgkit.model.desired import ApprovalSpec
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
    authenticated_as: str  # the ARN that AWS confirmed to them
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


def check_signature(approval: SignedApproval, spec: ApprovalSpec) -> PublicKey:
    """The key of the approver who has signed exactly this; ApprovalMismatch when none of the parameters file has."""
    pem = dict(spec.approvers).get(approval.approver)
    if pem is None:
        known = ", ".join(name for name, _ in spec.approvers) or "nobody"
        why = f"{approval.approver} is no approver of the parameters file, which names {known}."
        raise ApprovalMismatch(why, "let one of them approve, or add the approver to [approval.approvers].")
    key = PublicKey.load(pem)
    if key.id != approval.key_id:
        why = f"it names the key {approval.key_id}, and {approval.approver}'s in the parameters file is {key.id}."
        raise ApprovalMismatch(why, ANEW)
    if not is_signed_by(approval, key):
        why = f"the signature is not {approval.approver}'s under these words: it was altered, or signed by another key."
        raise ApprovalMismatch(why, ANEW)
    return key


def approver_of(key: PublicKey, spec: ApprovalSpec) -> str:
    """The name that the parameters file gives to whoever has this key; KeyRefused when it gives none."""
    found = next((name for name, pem in spec.approvers if PublicKey.load(pem) == key), None)
    if found is None:
        why = f"{key.id} is the key of no approver of the parameters file."
        raise KeyRefused(why, f'add it under [approval.approvers], as NAME = "{key.line}".')
    return found


def same_identity(one: str, other: str) -> bool:
    """Whether two ARNs, as AWS tells callers, are one identity: the whole ARN counts, upper and lower case alike.

    An IAM user is one whatever the session. A session of a role is told apart by its name too: people who share a role
    of Identity Center or of a federation have sessions named after themselves. Where a role lets its callers choose the
    name, one person can have two; it is the key that tells people apart then, and the record holds both ARNs.
    """
    return one.casefold() == other.casefold()


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
