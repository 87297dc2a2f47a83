"""CreateAccount's requests: each is kept and can be read, whatever its outcome."""

import json
from datetime import datetime
from typing import Any

from moto.organizations.models import OrganizationsBackend
from moto.organizations.responses import OrganizationsResponse

from orgkit.dataclass import dataclass
from orgkit.sandbox import ids
from orgkit.sandbox.corrections.limits import operations_in_progress
from orgkit.sandbox.corrections.members import moment
from orgkit.sandbox.corrections.paging import answer
from orgkit.sandbox.corrections.registry import corrects, refusal


@dataclass
class Creation:
    """A CreateAccount request; its outcome is decided when it is made and known when its time has come."""

    backend: OrganizationsBackend
    id: str
    parameters: dict[str, Any]
    requested: datetime
    completes: datetime
    failure: str | None
    settled: bool = False

    @property
    def email(self) -> str:
        return str(self.parameters["Email"])

    @property
    def account_id(self) -> str:
        return account_id_for(self.backend.account_id, self.email)

    def describe(self) -> dict[str, Any]:
        """As AWS: without the email, and without an account id until it has succeeded."""
        values = {"Id": self.id, "AccountName": self.parameters["AccountName"]}
        values |= {"State": "IN_PROGRESS", "RequestedTimestamp": moment(self.requested)}
        if not self.settled:
            return values
        outcome = {"FailureReason": self.failure} if self.failure else {"AccountId": self.account_id}
        state = "FAILED" if self.failure else "SUCCEEDED"
        return {**values, "State": state, "CompletedTimestamp": moment(self.completes), **outcome}


def account_id_for(management: str, email: str) -> str:
    """The id that an email gets, whenever its account is made."""
    return ids.account_id("account", management, email.lower())


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
