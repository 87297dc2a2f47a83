"""The two roles that make a member account manageable, as IAM documents."""

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote

from orgkit.model.desired import READ_ROLE, Desired
from orgkit.model.trail import READS_IN_LOG_ARCHIVE

Statement = dict[str, Any]

ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"  # what AWS gives the access role of a created account
READ_POLICY = READ_ROLE  # the inline policy has the role's name

READS_IN_EVERY_MEMBER = ("iam:GetRole", "iam:GetRolePolicy", "cloudtrail:DescribeTrails", "cloudtrail:LookupEvents")


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


def with_trust(document: dict[str, Any], management_account_id: str) -> dict[str, Any]:
    """A role's trust policy with ours in it: AWS takes it as a whole only, and nobody else's is taken away."""
    found = document.get("Statement", [])
    there = found if isinstance(found, list) else [found]
    ours = trust(management_account_id)["Statement"]
    trusted = [{key: value for key, value in statement.items() if key != "Sid"} for statement in there]
    lacking = [statement for statement in ours if statement not in trusted]
    return {**document, "Statement": [*there, *lacking]} if lacking else document


def also_trusted(document: dict[str, Any], management_account_id: str) -> tuple[str, ...]:
    """Whom a role's trust policy names beside the management account, in words that a person can check."""
    found = document.get("Statement", [])
    allowed = [s for s in (found if isinstance(found, list) else [found]) if s.get("Effect") == "Allow"]
    ours = {management_account_id, f"arn:aws:iam::{management_account_id}:root"}
    return tuple(sorted({each for statement in allowed for each in _principals(statement)} - ours))


def _principals(statement: Statement) -> list[str]:
    """Principal may be a text, or lists or texts by kind."""
    named = statement.get("Principal", {})
    kinds = named.values() if isinstance(named, dict) else [named]
    return [str(each) for kind in kinds for each in (kind if isinstance(kind, list) else [kind])]


def parsed(value: Any) -> Any:
    """A document that IAM gave: URL-encoded by its API, usually decoded by botocore."""
    return json.loads(unquote(value)) if isinstance(value, str) else value


def read_policy(extra: Sequence[Statement]) -> dict[str, Any]:
    """What the read role may read: its roles, trails and log of calls, and `extra` in the log archive account."""
    return {"Version": "2012-10-17", "Statement": [_reading("Read", READS_IN_EVERY_MEMBER, "*"), *extra]}


def extra_reads(desired: Desired, key: str) -> tuple[Statement, ...]:
    """What the read role may read beyond the usual: the two buckets, and keys, of the log archive account."""
    trail = desired.trail
    if key != trail.log_archive_account:
        return ()
    buckets = [f"arn:aws:s3:::{name}" for name in sorted((trail.bucket, trail.records_bucket))]
    return (
        _reading("Buckets", [action for action in READS_IN_LOG_ARCHIVE if action.startswith("s3:")], buckets),
        _reading("Keys", [action for action in READS_IN_LOG_ARCHIVE if action.startswith("kms:")], "*"),
    )


def _reading(sid: str, actions: Sequence[str], resource: object) -> Statement:
    return {"Sid": sid, "Effect": "Allow", "Action": sorted(actions), "Resource": resource}


def compact(document: dict[str, Any]) -> str:
    """A document as AWS stores it best: no white space, which counts towards size limits."""
    return json.dumps(document, separators=(",", ":"), sort_keys=True)


def commands_to_make(role_name: str, management_account_id: str, extra: Sequence[Statement]) -> tuple[str, ...]:
    """The AWS CLI commands with which an account's owner makes both roles."""
    trusted, allowed = compact(trust(management_account_id)), compact(read_policy(extra))
    return (
        f"aws iam create-role --role-name {role_name} --assume-role-policy-document '{trusted}'",
        f"aws iam attach-role-policy --role-name {role_name} --policy-arn {ADMINISTRATOR}",
        f"aws iam create-role --role-name {READ_ROLE} --assume-role-policy-document '{trusted}'",
        f"aws iam put-role-policy --role-name {READ_ROLE} --policy-name {READ_POLICY} --policy-document '{allowed}'",
    )
