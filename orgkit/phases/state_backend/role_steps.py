"""The steps for GitHub's identity provider and the two roles: what of them is missing or differs."""

import json
from collections.abc import Iterator, Mapping

from orgkit.model.canonical_json import compact_json, normal_form
from orgkit.model.observed import MemberRole
from orgkit.model.plan import ABSENT, Step, Waiting
from orgkit.model.state_backend import APPLY_ROLE, StateBackendSpec
from orgkit.phases.state_backend.documents import (
    AUDIENCE,
    ISSUER,
    ROLE_POLICY,
    fill_in,
    provider_arn,
    role_policy,
    trust,
)
from orgkit.phases.state_backend.facts import StateFacts
from orgkit.phases.state_backend.steps import (
    CreateIdentityProvider,
    CreateStateRole,
    SetStateRolePolicy,
    SetStateRoleTrust,
)
from orgkit.policy_evaluation.meaning import has_same_meaning
from orgkit.policy_evaluation.statements import grantees_of

USES = {True: "read and write the state, and hold its lock", False: "read the state and hold its lock, never write it"}


def role_steps(spec: StateBackendSpec, facts: StateFacts, ids: Mapping[str, str], partition: str) -> Iterator[Step]:
    """Yield the provider first, then each role with who may take it and what it may do."""
    if spec.github is None:
        return
    place = {"account": spec.account, "region": spec.region}
    if facts.provider is None:
        yield CreateIdentityProvider(**place, reason="the account does not accept GitHub's tokens yet")
    for name, environment in spec.github.roles:
        document = compact_json(trust(spec.github, environment, partition=partition))
        subject = spec.github.subject_of(environment)
        yield from _trust(facts.role(name), name, {**place, "trusted_subject": subject, "trust": document}, ids)
        policy = compact_json(role_policy(name, spec, partition=partition))
        yield from _policy(facts.role(name), name, {**place, "policy": policy}, ids)


def role_waiting(
    spec: StateBackendSpec, facts: StateFacts, ids: Mapping[str, str], partition: str
) -> Iterator[Waiting]:
    """Yield what orgkit leaves to the owner of a provider that is there: whose tokens it accepts."""
    if spec.github is None or facts.provider is None or AUDIENCE in facts.provider.audiences:
        return
    arn = fill_in(provider_arn(partition), ids)
    command = (
        f"aws iam add-client-id-to-open-id-connect-provider --open-id-connect-provider-arn {arn} --client-id {AUDIENCE}"
    )
    task = f"identity provider {ISSUER} does not accept the audience {AUDIENCE}: no job can take the roles"
    yield Waiting(task, f"the owner of account {spec.account}", (command,), drift=True)


def role_unmanaged(spec: StateBackendSpec, facts: StateFacts) -> Iterator[str]:
    """Yield policies of others that the roles have, which stay: what Terraform may manage is for others to grant."""
    for name, _ in spec.github.roles if spec.github else ():
        role = facts.role(name)
        if role is None:
            continue
        yield from (f"policy {arn} of role {name}" for arn in role.attached)
        yield from (f"inline policy {policy} of role {name}" for policy, _ in role.inline if policy != ROLE_POLICY)


def _trust(role: MemberRole | None, name: str, fields: Mapping[str, str], ids: Mapping[str, str]) -> Iterator[Step]:
    if role is None:
        yield CreateStateRole(role=name, reason="the role is not there", **fields)
        return
    existing, required = json.loads(role.trust), json.loads(fill_in(fields["trust"], ids))
    if not has_same_meaning(existing, required):
        principals = sorted(principal for _, principal in grantees_of(existing) - grantees_of(required))
        yield SetStateRoleTrust(
            role=name, no_longer_trusted=tuple(principals), starts_from=normal_form(existing),
            reason="other jobs, or others, could take it", **fields,
        )  # fmt: skip


def _policy(role: MemberRole | None, name: str, fields: Mapping[str, str], ids: Mapping[str, str]) -> Iterator[Step]:
    existing = dict(role.inline).get(ROLE_POLICY) if role else None
    required = json.loads(fill_in(fields["policy"], ids))
    if existing is None or not has_same_meaning(json.loads(existing), required):
        reason = "its policy is missing or differs"
        use = USES[name == APPLY_ROLE]
        yield SetStateRolePolicy(role=name, use=use, starts_from=existing or ABSENT, reason=reason, **fields)
