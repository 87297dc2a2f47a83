"""The sandbox reads bucket, key and trust policies with the whole language of policies."""

from typing import Any

import pytest

from orgkit.sandbox.corrections.documents import Caller, allows, denies

ROLE, SESSION = "arn:aws:iam::111111111111:role/ci/Deployer", "arn:aws:sts::111111111111:assumed-role/Deployer/ci"
CALLER = Caller("111111111111", frozenset({SESSION, ROLE}), context={"aws:MultiFactorAuthPresent": "true"})
STATEMENT = {"Effect": "Allow", "Principal": {"AWS": ROLE}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}


@pytest.mark.parametrize(
    "changes",
    [
        {"Principal": {"AWS": SESSION}},
        {"Action": "S3:get*"},
        {"NotAction": "s3:Put*"},
        {"NotResource": "arn:aws:s3:::other/*"},
        {"Resource": "arn:aws:s3:::b/${aws:PrincipalTag/none, 'k'}"},
        {"Condition": {"DateLessThanIfExists": {"aws:TokenIssueTime": "2020-01-01T00:00:00Z"}}},
        {"Condition": {"ForAllValues:StringEquals": {"aws:TagKeys": "team"}, "Null": {"aws:TagKeys": "true"}}},
    ],
)
def test_a_statement_of_any_form_allows(changes: dict[str, Any]) -> None:
    kept = {key: value for key, value in STATEMENT.items() if f"Not{key}" not in changes}
    policy = {"Version": "2012-10-17", "Statement": [{**kept, **changes}]}
    assert allows(policy, CALLER, "s3:GetObject", "arn:aws:s3:::b/k")
    assert not allows(policy, Caller("222222222222"), "s3:GetObject", "arn:aws:s3:::b/k")


def test_a_denial_of_everybody_but_some_denies() -> None:
    policy = {"Statement": {**STATEMENT, "Effect": "Deny", "NotPrincipal": {"AWS": [SESSION, ROLE]}}}
    del policy["Statement"]["Principal"]
    assert denies(policy, CALLER, "s3:GetObject", "arn:aws:s3:::b/k")
    policy["Statement"]["NotPrincipal"]["AWS"].append("111111111111")
    assert not denies(policy, CALLER, "s3:GetObject", "arn:aws:s3:::b/k")
