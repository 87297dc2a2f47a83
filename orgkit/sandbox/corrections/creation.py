"""CreateAccount: asynchronous, slow, at most five at once, and an email only once in all of AWS."""

from datetime import timedelta
from typing import Any

from moto.organizations.models import OrganizationsBackend

from orgkit.sandbox import ids
from orgkit.sandbox.corrections import roles
from orgkit.sandbox.corrections.creations import Creation, creations, new_account_id
from orgkit.sandbox.corrections.limits import check_finalized, check_quota
from orgkit.sandbox.corrections.members import MemberAccount, join
from orgkit.sandbox.corrections.registry import corrects, refusal, settles
from orgkit.sandbox.world import world

IN_FLIGHT = 5
FAILED_AFTER = 3.0  # seconds: AWS finds a taken email sooner than it makes an account


@settles
def finish_creations() -> None:
    """Accounts whose time has come are there, or their request has failed."""
    now = world().clock.now()
    for creation in world().state.get("creations", []):
        if not creation.settled and creation.completes <= now:
            creation.settled = True
            if creation.failure is None:
                _finish(creation)


def _finish(creation: Creation) -> None:
    backend, parameters = creation.backend, creation.parameters
    account = MemberAccount(backend, creation.account_id, parameters["AccountName"], creation.email, "CREATED")
    account.create_time = creation.completes
    join(backend, account, parameters.get("Tags", []))
    role_name = parameters.get("RoleName") or "OrganizationAccountAccessRole"
    roles.create_access_role(account.id, role_name, backend.account_id)
    ready = creation.completes + timedelta(seconds=world().seed.role_seconds)
    world().role_ready[account.id] = ready


@corrects(
    OrganizationsBackend,
    moto="CreateAccount has SUCCEEDED at once, for any email any number of times, without a limit.",
)
def create_account(self: OrganizationsBackend, **kwargs: Any) -> dict[str, Any]:
    """CreateAccount takes its time, can fail, and has limits: rate, five in flight, quota, an email only once."""
    injected = world().state.pop("creation_failure", None)  # orgkit.sandbox.injection leaves it for this request
    check_finalized(self)
    _check_in_flight(self)
    check_quota(self)
    _check_email(kwargs["Email"])
    creation = _begin(self, kwargs, injected)
    world().state.setdefault("creations", []).append(creation)
    return {"CreateAccountStatus": creation.describe()}


def _begin(backend: OrganizationsBackend, parameters: dict[str, Any], injected: str | None) -> Creation:
    email, now = parameters["Email"].lower(), world().clock.now()
    failure = _failure(backend, email) or _was_requested() or injected
    key = "creation", backend.account_id, email, parameters["AccountName"]
    used = (creation.id for creation in creations(backend))
    creation_id = world().free_id(used, lambda number: f"car-{ids.derive(32, *key, number)}", *key)
    account_id = new_account_id(backend.account_id, email)
    seconds = FAILED_AFTER if failure else _seconds(email)
    return Creation(backend, creation_id, parameters, now, now + timedelta(seconds=seconds), failure, account_id)


def _seconds(email: str) -> float:
    min_seconds, max_seconds = world().seed.creation_seconds
    return min_seconds + (max_seconds - min_seconds) * (int(ids.account_id("seconds", email)) % 1000) / 1000


def _failure(backend: OrganizationsBackend, email: str) -> str | None:
    """Case does not matter; nor does in whose organization the email is."""
    if any(creation.email.lower() == email and not creation.settled for creation in creations(backend)):
        return "CONCURRENT_ACCOUNT_MODIFICATION"
    is_member = any(account.email.lower() == email for account in backend.accounts)
    return (
        "EMAIL_ALREADY_EXISTS" if is_member or world().standalone_by_email(email) or _has_left(backend, email) else None
    )


def _has_left(backend: OrganizationsBackend, email: str) -> bool:
    """An account that left the organization, or was closed long ago, keeps its email."""
    members = {account.id for account in backend.accounts}
    completed = [creation for creation in creations(backend) if creation.settled and creation.failure is None]
    return any(creation.email.lower() == email and creation.account_id not in members for creation in completed)


def _was_requested() -> str | None:
    """The failure that the seed has for this request: its reasons are those of the first requests, in their order."""
    reasons, number = world().seed.creation_failures, world().count("creation failures")
    return reasons[number] if number < len(reasons) else None


def _check_in_flight(backend: OrganizationsBackend) -> None:
    if sum(not creation.settled for creation in creations(backend)) >= IN_FLIGHT:
        message = "You have exceeded the number of accounts that you can create at the same time."
        raise refusal("ConstraintViolationException", message, "ACCOUNT_CREATION_RATE_LIMIT_EXCEEDED")


def _check_email(email: str) -> None:
    name, at, domain = email.partition("@")
    if not (name and at and "." in domain) or " " in email or len(email) > 64:
        message = "You specified an invalid value: Email doesn't match the required pattern."
        raise refusal("InvalidInputException", message, "INVALID_PATTERN")
