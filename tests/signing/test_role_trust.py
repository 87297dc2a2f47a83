"""What a trust policy says of a role's sessions: whether their names count, and whose identities may take the role."""

from collections.abc import Mapping
from typing import Any

import pytest

from orgkit.aws.rejections import Rejected
from orgkit.errors import ApprovalMismatch, CouldNotRead
from orgkit.model.desired import ApprovalSpec, ApproverSpec
from orgkit.signing.role_trust import session_names_count, statements_of
from orgkit.signing.role_trust_aws import check_roles

ACCOUNT = "999999999999"
ADA, JANE = (f"arn:aws:iam::{ACCOUNT}:user/{name}" for name in ("ada", "jane"))
OPS = f"arn:aws:sts::{ACCOUNT}:assumed-role/ops"
SSO = "AWSReservedSSO_Admin_0123456789abcdef"
USERNAME = {"StringEquals": {"sts:RoleSessionName": "${aws:username}"}}
SSO_PATH = "/aws-reserved/sso.amazonaws.com/eu-central-1/"
SAML = f"arn:aws:iam::{ACCOUNT}:saml-provider/AWSSSO_0123_DO_NOT_DELETE"
DEV_ROLE, DEV_SESSION = "arn:aws:iam::999999999999:role/team/Dev", "arn:aws:sts::999999999999:assumed-role/Dev/x"


def allow(principal: object, condition: Mapping[str, Any] | None = None, action: object = "sts:AssumeRole") -> Any:
    more = {"Condition": condition} if condition else {}
    return {"Effect": "Allow", "Principal": principal, "Action": action, **more}


