"""Whether the policies in force allow a call: those of the caller, of the resource and of the organization.

Only with the switch `evaluate_policies` of the sandbox. Not evaluated are calls that AWS makes on the caller's behalf.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs

from moto.iam.models import Role, iam_backends
from moto.kms.models import Key, kms_backends
from moto.s3.models import s3_backends

from orgkit.policy_evaluation.api_calls import Location, authorizations
from orgkit.policy_evaluation.conditions import Values
from orgkit.policy_evaluation.denial_messages import denial_message
from orgkit.policy_evaluation.evaluation import Decision, Level, Policies, Policy, evaluate
from orgkit.policy_evaluation.requests import Account, PrincipalKind, Request, is_of_key
from orgkit.policy_evaluation.requests import Principal as IamPrincipal
from orgkit.policy_evaluation.statements import statement_name
from orgkit.sandbox import wire
from orgkit.sandbox.corrections.delivery import find_bucket
from orgkit.sandbox.corrections.handshakes import all_handshakes
from orgkit.sandbox.corrections.members import backend_of
from orgkit.sandbox.corrections.paths import chain, path
from orgkit.sandbox.corrections.roles import default_document
from orgkit.sandbox.corrections.sts import find_role
from orgkit.sandbox.world import Principal, world

SCP, RCP = "SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"
# Headers of S3 that are parameters of an operation, and condition keys whose values are parameters.
S3_HEADERS = {
    "HTTP_X_AMZ_ACL": "ACL",
    "HTTP_X_AMZ_BUCKET_OBJECT_LOCK_ENABLED": "ObjectLockEnabledForBucket",
    "HTTP_X_AMZ_COPY_SOURCE": "CopySource",
    "HTTP_X_AMZ_OBJECT_LOCK_LEGAL_HOLD": "ObjectLockLegalHoldStatus",
    "HTTP_X_AMZ_OBJECT_LOCK_RETAIN_UNTIL_DATE": "ObjectLockRetainUntilDate",
    "HTTP_X_AMZ_OBJECT_OWNERSHIP": "ObjectOwnership",
    "HTTP_X_AMZ_TAGGING": "Tagging",
}
CONDITION_KEYS = {
    "s3:x-amz-acl": "ACL",
    "sts:ExternalId": "ExternalId",
    "sts:RoleSessionName": "RoleSessionName",
    "sts:SourceIdentity": "SourceIdentity",
    "organizations:ServicePrincipal": "ServicePrincipal",
}
MOST_DECISIONS = 4096
# With the policies that led to a decision: while they are kept, no other document has the id of one of theirs.
_decisions: dict[tuple[object, ...], tuple[Policies, Decision]] = {}


@dataclass(frozen=True)
class CheckedAction:
    """One action that a call needs, and the decision about it.

    Attributes:
        action: As in `s3:CreateBucket`.
        resource: Its ARN.
        is_allowed: Whether the caller may do it.
        kind: The kind of policy that decides, as AWS's messages name it.
        policy: The name of the policy that decides; the resource's ARN for its own policy.
        arn: The ARN of that policy; an inline policy has none.
        statement: The Sid of the statement that decides, or its number.
        target: The root, unit or account that the policy of an organization is attached to.
        message: What AWS answers; "" where it is allowed.
    """

    action: str
    resource: str
    is_allowed: bool
    kind: str
    policy: str
    arn: str
    statement: str
    target: str
    message: str

    def as_values(self) -> dict[str, Any]:
        """Return it without the message, which is in the answer."""
        return {name: value for name, value in vars(self).items() if name != "message"}


def check_actions(
    call: wire.ParsedRequest, principal: Principal, environ: Mapping[str, Any]
) -> tuple[CheckedAction, ...]:
    """Return the decision about each action that a call needs, up to the first one that is denied.

    None is checked while the switch `evaluate_policies` is off.
    """
    if not world().seed.evaluate_policies:
        return ()
    decisions: list[CheckedAction] = []
    caller, parameters = _caller(principal), _parameters(call, environ)
    context = {**_context(parameters, environ), **_policy_type(call, parameters)}
    for needed in authorizations(call.service, call.operation, parameters, _location(principal.account, call.region)):
        if is_of_key(needed.resource) and _find_key(needed.resource) is None:
            continue  # the service reports that there is no such key
        owner = _account(_owner_of(needed.resource, principal.account))
        request = Request(
            caller, needed.action, needed.resource, owner, context, region=call.region, time=world().clock.now()
        )
        decisions.append(_checked_action(request, _decision(request, _policies(request, principal))))
        if not decisions[-1].is_allowed:
            break
    return tuple(decisions)


class _Document(dict[str, Any]):
    """A policy that was parsed, which nobody changes."""

    is_about_time = False  # whether it may decide otherwise at another time


@lru_cache(maxsize=1024)
def _parsed(text: str | bytes) -> _Document:
    """Return the policy of a text: each call is compared with the same few."""
    content = json.loads(text)
    document = _Document(content if isinstance(content, dict) else {})
    document.is_about_time = "time" in str(text).lower()
    return document


def _decision(request: Request, policies: Policies) -> Decision:
    """Evaluate a request, or return what the same request has had under the same policies."""
    applied = [*policies.identity, *filter(None, (policies.boundary, policies.resource)), *policies.session]
    applied += [policy for level in (*policies.scps, *policies.rcps) for policy in level.policies]
    documents = [policy.document for policy in applied]
    if any(not isinstance(document, _Document) or document.is_about_time for document in documents):
        return evaluate(request, policies)
    caller = request.principal
    key = (
        *(caller.kind, caller.arn, caller.account, caller.role, caller.unique_id, *caller.tags.items()),
        *(request.action, request.resource, request.owner, request.region, *request.context.items()),
        *(len(policies.identity), policies.boundary is None, policies.resource is None, len(policies.session)),
        *(len(policies.scps), *((level.target, len(level.policies)) for level in (*policies.scps, *policies.rcps))),
        *((id(policy.document), policy.arn, policy.name) for policy in applied),
    )
    if key not in _decisions:
        if len(_decisions) >= MOST_DECISIONS:
            _decisions.clear()
        _decisions[key] = policies, evaluate(request, policies)
    return _decisions[key][1]


def _checked_action(request: Request, decision: Decision) -> CheckedAction:
    policy = decision.policy
    return CheckedAction(
        request.action,
        request.resource,
        decision.is_allowed,
        decision.kind,
        policy.name if policy else "",
        policy.arn if policy else "",
        statement_name(policy.document, decision.statement) if policy and decision.statement else "",
        decision.target,
        "" if decision.is_allowed else denial_message(request, decision),
    )


def _parameters(call: wire.ParsedRequest, environ: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of a call by the names of the API's model; lists of a form are only known to be there."""
    if call.service == "s3":
        bucket, _, key = str(environ.get("PATH_INFO", "")).lstrip("/").partition("/")
        versions = parse_qs(str(environ.get("QUERY_STRING", ""))).get("versionId", [""])
        headers = {name: environ[header] for header, name in S3_HEADERS.items() if environ.get(header)}
        return {"Bucket": bucket, "Key": key, "VersionId": versions[0], **headers}
    parameters = {name.partition(".")[0]: value for name, value in call.parameters.items()}
    if call.service == "kms" and str(parameters.get("KeyId", "")).startswith("alias/"):
        parameters["KeyId"] = ""
    return parameters


