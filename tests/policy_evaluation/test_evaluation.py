"""AWS's order of evaluation: its documented examples, and rules that hold for all requests."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orgkit.aws.denials import BOUNDARY, IDENTITY, RCP, RESOURCE, SCP, SESSION, TRUST
from orgkit.policy_evaluation.evaluation import Decision, Level, Policies, Policy, evaluate
from orgkit.policy_evaluation.requests import Account, Principal, PrincipalKind, Request, request_context
from tests.policy_evaluation.cases import (
    FOREIGN,
    LINKED_ROLE,
    OURS,
    PRINCIPALS,
    ROLE,
    SERVICE,
    SISTER,
    USER,
    Case,
    Generator,
)

USER_CALLER, ROLE_CALLER, FEDERATED_CALLER, SERVICE_CALLER, ANONYMOUS, ROOT = PRINCIPALS
SESSION_ARN = ROLE_CALLER.arn
LINKED = Principal(PrincipalKind.ROLE_SESSION, SESSION_ARN, OURS, LINKED_ROLE)
MANAGEMENT = replace(OURS, is_management=True)
KEY = "arn:aws:kms:eu-west-1:111111111111:key/1234abcd-12ab-34cd-56ef-1234567890ab"
SECRET = "arn:aws:secretsmanager:us-east-1:111111111111:secret:test-secret"
AUDITOR = "arn:aws:iam::111111111111:role/Auditor"
ACCOUNT = "arn:aws:iam::111111111111:root"
SEEDS = st.integers(0, 1_000_000)


def policy(*statements: dict[str, Any]) -> Policy:
    return Policy({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action: str = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": "*", **more}


def deny(action: str = "*", **more: Any) -> dict[str, Any]:
    return {**allow(action, **more), "Effect": "Deny"}


def level(*statements: dict[str, Any], target: str = "r-ab12") -> Level:
    return Level(target, tuple(policy(statement) for statement in statements))


def decide(principal: Principal, action: str, arn: str = "*", owner: Account = OURS, **policies: Any) -> Decision:
    return evaluate(Request(principal, action, arn, owner), Policies(**policies))


READ = "secretsmanager:GetSecretValue"
LIMITS: dict[str, Any] = {"boundary": policy(allow("s3:*")), "session": (policy(allow("s3:*")),)}


@pytest.mark.parametrize(
    ("principal", "name", "policies", "kind"),
    [
        # IAM User Guide, "How AWS enforcement code logic evaluates requests", the principals of one account.
        (USER_CALLER, {"AWS": USER}, {"boundary": policy(allow("s3:*"))}, ""),
        (ROLE_CALLER, {"AWS": ROLE}, {}, ""),
        (ROLE_CALLER, {"AWS": ROLE}, {"boundary": policy(allow("s3:*"))}, BOUNDARY),
        (ROLE_CALLER, {"AWS": ROLE}, {"session": (policy(allow("s3:*")),)}, SESSION),
        (ROLE_CALLER, {"AWS": SESSION_ARN}, LIMITS, ""),
        (ROLE_CALLER, "*", LIMITS, ""),
        (ROLE_CALLER, {"AWS": "AROAAAAAAAAAAAAAAAAAA"}, LIMITS, BOUNDARY),
        (FEDERATED_CALLER, {"AWS": FEDERATED_CALLER.arn}, LIMITS, ""),
        (FEDERATED_CALLER, {"AWS": USER}, LIMITS, BOUNDARY),
        (USER_CALLER, {"AWS": ACCOUNT}, {}, IDENTITY),
        (USER_CALLER, {"AWS": ACCOUNT}, {"identity": (policy(allow(READ)),)}, ""),
        (USER_CALLER, {"AWS": "arn:aws:iam::111111111111:user/Ann"}, {}, IDENTITY),
        (SERVICE_CALLER, {"Service": SERVICE}, {}, ""),
        (SERVICE_CALLER, {"Service": "config.amazonaws.com"}, {}, RESOURCE),
        (ANONYMOUS, "*", {}, ""),
        (ANONYMOUS, {"AWS": "111111111111"}, {}, RESOURCE),
        (ROOT, {"AWS": USER}, {}, ""),
    ],
)
def test_what_the_policy_of_a_resource_grants_in_its_account(
    principal: Principal, name: Any, policies: dict[str, Any], kind: str
) -> None:
    owner = OURS if principal.is_iam else replace(OURS, organization="")
    decision = decide(principal, READ, SECRET, owner, resource=policy(allow(READ, Principal=name)), **policies)
    assert (decision.is_allowed, decision.is_allowed or decision.kind) == (not kind, kind or True)


@pytest.mark.parametrize(
    ("policies", "kind"),
    [
        # IAM User Guide, "Cross-account policy evaluation logic": both accounts have to allow a request.
        ({"identity": (policy(allow("s3:*")),)}, RESOURCE),
        ({"resource": policy(allow("s3:*", Principal={"AWS": USER}))}, IDENTITY),
        ({"identity": (policy(allow()),), "resource": policy(allow("s3:*", Principal={"AWS": ACCOUNT}))}, ""),
        ({"identity": (policy(allow()),), "resource": policy(allow("s3:*", Principal="*"))}, ""),
        (
            {
                "identity": (policy(allow()),),
                "boundary": policy(allow("sqs:*")),
                "resource": policy(allow("s3:*", Principal={"AWS": USER})),
            },
            BOUNDARY,
        ),
    ],
)
def test_a_request_to_another_account_is_allowed_in_both(policies: dict[str, Any], kind: str) -> None:
    decision = decide(USER_CALLER, "s3:GetObject", "arn:aws:s3:::production/x", FOREIGN, **policies)
    assert (decision.is_allowed, decision.is_allowed or decision.kind) == (not kind, kind or True)


def test_a_resource_of_another_account_that_names_the_role_does_not_suffice() -> None:
    own = policy(allow(Principal={"AWS": ROLE}))
    assert decide(ROLE_CALLER, "s3:GetObject", "arn:aws:s3:::production/x", FOREIGN, resource=own).kind == IDENTITY


@pytest.mark.parametrize(
    ("action", "resource", "name", "is_allowed"),
    [
        # AWS KMS Developer Guide, "Key policies": the account's principal lets its IAM policies decide.
        ("kms:Decrypt", KEY, {"AWS": ACCOUNT}, True),
        ("kms:Decrypt", KEY, {"Service": SERVICE}, False),
        # IAM User Guide, "Resource-based policies": a role is assumed by those that its trust policy names.
        ("sts:AssumeRole", AUDITOR, {"AWS": ACCOUNT}, True),
        ("sts:AssumeRole", AUDITOR, {"AWS": "arn:aws:iam::111111111111:user/Ann"}, False),
    ],
)
def test_a_key_and_a_role_are_used_by_those_only_that_their_own_policy_allows(
    action: str, resource: str, name: Any, is_allowed: bool
) -> None:
    own = policy(allow(action, Principal=name))
    decision = decide(USER_CALLER, action, resource, identity=(policy(allow()),), resource=own)
    assert decision.is_allowed is is_allowed
    assert is_allowed or decision.kind == (TRUST if action == "sts:AssumeRole" else RESOURCE)


def test_the_root_user_may_do_everything_but_assume_a_role() -> None:
    assert decide(ROOT, "s3:DeleteBucket", "arn:aws:s3:::b").is_allowed
    assert not decide(ROOT, "sts:AssumeRole", AUDITOR, resource=policy(allow(Principal={"AWS": ACCOUNT}))).is_allowed
    assert decide(ROOT, "s3:DeleteBucket", "arn:aws:s3:::b", session=(policy(allow("iam:*")),)).kind == SESSION


FULL, EC2_ONLY = allow(), allow("ec2:*")


@pytest.mark.parametrize(
    ("levels", "target", "is_explicit"),
    [
        # AWS Organizations User Guide, "SCP evaluation".
        ([level(FULL), level(FULL, target="ou-1")], "", False),
        ([level(FULL), level(EC2_ONLY, target="ou-1")], "ou-1", False),
        ([level(EC2_ONLY), level(FULL, target="ou-1")], "r-ab12", False),
        ([level(FULL), Level("ou-1", ())], "ou-1", False),
        ([level(FULL), level(FULL, deny("s3:*"), target="ou-1")], "ou-1", True),
        ([], "", False),
    ],
)
def test_scps_have_to_allow_a_request_at_every_level(levels: list[Level], target: str, is_explicit: bool) -> None:
    decision = decide(USER_CALLER, "s3:ListAllMyBuckets", identity=(policy(FULL),), scps=tuple(levels))
    assert (decision.is_allowed, decision.target, decision.is_explicit) == (not target, target, is_explicit)
    assert decision.kind == (SCP if target else IDENTITY)


@pytest.mark.parametrize(
    ("principal", "is_allowed"),
    [
        (USER_CALLER, False),
        (ROOT, False),
        (replace(USER_CALLER, account=MANAGEMENT), True),
        (replace(ROOT, account=MANAGEMENT), True),
        (replace(USER_CALLER, account=Account("111111111111")), True),
        (LINKED, True),
    ],
)
def test_scps_spare_the_management_account_and_service_linked_roles(principal: Principal, is_allowed: bool) -> None:
    scps = (level(FULL, deny()),)
    assert decide(principal, "s3:ListAllMyBuckets", identity=(policy(FULL),), scps=scps).is_allowed is is_allowed


@pytest.mark.parametrize(
    ("principal", "owner", "action", "resource", "is_denied"),
    [
        # AWS Organizations User Guide, "Resource control policies (RCPs)".
        (USER_CALLER, OURS, "s3:GetObject", "arn:aws:s3:::logs/x", True),
        (replace(USER_CALLER, account=MANAGEMENT), SISTER, "s3:GetObject", "arn:aws:s3:::logs/x", True),
        (replace(USER_CALLER, account=FOREIGN), OURS, "s3:GetObject", "arn:aws:s3:::logs/x", True),
        (SERVICE_CALLER, OURS, "s3:PutObject", "arn:aws:s3:::logs/x", True),
        (ANONYMOUS, OURS, "s3:GetObject", "arn:aws:s3:::logs/x", True),
        (ROOT, OURS, "s3:GetObject", "arn:aws:s3:::logs/x", True),
        (USER_CALLER, MANAGEMENT, "s3:GetObject", "arn:aws:s3:::logs/x", False),
        (LINKED, OURS, "s3:GetObject", "arn:aws:s3:::logs/x", False),
        (SERVICE_CALLER, OURS, "sts:AssumeRole", LINKED_ROLE, False),
        (USER_CALLER, OURS, "kms:RetireGrant", KEY, False),
        (USER_CALLER, OURS, "iam:GetRole", AUDITOR, False),
        (USER_CALLER, OURS, "sqs:SendMessage", "arn:aws:sqs:eu-west-1:111111111111:q", True),
    ],
)
def test_rcps_bind_every_principal_but_only_resources_of_members(
    principal: Principal, owner: Account, action: str, resource: str, is_denied: bool
) -> None:
    grants = {"identity": (policy(FULL),), "resource": policy(allow(Principal="*"))}
    decision = decide(principal, action, resource, owner, **grants, rcps=(level(deny(Principal="*")),))
    assert (decision.is_allowed, decision.is_allowed or decision.kind) == (not is_denied, RCP if is_denied else True)


def test_rcps_do_not_apply_to_keys_that_aws_manages() -> None:
    request = Request(USER_CALLER, "kms:Decrypt", KEY, OURS, is_aws_managed_key=True)
    own = policy(allow(Principal={"AWS": USER}))
    assert evaluate(request, Policies(resource=own, rcps=(level(deny(Principal="*")),))).is_allowed


@pytest.mark.parametrize(
    ("names", "boundary", "is_denied"),
    [
        # IAM User Guide, "AWS JSON policy elements: NotPrincipal".
        ([SESSION_ARN, ROLE, ACCOUNT], None, False),
        ([SESSION_ARN, ROLE], None, True),
        ([ACCOUNT], None, True),
        ([SESSION_ARN, ROLE, ACCOUNT], policy(allow()), True),
    ],
)
def test_not_principal_excludes_a_session_with_its_role_and_account(
    names: list[str], boundary: Policy | None, is_denied: bool
) -> None:
    own = policy({**deny(), "NotPrincipal": {"AWS": names}})
    grants: dict[str, Any] = {"identity": (policy(FULL),), "boundary": boundary}
    decision = decide(ROLE_CALLER, "s3:GetObject", "arn:aws:s3:::b/k", resource=own, **grants)
    assert decision.is_explicit is is_denied


@pytest.mark.parametrize(
    ("statement", "is_allowed"),
    [
        ({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}, True),
        ({"Effect": "Allow", "NotAction": ["S3:get*"], "Resource": "*"}, False),
        ({"Effect": "Allow", "Action": "s3:*", "NotResource": "arn:aws:s3:::secret/*"}, True),
        ({"Effect": "Allow", "Action": "s3:*", "NotResource": "arn:aws:s3:::logs/*"}, False),
        (allow("s3:G?tObject", Resource="arn:aws:s3:::logs/${aws:username}/*"), True),
        (allow(Resource="arn:aws:s3:::logs/${aws:PrincipalTag/none}*"), False),
        (allow(Resource="arn:*/Bob/1"), False),
        (allow(Condition={"StringEquals": {"AWS:UserName": "${aws:PrincipalTag/name, 'Bob'}"}}), True),
        (allow(Condition={"StringNotEquals": {"aws:username": "${aws:PrincipalTag/none}"}}), False),
        (
            allow(Condition={"StringEquals": {"aws:username": ["Ann", "Bob"]}, "Bool": {"aws:ViaAWSService": True}}),
            False,
        ),
    ],
)
def test_which_requests_a_statement_applies_to(statement: dict[str, Any], is_allowed: bool) -> None:
    decision = decide(USER_CALLER, "s3:GetObject", "arn:aws:s3:::logs/Bob/1", identity=(policy(statement),))
    assert decision.is_allowed is is_allowed


@pytest.mark.parametrize(
    ("principal", "keys"),
    [
        # IAM User Guide, "AWS global condition context keys".
        (USER_CALLER, {"aws:PrincipalArn": USER, "aws:username": "Bob", "aws:PrincipalTag/Team": "red"}),
        (ROLE_CALLER, {"aws:PrincipalArn": ROLE, "aws:userid": "AROAAAAAAAAAAAAAAAAAA:ci", "aws:username": None}),
        (ROLE_CALLER, {"aws:PrincipalType": "AssumedRole", "aws:PrincipalAccount": "111111111111"}),
        (ROOT, {"aws:PrincipalType": "Account", "aws:PrincipalArn": ACCOUNT, "aws:PrincipalOrgID": "o-a1b2c3d4e5"}),
        (SERVICE_CALLER, {"aws:PrincipalIsAWSService": "true", "aws:PrincipalServiceName": SERVICE}),
        (SERVICE_CALLER, {"aws:PrincipalArn": None, "aws:PrincipalAccount": None}),
        (USER_CALLER, {"aws:ResourceAccount": "222222222222", "aws:ResourceOrgPaths": (SISTER.path,)}),
        (USER_CALLER, {"aws:CurrentTime": "2026-06-01T12:00:00Z", "aws:EpochTime": "1780315200"}),
        (
            USER_CALLER,
            {"aws:RequestedRegion": "eu-west-1", "aws:SecureTransport": "true", "aws:ViaAWSService": "false"},
        ),
    ],
)
def test_the_condition_keys_of_a_request(principal: Principal, keys: dict[str, Any]) -> None:
    moment = datetime(2026, 6, 1, 12, tzinfo=UTC)
    request = Request(principal, "s3:GetObject", "*", SISTER, {"AWS:SecureTransport": "true"}, "eu-west-1", moment)
    context = request_context(request)
    assert {key: context.get(key.lower()) for key in keys} == keys


def test_what_is_not_known_counts_against_the_request() -> None:
    unknown = {"StringNotEquals": {"aws:username": "${aws:PrincipalTag/none}"}}
    grants = (policy(FULL), policy(deny(Condition=unknown)))
    assert decide(USER_CALLER, "s3:ListAllMyBuckets", identity=grants).is_explicit


def test_a_decision_names_policy_and_statement() -> None:
    statement = deny("s3:*", Sid="NoBuckets")
    denying = Policy(policy(statement).document, "arn:aws:iam::111111111111:policy/guard")
    decision = decide(USER_CALLER, "s3:ListAllMyBuckets", identity=(policy(FULL), denying))
    assert decision == Decision(False, IDENTITY, True, denying, statement)


def test_the_example_of_the_documentation_runs() -> None:
    page = Path(__file__).parents[2].joinpath("docs", "explanation", "policy-evaluation.md").read_text("utf-8")
    exec(page.partition("```python\n")[2].partition("```")[0], {})


@settings(max_examples=50)
@given(SEEDS)
def test_a_denial_of_everything_anywhere_is_final(seed: int) -> None:
    case = one(seed)
    resource = policy(*document_of(case.policies.resource), deny(Principal="*"))
    assert evaluate(case.request, replace(case.policies, resource=resource)).is_explicit
    if case.request.principal.is_iam:
        everything = replace(case.policies, identity=(*case.policies.identity, policy(deny())))
        assert evaluate(case.request, everything).is_explicit


@settings(max_examples=50)
@given(SEEDS)
def test_limits_that_allow_everything_change_nothing(seed: int) -> None:
    case = one(seed)
    loose = replace(
        case.policies,
        session=case.policies.session or (policy(FULL),),
        scps=(*case.policies.scps, level(FULL, target="loose")),
        rcps=(*case.policies.rcps, level(allow(Principal="*"), target="loose")),
    )
    assert evaluate(case.request, loose).is_allowed is evaluate(case.request, case.policies).is_allowed


@settings(max_examples=50)
@given(SEEDS)
def test_one_more_allow_denies_nothing_and_the_order_of_policies_does_not_matter(seed: int) -> None:
    case = one(seed)
    decision = evaluate(case.request, case.policies)
    more = replace(case.policies, identity=(policy(FULL), *case.policies.identity[::-1]), scps=case.policies.scps[::-1])
    assert evaluate(case.request, more).is_allowed >= decision.is_allowed
    assert evaluate(case.request, more).is_explicit is decision.is_explicit


@settings(max_examples=50)
@given(SEEDS)
def test_the_case_of_actions_and_condition_keys_does_not_matter(seed: int) -> None:
    case = one(seed)
    context = {key.upper(): value for key, value in case.request.context.items()}
    shouted = replace(case.request, action=case.request.action.upper(), context=context)
    assert evaluate(shouted, case.policies) == evaluate(case.request, case.policies)


def one(seed: int) -> Case:
    return next(Generator(seed).cases(1))


def document_of(own: Policy | None) -> list[dict[str, Any]]:
    return list(own.document["Statement"]) if own else []
