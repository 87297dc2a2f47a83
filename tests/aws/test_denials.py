"""What AWS says of a denied request, in each form that its guides document, and what orgkit advises."""

import shlex
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orgkit.aws.advice import remedy_for
from orgkit.aws.denials import (
    BLOCK_PUBLIC_ACCESS,
    BOUNDARY,
    ENDPOINT,
    IDENTITY,
    KINDS,
    RCP,
    RESOURCE,
    SCP,
    SESSION,
    TRUST,
    Denial,
    denial_of,
    is_explicit,
)
from orgkit.aws.rejections import Rejected

WHO = "User: arn:aws:sts::112103421649:assumed-role/OrganizationAccountAccessRole/orgkit-x"
DENIED = f'{WHO} is not authorized to perform: s3:PutBucketPolicy on resource: "arn:aws:s3:::org-trail-999999999999"'
SCP_ARN = "arn:aws:organizations::999999999999:policy/o-ffkexm3ggw/service_control_policy/p-abcd1234"
POLICY_ARN = "arn:aws:iam::112103421649:policy/team/deny-s3"
ARTICLES = ("a", "an", "the")


def read(message: str, code: str = "AccessDenied") -> Denial:
    denial = denial_of(code, message)
    assert denial is not None
    return denial


@pytest.mark.parametrize(("kind", "article"), list(product(KINDS, ARTICLES)))
def test_an_explicit_deny_names_the_kind_of_policy(kind: str, article: str) -> None:
    denial = read(f"{DENIED} with an explicit deny in {article} {kind}")
    assert (denial.explicit, denial.kind, denial.arn) == (True, kind, "")
    assert (denial.action, denial.resource) == ("s3:PutBucketPolicy", "arn:aws:s3:::org-trail-999999999999")


@pytest.mark.parametrize("kind", KINDS)
def test_an_implicit_deny_names_the_kind_of_policy_and_may_pass(kind: str) -> None:
    denial = read(f"{DENIED} because no {kind} allows the s3:PutBucketPolicy action")
    assert (denial.explicit, denial.kind) == (False, kind)


@pytest.mark.parametrize(
    ("words", "kind", "arn"),
    [
        (f"with an explicit deny in a service control policy: {SCP_ARN}", SCP, SCP_ARN),
        (f"with an explicit deny in an identity-based policy: {POLICY_ARN}.", IDENTITY, POLICY_ARN),
        (f"with an explicit deny in a permissions boundary: {POLICY_ARN}", BOUNDARY, POLICY_ARN),
        ("due to an explicit deny in a Service Control Policy", SCP, ""),
        ("with an explicit deny in service control policies", "", ""),
        ("with an explicit deny in the role trust policy", TRUST, ""),
        ("with an explicit deny", "", ""),
        ("with an\nexplicit deny in a  VPC endpoint\npolicy", ENDPOINT, ""),
        ("with an explicit deny in a policy of next year", "", ""),
        ("because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access",
         BLOCK_PUBLIC_ACCESS, ""),
        ("because public ACLs are prevented by the BlockPublicAcls setting in S3 Block Public Access",
         BLOCK_PUBLIC_ACCESS, ""),
    ],
)  # fmt: skip
def test_every_form_of_an_explicit_deny_is_read(words: str, kind: str, arn: str) -> None:
    denial = read(f"{DENIED} {words}")
    assert (denial.explicit, denial.kind, denial.arn) == (True, kind, arn)


@pytest.mark.parametrize("message", ["Access Denied", "", "You don't have permissions to access this resource."])
@pytest.mark.parametrize("code", ["AccessDenied", "AccessDeniedException", "403"])
def test_a_message_without_a_reason_is_neither_explicit_nor_of_a_kind(message: str, code: str) -> None:
    assert read(message, code) == Denial(explicit=False, kind="")
    remedy = read(message, code).remedy
    assert "orgkit permissions" in remedy
    assert "service control policy" in remedy


