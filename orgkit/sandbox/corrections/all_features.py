"""EnableAllFeatures: from consolidated billing to all features, with the approval of every account that was invited."""

import json

from moto.organizations.models import OrganizationsBackend
from moto.organizations.responses import OrganizationsResponse

from orgkit.sandbox import ids
from orgkit.sandbox.corrections.handshakes import APPROVE, ENABLE, INVITE, Handshake, all_handshakes, open_handshakes
from orgkit.sandbox.corrections.registry import corrects, refusal, settles
from orgkit.sandbox.world import world

VIOLATION = "HandshakeConstraintViolationException"


@corrects(OrganizationsResponse, moto="EnableAllFeatures is not there: consolidated billing is for ever.")
def enable_all_features(self: OrganizationsResponse) -> str:
    """EnableAllFeatures asks every invited account for its approval, within 90 days; nobody is invited meanwhile."""
    backend = self.organizations_backend
    _check(backend)
    for invitation in open_handshakes(backend, INVITE):
        invitation.close("CANCELED")
    asked = _send(backend, ENABLE, backend.account_id)
    for account in backend.accounts:
        if account.joined_method == "INVITED" and account.id != backend.account_id:
            _send(backend, APPROVE, account.id, parent=asked.id)
    _advance(asked)
    return json.dumps({"Handshake": asked.describe()})


def _check(backend: OrganizationsBackend) -> None:
    if backend.org.feature_set == "ALL":
        message = "The organization has already enabled all features."
        raise refusal(VIOLATION, message, "ORGANIZATION_ALREADY_HAS_ALL_FEATURES")
    if open_handshakes(backend, ENABLE):
        message = "The organization has already started the process to enable all features."
        raise refusal(VIOLATION, message, "ORGANIZATION_IS_ALREADY_PENDING_ALL_FEATURES_MIGRATION")


def _send(backend: OrganizationsBackend, action: str, account: str, parent: str = "") -> Handshake:
    again = world().count("handshake", backend.org.id, action, account)
    handshake_id = f"h-{ids.derived(32, 'handshake', backend.org.id, action, account, again)}"
    made = Handshake(backend, handshake_id, action, account, world().clock.now(), parent=parent)
    made.target = {"Type": "ACCOUNT", "Id": account} if parent else None
    all_handshakes().append(made)
    return made


def follow(handshake: Handshake) -> None:
    """What the end of a handshake brings about: features, or the end of what it had asked of others."""
    if handshake.action == ENABLE and handshake.state == "ACCEPTED":
        handshake.backend.org.feature_set = "ALL"  # and no policy type: EnablePolicyType comes afterwards
    if handshake.action == ENABLE:
        for each in _approvals(handshake):
            if each.is_open:
                each.close("CANCELED")
    for each in open_handshakes(handshake.backend, ENABLE):
        _advance(each)


def _approvals(asked: Handshake) -> list[Handshake]:
    return [each for each in all_handshakes() if each.parent == asked.id]


def _advance(asked: Handshake) -> None:
    """REQUESTED until every account that was asked and is still a member has approved, then OPEN."""
    members = {account.id for account in asked.backend.accounts}
    missing = [each for each in _approvals(asked) if each.asked in members and each.state != "ACCEPTED"]
    asked.state = "REQUESTED" if missing else "OPEN"


@settles
def keep_up() -> None:
    """An account that left need not approve any more; a request that has expired asks nobody any more."""
    for each in all_handshakes():
        if each.action == ENABLE and each.is_open:
            _advance(each)
        elif each.action == ENABLE and each.state == "EXPIRED":
            follow(each)
