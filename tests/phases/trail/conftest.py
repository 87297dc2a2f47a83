"""One parameters file's worth of values, and a log archive account as it is when phase 05 has nothing to do."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from orgkit.model.canonical_json import compact_json
from orgkit.model.desired import AccountSpec, Desired, OrganizationSpec, TrailSpec
from orgkit.model.observed import Account, Member, Observed, Organization
from orgkit.model.plan import Target
from orgkit.parameters.build import with_member_reads
from orgkit.phases.storage.bucket import BLOCK_ALL_PUBLIC_ACCESS, Bucket
from orgkit.phases.storage.documents import lifecycle_rule, tls_statements
from orgkit.phases.trail.documents import STORAGE_CLASS, key_statements, log_statements
from orgkit.phases.trail.facts import Key, Trail, TrailFacts
from orgkit.policy_evaluation.merge import merge

MANAGEMENT, ARCHIVE, ORGANIZATION = "111111111111", "222222222222", "o-exampleorgid"
ARN = f"arn:aws:cloudtrail:us-east-1:{MANAGEMENT}:trail/acme-trail"
KEY_ARN = f"arn:aws:kms:us-east-1:{ARCHIVE}:key/11111111-2222-4333-8444-555555555555"
TAGS = (("ManagedBy", "orgkit"), ("Name", "logs"))

SPEC = TrailSpec(
    name="acme-trail",
    log_archive_account="log-archive",
    bucket="acme-log",
    records_bucket="acme-records",
    region="us-east-1",
    kms_key=False,
    transition_days=90,
    expire_days=400,
    noncurrent_days=30,
    object_lock=None,
    tags=TAGS,
)
ACCOUNT = AccountSpec(
    key="log-archive",
    name="log-archive",
    email="log@acme.test",
    unit=("Security",),
    role_name="OrganizationAccountAccessRole",
    iam_access_to_billing=False,
    tags=(),
)
OUR_TRAIL = Trail(
    name="acme-trail",
    arn=ARN,
    home_region="us-east-1",
    organization=True,
    multi_region=True,
    validated=True,
    bucket="acme-log",
    key=None,
    logging=True,
)


def desired_with(**trail: Any) -> Desired:
    organization = OrganizationSpec(
        management_account_id=MANAGEMENT, email="aws@acme.test", name="acme", organization_id=None,
        home_region="us-east-1", trusted_access=("cloudtrail.amazonaws.com",), policy_types=(),
        centralized_root_access=False, email_convention=None, tags=(), approval_hours=24, long_lived_keys=False,
    )  # fmt: skip
    return with_member_reads(
        Desired(organization, units=(), accounts=(ACCOUNT,), imports=(), trail=replace(SPEC, **trail))
    )


def key_there(**changes: Any) -> Key:
    statements = key_statements(ARN, partition="aws", management_id=MANAGEMENT, log_archive_id=ARCHIVE)
    policy = merge(None, statements).document
    return replace(Key(KEY_ARN, rotates=True, policy=policy), **changes)


def bucket_there(name: str, desired: Desired) -> Bucket:
    """The bucket as it is when all steps have been applied."""
    spec = desired.trail
    logs = name == spec.bucket
    documented = log_statements(name, ARN, partition="aws", management_id=MANAGEMENT, organization_id=ORGANIZATION)
    lock = spec.object_lock
    return Bucket(
        name=name,
        exists=True,
        region=spec.region,
        versioning="Enabled",
        public_access_block=BLOCK_ALL_PUBLIC_ACCESS,
        ownership="BucketOwnerEnforced",
        encryption=f"aws:kms {KEY_ARN} with bucket key" if spec.kms_key and logs else "AES256",
        lifecycle=compact_json(
            [lifecycle_rule(spec.transition_days, STORAGE_CLASS, spec.expire_days, spec.noncurrent_days)]
        ),
        policy=merge(None, documented if logs else tls_statements(name, partition="aws")).document,
        object_lock=f"{lock.mode} {lock.days}" if lock else None,
        tags=spec.tags,
    )


def everything_there(desired: Desired) -> Observed:
    spec = desired.trail
    key = key_there() if spec.kms_key else None
    return Observed(
        target=Target(MANAGEMENT, ORGANIZATION, "aws", "emulator"),
        caller_arn=f"arn:aws:iam::{MANAGEMENT}:user/operator",
        organization=Organization(
            ORGANIZATION, MANAGEMENT, "aws@acme.test", "ALL", "r-root", (), ("cloudtrail.amazonaws.com",), ()
        ),
        accounts=(Account(ARCHIVE, "log-archive", "log@acme.test", "ACTIVE", ("Security",), "CREATED", ()),),
        members=(Member(ARCHIVE, readable=True, current=True),),
        phase_facts=(
            TrailFacts(
                trails=(replace(OUR_TRAIL, key=KEY_ARN if spec.kms_key else None),),
                buckets=(bucket_there(spec.bucket, desired), bucket_there(spec.records_bucket, desired)),
                key=key,
            ),
        ),
    )


class World:
    """The desired and the observed of one case, and ways to change the observed."""

    def __init__(self, **trail: Any) -> None:
        self.desired = desired_with(**trail)
        self.observed = everything_there(self.desired)

    @property
    def facts(self) -> TrailFacts:
        facts = self.observed.facts(TrailFacts)
        assert facts is not None
        return facts

    def trails(self, *trails: Trail) -> "World":
        self.observed = self.observed.with_facts(replace(self.facts, trails=trails))
        return self

    def storage(self, **facts: Any) -> "World":
        self.observed = self.observed.with_facts(replace(self.facts, **facts))
        return self

    def bucket(self, name: str, **changes: Any) -> "World":
        buckets = tuple(replace(b, **changes) if b.name == name else b for b in self.facts.buckets)
        return self.storage(buckets=buckets)

    def without_storage(self) -> "World":
        buckets = tuple(Bucket(b.name, exists=False) for b in self.facts.buckets)
        return self.storage(buckets=buckets, key=None, trails=())


@pytest.fixture
def world() -> Callable[..., World]:
    return World


@pytest.fixture
def our_trail() -> Trail:
    return OUR_TRAIL