def _context(parameters: Mapping[str, Any], environ: Mapping[str, Any]) -> dict[str, Values]:
    """Return the condition keys of a call. Everyone has signed in with MFA, and uses TLS."""
    known: dict[str, Values] = {"aws:MultiFactorAuthPresent": "true", "aws:SecureTransport": "true"}
    if environ.get("REMOTE_ADDR"):
        known["aws:SourceIp"] = str(environ["REMOTE_ADDR"])
    tags = [item for item in parameters.get("Tags", ()) if isinstance(item, dict)]
    known |= {f"aws:RequestTag/{tag.get('Key')}": str(tag.get("Value")) for tag in tags}
    if tags:
        known["aws:TagKeys"] = tuple(str(tag.get("Key")) for tag in tags)
    return known | {key: str(parameters[name]) for key, name in CONDITION_KEYS.items() if parameters.get(name)}


def _policy_type(call: wire.ParsedRequest, parameters: Mapping[str, Any]) -> dict[str, Values]:
    """Return the type of policy that a call of Organizations is about, or that of the policy that it names."""
    if call.service != "organizations":
        return {}
    names = ("PolicyType", "Filter", *(("Type",) if call.operation == "CreatePolicy" else ()))
    policy_id = parameters.get("PolicyId")
    policies = backend_of(world().principals[call.key].account).policies if policy_id else ()
    types = [str(parameters[name]) for name in names if isinstance(parameters.get(name), str)]
    types += [str(policy.type) for policy in policies if policy.id == policy_id]
    return {"organizations:PolicyType": types[0]} if types else {}


