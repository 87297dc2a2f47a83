"""The documents that AWS keeps as JSON - bucket policy, key policy, lifecycle - as pure functions of names and ids."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from orgkit.model.canonical_json import compact_json
from orgkit.model.desired import LOG_ARCHIVE_ID
from orgkit.phases.trail.steps import InLogArchive
from orgkit.policy_evaluation.statements import Statement

# Names for the ids that AWS gives: a plan is approved with them, and an apply fills them in.
MANAGEMENT = "<management account>"
ORGANIZATION = "<organization>"
LOG_ARCHIVE = LOG_ARCHIVE_ID

RULE = "orgkit"  # the id of orgkit's own lifecycle rule
STORAGE_CLASS = "STANDARD_IA"  # logs are asked for rarely, but then at once
UPLOAD_DAYS = 7  # parts of an upload that never ended cost money and are shown nowhere


def trail_arn(partition: str, region: str, management_id: str, name: str) -> str:
    """A trail belongs to the management account, wherever its bucket is."""
    return f"arn:{partition}:cloudtrail:{region}:{management_id}:trail/{name}"


def log_statements(
    bucket: str,
    trail: str,
    *,
    partition: str,
    management_id: str = MANAGEMENT,
    organization_id: str = ORGANIZATION,
    prefix: str = "",
) -> list[Statement]:
    """AWS's documented statements for an organization trail, and TLS only; `trail` is its ARN."""
    arn = f"arn:{partition}:s3:::{bucket}"
    logs = f"{arn}/{prefix}/AWSLogs" if prefix else f"{arn}/AWSLogs"
    check = _cloudtrail("AWSCloudTrailAclCheck20150319", "s3:GetBucketAcl", arn, trail)
    # CloudTrail writes the management account's logs under the account, until the trail covers the organization.
    own = _cloudtrail("AWSCloudTrailWrite20150319", "s3:PutObject", f"{logs}/{management_id}/*", trail)
    all_ = _cloudtrail("AWSCloudTrailOrganizationWrite20150319", "s3:PutObject", f"{logs}/{organization_id}/*", trail)
    for write in (own, all_):
        # Sent by CloudTrail with every object, also where ACLs are switched off.
        write["Condition"]["StringEquals"]["s3:x-amz-acl"] = "bucket-owner-full-control"
    return [check, own, all_, *tls_statements(bucket, partition=partition)]


def tls_statements(bucket: str, *, partition: str) -> list[Statement]:
    """Nobody reads or writes without TLS: all that the records bucket needs, since nobody else writes to it."""
    arn = f"arn:{partition}:s3:::{bucket}"
    return [
        {
            "Sid": "DenyInsecureTransport",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [arn, f"{arn}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
    ]


def key_statements(
    trail: str, *, partition: str, management_id: str = MANAGEMENT, log_archive_id: str = LOG_ARCHIVE
) -> list[Statement]:
    """CloudTrail may use the key for one trail; all else is left to IAM in the log archive account.

    AWS's console also lets other accounts decrypt. Nobody outside the log archive account can read the bucket, so
    that such a statement would give what nobody needs; readers inside need kms:Decrypt by IAM.
    """
    encrypt = _cloudtrail("AllowCloudTrailEncrypt", "kms:GenerateDataKey*", "*", trail)
    encrypt["Condition"]["StringLike"] = {
        "kms:EncryptionContext:aws:cloudtrail:arn": f"arn:{partition}:cloudtrail:*:{management_id}:trail/*"
    }
    return [
        {
            "Sid": "EnableIAMPolicies",  # without it, a mistake in this policy could never be mended
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:{partition}:iam::{log_archive_id}:root"},
            "Action": "kms:*",
            "Resource": "*",
        },
        encrypt,
        _cloudtrail("AllowCloudTrailDescribe", "kms:DescribeKey", "*", trail),
        # Asked for by AWS where the bucket has an S3 bucket key: CreateTrail and UpdateTrail fail without.
        _cloudtrail("AllowCloudTrailBucketKey", "kms:Decrypt", "*", trail),
    ]


def lifecycle_rule(transition_days: int, storage_class: str, expire_days: int, noncurrent_days: int) -> Statement:
    """Move, expire, and clean up; 0 days mean never."""
    rule: Statement = {"ID": RULE, "Status": "Enabled", "Filter": {"Prefix": ""}}
    if transition_days:
        rule["Transitions"] = [{"Days": transition_days, "StorageClass": storage_class}]
    if expire_days:
        rule["Expiration"] = {"Days": expire_days}
    if noncurrent_days:
        rule["NoncurrentVersionExpiration"] = {"NoncurrentDays": noncurrent_days}
    return rule | {"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": UPLOAD_DAYS}}


def session_policy(step: InLogArchive, bucket: str, partition: str) -> str:
    """What the access role is narrowed to while it does this step; `bucket` is "" for a step about the key."""
    # A key's ARN is not known before the key is made, and the session ends with the step: any key of the account.
    resource = f"arn:{partition}:s3:::{bucket}" if bucket else "*"
    statement = {"Effect": "Allow", "Action": list(step.actions_in_account()), "Resource": resource}
    return compact_json({"Version": "2012-10-17", "Statement": [statement]})


def template(statements: Iterable[Statement]) -> tuple[str, ...]:
    """Statements as a plan carries them."""
    return tuple(compact_json(statement) for statement in statements)


def render(statements: Iterable[str], ids: Mapping[str, str]) -> list[Statement]:
    """A plan's statements with the ids filled in."""
    text = "\n".join(statements)
    for name, value in ids.items():
        text = text.replace(name, value)
    return [json.loads(line) for line in text.splitlines()]


def rule_of(lifecycle: str | None) -> str:
    """Orgkit's own rule out of a bucket's lifecycle rules, in normal form; "" when it is not there."""
    return next((normal_rule(rule) for rule in json.loads(lifecycle or "[]") if rule.get("ID") == RULE), "")


def normal_rule(rule: Mapping[str, Any]) -> str:
    """A lifecycle rule for comparison: AWS gives an empty filter back in several ways."""
    matches_all = rule.get("Filter", {}) in ({}, {"Prefix": ""}) and not rule.get("Prefix")
    fields = {key: value for key, value in rule.items() if value and not (matches_all and key in ("Filter", "Prefix"))}
    return compact_json(fields)


def _cloudtrail(sid: str, action: str, resource: str, trail: str) -> Statement:
    """One thing that CloudTrail may do, for our trail alone: without SourceArn, anybody's trail could make it."""
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": {"Service": "cloudtrail.amazonaws.com"},
        "Action": action,
        "Resource": resource,
        "Condition": {"StringEquals": {"aws:SourceArn": trail}},
    }
