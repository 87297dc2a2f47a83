"""A request as IAM sees it: who calls, which action, on which resource, under which circumstances."""

import re
from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from enum import Enum

from orgkit.dataclass import dataclass
from orgkit.policy_evaluation.conditions import RequestContext, Values

SERVICE_LINKED_PATH = ":role/aws-service-role/"  # only AWS makes roles with this path


class PrincipalKind(Enum):
    """What a principal is; only the first four have identity-based policies."""

    ROOT = "Account"
    USER = "User"
    ROLE_SESSION = "AssumedRole"
    FEDERATED_USER = "FederatedUser"
    SERVICE = "Service"
    FEDERATED = "Federated"  # a user of an identity provider, who calls STS without AWS credentials
    ANONYMOUS = "Anonymous"


IAM_KINDS = (PrincipalKind.ROOT, PrincipalKind.USER, PrincipalKind.ROLE_SESSION, PrincipalKind.FEDERATED_USER)


@dataclass(frozen=True)
class Account:
    """An account and its place in an organization.

    Attributes:
        id: Twelve digits; empty where there is none.
        organization: The organization's id; empty outside any.
        path: Organization, root and OUs, as aws:PrincipalOrgPaths has it: `o-a1b2c3/r-ab12/ou-ab12-11111111/`.
        is_management: Whether it is the organization's management account.
        canonical_id: Its canonical user id in S3.
    """

    id: str = ""
    organization: str = ""
    path: str = ""
    is_management: bool = False
    canonical_id: str = ""

    @property
    def is_member(self) -> bool:
        """Whether policies of the organization apply to it."""
        return bool(self.organization) and not self.is_management


@dataclass(frozen=True)
class Principal:
    """The caller.

    Attributes:
        kind: What it is.
        arn: Of the user, the session or the root user; the name of a service or of an identity provider.
        account: Its account.
        role: The ARN of the role, with its path, of a role session.
        user: The ARN of the IAM user, of a federated user session.
        unique_id: What aws:userid has: of a role session `AROA…:name`.
        tags: Of the user or role, and of the session.
    """

    kind: PrincipalKind
    arn: str = ""
    account: Account = Account()
    role: str = ""
    user: str = ""
    unique_id: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_iam(self) -> bool:
        """Whether it belongs to an account, whose policies it is subject to."""
        return self.kind in IAM_KINDS

    @property
    def is_service_linked(self) -> bool:
        """Whether it is a session of a service-linked role."""
        return SERVICE_LINKED_PATH in self.role


@dataclass(frozen=True)
class Request:
    """One action on one resource; an API call may be several of these.

    Attributes:
        principal: The caller.
        action: As in `s3:GetObject`.
        resource: Its ARN; `*` for an action without resource types.
        resource_account: The account that owns the resource, or would own it; the caller's if it names none.
        context: Condition keys and values that are known of the call, in addition to those that follow from the rest.
        region: For aws:RequestedRegion.
        time: For aws:CurrentTime and aws:EpochTime.
        is_aws_managed_key: Whether the resource is an AWS managed KMS key.
    """

    principal: Principal
    action: str
    resource: str = "*"
    resource_account: Account = Account()
    context: Mapping[str, Values] = field(default_factory=dict)
    region: str = ""
    time: datetime | None = None
    is_aws_managed_key: bool = False

    @property
    def service(self) -> str:
        """The prefix of the action."""
        return self.action.partition(":")[0].lower()

    @property
    def is_role_assumption(self) -> bool:
        """Whether a role's trust policy decides about it."""
        return self.service == "sts" and re.match(r"arn:[a-z-]+:iam::[0-9]{12}:role/", self.resource) is not None

    @property
    def is_of_key(self) -> bool:
        """Whether the policy of a KMS key decides about it."""
        return is_of_key(self.resource)

    @property
    def owner(self) -> Account:
        """The account of the resource."""
        return self.resource_account if self.resource_account.id else self.principal.account

    @property
    def is_cross_account(self) -> bool:
        """Whether the resource belongs to an account other than the caller's."""
        return self.principal.account.id != self.owner.id


def is_of_key(resource: str) -> bool:
    """Return whether a resource is a KMS key."""
    return re.match(r"arn:[a-z-]+:kms:[^:]*:[^:]*:key/", resource) is not None


def request_context(request: Request) -> RequestContext:
    """Return the condition keys of a request, in lower case; what the request says itself comes first.

    Source: IAM User Guide, "AWS global condition context keys".
    """
    context: dict[str, Values] = {
        "aws:viaawsservice": "false",
        **_principal_keys(request.principal),
        **_account_keys("resource", request.owner),
    }
    if request.region:
        context["aws:requestedregion"] = request.region
    if request.time:
        context["aws:currenttime"] = request.time.strftime("%Y-%m-%dT%H:%M:%SZ")
        context["aws:epochtime"] = str(int(request.time.timestamp()))
    return {**context, **{key.lower(): value for key, value in request.context.items()}}


def _principal_keys(principal: Principal) -> dict[str, Values]:
    keys: dict[str, Values] = {"aws:principalisawsservice": str(principal.kind is PrincipalKind.SERVICE).lower()}
    if principal.kind is PrincipalKind.SERVICE:
        return {**keys, "aws:principalservicename": principal.arn, "aws:principalservicenameslist": (principal.arn,)}
    if not principal.is_iam:
        return {**keys, "aws:principaltype": principal.kind.value, **_tags(principal)}
    keys |= {
        "aws:principalarn": principal.role or principal.arn,
        "aws:principaltype": principal.kind.value,
        **_account_keys("principal", principal.account),
        **_tags(principal),
    }
    if principal.unique_id:
        keys["aws:userid"] = principal.unique_id
    if principal.kind is PrincipalKind.USER:
        keys["aws:username"] = principal.arn.rpartition("/")[2]
    return keys


def _tags(principal: Principal) -> dict[str, Values]:
    return {f"aws:principaltag/{key.lower()}": value for key, value in principal.tags.items()}


def _account_keys(owner: str, account: Account) -> dict[str, Values]:
    keys: dict[str, Values] = {f"aws:{owner}account": account.id} if account.id else {}
    if account.organization:
        keys[f"aws:{owner}orgid"] = account.organization
    if account.path:
        keys[f"aws:{owner}orgpaths"] = (account.path,)
    return keys
