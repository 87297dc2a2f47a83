"""EnableAllFeatures: from consolidated billing to all features, with the approval of every account that was invited."""

import json

from moto.organizations.models import OrganizationsBackend
from moto.organizations.responses import OrganizationsResponse

from orgkit.sandbox.corrections.handshakes import (
    APPROVE,
    ENABLE,
    INVITE,
    Handshake,
    all_handshakes,
    new_handshake_id,
    open_handshakes,
)
from orgkit.sandbox.corrections.registry import corrects, refusal, settles
from orgkit.sandbox.world import world

VIOLATION = "HandshakeConstraintViolationException"


@corrects(OrganizationsResponse, moto="EnableAllFeatures is not there: consolidated billing is for ever.")
def enable_all_features(self: OrganizationsResponse) -> str:
    """EnableAllFeatures asks every invited account to approve within 90 days; no account can be invited until then."""
    backend = self.organizations_backend
    _check(backend)
    for invitation in open_handshakes(backend, INVITE):
        invitation.close("CANCELED")
    handshake = _send(backend, ENABLE, backend.account_id)
    for account in backend.accounts:
        if account.joined_method == "INVITED" and account.id != backend.account_id:
            _send(backend, APPROVE, account.id, parent=handshake.id)
    _advance(handshake)
    return json.dumps({"Handshake": handshake.describe()})


def _check(backend: OrganizationsBackend) -> None:
    if backend.org.feature_set == "ALL":
        message = "The organization has already enabled all features."
        raise refusal(VIOLATION, message, "ORGANIZATION_ALREADY_HAS_ALL_FEATURES")
    if open_handshakes(backend, ENABLE):
        message = "The organization has already started the process to enable all features."
        raise refusal(VIOLATION, message, "ORGANIZATION_IS_ALREADY_PENDING_ALL_FEATURES_MIGRATION")


def _send(backend: OrganizationsBackend, action: str, account: str, parent: str = "") -> Handshake:
    handshake_id = new_handshake_id(backend.org.id, action, account)
    handshake = Handshake(backend, handshake_id, action, account, world().clock.now(), parent=parent)
    handshake.target = {"Type": "ACCOUNT", "Id": account} if parent else None
    all_handshakes().append(handshake)
    return handshake


def follow(handshake: Handshake) -> None:
    """Apply the end of a handshake: enable all features, or cancel the requests to the accounts."""
    if handshake.action == ENABLE and handshake.state == "ACCEPTED":
        handshake.backend.org.feature_set = "ALL"  # and no policy type: EnablePolicyType comes afterwards
    if handshake.action == ENABLE:
        for approval in _approvals(handshake):
            if approval.is_open:
                approval.close("CANCELED")
    for approval in open_handshakes(handshake.backend, ENABLE):
        _advance(approval)


def _approvals(handshake: Handshake) -> list[Handshake]:
    return [approval for approval in all_handshakes() if approval.parent == handshake.id]


def _advance(handshake: Handshake) -> None:
    """REQUESTED until every account that was asked and is still a member has approved, then OPEN."""
    members = {account.id for account in handshake.backend.accounts}
    missing = [
        approval for approval in _approvals(handshake) if approval.recipient in members and approval.state != "ACCEPTED"
    ]
    handshake.state = "REQUESTED" if missing else "OPEN"


@settles
def keep_up() -> None:
    """Update open requests: an account that left need not approve, and an expired request ends those to accounts."""
    for handshake in all_handshakes():
        if handshake.action == ENABLE and handshake.is_open:
            _advance(handshake)
        elif handshake.action == ENABLE and handshake.state == "EXPIRED":
            follow(handshake)
