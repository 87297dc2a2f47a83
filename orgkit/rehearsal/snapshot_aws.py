"""AWS calls that copy a live organization into a snapshot. All of them read."""

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from orgkit.aws.advice import remedy_for
from orgkit.aws.rejections import Rejected
from orgkit.aws.resource_policy import read_resource_policy
from orgkit.aws.session import Connection
from orgkit.aws.tags import read_tags, read_tags_of
from orgkit.errors import CouldNotRead
from orgkit.model.desired import Desired
from orgkit.phases.organization.aws import read_organization
from orgkit.phases.organizational_units.aws import read_units
from orgkit.phases.policies.aws import policy_summaries
from orgkit.rehearsal.snapshot_logs_aws import (
    Members,
    alias_of,
    bucket_names,
    read_buckets,
    read_keys,
    read_trails,
    role_names,
)
from orgkit.rehearsal.snapshot_reading import Reading
from orgkit.sandbox.snapshot import (
    DelegatedAdministrator,
    NotCopied,
    Snapshot,
    SnapshotAccount,
    SnapshotHandshake,
    SnapshotOrganization,
    SnapshotPolicy,
    SnapshotUnit,
    TrustedService,
)

NEVER_COPIED = tuple(
    NotCopied(subject=subject, reason=reason, is_general=True)
    for subject, reason in (
        ("IAM users, roles and policies", "accounts have orgkit's read role and the access role, and nothing else"),
        ("keys of KMS that are not those of trails", "a step that needs one fails in the sandbox"),
        ("budgets, anomaly monitors and bills", "the sandbox begins without them"),
        ("access control lists and server access logs of buckets", "the sandbox has those of a new bucket"),
        ("contacts of accounts", "the sandbox has its own"),
        ("workloads, and trails and buckets of other purposes", "the sandbox begins without them"),
        ("policies of types that are not enabled", "they are attached to nothing"),
        ("quotas", "the sandbox has those of the rehearsal"),
    )
)


def take_snapshot(aws: Connection, read_role: str, desired: Desired | None = None) -> Snapshot:
    """Copy the organization of the caller's account.

    Args:
        aws: A connection as the management account.
        read_role: A role in member accounts, by which orgkit's roles and the buckets of trails are read.
        desired: The parameters file, which names roles and buckets; without it, only those of trails are looked for.

    Returns:
        The snapshot; what AWS does not let us read is in its `not_read`.

    Raises:
        CouldNotRead: There is no organization, or its units and accounts cannot be seen.
    """
    reading = Reading(aws)
    try:
        organization = read_organization(aws)
        if organization is None:
            raise CouldNotRead(
                f"account {aws.caller().account} is in no organization, so there is nothing to copy.",
                "rehearse without --like-live.",
            )
        units = _units(reading, organization.root_id)
        accounts = _accounts(reading, organization.root_id, units)
        members = Members(reading, read_role)
        accounts = members.with_roles(accounts, role_names(desired))
    except Rejected as rejection:
        raise CouldNotRead(f"{rejection}.", remedy_for(rejection)) from None
    enabled = tuple(kind for kind, status in organization.policy_types if status == "ENABLED")
    features = organization.root_features if isinstance(organization.root_features, tuple) else ()
    if features is not organization.root_features:
        reason = str(organization.root_features)
        reading.not_read.append(NotCopied(subject="centralized root access", reason=reason))
    has_features = organization.feature_set == "ALL"
    trails = read_trails(reading)
    return Snapshot(
        schema=1,
        taken_at=aws.clock.now(),
        organization=SnapshotOrganization(
            id=organization.id, root_id=organization.root_id,
            feature_set="ALL" if has_features else "CONSOLIDATED_BILLING",
            management_account_id=organization.management_account_id, management_email=organization.management_email,
            root_tags=reading.attempt("tags of the root", lambda: _pairs(aws, organization.root_id), {}),
            policy_types=enabled, root_features=features,
            resource_policy=reading.attempt("the resource policy", lambda: read_resource_policy(aws), ""),
        ),
        trusted_services=reading.attempt("trusted services", lambda: _services(aws), ()) if has_features else (),
        delegated_administrators=_delegated(reading) if has_features else (),
        units=units,
        accounts=accounts,
        handshakes=reading.attempt("handshakes", lambda: _handshakes(aws), ()),
        policies=tuple(policy for kind in enabled for policy in _policies(reading, kind)),
        trails=trails,
        buckets=tuple(read_buckets(members, trails, accounts, bucket_names(desired, accounts))),
        keys=tuple(read_keys(members, trails, alias_of(desired, accounts))),
        not_read=(*reading.not_read, *NEVER_COPIED),
    )  # fmt: skip


def _pairs(aws: Connection, resource_id: str) -> dict[str, str]:
    return dict(read_tags_of(aws, resource_id))


def _units(reading: Reading, root_id: str) -> tuple[SnapshotUnit, ...]:
    """Return the units from the top down, each with its tags."""
    units = read_units(reading.aws, root_id)
    ids = {(): root_id, **{unit.path: unit.id for unit in units}}
    tags = _tags(reading, [unit.id for unit in units], "unit")
    ordered = sorted(units, key=lambda unit: (len(unit.path), unit.path))
    return tuple(
        SnapshotUnit(id=unit.id, parent_id=ids[unit.path[:-1]], name=unit.path[-1], tags=tags[unit.id])
        for unit in ordered
    )


