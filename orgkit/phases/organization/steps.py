"""The steps of phase 01: the organization, and what is switched on in it."""

from collections.abc import Iterable
from dataclasses import field
from typing import ClassVar

from orgkit.costs.estimate.charge import Usage
from orgkit.costs.estimate.usage import CONFIG, MANAGEMENT, Volumes, account_usage
from orgkit.dataclass import dataclass
from orgkit.model.desired import Desired
from orgkit.model.plan import ABSENT, DISABLED, Step


@dataclass(frozen=True, kw_only=True)
class _WithinOrganization(Step):
    @property
    def depends_on(self) -> tuple[str, ...]:
        return ("organization", self.subject)


@dataclass(frozen=True, kw_only=True)
class CreateOrganization(_WithinOrganization):
    """Create the organization, which makes its account the management account."""

    kind: ClassVar = "create-organization"
    cost_note: ClassVar = "AWS Organizations costs nothing; the Free Tier credits that end with it are lost once"
    actions: ClassVar = (
        "organizations:CreateOrganization", "organizations:DescribeOrganization", "iam:CreateServiceLinkedRole",
    )  # fmt: skip
    starts_from: str = ABSENT
    account_id: str
    ends_free_plan: bool  # the credits themselves are an amount, which time changes: it stands in the question
    forfeited_usd: str = field(default="", compare=False)  # shown as its cost, no part of the digest; "?": not known

    @property
    def sentence(self) -> str:
        gives_up = "; its Free plan becomes Paid and its credits end at once" if self.ends_free_plan else ""
        return (
            f"create an organization with all features; account {self.account_id} becomes "
            f"its management account{gives_up}"
        )

    @property
    def subject(self) -> str:
        return "organization"


@dataclass(frozen=True, kw_only=True)
class _Switch(_WithinOrganization):
    is_switch: ClassVar = True
    starts_from: str = DISABLED


@dataclass(frozen=True, kw_only=True)
class EnableTrustedAccess(_Switch):
    """Let a service work across the organization."""

    kind: ClassVar = "enable-trusted-access"
    cost_note: ClassVar = "trusted access costs nothing; what the service does once it is switched on may"
    usage_note: ClassVar = "AWS Config in the management account"
    actions: ClassVar = ("organizations:ListAWSServiceAccessForOrganization", "organizations:EnableAWSServiceAccess")
    principal: str

    @property
    def sentence(self) -> str:
        return f"enable trusted access for {self.principal}"

    @property
    def subject(self) -> str:
        return self.principal

    def added_usage(self, desired: Desired, volumes: Volumes) -> Iterable[Usage]:
        """Recording by AWS Config in the management account; the members' share comes with each of them."""
        return account_usage(MANAGEMENT, volumes) if self.principal == CONFIG else ()


@dataclass(frozen=True, kw_only=True)
class EnablePolicyType(_Switch):
    """Switch on a type of policy in the organization root."""

    kind: ClassVar = "enable-policy-type"
    cost_note: ClassVar = "policies cost nothing"
    actions: ClassVar = ("organizations:ListRoots", "organizations:EnablePolicyType")
    policy_type: str

    @property
    def sentence(self) -> str:
        return f"enable policy type {self.policy_type} in the organization root"

    @property
    def subject(self) -> str:
        return self.policy_type


@dataclass(frozen=True, kw_only=True)
class EnableRootFeature(_Switch):
    """Centralized root access: RootCredentialsManagement or RootSessions."""

    kind: ClassVar = "enable-root-feature"
    cost_note: ClassVar = "centralized root access costs nothing"
    actions: ClassVar = (
        "iam:ListOrganizationsFeatures", "iam:EnableOrganizationsRootCredentialsManagement",
        "iam:EnableOrganizationsRootSessions",
    )  # fmt: skip
    feature: str

    @property
    def sentence(self) -> str:
        return f"enable centralized root access: {self.feature}"

    @property
    def subject(self) -> str:
        return self.feature

    @property
    def depends_on(self) -> tuple[str, ...]:
        """IAM's features need the trusted access for IAM."""
        return ("organization", "iam.amazonaws.com", self.subject)
