"""Leaving an organization: who may, and when."""

from datetime import timedelta
from typing import Any

from moto.organizations.models import OrganizationsBackend
from moto.organizations.responses import OrganizationsResponse

from orgkit.sandbox.corrections.members import is_delegated, leave
from orgkit.sandbox.corrections.registry import corrects, refusal
from orgkit.sandbox.world import world

MINIMUM_STAY = timedelta(days=4)  # of a created account; older pages of the documentation say seven


@corrects(OrganizationsResponse, moto="LeaveOrganization is not there.")
def leave_organization(self: OrganizationsResponse) -> str:
    """LeaveOrganization is for members: invited ones at any time, created ones after four days."""
    _remove(self.organizations_backend, self.current_account)
    return "{}"


@corrects(OrganizationsBackend, moto="RemoveAccountFromOrganization removes any member, however young or delegated.")
def remove_account_from_organization(self: OrganizationsBackend, **kwargs: Any) -> None:
    """RemoveAccountFromOrganization waits four days for a created account, and refuses a delegated administrator."""
    _remove(self, kwargs["AccountId"])


def _remove(backend: OrganizationsBackend, account_id: str) -> None:
    account = backend.get_account_by_id(account_id)
    if account_id == backend.account_id:
        raise refusal("MasterCannotLeaveOrganizationException", "You can't remove a management account.")
    if is_delegated(account_id):
        message = "You can't remove a delegated administrator from the organization."
        raise refusal("ConstraintViolationException", message, "CANNOT_REMOVE_DELEGATED_ADMINISTRATOR_FROM_ORG")
    if account.joined_method == "CREATED" and world().clock.now() - account.create_time < MINIMUM_STAY:
        message = "You can remove a created account only four days after it was created."
        raise refusal("ConstraintViolationException", message, "WAIT_PERIOD_ACTIVE")
    leave(backend, account_id)
