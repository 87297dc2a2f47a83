"""The documents that AWS stores as JSON (bucket policy, key policy, lifecycle), as pure functions of names and ids."""

from orgkit.model.canonical_json import compact_json
from orgkit.model.desired import LOG_ARCHIVE_ID
from orgkit.phases.storage.documents import tls_statements
from orgkit.phases.trail.steps import InLogArchive
from orgkit.policy_evaluation.statements import Statement

# Placeholders for the ids that AWS assigns: a plan is approved with them, and an apply fills them in.
MANAGEMENT = "<management account>"
ORGANIZATION = "<organization>"
LOG_ARCHIVE = LOG_ARCHIVE_ID

STORAGE_CLASS = "STANDARD_IA"  # logs are read rarely, but then without delay


def trail_arn(partition: str, region: str, management_id: str, name: str) -> str:
    """Return the ARN of a trail, which belongs to the management account wherever its bucket is."""
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
    """Return AWS's documented statements for an organization trail, and TLS only; `trail` is its ARN."""
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


def key_statements(
    trail: str, *, partition: str, management_id: str = MANAGEMENT, log_archive_id: str = LOG_ARCHIVE
) -> list[Statement]:
    """Return a key policy that lets CloudTrail use the key for one trail, and leaves the rest to IAM of the account.

    AWS's console also lets other accounts decrypt. Nobody outside the log archive account can read the bucket, so
    orgkit leaves that statement out; readers inside need kms:Decrypt by IAM.
    """
    encrypt = _cloudtrail("AllowCloudTrailEncrypt", "kms:GenerateDataKey*", "*", trail)
    encrypt["Condition"]["StringLike"] = {
        "kms:EncryptionContext:aws:cloudtrail:arn": f"arn:{partition}:cloudtrail:*:{management_id}:trail/*"
    }
    return [
        {
            "Sid": "EnableIAMPolicies",  # without it, a mistake in this policy could never be fixed
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


def session_policy(step: InLogArchive, bucket: str, partition: str) -> str:
    """Return the session policy of the access role during this step; `bucket` is "" for a step about the key."""
    # A key's ARN is not known before the key is made, and the session ends with the step: any key of the account.
    resource = f"arn:{partition}:s3:::{bucket}" if bucket else "*"
    statement = {"Effect": "Allow", "Action": list(step.actions_in_account()), "Resource": resource}
    return compact_json({"Version": "2012-10-17", "Statement": [statement]})


def _cloudtrail(sid: str, action: str, resource: str, trail: str) -> Statement:
    """Return a statement that allows CloudTrail one action for one trail: without SourceArn, any trail could use it."""
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": {"Service": "cloudtrail.amazonaws.com"},
        "Action": action,
        "Resource": resource,
        "Condition": {"StringEquals": {"aws:SourceArn": trail}},
    }