def trust(*statements: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def counts(*statements: Any, role: str = "ops", path: str = "/") -> bool:
    return session_names_count(role, statements_of(trust(*statements)), path)


def named(name: str, operator: str = "StringEquals") -> dict[str, Any]:
    return {operator: {"sts:RoleSessionName": name}}


@pytest.mark.parametrize(
    "statements",
    [
        [allow({"AWS": ACCOUNT}, USERNAME)],
        [allow({"AWS": ACCOUNT}, {"stringlike": {"STS:rolesessionname": ["${aws:username}"]}})],
        [allow({"AWS": ADA}, named("ada")), allow({"AWS": JANE}, named("jane"))],
        [allow({"AWS": [ADA, JANE]}, named("team"))],
        [allow({"AWS": ACCOUNT}, {"StringLike": {"sts:SourceIdentity": "*"}})],
        [allow({"AWS": ACCOUNT}, {"StringEquals": {"sts:SourceIdentity": "${aws:username}"}})],
        [allow({"AWS": ACCOUNT}, {"Null": {"sts:SourceIdentity": "false"}})],
        [allow({"AWS": ACCOUNT}, {"Null": {"sts:SourceIdentity": False}})],
        [allow({"AWS": ACCOUNT}, USERNAME), allow({"AWS": ACCOUNT}, action="sts:TagSession")],
        [allow({"AWS": ACCOUNT}, USERNAME), {**allow({"AWS": "*"}), "Effect": "Deny"}],
    ],
)
def test_a_name_that_the_trust_policy_pins_says_whose_a_session_is(statements: list[Any]) -> None:
    assert counts(*statements)


@pytest.mark.parametrize(
    "statements",
    [
        [],
        [allow({"AWS": ACCOUNT})],
        [allow({"AWS": ADA})],
        [allow({"AWS": ACCOUNT}, USERNAME), allow({"AWS": JANE})],
        [allow({"AWS": ACCOUNT}, USERNAME), allow({"Service": "ec2.amazonaws.com"})],
        [allow({"AWS": ACCOUNT}, USERNAME, action="sts:*"), allow("*", action=["sts:Assume*"])],
        [allow({"AWS": ACCOUNT}, named("a*", "StringLike"))],
        [allow({"AWS": ACCOUNT}, named("${aws:username}-*", "StringLike"))],
        [allow({"AWS": ACCOUNT}, named("${aws:PrincipalTag/name}"))],
        [allow({"AWS": ACCOUNT}, {"StringEquals": {"sts:RoleSessionName": ["ada", "jane"]}})],
        [allow({"AWS": [ADA, JANE]}, named("ada")), allow({"AWS": JANE}, named("jane"))],
        [allow({"AWS": ACCOUNT}, named("ada")), allow({"AWS": JANE}, named("jane"))],
        [allow({"AWS": DEV_ROLE}, named("ada")), allow({"AWS": DEV_SESSION}, named("jane"))],
        [allow({"AWS": ADA}, named("ada")), allow({"AWS": "AIDAEXAMPLE"}, named("jane"))],
        [allow({"AWS": ACCOUNT}, named("${aws:username}", "StringEqualsIfExists"))],
        [allow({"AWS": ACCOUNT}, named("x", "StringNotEquals"))],
        [allow({"AWS": ACCOUNT}, {"ForAllValues:StringEquals": {"sts:RoleSessionName": "${aws:username}"}})],
        [allow({"AWS": ACCOUNT}, {"StringLikeIfExists": {"sts:SourceIdentity": "*"}})],
        [allow({"AWS": ACCOUNT}, {"Null": {"sts:SourceIdentity": "true"}})],
        [{"Effect": "Allow", "NotPrincipal": {"AWS": ADA}, "Action": "sts:AssumeRole"}],
        [{"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "NotAction": "sts:TagSession"}],
        [allow({"Federated": SAML}, action="sts:AssumeRoleWithSAML")],
    ],
)
def test_a_name_that_can_be_chosen_says_nothing(statements: list[Any]) -> None:
    assert not counts(*statements)


def test_a_session_of_identity_center_is_named_by_it_unless_somebody_else_may_take_the_role_too() -> None:
    saml = allow({"Federated": SAML}, action=["sts:AssumeRoleWithSAML", "sts:TagSession"])
    assert counts(saml, role=SSO, path=SSO_PATH)
    assert not counts(saml, allow({"AWS": JANE}), role=SSO, path=SSO_PATH)
    assert not counts(role=SSO, path=SSO_PATH)


class Iam:
    """Stands for the connection: the roles of the account."""

    def __init__(self, paths: Mapping[str, str] | None = None, /, **roles: Any) -> None:
        self.roles, self.paths = roles, paths or {}
        self.asked: list[str] = []

    def read(self, service: str, operation: str, *, RoleName: str) -> Any:  # noqa: N803  AWS's own name
        assert (service, operation) == ("iam", "GetRole")
        self.asked.append(RoleName)
        role = self.roles.get(RoleName)
        if role is None or isinstance(role, str):
            raise Rejected("iam:GetRole", role or "NoSuchEntity", "", "no", "r-1")
        return {"Role": {"Path": self.paths.get(RoleName, "/"), "AssumeRolePolicyDocument": role}}


def check(iam: Iam, ada: str | tuple[str, ...], jane: str | tuple[str, ...], **others: str) -> None:
    """ada may approve, and jane and the others may apply."""
    arns, jane_arns = ((value,) if isinstance(value, str) else value for value in (ada, jane))
    operators = (("jane", jane_arns), *((name, (arn,)) for name, arn in others.items()))
    check_roles(iam, ApprovalSpec((ApproverSpec("ada", "", arns),), True, operators))  # type: ignore[arg-type]


def test_a_role_that_stands_for_one_person_is_no_trouble_whatever_its_sessions_are_called() -> None:
    iam = Iam(ops=trust(allow({"AWS": ACCOUNT})))
    check(iam, ADA, OPS)
    check(iam, ADA, f"arn:aws:sts::{ACCOUNT}:assumed-role/gone")
    assert iam.asked == ["ops", "gone"]


def test_sessions_that_are_listed_singly_though_their_name_can_be_chosen_are_refused() -> None:
    with pytest.raises(ApprovalMismatch, match="can choose the session's name") as refusal:
        check(Iam(ops=trust(allow({"AWS": ACCOUNT}))), f"{OPS}/ada", f"{OPS}/jane")
    assert f"list the whole role for one person, as {OPS};" in refusal.value.remedy
    check(Iam(ops=trust(allow({"AWS": ACCOUNT}, USERNAME))), f"{OPS}/ada", f"{OPS}/jane")
    with pytest.raises(ApprovalMismatch, match="there is no role ops"):
        check(Iam(), ADA, f"{OPS}/jane")


@pytest.mark.parametrize(
    ("identity", "principal", "condition"),
    [
        (ADA, ADA, None),
        (ADA, [JANE, ADA], None),
        (f"arn:aws:iam::{ACCOUNT}:user/team/ada", f"arn:aws:iam::{ACCOUNT}:user/team/ada", None),
        (f"arn:aws:sts::{ACCOUNT}:assumed-role/x", f"arn:aws:iam::{ACCOUNT}:role/x", None),
        (f"arn:aws:sts::{ACCOUNT}:assumed-role/x", f"arn:aws:iam::{ACCOUNT}:role/some/path/x", None),
        (f"arn:aws:sts::{ACCOUNT}:assumed-role/x", f"arn:aws:sts::{ACCOUNT}:assumed-role/x/ada", None),
        (ADA, ACCOUNT, {"ArnEquals": {"aws:PrincipalArn": ADA}}),
        (ADA, f"arn:aws:iam::{ACCOUNT}:root", {"StringLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:user/a*"}}),
        (ADA, ACCOUNT, {"ArnLikeIfExists": {"aws:PrincipalArn": ADA}}),
        (ADA, ACCOUNT, {"ForAnyValue:StringEquals": {"aws:PrincipalArn": [f"{JANE}t", ADA]}}),
        (
            ADA,
            ACCOUNT,
            {"StringLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:user/a${{aws:PrincipalTag/rest}}"}},
        ),
        (ADA, ACCOUNT, {"StringEquals": {"aws:username": "ada"}}),
        (f"arn:aws:iam::{ACCOUNT}:user/team/ada", "*", {"StringLikeIfExists": {"aws:UserName": ["bob", "AD?"]}}),
    ],
)
def test_a_role_of_who_applies_that_trusts_an_identity_of_who_approves_is_refused(
    identity: str, principal: object, condition: Mapping[str, Any] | None
) -> None:
    """One IAM user approved, took a role, and applied: recorded as a second person."""
    open_to_ada = trust(allow({"AWS": principal}, condition))
    roles = {"ops": open_to_ada, "x": trust(allow({"AWS": ACCOUNT}))}
    with pytest.raises(ApprovalMismatch, match="one person could approve and apply"):
        check(Iam(**roles), identity, OPS)
    with pytest.raises(ApprovalMismatch, match="one person could approve and apply"):
        check(Iam(**roles), OPS, identity)  # the other way round: who applies may take the approver's role
    spec = ApprovalSpec((ApproverSpec("ada", "", (identity,)),), True, (("ada", (OPS,)), ("jane", (JANE,))))
    if principal != [JANE, ADA]:
        check_roles(Iam(**roles), spec)  # type: ignore[arg-type]  # both are ada's: listed as one person


def check_pattern(pattern: str) -> None:
    """Whether a trust policy that lets in what fits a pattern keeps role x, which has a path, and role ops apart."""
    condition = {"ArnLike": {"aws:PrincipalArn": pattern}}
    roles = {"ops": trust(allow({"AWS": ACCOUNT}, condition)), "x": trust(allow({"AWS": ACCOUNT}))}
    check(Iam({"x": "/team/blue/"}, **roles), f"arn:aws:sts::{ACCOUNT}:assumed-role/x", OPS)


@pytest.mark.parametrize(
    "pattern",
    [
        f"arn:aws:iam::{ACCOUNT}:role/team/blue/x",
        f"arn:aws:iam::{ACCOUNT}:role/team/*",
        f"arn:aws:iam::{ACCOUNT}:role/te*",
        f"arn:aws:iam::{ACCOUNT}:role/*/X",
        f"arn:aws:iam::{ACCOUNT}:role/x",
        "arn:aws:iam::*:role/team/*",
        "arn:*:iam::*:role/team/bl?e/x",
        "*:role/team/blue/x",
    ],
)
def test_a_pattern_that_a_role_fits_with_its_path_lets_its_sessions_in(pattern: str) -> None:
    with pytest.raises(ApprovalMismatch, match="one person could approve and apply"):
        check_pattern(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        f"arn:aws:iam::{ACCOUNT}:role/team/other",
        f"arn:aws:iam::{ACCOUNT}:role/ops-*",
        f"arn:aws:iam::{ACCOUNT}:role/team/red/*",
        "arn:aws:iam::111111111111:role/*",
        f"arn:aws:iam::{ACCOUNT}:user/*",
    ],
)
def test_a_pattern_that_a_role_does_not_fit_lets_none_of_its_sessions_in(pattern: str) -> None:
    check_pattern(pattern)


