"""The accounts of the organization: listed with State and Paths."""

import json
from typing import Any

from moto.organizations.models import FakeAccount
from moto.organizations.responses import OrganizationsResponse

from orgkit.sandbox.corrections.paging import page
from orgkit.sandbox.corrections.registry import corrects


@corrects(
    OrganizationsResponse,
    moto="ListAccounts has pages of 100, accounts without Paths, and Status, which AWS has retired.",
)
def list_accounts(self: OrganizationsResponse) -> str:
    """ListAccounts has pages of 20, and accounts with State and Paths."""
    return _list(self.organizations_backend.accounts, self.request_params)


@corrects(
    OrganizationsResponse, moto="ListAccountsForParent has accounts without Paths, and Status, which AWS has retired."
)
def list_accounts_for_parent(self: OrganizationsResponse) -> str:
    """ListAccountsForParent has accounts with State and Paths."""
    backend = self.organizations_backend
    parent_id = backend.validate_parent_id(self.request_params["ParentId"])
    return _list([account for account in backend.accounts if account.parent_id == parent_id], self.request_params)


def _list(accounts: list[FakeAccount], parameters: dict[str, Any]) -> str:
    page_items, token = page(accounts, parameters)
    answered = {"Accounts": [account.describe() for account in page_items]}
    return json.dumps({**answered, **({"NextToken": token} if token else {})})
