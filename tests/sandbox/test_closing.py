"""Accounts that go: closed, removed, or leaving by themselves."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from orgkit.sandbox.corrections.closing import check_limits, closable
from orgkit.sandbox.corrections.registry import Refusal
from orgkit.sandbox.seed import Seed
from tests.sandbox.conftest import DNS, MANAGEMENT, SEED, World

Error = Callable[..., str]
A_DAY = 86400


def _state(world: World, account: str) -> str:
    described = world.client("organizations").describe_account(AccountId=account)
    return str(described["Account"]["State"])


def test_closing_passes_through_pending_closure_and_is_refused_afterwards(
    world: World, error: Error, reason: Error
) -> None:
    close = world.organization().close_account
    web = world.account("web")
    close(AccountId=web)
    assert _state(world, web) == "PENDING_CLOSURE"
    assert error(close, AccountId=web) == "ConflictException"
    world.sandbox.sleep(120)
    assert _state(world, web) == "SUSPENDED"
    assert error(close, AccountId=web) == "AccountAlreadyClosedException"
    assert error(close, AccountId="999999999999") == "AccountNotFoundException"
    assert reason(close, AccountId=MANAGEMENT) == "CANNOT_CLOSE_MANAGEMENT_ACCOUNT"


def test_three_accounts_are_closed_at_once(begin: Callable[[Seed], World], reason: Error) -> None:
    world = begin(replace(SEED, account_quota=50))
    close = world.organization().close_account
    first, *others, fourth = [world.account(name) for name in ("a", "b", "c", "d")]
    for account in (first, *others):
        close(AccountId=account)
    assert reason(close, AccountId=fourth) == "CLOSE_ACCOUNT_REQUESTS_LIMIT_EXCEEDED"
    world.sandbox.sleep(60)
    close(AccountId=fourth)


@pytest.mark.parametrize(
    ("members", "most"), [(3, 250), (1000, 250), (1250, 250), (2000, 400), (5000, 1000), (9000, 1000)]
)
def test_a_part_of_the_accounts_is_closed_in_thirty_days(members: int, most: int) -> None:
    assert closable(members) == most
    check_limits(0, most - 1, members)
    with pytest.raises(Refusal) as raised:
        check_limits(0, most, members)
    assert raised.value.reason == "CLOSE_ACCOUNT_QUOTA_EXCEEDED"


def test_a_closed_account_counts_for_ninety_days_and_keeps_its_email(
    begin: Callable[[Seed], World], reason: Error
) -> None:
    world = begin(replace(SEED, account_quota=2))
    organizations = world.organization()
    web = world.account("web")
    organizations.close_account(AccountId=web)
    create, other = organizations.create_account, {"AccountName": "x", "Email": "x@corp.example"}
    assert reason(create, **other) == "ACCOUNT_NUMBER_LIMIT_EXCEEDED"
    world.sandbox.sleep(90 * A_DAY)
    assert [each["Id"] for each in organizations.list_accounts()["Accounts"]] == [MANAGEMENT]
    again = create(AccountName="web", Email="WEB@corp.example")["CreateAccountStatus"]["Id"]
    world.sandbox.sleep(100)
    status = organizations.describe_create_account_status(CreateAccountRequestId=again)["CreateAccountStatus"]
    assert status["FailureReason"] == "EMAIL_ALREADY_EXISTS"
    create(**other)


def test_an_account_is_closed_only_where_all_features_are_enabled(
    begin: Callable[[Seed], World], reason: Error
) -> None:
    world = begin(replace(SEED, consolidated_billing=True))
    web = world.account("web")
    close = world.client("organizations").close_account
    assert reason(close, AccountId=web) == "ORGANIZATION_NOT_IN_ALL_FEATURES_MODE"


def test_a_created_account_stays_four_days_and_an_invited_one_goes_at_once(
    world: World, error: Error, reason: Error
) -> None:
    organizations = world.organization()
    web, remove = world.account("web"), organizations.remove_account_from_organization
    assert reason(remove, AccountId=web) == "WAIT_PERIOD_ACTIVE"
    assert reason(world.in_account(web, "organizations").leave_organization) == "WAIT_PERIOD_ACTIVE"
    invitation = organizations.invite_account_to_organization(Target={"Type": "ACCOUNT", "Id": DNS.id})["Handshake"]
    owner = world.client("organizations", "dns")
    owner.accept_handshake(HandshakeId=invitation["Id"])
    owner.leave_organization()
    assert error(owner.describe_organization) == "AWSOrganizationsNotInUseException"
    world.sandbox.sleep(4 * A_DAY)
    remove(AccountId=web)
    assert [each["Id"] for each in organizations.list_accounts()["Accounts"]] == [MANAGEMENT]


def test_neither_the_management_account_nor_a_delegated_administrator_is_removed(
    world: World, error: Error, reason: Error
) -> None:
    organizations = world.organization()
    web, remove = world.account("web"), organizations.remove_account_from_organization
    assert error(organizations.leave_organization) == "MasterCannotLeaveOrganizationException"
    assert error(remove, AccountId=MANAGEMENT) == "MasterCannotLeaveOrganizationException"
    organizations.register_delegated_administrator(AccountId=web, ServicePrincipal="guardduty.amazonaws.com")
    assert reason(remove, AccountId=web) == "CANNOT_REMOVE_DELEGATED_ADMINISTRATOR_FROM_ORG"
