"""A file with a state backend, and its account as it is when phase 09 has nothing to do."""

import json
from dataclasses import replace
from typing import Any

from orgkit.model.canonical_json import compact_json, normal_form
from orgkit.model.desired import AccountSpec, Desired, OrganizationSpec, TrailSpec
from orgkit.model.observed import Account, Member, MemberRole, Observed, Organization
from orgkit.model.plan import Target
from orgkit.model.state_backend import STATE_ACCOUNT_ID, GitHubSpec, StateBackendSpec
from orgkit.parameters.build import with_member_reads
from orgkit.phases.state_backend.bucket_steps import new_bucket
from orgkit.phases.state_backend.documents import (
    AUDIENCE,
    ORGANIZATION,
    ROLE_POLICY,
    bucket_statements,
    fill_in,
    role_policy,
    state_rule,
    trust,
)
from orgkit.phases.state_backend.facts import Provider, StateFacts
from orgkit.phases.storage.bucket import Bucket
from orgkit.phases.storage.documents import render, template
from orgkit.policy_evaluation.merge import merge

MANAGEMENT, ACCOUNT_ID, ORGANIZATION_ID = "111111111111", "333333333333", "o-exampleorgid"
IDS = {STATE_ACCOUNT_ID: ACCOUNT_ID, ORGANIZATION: ORGANIZATION_ID}
GITHUB = GitHubSpec("acme", "1234567", "infra", "7654321", "terraform-plan", "terraform-apply", "immutable")
SPEC = StateBackendSpec(
    account="infra",
    bucket=f"terraform-state-{STATE_ACCOUNT_ID}-us-east-1-an",
    bucket_namespace="account-regional",
    region="us-east-1",
    key="organization/terraform.tfstate",
    noncurrent_days=90,
    tags=(("ManagedBy", "orgkit"),),
    github=GITHUB,
)


def account(key: str) -> AccountSpec:
    return AccountSpec(key, key, f"{key}@acme.test", ("Infra",), "OrganizationAccountAccessRole", False, ())


def desired_with(**values: Any) -> Desired:
    organization = OrganizationSpec(
        management_account_id=MANAGEMENT, email="aws@acme.test", name="acme", organization_id=None,
        home_region="us-east-1", trusted_access=(), policy_types=(), centralized_root_access=False,
        email_convention=None, tags=(), approval_hours=24, long_lived_keys=False,
    )  # fmt: skip
    trail = TrailSpec("t", "log-archive", "logs", "records", "us-east-1", False, 90, 0, 30, None, ())
    accounts = (account("infra"), account("log-archive"))
    desired = Desired(organization, units=(), accounts=accounts, imports=(), trail=trail)
    return with_member_reads(desired.with_section(replace(SPEC, **values)))


def spec_of(desired: Desired) -> StateBackendSpec:
    return desired.section(StateBackendSpec)


def bucket_there(desired: Desired, **changes: Any) -> Bucket:
    """The bucket as it is when all steps have been applied."""
    spec = spec_of(desired).with_account(ACCOUNT_ID)
    required = render(template(bucket_statements(spec.bucket, partition="aws")), IDS)
    complete = replace(
        new_bucket(spec.bucket),
        region=spec.region,
        versioning="Enabled",
        encryption=f"aws:kms {spec.kms_key} with bucket key" if spec.kms_key else "AES256",
        lifecycle=compact_json([state_rule(spec.noncurrent_days)]),
        policy=merge(None, required).document,
        tags=spec.tags,
    )
    return replace(complete, **changes)


def role_there(desired: Desired, name: str, **changes: Any) -> MemberRole:
    spec = spec_of(desired)
    assert spec.github
    environment = dict(spec.github.roles)[name]
    trusted = fill_in(compact_json(trust(spec.github, environment, partition="aws")), IDS)
    policy = fill_in(compact_json(role_policy(name, spec, partition="aws")), IDS)
    inline = ((ROLE_POLICY, normal_form(json.loads(policy))),)
    return replace(MemberRole(name, normal_form(json.loads(trusted)), inline), **changes)


def facts_there(desired: Desired, **changes: Any) -> StateFacts:
    github = spec_of(desired).github
    roles = tuple(role_there(desired, name) for name, _ in github.roles) if github else ()
    provider = Provider((AUDIENCE,)) if github else None
    return replace(StateFacts(bucket_there(desired), provider, roles), **changes)


def observed_with(facts: StateFacts, **changes: Any) -> Observed:
    organization = Organization(ORGANIZATION_ID, MANAGEMENT, "aws@acme.test", "ALL", "r-root", (), (), ())
    observed = Observed(
        target=Target(MANAGEMENT, ORGANIZATION_ID, "aws", "emulator"),
        caller_arn=f"arn:aws:iam::{MANAGEMENT}:user/operator",
        organization=organization,
        accounts=(Account(ACCOUNT_ID, "infra", "infra@acme.test", "ACTIVE", ("Infra",), "CREATED", ()),),
        members=(Member(ACCOUNT_ID, readable=True, current=True),),
        phase_facts=(facts,),
    )
    return replace(observed, **changes)
