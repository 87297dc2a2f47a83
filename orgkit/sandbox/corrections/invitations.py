"""Invitations of accounts: valid recipients, times, and the limit per day."""

import json
import re
from datetime import timedelta

from moto.organizations.models import OrganizationsBackend
from moto.organizations.responses import OrganizationsResponse

from orgkit.sandbox.corrections.handshakes import (
    ENABLE,
    INVITE,
    Handshake,
    all_handshakes,
    new_handshake_id,
    open_handshakes,
)
from orgkit.sandbox.corrections.limits import check_finalized, check_quota
from orgkit.sandbox.corrections.members import organization_of
from orgkit.sandbox.corrections.registry import corrects, refusal
from orgkit.sandbox.seed import StandaloneAccount
from orgkit.sandbox.world import world

A_DAY = timedelta(days=1)
INVITATIONS_A_DAY = 20
EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
VIOLATION = "HandshakeConstraintViolationException"


@corrects(OrganizationsResponse, moto="InviteAccountToOrganization is not there.")
def invite_account_to_organization(self: OrganizationsResponse) -> str:
    """InviteAccountToOrganization makes a handshake of 15 days: one at a time, 20 a day or the quota of accounts."""
    backend, parameters = self.organizations_backend, self.request_params
    target = parameters["Target"]
    account = _target(target)
    _check_organization(backend)
    _check_target(backend, target, account)
    handshake_id = new_handshake_id(backend.org.id, target["Type"], target["Id"].lower())
    notes, tags = parameters.get("Notes", ""), tuple(parameters.get("Tags", []))
    account_id = account.id if account else ""
    handshake = Handshake(backend, handshake_id, INVITE, account_id, world().clock.now(), target, notes, tags)
    all_handshakes().append(handshake)
    return json.dumps({"Handshake": handshake.describe()})


def _target(target: dict[str, str]) -> StandaloneAccount | None:
    """Return the invited account: an account id must exist, an email may belong to no account."""
    if target["Type"] == "EMAIL":
        if not EMAIL.fullmatch(target["Id"]):
            message = "You specified an invalid email address for the invited account owner."
            raise refusal("InvalidInputException", message, "INVALID_EMAIL_ADDRESS_TARGET")
        return world().standalone_by_email(target["Id"])
    account = world().standalone(target["Id"]) if target["Type"] == "ACCOUNT" else None
    if account is None and organization_of(target["Id"]) is None:
        raise refusal("InvalidInputException", "You provided a target that isn't valid.", "INVALID_PARTY_TYPE_TARGET")
    return account


def _check_organization(backend: OrganizationsBackend) -> None:
    check_finalized(backend)
    if not world().seed.email_verified:
        raise refusal("AccountOwnerNotVerifiedException", "You can't invite an account until you verify your email.")
    if open_handshakes(backend, ENABLE):
        message = "You can't invite accounts while the organization is in the process of enabling all features."
        raise refusal(VIOLATION, message, "INVITE_DISABLED_DURING_ENABLE_ALL_FEATURES")


def _check_target(backend: OrganizationsBackend, target: dict[str, str], account: StandaloneAccount | None) -> None:
    is_foreign = account is not None and organization_of(account.id) is not None
    if _is_member(backend, target) or (is_foreign and not world().seed.direct_move):
        raise refusal(VIOLATION, "The account is already a member of an organization.", "ALREADY_IN_AN_ORGANIZATION")
    waiting = open_handshakes(backend, INVITE)
    if any(handshake.target == target or (account and handshake.recipient == account.id) for handshake in waiting):
        raise refusal("DuplicateHandshakeException", "A handshake with the same action and target already exists.")
    if _invitations_today(backend) >= max(INVITATIONS_A_DAY, world().seed.account_quota):
        raise refusal(VIOLATION, "You have exceeded the number of handshakes a day.", "HANDSHAKE_RATE_LIMIT_EXCEEDED")
    check_quota(backend, VIOLATION)


def _is_member(backend: OrganizationsBackend, target: dict[str, str]) -> bool:
    return any(target["Id"].lower() in (account.id, account.email.lower()) for account in backend.accounts)


def _invitations_today(backend: OrganizationsBackend) -> int:
    """Accepted invitations do not count: as soon as one is accepted, another can be sent."""
    since = world().clock.now() - A_DAY
    sent = [handshake for handshake in all_handshakes() if handshake.backend is backend and handshake.action == INVITE]
    return sum(handshake.requested > since and handshake.state != "ACCEPTED" for handshake in sent)
