"""A home region that accounts have to enable is asked in both accounts that 05 needs, and no other region is."""

from dataclasses import replace
from typing import Any

import pytest

from orgkit.aws.rejections import Rejected
from orgkit.errors import REGION_NOT_ENABLED
from orgkit.model.desired import LOG_ARCHIVE_ID, Desired
from orgkit.model.observed import Unread
from orgkit.phases.management_account.findings import HomeRegion
from orgkit.phases.management_account.home_region_aws import read_home_regions

from .conftest import ACCOUNT, CREATED, desired_with

MEMBERS = ((ACCOUNT, "aws-management@acme.dev"), (CREATED, "AWS-log-archive@acme.dev"))
OFF = Rejected("x", REGION_NOT_ENABLED, "InvalidToken", "", "")
OTHER_ANSWERS = (
    None,
    Rejected("s3:HeadBucket", "404", "", "Not Found", ""),
    Rejected("s3:HeadBucket", "403", "", "Forbidden", ""),
    Rejected("sts:AssumeRole", "AccessDenied", "", "no", ""),
)


class Aws:
    """Answers each service with a rejection, or with nothing; notes what it was asked."""

    def __init__(self, **answers: Rejected | None) -> None:
        self.answers = answers
        self.asked: list[str] = []

    def read(self, service: str, operation: str, *, region: str, **parameters: Any) -> dict[str, Any]:
        self.asked.append(f"{service}:{operation} {region} {parameters.get('Bucket', '')}".strip())
        refusal = self.answers.get(service)
        if refusal is not None:
            raise refusal
        return {}

    def assume(self, account: str, role: str) -> "Aws":
        self.asked.append(f"{role} {account}")
        return self


def desired_in(region: str) -> Desired:
    desired = desired_with(home_region=region)
    return replace(desired, trail=replace(desired.trail, region=region))


def answers(aws: Aws, desired: Desired, members: Any = MEMBERS) -> tuple[HomeRegion, ...]:
    return read_home_regions(aws, desired, ACCOUNT, members)  # type: ignore[arg-type]


def test_a_region_that_every_account_has_is_not_asked() -> None:
    aws = Aws()
    assert answers(aws, desired_in("eu-central-1")) == ()
    assert aws.asked == []


def test_both_accounts_are_asked() -> None:
    aws = Aws()
    found = answers(aws, desired_in("me-central-1"))
    assert found == (HomeRegion("me-central-1", ACCOUNT, None), HomeRegion("me-central-1", CREATED, None))
    assert aws.asked == [
        "cloudtrail:DescribeTrails me-central-1",
        f"orgkit-read {CREATED}",
        "s3:HeadBucket me-central-1 acme-logs",
    ]


def test_a_bucket_of_the_log_archive_accounts_own_namespace_is_asked_by_its_name() -> None:
    aws, desired = Aws(), desired_in("me-central-1")
    trail = replace(desired.trail, bucket=f"org-trail-{LOG_ARCHIVE_ID}-me-central-1-an")
    answers(aws, replace(desired, trail=trail))
    assert aws.asked[-1] == f"s3:HeadBucket me-central-1 org-trail-{CREATED}-me-central-1-an"


@pytest.mark.parametrize("members", [(), MEMBERS[:1], Unread("denied")])
def test_without_a_log_archive_account_there_is_nothing_to_ask_in_it(members: Any) -> None:
    assert [each.account for each in answers(Aws(), desired_in("af-south-1"), members)] == [ACCOUNT]


def test_the_region_of_the_trail_counts_too() -> None:
    desired = desired_in("me-central-1")
    desired = replace(desired, organization=replace(desired.organization, home_region="us-east-1"))
    assert {each.region for each in answers(Aws(), desired)} == {"me-central-1"}


def test_a_region_that_is_off_is_found_in_either_account() -> None:
    for service, account in (("cloudtrail", ACCOUNT), ("s3", CREATED)):
        found = {each.account: each.refusal for each in answers(Aws(**{service: OFF}), desired_in("me-central-1"))}
        refusal = found.pop(account)
        assert refusal is not None
        assert refusal.code == REGION_NOT_ENABLED
        assert list(found.values()) == [None]


@pytest.mark.parametrize("answer", OTHER_ANSWERS)
def test_any_other_answer_says_nothing_against_the_region(answer: Rejected | None) -> None:
    assert all(each.refusal is None for each in answers(Aws(s3=answer), desired_in("me-central-1")))