def test_an_encoded_message_is_decoded_by_the_command_that_is_advised() -> None:
    message = (
        "You are not authorized to perform this operation. User: arn:aws:iam::1:user/a is not authorized to perform: "
        "ec2:RunInstances on resource: arn:aws:ec2:us-east-1:1:instance/*. Encoded authorization failure message: "
    )
    remedy = read(message + "4GLmV-q3_" * 40, "UnauthorizedOperation").remedy
    assert f"--encoded-message {'4GLmV-q3_' * 40}`" in remedy
    assert remedy.startswith("`aws sts decode-authorization-message ")


def test_the_policy_that_is_named_outweighs_the_encoded_message() -> None:
    message = f"{DENIED} with an explicit deny in a {SCP}. Encoded authorization failure message: {'a' * 40}"
    assert "aws organizations" in read(message, "UnauthorizedOperation").remedy


@pytest.mark.parametrize(
    ("kind", "command"),
    [
        (SCP, "`aws organizations list-policies --filter SERVICE_CONTROL_POLICY`"),
        (RCP, "`aws organizations list-policies --filter RESOURCE_CONTROL_POLICY`"),
        (RESOURCE, "`aws s3api get-bucket-policy --bucket org-trail-999999999999`"),
        (ENDPOINT, "`aws ec2 describe-vpc-endpoints"),
        (TRUST, "`aws iam get-role --role-name"),
        (IDENTITY, "remove the Deny of s3:PutBucketPolicy"),
        (BOUNDARY, "the permissions boundary"),
        (SESSION, "sign in without one"),
    ],
)
def test_each_kind_of_policy_has_advice_of_its_own(kind: str, command: str) -> None:
    assert command in read(f"{DENIED} with an explicit deny in a {kind}").remedy


def test_a_policy_of_the_organization_is_shown_by_its_id() -> None:
    remedy = read(f"{DENIED} with an explicit deny in a service control policy: {SCP_ARN}").remedy
    assert remedy.startswith("`aws organizations describe-policy --policy-id p-abcd1234` in the management account")
    assert "s3:PutBucketPolicy" in remedy


def test_a_missing_right_is_attached_and_an_explicit_deny_is_not() -> None:
    missing = read(f"{DENIED} because no identity-based policy allows the s3:PutBucketPolicy action")
    assert "`orgkit permissions`" in missing.remedy
    denied = read(f"{DENIED} with an explicit deny in an identity-based policy: {POLICY_ARN}")
    assert f"`aws iam list-policy-versions --policy-arn {POLICY_ARN}`" in denied.remedy
    assert "orgkit permissions" not in denied.remedy


@pytest.mark.parametrize(
    "code", ["ValidationException", "AccessDeniedForDependencyException", "ExpiredToken", "NoSuchEntity"]
)
def test_other_rejections_are_no_denials(code: str) -> None:
    assert denial_of(code, f"{DENIED} with an explicit deny in a service control policy") is None
    assert not is_explicit(code, f"{DENIED} with an explicit deny")


def test_a_rejection_is_advised_by_its_message() -> None:
    rejection = Rejected("s3:PutBucketPolicy", "AccessDenied", "", f"{DENIED} with an explicit deny in a {SCP}", "id")
    assert rejection.is_final
    assert "aws organizations" in remedy_for(rejection) == rejection.remedy
    missing = Rejected("s3:PutBucketPolicy", "AccessDenied", "", "Access Denied", "id")
    assert (missing.is_final, missing.remedy) == (False, "")
    assert "orgkit permissions" in remedy_for(missing)


@given(
    st.text(max_size=60),
    st.sampled_from(["a service control policy: ", "an identity-based policy: ", "a role trust policy: "]),
)
def test_nothing_that_aws_says_can_add_to_a_command(text: str, words: str) -> None:
    request = f"{WHO} is not authorized to perform: s3:X on resource: {text}"
    message = f"{request} with an explicit deny in {words}arn:aws:iam::{text}"
    denial = read(f"{message} Encoded authorization failure message: {text}")
    commands = denial.remedy.split("`")[1::2]
    assert all(len(shlex.split(command)) == len(command.split()) for command in commands)
    assert not set("".join(commands)) & set('$;&|<>\\"\n')
