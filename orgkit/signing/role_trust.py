"""What the trust policy of a role says about the identities behind its sessions; pure."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from orgkit.dataclass import dataclass
from orgkit.policy_evaluation.conditions import Conditions, as_list, base_operator, conditions_of
from orgkit.policy_evaluation.patterns import matches
from orgkit.policy_evaluation.statements import Statement
from orgkit.policy_evaluation.statements import statements_of as all_statements_of
from orgkit.policy_evaluation.variables import VARIABLE
from orgkit.signing.identities import ROLE, USER, role_name

SSO_PREFIX = "AWSReservedSSO_"  # roles that IAM Identity Center makes: it names the session after the person
SSO_PATH = "/aws-reserved/sso.amazonaws.com/"  # nobody else can make a role with this path
ASSUME = ("sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity")
SESSION_NAME, SOURCE_IDENTITY = "sts:rolesessionname", "sts:sourceidentity"  # condition keys, in lower case
PRINCIPAL_ARN, USER_NAME = "aws:principalarn", "aws:username"
EQUALS = ("stringequals", "stringlike", "stringequalsignorecase")
MATCHES = (*EQUALS, "arnequals", "arnlike")
OWN_NAME = "${aws:username}"  # of the IAM user who assumes the role
ROLE_ARN = re.compile(r"arn:aws:iam::(?P<account>[0-9]{12}):role/(?:[!-~]+/)?(?P<name>[\w+=,.@-]+)", re.ASCII)
ACCOUNT = re.compile(r"\*|[0-9]{12}|arn:aws:iam::[0-9]{12}:root")


@dataclass(frozen=True)
class TrustStatement:
    """One statement that lets principals assume the role.

    Attributes:
        actions: The calls of STS that it allows.
        principals: The AWS principals that it names; "*" for one that it does not name in this form.
        conditions: What has to hold.
        roles: Accounts and names, as they are written, of the roles whose sessions it lets take this one.
    """

    actions: tuple[str, ...]
    principals: frozenset[str]
    conditions: Conditions
    roles: frozenset[tuple[str, str]] = frozenset()

    @property
    def is_wide(self) -> bool:
        """Whether it trusts a whole account, or any account."""
        return any(ACCOUNT.fullmatch(principal) for principal in self.principals)

    @property
    def session_name(self) -> str:
        """The one name that a session must have; empty where it can be chosen."""
        values = {value for operator in EQUALS for value in self.conditions.get((operator, SESSION_NAME), ())}
        (name, *more_names) = values or {""}
        is_pattern = any(char in name.replace(OWN_NAME, "") for char in "*?$")
        return "" if more_names or is_pattern else name

    @property
    def demands_source_identity(self) -> bool:
        """Whether a session needs a source identity, with which AWS logs who began it."""
        is_named = any(self.conditions.get((operator, SOURCE_IDENTITY)) for operator in EQUALS)
        return is_named or [value.lower() for value in self.conditions.get(("null", SOURCE_IDENTITY), ())] == ["false"]

    def names(self, identity: str, path: str = "/") -> bool:
        """Whether it names this identity itself, rather than the whole account.

        Args:
            identity: A user, a session of a role, or all sessions of one.
            path: Of the role, which its sessions do not show, and patterns are compared with.
        """
        forms = _forms_of(identity)
        if any(principal in forms or principal.startswith(f"{identity.casefold()}/") for principal in self.principals):
            return True
        user = identity.rpartition("/")[2].casefold() if USER.fullmatch(identity) else ""
        patterns = [_pattern(value) for value in self._compared_with(PRINCIPAL_ARN)]
        names = [_pattern(value) for value in self._compared_with(USER_NAME)]
        return self.is_wide and (
            any(matches(pattern, arn) for pattern in patterns for arn in _principal_arns(identity, path))
            or bool(user and any(matches(name, user) for name in names))
        )

    def _compared_with(self, key: str) -> Iterator[str]:
        """The values of a condition key, whether or not it may be missing, and of one value or of a set."""
        for (operator, name), values in self.conditions.items():
            if name == key and base_operator(operator) in MATCHES:
                yield from values


def statements_of(document: Mapping[str, Any]) -> list[TrustStatement]:
    """Return the statements of a trust policy that let principals assume the role."""
    return [
        statement
        for item in all_statements_of(document)
        if isinstance(item, dict) and item.get("Effect") == "Allow"
        for statement in _statement(item)
    ]


def session_names_count(role: str, statements: Sequence[TrustStatement], path: str = "/") -> bool:
    """Return whether the name of a session identifies a person: nobody who may assume the role can choose it.

    Args:
        role: The role's name.
        statements: Those of its trust policy.
        path: The role's path: that of Identity Center's roles is its own.
    """
    if role.startswith(SSO_PREFIX) and path.startswith(SSO_PATH):
        # Of the three calls, SAML's alone takes the name from the identity provider and not from the caller.
        return bool(statements) and all(statement.actions == ("sts:AssumeRoleWithSAML",) for statement in statements)
    if not all(statement.session_name or statement.demands_source_identity for statement in statements):
        return False
    return bool(statements) and not any(
        _may_choose(one, other) for n, one in enumerate(statements) for other in statements[:n]
    )


def _may_choose(one: TrustStatement, other: TrustStatement) -> bool:
    """Whether both statements trust one identity, which may then choose between two session names."""
    names = {one.session_name, other.session_name}
    if one.demands_source_identity or other.demands_source_identity or len(names) == 1:
        return False
    identities, more_identities = _identities(one.principals), _identities(other.principals)
    return one.is_wide or other.is_wide or None in identities | more_identities or bool(identities & more_identities)


def _identities(principals: frozenset[str]) -> frozenset[str | None]:
    """Return the identities of the principals: a session counts as its role, and None stands for any unique id."""
    return frozenset(_identity(principal) for principal in principals)


def _identity(principal: str) -> str | None:
    if ROLE.fullmatch(principal):
        account, name = principal.split(":")[4], role_name(principal)
        return f"arn:aws:iam::{account}:role/{name}".casefold()
    return principal if ":" in principal else None


def _statement(item: Statement) -> Iterator[TrustStatement]:
    patterns = [str(action).lower() for action in as_list(item.get("Action"))]
    if "NotAction" in item:
        patterns = ["*"]
    actions = tuple(name for name in ASSUME if any(matches(pattern, name.lower()) for pattern in patterns))
    if actions:
        statement = TrustStatement(actions, _principals(item), conditions_of(item))
        principal = item.get("Principal")
        arns = as_list(principal.get("AWS")) if isinstance(principal, dict) else []
        compared = statement._compared_with(PRINCIPAL_ARN) if statement.is_wide else ()
        yield replace(statement, roles=frozenset(_roles_in([*map(str, arns), *compared])))


def _roles_in(arns: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Account and name of each role, or role of a session, among these."""
    for arn in arns:
        if match := ROLE_ARN.fullmatch(arn):
            yield match["account"], match["name"]
        elif ROLE.fullmatch(arn):
            yield arn.split(":")[4], role_name(arn)


