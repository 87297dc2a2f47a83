"""What Terraform's roles may do, by the types of resources: never what would destroy what was handed over."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

MANAGEMENT, LOG_ARCHIVE, MEMBER = "management", "log-archive", "member"


@dataclass(frozen=True)
class TypeActions:
    """The IAM actions of one type of resource.

    Attributes:
        account: Where it is: `management`, `log-archive` or `member`.
        actions: Those that read, create and change it.
        destroying: Those by which Terraform destroys it, or takes it out of use.
        shared: Whether these are also the ones that change it: AWS has no action of its own for the deletion.
    """

    account: str
    actions: tuple[str, ...]
    destroying: tuple[str, ...]
    shared: bool = False


_READS = ("organizations:Describe*", "organizations:List*")
_TAGS = ("organizations:TagResource", "organizations:UntagResource")
_COST_TAGS = ("ce:ListTagsForResource", "ce:TagResource", "ce:UntagResource")


def _setting(reads: str, changes: str) -> TypeActions:
    """Return the actions of a setting of a bucket, which AWS changes and deletes by one action."""
    return TypeActions(LOG_ARCHIVE, (reads,), (changes,), shared=True)


# Actions by which hashicorp/aws deletes each type. [the provider's source, resource by resource; names of actions: AWS
# Service Authorization Reference]
TYPES: Mapping[str, TypeActions] = {
    "aws_organizations_organization": TypeActions(
        MANAGEMENT,
        (*_READS, "organizations:EnableAWSServiceAccess", "organizations:EnablePolicyType"),
        (
            "organizations:DeleteOrganization", "organizations:DisableAWSServiceAccess",
            "organizations:DisablePolicyType",
        ),
    ),
    "aws_iam_organizations_features": TypeActions(
        MANAGEMENT,
        (
            "iam:ListOrganizationsFeatures", "iam:EnableOrganizationsRootCredentialsManagement",
            "iam:EnableOrganizationsRootSessions",
        ),
        ("iam:DisableOrganizationsRootCredentialsManagement", "iam:DisableOrganizationsRootSessions"),
    ),
    "aws_organizations_organizational_unit": TypeActions(
        MANAGEMENT,
        (*_READS, *_TAGS, "organizations:CreateOrganizationalUnit", "organizations:UpdateOrganizationalUnit"),
        ("organizations:DeleteOrganizationalUnit",),
    ),
    "aws_organizations_account": TypeActions(
        MANAGEMENT,
        (
            *_READS, *_TAGS, "organizations:CreateAccount", "organizations:MoveAccount", "account:PutAccountName",
        ),
        ("organizations:CloseAccount", "organizations:RemoveAccountFromOrganization"),
    ),
    "aws_organizations_policy": TypeActions(
        MANAGEMENT,
        (*_READS, *_TAGS, "organizations:CreatePolicy", "organizations:UpdatePolicy"),
        ("organizations:DeletePolicy",),
    ),
    "aws_organizations_policy_attachment": TypeActions(
        MANAGEMENT, (*_READS, "organizations:AttachPolicy"), ("organizations:DetachPolicy",)
    ),
    "aws_organizations_delegated_administrator": TypeActions(
        MANAGEMENT,
        (*_READS, "organizations:RegisterDelegatedAdministrator"),
        ("organizations:DeregisterDelegatedAdministrator",),
    ),
    "aws_cloudtrail": TypeActions(
        MANAGEMENT,
        (
            *_READS, "cloudtrail:Describe*", "cloudtrail:Get*", "cloudtrail:List*", "cloudtrail:AddTags",
            "cloudtrail:RemoveTags", "cloudtrail:CreateTrail", "cloudtrail:UpdateTrail", "cloudtrail:StartLogging",
            "cloudtrail:PutEventSelectors", "cloudtrail:PutInsightSelectors", "iam:GetRole",
        ),
        ("cloudtrail:DeleteTrail", "cloudtrail:StopLogging"),
    ),
    "aws_budgets_budget": TypeActions(
        MANAGEMENT,
        ("budgets:ViewBudget", "budgets:ListTagsForResource", "budgets:TagResource", "budgets:UntagResource"),
        ("budgets:ModifyBudget",),
        shared=True,
    ),
    "aws_ce_anomaly_monitor": TypeActions(
        MANAGEMENT,
        (*_COST_TAGS, "ce:GetAnomalyMonitors", "ce:CreateAnomalyMonitor", "ce:UpdateAnomalyMonitor"),
        ("ce:DeleteAnomalyMonitor",),
    ),
    "aws_ce_anomaly_subscription": TypeActions(
        MANAGEMENT,
        (*_COST_TAGS, "ce:GetAnomalySubscriptions", "ce:CreateAnomalySubscription", "ce:UpdateAnomalySubscription"),
        ("ce:DeleteAnomalySubscription",),
    ),
    "aws_ce_cost_allocation_tag": TypeActions(
        MANAGEMENT, ("ce:ListCostAllocationTags",), ("ce:UpdateCostAllocationTagsStatus",), shared=True
    ),
    "aws_s3_bucket": TypeActions(
        LOG_ARCHIVE,
        (
            "s3:ListBucket", "s3:GetBucket*", "s3:GetAccelerateConfiguration", "s3:GetReplicationConfiguration",
            "s3:CreateBucket", "s3:PutBucketTagging", "s3:ListTagsForResource",
        ),
        # The objects, too: `force_destroy` deletes them first.
        ("s3:DeleteBucket", "s3:DeleteObject", "s3:DeleteObjectVersion"),
    ),
    "aws_s3_bucket_versioning": _setting("s3:GetBucketVersioning", "s3:PutBucketVersioning"),
    "aws_s3_bucket_public_access_block": _setting("s3:GetBucketPublicAccessBlock", "s3:PutBucketPublicAccessBlock"),
    "aws_s3_bucket_ownership_controls": _setting("s3:GetBucketOwnershipControls", "s3:PutBucketOwnershipControls"),
    "aws_s3_bucket_server_side_encryption_configuration": _setting(
        "s3:GetEncryptionConfiguration", "s3:PutEncryptionConfiguration"
    ),
    "aws_s3_bucket_lifecycle_configuration": _setting("s3:GetLifecycleConfiguration", "s3:PutLifecycleConfiguration"),
    "aws_s3_bucket_object_lock_configuration": _setting(
        "s3:GetBucketObjectLockConfiguration", "s3:PutBucketObjectLockConfiguration"
    ),
    "aws_s3_bucket_policy": TypeActions(
        LOG_ARCHIVE, ("s3:GetBucketPolicy", "s3:PutBucketPolicy"), ("s3:DeleteBucketPolicy",)
    ),
    "aws_kms_key": TypeActions(
        LOG_ARCHIVE,
        (
            "kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListResourceTags", "kms:CreateKey",
            "kms:EnableKeyRotation", "kms:PutKeyPolicy", "kms:TagResource", "kms:UntagResource",
            "kms:UpdateKeyDescription",
        ),
        ("kms:ScheduleKeyDeletion", "kms:DisableKey"),
    ),
    "aws_kms_alias": TypeActions(LOG_ARCHIVE, ("kms:ListAliases", "kms:CreateAlias"), ("kms:DeleteAlias",)),
    "aws_iam_role": TypeActions(
        MEMBER,
        (
            "iam:GetRole", "iam:ListAttachedRolePolicies", "iam:ListRolePolicies", "iam:CreateRole", "iam:TagRole",
            "iam:UntagRole", "iam:UpdateAssumeRolePolicy", "iam:UpdateRole", "iam:UpdateRoleDescription",
        ),
        ("iam:DeleteRole",),
    ),
    "aws_iam_role_policy": TypeActions(
        MEMBER, ("iam:GetRolePolicy", "iam:PutRolePolicy"), ("iam:DeleteRolePolicy",)
    ),
    "aws_iam_role_policy_attachment": TypeActions(
        MEMBER, ("iam:ListAttachedRolePolicies", "iam:AttachRolePolicy"), ("iam:DetachRolePolicy",)
    ),
}  # fmt: skip


def policy_of(account: str) -> dict[str, Any]:
    """Return the IAM policy of Terraform's role in one of the two accounts.

    Args:
        account: `management`, `log-archive` or `member`.
    """
    types = [actions for actions in TYPES.values() if actions.account == account]
    allowed = _without_covered({action for actions in types for action in actions.actions})
    own = {action for actions in types if not actions.shared for action in actions.destroying}
    shared = {action for actions in types if actions.shared for action in actions.destroying}
    assume = ["sts:AssumeRole"] if account == MANAGEMENT else []
    denials = [("DenyDestroying", own), ("DenyChangesThatAlsoDelete", shared)]
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Sid": "Terraform", "Effect": "Allow", "Action": [*sorted(allowed), *assume], "Resource": "*"},
            *(
                {"Sid": name, "Effect": "Deny", "Action": sorted(actions), "Resource": "*"}
                for name, actions in denials
                if actions
            ),
        ],
    }


def _without_covered(actions: Iterable[str]) -> set[str]:
    """Return the actions without those that a pattern among them covers: a session policy has 2,048 characters."""
    prefixes = tuple(action.removesuffix("*") for action in actions if action.endswith("*"))
    return {action for action in actions if action.endswith("*") or not action.startswith(prefixes)}


def shared_actions(account: str) -> Iterator[tuple[str, str]]:
    """Yield each type whose deletion has no action of its own, and the action that is denied for it."""
    for name, actions in TYPES.items():
        if actions.shared and actions.account == account:
            yield name, ", ".join(actions.destroying)
