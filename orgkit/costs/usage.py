"""How much an organization uses in a month: thing by thing, so that a plan's steps can be counted one by one."""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal

from orgkit.costs.charge import Usage
from orgkit.model.costs import SCENARIOS, Amounts, assumed
from orgkit.model.desired import Desired

MANAGEMENT = "management account"  # its key; no key of a parameters file has a space
CONFIG = "config.amazonaws.com"

HOURS = 730  # in a month, as AWS's price pages count
LOG_FILES = 12 * HOURS  # a log file about every five minutes, per account and active region
DIGEST_FILES = HOURS  # a digest file every hour, per account and enabled region, also when nothing happened

NONE = (Decimal(0), Decimal(0), Decimal(0))
# What AWS Config does not charge, by how it records.
NOT_RECORDED = {"continuous": "config_changed_resource_days", "daily": "config_items_per_account"}
# What AWS Config charges for each resource that it finds when it is switched on.
INVENTORY = {"continuous": "config.ci.continuous", "daily": "config.ci.periodic"}
PLAN_READS = 3  # of the state bucket: head and get the state, get its lock
# The rules by which accounts come to their charges, as the table tells them.
OWN = "the account that uses it"
SHARED = "pooled over all accounts, handed back in proportion to usage"
LOG_ARCHIVE = "the log archive account owns the log bucket"
KEY_OWNER = "the log archive account owns the trail's KMS key"
MANAGEMENT_PAYS = "the management account makes the requests"
ZONE_OWNER = "the account whose key names dns owns the hosted zones"
ANY_IMPORT = "which imported account has a trail is not known: in equal parts"
NOBODY_YET = "owner not known: counted at the management account"

Volumes = Mapping[str, Decimal]  # assumption → its amount in one scenario


def stated(desired: Desired) -> dict[str, Amounts]:
    """Every assumption as it counts for this file: what is not recorded counts as nothing."""
    amounts = assumed(desired.costs)
    if CONFIG not in desired.organization.trusted_access and "recorded_regions" not in dict(desired.costs.assumptions):
        amounts["recorded_regions"] = NONE
    amounts[NOT_RECORDED[desired.costs.config_recording]] = NONE
    return amounts


def volumes(desired: Desired) -> dict[str, Volumes]:
    """Scenario → assumption → amount; AWS Config counts only where the file asks for it, or states its regions."""
    amounts = stated(desired)
    return {scenario: {name: amounts[name][i] for name in amounts} for i, scenario in enumerate(SCENARIOS)}


def of_everything(desired: Desired, v: Volumes) -> list[Usage]:
    """The whole file applied, and what is assumed to be switched on later."""
    keys = [MANAGEMENT, *(member.key for member in desired.members)]
    usages = [usage for key in keys for usage in of_account(key, v)]
    if desired.members:  # without a log archive account there is no trail
        usages += [usage for key in keys for usage in of_logging(desired, key, v)] + of_key(desired, v)
    return usages + of_organization(desired, v)


def of_account(key: str, v: Volumes) -> list[Usage]:
    """What comes with an account: nothing but what AWS Config records in it, once somebody switches that on."""
    regions = v["recorded_regions"]
    items, evaluations = v["config_items_per_account"], v["config_evaluations_per_account"]
    days = v["config_changed_resource_days"]
    told = f"recorded_regions {regions} x config_items_per_account {items}"
    daily = f"recorded_regions {regions} x config_changed_resource_days {days}"
    rules = f"recorded_regions {regions} x config_evaluations_per_account {evaluations}"
    recorded = [
        Usage(key, "config.ci.continuous", regions * items, "AWS Config items", told, OWN, False),
        Usage(key, "config.eval.rule", regions * evaluations, "AWS Config evaluations", rules, SHARED, False, regions),
    ]
    if days:
        recorded.append(Usage(key, "config.ci.periodic", regions * days, "AWS Config items, daily", daily, OWN, False))
    return recorded


