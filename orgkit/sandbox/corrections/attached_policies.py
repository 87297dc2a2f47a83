"""An account as policies see it: its place in the organization, and the policies of the organization above it."""

import json
from functools import lru_cache
from typing import Any

from orgkit.policy_evaluation.evaluation import Level, Policy
from orgkit.policy_evaluation.requests import Account
from orgkit.sandbox.corrections.members import backend_of
from orgkit.sandbox.corrections.paths import chain, path
from orgkit.sandbox.propagation import attached_policies


class ParsedPolicy(dict[str, Any]):
    """A policy that was parsed, which nobody changes."""

    is_about_time = False  # whether it may decide otherwise at another time


@lru_cache(maxsize=1024)
def parse_policy(document: str | bytes) -> ParsedPolicy:
    """Return a policy that nobody changes: each call is compared with the same few."""
    content = json.loads(document)
    policy = ParsedPolicy(content if isinstance(content, dict) else {})
    policy.is_about_time = "time" in str(document).lower()
    return policy


def account_of(account: str) -> Account:
    """Return an account with its place in its organization."""
    backend = backend_of(account)
    member = next((item for item in backend.accounts if item.id == account), None) if backend.org else None
    if member is None:
        return Account(account)
    place = path(backend, member.parent_id)
    return Account(account, backend.org.id, place, is_management=backend.org.master_account_id == account)


def levels_of(account: str, policy_type: str) -> tuple[Level, ...]:
    """Return the policies of one type from the root down to an account; none while the type is not enabled."""
    backend = backend_of(account)
    member = next((item for item in backend.accounts if item.id == account), None) if backend.org else None
    if member is None or {"Type": policy_type, "Status": "ENABLED"} not in backend.ou[0].policy_types:
        return ()
    return tuple(
        Level(
            target.id,
            tuple(
                Policy(parse_policy(policy.content), policy.arn, policy.name)
                for policy in attached_policies(backend, target)
                if policy.type == policy_type
            ),
        )
        for target in (*chain(backend, member.parent_id), member)
    )
