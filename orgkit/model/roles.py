"""The two roles that make a member account manageable, as IAM documents."""

import json
from typing import Any

from orgkit.model.desired import READ_ROLE, Desired
from orgkit.model.trail import READS_IN_LOG_ARCHIVE

ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"  # what AWS gives the access role of a created account
READ_POLICY = READ_ROLE  # the inline policy has the role's name

READS_IN_EVERY_MEMBER = ("iam:GetRole", "iam:GetRolePolicy", "cloudtrail:DescribeTrails")


def trust(management_account_id: str) -> dict[str, Any]:
    """Both roles trust the management account, whose own policies say who in it may use them."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{management_account_id}:root"},
                "Action": "sts:AssumeRole",
            }
        ],
    }


def read_policy(extra: tuple[str, ...]) -> dict[str, Any]:
    """What the read role may read: the roles themselves and trails, and `extra` in the log archive account."""
    actions = sorted({*READS_IN_EVERY_MEMBER, *extra})
    return {
        "Version": "2012-10-17",
        "Statement": [{"Sid": "Read", "Effect": "Allow", "Action": actions, "Resource": "*"}],
    }


def extra_reads(desired: Desired, key: str) -> tuple[str, ...]:
    """What the read role may read beyond the usual: the buckets and keys of the log archive account."""
    return READS_IN_LOG_ARCHIVE if key == desired.trail.log_archive_account else ()


def compact(document: dict[str, Any]) -> str:
    """A document as AWS stores it best: no white space, which counts towards size limits."""
    return json.dumps(document, separators=(",", ":"), sort_keys=True)


def commands_to_make(role_name: str, management_account_id: str, extra: tuple[str, ...]) -> tuple[str, ...]:
    """The AWS CLI commands with which an account's owner makes both roles."""
    trusted, allowed = compact(trust(management_account_id)), compact(read_policy(extra))
    return (
        f"aws iam create-role --role-name {role_name} --assume-role-policy-document '{trusted}'",
        f"aws iam attach-role-policy --role-name {role_name} --policy-arn {ADMINISTRATOR}",
        f"aws iam create-role --role-name {READ_ROLE} --assume-role-policy-document '{trusted}'",
        f"aws iam put-role-policy --role-name {READ_ROLE} --policy-name {READ_POLICY} --policy-document '{allowed}'",
    )
