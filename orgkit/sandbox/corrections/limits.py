"""Limits of an organization: its quota of accounts, and its first hour, in which it is not ready."""

from typing import Any

from moto.organizations.models import OrganizationsBackend

from orgkit.sandbox.corrections.registry import differs, refusal
from orgkit.sandbox.world import world


def operations_in_progress(name: str, backend: OrganizationsBackend) -> list[Any]:
    """The creations or handshakes of one organization, which the world keeps."""
    operations: list[Any] = world().state.setdefault(name, [])
    return [operation for operation in operations if operation.backend is backend]


def occupied(backend: OrganizationsBackend) -> int:
    """What counts towards the quota: every account in whatever state, creations under way, open invitations."""
    creations = sum(
        not operation.settled and operation.failure is None
        for operation in operations_in_progress("creations", backend)
    )
    invitations = sum(
        operation.action == "INVITE" and operation.is_open
        for operation in operations_in_progress("handshakes", backend)
    )
    return len(backend.accounts) + int(creations) + int(invitations)


def check_quota(backend: OrganizationsBackend, code: str = "ConstraintViolationException") -> None:
    """Refuse an account beyond the quota."""
    if occupied(backend) >= world().seed.account_quota:
        message = "You have exceeded the allowed number of AWS accounts."
        raise refusal(code, message, "ACCOUNT_NUMBER_LIMIT_EXCEEDED")


@differs("organizations.finalizing", moto="An organization has room for accounts as soon as it is created.")
def check_finalized(backend: OrganizationsBackend) -> None:
    """A new organization answers FinalizingOrganizationException for up to an hour when accounts are asked for."""
    age = (world().clock.now() - backend.org.created).total_seconds()
    if age < world().seed.finalizing_seconds:
        raise refusal("FinalizingOrganizationException", "Your organization hasn't finished initializing.")
