"""Whether the policies in force allow a call: those of the caller, of the resource and of the organization.

Only with the switch `evaluate_policies` of the sandbox. Not evaluated are calls that AWS makes on the caller's behalf.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from moto.iam.models import Role, User, iam_backends
from moto.s3.models import s3_backends

from orgkit.policy_evaluation.api_calls import Location, authorizations
from orgkit.policy_evaluation.conditions import Values
from orgkit.policy_evaluation.denial_messages import denial_message
from orgkit.policy_evaluation.evaluation import Decision, Policies, Policy
from orgkit.policy_evaluation.policy_types import RCP, SCP
from orgkit.policy_evaluation.requests import Principal as IamPrincipal
from orgkit.policy_evaluation.requests import PrincipalKind, Request, is_of_key
from orgkit.policy_evaluation.statements import find_statement_name
from orgkit.sandbox import wire
from orgkit.sandbox.corrections.attached_policies import account_of, levels_of, parse_policy
from orgkit.sandbox.corrections.delivery import find_bucket
from orgkit.sandbox.corrections.handshakes import all_handshakes
from orgkit.sandbox.corrections.members import backend_of
from orgkit.sandbox.corrections.roles import default_document
from orgkit.sandbox.corrections.sts import find_role
from orgkit.sandbox.decisions import decide
from orgkit.sandbox.kms_keys import find_key, key_context, key_of_alias
from orgkit.sandbox.propagation import bucket_policy, iam_state, key_policy
from orgkit.sandbox.world import Principal, world

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
WITH_RESOURCE_POLICIES = ("iam", "kms", "s3")  # services in ARNs; of iam, the trust policies of roles
CONDITION_KEYS = {
    "account:AlternateContactTypes": "AlternateContactType",
    "kms:RequestAlias": "RequestAlias",
    "s3:x-amz-acl": "ACL",
    "sts:ExternalId": "ExternalId",
    "sts:RoleSessionName": "RoleSessionName",
    "sts:SourceIdentity": "SourceIdentity",
    "organizations:ServicePrincipal": "ServicePrincipal",
}


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
        if is_of_key(needed.resource) and find_key(needed.resource) is None:
            continue  # the service reports that there is no such key
        owner = account_of(_owner_of(needed.resource, principal.account))
        request = Request(
            caller, needed.action, needed.resource, owner,
            {**context, **key_context(call, needed.resource)},
            region=call.region, time=world().clock.now(),
        )  # fmt: skip
        decisions.append(_checked_action(request, decide(request, _policies(request, principal))))
        if not decisions[-1].is_allowed:
            break
    return tuple(decisions)


def take_denied_services() -> list[CheckedAction]:
    """Return the denials that services met on their own account since the last call, as when CloudTrail delivers."""
    return [_checked_action(request, decision) for request, decision in world().state.pop("denied_services", ())]


def _checked_action(request: Request, decision: Decision) -> CheckedAction:
    policy = decision.policy
    return CheckedAction(
        request.action,
        request.resource,
        decision.is_allowed,
        decision.kind,
        policy.name if policy else "",
        policy.arn if policy else "",
        find_statement_name(policy.document, decision.statement) if policy and decision.statement else "",
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
    return {**parameters, **key_of_alias(call, parameters)} if call.service == "kms" else parameters


def _context(parameters: Mapping[str, Any], environ: Mapping[str, Any]) -> dict[str, Values]:
    """Return the condition keys of a call. Everyone has signed in with MFA, and uses TLS."""
    known: dict[str, Values] = {"aws:MultiFactorAuthPresent": "true", "aws:SecureTransport": "true"}
    if environ.get("REMOTE_ADDR"):
        known["aws:SourceIp"] = str(environ["REMOTE_ADDR"])
    tags = [item for item in parameters.get("Tags", ()) if isinstance(item, dict)]
    known |= {f"aws:RequestTag/{tag.get('Key')}": str(tag.get("Value")) for tag in tags}
    if tags:
        known["aws:TagKeys"] = tuple(str(tag.get("Key")) for tag in tags)
    if parameters.get("PrimaryEmail"):
        known["account:EmailTargetDomain"] = str(parameters["PrimaryEmail"]).rpartition("@")[2]
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


def _owner_of(resource: str, caller: str) -> str:
    """Return the account whose policies decide about a resource: of a bucket, the one that made it.

    A resource without a policy of its own is the caller's, such as the organization's trail in a member account, or an
    AWS managed policy.
    """
    if resource.startswith("arn:aws:s3:::"):
        owner = s3_backends.bucket_accounts.get(resource.removeprefix("arn:aws:s3:::").partition("/")[0])
        return str(owner[1]) if owner else caller
    _, _, service, _, account, _ = resource.split(":", 5) if resource.count(":") >= 5 else ("",) * 6
    return account if service in WITH_RESOURCE_POLICIES and account.isdigit() else caller


def _caller(principal: Principal) -> IamPrincipal:
    return IamPrincipal(
        _kind_of(principal),
        principal.arn,
        account_of(principal.account),
        role=principal.role_arn or "",
        user=principal.user_arn,
        unique_id=principal.user_id,
        tags=_tags_of(principal),
    )


def _user_of(principal: Principal) -> User | None:
    """Return the IAM user of a caller, or the one behind a federated user."""
    if principal.role_arn or principal.is_root_user:
        return None
    user: User | None = iam_state(principal.account).users.get((principal.user_arn or principal.arn).rpartition("/")[2])
    return user


def _tags_of(principal: Principal) -> dict[str, str]:
    """Return the tags of the role or user, and of the session, which come first."""
    role, user = find_role(principal.role_arn) if principal.role_arn else None, _user_of(principal)
    tagger = iam_backends[principal.account]["aws"].tagger
    tags = role.tags if role else tagger.list_tags_for_resource(user.arn)["Tags"] if user else ()
    return {**{tag["Key"]: tag["Value"] for tag in tags}, **dict(principal.session_tags)}


def _kind_of(principal: Principal) -> PrincipalKind:
    if principal.is_root_user:
        return PrincipalKind.ROOT
    if principal.user_arn:
        return PrincipalKind.FEDERATED_USER
    return PrincipalKind.ROLE_SESSION if principal.role_arn else PrincipalKind.USER


def _policies(request: Request, principal: Principal) -> Policies:
    session = tuple(Policy(parse_policy(document), arn) for arn, document in principal.session_policies)
    role = find_role(principal.role_arn) if principal.role_arn else None
    user = _user_of(principal)
    groups = iam_state(principal.account).groups_of(user.name) if user else []
    arn = getattr(role or user, "permissions_boundary_arn", None)
    boundary = iam_backends[principal.account]["aws"].managed_policies.get(arn) if arn else None
    return Policies(
        identity=tuple(policy for entity in (role, user, *groups) if entity for policy in _policies_of(entity)),
        boundary=_managed(boundary) if boundary else None,
        session=session,
        resource=_resource_policy(request),
        scps=levels_of(principal.account, SCP),
        rcps=levels_of(request.owner.id, RCP),
    )


def _policies_of(entity: Any) -> Iterator[Policy]:
    """Yield the inline and managed policies of a user, role or group."""
    for name, document in entity.policies.items():
        yield Policy(parse_policy(document), name=name)
    yield from map(_managed, entity.managed_policies.values())


def _managed(policy: Any) -> Policy:
    return Policy(parse_policy(default_document(policy)), policy.arn, policy.name)


def _resource_policy(request: Request) -> Policy | None:
    document = _document_of(request)
    return Policy(parse_policy(document), name=request.resource) if document else None


def _document_of(request: Request) -> str | bytes:
    if request.is_role_assumption:
        role: Role | None = find_role(request.resource)
        return str(role.assume_role_policy_document) if role else ""
    if request.is_of_key:
        key = find_key(request.resource)
        return key_policy(key) if key else ""
    if request.service == "s3":
        bucket = find_bucket(request.resource.removeprefix("arn:aws:s3:::").partition("/")[0])
        return bucket_policy(bucket) or "" if bucket else ""
    return ""