@pytest.mark.parametrize(
    "hop",
    [
        allow({"AWS": f"arn:aws:iam::{ACCOUNT}:role/some/path/Hop"}),
        allow({"AWS": [JANE, f"arn:aws:sts::{ACCOUNT}:assumed-role/Hop/x"]}),
        allow({"AWS": ACCOUNT}, {"ArnEquals": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/Hop"}}),
    ],
)
def test_a_role_that_is_taken_by_way_of_others_is_followed_to_whoever_may_take_the_first(hop: Any) -> None:
    roles = {"ops": trust(hop), "Hop": trust(allow({"AWS": f"arn:aws:iam::{ACCOUNT}:role/First"}))}
    first = trust(allow({"AWS": [ADA, f"arn:aws:iam::{ACCOUNT}:role/ops"]}))  # a circle ends
    iam = Iam(**roles, First=first)
    with pytest.raises(ApprovalMismatch, match=r"may be taken by .*user/ada of ada by way of role First") as refusal:
        check(iam, ADA, OPS)
    assert "out of the trust policy of role First" in refusal.value.remedy
    assert sorted(iam.asked) == ["First", "Hop", "ops"]
    check(Iam(**roles, First=trust(allow({"AWS": f"{ADA}x"}))), ADA, OPS)
    check(Iam(**roles), ADA, OPS)  # nobody takes a role that is not there
    elsewhere = trust(allow({"AWS": "arn:aws:iam::111111111111:role/Hop"}))
    check(Iam(ops=elsewhere, Hop=trust(allow({"AWS": ADA}))), ADA, OPS)  # its trust policy cannot be read from here


def test_trust_in_the_whole_account_is_not_seen() -> None:
    check(Iam(ops=trust(allow({"AWS": ACCOUNT}))), ADA, OPS)


def test_a_role_that_cannot_be_read_stops_the_approval() -> None:
    with pytest.raises(CouldNotRead, match=r"role ops of \[approval\] \(iam:GetRole\)"):
        check(Iam(ops="AccessDenied"), ADA, OPS)


def test_a_role_that_is_only_named_like_one_of_identity_center_lets_its_callers_choose() -> None:
    saml = allow({"Federated": SAML}, action=["sts:AssumeRoleWithSAML", "sts:TagSession"])
    web = allow({"Federated": SAML}, action="sts:AssumeRoleWithWebIdentity")
    assert not counts(web, role=SSO, path=SSO_PATH)
    for path in ("/", "/team/aws-reserved/sso.amazonaws.com/"):  # its own path is AWS's alone
        assert not counts(saml, role=SSO, path=path)
    ada, jane = (f"arn:aws:sts::{ACCOUNT}:assumed-role/{SSO}/{name}" for name in ("ada", "jane"))
    check(Iam({SSO: SSO_PATH}, **{SSO: trust(saml)}), ada, jane)
    with pytest.raises(ApprovalMismatch, match="can choose the session's name"):
        check(Iam(**{SSO: trust(saml)}), ada, jane)
