"""Organizations built, copied and asked again: `python -m tests.rehearsal.copies FOLDER NAME...`.

NAME.json in the folder then has the answers of the original and of the copy, and a snapshot taken with fewer rights.
"""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.adoption.forks import run_in_forks
from tests.adoption.scenario import deny_reads, keep_model_of_s3, seed
from tests.faults import wire

# What differs in each answer, or is the time at which a log file was last delivered.
VOLATILE = (
    "ResponseMetadata",
    "NextRotationDate",
    "LatestDeliveryTime",
    "LatestDeliveryAttemptTime",
    "LatestDeliveryAttemptSucceeded",
)
BUCKET_GETS = (
    "get_bucket_versioning", "get_bucket_encryption", "get_public_access_block", "get_bucket_ownership_controls",
    "get_bucket_policy", "get_bucket_tagging", "get_bucket_lifecycle_configuration", "get_object_lock_configuration",
    "get_bucket_acl", "get_bucket_location", "head_bucket",
)  # fmt: skip


def main(name: str, folder: Path) -> dict[str, Any]:
    """Build, ask, copy and ask the copy."""
    application = wire.begin(seed(), folder)
    keep_model_of_s3()
    os.environ.update(wire.settings(folder))
    from orgkit.adoption.reading import connect_without_file
    from orgkit.rehearsal.snapshot_aws import take_snapshot
    from orgkit.sandbox.snapshot import Snapshot
    from orgkit.sandbox.world import world
    from tests.adoption.organizations import ACCESS, ORGANIZATIONS, Builder

    builder = Builder(wire.ADDRESS, world().clock.sleep)
    ORGANIZATIONS[name](builder)
    _more(builder, name)
    original = answers(builder)
    number = len(application.calls)
    snapshot = take_snapshot(connect_without_file(), ACCESS)
    calls = [call.operation for call in application.calls[number:] if call.mutating]
    text = snapshot.to_json()
    _add_own_trail(builder)
    limited = _take_limited()
    denied = _take_denied(folder) if name == "small" else {}
    _begin_from(Snapshot.from_json(text), folder)
    reports = {"limited": limited, "denied": denied, "changes": calls}
    return {"original": original, "copy": answers(builder), **reports}


def _add_own_trail(builder: Any) -> None:
    """A trail whose bucket and key are in the management account."""
    s3, service = builder.client("s3"), {"Service": "cloudtrail.amazonaws.com"}
    s3.create_bucket(Bucket="own-logs")
    check = {"Action": "s3:GetBucketAcl", "Resource": "arn:aws:s3:::own-logs"}
    put = {"Action": "s3:PutObject", "Resource": "arn:aws:s3:::own-logs/*"}
    statements = [{"Effect": "Allow", "Principal": service, **each} for each in (check, put)]
    s3.put_bucket_policy(Bucket="own-logs", Policy=json.dumps({"Version": "2012-10-17", "Statement": statements}))
    builder.client("cloudtrail").create_trail(Name="own", S3BucketName="own-logs")
    _encrypt(builder.client("kms"), builder.management, builder.client("cloudtrail"), "own")


def _take_limited() -> dict[str, Any]:
    """Return a snapshot taken under exactly the policy that is printed for it, and the actions that it used."""
    from moto.iam.models import iam_backends

    from orgkit.adoption.reading import connect_without_file
    from orgkit.rehearsal.snapshot_aws import take_snapshot
    from orgkit.rehearsal.snapshot_permissions import snapshot_policies
    from orgkit.sandbox import authorization
    from orgkit.sandbox.world import world
    from tests.adoption.organizations import ACCESS

    (user,) = iam_backends[world().seed.management_account_id]["aws"].users.values()
    earlier, managed = dict(user.policies), dict(user.managed_policies)
    printed = snapshot_policies(ACCESS)["caller"]
    object.__setattr__(world().seed, "evaluate_policies", True)
    full = json.loads(take_snapshot(connect_without_file(), ACCESS).to_json())  # by an administrator
    user.managed_policies.clear()
    user.policies = {"printed": json.dumps(printed)}
    used, check = set[str](), authorization.check_actions

    def record(call: Any, principal: Any, environ: Any) -> Any:
        decisions = check(call, principal, environ)
        used.update(decision.action for decision in decisions if principal.role_arn is None)
        return decisions

    authorization.check_actions = record
    values = json.loads(take_snapshot(connect_without_file(), ACCESS).to_json())
    authorization.check_actions = check
    object.__setattr__(world().seed, "evaluate_policies", False)
    user.policies, user.managed_policies = earlier, managed
    actions = sorted(action for statement in printed["Statement"] for action in statement["Action"])
    snapshots = {"full": {**full, "taken_at": ""}, "snapshot": {**values, "taken_at": ""}}
    return {**snapshots, "used": sorted(used), "printed": actions}


