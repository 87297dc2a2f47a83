"""Whether AWS allows a request, and which policy decides.

Source: IAM User Guide, "Policy evaluation logic" with its pages on one account and on several, and AWS Organizations
User Guide, "SCP evaluation" and "RCP evaluation".
"""

from collections.abc import Iterator, Mapping
from typing import Any

from orgkit.aws.denials import BOUNDARY, IDENTITY, RCP, RESOURCE, SCP, SESSION, TRUST
from orgkit.dataclass import dataclass
from orgkit.policy_evaluation.applicability import applies
from orgkit.policy_evaluation.guardrails import is_bound_by_rcps, is_bound_by_scps
from orgkit.policy_evaluation.principals import Match, match_of
from orgkit.policy_evaluation.requests import PrincipalKind, Request, request_context
from orgkit.policy_evaluation.statements import Statement, statements_of


@dataclass(frozen=True)
class Policy:
    """A policy document, and its ARN; an inline policy and a resource-based one have a name only."""

    document: Mapping[str, Any]
    arn: str = ""
    name: str = ""


@dataclass(frozen=True)
class Level:
    """A root, an OU or an account, and the policies of one type that are attached to it."""

    target: str
    policies: tuple[Policy, ...]


@dataclass(frozen=True)
class Policies:
    """The policies that apply to a request.

    Attributes:
        identity: Inline and managed policies of the user or role, and those of the user's groups.
        boundary: The permissions boundary of the user or role.
        session: The policies that were given when the session began; a request has to be allowed by one of them.
        resource: The policy of the resource; the trust policy of a role.
        scps: From the root to the caller's account; empty where the type is not enabled.
        rcps: From the root to the account of the resource, in which AWS's own RCPFullAWSAccess may be missing.
    """

    identity: tuple[Policy, ...] = ()
    boundary: Policy | None = None
    session: tuple[Policy, ...] = ()
    resource: Policy | None = None
    scps: tuple[Level, ...] = ()
    rcps: tuple[Level, ...] = ()


@dataclass(frozen=True)
class Decision:
    """What AWS answers, and by which policy.

    Attributes:
        is_allowed: Whether the request is allowed.
        kind: The kind of policy that decides, as AWS's messages name it; empty for the root user's own right.
        is_explicit: Whether a Deny of a policy decides.
        policy: The policy that decides; None where no policy of the kind allows the request.
        statement: The statement of that policy.
        target: The root, OU or account whose policies allow nothing, or which has the policy that denies.
    """

    is_allowed: bool
    kind: str
    is_explicit: bool = False
    policy: Policy | None = None
    statement: Statement | None = None
    target: str = ""


@dataclass(frozen=True)
class _Rule:
    """A statement that applies to the request."""

    kind: str
    policy: Policy
    statement: Statement
    target: str = ""
    match: Match = Match.DIRECT

    @property
    def is_deny(self) -> bool:
        return self.statement.get("Effect") == "Deny"


def evaluate(request: Request, policies: Policies) -> Decision:
    """Return AWS's decision about one request.

    AWS documents no order of the kinds of policies for explicit denials; here it is that of its flow chart.
    """
    rules = list(_rules(request, policies))
    denial = next((rule for rule in rules if rule.is_deny), None)
    if denial:
        return Decision(False, denial.kind, True, denial.policy, denial.statement, denial.target)
    allowing = [rule for rule in rules if not rule.is_deny]
    if is_bound_by_scps(request):
        targets = {rule.target for rule in allowing if rule.kind == SCP}
        for level in policies.scps:
            if level.target not in targets:
                return Decision(False, SCP, target=level.target)
    return _decide(request, policies, allowing)


def _decide(request: Request, policies: Policies, allowing: list[_Rule]) -> Decision:
    """Decide by the policies of resource and identity, which grant, and those that limit the identity's."""
    resource_kind = TRUST if request.is_role_assumption else RESOURCE
    grants = [rule for rule in allowing if rule.kind == resource_kind]
    grant = max(grants, key=lambda rule: rule.match, default=None)
    match = grant.match if grant else Match.NONE
    is_root = request.principal.kind is PrincipalKind.ROOT
    if (grant is None and _needs_resource_policy(request)) or (is_root and request.is_role_assumption):
        return Decision(False, resource_kind)  # STS API reference, AssumeRole: the root user may assume no role
    if grant and (not request.principal.is_iam or (match is Match.DIRECT and not request.is_cross_account)):
        return Decision(True, resource_kind, policy=grant.policy, statement=grant.statement)
    suffices = match is Match.ENTITY and not request.is_cross_account
    identity = next((rule for rule in allowing if rule.kind == IDENTITY), None)
    if not (suffices or identity or is_root):
        return Decision(False, IDENTITY)
    limits = ((BOUNDARY, bool(policies.boundary)), (SESSION, bool(policies.session)))
    for kind, is_set in limits:
        if is_set and not any(rule.kind == kind for rule in allowing):
            return Decision(False, kind)
    rule = grant if suffices else identity
    return Decision(True, rule.kind, policy=rule.policy, statement=rule.statement) if rule else Decision(True, "")


def _needs_resource_policy(request: Request) -> bool:
    """Return whether nothing is allowed without the policy of the resource."""
    by_type = request.is_role_assumption or request.is_of_key
    return by_type or request.is_cross_account or not request.principal.is_iam


def _rules(request: Request, policies: Policies) -> Iterator[_Rule]:
    """Yield every statement that applies, in the order in which AWS's flow chart names the kinds of policies."""
    levels = [(RCP, level) for level in policies.rcps if is_bound_by_rcps(request)]
    levels += [(SCP, level) for level in policies.scps if is_bound_by_scps(request)]
    sources = [(kind, policy, level.target) for kind, level in levels for policy in level.policies]
    if policies.resource:
        sources.append((TRUST if request.is_role_assumption else RESOURCE, policies.resource, ""))
    if request.principal.is_iam:
        sources += [(IDENTITY, policy, "") for policy in policies.identity]
        sources += [(BOUNDARY, policies.boundary, "")] if policies.boundary else []
        sources += [(SESSION, policy, "") for policy in policies.session]
    context = request_context(request)
    for kind, policy, target in sources:
        for statement in statements_of(policy.document):
            match = Match.DIRECT
            if kind in (RCP, RESOURCE, TRUST):
                match = match_of(statement, request.principal, has_boundary=policies.boundary is not None)
            if match and applies(statement, request, context, policy.document):
                yield _Rule(kind, policy, statement, target, match)
