"""The steps for the bucket of the state: each setting that differs from what is required is one step."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from orgkit.errors import NeedsDecision
from orgkit.model.desired import missing_tags
from orgkit.model.plan import Step, Waiting
from orgkit.model.state_backend import StateBackendSpec
from orgkit.phases.state_backend.documents import bucket_statements, state_rule
from orgkit.phases.state_backend.steps import (
    BlockStatePublicAccess,
    CreateStateBucket,
    SetStateAcl,
    SetStateBucketPolicy,
    SetStateEncryption,
    SetStateLifecycle,
    SetStateOwnership,
    SetStateVersioning,
    TagStateBucket,
)
from orgkit.phases.storage.bucket import BLOCK_ALL_PUBLIC_ACCESS, Bucket, value_of_setting
from orgkit.phases.storage.documents import RULE, normal_rule, render, rule_of, template
from orgkit.phases.storage.lifecycle_findings import lifecycle_findings
from orgkit.phases.storage.steps import BucketSetting
from orgkit.policy_evaluation.deleted_principals import is_deleted
from orgkit.policy_evaluation.merge import Merge, is_missing, merge
from orgkit.policy_evaluation.statements import (
    ANYBODY,
    Statement,
    account_of,
    covers,
    is_policy,
    principals_of,
    statements_of,
)

KMS = "aws:kms"


@dataclass(frozen=True)
class BucketCase:
    """The bucket of the file and the one of AWS, with what both are compared by.

    Attributes:
        spec: `[state_backend]`, with placeholders.
        bucket: As AWS has it.
        ids: The ids that are known, by their placeholders.
        accounts: The accounts of the organization.
        partition: Of AWS.
    """

    spec: StateBackendSpec
    bucket: Bucket
    ids: Mapping[str, str]
    accounts: frozenset[str]
    partition: str

    @property
    def statements(self) -> tuple[str, ...]:
        """The statements that the policy has to have, as a plan has them."""
        return template(bucket_statements(self.spec.bucket, partition=self.partition))

    @property
    def required(self) -> list[Statement]:
        """The same with the ids that are known."""
        return render(self.statements, self.ids)

    @property
    def merge(self) -> Merge:
        """The policy with these statements in it."""
        return merge(self.bucket.policy, self.required)

    @property
    def encryption(self) -> str:
        """In the form of `Bucket.encryption`."""
        return f"{KMS} {self.spec.kms_key} with bucket key" if self.spec.kms_key else "AES256"

    @property
    def keeps_encryption(self) -> bool:
        """Whether the bucket's own key stays: the file leaves it out, and a key is stronger than the default."""
        return self.spec.keeps_key and (self.bucket.encryption or "").startswith(KMS)

    @property
    def foreign_statements(self) -> list[Statement]:
        """The statements of others."""
        return [
            statement
            for statement in statements_of(self.bucket.policy)
            if not any(covers(other, statement, {}) for other in self.required)
        ]


def bucket_steps(case: BucketCase) -> Iterator[Step]:
    """Yield the steps: first those that deny access to others, then protection of the content, last the policy."""
    spec, bucket = case.spec, case.bucket
    _refuse(case)
    if not bucket.exists:
        yield CreateStateBucket(**_place(spec), namespace=spec.bucket_namespace, reason="it is not there")
    if not bucket.public_access_blocked:
        yield _set(BlockStatePublicAccess, case, reason="it is not blocked in all four ways")
    if bucket.acl_grants:
        reason = "S3 switches off ACLs only where they let nobody else in"
        yield _set(SetStateAcl, case, grants=bucket.acl_grants, reason=reason)
    if bucket.ownership != "BucketOwnerEnforced":
        yield _set(SetStateOwnership, case, reason=f"object ownership is {bucket.ownership or 'not set'}")
    if bucket.versioning != "Enabled" and not bucket.mfa_delete:
        yield _set(SetStateVersioning, case, reason=f"versioning is {bucket.versioning or 'off'}")
    yield from _content(case)
    yield from _policy(case)


def _content(case: BucketCase) -> Iterator[Step]:
    spec, bucket = case.spec, case.bucket
    if bucket.encryption != case.encryption and not case.keeps_encryption:
        reason = f"encryption is {bucket.encryption or 'not set'}"
        yield _set(SetStateEncryption, case, key_arn=spec.kms_key, reason=reason)
    if rule_of(bucket.lifecycle) != normal_rule(state_rule(spec.noncurrent_days)) and not bucket.mfa_delete:
        reason = f"lifecycle rule {RULE} is missing or differs"
        yield _set(SetStateLifecycle, case, noncurrent_days=spec.noncurrent_days, reason=reason)
    if missing := missing_tags(spec.tags, bucket.tags):
        yield _set(TagStateBucket, case, tags=missing, reason="these tags are missing or differ")


def bucket_waiting(case: BucketCase) -> Iterator[Waiting]:
    """Yield settings of others that lose the state, or that only the root user can change."""
    bucket, owner = case.bucket, f"the owner of account {case.spec.account}"
    rules = json.loads(bucket.lifecycle or "[]")
    for line in lifecycle_findings(case.spec, bucket.name, rules, (case.spec.key,)):
        command = f"aws s3api get-bucket-lifecycle-configuration --bucket {bucket.name}"
        yield Waiting(line, owner, (command,), drift=True)
    if bucket.mfa_delete and bucket.versioning != "Enabled":
        command = (
            f"aws s3api put-bucket-versioning --bucket {bucket.name} --mfa 'SERIAL CODE' "
            "--versioning-configuration Status=Enabled,MFADelete=Enabled"
        )
        task = f"versioning of bucket {bucket.name} is {bucket.versioning or 'off'}, and MFA delete is on"
        yield Waiting(task, f"the root user of account {case.spec.account}", (command,), drift=True)


