"""CreateAccount: asynchronous, slow, at most five at once, and an e-mail only once in all of AWS."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from moto.organizations.models import OrganizationsBackend
from moto.organizations.responses import OrganizationsResponse

from orgkit.sandbox import ids
from orgkit.sandbox.corrections import roles
from orgkit.sandbox.corrections.limits import check_finalized, check_quota, under_way
from orgkit.sandbox.corrections.members import MemberAccount, join, moment
from orgkit.sandbox.corrections.paging import answer
from orgkit.sandbox.corrections.registry import corrects, refusal, settles
from orgkit.sandbox.world import world

IN_FLIGHT = 5
FAILED_AFTER = 3.0  # seconds: AWS finds a taken e-mail sooner than it makes an account


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
        """As AWS: without the e-mail, and without an account id until it has succeeded."""
        values = {"Id": self.id, "AccountName": self.parameters["AccountName"]}
        values |= {"State": "IN_PROGRESS", "RequestedTimestamp": moment(self.requested)}
        if not self.settled:
            return values
        outcome = {"FailureReason": self.failure} if self.failure else {"AccountId": self.account_id}
        state = "FAILED" if self.failure else "SUCCEEDED"
        return {**values, "State": state, "CompletedTimestamp": moment(self.completes), **outcome}


def account_id_for(management: str, email: str) -> str:
    """The id that an e-mail gets, whenever its account is made."""
    return ids.account_id("account", management, email.lower())


def creations(backend: OrganizationsBackend) -> list[Creation]:
    """Every request of the organization, whatever came of it."""
    return under_way("creations", backend)


@settles
def finish_creations() -> None:
    """Accounts whose time has come are there, or their request has failed."""
    now = world().clock.now()
    for each in world().things.get("creations", []):
        if not each.settled and each.completes <= now:
            each.settled = True
            if each.failure is None:
                _finish(each)


def _finish(creation: Creation) -> None:
    backend, parameters = creation.backend, creation.parameters
    account = MemberAccount(backend, creation.account_id, parameters["AccountName"], creation.email, "CREATED")
    account.create_time = creation.completes
    join(backend, account, parameters.get("Tags", []))
    role_name = parameters.get("RoleName") or "OrganizationAccountAccessRole"
    roles.create_access_role(account.id, role_name, backend.account_id)
    ready = creation.completes + timedelta(seconds=world().seed.role_seconds)
    world().role_ready[account.id] = ready


@corrects(OrganizationsBackend, moto="SUCCEEDED at once, always; any e-mail any number of times; no limit.")
def create_account(self: OrganizationsBackend, **kwargs: Any) -> dict[str, Any]:
    """IN_PROGRESS, then SUCCEEDED or FAILED; 0.1 a second, burst 3; five in flight; a quota; an e-mail once."""
    check_finalized(self)
    _check_in_flight(self)
    check_quota(self)
    _check_email(kwargs["Email"])
    creation = _begin(self, kwargs)
    world().things.setdefault("creations", []).append(creation)
    return {"CreateAccountStatus": creation.describe()}


def _begin(backend: OrganizationsBackend, parameters: dict[str, Any]) -> Creation:
    email, now = parameters["Email"].lower(), world().clock.now()
    again = world().count("creation", backend.account_id, email, parameters["AccountName"])
    failure = _failure(backend, email)
    creation_id = f"car-{ids.derived(32, 'creation', backend.account_id, email, parameters['AccountName'], again)}"
    seconds = FAILED_AFTER if failure else _seconds(email)
    return Creation(backend, creation_id, parameters, now, now + timedelta(seconds=seconds), failure)


def _seconds(email: str) -> float:
    shortest, longest = world().seed.creation_seconds
    return shortest + (longest - shortest) * (int(ids.account_id("seconds", email)) % 1000) / 1000


def _failure(backend: OrganizationsBackend, email: str) -> str | None:
    """Case does not matter; nor does in whose organization the e-mail is."""
    if any(each.email.lower() == email and not each.settled for each in creations(backend)):
        return "CONCURRENT_ACCOUNT_MODIFICATION"
    ours = any(account.email.lower() == email for account in backend.accounts)
    return "EMAIL_ALREADY_EXISTS" if ours or world().standalone_by_email(email) else None


def _check_in_flight(backend: OrganizationsBackend) -> None:
    if sum(not each.settled for each in creations(backend)) >= IN_FLIGHT:
        message = "You have exceeded the number of accounts that you can create at the same time."
        raise refusal("ConstraintViolationException", message, "ACCOUNT_CREATION_RATE_LIMIT_EXCEEDED")


def _check_email(email: str) -> None:
    name, at, domain = email.partition("@")
    if not (name and at and "." in domain) or " " in email or len(email) > 64:
        message = "You specified an invalid value: Email doesn't match the required pattern."
        raise refusal("InvalidInputException", message, "INVALID_PATTERN")


@corrects(OrganizationsBackend, moto="Only the accounts that are there.")
def describe_create_account_status(self: OrganizationsBackend, **kwargs: Any) -> dict[str, Any]:
    """Any request, failed ones too."""
    for each in creations(self):
        if each.id == kwargs["CreateAccountRequestId"]:
            return {"CreateAccountStatus": each.describe()}
    message = "We can't find a create account request with the CreateAccountRequestId that you specified."
    raise refusal("CreateAccountStatusNotFoundException", message)


@corrects(
    OrganizationsResponse,
    moto="Past the second page the token stays the same for ever; botocore raises PaginationError.",
)
def list_create_account_status(self: OrganizationsResponse) -> str:
    """Pages of 20."""
    wanted = self.request_params.get("States") or ["IN_PROGRESS", "SUCCEEDED", "FAILED"]
    statuses = [each.describe() for each in creations(self.organizations_backend)]
    chosen = [each for each in statuses if each["State"] in wanted]
    return json.dumps(answer("CreateAccountStatuses", chosen, self.request_params))
