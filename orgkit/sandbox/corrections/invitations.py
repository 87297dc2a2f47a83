"""Inviting an account, and what the two parties can do with the invitation."""

import json
from datetime import timedelta

from moto.organizations.models import OrganizationsBackend
from moto.organizations.responses import OrganizationsResponse

from orgkit.sandbox import ids
from orgkit.sandbox.corrections.handshakes import MOTO, OPEN, Handshake, all_handshakes, is_invited, open_invitations
from orgkit.sandbox.corrections.limits import check_finalized, check_quota
from orgkit.sandbox.corrections.members import MemberAccount, backend_of, end_plan, join, leave, organization_of
from orgkit.sandbox.corrections.registry import corrects, refusal
from orgkit.sandbox.seed import StandaloneAccount
from orgkit.sandbox.world import world

A_DAY = timedelta(days=1)
INVITATIONS_A_DAY = 20


@corrects(OrganizationsResponse, moto=MOTO)
def invite_account_to_organization(self: OrganizationsResponse) -> str:
    """Makes a handshake, by account id or e-mail."""
    backend, parameters = self.organizations_backend, self.request_params
    target = parameters["Target"]
    account = _target(target)
    _check_invitation(backend, target, account)
    again = world().count("handshake", backend.org.id, target["Type"], target["Id"].lower())
    handshake_id = f"h-{ids.derived(32, 'handshake', backend.org.id, target['Type'], target['Id'].lower(), again)}"
    notes, tags = parameters.get("Notes", ""), parameters.get("Tags", [])
    made = Handshake(backend, handshake_id, target, account, notes, tags, world().clock.now())
    all_handshakes().append(made)
    return json.dumps({"Handshake": made.describe()})


def _target(target: dict[str, str]) -> StandaloneAccount | None:
    """An account id must be somebody's; an e-mail may be nobody's."""
    if target["Type"] == "EMAIL":
        return world().standalone_by_email(target["Id"])
    found = world().standalone(target["Id"]) if target["Type"] == "ACCOUNT" else None
    if found is None and organization_of(target["Id"]) is None:
        raise refusal("InvalidInputException", "You provided a target that isn't valid.", "INVALID_PARTY_TYPE_TARGET")
    return found


def _check_invitation(backend: OrganizationsBackend, target: dict[str, str], account: StandaloneAccount | None) -> None:
    code = "HandshakeConstraintViolationException"
    check_finalized(backend)
    if not world().seed.email_verified:
        raise refusal("AccountOwnerNotVerifiedException", "You can't invite an account until you verify your email.")
    elsewhere = account is not None and organization_of(account.id) is not None
    if _is_member(backend, target) or (elsewhere and not world().seed.direct_move):
        raise refusal(code, "The account is already a member of an organization.", "ALREADY_IN_AN_ORGANIZATION")
    if any(each.target == target or (account and each.account == account) for each in open_invitations(backend)):
        raise refusal("DuplicateHandshakeException", "A handshake with the same action and target already exists.")
    if _invited_today(backend) >= max(INVITATIONS_A_DAY, world().seed.account_quota):
        raise refusal(code, "You have exceeded the number of handshakes a day.", "HANDSHAKE_RATE_LIMIT_EXCEEDED")
    check_quota(backend, code)


def _is_member(backend: OrganizationsBackend, target: dict[str, str]) -> bool:
    return any(target["Id"].lower() in (account.id, account.email.lower()) for account in backend.accounts)


def _invited_today(backend: OrganizationsBackend) -> int:
    since = world().clock.now() - A_DAY
    return sum(each.backend is backend and each.requested > since for each in all_handshakes())


@corrects(OrganizationsResponse, moto=MOTO)
def describe_handshake(self: OrganizationsResponse) -> str:
    """For both parties."""
    return json.dumps({"Handshake": _find(self, invited=True, inviting=True).describe()})


def _find(response: OrganizationsResponse, *, invited: bool = False, inviting: bool = False) -> Handshake:
    account = response.current_account
    for each in all_handshakes():
        if each.id == response.request_params["HandshakeId"]:
            sender = each.backend.account_id == account
            if (invited and is_invited(each, account)) or (inviting and sender):
                return each
            if sender or is_invited(each, account):
                raise refusal("AccessDeniedException", "You don't have permissions to access this resource.")
    raise refusal("HandshakeNotFoundException", "We can't find a handshake with the HandshakeId that you specified.")


def _close(handshake: Handshake, state: str) -> str:
    if handshake.state == state:
        raise refusal("HandshakeAlreadyInStateException", "The specified handshake is already in the requested state.")
    if handshake.state not in OPEN:
        message = "You can't perform the operation on the handshake in its current state."
        raise refusal("InvalidHandshakeTransitionException", message)
    handshake.close(state)
    return json.dumps({"Handshake": handshake.describe()})


@corrects(OrganizationsResponse, moto=MOTO)
def accept_handshake(self: OrganizationsResponse) -> str:
    """By the invited account; it joins in the root, as it is."""
    handshake = _find(self, invited=True)
    answered = _close(handshake, "ACCEPTED")
    if handshake.account is not None:
        invited, before = handshake.account, backend_of(handshake.account.id)
        if before.org is not None:
            leave(before, invited.id)
        joins = MemberAccount(handshake.backend, invited.id, invited.name, invited.email, "INVITED")
        join(handshake.backend, joins, handshake.tags)
        end_plan(invited.id)
    return answered


@corrects(OrganizationsResponse, moto=MOTO)
def decline_handshake(self: OrganizationsResponse) -> str:
    """By the invited account."""
    return _close(_find(self, invited=True), "DECLINED")


@corrects(OrganizationsResponse, moto=MOTO)
def cancel_handshake(self: OrganizationsResponse) -> str:
    """By the account that sent it."""
    return _close(_find(self, inviting=True), "CANCELED")


@corrects(OrganizationsResponse, moto="Not there.")
def leave_organization(self: OrganizationsResponse) -> str:
    """A member leaves by itself; created accounts after four days."""
    backend, account_id = self.organizations_backend, self.current_account
    if account_id == backend.account_id:
        raise refusal("MasterCannotLeaveOrganizationException", "You can't remove a management account.")
    leave(backend, account_id)
    return "{}"