def _location(account: str, region: str) -> Location:
    backend = backend_of(account)
    if backend.org is None:
        return Location(account, region)
    types = {policy.id: policy.type.lower() for policy in backend.policies}
    types |= {handshake.id: handshake.action.lower() for handshake in all_handshakes()}
    return Location(
        account, region, organization=backend.org.id, management_account=backend.org.master_account_id, types=types
    )


def _account(account: str) -> Account:
    backend = backend_of(account)
    member = next((item for item in backend.accounts if item.id == account), None) if backend.org else None
    if member is None:
        return Account(account)
    place = path(backend, member.parent_id)
    return Account(account, backend.org.id, place, is_management=backend.org.master_account_id == account)


def _owner_of(resource: str, caller: str) -> str:
    """Return the account of a resource: of a bucket, the one that made it; else that of the ARN."""
    if resource.startswith("arn:aws:s3:::"):
        owner = s3_backends.bucket_accounts.get(resource.removeprefix("arn:aws:s3:::").partition("/")[0])
        return str(owner[1]) if owner else caller
    account = resource.split(":")[4] if resource.count(":") >= 5 else ""
    return account or caller


def _caller(principal: Principal) -> IamPrincipal:
    role = find_role(principal.role_arn) if principal.role_arn else None
    kind = PrincipalKind.ROLE_SESSION if role else PrincipalKind.USER
    return IamPrincipal(
        PrincipalKind.ROOT if principal.is_root_user else kind,
        principal.arn,
        _account(principal.account),
        role=principal.role_arn or "",
        unique_id=principal.user_id,
        tags={tag["Key"]: tag["Value"] for tag in role.tags.values()} if role and role.tags else {},
    )


def _policies(request: Request, principal: Principal) -> Policies:
    session = tuple(Policy(_parsed(document), arn) for arn, document in principal.session_policies)
    role = find_role(principal.role_arn) if principal.role_arn else None
    iam = iam_backends[principal.account]["aws"]
    user = None if role or principal.is_root_user else iam.users.get(principal.arn.rpartition("/")[2])
    groups = iam.get_groups_for_user(user.name) if user else []
    boundary = iam.managed_policies.get(role.permissions_boundary_arn) if role else None
    return Policies(
        identity=tuple(policy for entity in (role, user, *groups) if entity for policy in _policies_of(entity)),
        boundary=_managed(boundary) if boundary else None,
        session=session,
        resource=_resource_policy(request),
        scps=_levels(principal.account, SCP),
        rcps=_levels(request.owner.id, RCP),
    )


def _policies_of(entity: Any) -> Iterator[Policy]:
    """Yield the inline and managed policies of a user, role or group."""
    for name, document in entity.policies.items():
        yield Policy(_parsed(document), name=name)
    yield from map(_managed, entity.managed_policies.values())


def _managed(policy: Any) -> Policy:
    return Policy(_parsed(default_document(policy)), policy.arn, policy.name)


def _resource_policy(request: Request) -> Policy | None:
    document = _document_of(request)
    return Policy(_parsed(document), name=request.resource) if document else None


def _document_of(request: Request) -> str | bytes:
    if request.is_role_assumption:
        role: Role | None = find_role(request.resource)
        return str(role.assume_role_policy_document) if role else ""
    if request.is_of_key:
        key = _find_key(request.resource)
        return str(key.policy) if key else ""
    if request.service == "s3":
        bucket = find_bucket(request.resource.removeprefix("arn:aws:s3:::").partition("/")[0])
        return bucket.policy or "" if bucket else ""
    return ""


def _find_key(arn: str) -> Key | None:
    _, _, _, region, account, name = arn.split(":", 5)
    key: Key | None = kms_backends[account][region].keys.get(name.removeprefix("key/"))
    return key


def _levels(account: str, policy_type: str) -> tuple[Level, ...]:
    """Return the policies of one type from the root down to an account; none while the type is not enabled."""
    backend = backend_of(account)
    member = next((item for item in backend.accounts if item.id == account), None) if backend.org else None
    if member is None or {"Type": policy_type, "Status": "ENABLED"} not in backend.ou[0].policy_types:
        return ()
    return tuple(
        Level(
            target.id,
            tuple(
                Policy(_parsed(policy.content), policy.arn, policy.name)
                for policy in target.attached_policies
                if policy.type == policy_type
            ),
        )
        for target in (*chain(backend, member.parent_id), member)
    )
