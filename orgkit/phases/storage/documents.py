"""The documents that S3 stores as JSON for a bucket, as pure functions of names and ids."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from orgkit.model.canonical_json import compact_json
from orgkit.policy_evaluation.statements import Statement

RULE = "orgkit"  # the id of orgkit's own lifecycle rule
UPLOAD_DAYS = 7  # the parts of an unfinished upload cost money, and no listing shows them


def tls_statements(bucket: str, *, partition: str) -> list[Statement]:
    """Return the statement that requires TLS: a bucket to which no service writes needs no other."""
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


def lifecycle_rule(transition_days: int, storage_class: str, expire_days: int, noncurrent_days: int) -> Statement:
    """Return the rule that moves, expires and cleans up objects; 0 days mean never."""
    rule: Statement = {"ID": RULE, "Status": "Enabled", "Filter": {"Prefix": ""}}
    if transition_days:
        rule["Transitions"] = [{"Days": transition_days, "StorageClass": storage_class}]
    if expire_days:
        rule["Expiration"] = {"Days": expire_days}
    if noncurrent_days:
        rule["NoncurrentVersionExpiration"] = {"NoncurrentDays": noncurrent_days}
    return rule | {"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": UPLOAD_DAYS}}


def template(statements: Iterable[Statement]) -> tuple[str, ...]:
    """Return the statements in the form of a plan."""
    return tuple(compact_json(statement) for statement in statements)


def render(statements: Iterable[str], ids: Mapping[str, str]) -> list[Statement]:
    """Return a plan's statements with the ids filled in."""
    text = "\n".join(statements)
    for name, value in ids.items():
        text = text.replace(name, value)
    return [json.loads(line) for line in text.splitlines()]


def rule_of(lifecycle: str | None) -> str:
    """Return orgkit's own rule among a bucket's lifecycle rules, in normal form; "" when it is missing."""
    return next((normal_rule(rule) for rule in json.loads(lifecycle or "[]") if rule.get("ID") == RULE), "")


def normal_rule(rule: Mapping[str, Any]) -> str:
    """Return a lifecycle rule for comparison: AWS returns an empty filter in several forms."""
    matches_all = rule.get("Filter", {}) in ({}, {"Prefix": ""}) and not rule.get("Prefix")
    fields = {key: value for key, value in rule.items() if value and not (matches_all and key in ("Filter", "Prefix"))}
    return compact_json(fields)
