"""Statements and rules of others in the log bucket: who is let in, what stops the delivery, and what deletes logs."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from orgkit.model.plan import Plan
from orgkit.phases.trail.planner import plan

Build = Callable[..., Any]
CLOUDTRAIL = {"Service": "cloudtrail.amazonaws.com"}
TRAILS = "arn:aws:cloudtrail:us-east-1:111111111111:trail"
LOGS = "arn:aws:s3:::acme-log/AWSLogs/o-exampleorgid/*"


def with_statement(world: Build, statement: dict[str, Any], **trail: Any) -> Plan:
    there = world(**trail)
    document = json.loads(there.facts.buckets[0].policy)
    document["Statement"].append({"Sid": "Theirs", **statement})
    there.bucket("acme-log", policy=json.dumps(document))
    return plan(there.observed, there.desired)


def denied(**changes: Any) -> dict[str, Any]:
    return {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::acme-log/*"} | changes


STOPS = {
    "everything": denied(),
    "CloudTrail by name": denied(Principal=CLOUDTRAIL, Action=["S3:PUTOBJECT"]),
    "a list of services": denied(Principal={"Service": ["config.amazonaws.com", "cloudtrail.amazonaws.com"]}),
    "all but an account": {**denied(NotPrincipal={"AWS": "arn:aws:iam::222222222222:root"}), "Principal": None},
    "all but reading": {**denied(NotAction="s3:Get*"), "Action": None},
    "all but one prefix": {**denied(NotResource="arn:aws:s3:::acme-log/public/*"), "Resource": None},
    "a part of the prefix": denied(Resource="arn:aws:s3:::acme-log/AWSLogs/*/CloudTrail/*"),
    "the ACL": denied(Action="s3:GetBucketAcl", Resource="arn:aws:s3:::acme-log"),
    "outside the organization": denied(Condition={"StringNotEquals": {"aws:PrincipalOrgID": "o-exampleorgid"}}),
    "outside a network": denied(Condition={"StringNotEqualsIfExists": {"aws:SourceVpce": "vpce-1"}}),
    "another trail only": denied(Condition={"ArnNotLike": {"AWS:SourceArn": "arn:aws:cloudtrail:*:3:trail/*"}}),
    "services": denied(Condition={"Bool": {"aws:PrincipalIsAWSService": "true"}}),
    "no account": denied(Condition={"Null": {"aws:PrincipalAccount": True}}),
}
MAY_STOP = {
    "without encryption": denied(Condition={"StringNotEquals": {"s3:x-amz-server-side-encryption": "aws:kms"}}),
    "outside addresses": denied(Condition={"NotIpAddress": {"aws:SourceIp": "192.0.2.0/24"}}),
    "outside owned resources": denied(Condition={"StringNotEquals": {"aws:ResourceAccount": "222222222222"}}),
    "other services": denied(
        Condition={"ForAllValues:StringNotEquals": {"aws:PrincipalServiceNamesList": "cloudtrail.amazonaws.com"}}
    ),
    "TLS before 1.3": denied(Condition={"NumericLessThan": {"s3:TlsVersion": 1.3}}),
    "buckets of others": denied(Condition={"StringNotEquals": {"s3:ResourceAccount": "222222222222"}}),
    "other agents": denied(Condition={"StringNotLike": {"aws:UserAgent": "cloudtrail*"}}),
    "by a variable": denied(Condition={"StringNotEquals": {"aws:SourceAccount": "${aws:ResourceAccount}"}}),
    "a place by a variable": denied(Resource="arn:aws:s3:::acme-log/AWSLogs/${aws:SourceOrgID}/*"),
    "after a day": denied(Condition={"DateGreaterThan": {"aws:CurrentTime": "2030-01-01T00:00:00Z"}}),
}
HARMLESS = {
    "a place by a variable, of others": denied(Resource="arn:aws:s3:::acme-log/private/${aws:SourceAccount}/*"),
    "another prefix": denied(Resource="arn:aws:s3:::acme-log/private/*"),
    "another service": denied(Principal={"Service": "config.amazonaws.com"}),
    "deleting": denied(Action=["s3:DeleteObject", "s3:PutBucketPolicy"]),
    "old TLS": denied(Condition={"NumericLessThan": {"s3:TlsVersion": "1.2"}}),
    "another ACL": denied(Action="s3:PutObject",
                          Condition={"StringNotEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}}),
    "people outside": denied(Condition={"StringNotEquals": {"aws:PrincipalOrgID": "o-exampleorgid"},
                                        "Bool": {"aws:PrincipalIsAWSService": "false"}}),
    "paths outside": denied(Condition={"ForAnyValue:StringNotLike": {"aws:PrincipalOrgPaths": "o-exampleorgid/*"}}),
    "a role": denied(Principal={"AWS": "arn:aws:iam::333333333333:role/x"}),
}  # fmt: skip


@pytest.mark.parametrize("statement", STOPS.values(), ids=STOPS)
def test_a_denial_that_cloudtrail_meets_waits_for_its_owner(world: Build, statement: dict[str, Any]) -> None:
    made = with_statement(world, {name: value for name, value in statement.items() if value is not None})
    assert made.steps == ()
    (waiting,) = made.waiting
    assert (
        "statement Theirs of bucket acme-log denies CloudTrail what it needs to deliver: no log arrives" in waiting.what
    )
    assert waiting.commands == ("aws s3api get-bucket-policy --bucket acme-log --query Policy --output text",)
    assert made.unmanaged == ()


@pytest.mark.parametrize("statement", MAY_STOP.values(), ids=MAY_STOP)
def test_a_denial_that_cloudtrail_may_meet_is_a_warning(world: Build, statement: dict[str, Any]) -> None:
    made = with_statement(world, statement)
    assert (made.steps, made.waiting, made.unmanaged) == ((), (), ())
    assert "may deny CloudTrail" in made.warnings[0]


@pytest.mark.parametrize("statement", HARMLESS.values(), ids=HARMLESS)
def test_a_denial_for_others_is_left_alone(world: Build, statement: dict[str, Any]) -> None:
    made = with_statement(world, statement)
    assert (made.steps, made.waiting, made.warnings) == ((), (), ())
    assert made.unmanaged == ("statement Theirs (Deny) of bucket acme-log",)


def allowed(**changes: Any) -> dict[str, Any]:
    return {
        "Effect": "Allow",
        "Principal": {"AWS": "333333333333"},
        "Action": "s3:GetObject",
        "Resource": LOGS,
    } | changes


ADMITS = {
    "account 333333333333 read the logs": allowed(),
    "account 333333333333 read the logs, under its conditions": allowed(Condition={"StringLike": {"aws:userid": "A*"}}),
    "arn:aws:iam::333333333333:role/Siem read the logs": allowed(
        Principal={"AWS": ["arn:aws:iam::333333333333:role/Siem", "arn:aws:iam::222222222222:root"]}
    ),
    "AROAEXAMPLEEXAMPLE (a principal that was deleted) read the logs": allowed(
        Principal={"AWS": "AROAEXAMPLEEXAMPLE"}
    ),
    "anybody read the logs": allowed(Principal="*"),
    "everybody except those that its NotPrincipal names read the logs": {
        **allowed(NotPrincipal={"AWS": "333333333333"}), "Principal": None
    },
    "account 333333333333 delete logs and delete versions of logs for good": allowed(Action="s3:Delete*"),
    "account 333333333333 do s3:ListBucket": allowed(Action="s3:ListBucket"),
    "account 333333333333 do all but what its NotAction names": {**allowed(NotAction="s3:Get*"), "Action": None},
    "CloudTrail for any trail of any account put objects among the logs": allowed(
        Principal=CLOUDTRAIL, Action="s3:PutObject"
    ),
}  # fmt: skip


@pytest.mark.parametrize(("effect", "statement"), ADMITS.items(), ids=ADMITS)
def test_whoever_else_is_let_in_is_a_warning(world: Build, effect: str, statement: dict[str, Any]) -> None:
    made = with_statement(world, {name: value for name, value in statement.items() if value is not None})
    assert (made.steps, made.waiting, made.unmanaged) == ((), (), ())
    assert made.warnings == (
        f"statement Theirs of bucket acme-log lets {effect}. orgkit leaves it: remove it if nobody needs it.",
    )


CONTEXT = "kms:EncryptionContext:aws:cloudtrail:arn"


@pytest.mark.parametrize(
    ("action", "condition", "waits", "warns"),
    [
        ("kms:GenerateDataKey*", {"StringNotEquals": {CONTEXT: f"{TRAILS}/acme-trail"}}, False, False),
        ("kms:GenerateDataKey*", {"StringNotLike": {CONTEXT: f"{TRAILS}/*"}}, False, False),
        ("kms:GenerateDataKey", {"Null": {CONTEXT: "true"}}, False, False),
        ("kms:GenerateDataKey", {"StringNotEquals": {CONTEXT: f"{TRAILS}/other"}}, True, False),
        ("kms:GenerateDataKey", {"StringNotEquals": {"kms:EncryptionContext:aws:s3:arn": "x"}}, False, True),
        ("kms:Decrypt", {"StringNotEquals": {CONTEXT: f"{TRAILS}/acme-trail"}}, False, True),
        ("kms:DescribeKey", {"Null": {CONTEXT: True}}, True, False),
        ("kms:Decrypt", {"StringNotEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}}, False, True),
        ("kms:Decrypt", {"StringNotEquals": {"aws:ResourceTag/Team": "a"}}, False, True),
    ],
)
def test_a_denial_by_encryption_context_counts_by_the_one_that_cloudtrail_sends(
    world: Build, action: str, condition: dict[str, Any], waits: bool, warns: bool
) -> None:
    there = world(kms_key=True)
    document = json.loads(there.facts.key.policy)
    denial = {"Sid": "Stop", "Effect": "Deny", "Principal": "*", "Action": action, "Resource": "*"}
    document["Statement"].append({**denial, "Condition": condition})
    there.storage(key=replace(there.facts.key, policy=json.dumps(document)))
    made = plan(there.observed, there.desired)
    assert ["statement Stop" in waiting.what for waiting in made.waiting] == [True] * waits
    assert ["statement Stop" in warning for warning in made.warnings] == [True] * warns


def test_another_account_that_may_use_the_key_is_a_warning(world: Build) -> None:
    there = world(kms_key=True)
    document = json.loads(there.facts.key.policy)
    document["Statement"].append(allowed(Sid="Theirs", Action="kms:Decrypt", Resource="*"))
    document["Statement"].append({"Sid": "Stop", "Effect": "Deny", "Principal": "*", "Action": "kms:GenerateDataKey",
                                  "Resource": "*"})  # fmt: skip
    there.storage(key=type(there.facts.key)(there.facts.key.arn, rotates=True, policy=json.dumps(document)))
    made = plan(there.observed, there.desired)
    assert "lets account 333333333333 decrypt the logs" in made.warnings[0]
    assert "statement Stop of KMS key alias/acme-trail denies CloudTrail" in made.waiting[0].what


def with_rule(world: Build, rule: dict[str, Any], **trail: Any) -> Plan:
    there = world(**trail)
    rules = [*json.loads(there.facts.buckets[0].lifecycle), {"ID": "theirs", "Status": "Enabled", **rule}]
    there.bucket("acme-log", lifecycle=json.dumps(rules))
    return plan(there.observed, there.desired)


DAY = {"Expiration": {"Days": 1}}
DELETES = {
    "without a filter": (DAY, "objects after 1 day (the file: 400 days)"),
    "an empty filter": ({**DAY, "Filter": {}}, "objects after 1 day (the file: 400 days)"),
    "the old form": ({**DAY, "Prefix": ""}, "objects after 1 day (the file: 400 days)"),
    "a part of the prefix": ({**DAY, "Filter": {"Prefix": "AWSL"}}, "objects after 1 day (the file: 400 days)"),
    "below the prefix": ({**DAY, "Prefix": "AWSLogs/o-exampleorgid/2"}, "objects after 1 day (the file: 400 days)"),
    "by size": ({**DAY, "Filter": {"And": {"Prefix": "", "ObjectSizeLessThan": 5}}}, "objects after 1 day"),
    "on a date": ({"Expiration": {"Date": "2030-01-01 00:00"}}, "all objects on 2030-01-01 (the file: 400 days each)"),
    "older versions": (
        {"NoncurrentVersionExpiration": {"NoncurrentDays": 7}}, "older versions after 7 days (the file: 30 days)"
    ),
}  # fmt: skip


@pytest.mark.parametrize(("rule", "loss"), DELETES.values(), ids=DELETES)
def test_a_rule_that_deletes_what_the_file_keeps_waits_for_its_owner(
    world: Build, rule: dict[str, Any], loss: str
) -> None:
    made = with_rule(world, rule)
    assert (made.steps, made.unmanaged) == ((), ())
    (waiting,) = made.waiting
    assert f"lifecycle rule theirs of bucket acme-log deletes what the file keeps: {loss}" in waiting.what


def test_what_the_file_keeps_for_ever_no_rule_may_delete(world: Build) -> None:
    rule = {"Expiration": {"Days": 3650}, "NoncurrentVersionExpiration": {"NoncurrentDays": 3650}}
    made = with_rule(world, rule, expire_days=0, noncurrent_days=0)
    assert made.waiting[0].what.endswith(
        "objects after 3650 days (the file: for ever) and older versions after 3650 days (the file: for ever)."
    )


@pytest.mark.parametrize(
    "rule",
    [
        {**DAY, "Status": "Disabled"},
        {**DAY, "Filter": {"Prefix": "tmp/"}},
        {**DAY, "Prefix": "AWSLogs/333333333333/"},
        {**DAY, "Filter": {"Tag": {"Key": "a", "Value": "b"}}},
        {**DAY, "Filter": {"And": {"Prefix": "AWSLogs/", "Tags": [{"Key": "a", "Value": "b"}]}}},
        {"Expiration": {"Days": 400}},
        {"Expiration": {"ExpiredObjectDeleteMarker": True}},
        {"Transitions": [{"Days": 30, "StorageClass": "GLACIER"}]},
    ],
)
def test_a_rule_for_other_objects_or_later_is_left_alone(world: Build, rule: dict[str, Any]) -> None:
    made = with_rule(world, rule)
    assert (made.steps, made.waiting, made.warnings) == ((), (), ())
    assert made.unmanaged == ("lifecycle rule theirs of bucket acme-log",)


def test_all_of_the_records_bucket_is_kept(world: Build) -> None:
    there = world()
    rules = [*json.loads(there.facts.buckets[1].lifecycle), {"ID": "x", "Status": "Enabled", "Prefix": "tmp/", **DAY}]
    there.bucket("acme-records", lifecycle=json.dumps(rules))
    assert "of bucket acme-records" in plan(there.observed, there.desired).waiting[0].what
