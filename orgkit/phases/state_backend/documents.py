"""The documents of the state backend: who may use the bucket, who may take the roles, and what the roles may do."""

from collections.abc import Mapping, Sequence
from typing import Any

from orgkit.model.canonical_json import compact_json
from orgkit.model.state_backend import APPLY_ROLE, STATE_ACCOUNT_ID, GitHubSpec, StateBackendSpec
from orgkit.phases.storage.documents import lifecycle_rule, tls_statements
from orgkit.policy_evaluation.statements import Statement

ORGANIZATION = "<organization>"  # stands for its id in a plan's documents
ISSUER = "token.actions.githubusercontent.com"
AUDIENCE = "sts.amazonaws.com"
ROLE_POLICY = "orgkit-state"  # the inline policy of both roles
VERSION = "2012-10-17"


def bucket_statements(bucket: str, *, partition: str) -> list[Statement]:
    """Return the bucket policy: TLS only, and only principals of this organization.

    Both are denials, so that they hold whatever else is granted. AWS's own services are exempt from the second, and
    the roles get their access from their own policies. [AWS data perimeter policy examples]
    """
    arn = f"arn:{partition}:s3:::{bucket}"
    return [
        *tls_statements(bucket, partition=partition),
        {
            "Sid": "DenyOtherOrganizations",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [arn, f"{arn}/*"],
            "Condition": {
                "StringNotEqualsIfExists": {"aws:PrincipalOrgID": ORGANIZATION},
                "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
            },
        },
    ]


def provider_arn(partition: str, account: str = STATE_ACCOUNT_ID) -> str:
    """Return the ARN of GitHub's identity provider, of which an account has one at most."""
    return f"arn:{partition}:iam::{account}:oidc-provider/{ISSUER}"


def trust(github: GitHubSpec, environment: str, *, partition: str) -> dict[str, Any]:
    """Return the trust policy of a role: jobs of one environment of one repository, without a wildcard.

    The numbers stay when somebody takes an abandoned name; AWS wants a condition on `sub` as well.
    """
    condition = {
        f"{ISSUER}:aud": AUDIENCE,
        f"{ISSUER}:repository_owner_id": github.owner_id,
        f"{ISSUER}:repository_id": github.repository_id,
        f"{ISSUER}:sub": github.subject_of(environment),
    }
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": provider_arn(partition)},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": condition},
    }
    return {"Version": VERSION, "Statement": [statement]}


def role_policy(role: str, spec: StateBackendSpec, *, partition: str) -> dict[str, Any]:
    """Return what a role may do with the state: both read it, and hold its lock; one of them writes it.

    A denial keeps the plan's role from writing the state, and both from deleting it, whatever else they are granted.
    """
    bucket = f"arn:{partition}:s3:::{spec.bucket}"
    state, lock = f"{bucket}/{spec.key}", f"{bucket}/{spec.key}.tflock"
    writes = ["s3:PutObject"] if role == APPLY_ROLE else []
    denied = ["s3:DeleteObject", "s3:DeleteObjectVersion", *([] if writes else ["s3:PutObject"])]
    statements = [
        _statement("ListState", "Allow", ["s3:ListBucket"], bucket),
        _statement("UseState", "Allow", ["s3:GetObject", *writes], state),
        _statement("HoldLock", "Allow", ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"], lock),
        _statement("KeepState", "Deny", denied, state),
    ]
    if spec.kms_key:
        statements.append(_statement("UseKey", "Allow", ["kms:Decrypt", "kms:GenerateDataKey"], spec.kms_key))
    return {"Version": VERSION, "Statement": statements}


def state_rule(noncurrent_days: int) -> Statement:
    """Return the lifecycle rule: the state itself is never moved or deleted."""
    return lifecycle_rule(0, "", 0, noncurrent_days)


def session_policy(actions: Sequence[str], resource: str) -> str:
    """Return the session policy of the access role during one step."""
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": resource}
    return compact_json({"Version": VERSION, "Statement": [statement]})


def fill_in(text: str, ids: Mapping[str, str]) -> str:
    """Return a plan's document with the ids filled in."""
    for name, value in ids.items():
        text = text.replace(name, value)
    return text


def _statement(sid: str, effect: str, actions: list[str], resource: str) -> Statement:
    return {"Sid": sid, "Effect": effect, "Action": actions, "Resource": resource}
