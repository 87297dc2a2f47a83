"""AWS calls that read the quotas of Organizations, as far as an API has them."""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from orgkit.aws.rejections import Rejected
from orgkit.aws.session import HOME, Connection
from orgkit.model.inventory import Gap
from orgkit.model.observed import Observed
from orgkit.phases.account_imports.facts import ImportFacts
from orgkit.phases.account_imports.inventory import open_invitations
from orgkit.phases.policies.facts import AdoptedPolicies

SOURCE = "servicequotas:ListServiceQuotas"
ACCOUNTS, UNITS, POLICIES = "accounts", "organizational units", "policies"
# What AWS calls the quota, of which the codes differ between sources. The order is that of the rows.
NAMES = {
    ACCOUNTS: re.compile(r"maximum number of accounts", re.IGNORECASE),
    UNITS: re.compile(r"\b(OUs|organizational units) in an organization", re.IGNORECASE),
    POLICIES: re.compile(r"\bpolicies\b.* in an organization", re.IGNORECASE),
}
NOT_REPORTED = "no API reports it: see Quotas in the AWS Organizations User Guide"


@dataclass(frozen=True)
class Quota:
    """A quota of the organization, and how much of it is used; the limit is None where AWS reports none."""

    name: str
    used: int
    limit: int | None
    source: str

    @property
    def remaining(self) -> int | None:
        """How much is left; None where the limit is not known."""
        return None if self.limit is None else max(self.limit - self.used, 0)


def read_quotas(aws: Connection, observed: Observed) -> tuple[tuple[Quota, ...], tuple[Gap, ...]]:
    """Return the quotas of accounts, units and policies, and why they could not be read.

    Closed accounts and open invitations count as accounts, as AWS counts them.
    """
    try:
        pages = aws.pages("service-quotas", "ListServiceQuotas", "Quotas", region=HOME, ServiceCode="organizations")
        items = list(pages)
    except Rejected as rejection:
        return (), (Gap("quota", "", str(rejection)),)
    return tuple(_quotas(items, _used(observed))), ()


def _quotas(items: list[dict[str, Any]], used: Mapping[str, int]) -> Iterator[Quota]:
    for name, pattern in NAMES.items():
        matching = [item for item in items if pattern.search(str(item.get("QuotaName", ""))) and "Value" in item]
        for item in matching:
            quota_name = name if len(matching) == 1 else str(item["QuotaName"])
            yield Quota(quota_name, used[name], _limit(item["Value"]), f"{SOURCE}, {item['QuotaName']}")
        if not matching:
            yield Quota(name, used[name], None, NOT_REPORTED)


def _limit(value: object) -> int | None:
    """Return a number of AWS as it is; None for anything else."""
    return int(value) if isinstance(value, int | float) and math.isfinite(value) else None


def _used(observed: Observed) -> dict[str, int]:
    invitations = len(open_invitations(observed.facts(ImportFacts) or ImportFacts()))
    policies = observed.facts(AdoptedPolicies)
    own = [item for item in policies.policies if not item.policy.is_of_aws] if policies else []
    return {ACCOUNTS: len(observed.accounts) + invitations, UNITS: len(observed.units), POLICIES: len(own)}
