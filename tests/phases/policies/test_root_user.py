"""The starter set denies the root user of member accounts, and no session of sts:AssumeRoot."""

import json

import pytest

from orgkit.policy_evaluation.evaluation import Level, Policies, Policy, evaluate
from orgkit.policy_evaluation.requests import Account, Principal, PrincipalKind, Request
from tests.bootstrap.project import EXAMPLE

MEMBER = Account("111111111111", "o-a1b2c3d4e5")
ROOT_USER = Principal(PrincipalKind.ROOT, "arn:aws:iam::111111111111:root", MEMBER)
FULL = Policy({"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}})
# AWS's managed policy S3UnlockBucketPolicy, as the session policy of AssumeRoot: what unlocking a bucket needs.
UNLOCK = {
    "Effect": "Allow",
    "Action": ["s3:DeleteBucketPolicy", "s3:GetBucketPolicy", "s3:PutBucketPolicy"],
    "Resource": "*",
}


@pytest.mark.parametrize(
    ("context", "session", "is_allowed"),
    [({}, (), False), ({"aws:AssumedRoot": "true"}, (Policy({"Statement": UNLOCK}),), True)],
    ids=["the root user", "a session of AssumeRoot"],
)
def test_a_session_of_assume_root_unlocks_a_bucket_and_the_root_user_does_not(
    context: dict[str, str], session: tuple[Policy, ...], is_allowed: bool
) -> None:
    document = json.loads((EXAMPLE.parent / "policies" / "deny-root-user.json").read_text(encoding="utf-8"))
    request = Request(ROOT_USER, "s3:DeleteBucketPolicy", "arn:aws:s3:::locked", MEMBER, context)
    scps = (Level("ou", (FULL, Policy(document))),)
    decision = evaluate(request, Policies(identity=(FULL,), session=session, scps=scps))
    assert decision.is_allowed is is_allowed
    assert decision.is_explicit is not is_allowed
