"""Callers of Organizations: what a management account, a member and an account outside an organization may call."""

from typing import Any

from moto.core.responses import ActionResult
from moto.organizations.models import OrganizationsBackend
from moto.organizations.responses import OrganizationsResponse

from orgkit.sandbox.corrections import empty_pages, throttling
from orgkit.sandbox.corrections.members import backend_of, is_delegated, management_of, organization_of
from orgkit.sandbox.corrections.registry import corrects, refusal

ANYONE = {
    "CreateOrganization", "DescribeOrganization", "ListHandshakesForAccount", "DescribeHandshake", "AcceptHandshake",
    "DeclineHandshake", "CancelHandshake",
}  # fmt: skip
MEMBERS = {"LeaveOrganization"}
NOT_IN_USE = "Your account is not a member of an organization."
NOT_ALLOWED = "You don't have permissions to access this resource."

_call_action = OrganizationsResponse.call_action


@corrects(
    OrganizationsResponse,
    "organizations_backend",
    wrap=property,
    moto="A member account sees an empty organization of its own: ListAccounts answers with nothing.",
)
def organizations_backend(self: OrganizationsResponse) -> OrganizationsBackend:
    """A member account sees the organization that it is in."""
    return backend_of(self.current_account)


@corrects(
    OrganizationsResponse,
    moto="Anybody may call anything: ListAccounts outside an organization answers with an empty list.",
)
def call_action(self: OrganizationsResponse) -> Any:
    """An account outside an organization gets AWSOrganizationsNotInUseException, a member AccessDeniedException."""
    try:
        _check_caller(self)
        throttling.check(self.current_account, self._get_action())
    except Exception as error:
        return self.serialized(ActionResult(error))
    goes_on = empty_pages.goes_on(self)
    return empty_pages.empty_page(self, _call_action(self), goes_on)


def _check_caller(response: OrganizationsResponse) -> None:
    operation, account = response._get_action(), response.current_account
    if operation in ANYONE:
        return
    if organization_of(account) is None:
        raise refusal("AWSOrganizationsNotInUseException", NOT_IN_USE)
    if management_of(account) == account or operation in MEMBERS:
        return
    if operation.startswith(("Describe", "List")) and is_delegated(account):
        return
    raise refusal("AccessDeniedException", NOT_ALLOWED)
