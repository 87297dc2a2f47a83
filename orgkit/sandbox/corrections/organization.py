"""The organization itself: its ids, its root, its policy types."""

import json
from typing import Any

from moto.organizations import utils
from moto.organizations.models import (
    FakeOrganization,
    FakePolicy,
    FakeRoot,
    OrganizationsBackend,
    organizations_backends,
)

from orgkit.policy_evaluation.policy_types import RCP, SCP
from orgkit.sandbox import ids
from orgkit.sandbox.corrections.callers import NOT_IN_USE
from orgkit.sandbox.corrections.members import MemberAccount, end_plan, join, organization_of
from orgkit.sandbox.corrections.registry import corrects, differs, refusal
from orgkit.sandbox.seed import StandaloneAccount
from orgkit.sandbox.world import world


@corrects(
    OrganizationsBackend,
    moto="The management account is 'master', with the email master@example.com.",
    source="terraform-provider-aws at 0df29870, organization_test.go: testAccOrganization_basic, _enabledPolicyTypes. "
    "The description of CreateOrganization says otherwise; the seed's policies_at_creation follows it.",
)
def create_organization(self: OrganizationsBackend, region: str, **kwargs: Any) -> dict[str, Any]:
    """The management account keeps name and email; no policy type is enabled in the root."""
    if organization_of(self.account_id) is not None:
        raise refusal("AlreadyInOrganizationException", "The AWS account is already a member of an organization.")
    (name, email), all_features = names_of(self.account_id), (kwargs.get("FeatureSet") or "ALL") == "ALL"
    org = self.org = FakeOrganization(self.account_id, region, "ALL" if all_features else "CONSOLIDATED_BILLING")
    number = world().count("organization", self.account_id)
    pinned = world().seed.organization_id if self.account_id == world().seed.management_account_id else ""
    org.id = pinned or f"o-{ids.derive(10, 'organization', self.account_id, number)}"
    org.root_id = f"r-{ids.derive(4, 'root', org.id.removeprefix('o-'))}"
    org.master_account_email = email
    org.created = world().clock.now()
    root = FakeRoot(org)
    self.ou.append(root)
    self.accounts.append(MemberAccount(self, self.account_id, name, email, "INVITED"))
    add_aws_policies(self)
    for policy in self.policies:
        for target in (root.id, self.account_id):
            self.attach_policy(PolicyId=policy.id, TargetId=target)
    if all_features and world().seed.policies_at_creation:
        root.add_policy_type(SCP)
    end_plan(self.account_id)
    return describe_organization(self)


def add_aws_policies(backend: OrganizationsBackend) -> None:
    """Add FullAWSAccess and RCPFullAWSAccess, attached to nothing."""
    allow = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    for kind, policy_id, described, statement in (
        (SCP, utils.DEFAULT_SCP_POLICY_ID, "operation", allow),
        (RCP, utils.DEFAULT_RCP_POLICY_ID, "resource", {**allow, "Principal": "*"}),
    ):
        content = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        description = f"Allows access to every {described}"
        policy = ManagedPolicy(
            backend.org, Content=content, Name=policy_id.removeprefix("p-"), Description=description, Type=kind
        )
        policy.id, policy.aws_managed = policy_id, True
        backend.policies.append(policy)


@differs(
    "organizations.managed_policies",
    moto="The ARN of FullAWSAccess has the organization's account and id.",
    source="study notes with the output of ListPoliciesForTarget on AWS, December 2024; the AWS Organizations User "
    "Guide, AWS managed policies; PolicyArn in the model of the API.",
)
class ManagedPolicy(FakePolicy):  # type: ignore[misc]  # moto has no types
    """The ARN of FullAWSAccess is AWS's own, the same in all organizations."""

    @property
    def arn(self) -> str:
        return f"arn:aws:organizations::aws:policy/{self.type.lower()}/{self.id}"


@corrects(
    OrganizationsBackend,
    moto="A consolidated-billing organization has service control policies in AvailablePolicyTypes.",
)
def describe_organization(self: OrganizationsBackend) -> dict[str, Any]:
    """A consolidated-billing organization has no AvailablePolicyTypes."""
    if self.org is None:
        raise refusal("AWSOrganizationsNotInUseException", NOT_IN_USE)
    answer: dict[str, Any] = self.org.describe()
    if self.org.feature_set != "ALL":
        answer["Organization"]["AvailablePolicyTypes"] = []
    return answer


def names_of(account: str) -> tuple[str, str]:
    """Return name and email of a management account: the seed's, or that of another organization."""
    seed = world().seed
    if account == seed.management_account_id:
        return seed.management_name, seed.management_email
    return "elsewhere", f"aws+{account}@elsewhere.example"


@corrects(
    OrganizationsBackend,
    moto="DeleteOrganization looks at members only; units and policies are deleted without an error.",
)
def delete_organization(self: OrganizationsBackend) -> None:
    """DeleteOrganization needs an organization without members, units and policies."""
    own_policies = [policy for policy in self.policies if not policy.aws_managed]
    if len(self.accounts) > 1 or len(self.ou) > 1 or own_policies:
        raise refusal("OrganizationNotEmptyException", "The organization isn't empty.")
    self._reset()


def seed_consolidated_billing() -> None:
    """Make an organization that has existed for years, with consolidated billing only."""
    backend = organizations_backends[world().seed.management_account_id]["aws"]
    backend.create_organization(region="us-east-1", FeatureSet="CONSOLIDATED_BILLING")


def seed_another(account: StandaloneAccount) -> None:
    """Make another company's organization, with this account in it."""
    backend = organizations_backends[ids.account_id("another management account", account.id)]["aws"]
    backend.create_organization(region="us-east-1")
    join(backend, MemberAccount(backend, account.id, account.name, account.email, "INVITED"), [])
    end_plan(account.id)
