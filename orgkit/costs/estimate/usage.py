"""How much an organization uses in a month, resource by resource, so that a plan's steps can be counted one by one."""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal

from orgkit.costs.estimate.assumptions import SCENARIOS, Amounts, CostsSpec, read_assumptions
from orgkit.costs.estimate.charge import Usage
from orgkit.model.desired import Desired
from orgkit.model.state_backend import StateBackendSpec

MANAGEMENT = "management account"  # its key; no key of a parameters file has a space
CONFIG = "config.amazonaws.com"

HOURS = 730  # in a month, as AWS's price pages count
LOG_FILES = 12 * HOURS  # a log file about every five minutes, per account and active region
DIGEST_FILES = HOURS  # a digest file every hour, per account and enabled region, also when nothing happened

EXTRA_COPY = "cloudtrail.mgmt.extra_copy"  # the price of management events after their first copy

NO_USAGE = (Decimal(0), Decimal(0), Decimal(0))
# What AWS Config does not charge, by how it records.
NOT_RECORDED = {"continuous": "config_changed_resource_days", "daily": "config_items_per_account"}
# What AWS Config charges for each resource that it finds when it is switched on.
INVENTORY = {"continuous": "config.ci.continuous", "daily": "config.ci.periodic"}
PLAN_READS = 3  # of the state bucket: head and get the state, get its lock
# The rules that assign charges to accounts, as the table shows them.
OWN_ALLOWANCE = "the account that uses it"
POOLED_ALLOWANCE = "pooled over all accounts, handed back in proportion to usage"
LOG_ARCHIVE = "the log archive account owns the log bucket"
KEY_OWNER = "the log archive account owns the trail's KMS key"
STATE_OWNER = "the account of [state_backend] owns the state"
MANAGEMENT_PAYS = "the management account makes the requests"
ZONE_OWNER = "the account whose key names dns owns the hosted zones"
ANY_IMPORT = "which imported account has a trail is not known: in equal parts"
UNKNOWN_OWNER = "owner not known: counted at the management account"

Volumes = Mapping[str, Decimal]  # assumption → its amount in one scenario


def stated_volumes(desired: Desired) -> dict[str, Amounts]:
    """Every assumption as it counts for this file: what is not recorded counts as nothing."""
    costs = desired.section(CostsSpec)
    amounts = read_assumptions(costs)
    if CONFIG not in desired.organization.trusted_access and "recorded_regions" not in dict(
        desired.section(CostsSpec).assumptions
    ):
        amounts["recorded_regions"] = NO_USAGE
    amounts[NOT_RECORDED[costs.config_recording]] = NO_USAGE
    return amounts


def volumes(desired: Desired) -> dict[str, Volumes]:
    """Scenario → assumption → amount; AWS Config counts only where the file asks for it, or states its regions."""
    amounts = stated_volumes(desired)
    return {scenario: {name: amounts[name][i] for name in amounts} for i, scenario in enumerate(SCENARIOS)}


def all_usage(desired: Desired, v: Volumes) -> list[Usage]:
    """Return the usage of the whole file applied, and what is assumed to be switched on later."""
    keys = [MANAGEMENT, *(member.key for member in desired.members)]
    usages = [usage for key in keys for usage in account_usage(key, v)]
    if desired.members:  # without a log archive account there is no trail
        usages += [usage for key in keys for usage in logging_usage(desired, key, v)] + key_usage(desired, v)
    return usages + organization_usage(desired, v)


def account_usage(key: str, v: Volumes) -> list[Usage]:
    """Return the usage that an account adds: only what AWS Config records in it, once someone switches that on."""
    regions = v["recorded_regions"]
    items, evaluations = v["config_items_per_account"], v["config_evaluations_per_account"]
    days = v["config_changed_resource_days"]
    formula = f"recorded_regions {regions} x config_items_per_account {items}"
    daily = f"recorded_regions {regions} x config_changed_resource_days {days}"
    rules = f"recorded_regions {regions} x config_evaluations_per_account {evaluations}"
    recorded = [
        Usage(key, "config.ci.continuous", regions * items, "AWS Config items", formula, OWN_ALLOWANCE, False),
        Usage(
            key,
            "config.eval.rule",
            regions * evaluations,
            "AWS Config evaluations",
            rules,
            POOLED_ALLOWANCE,
            False,
            regions,
        ),
    ]
    if days:
        recorded.append(
            Usage(key, "config.ci.periodic", regions * days, "AWS Config items, daily", daily, OWN_ALLOWANCE, False)
        )
    return recorded


