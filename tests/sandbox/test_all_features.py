"""From consolidated billing to all features: who is asked, who answers, and what waits meanwhile."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from orgkit.sandbox.seed import Seed
from tests.sandbox.conftest import DNS, LEGACY, MANAGEMENT, SEED, World

Error = Callable[..., str]
OWNER = f"owner-{LEGACY.id}"


@pytest.fixture
def billing(begin: Callable[[Seed], World]) -> World:
    """An organization for one bill only: the account dns was invited, the account web was created."""
    world = begin(replace(SEED, consolidated_billing=True))
    target = {"Type": "ACCOUNT", "Id": DNS.id}
    invitation = world.client("organizations").invite_account_to_organization(Target=target)["Handshake"]
    world.client("organizations", "dns").accept_handshake(HandshakeId=invitation["Id"])
    world.account("web")
    return world


def _begin(world: World) -> dict[str, Any]:
    requests: dict[str, Any] = world.client("organizations").enable_all_features()["Handshake"]
    return requests


def _approval(world: World, profile: str = "dns") -> dict[str, Any]:
    listed = world.client("organizations", profile).list_handshakes_for_account
    found: list[dict[str, Any]] = listed(Filter={"ActionType": "APPROVE_ALL_FEATURES"})["Handshakes"]
    return found[-1]


def _state(world: World, handshake: dict[str, Any]) -> str:
    found = world.client("organizations").describe_handshake(HandshakeId=handshake["Id"])
    return str(found["Handshake"]["State"])


def _features(world: World) -> str:
    return str(world.client("organizations").describe_organization()["Organization"]["FeatureSet"])


def test_every_invited_account_is_asked_and_no_created_one(billing: World) -> None:
    organizations = billing.client("organizations")
    identity = organizations.describe_organization()["Organization"]["Id"]
    requests = _begin(billing)
    assert (
        requests["Arn"]
        == f"arn:aws:organizations::{MANAGEMENT}:handshake/{identity}/enable_all_features/{requests['Id']}"
    )
    assert (requests["Action"], requests["State"]) == ("ENABLE_ALL_FEATURES", "REQUESTED")
    assert [party["Type"] for party in requests["Parties"]] == ["ORGANIZATION"]
    assert requests["ExpirationTimestamp"] - requests["RequestedTimestamp"] == timedelta(days=90)
    children = organizations.list_handshakes_for_organization(Filter={"ParentHandshakeId": requests["Id"]})[
        "Handshakes"
    ]
    (child,) = children
    assert (child["Action"], child["State"]) == ("APPROVE_ALL_FEATURES", "OPEN")
    assert {"Id": DNS.id, "Type": "ACCOUNT"} in child["Parties"]
    assert {"Type": "PARENT_HANDSHAKE", "Value": requests["Id"].removeprefix("h-")} in child["Resources"]


def test_when_all_have_approved_the_management_account_finishes(billing: World, error: Error) -> None:
    organizations, requests = billing.client("organizations"), _begin(billing)
    accept = organizations.accept_handshake
    assert error(accept, HandshakeId=requests["Id"]) == "InvalidHandshakeTransitionException"
    billing.client("organizations", "dns").accept_handshake(HandshakeId=_approval(billing)["Id"])
    assert (_state(billing, requests), _features(billing)) == ("OPEN", "CONSOLIDATED_BILLING")
    assert accept(HandshakeId=requests["Id"])["Handshake"]["State"] == "ACCEPTED"
    assert _features(billing) == "ALL"
    assert organizations.list_roots()["Roots"][0]["PolicyTypes"] == []
    kind = {"RootId": billing.root(), "PolicyType": "SERVICE_CONTROL_POLICY"}
    assert organizations.enable_policy_type(**kind)["Root"]["PolicyTypes"]


def test_without_invited_accounts_it_can_be_finished_at_once(begin: Callable[[Seed], World]) -> None:
    world = begin(replace(SEED, consolidated_billing=True))
    world.account("web")
    requests = _begin(world)
    assert requests["State"] == "OPEN"
    world.client("organizations").accept_handshake(HandshakeId=requests["Id"])
    assert _features(world) == "ALL"


def test_nobody_is_invited_meanwhile_but_accounts_are_created(billing: World, reason: Error) -> None:
    organizations, target = billing.client("organizations"), {"Type": "ACCOUNT", "Id": LEGACY.id}
    waiting = organizations.invite_account_to_organization(Target=target)["Handshake"]
    requests = _begin(billing)
    assert _state(billing, waiting) == "CANCELED"
    invite = organizations.invite_account_to_organization
    assert reason(invite, Target=target) == "INVITE_DISABLED_DURING_ENABLE_ALL_FEATURES"
    billing.account("second")
    organizations.cancel_handshake(HandshakeId=requests["Id"])
    assert invite(Target=target)["Handshake"]["State"] == "OPEN"


def test_it_is_asked_for_once_and_only_where_there_is_something_to_enable(billing: World, reason: Error) -> None:
    enable = billing.client("organizations").enable_all_features
    requests = _begin(billing)
    assert reason(enable) == "ORGANIZATION_IS_ALREADY_PENDING_ALL_FEATURES_MIGRATION"
    billing.client("organizations", "dns").accept_handshake(HandshakeId=_approval(billing)["Id"])
    billing.client("organizations").accept_handshake(HandshakeId=requests["Id"])
    assert reason(enable) == "ORGANIZATION_ALREADY_HAS_ALL_FEATURES"


def test_an_account_that_declines_blocks_it_until_it_leaves(billing: World) -> None:
    owner, requests = billing.client("organizations", "dns"), _begin(billing)
    owner.decline_handshake(HandshakeId=_approval(billing)["Id"])
    assert _state(billing, requests) == "REQUESTED"
    owner.leave_organization()
    assert _state(billing, requests) == "OPEN"


@pytest.mark.parametrize(("end", "state"), [("cancel", "CANCELED"), ("expire", "EXPIRED")])
def test_when_it_ends_otherwise_nobody_has_to_approve_any_more(
    billing: World, error: Error, end: str, state: str
) -> None:
    requests, approval = _begin(billing), _approval(billing)
    if end == "cancel":
        billing.client("organizations").cancel_handshake(HandshakeId=requests["Id"])
    else:
        billing.sandbox.sleep(90 * 86400)
    assert _state(billing, requests) == state
    assert _state(billing, approval) in ("CANCELED", "EXPIRED")
    accept = billing.client("organizations", "dns").accept_handshake
    assert error(accept, HandshakeId=approval["Id"]) == "InvalidHandshakeTransitionException"
    assert _begin(billing)["Id"] != requests["Id"]


def test_a_member_neither_begins_nor_finishes_it(billing: World, error: Error) -> None:
    member = billing.client("organizations", "dns")
    assert error(member.enable_all_features) == "AccessDeniedException"
    requests = _begin(billing)
    assert error(member.accept_handshake, HandshakeId=requests["Id"]) == "HandshakeNotFoundException"
    management = billing.client("organizations")
    assert error(management.accept_handshake, HandshakeId=_approval(billing)["Id"]) == "AccessDeniedException"
