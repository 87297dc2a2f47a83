"""STS: the caller's identity, and which roles it may assume by their trust policies."""

import json
import re
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from moto.core.responses import ActionResult
from moto.iam.models import Role, iam_backends
from moto.sts.models import AssumedRole
from moto.sts.responses import TokenResponse

from orgkit.policy_evaluation.evaluation import Policies, Policy, evaluate
from orgkit.policy_evaluation.policy_types import RCP
from orgkit.policy_evaluation.requests import Principal as IamPrincipal
from orgkit.policy_evaluation.requests import PrincipalKind, Request
from orgkit.policy_evaluation.web_identity import audience_of, claim_keys
from orgkit.sandbox import ids
from orgkit.sandbox.corrections.attached_policies import account_of, levels_of
from orgkit.sandbox.corrections.documents import Caller, allows
from orgkit.sandbox.corrections.members import organization_of
from orgkit.sandbox.corrections.registry import corrects, differs, refusal
from orgkit.sandbox.corrections.roles import default_document
from orgkit.sandbox.propagation import iam_state
from orgkit.sandbox.world import Principal, world

ROLE_ARN = re.compile(r"arn:[a-z-]+:iam::\d{12}:role/.+")
NO_PERMISSIONS = '{"Version": "2012-10-17", "Statement": []}'
_assume_role = TokenResponse.assume_role
_assume_role_with_web_identity = TokenResponse.assume_role_with_web_identity


@corrects(
    TokenResponse,
    moto="AssumeRole lets anybody assume any role, also in accounts and roles that do not exist.",
    source="For an invalid ARN: localstack at 8b9a79f0, test_sts_invalid_parameters, recorded on AWS.",
)
def assume_role(self: TokenResponse) -> ActionResult:
    """AssumeRole needs an existing role whose trust policy allows the caller; never for a root user."""
    caller, arn = world().principals[self.get_access_key()], str(self._get_param("RoleArn"))
    if not ROLE_ARN.fullmatch(arn):
        raise refusal("ValidationError", f"{arn} is invalid")
    names = {"sts:RoleSessionName": "RoleSessionName", "sts:SourceIdentity": "SourceIdentity"}
    session = {key: value for key, name in names.items() if (value := self._get_param(name))}
    if not may_assume(caller, arn, self._get_param("ExternalId"), session):
        message = f"User: {caller.arn} is not authorized to perform: sts:AssumeRole on resource: {arn}"
        raise refusal("AccessDenied", message)
    answered: ActionResult = _assume_role(self)
    _remember(answered, arn, _session_policies(self, arn), _session_tags(self))
    return answered


def _session_policies(response: TokenResponse, arn: str) -> tuple[tuple[str, str], ...]:
    """Return the policies that limit the session: the one in the request, and managed ones of the account."""
    inline = response._get_param("Policy")
    managed_policies = iam_backends[arn.split(":")[4]]["aws"].managed_policies
    arns = [item.get("arn") or item.get("Arn") for item in response._get_param("PolicyArns") or ()]
    managed = [(name, default_document(managed_policies[name])) for name in arns if name in managed_policies]
    return (*([("", inline)] if inline else []), *managed)


@corrects(TokenResponse, moto="AssumeRoleWithWebIdentity lets anybody assume any role, and its keys belong to nobody.")
def assume_role_with_web_identity(self: TokenResponse) -> ActionResult:
    """AssumeRoleWithWebIdentity needs the token's provider and audience in IAM, and a role that trusts its claims."""
    role = find_role(str(self._get_param("RoleArn")))
    if role is None or not _may_assume_with(_claims_of(str(self._get_param("WebIdentityToken"))), role):
        raise refusal("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity")
    answered: ActionResult = _assume_role_with_web_identity(self)
    result: Any = answered.result
    result["AssumedRoleUser"]["AssumedRoleId"] = result["Credentials"].user_id
    _remember(answered, role.arn, _session_policies(self, role.arn))
    return answered


def _may_assume_with(claims: dict[str, Any], role: Role) -> bool:
    """Return whether the trust policy and the resource control policies let in the bearer of a token."""
    issuer = str(claims.get("iss", "")).removeprefix("https://")
    provider = f"arn:aws:iam::{role.account_id}:oidc-provider/{issuer}"
    _check_provider(iam_backends[role.account_id]["aws"].open_id_providers.get(provider), issuer, claims)
    request = Request(
        IamPrincipal(PrincipalKind.FEDERATED, provider),
        "sts:AssumeRoleWithWebIdentity",
        role.arn,
        account_of(role.account_id),
        {"aws:SecureTransport": "true", **claim_keys(issuer, claims)},
        time=world().clock.now(),
    )
    rcps = levels_of(role.account_id, RCP) if world().seed.evaluate_policies else ()
    trust = Policy(json.loads(role.assume_role_policy_document), name=role.arn)
    return evaluate(request, Policies(resource=trust, rcps=rcps)).is_allowed


def _check_provider(provider: Any, issuer: str, claims: dict[str, Any]) -> None:
    """The account has the provider, with the token's audience, and the token has not expired."""
    if provider is None:
        message = f"No OpenIDConnect provider found in your account for https://{issuer}"
        raise refusal("InvalidIdentityToken", message)
    if audience_of(claims) not in provider.client_id_list:
        raise refusal("InvalidIdentityToken", "Incorrect token audience")
    if "exp" in claims and claims["exp"] <= world().clock.timestamp():
        raise refusal("ExpiredTokenException", "Token expired: current date/time must be before the expiration date")