def bucket_warnings(case: BucketCase) -> Iterator[str]:
    """Yield what stays though the file asks for less, and who else has access: a state can contain secrets."""
    bucket = case.bucket
    if case.keeps_encryption and bucket.encryption != case.encryption:
        yield (
            f"Bucket {bucket.name} is encrypted with {bucket.encryption}, which is stronger than S3's own keys: it "
            'stays. Write the key under kms_key in [state_backend], so that the roles may use it, or kms_key = "" to '
            "replace it."
        )
    if bucket.mfa_delete:
        yield f"Bucket {bucket.name} has MFA delete: it stays, and S3 takes no lifecycle rules for it."
    if bucket.object_lock not in (None, "on"):
        yield (
            f"Bucket {bucket.name} has Object Lock ({bucket.object_lock}): each older version of the state and of its "
            "lock stays as long, whatever noncurrent_days says."
        )
    for statement in case.foreign_statements:
        if statement.get("Effect") == "Allow":
            yield (
                f"{_name(statement)} of the policy of bucket {bucket.name} grants access to "
                f"{', '.join(_grantees(statement))}, and a state can contain secrets. orgkit leaves it: remove it if "
                "nobody needs it."
            )


def bucket_unmanaged(case: BucketCase) -> Iterator[str]:
    """Yield denials and lifecycle rules of others, which stay."""
    bucket = case.bucket
    for statement in case.foreign_statements:
        if statement.get("Effect") != "Allow":
            yield f"{_name(statement)} (Deny) of bucket {bucket.name}"
    for rule in json.loads(bucket.lifecycle or "[]"):
        if rule.get("ID") != RULE and not any(lifecycle_findings(case.spec, bucket.name, [rule], (case.spec.key,))):
            yield f"lifecycle rule {rule.get('ID', 'without ID')} of bucket {bucket.name}"


def _place(spec: StateBackendSpec) -> dict[str, Any]:
    return {"account": spec.account, "region": spec.region, "bucket": spec.bucket}


def _set(kind: type[BucketSetting], case: BucketCase, **fields: Any) -> Step:
    """Return the step; it starts from the bucket's current value, or from AWS's default for a new bucket."""
    existing = case.bucket if case.bucket.exists else new_bucket(case.bucket.name)
    value = value_of_setting(kind.setting, getattr(existing, kind.setting))
    return kind(**_place(case.spec), starts_from=value, **fields)


def new_bucket(name: str) -> Bucket:
    """Return a bucket with AWS's defaults since April 2023."""
    return Bucket(
        name,
        exists=True,
        public_access_block=BLOCK_ALL_PUBLIC_ACCESS,
        ownership="BucketOwnerEnforced",
        encryption="AES256",
    )


def _policy(case: BucketCase) -> Iterator[Step]:
    result = case.merge
    if not result.changes:
        return
    if result.deleted_principals:
        raise NeedsDecision(
            f"the policy of bucket {case.bucket.name} has to change, and a statement with NotPrincipal names "
            f"{', '.join(result.deleted_principals)}, which was deleted: AWS rejects a policy with it.",
            "name somebody else in that statement, or remove it; then plan again.",
        )
    lacks_limit = is_missing(case.bucket.policy, case.required[1:])
    losses = tuple(_shut_out(case)) if lacks_limit else ()
    reason = "a statement is missing or differs"
    yield _set(SetStateBucketPolicy, case, statements=case.statements, shut_out=losses, reason=reason)


def _shut_out(case: BucketCase) -> Iterator[str]:
    """Yield the grants of others that end: to principals that are not, or may not be, of this organization."""
    for statement in case.foreign_statements:
        foreign_principals = [
            _principal(kind, name)
            for kind, name in sorted(principals_of(statement))
            if kind != "Service" and not is_deleted(name) and account_of(name) not in case.accounts
        ]
        if statement.get("Effect") == "Allow" and foreign_principals:
            yield f"{_name(statement)} no longer lets in {', '.join(foreign_principals)}, unless of this organization"


def _grantees(statement: Statement) -> list[str]:
    if "NotPrincipal" in statement:
        return ["everybody except those that its NotPrincipal names"]
    return [_principal(kind, name) for kind, name in sorted(principals_of(statement))]


def _principal(kind: str, name: str) -> str:
    if (kind, name) == ANYBODY:
        return "anybody"
    return f"account {name}" if name == account_of(name) else name


def _name(statement: Statement) -> str:
    return f"statement {statement.get('Sid') or 'without Sid'}"


def _refuse(case: BucketCase) -> None:
    bucket, spec = case.bucket, case.spec
    if bucket.foreign:
        raise NeedsDecision(
            f"bucket {bucket.name} exists, and account {spec.account} may not see it: bucket names are shared by all "
            "of AWS, and this one is somebody else's.",
            "choose another name in [state_backend]; if it is yours, see who denies s3:ListBucket to orgkit-read.",
        )
    if bucket.region is not None and bucket.region != spec.region:
        raise NeedsDecision(
            f"bucket {bucket.name} is in {bucket.region}, and the file says {spec.region}.",
            "write its region under state_backend.region, or choose another name: a bucket cannot move.",
        )
    if not is_policy(bucket.policy):
        raise NeedsDecision(
            f"the policy of bucket {bucket.name} is not a policy document in JSON: what it grants cannot be compared.",
            f"look at it (aws s3api get-bucket-policy --bucket {bucket.name}), and replace it by one that is.",
        )
