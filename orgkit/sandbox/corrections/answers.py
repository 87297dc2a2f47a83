"""What the two parties of a handshake can do with it: describe, accept, decline and cancel it."""

import json

from moto.organizations.responses import OrganizationsResponse

from orgkit.sandbox.corrections import all_features
from orgkit.sandbox.corrections.handshakes import ENABLE, INVITE, Handshake, all_handshakes, is_recipient, is_visible
from orgkit.sandbox.corrections.members import (
    MemberAccount,
    backend_of,
    end_plan,
    join,
    leave,
    management_of,
    organization_of,
)
from orgkit.sandbox.corrections.registry import corrects, refusal
from orgkit.sandbox.world import world


@corrects(OrganizationsResponse, moto="DescribeHandshake is not there.")
def describe_handshake(self: OrganizationsResponse) -> str:
    """DescribeHandshake is for both parties, and for nobody else."""
    return json.dumps({"Handshake": _find(self, by_recipient=True, sender=True).describe()})


def _find(response: OrganizationsResponse, *, by_recipient: bool = False, sender: bool = False) -> Handshake:
    """Return the handshake for the party that may do this; deny the other party, and hide it from everybody else."""
    account = response.current_account
    for handshake in all_handshakes():
        if handshake.id == response.request_params["HandshakeId"] and is_visible(handshake):
            is_sender = handshake.backend.account_id == account
            if (by_recipient and is_recipient(handshake, account)) or (sender and is_sender):
                return handshake
            if is_sender or is_recipient(handshake, account):
                raise refusal("AccessDeniedException", "You don't have permissions to access this resource.")
    raise refusal("HandshakeNotFoundException", "We can't find a handshake with the HandshakeId that you specified.")


def _close(handshake: Handshake, state: str) -> str:
    _check_open(handshake, state)
    handshake.close(state)
    all_features.follow(handshake)
    return json.dumps({"Handshake": handshake.describe()})


def _check_open(handshake: Handshake, state: str) -> None:
    """A request to enable all features can be accepted only when everybody has approved: REQUESTED is too early."""
    if handshake.state == state:
        raise refusal("HandshakeAlreadyInStateException", "The specified handshake is already in the requested state.")
    early = handshake.action == ENABLE and state == "ACCEPTED" and handshake.state == "REQUESTED"
    if early or not handshake.is_open:
        message = "You can't perform the operation on the handshake in its current state."
        raise refusal("InvalidHandshakeTransitionException", message)


@corrects(OrganizationsResponse, moto="AcceptHandshake is not there.")
def accept_handshake(self: OrganizationsResponse) -> str:
    """AcceptHandshake is for the recipient; an invited account joins in the root, also from another organization."""
    _check_management(self.current_account, self.request_params["HandshakeId"])
    handshake = _find(self, by_recipient=True)
    if handshake.action == INVITE:
        _check_open(handshake, "ACCEPTED")
        _join(handshake)
    return _close(handshake, "ACCEPTED")


def _check_management(account: str, handshake_id: str) -> None:
    """Refuse an account that has created its own organization in the meantime, until it deletes that."""
    invited = any(
        handshake.id == handshake_id and handshake.recipient == account and handshake.action == INVITE
        for handshake in all_handshakes()
    )
    if invited and organization_of(account) is not None and management_of(account) == account:
        message = "You can't remove a management account from an organization."
        raise refusal("MasterCannotLeaveOrganizationException", message)


def _join(handshake: Handshake) -> None:
    account = world().standalone(handshake.recipient)
    assert account is not None  # only such an account can answer an invitation
    if organization_of(account.id) is not None:
        if not world().seed.direct_move:
            message = "The account is already a member of an organization."
            raise refusal("HandshakeConstraintViolationException", message, "ALREADY_IN_AN_ORGANIZATION")
        leave(backend_of(account.id), account.id)
    member = MemberAccount(handshake.backend, account.id, account.name, account.email, "INVITED")
    join(handshake.backend, member, list(handshake.tags))
    end_plan(account.id)


@corrects(OrganizationsResponse, moto="DeclineHandshake is not there.")
def decline_handshake(self: OrganizationsResponse) -> str:
    """DeclineHandshake is for the recipient, while the handshake is open."""
    return _close(_find(self, by_recipient=True), "DECLINED")


@corrects(OrganizationsResponse, moto="CancelHandshake is not there.")
def cancel_handshake(self: OrganizationsResponse) -> str:
    """CancelHandshake is for the sender, while the handshake is open."""
    return _close(_find(self, sender=True), "CANCELED")
