"""What AWS holds, without ids and times that differ from one run to the next: two of these can be compared."""

import json
from typing import Any

from moto.account.models import account_backends
from moto.budgets.models import budgets_backends
from moto.cloudtrail.models import cloudtrail_backends
from moto.iam.models import iam_backends
from moto.kms.models import kms_backends
from moto.organizations.models import organizations_backends
from moto.s3.models import s3_backends

from orgkit.phases.offboarding.steps import QUARANTINED_TAG
from orgkit.sandbox.corrections.members import backend_of
from orgkit.sandbox.corrections.paths import chain
from orgkit.sandbox.world import world


def state() -> dict[str, Any]:
    """Organization, handshakes, and of each account its roles, buckets, keys and trails."""
    seed = world().seed
    management = seed.management_account_id
    accounts = {management, *(each.id for each in seed.standalone), *_members(management)}
    return {
        "organization": _organization(management),
        "budgets": sorted(map(_budget, budgets_backends[management]["aws"].budgets[management].values())),
        "alerts": sorted(json.dumps(each, sort_keys=True) for each in _alerts(management)),
        "handshakes": sorted(f"{each.action} {each.state}" for each in world().state.get("handshakes", ())),
        **{account: _account(account) for account in sorted(accounts)},
    }


def _budget(budget: Any) -> str:
    output = {name: value for name, value in budget.budget.items() if name not in ("LastUpdatedTime", "TimePeriod")}
    return json.dumps([output, budget.notifications], default=_plain, sort_keys=True)


def _alerts(management: str) -> list[Any]:
    """Anomaly monitors and subscriptions, and the tags that are active."""
    stored = world().state.get("alerts", {}).get(management, {})
    return [each for kind in ("monitors", "subscriptions") for each in stored.get(kind, {}).values()] + sorted(
        stored.get("active", {})
    )


def _members(management: str) -> list[str]:
    return [each.id for each in backend_of(management).accounts] if organizations_backends.master_accounts else []


def _organization(management: str) -> Any:
    backend = backend_of(management)
    if backend.org is None:
        return None
    roots = [unit for unit in backend.ou if unit.parent_id is None]
    return {
        "features": backend.org.feature_set,
        "policy types": sorted(json.dumps(each, sort_keys=True) for root in roots for each in root.policy_types),
        "services": sorted(each["ServicePrincipal"] for each in backend.services),
        "units": sorted(_where(backend, unit.id) + _tags(unit) for unit in backend.ou),
        "accounts": sorted(
            f"{each.id} {each.name} {each.email} {each.state} in {_where(backend, each.parent_id)}{_tags(each)}"
            for each in backend.accounts
        ),
        "policies": sorted(_policy(backend, each) for each in backend.policies if not each.aws_managed),
        "features of the root user": sorted(map(str, world().state.get("root_features", ()))),
    }


def _policy(backend: Any, policy: Any) -> str:
    targets = sorted(_where(backend, target.id) or target.id for target in policy.attachments)
    return f"{policy.type} {policy.name} {policy.content} on {targets}"


def _where(backend: Any, parent: str) -> str:
    return "/".join(str(each.name) for each in chain(backend, parent))


def _tags(thing: Any) -> str:
    tags = {key: "some time" if key == QUARANTINED_TAG else value for key, value in thing.tags.items()}
    return f" {sorted(tags.items())}" if tags else ""


def _account(account: str) -> dict[str, Any]:
    iam, s3 = iam_backends[account]["aws"], s3_backends[account]["aws"]
    return {
        "roles": sorted(map(_role, iam.roles.values())),
        "identity providers": sorted(f"{arn} {each.client_id_list}" for arn, each in iam.open_id_providers.items()),
        "buckets": sorted(map(_bucket, s3.buckets.values())),
        "keys": sorted(_key(key) for backend in kms_backends[account].values() for key in backend.keys.values()),
        "contacts": sorted(str(vars(each)) for each in account_backends[account]["aws"]._alternate_contacts.values()),
        "trails": sorted(
            _trail(t) for backend in cloudtrail_backends[account].values() for t in backend.trails.values()
        ),
    }


def _role(role: Any) -> str:
    inline = {name: _document(policy) for name, policy in role.policies.items()}
    return json.dumps([role.name, _document(role.assume_role_policy_document), sorted(role.managed_policies), inline])


def _document(text: Any) -> Any:
    try:
        return json.dumps(json.loads(text), sort_keys=True)
    except (TypeError, ValueError):
        return str(text)


def _bucket(bucket: Any) -> str:
    output = (
        bucket.name, bucket.versioning_status, _encryption(bucket), _document(bucket.policy),
        bucket.object_lock_enabled, bucket.default_lock_mode,
        bucket.default_lock_days, bucket.default_lock_years, bucket.ownership_rule,
        bucket.public_access_block and vars(bucket.public_access_block),
        [vars(rule) for rule in bucket.rules], bucket.tagging if hasattr(bucket, "tagging") else None,
    )  # fmt: skip
    return json.dumps(output, default=_plain, sort_keys=True)


def _encryption(bucket: Any) -> Any:
    """A rule that was put has a bucket key of its own; the default, which means the same, has none."""
    rule = bucket.encryption.get("Rule", {})
    return rule.get("ApplyServerSideEncryptionByDefault"), rule.get("BucketKeyEnabled", "false")


def _plain(value: Any) -> Any:
    """Of an object of moto's: what it holds."""
    return vars(value) if hasattr(value, "__dict__") else str(value)


def _key(key: Any) -> str:
    return json.dumps([sorted(key.aliases), key.key_state, _document(key.policy)])


def _trail(trail: Any) -> str:
    names = (
        "trail_name",
        "bucket_name",
        "is_multi_region",
        "log_validation",
        "is_org_trail",
        "include_global_service_events",
    )
    return json.dumps([*(getattr(trail, name) for name in names), trail.status.is_logging, bool(trail.kms_key_id)])
