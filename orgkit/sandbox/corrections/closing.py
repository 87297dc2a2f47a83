"""Closing an account: not at once, three at a time, and not more than a part of the organization in thirty days."""

from datetime import datetime, timedelta
from typing import Any

from moto.organizations.models import FakeAccount, OrganizationsBackend

from orgkit.dataclass import dataclass
from orgkit.sandbox.corrections.limits import operations_in_progress
from orgkit.sandbox.corrections.members import leave
from orgkit.sandbox.corrections.registry import corrects, refusal, settles
from orgkit.sandbox.world import world

CLOSES_AFTER = timedelta(seconds=60)  # AWS: minutes to hours
GONE_AFTER = timedelta(days=90)  # until then it counts towards the quota of accounts
MAX_CONCURRENT = 3
PERIOD = timedelta(days=30)


@dataclass
class Closure:
    """One CloseAccount request that AWS has accepted."""

    backend: OrganizationsBackend
    account: FakeAccount
    requested: datetime

    @property
    def in_progress(self) -> bool:
        return bool(self.account.state == "PENDING_CLOSURE")


def closable(members: int) -> int:
    """How many accounts an organization of so many members can close in thirty days."""
    return min(1000, max(250, members // 5))


@corrects(OrganizationsBackend, moto="CloseAccount makes any account SUSPENDED at once, the management account too.")
def close_account(self: OrganizationsBackend, **kwargs: Any) -> None:
    """CloseAccount goes through PENDING_CLOSURE, needs all features, and has limits: three at once, and a quota."""
    if self.org.feature_set != "ALL":
        message = "An account can be closed only in an organization that has all features."
        raise refusal("ConstraintViolationException", message, "ORGANIZATION_NOT_IN_ALL_FEATURES_MODE")
    account = self.get_account_by_id(kwargs["AccountId"])
    _check_account(self, account)
    closures = operations_in_progress("closures", self)
    recent = sum(closure.requested > world().clock.now() - PERIOD for closure in closures)
    check_limits(sum(closure.in_progress for closure in closures), recent, len(self.accounts) - 1)
    account.state = account.status = "PENDING_CLOSURE"
    world().state["closures"].append(Closure(self, account, world().clock.now()))


def _check_account(backend: OrganizationsBackend, account: FakeAccount) -> None:
    if account.id == backend.account_id:
        message = "You can't close the management account."
        raise refusal("ConstraintViolationException", message, "CANNOT_CLOSE_MANAGEMENT_ACCOUNT")
    if account.state == "PENDING_CLOSURE":
        raise refusal("ConflictException", "The account is already being closed.")
    if account.state != "ACTIVE":
        raise refusal("AccountAlreadyClosedException", "You attempted to close an account that is already closed.")


def check_limits(at_once: int, recent: int, members: int) -> None:
    """Refuse another closure where too many are in progress, or were requested within thirty days."""
    if at_once >= MAX_CONCURRENT:
        message = "You attempted to exceed the number of accounts that you can close at a time."
        raise refusal("ConstraintViolationException", message, "CLOSE_ACCOUNT_REQUESTS_LIMIT_EXCEEDED")
    if recent >= closable(members):
        message = "You have exceeded close account quota for the past 30 days."
        raise refusal("ConstraintViolationException", message, "CLOSE_ACCOUNT_QUOTA_EXCEEDED")


@settles
def finish_closures() -> None:
    """PENDING_CLOSURE becomes SUSPENDED, and after ninety days the account is gone."""
    now = world().clock.now()
    for closure in world().state.get("closures", []):
        if closure.in_progress and closure.requested + CLOSES_AFTER <= now:
            closure.account.state = closure.account.status = "SUSPENDED"
        if closure.requested + GONE_AFTER <= now and closure.account in closure.backend.accounts:
            leave(closure.backend, closure.account.id)
