"""Handshakes as both parties see them: moto has none; AWS has kinds, states, and an expiry of 15 or 90 days."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from moto.core.utils import get_service_model
from moto.organizations.models import OrganizationsBackend
from moto.organizations.responses import OrganizationsResponse

from orgkit.sandbox import ids
from orgkit.sandbox.corrections.limits import operations_in_progress
from orgkit.sandbox.corrections.members import management_of, moment, organization_of
from orgkit.sandbox.corrections.paging import answer
from orgkit.sandbox.corrections.registry import corrects, refusal, settles
from orgkit.sandbox.world import world

INVITE, ENABLE, APPROVE = "INVITE", "ENABLE_ALL_FEATURES", "APPROVE_ALL_FEATURES"
ACTIONS = tuple(get_service_model("organizations").shape_for("ActionType").enum)
EXPIRES_AFTER = {INVITE: timedelta(days=15), ENABLE: timedelta(days=90), APPROVE: timedelta(days=90)}
SHOWN_FOR = timedelta(days=30)  # after it was accepted, declined, cancelled or expired
OPEN_STATES = ("REQUESTED", "OPEN")


@dataclass
class Handshake:
    """What one account asks another; `recipient` is empty where the invited email belongs to no account (yet)."""

    backend: OrganizationsBackend
    id: str
    action: str
    recipient: str
    requested: datetime
    target: dict[str, str] | None = None  # the party, as it was written; the organization itself has none
    notes: str = ""
    tags: tuple[dict[str, str], ...] = ()
    parent: str = ""  # of an APPROVE_ALL_FEATURES
    state: str = "OPEN"
    closed: datetime | None = None
    expires_at: datetime | None = None  # of a handshake that was copied from AWS

    @property
    def expires(self) -> datetime:
        return self.expires_at or self.requested + EXPIRES_AFTER.get(self.action, timedelta(days=15))

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES

    def close(self, state: str, closed_at: datetime | None = None) -> None:
        self.state, self.closed = state, closed_at or world().clock.now()

    def describe(self) -> dict[str, Any]:
        org = self.backend.org
        kind = f"{org.id}/{self.action.lower()}"
        organization = {"Id": org.id.removeprefix("o-"), "Type": "ORGANIZATION"}
        return {
            "Id": self.id,
            "Arn": f"arn:aws:organizations::{org.master_account_id}:handshake/{kind}/{self.id}",
            "Parties": [organization, *([self.target] if self.target else [])],
            "State": self.state,
            "RequestedTimestamp": moment(self.requested),
            "ExpirationTimestamp": moment(self.expires),
            "Action": self.action,
            "Resources": self._resources(),
        }

    def _resources(self) -> list[dict[str, Any]]:
        organization: dict[str, Any] = {"Type": "ORGANIZATION", "Value": self.backend.org.id}
        if self.action == INVITE:
            organization["Resources"] = self._of_organization()
        parent = [{"Type": "PARENT_HANDSHAKE", "Value": self.parent.removeprefix("h-")}] if self.parent else []
        target = [{"Type": self.target["Type"], "Value": self.target["Id"]}] if self.target else []
        return [*parent, organization, *target, *([{"Type": "NOTES", "Value": self.notes}] if self.notes else [])]

    def _of_organization(self) -> list[dict[str, str]]:
        org = self.backend.org
        return [
            {"Type": "MASTER_EMAIL", "Value": org.master_account_email},
            {"Type": "MASTER_NAME", "Value": world().seed.management_name},
            {"Type": "ORGANIZATION_FEATURE_SET", "Value": org.feature_set},
        ]


def all_handshakes() -> list[Handshake]:
    """Of all organizations, in the order in which they were sent."""
    handshakes: list[Handshake] = world().state.setdefault("handshakes", [])
    return handshakes


def new_handshake_id(*key: str) -> str:
    """Return an id that no handshake has, also none that was copied."""
    used = (handshake.id for handshake in all_handshakes())
    return world().free_id(used, lambda number: f"h-{ids.derive(32, 'handshake', *key, number)}", "handshake", *key)


def open_handshakes(backend: OrganizationsBackend, action: str) -> list[Handshake]:
    """Those of one kind that can still be answered."""
    return [
        handshake
        for handshake in operations_in_progress("handshakes", backend)
        if handshake.action == action and handshake.is_open
    ]


@settles
def expire() -> None:
    """An invitation is open for fifteen days, a request to enable all features for ninety."""
    for handshake in all_handshakes():
        if handshake.is_open and handshake.expires <= world().clock.now():
            handshake.close("EXPIRED", handshake.expires)


def is_visible(handshake: Handshake) -> bool:
    """AWS forgets a handshake thirty days after its end."""
    return handshake.closed is None or world().clock.now() - handshake.closed < SHOWN_FOR


def is_recipient(handshake: Handshake, account: str) -> bool:
    """Whether this account may answer it. A management account is not shown invitations to another organization."""
    is_foreign = handshake.action == INVITE and organization_of(account) and management_of(account) == account
    return handshake.recipient == account and not is_foreign


def _answer(response: OrganizationsResponse, handshakes: list[Handshake]) -> str:
    matching = [
        handshake
        for handshake in handshakes
        if is_visible(handshake) and _matches(handshake, response.request_params.get("Filter") or {})
    ]
    return json.dumps(answer("Handshakes", [handshake.describe() for handshake in matching], response.request_params))


def _matches(handshake: Handshake, criteria: dict[str, str]) -> bool:
    action, parent = criteria.get("ActionType"), criteria.get("ParentHandshakeId")
    return action in (None, handshake.action) and parent in (None, handshake.parent)


def _check_filter(response: OrganizationsResponse) -> None:
    criteria = response.request_params.get("Filter") or {}
    if len(criteria) > 1:
        message = "You can specify only one filter parameter for the operation."
        raise refusal("InvalidInputException", message, "MAX_LIMIT_EXCEEDED_FILTER")
    if criteria.get("ActionType", INVITE) not in ACTIONS:
        raise refusal("InvalidInputException", "You specified an invalid value.", "INVALID_ENUM")


@corrects(OrganizationsResponse, moto="ListHandshakesForOrganization is not there.")
def list_handshakes_for_organization(self: OrganizationsResponse) -> str:
    """ListHandshakesForOrganization lists the sent ones, by kind or parent, until 30 days after their end."""
    _check_filter(self)
    backend = self.organizations_backend
    return _answer(self, [handshake for handshake in all_handshakes() if handshake.backend is backend])


@corrects(OrganizationsResponse, moto="ListHandshakesForAccount is not there.")
def list_handshakes_for_account(self: OrganizationsResponse) -> str:
    """ListHandshakesForAccount lists those that the account received, until 30 days after their end."""
    _check_filter(self)
    received = [
        handshake
        for handshake in all_handshakes()
        if handshake.action != ENABLE and is_recipient(handshake, self.current_account)
    ]
    return _answer(self, received)