def of_logging(desired: Desired, key: str, v: Volumes) -> list[Usage]:
    """What one account adds to the organization trail: events, and files that the log archive account stores."""
    archive, events = desired.trail.log_archive_account, v["trail_events_per_account"]
    active, enabled, stored = v["trail_active_regions"], v["enabled_regions"], v["trail_gb_per_account"]
    told = f"trail_events_per_account {events}"
    logs = f"trail_active_regions {active} x {LOG_FILES} log files, for {key}"
    digests = f"enabled_regions {enabled} x {DIGEST_FILES} digest files, for {key}"
    kept = f"trail_gb_per_account {stored}, for {key}"
    return [
        Usage(key, "cloudtrail.mgmt.first_copy", events, "trail events, first copy", told, OWN, True),
        *_second_copy(desired, key, v),
        Usage(archive, "s3.requests.tier1", active * LOG_FILES, "trail log files", logs, LOG_ARCHIVE, True),
        Usage(archive, "s3.requests.tier1", enabled * DIGEST_FILES, "trail digest files", digests, LOG_ARCHIVE, True),
        Usage(archive, "s3.storage.standard", stored, "trail storage", kept, LOG_ARCHIVE, True),
    ]


def of_key(desired: Desired, v: Volumes) -> list[Usage]:
    """The trail's KMS key, where the file asks for one; CloudTrail's own use of it is not charged."""
    if not desired.trail.kms_key:
        return []
    archive, reads = desired.trail.log_archive_account, v["kms_requests"]
    told = f"kms_requests {reads}"
    return [
        Usage(archive, "kms.key", Decimal(1), "trail KMS key", "trail.kms_key is asked for", KEY_OWNER, True),
        Usage(archive, "kms.request", reads, "reading encrypted logs", told, KEY_OWNER, True),
    ]


def of_organization(desired: Desired, v: Volumes) -> list[Usage]:
    """What no phase makes and most organizations have soon: zones, keys, and the reading of actual costs."""
    keys, asked, logs = v["kms_keys"], v["cost_explorer_requests"], v["cloudwatch_logs_gb"]
    told = f"cost_explorer_requests {asked}"
    return [
        *_of_zones(desired, v),
        *_of_state(v),
        Usage(MANAGEMENT, "kms.key", keys, "further KMS keys", f"kms_keys {keys}", NOBODY_YET, False),
        Usage(MANAGEMENT, "cwl.ingest.standard", logs, "logs", f"cloudwatch_logs_gb {logs}", NOBODY_YET, False),
        Usage(MANAGEMENT, "ce.request", asked, "reading actual costs", told, MANAGEMENT_PAYS, False),
    ]


def _of_zones(desired: Desired, v: Volumes) -> Iterator[Usage]:
    zones, queries, owner = v["hosted_zones"], v["dns_queries"], zone_owner(desired)
    rule = NOBODY_YET if owner == MANAGEMENT else ZONE_OWNER
    yield Usage(owner, "r53.zone", zones, "hosted zones", f"hosted_zones {zones}", rule, False)
    yield Usage(owner, "r53.query.standard", queries, "DNS queries", f"dns_queries {queries}", rule, False)


def _of_state(v: Volumes) -> Iterator[Usage]:
    """A plan writes its lock, an apply the state as well; each reads three times. Deleting a lock is free."""
    # Counted in OpenTofu's source at f831fa1aa (2026-08-22), with use_lockfile.
    plans, applies = v["plans_per_month"], v["applies_per_month"]
    told = f"plans_per_month {plans}, applies_per_month {applies}"
    writes, reads = plans + 2 * applies, PLAN_READS * (plans + applies)
    yield Usage(MANAGEMENT, "s3.requests.tier1", writes, "writes of IaC state", told, NOBODY_YET, False)
    yield Usage(MANAGEMENT, "s3.requests.tier2", reads, "reads of IaC state", told, NOBODY_YET, False)


def zone_owner(desired: Desired) -> str:
    """The key of the account for DNS, if one is called so; else the management account."""
    named = [member.key for member in desired.members if "dns" in re.split(r"[^a-z0-9]+", member.key.lower())]
    return min(named, default=MANAGEMENT)


def _second_copy(desired: Desired, key: str, v: Volumes) -> Iterator[Usage]:
    """Events are free once: where an account keeps a trail of its own, the organization trail is the second copy."""
    imported = [spec.key for spec in desired.imports]
    if key in imported:
        events = v["trail_events_per_account"]
        copies = min(v["second_trail_copies"], Decimal(len(imported)))
        told = f"second_trail_copies {copies} of {len(imported)} imports x trail_events_per_account {events}"
        quantity = copies * events / len(imported)
        yield Usage(key, "cloudtrail.mgmt.extra_copy", quantity, "trail events, second copy", told, ANY_IMPORT, True)
