"""The state backend in the inventory: the bucket, the identity provider and the two roles."""

import json
from collections.abc import Iterator

from orgkit.model.canonical_json import normal_form
from orgkit.model.desired import Desired
from orgkit.model.inventory import NONE, PRESENCE, YES, Gap, InventoryPart, Resource, value_or_same
from orgkit.model.matching import match_if_clear
from orgkit.model.observed import Observed
from orgkit.model.plan import ABSENT
from orgkit.model.state_backend import GitHubSpec, StateBackendSpec
from orgkit.phases.member_access.inventory import CALLS as ROLE_CALLS
from orgkit.phases.member_access.inventory import KIND as ROLE
from orgkit.phases.member_access.inventory import TRUST
from orgkit.phases.state_backend.bucket_steps import BucketCase
from orgkit.phases.state_backend.documents import (
    AUDIENCE,
    ISSUER,
    ROLE_POLICY,
    fill_in,
    provider_arn,
    role_policy,
    state_rule,
    trust,
)
from orgkit.phases.state_backend.facts import StateFacts
from orgkit.phases.state_backend.planner import ids_of
from orgkit.phases.storage.inventory import CALLS as BUCKET_CALLS
from orgkit.phases.storage.inventory import KIND as BUCKET
from orgkit.phases.storage.inventory import bucket_values, has_policy_document, partly_stated, wanted_values
from orgkit.policy_evaluation.meaning import has_same_meaning

PROVIDER = "identity provider"
PROVIDER_CALLS = {
    "audiences": ("AddClientIDToOpenIDConnectProvider", "RemoveClientIDFromOpenIDConnectProvider"),
    PRESENCE: ("CreateOpenIDConnectProvider", "DeleteOpenIDConnectProvider"),
}


def resources(observed: Observed, desired: Desired) -> Iterator[Resource | Gap]:
    """Yield the bucket, then what GitHub's jobs take: nothing where the file names no account."""
    spec, facts = desired.section(StateBackendSpec), observed.facts(StateFacts)
    member = desired.member(spec.account)
    account = match_if_clear(member, observed) if member else None
    assert facts is not None
    if account is None:
        return
    if facts.unread is not None or facts.bucket is None:
        reason = facts.unread.reason if facts.unread else f"account {account.id} was not entered"
        yield Gap(BUCKET, spec.with_account(account.id).bucket, reason)
        yield Gap(PROVIDER, f"{account.id}/{ISSUER}", reason)
        names = [name for name, _ in spec.github.roles] if spec.github else []
        yield from (Gap(ROLE, f"{account.id}/{name}", reason) for name in names)
        return
    ids, partition = ids_of(observed, account.id), observed.target.partition
    accounts = frozenset(item.id for item in observed.accounts)
    yield _bucket(BucketCase(spec, facts.bucket, ids, accounts, partition), account.id)
    if spec.github is not None:
        yield _provider(facts, account.id, partition)
        yield from _roles(spec, spec.github, facts, ids, partition, account.id)


def _bucket(case: BucketCase, account_id: str) -> Resource | Gap:
    bucket, spec = case.bucket, case.spec
    if bucket.foreign:
        return Gap(BUCKET, bucket.name, f"account {account_id} may not see it: it is in another account, or denied")
    encryption = bucket.encryption if case.keeps_encryption and bucket.encryption else case.encryption
    spec_values = wanted_values(
        bucket,
        region=spec.region,
        tags=spec.tags,
        encryption=encryption,
        rule=None if bucket.mfa_delete else state_rule(spec.noncurrent_days),
        merge=case.merge if has_policy_document(bucket) else None,
        required=case.required,
    )
    return Resource(
        kind=BUCKET,
        id=bucket.name,
        name=bucket.name,
        values=bucket_values(bucket) if bucket.exists else None,
        spec_values=spec_values,
        partly_stated=partly_stated(bucket, case.required),
        account=account_id,
        region=spec.region,
        calls=BUCKET_CALLS,
        identifiers=(bucket.name,),
    )


def _provider(facts: StateFacts, account_id: str, partition: str) -> Resource:
    audiences = ", ".join(facts.provider.audiences) if facts.provider else ""
    is_accepted = facts.provider is not None and AUDIENCE in facts.provider.audiences
    return Resource(
        kind=PROVIDER,
        id=f"{account_id}/{ISSUER}",
        name=ISSUER,
        values={"audiences": audiences or NONE} if facts.provider else None,
        spec_values={"audiences": value_or_same(AUDIENCE, audiences, is_same=is_accepted)},
        partly_stated=() if audiences == AUDIENCE else ("audiences",),
        account=account_id,
        calls=PROVIDER_CALLS,
        identifiers=(provider_arn(partition, account_id), f"https://{ISSUER}"),
    )


def _roles(
    spec: StateBackendSpec, github: GitHubSpec, facts: StateFacts, ids: dict[str, str], partition: str, account_id: str
) -> Iterator[Resource]:
    for name, environment in github.roles:
        role, policy_name = facts.role(name), f"inline policy {ROLE_POLICY}"
        trusted = json.loads(fill_in(normal_form(trust(github, environment, partition=partition)), ids))
        policy = json.loads(fill_in(normal_form(role_policy(name, spec, partition=partition)), ids))
        spec_values = {TRUST: normal_form(trusted), policy_name: normal_form(policy)}
        values = None
        if role is not None:
            inline = dict(role.inline)
            values = {
                TRUST: role.trust,
                **{f"inline policy {key}": document for key, document in inline.items()},
                **{f"managed policy {arn}": YES for arn in role.attached},
            }
            is_same = has_same_meaning(json.loads(role.trust), trusted)
            spec_values[TRUST] = value_or_same(spec_values[TRUST], role.trust, is_same=is_same)
            existing = inline.get(ROLE_POLICY, ABSENT)
            is_same = existing != ABSENT and has_same_meaning(json.loads(existing), policy)
            spec_values[policy_name] = value_or_same(spec_values[policy_name], existing, is_same=is_same)
        yield Resource(
            kind=ROLE,
            id=f"{account_id}/{name}",
            name=f"{name} in account {account_id}",
            values=values,
            spec_values=spec_values,
            account=account_id,
            calls=ROLE_CALLS,
            identifiers=(name,),
        )


INVENTORY = InventoryPart((BUCKET, PROVIDER, ROLE), resources, StateFacts)
