"""The steps of phase 10: budgets, alerts on anomalies, and tags that bills are split by."""

from typing import ClassVar

from orgkit.dataclass import dataclass
from orgkit.model.observed import Observed
from orgkit.model.plan import ABSENT, DISABLED, Step

READS = (
    "billing:GetBillingPreferences", "budgets:ViewBudget", "ce:GetAnomalyMonitors", "ce:GetAnomalySubscriptions",
    "ce:ListCostAllocationTags",
)  # fmt: skip
ORGANIZATION = ""  # the key of a budget that counts every account
NAME_PREFIX = "orgkit-"  # how the names of what this phase makes begin


@dataclass(frozen=True, kw_only=True)
class CreateBudget(Step):
    """Make a monthly cost budget that notifies people when usage passes 80 % and 100 % of it; it stops nothing."""

    kind: ClassVar = "create-budget"
    cost_note: ClassVar = "a budget that only notifies costs nothing"
    actions: ClassVar = ("budgets:ViewBudget", "budgets:ModifyBudget")
    starts_from: str = ABSENT
    name: str
    account: str  # key; "" for the whole organization
    limit_usd: str  # whole dollars
    emails: tuple[str, ...]

    @property
    def sentence(self) -> str:
        scope = f"account {self.account}" if self.account else "the whole organization"
        return (
            f"create budget {self.name}: {self.limit_usd} USD a month for {scope}, alerts to {', '.join(self.emails)}"
        )

    @property
    def subject(self) -> str:
        return self.name


@dataclass(frozen=True, kw_only=True)
class CreateAnomalyMonitor(Step):
    """Let AWS monitor the spending on each of its services for anomalies."""

    kind: ClassVar = "create-anomaly-monitor"
    cost_note: ClassVar = "anomaly detection costs nothing"
    actions: ClassVar = ("ce:GetAnomalyMonitors", "ce:CreateAnomalyMonitor")
    starts_from: str = ABSENT
    name: str

    @property
    def sentence(self) -> str:
        return f"create anomaly monitor {self.name}: every AWS service of the organization"

    @property
    def subject(self) -> str:
        return self.name


@dataclass(frozen=True, kw_only=True)
class CreateAnomalySubscription(Step):
    """Notify people once a day of anomalies that cost at least so much."""

    kind: ClassVar = "create-anomaly-subscription"
    cost_note: ClassVar = "alerts by email cost nothing"
    actions: ClassVar = ("ce:GetAnomalyMonitors", "ce:GetAnomalySubscriptions", "ce:CreateAnomalySubscription")
    starts_from: str = ABSENT
    name: str
    monitor: str  # its name
    at_least_usd: str
    emails: tuple[str, ...]

    @property
    def sentence(self) -> str:
        emails = ", ".join(self.emails)
        return f"create anomaly alert {self.name}: {self.at_least_usd} USD or more, of {self.monitor}, sent to {emails}"

    @property
    def subject(self) -> str:
        return self.name

    @property
    def depends_on(self) -> tuple[str, ...]:
        return (self.name, self.monitor)


@dataclass(frozen=True, kw_only=True)
class ActivateCostTag(Step):
    """Let bills be split by a tag, from now on; AWS takes up to a day."""

    kind: ClassVar = "activate-cost-tag"
    symbol: ClassVar = "~"
    cost_note: ClassVar = "cost allocation tags cost nothing"
    actions: ClassVar = ("ce:ListCostAllocationTags", "ce:UpdateCostAllocationTagsStatus")
    is_switch: ClassVar = True
    starts_from: str = DISABLED
    key: str

    @property
    def sentence(self) -> str:
        return f"activate cost allocation tag {self.key}"

    @property
    def subject(self) -> str:
        return self.key


def sends_no_alert(step: Step, _: Observed) -> bool:
    """Return whether a step does something other than to send alerts, which no finding may stop."""
    return isinstance(step, ActivateCostTag)
