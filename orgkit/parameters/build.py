"""From valid sections to Desired: defaults that depend on other keys, tags, and one order whatever the file's."""

from collections.abc import Mapping

from orgkit.model import desired
from orgkit.parameters import schema
from orgkit.parameters.buckets import default_bucket, default_records_bucket
from orgkit.parameters.keys import pem_of
from orgkit.parameters.places import Place
from orgkit.parameters.raw import unit_paths
from orgkit.parameters.tags import account_tags, trail_tags, unit_tags


def build(file: schema.File, sha256: str, pems: Mapping[Place, str] = {}) -> desired.Desired:
    """The whole file as frozen values; `pems` holds the public keys that it names, by their place."""
    common = file.organization.tags
    return desired.Desired(
        organization=_organization(file.organization),
        units=_units(file, common),
        accounts=tuple(_account(key, spec, common) for key, spec in sorted(file.accounts.items())),
        imports=tuple(_import(key, spec, common) for key, spec in sorted(file.imports.items())),
        trail=_trail(file.trail, file.organization),
        costs=_costs(file.costs),
        billing=_billing(file.billing),
        approval=_approval(file.approval, pems),
        records=_records(file.records, pems),
        sha256=sha256,
    )


def _organization(spec: schema.Organization) -> desired.OrganizationSpec:
    return desired.OrganizationSpec(
        management_account_id=spec.management_account_id,
        email=spec.email,
        name=spec.name,
        organization_id=spec.organization_id,
        home_region=spec.home_region,
        trusted_access=tuple(sorted(spec.trusted_access)),
        policy_types=tuple(sorted(spec.policy_types)),
        centralized_root_access=spec.centralized_root_access,
        email_convention=spec.email_convention,
        tags=tuple(sorted(spec.tags.items())),
        approval_hours=spec.approval_hours,
        long_lived_keys=spec.long_lived_keys,
        attestations=_attestations(spec.attestations),
    )


def _attestations(spec: schema.Attestations) -> tuple[desired.Attestation, ...]:
    stated = ((item, getattr(spec, item)) for item in sorted(schema.Attestations.model_fields))
    return tuple(desired.Attestation(item, by=it.by, on=it.on.isoformat()) for item, it in stated if it is not None)


def _units(file: schema.File, common: schema.Tags) -> tuple[desired.UnitSpec, ...]:
    paths = sorted(unit_paths(file.units), key=lambda path: path.split("/"))
    own = {path: unit.tags for path, unit in file.units.items()}
    return tuple(desired.UnitSpec(path, unit_tags(path, common, own.get(path, {}))) for path in paths)


def _account(key: str, spec: schema.Account, common: schema.Tags) -> desired.AccountSpec:
    name = spec.name or key
    return desired.AccountSpec(
        key=key,
        name=name,
        email=spec.email,
        unit=spec.unit,
        role_name=spec.role_name,
        iam_access_to_billing=spec.iam_access_to_billing,
        tags=account_tags(key, name, common, spec.tags),
        id=spec.id,
    )


def _import(key: str, spec: schema.Import, common: schema.Tags) -> desired.ImportSpec:
    name = spec.name or key
    return desired.ImportSpec(
        key=key,
        id=spec.id,
        name=name,
        email=spec.email,
        unit=spec.unit,
        role_name=spec.role_name,
        profile=spec.profile,
        leaves_other_organization=spec.leaves_other_organization,
        tags=account_tags(key, name, common, spec.tags),
    )


def _trail(spec: schema.Trail, organization: schema.Organization) -> desired.TrailSpec:
    lock = spec.object_lock
    return desired.TrailSpec(
        name=spec.name,
        log_archive_account=spec.log_archive_account,
        bucket=spec.bucket or default_bucket(spec.name, organization.management_account_id),
        records_bucket=spec.records_bucket or default_records_bucket(organization.management_account_id),
        region=spec.region or organization.home_region,
        kms_key=spec.kms_key,
        transition_days=spec.transition_days,
        expire_days=spec.expire_days,
        noncurrent_days=spec.noncurrent_days,
        object_lock=desired.ObjectLockSpec(lock.mode, lock.days) if lock else None,
        tags=trail_tags(organization.tags, spec.tags),
    )


def _costs(spec: schema.Costs) -> desired.CostsSpec:
    ranges = sorted(spec.assumptions.items())
    stated = tuple((name, (given.low, given.expected, given.high)) for name, given in ranges)
    return desired.CostsSpec(stated, spec.free_tier, spec.config_recording)


def _billing(spec: schema.Billing) -> desired.BillingSpec:
    alerts, tags = tuple(dict.fromkeys(spec.alerts)), tuple(dict.fromkeys(spec.cost_allocation_tags))
    return desired.BillingSpec(spec.source, spec.place, spec.table, spec.output, alerts, tags)


def _approval(spec: schema.Approval, pems: Mapping[Place, str]) -> desired.ApprovalSpec:
    stated = sorted(spec.approvers.items())
    approvers = tuple(desired.ApproverSpec(name, pem_of(pems, name), tuple(given.arn or ())) for name, given in stated)
    return desired.ApprovalSpec(approvers, spec.four_eyes)


def _records(spec: schema.Records, pems: Mapping[Place, str]) -> desired.RecordsSpec:
    return desired.RecordsSpec(
        sign_with=spec.sign_with,
        public_key=pems.get(("records", "public_key"), ""),
        mask_emails=spec.mask_emails,
        archive=spec.archive,
    )
