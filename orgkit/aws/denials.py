"""What AWS says of a denied request: explicit or implicit, by which kind of policy, its ARN, and what helps.

The forms are those of the IAM User Guide, "Troubleshoot access denied error messages", of the Amazon S3 User Guide for
Block Public Access, and of EC2's encoded messages. A message may hold names that others chose: what goes into a command
has to match a narrow pattern.
"""

import re
from collections.abc import Callable, Mapping

from orgkit.dataclass import dataclass

DENIED_CODES = ("AccessDenied", "UnauthorizedOperation", "Client.UnauthorizedOperation", "AuthorizationError",
                "NotAuthorized", "UnauthorizedException", "Forbidden", "403")  # fmt: skip
SCP, RCP = "service control policy", "resource control policy"
IDENTITY, RESOURCE, BOUNDARY = "identity-based policy", "resource-based policy", "permissions boundary"
SESSION, ENDPOINT, TRUST = "session policy", "VPC endpoint policy", "role trust policy"
BLOCK_PUBLIC_ACCESS = "S3 Block Public Access"
KINDS = (SCP, RCP, IDENTITY, RESOURCE, BOUNDARY, SESSION, ENDPOINT, TRUST)
_KIND = "|".join(re.escape(kind).replace("policy", "polic(?:y|ies)") for kind in KINDS)
EXPLICIT = re.compile(rf"explicit deny(?:\s+in\s+(?:an?|the)\s+(?P<kind>{_KIND}))?", re.IGNORECASE)
IMPLICIT = re.compile(rf"because no\s+(?P<kind>{_KIND})\s+allows?", re.IGNORECASE)
PUBLIC = re.compile(r"prevented by the \w+ setting in S3 Block Public Access", re.IGNORECASE)
ARN = re.compile(
    r"(?:polic(?:y|ies)|boundary): "
    r"(?P<arn>arn:aws[a-z-]*:(?:iam|organizations|sts)::(?:\d{12}|aws):[\w+=,.@/-]*[\w+=@/-])",
    re.IGNORECASE,
)
ACTION = re.compile(r"not authorized to perform: (?P<action>[a-z0-9-]{1,40}:[A-Za-z0-9]{1,80})\b")
RESOURCE_NAME = re.compile(r"on resource: \"?(?P<arn>arn:aws[a-z-]*:[\w+=,.@/:*-]*[\w+=@/*-])")
ENCODED = re.compile(r"Encoded authorization failure message: (?P<text>[A-Za-z0-9_-]{20,})")
RERUN = "then run the same command again."


@dataclass(frozen=True)
class Denial:
    """What a message of AWS says; "" for what it does not say."""

    explicit: bool
    kind: str
    arn: str = ""
    action: str = ""
    resource: str = ""
    encoded: str = ""

    @property
    def subject(self) -> str:
        """The action that is denied, as a sentence names it."""
        return self.action or "this action"

    @property
    def remedy(self) -> str:
        """What helps, with a command that shows the policy or finds it."""
        if self.kind:
            return REMEDIES[self.kind](self)
        return _decode(self) if self.encoded else _find_policy(self)


def denial_of(code: str, message: str) -> Denial | None:
    """Read the message of a rejection; None for a rejection that is not about rights."""
    if not code.startswith(DENIED_CODES) or code.startswith("AccessDeniedForDependency"):
        return None
    text = " ".join(message.split())
    explicit, implicit = EXPLICIT.search(text), IMPLICIT.search(text)
    kind = ""
    if PUBLIC.search(text):
        kind = BLOCK_PUBLIC_ACCESS
    elif match := explicit or implicit:
        kind = _kind(match["kind"] or "")
    return Denial(
        explicit=explicit is not None or kind == BLOCK_PUBLIC_ACCESS,
        kind=kind,
        arn=_group(ARN, text, "arn"),
        action=_group(ACTION, text, "action"),
        resource=_group(RESOURCE_NAME, text, "arn"),
        encoded=_group(ENCODED, text, "text"),
    )


def is_explicit(code: str, message: str) -> bool:
    """Return whether a policy denies the request explicitly: then it never passes by waiting."""
    denial = denial_of(code, message)
    return denial is not None and denial.explicit


def _kind(words: str) -> str:
    singular = words.casefold().replace("policies", "policy")
    return next((kind for kind in KINDS if kind.casefold() == singular), "")


def _group(pattern: re.Pattern[str], text: str, name: str) -> str:
    match = pattern.search(text)
    return match[name] if match else ""


