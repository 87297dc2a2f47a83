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

from orgkit.sandbox import ids
from orgkit.sandbox.corrections.documents import Caller, allows
from orgkit.sandbox.corrections.members import organization_of
from orgkit.sandbox.corrections.registry import corrects, differs, refusal
from orgkit.sandbox.corrections.roles import default_document
from orgkit.sandbox.world import Principal, world

ROLE_ARN = re.compile(r"arn:[a-z-]+:iam::\d{12}:role/.+")
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
    _remember(answered, arn, _session_policies(self, arn))
    return answered


def _session_policies(response: TokenResponse, role_arn: str) -> tuple[tuple[str, str], ...]:
    """Return the policies that limit the session: the one in the request, and managed ones of the role's account."""
    inline = response._get_param("Policy")
    managed_policies = iam_backends[role_arn.split(":")[4]]["aws"].managed_policies
    arns = [item.get("arn") or item.get("Arn") for item in response._get_param("PolicyArns") or ()]
    managed = [(arn, default_document(managed_policies[arn])) for arn in arns if arn in managed_policies]
    return (*([("", inline)] if inline else []), *managed)


@corrects(TokenResponse, moto="AssumeRoleWithWebIdentity lets anybody assume any role, and its keys belong to nobody.")
def assume_role_with_web_identity(self: TokenResponse) -> ActionResult:
    """AssumeRoleWithWebIdentity needs a role whose trust policy allows the token's issuer and claims."""
    role = find_role(str(self._get_param("RoleArn")))
    caller = _identity_of(str(self._get_param("WebIdentityToken")), role.account_id) if role else None
    action = "sts:AssumeRoleWithWebIdentity"
    if role is None or caller is None or not allows(json.loads(role.assume_role_policy_document), caller, action):
        raise refusal("AccessDenied", f"Not authorized to perform {action}")
    answered: ActionResult = _assume_role_with_web_identity(self)
    _remember(answered, role.arn)
    return answered


def _identity_of(token: str, account: str) -> Caller | None:
    """Read what a JSON web token says of its bearer; None where it says nothing. Its signature is not verified."""
    try:
        payload = token.split(".")[1]
        claims = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        issuer = str(claims["iss"]).removeprefix("https://")
    except (ValueError, LookupError, TypeError):
        return None
    provider = f"arn:aws:iam::{account}:oidc-provider/{issuer}"
    return Caller(account, provider=provider, context={f"{issuer}:{name}": str(v) for name, v in claims.items()})


def _remember(answered: ActionResult, role_arn: str, session_policies: tuple[tuple[str, str], ...] = ()) -> None:
    result: Any = answered.result
    role, user = result["Credentials"], result["AssumedRoleUser"]
    principal = Principal(role.account_id, user["Arn"], user["AssumedRoleId"], role_arn, _end(role), session_policies)
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
    """The role of that ARN, path and all."""
    account = arn.split(":")[4] if arn.count(":") >= 5 else ""
    if account not in iam_backends:
        return None
    return next((role for role in iam_backends[account]["aws"].roles.values() if role.arn == arn), None)


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


def user_id(account: str, arn: str) -> str:
    """The root user's id is the account's; an IAM user's begins with AIDA."""
    return account if arn.endswith(":root") else f"AIDA{ids.key_part(17, 'user', arn)}"
