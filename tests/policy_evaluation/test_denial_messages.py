"""Messages of denials have AWS's form, and orgkit reads them as it reads AWS's."""

from dataclasses import replace

import pytest

from orgkit.aws.denials import BOUNDARY, IDENTITY, KINDS, RCP, RESOURCE, SCP, SESSION, TRUST, denial_of
from orgkit.policy_evaluation.denial_messages import denial_message
from orgkit.policy_evaluation.evaluation import Decision, Policy
from orgkit.policy_evaluation.requests import Account, Principal, PrincipalKind, Request

JOHN = Principal(PrincipalKind.USER, "arn:aws:iam::123456789012:user/John", Account("123456789012", "o-qv5af4abcd"))
SCP_ARN = "arn:aws:organizations::987654321098:policy/o-qv5af4abcd/service_control_policy/p-2kgnabcd"
LIST = Request(JOHN, "codecommit:ListRepositories")
SECRETS = Request(JOHN, "secretsmanager:GetSecretValue", "arn:aws:secretsmanager:us-east-1:123456789012:secret:*")
ROLES = Request(JOHN, "iam:ListRoles", "arn:aws:iam::123456789012:role/*")


# IAM User Guide, "Troubleshoot access denied error messages"; the last one: AWS Security Blog, "Enhanced access denied
# error messages with policy ARNs".
DOCUMENTED = [
    (LIST, Decision(False, SCP), "because no service control policy allows the codecommit:ListRepositories action"),
    (LIST, Decision(False, SESSION), "because no session policy allows the codecommit:ListRepositories action"),
    (LIST, Decision(False, IDENTITY), "because no identity-based policy allows the codecommit:ListRepositories action"),
    (
        Request(JOHN, "sagemaker:ListModels"),
        Decision(False, BOUNDARY, True),
        "with an explicit deny in a permissions boundary",
    ),
    (Request(JOHN, "sts:AssumeRole"), Decision(False, TRUST, True), "with an explicit deny in the role trust policy"),
    (
        Request(JOHN, "sts:AssumeRole"),
        Decision(False, TRUST),
        "because no role trust policy allows the sts:AssumeRole action",
    ),
    (SECRETS, Decision(False, RESOURCE, True), "with an explicit deny in a resource-based policy"),
    (SECRETS, Decision(False, IDENTITY, True), "with an explicit deny in an identity-based policy"),
    (
        ROLES,
        Decision(False, SCP, True, Policy({}, SCP_ARN)),
        f"with an explicit deny in a service control policy: {SCP_ARN}",
    ),
]


@pytest.mark.parametrize(("request_", "decision", "reason"), DOCUMENTED)
def test_a_message_is_the_one_that_aws_documents(request_: Request, decision: Decision, reason: str) -> None:
    resource = "" if request_.resource == "*" else f" on resource: {request_.resource}"
    caller = "User: arn:aws:iam::123456789012:user/John"
    expected = f"{caller} is not authorized to perform: {request_.action}{resource} {reason}"
    assert denial_message(request_, decision) == expected


@pytest.mark.parametrize("kind", [SCP, RCP, IDENTITY, RESOURCE, BOUNDARY, SESSION, TRUST])
@pytest.mark.parametrize("is_explicit", [True, False])
def test_orgkit_reads_what_the_message_says(kind: str, is_explicit: bool) -> None:
    assert kind in KINDS
    request = Request(JOHN, "s3:GetObject", "arn:aws:s3:::logs/x")
    policy = Policy({}, SCP_ARN)
    denial = denial_of("AccessDenied", denial_message(request, Decision(False, kind, is_explicit, policy)))
    assert denial is not None
    assert (denial.explicit, denial.kind, denial.action, denial.resource) == (
        is_explicit, kind, "s3:GetObject", "arn:aws:s3:::logs/x",
    )  # fmt: skip
    assert denial.arn == (SCP_ARN if is_explicit and kind not in (RESOURCE, TRUST) else "")


@pytest.mark.parametrize(
    ("owner", "is_named"),
    [
        (Account("210987654321"), False),
        (Account("210987654321", "o-another123"), False),
        (Account("210987654321", "o-qv5af4abcd"), True),
    ],
)
def test_the_policy_is_named_within_one_organization_only(owner: Account, is_named: bool) -> None:
    decision = Decision(False, SCP, True, Policy({}, SCP_ARN))
    assert (SCP_ARN in denial_message(replace(ROLES, resource_account=owner), decision)) is is_named