def _organization_policy(denial: Denial, policy_type: str) -> str:
    """Of a policy of the organization: only its management account sees it, and members cannot change it."""
    policy_id = denial.arn.rpartition("/")[2]
    command = (
        f"aws organizations describe-policy --policy-id {policy_id}"
        if re.fullmatch(r"p-[0-9a-zA-Z_]{8,128}", policy_id)
        else f"aws organizations list-policies --filter {policy_type}"
    )
    return (
        f"`{command}` in the management account shows it: except the role that orgkit uses from its Deny of "
        f"{denial.subject}, or allow it there; waiting does not help. {RERUN.capitalize()}"
    )


def _identity(denial: Denial) -> str:
    if denial.explicit:
        return (
            f"remove the Deny of {denial.subject} from the policy of the user or role{_versions(denial)}, "
            f"or call as another one; waiting does not help. {RERUN.capitalize()}"
        )
    return f"attach what `orgkit permissions` prints to the user or role as a managed policy, {RERUN}"


def _versions(denial: Denial) -> str:
    return (
        f" (`aws iam list-policy-versions --policy-arn {denial.arn}` lists its versions)"
        if ":policy/" in denial.arn
        else ""
    )


def _boundary(denial: Denial) -> str:
    return (
        f"the permissions boundary of the user or role{_versions(denial)} has to allow {denial.subject}: "
        f"an administrator of the account widens it, {RERUN}"
    )


def _session(denial: Denial) -> str:
    return (
        f"the session was begun with a policy that does not allow {denial.subject}: sign in without "
        f"one (`--policy` of assume-role, or the permission set), {RERUN}"
    )


def _resource(denial: Denial) -> str:
    bucket = re.match(r"arn:aws[a-z-]*:s3:::([a-z0-9.-]+)", denial.resource)
    command = f" (`aws s3api get-bucket-policy --bucket {bucket[1]}` prints it)" if bucket else ""
    return (
        f"the policy of {denial.resource or 'the resource'}{command} has to allow {denial.subject} to "
        f"the caller: its owner changes it, {RERUN}"
    )


def _endpoint(_: Denial) -> str:
    return (
        "calls leave by a VPC endpoint whose policy does not allow this one: `aws ec2 describe-vpc-endpoints --query "
        f"'VpcEndpoints[].[VpcEndpointId,ServiceName,PolicyDocument]'` prints it; allow it, or use another network, "
        f"{RERUN}"
    )


def _trust(denial: Denial) -> str:
    role = re.search(r":role/(?:[\w+=,.@-]+/)*([\w+=,.@-]+)$", denial.resource)
    name = role[1] if role else "ROLE"
    return (
        f"`aws iam get-role --role-name {name} --query Role.AssumeRolePolicyDocument` in the role's account prints its "
        f"trust policy: it has to trust the caller, {RERUN}"
    )


def _public(_: Denial) -> str:
    return (
        "the account or the bucket blocks public access, and the policy or ACL in the request is public: waiting does "
        "not help. `aws s3control get-public-access-block --account-id` with the account's id prints the settings."
    )


def _decode(denial: Denial) -> str:
    command = "aws sts decode-authorization-message --query DecodedMessage --output text --encoded-message"
    return (
        f"`{command} {denial.encoded}` "
        f"says which policy (it needs sts:DecodeAuthorizationMessage); change that, {RERUN}"
    )


def _find_policy(denial: Denial) -> str:
    operation = denial.action.partition(":")[2]
    lookup = f"aws cloudtrail lookup-events --lookup-attributes AttributeKey=EventName,AttributeValue={operation}"
    events = f"`{lookup}` may say more; " if operation else ""
    explicit = " A policy denies it explicitly, so that waiting does not help." if denial.explicit else ""
    return (
        f"compare the identity's rights with `orgkit permissions`. Where they are there, a service control policy, a "
        f"permissions boundary or a session policy denies it: {events}{RERUN}{explicit}"
    )


REMEDIES: Mapping[str, Callable[[Denial], str]] = {
    SCP: lambda denial: _organization_policy(denial, "SERVICE_CONTROL_POLICY"),
    RCP: lambda denial: _organization_policy(denial, "RESOURCE_CONTROL_POLICY"),
    IDENTITY: _identity,
    RESOURCE: _resource,
    BOUNDARY: _boundary,
    SESSION: _session,
    ENDPOINT: _endpoint,
    TRUST: _trust,
    BLOCK_PUBLIC_ACCESS: _public,
}