def _claims_of(token: str) -> dict[str, Any]:
    """Read what a JSON web token says of its bearer. Its signature is not verified."""
    try:
        payload = token.split(".")[1]
        claims = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (ValueError, LookupError):
        claims = None
    if not isinstance(claims, dict) or not isinstance(claims.get("exp", 0), int):
        raise refusal("InvalidIdentityToken", "The ID Token provided is not a valid JWT.")
    return claims


def _session_tags(response: TokenResponse) -> tuple[tuple[str, str], ...]:
    return tuple((str(tag["Key"]), str(tag["Value"])) for tag in response._get_param("Tags") or ())


def _remember(
    answered: ActionResult,
    role_arn: str,
    policies: tuple[tuple[str, str], ...] = (),
    tags: tuple[tuple[str, str], ...] = (),
) -> None:
    result: Any = answered.result
    role, user = result["Credentials"], result["AssumedRoleUser"]
    principal = Principal(role.account_id, user["Arn"], user["AssumedRoleId"], role_arn, _end(role), policies, tags)
    world().principals[role.access_key_id] = principal


@differs("sts.expiration", moto="Temporary credentials are good for ever, whatever Expiration says.")
def _end(session: AssumedRole) -> datetime:
    """Temporary credentials end at their Expiration: ExpiredToken, or ExpiredTokenException."""
    moment: datetime = session.expiration
    return moment.replace(tzinfo=UTC)


def may_assume(
    caller: Principal, role_arn: str, external_id: str | None, session: Mapping[str, str] = MappingProxyType({})
) -> bool:
    """The role is there, it is its time, and its trust policy names the caller."""
    role = find_role(role_arn)
    if role is None or caller.is_root_user:
        return False
    ready = world().role_ready.get(role.account_id)
    if ready is not None and world().clock.now() < ready:  # AWS: minutes after SUCCEEDED, the same AccessDenied
        return False
    extra = {**({"sts:ExternalId": external_id} if external_id else {}), **session}
    return allows(json.loads(role.assume_role_policy_document), as_caller(caller, extra), "sts:AssumeRole")


def find_role(arn: str) -> Role | None:
    """The role of that ARN, path and all, as it is effective."""
    account = arn.split(":")[4] if arn.count(":") >= 5 else ""
    if account not in iam_backends:
        return None
    return next((role for role in iam_state(account).roles if role.arn == arn), None)


def as_caller(principal: Principal, extra: dict[str, str] | None = None) -> Caller:
    """With the condition keys that a trust or bucket policy of a bootstrap may ask for."""
    organization = organization_of(principal.account)
    context = {
        "aws:PrincipalAccount": principal.account,
        "aws:PrincipalArn": principal.role_arn or principal.arn,
        "aws:MultiFactorAuthPresent": "true",
        "aws:SecureTransport": "true",
        **({"aws:PrincipalOrgID": organization.id} if organization else {}),
        **(extra or {}),
    }
    return Caller(principal.account, frozenset({principal.arn, principal.role_arn or principal.arn}), context=context)


@corrects(
    TokenResponse,
    moto="GetCallerIdentity returns user/moto for callers that it does not know: root users, sessions of users.",
)
def get_caller_identity(self: TokenResponse) -> ActionResult:
    """GetCallerIdentity returns the caller: an IAM user, a session of one, an assumed role, the root user."""
    caller = world().principals[self.get_access_key()]
    return ActionResult({"UserId": caller.user_id, "Account": caller.account, "Arn": caller.arn})


@corrects(TokenResponse, moto="GetSessionToken gives always the same keys, which belong to nobody.")
def get_session_token(self: TokenResponse) -> ActionResult:
    """GetSessionToken gives keys of their own, which are still the caller."""
    caller = world().principals[self.get_access_key()]
    key = iam_backends[caller.account]["aws"].create_temp_access_key()
    seconds = self._get_int_param("DurationSeconds", 43200)
    session = AssumedRole(caller.account, self.region, key, "session", caller.arn, "", seconds, "")
    world().principals[session.access_key_id] = replace(caller, expires_at=_end(session))
    return ActionResult({"Credentials": session})


@corrects(TokenResponse, moto="GetFederationToken gives always the same keys, which belong to nobody.")
def get_federation_token(self: TokenResponse) -> ActionResult:
    """GetFederationToken gives keys of a federated user: it may do what the user's and the session's policies allow."""
    key_id = self.get_access_key()
    caller, name = world().principals[key_id], str(self._get_param("Name"))
    if key_id.startswith("ASIA"):
        raise refusal("AccessDenied", "Cannot call GetFederationToken with session credentials")
    key = iam_backends[caller.account]["aws"].create_temp_access_key()
    arn, federated_id = f"arn:aws:sts::{caller.account}:federated-user/{name}", f"{caller.account}:{name}"
    seconds = self._get_int_param("DurationSeconds", 43200)
    session = AssumedRole(caller.account, self.region, key, name, caller.arn, "", seconds, "")
    # Without a policy, the session has what resources grant to it, and nothing else.
    policies = _session_policies(self, caller.arn) or (("", NO_PERMISSIONS),)
    world().principals[session.access_key_id] = Principal(
        caller.account, arn, federated_id, None, _end(session), policies, _session_tags(self), caller.arn
    )
    return ActionResult({"Credentials": session, "FederatedUser": {"FederatedUserId": federated_id, "Arn": arn}})


def user_id(account: str, arn: str) -> str:
    """The root user's id is the account's; an IAM user's begins with AIDA."""
    return account if arn.endswith(":root") else f"AIDA{ids.key_part(17, 'user', arn)}"