def logging_usage(desired: Desired, key: str, v: Volumes) -> list[Usage]:
    """What one account adds to the organization trail: events, and files that the log archive account stores."""
    if not desired.trail.is_wanted:
        return []
    archive, events = desired.trail.log_archive_account, v["trail_events_per_account"]
    active, enabled, stored = v["trail_active_regions"], v["enabled_regions"], v["trail_gb_per_account"]
    formula = f"trail_events_per_account {events}"
    logs = f"trail_active_regions {active} x {LOG_FILES} log files, for {key}"
    digests = f"enabled_regions {enabled} x {DIGEST_FILES} digest files, for {key}"
    storage_formula = f"trail_gb_per_account {stored}, for {key}"
    return [
        Usage(key, "cloudtrail.mgmt.first_copy", events, "trail events, first copy", formula, OWN_ALLOWANCE, True),
        *_second_copy(desired, key, v),
        Usage(archive, "s3.requests.tier1", active * LOG_FILES, "trail log files", logs, LOG_ARCHIVE, True),
        Usage(archive, "s3.requests.tier1", enabled * DIGEST_FILES, "trail digest files", digests, LOG_ARCHIVE, True),
        Usage(archive, "s3.storage.standard", stored, "trail storage", storage_formula, LOG_ARCHIVE, True),
    ]


def second_copy_usage(key: str, v: Volumes) -> Usage:
    """The management events of one account, where another trail logs them already: AWS gives the first copy only."""
    events = v["trail_events_per_account"]
    formula = f"trail_events_per_account {events}"
    return Usage(key, EXTRA_COPY, events, "trail events, second copy", formula, OWN_ALLOWANCE, True)


def key_usage(desired: Desired, v: Volumes) -> list[Usage]:
    """The trail's KMS key, where the file asks for one; CloudTrail's own use of it is not charged."""
    if not desired.trail.kms_key:
        return []
    archive, reads = desired.trail.log_archive_account, v["kms_requests"]
    formula = f"kms_requests {reads}"
    return [
        Usage(archive, "kms.key", Decimal(1), "trail KMS key", "trail.kms_key is asked for", KEY_OWNER, True),
        Usage(archive, "kms.request", reads, "reading encrypted logs", formula, KEY_OWNER, True),
    ]


def organization_usage(desired: Desired, v: Volumes) -> list[Usage]:
    """Return the usage that most organizations soon have and no phase makes: zones, keys, reading actual costs."""
    keys, requests, logs = v["kms_keys"], v["cost_explorer_requests"], v["cloudwatch_logs_gb"]
    formula = f"cost_explorer_requests {requests}"
    return [
        *_zone_usage(desired, v),
        *state_usage(desired, v),
        Usage(MANAGEMENT, "kms.key", keys, "further KMS keys", f"kms_keys {keys}", UNKNOWN_OWNER, False),
        Usage(MANAGEMENT, "cwl.ingest.standard", logs, "logs", f"cloudwatch_logs_gb {logs}", UNKNOWN_OWNER, False),
        Usage(MANAGEMENT, "ce.request", requests, "reading actual costs", formula, MANAGEMENT_PAYS, False),
    ]


def _zone_usage(desired: Desired, v: Volumes) -> Iterator[Usage]:
    zones, queries, owner = v["hosted_zones"], v["dns_queries"], zone_owner(desired)
    rule = UNKNOWN_OWNER if owner == MANAGEMENT else ZONE_OWNER
    yield Usage(owner, "r53.zone", zones, "hosted zones", f"hosted_zones {zones}", rule, False)
    yield Usage(owner, "r53.query.standard", queries, "DNS queries", f"dns_queries {queries}", rule, False)


def state_usage(desired: Desired, v: Volumes) -> Iterator[Usage]:
    """A plan writes its lock, an apply the state as well; each reads three times. Deleting a lock is free."""
    # Counted in OpenTofu's source at f831fa1aa (2026-08-22), with use_lockfile.
    account = desired.section(StateBackendSpec).account
    owner, rule, is_made = (account, STATE_OWNER, True) if account else (MANAGEMENT, UNKNOWN_OWNER, False)
    plans, applies = v["plans_per_month"], v["applies_per_month"]
    formula = f"plans_per_month {plans}, applies_per_month {applies}"
    writes, reads = plans + 2 * applies, PLAN_READS * (plans + applies)
    yield Usage(owner, "s3.requests.tier1", writes, "writes of IaC state", formula, rule, is_made)
    yield Usage(owner, "s3.requests.tier2", reads, "reads of IaC state", formula, rule, is_made)


def zone_owner(desired: Desired) -> str:
    """The key of the account for DNS, if one is called so; else the management account."""
    candidates = [member.key for member in desired.members if "dns" in re.split(r"[^a-z0-9]+", member.key.lower())]
    return min(candidates, default=MANAGEMENT)


def _second_copy(desired: Desired, key: str, v: Volumes) -> Iterator[Usage]:
    """Events are free once: where an account keeps a trail of its own, the organization trail is the second copy."""
    imported = [spec.key for spec in desired.imports]
    if key in imported:
        events = v["trail_events_per_account"]
        copies = min(v["second_trail_copies"], Decimal(len(imported)))
        formula = f"second_trail_copies {copies} of {len(imported)} imports x trail_events_per_account {events}"
        quantity = copies * events / len(imported)
        yield Usage(key, EXTRA_COPY, quantity, "trail events, second copy", formula, ANY_IMPORT, True)