def _take_denied(folder: Path) -> dict[str, Any]:
    """Return a snapshot taken where AWS refuses some reads, and the role of member accounts."""
    from orgkit.adoption.reading import connect_without_file
    from orgkit.rehearsal.snapshot_aws import take_snapshot

    deny_reads(folder)
    values: dict[str, Any] = json.loads(take_snapshot(connect_without_file(), "nobody-has-it").to_json())
    return values


def _more(builder: Any, name: str) -> None:
    """Settings of the log bucket that the scripts do not have."""
    if name != "small":
        return
    s3 = builder.in_account(_account_of(builder, "Log Archive"), "s3")
    s3.put_bucket_versioning(Bucket="corp-logs", VersioningConfiguration={"Status": "Enabled"})
    rule = {
        "ID": "old", "Status": "Enabled",
        "Filter": {"And": {"Prefix": "AWSLogs/", "Tags": [{"Key": "a", "Value": "b"}]}},
        "Transitions": [{"Days": 90, "StorageClass": "GLACIER_IR"}], "Expiration": {"Days": 400},
        "NoncurrentVersionExpiration": {"NoncurrentDays": 30, "NewerNoncurrentVersions": 3},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
    }  # fmt: skip
    s3.put_bucket_lifecycle_configuration(Bucket="corp-logs", LifecycleConfiguration={"Rules": [rule]})
    account = _account_of(builder, "Log Archive")
    _encrypt(builder.in_account(account, "kms"), account, builder.client("cloudtrail"), "main")


def _encrypt(kms: Any, account: str, cloudtrail: Any, trail: str) -> None:
    """Let a trail use a key of the account."""
    service, root = {"Service": "cloudtrail.amazonaws.com"}, {"AWS": f"arn:aws:iam::{account}:root"}
    statements = [{"Effect": "Allow", "Principal": one, "Action": "kms:*", "Resource": "*"} for one in (service, root)]
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    key = kms.create_key(Policy=document, Description="logs")["KeyMetadata"]
    kms.enable_key_rotation(KeyId=key["KeyId"])
    cloudtrail.update_trail(Name=trail, KmsKeyId=key["Arn"])


def _account_of(builder: Any, name: str) -> str:
    pages = builder.organizations.get_paginator("list_accounts").paginate()
    return next(str(item["Id"]) for page in pages for item in page["Accounts"] if item["Name"] == name)


def _begin_from(snapshot: Any, folder: Path) -> None:
    """Begin the same sandbox anew from the snapshot; its keys stay those of the folder."""
    from dataclasses import asdict, replace

    from orgkit.sandbox import profiles, seeding

    own_seed = replace(seed(), snapshot=snapshot.to_json())
    given = [asdict(each) for each in profiles.credentials(own_seed, folder)]
    seeding.begin({"seed": json.loads(own_seed.to_json()), "credentials": given}, real_time=False)


def answers(builder: Any) -> dict[str, Any]:
    """Return what AWS answers to read operations, by operation and by what it was asked about."""
    found: dict[str, Any] = {}
    for service, operation, subject, answer in _asked(builder):
        found.setdefault(f"{service}.{operation}", {})[subject] = _comparable(answer)
    return found


def _asked(builder: Any) -> Iterator[tuple[str, str, str, Any]]:
    organizations, root = builder.organizations, builder.root
    yield "organizations", "describe_organization", "", organizations.describe_organization()
    yield "organizations", "describe_resource_policy", "", _ask(organizations, "describe_resource_policy")
    for operation in (
        "list_roots", "list_accounts", "list_aws_service_access_for_organization", "list_delegated_administrators",
        "list_handshakes_for_organization",
    ):  # fmt: skip
        yield "organizations", operation, "", _all(organizations, operation)
    accounts = _all(organizations, "list_accounts")["Accounts"]
    units = list(_units(organizations, root))
    policies = list(_policies(organizations, root))
    for account in accounts:
        yield from _about_account(organizations, account["Id"])
    for parent in (root, *units):
        yield from _about_parent(organizations, parent)
    for unit in units:
        answer = organizations.describe_organizational_unit(OrganizationalUnitId=unit)
        yield "organizations", "describe_organizational_unit", unit, answer
    targets = (root, *units, *(account["Id"] for account in accounts))
    yield from _about_policies(organizations, policies, targets)
    own = [policy for _, policy in policies if not policy.endswith("AWSAccess")]
    for resource in (*own, *targets):
        tags = _all(organizations, "list_tags_for_resource", ResourceId=resource)
        yield "organizations", "list_tags_for_resource", resource, tags
    for handshake in _all(organizations, "list_handshakes_for_organization")["Handshakes"]:
        identifier = handshake["Id"]
        answer = organizations.describe_handshake(HandshakeId=identifier)
        yield "organizations", "describe_handshake", identifier, answer
    yield from _about_trails(builder)


