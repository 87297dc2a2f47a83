"""The assumptions that an estimate rests on: what each means, its defaults, and where they come from."""

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType

from orgkit.dataclass import dataclass

SCENARIOS = ("low", "expected", "high")  # joint: everything low, everything as expected, everything high

Amounts = tuple[Decimal, Decimal, Decimal]  # one for each scenario


@dataclass(frozen=True)
class CostsSpec:
    """`[costs]`: the assumptions of an estimate; each is (low, expected, high)."""

    assumptions: tuple[tuple[str, tuple[Decimal, Decimal, Decimal]], ...] = ()
    free_tier: str = "none"  # the programme of the management account: see orgkit.costs.prices.prices.PROGRAMMES
    config_recording: str = "continuous"  # or "daily"


@dataclass(frozen=True)
class Assumption:
    """One number that is not known before the organization is in use, as a range; `[costs]` of the file replaces it."""

    name: str
    low: Decimal
    expected: Decimal
    high: Decimal
    unit: str
    meaning: str
    source: str

    @property
    def amounts(self) -> Amounts:
        return (self.low, self.expected, self.high)


def _assume(name: str, low: str, expected: str, high: str, unit: str, meaning: str, source: str) -> Assumption:
    return Assumption(name, Decimal(low), Decimal(expected), Decimal(high), unit, meaning, source)


_QUIET_MODEL = "own model of a quiet account, not measured"

_ASSUMPTION_LIST = (
    _assume(
        "recorded_regions", "1", "1", "1", "regions",
        "regions in which AWS Config records, in every account; orgkit switches on its trusted access, no recorder. "
        "Counted as 0 where the file does not ask for config.amazonaws.com",
        "own model: one home region",
    ),
    _assume(
        "config_items_per_account", "100", "500", "3000", "configuration items a month",
        "changes that AWS Config records, per account and recorded region",
        f"{_QUIET_MODEL}; the price is per item (AWS Config pricing page), there is no fee per account",
    ),
    _assume(
        "config_changed_resource_days", "50", "200", "900", "resource-days a month",
        "resources that changed on a day, summed over the days, per account and recorded region: what is charged "
        'with config_recording = "daily", in place of every change',
        f"{_QUIET_MODEL}; daily recording is charged once per changed resource and day (AWS Config pricing page)",
    ),
    _assume(
        "config_resources_per_account", "30", "60", "500", "resources",
        "resources that AWS Config finds when it is switched on, per account and recorded region: recorded once, and "
        "shown as a one-time cost",
        f"{_QUIET_MODEL}: a default VPC, roles and policies",
    ),
    _assume(
        "config_evaluations_per_account", "30", "300", "2000", "rule evaluations a month",
        "evaluations by AWS Config rules, per account and recorded region",
        _QUIET_MODEL,
    ),
    _assume(
        "trail_active_regions", "0.4", "1", "17", "regions",
        "regions in which something happens all the time, per account: each gets a log file about every five minutes",
        f"{_QUIET_MODEL}; the five minutes: AWS CloudTrail user guide",
    ),
    _assume(
        "enabled_regions", "17", "17", "17", "regions",
        "regions enabled per account: each gets an hourly digest file, even when nothing happens there",
        "AWS account management guide: 17 regions are enabled by default; AWS CloudTrail user guide: digest files",
    ),
    _assume(
        "trail_gb_per_account", "0.01", "0.1", "10", "GB",
        "compressed log and digest files kept in the log bucket, per account",
        f"{_QUIET_MODEL}; AWS CloudTrail pricing page: storage is under 3 USD a month for most accounts",
    ),
    _assume(
        "trail_events_per_account", "10000", "50000", "500000", "management events a month",
        "API calls that the trail records, per account; charged only in a second copy",
        f"{_QUIET_MODEL}; the first copy is free (AWS CloudTrail pricing page)",
    ),
    _assume(
        "second_trail_copies", "0", "0", "1", "accounts",
        "imported accounts that keep a trail of their own, which makes the organization trail a paid second copy there",
        "own model; 04-imports reports which accounts have one",
    ),
    _assume(
        "hosted_zones", "2", "2", "4", "zones",
        "public hosted zones of Route 53 in the whole organization",
        "own model: a domain and one subdomain",
    ),
    _assume(
        "dns_queries", "0", "0", "1000000", "queries a month",
        "DNS queries that the hosted zones answer; those for aliases of AWS resources are free",
        "own model: not counted before there is traffic",
    ),
    _assume(
        "cloudwatch_logs_gb", "0", "0", "2", "GB a month",
        "logs written to CloudWatch Logs in the whole organization, all in one account",
        "own model; the first 5 GB are always free, once per payer (Amazon CloudWatch pricing page)",
    ),
    _assume(
        "plans_per_month", "20", "100", "2000", "plans a month",
        "Terraform or OpenTofu plans with the state and its lock file in S3",
        "own model: by hand, a small team, or CI on every push",
    ),
    _assume(
        "applies_per_month", "5", "20", "500", "applies a month",
        "Terraform or OpenTofu applies with the state and its lock file in S3",
        "own model: by hand, a small team, or CI on every push",
    ),
    _assume(
        "kms_keys", "0", "1", "2", "keys",
        "customer managed KMS keys in addition to the trail's own, such as the one of an IaC state bucket",
        "own model",
    ),
    _assume(
        "kms_requests", "0", "1000", "50000", "requests a month",
        "uses of the trail's KMS key by those who read encrypted logs, where the file asks for a key",
        "own model; that CloudTrail's own writing with the key is not charged: AWS KMS developer guide",
    ),
    _assume(
        "cost_explorer_requests", "10", "30", "300", "requests a month",
        "pages asked of the Cost Explorer API when actual costs are read",
        "own model: weekly, daily, or by a tool that does not cache",
    ),
    _assume(
        "credits_per_account", "0", "0", "200", "USD of credits",
        "Free Tier credits that the management account, and each account to be imported, still has and loses at once; "
        "shown as a one-time cost",
        "AWS Free Tier FAQ: 100 at sign-up and up to 100 more, for accounts opened since 15 July 2025",
    ),
)  # fmt: skip

CHOICES = ("free_tier", "config_recording")  # the keys of `[costs]` that are not assumptions
ASSUMPTIONS: Mapping[str, Assumption] = MappingProxyType(
    {assumption.name: assumption for assumption in _ASSUMPTION_LIST}
)


def read_assumptions(costs: CostsSpec) -> dict[str, Amounts]:
    """Return every assumption by name: the default, or the file's value; raise KeyError for an unknown name."""
    stated = {ASSUMPTIONS[name].name: amounts for name, amounts in costs.assumptions}
    return {name: stated.get(name, assumption.amounts) for name, assumption in ASSUMPTIONS.items()}
