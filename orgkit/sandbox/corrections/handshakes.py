"""Handshakes as both parties see them: moto has none; AWS has states, and an expiry of 15 days."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from moto.organizations.models import OrganizationsBackend
from moto.organizations.responses import OrganizationsResponse

from orgkit.sandbox.corrections.limits import under_way
from orgkit.sandbox.corrections.members import moment
from orgkit.sandbox.corrections.paging import answer
from orgkit.sandbox.corrections.registry import corrects, settles
from orgkit.sandbox.seed import StandaloneAccount
from orgkit.sandbox.world import world

EXPIRES_AFTER = timedelta(days=15)
SHOWN_FOR = timedelta(days=30)  # after it was accepted, declined, cancelled or expired
OPEN = ("REQUESTED", "OPEN")
MOTO = "No handshakes at all."


@dataclass
class Handshake:
    """One invitation; `account` is None where the e-mail that was invited belongs to no account (yet)."""

    backend: OrganizationsBackend
    id: str
    target: dict[str, str]
    account: StandaloneAccount | None
    notes: str
    tags: list[dict[str, str]]
    requested: datetime
    state: str = "OPEN"
    closed: datetime | None = None

    @property
    def expires(self) -> datetime:
        return self.requested + EXPIRES_AFTER

    def close(self, state: str) -> None:
        self.state, self.closed = state, world().clock.now()

    def describe(self) -> dict[str, Any]:
        org = self.backend.org
        return {
            "Id": self.id,
            "Arn": f"arn:aws:organizations::{org.master_account_id}:handshake/{org.id}/invite/{self.id}",
            "Parties": [{"Id": org.id.removeprefix("o-"), "Type": "ORGANIZATION"}, dict(self.target)],
            "State": self.state,
            "RequestedTimestamp": moment(self.requested),
            "ExpirationTimestamp": moment(self.expires),
            "Action": "INVITE",
            "Resources": self._resources(),
        }

    def _resources(self) -> list[dict[str, Any]]:
        org, seed = self.backend.org, world().seed
        of_organization = [
            {"Type": "MASTER_EMAIL", "Value": org.master_account_email},
            {"Type": "MASTER_NAME", "Value": seed.management_name},
            {"Type": "ORGANIZATION_FEATURE_SET", "Value": org.feature_set},
        ]
        resources = [{"Type": "ORGANIZATION", "Value": org.id, "Resources": of_organization}]
        resources.append({"Type": self.target["Type"], "Value": self.target["Id"]})
        return resources + ([{"Type": "NOTES", "Value": self.notes}] if self.notes else [])


def all_handshakes() -> list[Handshake]:
    """Of all organizations, in the order in which they were sent."""
    made: list[Handshake] = world().things.setdefault("handshakes", [])
    return made


def open_invitations(backend: OrganizationsBackend) -> list[Handshake]:
    """Those that can still be answered."""
    return [each for each in under_way("handshakes", backend) if each.state in OPEN]


@settles
def expire() -> None:
    """An invitation is open for fifteen days."""
    for each in all_handshakes():
        if each.state in OPEN and each.expires <= world().clock.now():
            each.state, each.closed = "EXPIRED", each.expires


def shown(handshake: Handshake) -> bool:
    """AWS forgets a handshake thirty days after its end."""
    return handshake.closed is None or world().clock.now() - handshake.closed < SHOWN_FOR


def _answer(response: OrganizationsResponse, chosen: list[Handshake]) -> str:
    parameters = response.request_params
    wanted = parameters.get("Filter", {}).get("ActionType", "INVITE")
    described = [each.describe() for each in chosen if wanted == "INVITE" and shown(each)]
    return json.dumps(answer("Handshakes", described, parameters))


@corrects(OrganizationsResponse, moto=MOTO)
def list_handshakes_for_organization(self: OrganizationsResponse) -> str:
    """What the organization sent, for 30 days after its end."""
    backend = self.organizations_backend
    return _answer(self, [each for each in all_handshakes() if each.backend is backend])


@corrects(OrganizationsResponse, moto=MOTO)
def list_handshakes_for_account(self: OrganizationsResponse) -> str:
    """What the account was sent."""
    return _answer(self, [each for each in all_handshakes() if is_invited(each, self.current_account)])


def is_invited(handshake: Handshake, account: str) -> bool:
    """Whether this account may answer it."""
    return handshake.account is not None and handshake.account.id == account
