"""The steps of phase 01: the organization, and what is switched on in it."""

from dataclasses import dataclass
from typing import ClassVar

from orgkit.plan import Step


@dataclass(frozen=True, kw_only=True)
class _WithinOrganization(Step):
    @property
    def leans_on(self) -> tuple[str, ...]:
        return ("organization", self.subject)


@dataclass(frozen=True, kw_only=True)
class CreateOrganization(_WithinOrganization):
    """The one step that makes an account a management account."""

    actions: ClassVar = ("organizations:CreateOrganization", "iam:CreateServiceLinkedRole")
    account_id: str
    ends_free_plan: bool  # the credits themselves are an amount, which time changes: it stands in the question

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
class EnableTrustedAccess(_WithinOrganization):
    """Let a service work across the organization."""

    actions: ClassVar = ("organizations:EnableAWSServiceAccess",)
    principal: str

    @property
    def sentence(self) -> str:
        return f"enable trusted access for {self.principal}"

    @property
    def subject(self) -> str:
        return self.principal


@dataclass(frozen=True, kw_only=True)
class EnablePolicyType(_WithinOrganization):
    """Switch on a type of policy in the organization root."""

    actions: ClassVar = ("organizations:EnablePolicyType",)
    policy_type: str

    @property
    def sentence(self) -> str:
        return f"enable policy type {self.policy_type} in the organization root"

    @property
    def subject(self) -> str:
        return self.policy_type


@dataclass(frozen=True, kw_only=True)
class EnableRootFeature(_WithinOrganization):
    """Centralized root access: RootCredentialsManagement or RootSessions."""

    actions: ClassVar = ("iam:EnableOrganizationsRootCredentialsManagement", "iam:EnableOrganizationsRootSessions")
    feature: str

    @property
    def sentence(self) -> str:
        return f"enable centralized root access: {self.feature}"

    @property
    def subject(self) -> str:
        return self.feature

    @property
    def leans_on(self) -> tuple[str, ...]:
        """IAM's features need the trusted access for IAM."""
        return ("organization", "iam.amazonaws.com", self.subject)
