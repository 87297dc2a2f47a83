"""The backend block that Terraform and OpenTofu read: where the state is, and that S3 itself locks it."""

from dataclasses import dataclass

from orgkit.model.desired import Desired
from orgkit.model.matching import match_if_clear
from orgkit.model.observed import Observed
from orgkit.model.state_backend import StateBackendSpec
from orgkit.phases.state_backend.facts import StateFacts
from orgkit.phases.terraform.writer import quote

FILE = "backend.tf"
REQUIRED_VERSION = ">= 1.10.0"  # of both: the first that lock the state with S3 alone
NONE = "The parameters file names no account under [state_backend]: there is no backend block."
NOT_YET = "The account of [state_backend] does not exist yet: there is no backend block."


@dataclass(frozen=True)
class BackendBlock:
    """The file for Terraform, and what a person reads next to it.

    Attributes:
        text: The file; "" where there is none.
        note: Where it was written, or why there is none.
    """

    text: str
    note: str


def backend_block(observed: Observed, desired: Desired) -> BackendBlock:
    """Return the backend block for what AWS has, without a place where it was written."""
    spec = desired.section(StateBackendSpec)
    member = desired.member(spec.account)
    if member is None:
        return BackendBlock("", NONE)
    account = match_if_clear(member, observed)
    if account is None:
        return BackendBlock("", NOT_YET)
    facts = observed.facts(StateFacts)
    encryption = (facts.bucket.encryption if facts and facts.bucket else None) or ""
    return BackendBlock(_text(spec.with_account(account.id), _key_of(encryption) or spec.kms_key), "")


def _text(spec: StateBackendSpec, kms_key: str) -> str:
    arguments = {"bucket": quote(spec.bucket), "key": quote(spec.key), "region": quote(spec.region), "encrypt": "true"}
    if kms_key:  # without it, encrypt asks for S3's own keys
        arguments["kms_key_id"] = quote(kms_key)
    arguments["use_lockfile"] = "true"
    width = max(map(len, arguments))
    lines = "\n".join(f"    {name:{width}} = {value}" for name, value in arguments.items())
    return (
        f"terraform {{\n  required_version = {quote(REQUIRED_VERSION)} # Terraform, and OpenTofu: S3 itself locks the "
        f'state\n\n  backend "s3" {{\n{lines}\n  }}\n}}\n'
    )


def _key_of(encryption: str) -> str:
    """Return the ARN of the key of a bucket's encryption; "" where it has none, or AWS's own."""
    return next((word for word in encryption.split(" ") if word.startswith("arn:")), "")
