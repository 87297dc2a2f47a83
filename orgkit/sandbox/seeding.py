"""Fills moto's backends from a seed: users, root protection, alias, trails of the standalone accounts."""

import gc
import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from moto.cloudtrail.models import cloudtrail_backends
from moto.core.base_backend import BackendDict
from moto.iam.models import iam_backends
from moto.moto_api._internal import mock_random
from moto.organizations.models import organizations_backends
from moto.s3.models import s3_backends

from orgkit.sandbox import snapshot_seeding
from orgkit.sandbox.corrections import organization, sts
from orgkit.sandbox.profiles import OPERATOR, OWNER, REGION
from orgkit.sandbox.seed import Seed, StandaloneAccount
from orgkit.sandbox.snapshot import Snapshot
from orgkit.sandbox.world import Principal, world

ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"


def begin(values: dict[str, Any], *, real_time: bool) -> None:
    """Reset everything and build the seed's state; exclude moto's own objects from garbage collection."""
    BackendDict.reset()
    s3_backends.bucket_accounts.clear()
    organizations_backends.master_accounts.clear()
    seed = Seed.from_values(values["seed"])
    mock_random.seed(seed.management_account_id)
    new_world = world.begin(seed, real_time=real_time)
    new_world.principals |= {credential["key"]: _principal(credential) for credential in values["credentials"]}
    _management(seed, values["credentials"])
    for account in seed.standalone:
        _standalone(account)
        if account.in_another_organization:
            organization.seed_another(account)
    if seed.consolidated_billing:
        organization.seed_consolidated_billing()
    if seed.snapshot:
        snapshot_seeding.seed_snapshot(Snapshot.from_json(seed.snapshot))
    if not gc.get_freeze_count():  # once: what an earlier seed left must stay collectable
        gc.collect()
        gc.freeze()


def _principal(fields: dict[str, str]) -> Principal:
    """Long-lived keys have no token, and no end."""
    seconds = world().seed.credentials_seconds if fields["token"] else 0
    expires_at = world().clock.now() + timedelta(seconds=seconds) if seconds else None
    return Principal(
        fields["account"], fields["arn"], sts.user_id(fields["account"], fields["arn"]), expires_at=expires_at
    )


def _management(seed: Seed, credentials: list[dict[str, str]]) -> None:
    iam = iam_backends[seed.management_account_id]["aws"]
    _user(seed.management_account_id, OPERATOR, seed.operator_policies)
    if seed.management_alias:
        iam.create_account_alias(seed.management_alias)
    for credential in credentials:
        if credential["account"] == seed.management_account_id and not credential["token"]:
            key = iam.create_access_key(OPERATOR)
            del iam.access_keys[key.access_key_id]
            key.access_key_id, key.secret_access_key = credential["key"], credential["secret"]
            iam.access_keys[key.access_key_id] = key


def _user(account: str, name: str, documents: Sequence[str] = ()) -> None:
    """Make a user with these policies, or an administrator."""
    iam = iam_backends[account]["aws"]
    user = iam.create_user(REGION, name)
    user.id = sts.user_id(account, user.arn)
    if not documents:
        iam.attach_user_policy(ADMINISTRATOR, name)
    for number, document in enumerate(documents, start=1):
        policy = iam.create_policy(None, "/", document, f"{name}-{number}", {})
        iam.attach_user_policy(policy.arn, name)


def _standalone(account: StandaloneAccount) -> None:
    _user(account.id, OWNER)
    if account.has_trail:
        _trail(account.id)


def _trail(account: str) -> None:
    """A trail of the account's own, into its own bucket: it makes an organization trail a paid second copy."""
    bucket_name, name = f"trail-of-{account}", "own-trail"
    bucket = s3_backends[account]["aws"].create_bucket(bucket_name, REGION)
    service = {"Principal": {"Service": "cloudtrail.amazonaws.com"}, "Effect": "Allow"}
    arn = f"arn:aws:s3:::{bucket_name}"
    statements = [{**service, "Action": "s3:GetBucketAcl", "Resource": arn}]
    statements.append({**service, "Action": "s3:PutObject", "Resource": f"{arn}/AWSLogs/{account}/*"})
    bucket.policy = json.dumps({"Version": "2012-10-17", "Statement": statements}).encode()
    backend = cloudtrail_backends[account][REGION]
    backend.create_trail(name, bucket_name, None, None, True, True, True, False, None, None, None, [])
    backend.start_logging(name)
