"""The accounts of the organization: listed with State and Paths, and closed through PENDING_CLOSURE."""

import json
from datetime import timedelta
from typing import Any

from moto.organizations.models import FakeAccount, OrganizationsBackend
from moto.organizations.responses import OrganizationsResponse

from orgkit.sandbox.corrections.paging import page
from orgkit.sandbox.corrections.registry import corrects, refusal, settles
from orgkit.sandbox.world import world

CLOSES_AFTER = timedelta(seconds=60)  # AWS: minutes to hours


@corrects(OrganizationsResponse, moto="Pages of 100, sorted again for each.")
def list_accounts(self: OrganizationsResponse) -> str:
    """Pages of 20, with Paths."""
    return _list(self.organizations_backend.accounts, self.request_params)


@corrects(OrganizationsResponse, moto="Without.")
def list_accounts_for_parent(self: OrganizationsResponse) -> str:
    """With Paths."""
    backend = self.organizations_backend
    parent_id = backend.validate_parent_id(self.request_params["ParentId"])
    return _list([each for each in backend.accounts if each.parent_id == parent_id], self.request_params)


def _list(accounts: list[FakeAccount], parameters: dict[str, Any]) -> str:
    chosen, token = page(accounts, parameters)
    answered = {"Accounts": [each.describe() for each in chosen]}
    return json.dumps({**answered, **({"NextToken": token} if token else {})})


@corrects(OrganizationsBackend, moto="Straight to SUSPENDED.")
def close_account(self: OrganizationsBackend, **kwargs: Any) -> None:
    """Through PENDING_CLOSURE; the management account cannot be closed so."""
    account = self.get_account_by_id(kwargs["AccountId"])
    if account.id == self.account_id:
        message = "You can't close the management account."
        raise refusal("ConstraintViolationException", message, "CANNOT_CLOSE_MANAGEMENT_ACCOUNT")
    if account.state != "ACTIVE":
        raise refusal("AccountAlreadyClosedException", "You attempted to close an account that is already closed.")
    account.state = account.status = "PENDING_CLOSURE"
    world().things.setdefault("closures", []).append((world().clock.now() + CLOSES_AFTER, account))


@settles
def finish_closures() -> None:
    """PENDING_CLOSURE becomes SUSPENDED."""
    due = world().things.get("closures", [])
    for when, account in due:
        if account.state == "PENDING_CLOSURE" and when <= world().clock.now():
            account.state = account.status = "SUSPENDED"