def _about_parent(organizations: Any, parent: str) -> Iterator[tuple[str, str, str, Any]]:
    for operation in ("list_organizational_units_for_parent", "list_accounts_for_parent"):
        yield "organizations", operation, parent, _all(organizations, operation, ParentId=parent)
    for kind in ("ACCOUNT", "ORGANIZATIONAL_UNIT"):
        children = _all(organizations, "list_children", ParentId=parent, ChildType=kind)
        yield "organizations", "list_children", f"{parent} {kind}", children


def _about_policies(
    organizations: Any, policies: list[tuple[str, str]], targets: tuple[str, ...]
) -> Iterator[tuple[str, str, str, Any]]:
    for _, policy in policies:
        yield "organizations", "describe_policy", policy, organizations.describe_policy(PolicyId=policy)
        found = _all(organizations, "list_targets_for_policy", PolicyId=policy)
        yield "organizations", "list_targets_for_policy", policy, found
    for kind in sorted({kind for kind, _ in policies}):
        yield "organizations", "list_policies", kind, _all(organizations, "list_policies", Filter=kind)
        for target in targets:
            found = _all(organizations, "list_policies_for_target", TargetId=target, Filter=kind)
            yield "organizations", "list_policies_for_target", f"{target} {kind}", found


def _about_account(organizations: Any, account: str) -> Iterator[tuple[str, str, str, Any]]:
    yield "organizations", "describe_account", account, organizations.describe_account(AccountId=account)
    yield "organizations", "list_parents", account, _all(organizations, "list_parents", ChildId=account)
    services = _ask(organizations, "list_delegated_services_for_account", AccountId=account)
    yield "organizations", "list_delegated_services_for_account", account, services


def _about_trails(builder: Any) -> Iterator[tuple[str, str, str, Any]]:
    cloudtrail = builder.client("cloudtrail")
    described = cloudtrail.describe_trails()
    yield "cloudtrail", "describe_trails", "", described
    yield "cloudtrail", "list_trails", "", cloudtrail.list_trails()
    for trail in described["trailList"]:
        arn = trail["TrailARN"]
        yield "cloudtrail", "get_trail", arn, cloudtrail.get_trail(Name=arn)
        yield "cloudtrail", "get_trail_status", arn, cloudtrail.get_trail_status(Name=arn)
        yield "cloudtrail", "get_event_selectors", arn, cloudtrail.get_event_selectors(TrailName=arn)
        yield "cloudtrail", "list_tags", arn, cloudtrail.list_tags(ResourceIdList=[arn])
        owner = _account_of(builder, "Log Archive" if trail["S3BucketName"] == "corp-logs" else "Audit")
        if "KmsKeyId" in trail:
            kms = builder.in_account(owner, "kms")
            for operation in ("describe_key", "get_key_policy", "get_key_rotation_status"):
                yield "kms", operation, arn, _ask(kms, operation, KeyId=trail["KmsKeyId"])
        s3 = builder.in_account(owner, "s3")
        for operation in BUCKET_GETS:
            yield "s3", operation, trail["S3BucketName"], _ask(s3, operation, Bucket=trail["S3BucketName"])


def _ask(client: Any, operation: str, **parameters: Any) -> Any:
    """Return the answer, or the code of the error: what is not set is an error of S3."""
    from botocore.exceptions import ClientError

    try:
        return getattr(client, operation)(**parameters)
    except ClientError as error:
        return {"error": error.response["Error"]["Code"]}


def _all(client: Any, operation: str, **parameters: Any) -> dict[str, Any]:
    """Return all pages as one answer."""
    answer: dict[str, Any] = client.get_paginator(operation).paginate(**parameters).build_full_result()
    return answer


def _units(organizations: Any, parent: str) -> Iterator[str]:
    found = _all(organizations, "list_organizational_units_for_parent", ParentId=parent)
    for unit in found["OrganizationalUnits"]:
        yield unit["Id"]
        yield from _units(organizations, unit["Id"])


def _policies(organizations: Any, root: str) -> Iterator[tuple[str, str]]:
    (described,) = organizations.list_roots()["Roots"]
    for kind in sorted(item["Type"] for item in described["PolicyTypes"]):
        for policy in _all(organizations, "list_policies", Filter=kind)["Policies"]:
            yield kind, policy["Id"]


def _comparable(value: Any) -> Any:
    """Return an answer as JSON has it; AWS promises no order of the items of a list."""
    if isinstance(value, dict):
        return {name: _comparable(item) for name, item in value.items() if name not in VOLATILE}
    if isinstance(value, list):
        return sorted((_comparable(item) for item in value), key=lambda item: json.dumps(item, sort_keys=True))
    return value if isinstance(value, str | int | float | bool | None) else str(value)


if __name__ == "__main__":
    sys.exit(run_in_forks(main, sys.argv[1:]))