def _principals(item: Statement) -> frozenset[str]:
    principal = item.get("Principal")
    if "NotPrincipal" in item or principal == "*" or not isinstance(principal, dict):
        return frozenset({"*"})
    aws_principals = frozenset(_without_path(str(value)) for value in as_list(principal.get("AWS")))
    more = {f"{kind}:{value}" for kind in principal if kind != "AWS" for value in as_list(principal[kind])}
    return aws_principals | more


def _forms_of(identity: str) -> frozenset[str]:
    """How a trust policy may name an identity: a user by its ARN, a session also by its role, whatever its path."""
    if not ROLE.fullmatch(identity):
        return frozenset({identity.casefold()})
    account, name = identity.split(":")[4], role_name(identity)
    return frozenset({identity.casefold(), f"arn:aws:iam::{account}:role/{name}".casefold()})


def _principal_arns(identity: str, path: str) -> frozenset[str]:
    """What aws:PrincipalArn may say of an identity: of a session, its role, with and without its path."""
    if not ROLE.fullmatch(identity):
        return frozenset({identity.casefold()})
    role = f"arn:aws:iam::{identity.split(':')[4]}:role"
    return frozenset(f"{role}{location}{role_name(identity)}".casefold() for location in ("/", path))


def _pattern(value: str) -> str:
    """A pattern of a condition, in lower case; a variable stands for anything."""
    return VARIABLE.sub("*", value).casefold()


def _without_path(arn: str) -> str:
    """An ARN in lower case; that of a role without its path, which its sessions do not show."""
    return re.sub(r"^(arn:aws:iam::[0-9]{12}:role/).*/", r"\1", arn.casefold())