def _tags(reading: Reading, ids: list[str], kind: str) -> dict[str, dict[str, str]]:
    """Return the tags of each id: in bulk, and one by one where that is not possible."""
    known = read_tags(reading.aws)
    if known is not None:
        return {item: dict(known.get(item, ())) for item in ids}

    def read_one(item: str) -> dict[str, str]:
        return reading.attempt(f"tags of {kind} {item}", lambda: _pairs(reading.aws, item), {})

    return dict(zip(ids, reading.map(read_one, ids), strict=True))


def _accounts(reading: Reading, root_id: str, units: Iterable[SnapshotUnit]) -> tuple[SnapshotAccount, ...]:
    """Return the accounts of every parent, the management account first."""
    parents = [root_id, *(unit.id for unit in units)]
    pages = reading.map(partial(_accounts_of, reading.aws), parents)
    items = [(parent, item) for parent, page in zip(parents, pages, strict=True) for item in page]
    tags = _tags(reading, [str(item["Id"]) for _, item in items], "account")
    return tuple(
        SnapshotAccount(
            id=str(item["Id"]), parent_id=parent, name=str(item["Name"]), email=str(item.get("Email", "")),
            state=str(item.get("State", "UNKNOWN")), joined_method=str(item.get("JoinedMethod", "UNKNOWN")),
            joined_at=item["JoinedTimestamp"], tags=tags[str(item["Id"])],
        )
        for parent, item in items
    )  # fmt: skip


def _accounts_of(aws: Connection, parent: str) -> list[dict[str, Any]]:
    return list(aws.pages("organizations", "ListAccountsForParent", "Accounts", ParentId=parent))


def _services(aws: Connection) -> tuple[TrustedService, ...]:
    pages = aws.pages("organizations", "ListAWSServiceAccessForOrganization", "EnabledServicePrincipals")
    return tuple(
        TrustedService(principal=str(item["ServicePrincipal"]), enabled_at=item.get("DateEnabled")) for item in pages
    )


def _delegated(reading: Reading) -> tuple[DelegatedAdministrator, ...]:
    def read() -> tuple[DelegatedAdministrator, ...]:
        pages = reading.aws.pages("organizations", "ListDelegatedAdministrators", "DelegatedAdministrators")
        return tuple(
            DelegatedAdministrator(
                account_id=str(item["Id"]),
                enabled_at=item.get("DelegationEnabledDate"),
                services=_delegated_services(reading.aws, str(item["Id"])),
            )
            for item in pages
        )

    return reading.attempt("delegated administrators", read, ())


def _delegated_services(aws: Connection, account: str) -> dict[str, Any]:
    pages = aws.pages("organizations", "ListDelegatedServicesForAccount", "DelegatedServices", AccountId=account)
    return {str(item["ServicePrincipal"]): item.get("DelegationEnabledDate") for item in pages}


def _handshakes(aws: Connection) -> tuple[SnapshotHandshake, ...]:
    return tuple(map(_handshake, aws.pages("organizations", "ListHandshakesForOrganization", "Handshakes")))


def _handshake(item: Mapping[str, Any]) -> SnapshotHandshake:
    parties = [party for party in item.get("Parties", []) if party["Type"] != "ORGANIZATION"]
    resources = {part["Type"]: str(part.get("Value", "")) for part in item.get("Resources", [])}
    parent = resources.get("PARENT_HANDSHAKE", "")
    return SnapshotHandshake(
        id=str(item["Id"]), action=str(item["Action"]), state=str(item["State"]),
        requested_at=item["RequestedTimestamp"], expires_at=item["ExpirationTimestamp"],
        party_type=str(parties[0]["Type"]) if parties else "", party_id=str(parties[0]["Id"]) if parties else "",
        notes=resources.get("NOTES", ""), parent=f"h-{parent}" if parent else "",
    )  # fmt: skip


def _policies(reading: Reading, kind: str) -> Iterator[SnapshotPolicy]:
    """Yield the policies of a type; one that cannot be read hides no other."""
    summaries = reading.attempt(
        f"policies of type {kind}", lambda: list(policy_summaries(reading.aws, kind)), list[dict[str, Any]]()
    )

    def read_one(item: dict[str, Any]) -> SnapshotPolicy | None:
        return reading.attempt(f"policy {item['Name']} ({kind})", lambda: _policy(reading.aws, item), None)

    yield from (policy for policy in reading.map(read_one, summaries) if policy is not None)


def _policy(aws: Connection, item: dict[str, Any]) -> SnapshotPolicy:
    policy_id, is_of_aws = str(item["Id"]), bool(item.get("AwsManaged"))
    pages = aws.pages("organizations", "ListTargetsForPolicy", "Targets", PolicyId=policy_id)
    return SnapshotPolicy(
        id=policy_id, name=str(item["Name"]), type=str(item["Type"]), is_of_aws=is_of_aws,
        description=str(item.get("Description") or ""),
        targets=tuple(sorted(str(target["TargetId"]) for target in pages)),
        content=str(aws.read("organizations", "DescribePolicy", PolicyId=policy_id)["Policy"]["Content"]),
        tags={} if is_of_aws else _pairs(aws, policy_id),
    )  # fmt: skip
