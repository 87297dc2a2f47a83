"""The IAM policies that a copy of the live organization needs: of the caller, and of its sessions in members."""

import json
from typing import Any

from orgkit.phases.permissions import OWN_ORGANIZATION
from orgkit.rehearsal.snapshot_logs_aws import READ_ONLY

ORGANIZATION_READS = (
    "iam:ListOrganizationsFeatures", "organizations:DescribeOrganization", "organizations:DescribePolicy",
    "organizations:DescribeResourcePolicy", "organizations:ListAWSServiceAccessForOrganization",
    "organizations:ListAccountsForParent", "organizations:ListDelegatedAdministrators",
    "organizations:ListDelegatedServicesForAccount", "organizations:ListHandshakesForOrganization",
    "organizations:ListOrganizationalUnitsForParent", "organizations:ListPolicies", "organizations:ListRoots",
    "organizations:ListTagsForResource", "organizations:ListTargetsForPolicy", "tag:GetResources",
)  # fmt: skip
TRAIL_READS = (
    "cloudtrail:DescribeTrails", "cloudtrail:GetEventSelectors", "cloudtrail:GetTrailStatus", "cloudtrail:ListTags",
    "cloudtrail:ListTrails",
)  # fmt: skip
# Of the bucket and the key of a trail that are in the management account itself.
BUCKET_READS = (
    "s3:GetBucketObjectLockConfiguration", "s3:GetBucketOwnershipControls", "s3:GetBucketPolicy",
    "s3:GetBucketPublicAccessBlock", "s3:GetBucketTagging", "s3:GetBucketVersioning", "s3:GetEncryptionConfiguration",
    "s3:GetLifecycleConfiguration", "s3:ListBucket",
)  # fmt: skip
KEY_READS = ("kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus")
READS = (*ORGANIZATION_READS, *TRAIL_READS, *BUCKET_READS, *KEY_READS)


def snapshot_policies(read_role: str) -> dict[str, dict[str, Any]]:
    """Return the policy of the caller in the management account, and the one that limits its sessions in members.

    Args:
        read_role: The role in member accounts that is entered. It needs what the second policy allows.
    """
    read = {"Sid": "Read", "Effect": "Allow", "Action": sorted(READS), "Resource": "*"}
    enter = {
        "Sid": "EnterMemberAccounts", "Effect": "Allow", "Action": ["sts:AssumeRole"],
        "Resource": f"arn:aws:iam::*:role/{read_role}", "Condition": {"StringEquals": {**OWN_ORGANIZATION}},
    }  # fmt: skip
    caller = {"Version": "2012-10-17", "Statement": [read, enter]}
    return {"caller": caller, f"session of {read_role} in member accounts": json.loads(READ_ONLY)}
