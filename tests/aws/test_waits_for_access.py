"""A new member account says "not yet" as a denial, and is waited for; what a policy denies explicitly never passes."""

from collections.abc import Callable
from typing import Any

import pytest

from orgkit.aws.rejections import Rejected
from orgkit.aws.session import Connection
from orgkit.aws.waiting import Waits, sleep_through
from orgkit.errors import StepFailed
from orgkit.phases.member_access.access_aws import USABLE_WITHIN, until_assumable, usable_connection
from orgkit.phases.member_access.steps import CreateReadRole
from tests.aws.conftest import Answer, CountingClock, Wire

MEMBER = "111111111111"
SCP = "arn:aws:organizations::999999999999:policy/o-ffkexm3ggw/service_control_policy/p-abcd1234"
WHO = f"User: arn:aws:sts::{MEMBER}:assumed-role/Admin/x is not authorized to perform: s3:ListAllMyBuckets"
EXPLICIT = (
    f"{WHO} with an explicit deny in a service control policy",
    f"{WHO} with an explicit deny in a service control policy: {SCP}",
    f"{WHO} with an explicit deny in a resource control policy",
    f"{WHO} with an explicit deny in a permissions boundary",
    f"{WHO} with an explicit deny in a session policy",
    f"{WHO} with an explicit deny in a VPC endpoint policy",
    f"{WHO} with an explicit deny in an identity-based policy",
    f"{WHO} with an explicit deny",
)
IMPLICIT = (f"{WHO} because no identity-based policy allows the s3:ListAllMyBuckets action", "Access Denied")
STEP = CreateReadRole(
    key="log-archive",
    name="log-archive",
    role_name="Admin",
    services=("s3",),
    starts_from="absent",
)


def finish(aws: Connection, waits: Waits[Any]) -> Any:
    return sleep_through(aws.clock, aws.progress, waits)


def denied(message: str) -> Answer:
    return Answer(403, f"<Error><Code>AccessDenied</Code><Message>{message}</Message></Error>", "text/xml")


def refused_by_sts(message: str) -> Answer:
    error = f"<Error><Code>AccessDenied</Code><Message>{message}</Message></Error>"
    return Answer(403, f"<ErrorResponse>{error}</ErrorResponse>", "text/xml")


@pytest.fixture
def member(wire: Wire) -> Callable[[str], None]:
    """A member account that joined a minute ago, can be entered, and denies S3 with this message."""
    wire.always["AssumeRole"] = Answer(
        200,
        "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIAM</AccessKeyId><SecretAccessKey>s"
        "</SecretAccessKey><SessionToken>t</SessionToken><Expiration>2100-01-01T00:00:00Z</Expiration></Credentials>"
        "</AssumeRoleResult></AssumeRoleResponse>",
        "text/xml",
    )
    wire.always["GetCallerIdentity"] = Answer(
        200,
        f"<GetCallerIdentityResponse><GetCallerIdentityResult><Account>{MEMBER}</Account><UserId>U</UserId>"
        f"<Arn>arn:aws:sts::{MEMBER}:assumed-role/Admin/x</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>",
        "text/xml",
    )
    joined = wire.clock.now().timestamp() - 60
    wire.always["ListAccounts"] = Answer.json(Accounts=[{"Id": MEMBER, "JoinedTimestamp": joined}])

    def deny(message: str) -> None:
        wire.always["GET"] = denied(message)

    return deny


@pytest.mark.parametrize("message", EXPLICIT)
def test_an_explicit_deny_ends_the_wait_at_once(
    aws: Connection, member: Callable[[str], None], clock: CountingClock, message: str
) -> None:
    member(message)
    with pytest.raises(Rejected) as rejection:
        finish(aws, usable_connection(aws, MEMBER, STEP))
    assert clock.slept == []
    assert rejection.value.is_final


@pytest.mark.parametrize("message", IMPLICIT)
def test_an_implicit_deny_is_waited_for_as_long_as_the_account_is_new(
    aws: Connection, member: Callable[[str], None], clock: CountingClock, message: str
) -> None:
    member(message)
    with pytest.raises((Rejected, StepFailed)):
        finish(aws, usable_connection(aws, MEMBER, STEP))
    assert USABLE_WITHIN / 2 < sum(clock.slept) <= USABLE_WITHIN


def test_the_step_says_which_policy_and_not_that_a_role_is_missing(
    aws: Connection, wire: Wire, member: Callable[[str], None], clock: CountingClock
) -> None:
    member("unused")
    wire.always["AssumeRole"] = refused_by_sts(f"{WHO} with an explicit deny in a service control policy: {SCP}")
    for call in (lambda: usable_connection(aws, MEMBER, STEP), lambda: until_assumable(aws, MEMBER, "r", "n")):
        with pytest.raises(Rejected) as rejection:
            finish(aws, call())
        assert rejection.value.remedy.startswith("`aws organizations describe-policy --policy-id p-abcd1234`")
    assert clock.slept == []


def test_a_role_that_is_made_a_moment_ago_is_waited_for(
    aws: Connection, wire: Wire, member: Callable[[str], None], clock: CountingClock
) -> None:
    member("unused")
    wire.always["AssumeRole"] = refused_by_sts(f"{WHO} because no role trust policy allows the sts:AssumeRole action")
    with pytest.raises(StepFailed):
        finish(aws, until_assumable(aws, MEMBER, "orgkit-read", "log-archive"))
    assert sum(clock.slept) == pytest.approx(300, abs=6)
