"""Changes of roles and policies that are not effective yet: an evaluation sees the state from before them.

Only with `policy_seconds` of the seed. A read returns a change at once, and what is deleted is gone at once.
Source: IAM User Guide, "Troubleshooting IAM": changes that I make are not always immediately visible.
"""

from collections.abc import Iterable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from moto.iam.models import iam_backends
from moto.kms.models import Key, kms_backends
from moto.organizations.models import OrganizationsBackend
from moto.s3.models import FakeBucket, s3_backends

from orgkit.sandbox.corrections.members import backend_of
from orgkit.sandbox.corrections.registry import differs
from orgkit.sandbox.world import world

POLICY_CHANGES = ("AttachPolicy", "DeletePolicy", "DetachPolicy", "UpdatePolicy")  # of Organizations
_MISSING = object()


@dataclass(frozen=True)
class IamState:
    """Users, roles and groups of an account, as an evaluation sees them."""

    roles: tuple[Any, ...]
    users: Mapping[str, Any]
    groups: tuple[Any, ...]

    def groups_of(self, user_name: str) -> list[Any]:
        return [group for group in self.groups if any(user.name == user_name for user in group.users)]


def iam_state(account: str) -> IamState:
    """Return users, roles and groups without the changes that are not effective yet."""
    iam = iam_backends[account]["aws"]
    state = _pending("iam", account)
    if state is _MISSING:
        return IamState(tuple(iam.roles.values()), iam.users, tuple(iam.groups.values()))
    return IamState(
        tuple(role for role in state.roles if role.id in iam.roles),
        {name: user for name, user in state.users.items() if name in iam.users},
        tuple(group for group in state.groups if group.name in iam.groups),
    )


def attached_policies(backend: OrganizationsBackend, target: Any) -> Iterable[Any]:
    """Return the policies of the organization that are attached to a root, unit or account, with their content."""
    state = _pending("organizations", backend.account_id)
    attached: Iterable[Any] = target.attached_policies
    return attached if state is _MISSING else state.get(target.id, ())


def bucket_policy(bucket: FakeBucket) -> bytes | None:
    """Return the policy of a bucket as it is effective."""
    state = _pending("s3", bucket.name)
    policy: bytes | None = bucket.policy if state is _MISSING else state
    return policy


def key_policy(key: Key) -> str:
    """Return the policy of a KMS key as it is effective."""
    state = _pending("kms", key.id)
    return str(key.policy if state is _MISSING else state)


@differs("every_service.consistency", moto="A new role or policy is effective at once.")
def keep_state(service: str, operation: str, account: str, resource: str) -> None:
    """A new role or policy is effective only after some seconds (here after the `policy_seconds` of the seed)."""
    # Called before each change. `resource` is the bucket's name, or the id or ARN of a key.
    if not world().seed.policy_seconds:
        return
    if service == "iam":
        _keep("iam", account, _copy_of_iam(account))
    elif service == "organizations" and operation in POLICY_CHANGES:
        backend = backend_of(account)
        targets = {item.id: tuple(map(copy, item.attached_policies)) for item in (*backend.ou, *backend.accounts)}
        _keep("organizations", backend.account_id, targets)
    elif service == "s3" and operation in ("PutBucketPolicy", "DeleteBucketPolicy"):
        for bucket in _buckets(resource):
            _keep("s3", bucket.name, bucket.policy)
    elif service == "kms" and operation == "PutKeyPolicy":
        for key in _keys(account, resource.rpartition("/")[2]):
            _keep("kms", key.id, key.policy)


def _pending(kind: str, name: str) -> Any:
    """Return the state from before the first change that is not effective yet; _MISSING where all are."""
    seconds = world().seed.policy_seconds
    if not seconds:
        return _MISSING
    effective_until = world().clock.now() - timedelta(seconds=seconds)
    history = world().state.get("propagation", {}).get((kind, name), ())
    return next((state for changed_at, state in history if changed_at > effective_until), _MISSING)


def _keep(kind: str, name: str, state: Any) -> None:
    now, history = world().clock.now(), world().state.setdefault("propagation", {}).setdefault((kind, name), [])
    effective_until = now - timedelta(seconds=world().seed.policy_seconds)
    history[:] = [*(item for item in history if item[0] > effective_until), (now, state)]


def _copy_of_iam(account: str) -> IamState:
    iam = iam_backends[account]["aws"]
    return IamState(
        tuple(map(_copy_of_entity, iam.roles.values())),
        {name: _copy_of_entity(user) for name, user in iam.users.items()},
        tuple(map(_copy_of_entity, iam.groups.values())),
    )


def _copy_of_entity(entity: Any) -> Any:
    entity_copy = copy(entity)
    entity_copy.policies = dict(entity.policies)
    entity_copy.managed_policies = {arn: _copy_of_policy(policy) for arn, policy in entity.managed_policies.items()}
    entity_copy.users = list(getattr(entity, "users", ()))
    return entity_copy


def _copy_of_policy(policy: Any) -> Any:
    policy_copy = copy(policy)
    policy_copy.versions = [copy(version) for version in policy.versions]
    return policy_copy


def _buckets(name: str) -> Iterator[FakeBucket]:
    owner = s3_backends.bucket_accounts.get(name)
    if owner is not None and name in s3_backends[owner[1]][owner[0]].buckets:
        yield s3_backends[owner[1]][owner[0]].buckets[name]


def _keys(account: str, key_id: str) -> Iterator[Key]:
    yield from (keys.keys[key_id] for keys in kms_backends[account].values() if key_id in keys.keys)
