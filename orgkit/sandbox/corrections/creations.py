"""CreateAccount's requests: each is kept and can be read, whatever its outcome."""

import json
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, count
from typing import Any

from moto.organizations.models import OrganizationsBackend, organizations_backends
from moto.organizations.responses import OrganizationsResponse

from orgkit.sandbox import ids
from orgkit.sandbox.corrections.limits import operations_in_progress
from orgkit.sandbox.corrections.members import moment
from orgkit.sandbox.corrections.paging import answer
from orgkit.sandbox.corrections.registry import corrects, refusal
from orgkit.sandbox.world import world


@dataclass
class Creation:
    """A CreateAccount request; its outcome is decided when it is made and known when its time has come."""

    backend: OrganizationsBackend
    id: str
    parameters: dict[str, Any]
    requested: datetime
    completes: datetime
    failure: str | None
    account_id: str  # that it has once it has succeeded
    settled: bool = False

    @property
    def email(self) -> str:
        return str(self.parameters["Email"])

    def describe(self) -> dict[str, Any]:
        """As AWS: without the email, and without an account id until it has succeeded."""
        values = {"Id": self.id, "AccountName": self.parameters["AccountName"]}
        values |= {"State": "IN_PROGRESS", "RequestedTimestamp": moment(self.requested)}
        if not self.settled:
            return values
        outcome = {"FailureReason": self.failure} if self.failure else {"AccountId": self.account_id}
        state = "FAILED" if self.failure else "SUCCEEDED"
        return {**values, "State": state, "CompletedTimestamp": moment(self.completes), **outcome}


def new_account_id(management: str, email: str) -> str:
    """Return the id that an email gets, whenever its account is made; another one where that one is in use."""
    numbers = chain([()], ((number,) for number in count(1)))
    candidates = (ids.account_id("account", management, email.lower(), *number) for number in numbers)
    used = _used_account_ids()
    return next(candidate for candidate in candidates if candidate not in used)


def _used_account_ids() -> set[str]:
    """Return the ids of all accounts, and those of requests that have not failed: their accounts may have left."""
    backends = [backend for account in organizations_backends.values() for backend in account.values()]
    members = {account.id for backend in backends for account in backend.accounts}
    requests: list[Creation] = world().state.get("creations", [])
    promised = {creation.account_id for creation in requests if creation.failure is None}
    return (
        members | promised | {account.id for account in world().seed.standalone} | {world().seed.management_account_id}
    )


def creations(backend: OrganizationsBackend) -> list[Creation]:
    """Return every request of the organization, whatever its outcome."""
    return operations_in_progress("creations", backend)


@corrects(
    OrganizationsBackend,
    moto="DescribeCreateAccountStatus knows the accounts that are there, else AccountNotFoundException.",
)
def describe_create_account_status(self: OrganizationsBackend, **kwargs: Any) -> dict[str, Any]:
    """DescribeCreateAccountStatus knows every request, failed ones too."""
    for creation in creations(self):
        if creation.id == kwargs["CreateAccountRequestId"]:
            return {"CreateAccountStatus": creation.describe()}
    message = "We can't find a create account request with the CreateAccountRequestId that you specified."
    raise refusal("CreateAccountStatusNotFoundException", message)


@corrects(
    OrganizationsResponse,
    moto="ListCreateAccountStatus repeats its second token for ever; botocore raises PaginationError.",
)
def list_create_account_status(self: OrganizationsResponse) -> str:
    """ListCreateAccountStatus has pages of 20, and ends."""
    states = self.request_params.get("States") or ["IN_PROGRESS", "SUCCEEDED", "FAILED"]
    statuses = [status.describe() for status in creations(self.organizations_backend)]
    selected = [status for status in statuses if status["State"] in states]
    return json.dumps(answer("CreateAccountStatuses", selected, self.request_params))
