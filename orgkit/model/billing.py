"""The steps of phase 10: budgets, alerts on anomalies, and tags that bills are split by."""

from dataclasses import dataclass
from typing import ClassVar

from orgkit.plan import Step

READS = (
    "billing:GetBillingPreferences", "budgets:ViewBudget", "ce:GetAnomalyMonitors", "ce:GetAnomalySubscriptions",
    "ce:ListCostAllocationTags",
)  # fmt: skip
ORGANIZATION = ""  # the key of a budget that counts every account
OURS = "orgkit-"  # how the names of what this phase makes begin


@dataclass(frozen=True, kw_only=True)
class CreateBudget(Step):
    """Make a monthly cost budget that tells people when usage passes 80 % and 100 % of it; it stops nothing."""

    actions: ClassVar = ("budgets:ModifyBudget",)
    name: str
    account: str  # key; "" for the whole organization
    limit_usd: str  # whole dollars
    emails: tuple[str, ...]

    @property
    def sentence(self) -> str:
        whose = f"account {self.account}" if self.account else "the whole organization"
        return f"create budget {self.name}: {self.limit_usd} USD a month for {whose}, told to {', '.join(self.emails)}"

    @property
    def subject(self) -> str:
        return self.name


@dataclass(frozen=True, kw_only=True)
class CreateAnomalyMonitor(Step):
    """Let AWS watch the spending on each of its services for what is unusual."""

    actions: ClassVar = ("ce:CreateAnomalyMonitor",)
    name: str

    @property
    def sentence(self) -> str:
        return f"create anomaly monitor {self.name}: every AWS service of the organization"

    @property
    def subject(self) -> str:
        return self.name


@dataclass(frozen=True, kw_only=True)
class CreateAnomalySubscription(Step):
    """Tell people once a day of anomalies that cost at least so much."""

    actions: ClassVar = ("ce:CreateAnomalySubscription",)
    name: str
    monitor: str  # its name
    at_least_usd: str
    emails: tuple[str, ...]

    @property
    def sentence(self) -> str:
        told = ", ".join(self.emails)
        return f"create anomaly alert {self.name}: {self.at_least_usd} USD or more, of {self.monitor}, told to {told}"

    @property
    def subject(self) -> str:
        return self.name

    @property
    def leans_on(self) -> tuple[str, ...]:
        return (self.name, self.monitor)


@dataclass(frozen=True, kw_only=True)
class ActivateCostTag(Step):
    """Let bills be split by a tag, from now on; AWS takes up to a day."""

    sign: ClassVar = "~"
    actions: ClassVar = ("ce:UpdateCostAllocationTagsStatus",)
    key: str

    @property
    def sentence(self) -> str:
        return f"activate cost allocation tag {self.key}"

    @property
    def subject(self) -> str:
        return self.key
