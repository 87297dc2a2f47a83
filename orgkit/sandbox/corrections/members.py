"""An account in the organization, as AWS describes it, and how it gets there."""

from typing import Any

from moto.core.utils import unix_time
from moto.organizations import utils
from moto.organizations.models import FakeAccount, FakeOrganization, OrganizationsBackend, organizations_backends

from orgkit.sandbox.corrections import paths
from orgkit.sandbox.corrections.registry import differs
from orgkit.sandbox.world import world


def management_of(account: str) -> str:
    """The management account of the organization that an account is in; itself where it is in none."""
    return str(organizations_backends.master_accounts.get(account, (account, "aws"))[0])


def backend_of(account: str) -> OrganizationsBackend:
    """Of the organization that the account is in."""
    return organizations_backends[management_of(account)]["aws"]


def organization_of(account: str) -> FakeOrganization | None:
    """The organization itself; None outside one."""
    return backend_of(account).org


def is_delegated(account: str) -> bool:
    """Whether the account is an administrator for some service of its organization."""
    return any(admin.account.id == account for admin in backend_of(account).admins)


def moment(value: Any) -> float:
    """A time as Organizations' JSON carries it."""
    return float(unix_time(value.replace(tzinfo=None)))


@differs(
    "organizations.describe_account",
    moto="An account has a Status, and no Paths.",
    source="The model of the API since 9 September 2026.",
)
class MemberAccount(FakeAccount):  # type: ignore[misc]  # moto has no types
    """An account has State and no Status (removed 9 Sep 2026), Paths, and a JoinedMethod that is true."""

    def __init__(self, backend: OrganizationsBackend, account_id: str, name: str, email: str, join_method: str) -> None:
        self.backend = backend
        self.type = "ACCOUNT"
        self.region = backend.org.region
        self.organization_id, self.master_account_id = backend.org.id, backend.org.master_account_id
        self.id, self.name, self.email = account_id, name, email
        self.create_time = world().clock.now()
        self.status = self.state = "ACTIVE"
        self.joined_method = join_method
        self.parent_id = backend.org.root_id
        self.attached_policies: list[Any] = []
        self.tags: dict[str, str] = {}

    def describe(self) -> dict[str, Any]:
        return {
            "Id": self.id,
            "Arn": self.arn,
            "Email": self.email,
            "Name": self.name,
            "State": self.state,
            "Paths": [paths.path(self.backend, self.parent_id, self.id)],
            "JoinedMethod": self.joined_method,
            "JoinedTimestamp": moment(self.create_time),
        }


def join(backend: OrganizationsBackend, account: MemberAccount, tags: list[dict[str, str]]) -> None:
    """Into the root, under the policies that are there."""
    account.tags = {tag["Key"]: tag["Value"] for tag in tags}
    backend.accounts.append(account)
    for policy_id in (utils.DEFAULT_SCP_POLICY_ID, utils.DEFAULT_RCP_POLICY_ID):
        backend.attach_policy(PolicyId=policy_id, TargetId=account.id)
    organizations_backends.master_accounts[account.id] = (backend.account_id, "aws")


def leave(backend: OrganizationsBackend, account_id: str) -> None:
    """Out of the organization, with all that it has."""
    account = backend.get_account_by_id(account_id)
    organizations_backends.master_accounts.pop(account_id, None)
    for policy in account.attached_policies:
        policy.attachments.remove(account)
    backend.accounts.remove(account)


def end_plan(account_id: str) -> None:
    """Creating or joining an organization turns a Free plan into a Paid one, and its credits expire at once."""
    world().state.setdefault("plan_ended", set()).add(account_id)
