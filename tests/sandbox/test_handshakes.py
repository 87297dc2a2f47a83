"""Invitations, from both sides."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from orgkit.sandbox.seed import Seed
from tests.sandbox.conftest import DNS, LEGACY, MANAGEMENT, SEED, World

Error = Callable[..., str]
TARGET = {"Type": "ACCOUNT", "Id": DNS.id}


def _invite(world: World, target: dict[str, str] = TARGET, **more: Any) -> dict[str, Any]:
    client = world.client("organizations")
    made: dict[str, Any] = client.invite_account_to_organization(Target=target, **more)
    return made["Handshake"]


def test_an_invitation_has_all_that_aws_tells(world: World) -> None:
    organization = world.organization().describe_organization()["Organization"]["Id"]
    made = _invite(world, Notes="please")
    assert made["Arn"] == f"arn:aws:organizations::{MANAGEMENT}:handshake/{organization}/invite/{made['Id']}"
    assert (made["State"], made["Action"]) == ("OPEN", "INVITE")
    assert made["ExpirationTimestamp"] - made["RequestedTimestamp"] == timedelta(days=15)
    assert {"Id": DNS.id, "Type": "ACCOUNT"} in made["Parties"]
    resources = {each["Type"]: each for each in made["Resources"]}
    assert resources["NOTES"]["Value"] == "please"
    inner = {each["Type"]: each["Value"] for each in resources["ORGANIZATION"]["Resources"]}
    assert inner == {
        "MASTER_EMAIL": "aws@corp.example", "MASTER_NAME": "management", "ORGANIZATION_FEATURE_SET": "ALL"
    }  # fmt: skip


@pytest.mark.parametrize("target", [TARGET, {"Type": "EMAIL", "Id": DNS.email}])
def test_the_invited_account_finds_accepts_and_joins_in_the_root(world: World, target: dict[str, str]) -> None:
    organizations = world.organization()
    made = _invite(world, target, Tags=[{"Key": "orgkit:key", "Value": "dns"}])
    owner = world.client("organizations", "dns")
    assert [each["Id"] for each in owner.list_handshakes_for_account()["Handshakes"]] == [made["Id"]]
    assert owner.accept_handshake(HandshakeId=made["Id"])["Handshake"]["State"] == "ACCEPTED"
    account = organizations.describe_account(AccountId=DNS.id)["Account"]
    assert (account["JoinedMethod"], account["Email"], account["Name"]) == ("INVITED", DNS.email, DNS.name)
    assert organizations.list_parents(ChildId=DNS.id)["Parents"][0]["Id"] == world.root()
    assert organizations.list_tags_for_resource(ResourceId=DNS.id)["Tags"]
    assert owner.describe_organization()["Organization"]["MasterAccountId"] == MANAGEMENT


def test_it_keeps_what_it_has_and_gets_no_access_role(world: World, error: Error) -> None:
    world.organization()
    world.client("organizations", "dns").accept_handshake(HandshakeId=_invite(world)["Id"])
    assert [trail["Name"] for trail in world.client("cloudtrail", "dns").describe_trails()["trailList"]] == [
        "own-trail"
    ]
    assert world.client("iam", "dns").list_roles()["Roles"] == []
    arn = f"arn:aws:iam::{DNS.id}:role/OrganizationAccountAccessRole"
    assert error(world.client("sts").assume_role, RoleArn=arn, RoleSessionName="test") == "AccessDenied"


def test_an_owner_whose_profile_no_file_names_can_act_too(world: World) -> None:
    world.organization()
    made = _invite(world, {"Type": "ACCOUNT", "Id": LEGACY.id})
    owner = world.client("organizations", f"owner-{LEGACY.id}")
    assert owner.accept_handshake(HandshakeId=made["Id"])["Handshake"]["State"] == "ACCEPTED"


def test_a_second_invitation_while_one_is_open_is_refused(world: World, error: Error) -> None:
    invite = world.organization().invite_account_to_organization
    _invite(world)
    assert error(invite, Target=TARGET) == "DuplicateHandshakeException"
    assert error(invite, Target={"Type": "EMAIL", "Id": DNS.email}) == "DuplicateHandshakeException"


def test_a_member_is_not_invited(world: World, reason: Error) -> None:
    invite = world.organization().invite_account_to_organization
    web = world.account("web")
    assert reason(invite, Target={"Type": "ACCOUNT", "Id": web}) == "ALREADY_IN_AN_ORGANIZATION"
    assert reason(invite, Target={"Type": "EMAIL", "Id": "WEB@corp.example"}) == "ALREADY_IN_AN_ORGANIZATION"


def test_an_account_of_another_organization_is_not_invited(begin: Callable[[Seed], World], reason: Error) -> None:
    elsewhere = replace(DNS, in_another_organization=True)
    world = begin(replace(SEED, standalone=(elsewhere,), direct_move=False))
    invite = world.organization().invite_account_to_organization
    assert reason(invite, Target=TARGET) == "ALREADY_IN_AN_ORGANIZATION"


def test_or_it_moves_directly_when_it_accepts(begin: Callable[[Seed], World]) -> None:
    world = begin(replace(SEED, standalone=(replace(DNS, in_another_organization=True),)))
    organizations, owner = world.organization(), world.client("organizations", "dns")
    before = owner.describe_organization()["Organization"]["MasterAccountId"]
    assert before != MANAGEMENT
    owner.accept_handshake(HandshakeId=_invite(world)["Id"])
    assert owner.describe_organization()["Organization"]["MasterAccountId"] == MANAGEMENT
    assert len(organizations.list_accounts()["Accounts"]) == 2


def test_an_account_that_does_not_exist_is_not_invited(world: World, error: Error) -> None:
    invite = world.organization().invite_account_to_organization
    assert error(invite, Target={"Type": "ACCOUNT", "Id": "999999999999"}) == "InvalidInputException"


def test_nobody_is_invited_before_the_email_is_verified(begin: Callable[[Seed], World], error: Error) -> None:
    world = begin(replace(SEED, email_verified=False))
    invite = world.organization().invite_account_to_organization
    assert error(invite, Target=TARGET) == "AccountOwnerNotVerifiedException"


@pytest.mark.parametrize(
    ("by", "operation", "state"),
    [("dns", "decline_handshake", "DECLINED"), ("management", "cancel_handshake", "CANCELED")],
)
def test_an_invitation_can_be_ended_by_either_side_and_then_no_more(
    world: World, error: Error, by: str, operation: str, state: str
) -> None:
    organizations = world.organization()
    made = _invite(world)
    end = getattr(world.client("organizations", by), operation)
    assert end(HandshakeId=made["Id"])["Handshake"]["State"] == state
    assert error(end, HandshakeId=made["Id"]) == "HandshakeAlreadyInStateException"
    accept = world.client("organizations", "dns").accept_handshake
    assert error(accept, HandshakeId=made["Id"]) == "InvalidHandshakeTransitionException"
    assert organizations.describe_handshake(HandshakeId=made["Id"])["Handshake"]["State"] == state
    assert _invite(world)["Id"] != made["Id"]


def test_only_the_invited_account_accepts(world: World, error: Error) -> None:
    organizations = world.organization()
    made = _invite(world)
    assert error(organizations.accept_handshake, HandshakeId=made["Id"]) == "AccessDeniedException"
    stranger = world.client("organizations", f"owner-{LEGACY.id}")
    assert error(stranger.accept_handshake, HandshakeId=made["Id"]) == "HandshakeNotFoundException"


def test_an_invitation_expires_after_fifteen_days_and_is_forgotten_after_thirty_more(world: World) -> None:
    organizations = world.organization()
    _invite(world)
    world.sandbox.sleep(15 * 86400 + 1)
    (handshake,) = organizations.list_handshakes_for_organization()["Handshakes"]
    assert handshake["State"] == "EXPIRED"
    world.sandbox.sleep(30 * 86400)
    assert organizations.list_handshakes_for_organization()["Handshakes"] == []


def test_lists_can_be_filtered_by_action(world: World) -> None:
    organizations = world.organization()
    _invite(world)
    listed = organizations.list_handshakes_for_organization
    assert len(listed(Filter={"ActionType": "INVITE"})["Handshakes"]) == 1
    assert listed(Filter={"ActionType": "ENABLE_ALL_FEATURES"})["Handshakes"] == []


def test_more_than_twenty_invitations_a_day_are_refused(world: World, reason: Error) -> None:
    organizations = world.organization()
    for _ in range(20):
        organizations.cancel_handshake(HandshakeId=_invite(world)["Id"])
    invite = organizations.invite_account_to_organization
    assert reason(invite, Target=TARGET) == "HANDSHAKE_RATE_LIMIT_EXCEEDED"
    world.sandbox.sleep(86400)
    _invite(world)


def test_a_member_can_leave(world: World) -> None:
    organizations = world.organization()
    owner = world.client("organizations", "dns")
    owner.accept_handshake(HandshakeId=_invite(world)["Id"])
    owner.leave_organization()
    assert len(organizations.list_accounts()["Accounts"]) == 1


def test_an_accepted_invitation_does_not_count_for_the_day(begin: Callable[[Seed], World], reason: Error) -> None:
    world = begin(replace(SEED, account_quota=22))
    organizations = world.organization()
    world.client("organizations", "dns").accept_handshake(HandshakeId=_invite(world)["Id"])
    target = {"Type": "ACCOUNT", "Id": LEGACY.id}
    for _ in range(22):  # the quota of accounts, where it is higher than twenty
        organizations.cancel_handshake(HandshakeId=_invite(world, target)["Id"])
    invite = organizations.invite_account_to_organization
    assert reason(invite, Target=target) == "HANDSHAKE_RATE_LIMIT_EXCEEDED"


def test_both_parties_look_at_it_and_nobody_else_does(world: World, error: Error) -> None:
    organizations = world.organization()
    made = _invite(world)
    web = world.in_account(world.account("web"), "organizations")
    stranger = world.client("organizations", f"owner-{LEGACY.id}")
    for client in (organizations, world.client("organizations", "dns")):
        assert client.describe_handshake(HandshakeId=made["Id"])["Handshake"]["State"] == "OPEN"
    for client in (stranger, web):
        assert error(client.describe_handshake, HandshakeId=made["Id"]) == "HandshakeNotFoundException"
        assert client.list_handshakes_for_account()["Handshakes"] == []
    assert error(web.list_handshakes_for_organization) == "AccessDeniedException"
    assert error(stranger.list_handshakes_for_organization) == "AWSOrganizationsNotInUseException"


@pytest.mark.parametrize(
    ("by", "operation"),
    [("dns", "cancel_handshake"), ("management", "accept_handshake"), ("management", "decline_handshake")],
)
def test_a_party_does_not_do_what_is_the_others(world: World, error: Error, by: str, operation: str) -> None:
    world.organization()
    made = _invite(world)
    assert error(getattr(world.client("organizations", by), operation), HandshakeId=made["Id"]) == (
        "AccessDeniedException"
    )


@pytest.mark.parametrize(
    ("ended", "state"),
    [("accept_handshake", "ACCEPTED"), ("decline_handshake", "DECLINED"), ("", "EXPIRED")],
)
def test_what_has_ended_stays_as_it_is(world: World, error: Error, ended: str, state: str) -> None:
    organizations, owner = world.organization(), world.client("organizations", "dns")
    made = _invite(world)
    if ended:
        getattr(owner, ended)(HandshakeId=made["Id"])
    else:
        world.sandbox.sleep(15 * 86400)
    for client, operation in ((organizations, "cancel"), (owner, "accept"), (owner, "decline")):
        again = error(getattr(client, f"{operation}_handshake"), HandshakeId=made["Id"])
        same = f"{operation}_handshake" == ended
        assert again == ("HandshakeAlreadyInStateException" if same else "InvalidHandshakeTransitionException")
    assert organizations.describe_handshake(HandshakeId=made["Id"])["Handshake"]["State"] == state


def test_after_thirty_days_nobody_knows_of_it(world: World, error: Error) -> None:
    organizations, owner = world.organization(), world.client("organizations", "dns")
    made = _invite(world)
    owner.decline_handshake(HandshakeId=made["Id"])
    world.sandbox.sleep(30 * 86400 - 60)
    assert len(owner.list_handshakes_for_account()["Handshakes"]) == 1
    world.sandbox.sleep(60)
    assert owner.list_handshakes_for_account()["Handshakes"] == []
    assert error(organizations.describe_handshake, HandshakeId=made["Id"]) == "HandshakeNotFoundException"


def test_both_lists_come_in_pages(begin: Callable[[Seed], World], error: Error) -> None:
    world = begin(replace(SEED, account_quota=50))
    organizations, owner = world.organization(), world.client("organizations", "dns")
    for _ in range(25):
        organizations.cancel_handshake(HandshakeId=_invite(world)["Id"])
    for client, operation in (
        (organizations, "list_handshakes_for_organization"),
        (owner, "list_handshakes_for_account"),
    ):
        pages = list(client.get_paginator(operation).paginate(Filter={"ActionType": "INVITE"}))
        assert [len(page["Handshakes"]) for page in pages] == [20, 5]
        both = {"ActionType": "INVITE", "ParentHandshakeId": "h-00000000"}
        assert error(getattr(client, operation), Filter=both) == "InvalidInputException"
        assert error(getattr(client, operation), Filter={"ActionType": "NOTHING"}) == "InvalidInputException"


def test_who_made_an_organization_meanwhile_has_to_delete_it_first(world: World, error: Error) -> None:
    world.organization()
    made, owner = _invite(world), world.client("organizations", "dns")
    owner.create_organization()
    assert owner.list_handshakes_for_account()["Handshakes"] == []
    assert error(owner.accept_handshake, HandshakeId=made["Id"]) == "MasterCannotLeaveOrganizationException"
    owner.delete_organization()
    assert owner.accept_handshake(HandshakeId=made["Id"])["Handshake"]["State"] == "ACCEPTED"


@pytest.mark.parametrize(
    ("target", "why"),
    [
        ({"Type": "EMAIL", "Id": "no-email"}, "INVALID_EMAIL_ADDRESS_TARGET"),
        ({"Type": "ACCOUNT", "Id": "999999999999"}, "INVALID_PARTY_TYPE_TARGET"),
        ({"Type": "ORGANIZATION", "Id": "o-aaaaaaaaaa"}, "INVALID_PARTY_TYPE_TARGET"),
    ],
)
def test_a_target_that_cannot_be_invited_is_refused(
    world: World, reason: Error, target: dict[str, str], why: str
) -> None:
    assert reason(world.organization().invite_account_to_organization, Target=target) == why


def test_an_email_that_nobody_has_is_invited_all_the_same(world: World) -> None:
    world.organization()
    made = _invite(world, {"Type": "EMAIL", "Id": "nobody@corp.example"})
    assert {"Id": "nobody@corp.example", "Type": "EMAIL"} in made["Parties"]
