"""Account creation: asynchronous, limited, and an email only once."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from orgkit.sandbox.ids import one_time_code
from orgkit.sandbox.seed import Seed
from tests.sandbox.conftest import SEED, World

Error = Callable[..., str]
LARGE = replace(SEED, account_quota=100)


def _create(world: World, name: str, **more: Any) -> dict[str, Any]:
    client = world.client("organizations")
    made: dict[str, Any] = client.create_account(AccountName=name, Email=f"{name}@corp.example", **more)
    return made["CreateAccountStatus"]


def _status(world: World, request: dict[str, Any]) -> dict[str, Any]:
    client = world.client("organizations")
    output: dict[str, Any] = client.describe_create_account_status(CreateAccountRequestId=request["Id"])
    return output["CreateAccountStatus"]


def _names(world: World) -> list[str]:
    return [account["Name"] for account in world.client("organizations").list_accounts()["Accounts"]]


def test_an_account_takes_its_time_and_is_invisible_until_then(world: World) -> None:
    world.organization()
    made = _create(world, "web")
    assert made["State"] == "IN_PROGRESS"
    assert "AccountId" not in made
    assert "Email" not in made
    assert _names(world) == ["management"]
    world.sandbox.sleep(15)
    assert _status(world, made)["State"] == "IN_PROGRESS"
    world.sandbox.sleep(30)
    status = _status(world, made)
    assert status["State"] == "SUCCEEDED"
    taken = status["CompletedTimestamp"] - status["RequestedTimestamp"]
    assert timedelta(seconds=20) <= taken <= timedelta(seconds=40)
    assert _names(world) == ["management", "web"]


def test_an_account_is_born_in_the_root_with_its_tags(world: World) -> None:
    organizations = world.organization()
    tags = [{"Key": "orgkit:key", "Value": "web"}]
    made = _create(world, "web", Tags=tags, IamUserAccessToBilling="DENY")
    world.sandbox.sleep(60)
    account = _status(world, made)["AccountId"]
    assert organizations.list_parents(ChildId=account)["Parents"][0]["Id"] == world.root()
    assert organizations.list_tags_for_resource(ResourceId=account)["Tags"] == tags
    assert organizations.describe_account(AccountId=account)["Account"]["JoinedMethod"] == "CREATED"


def test_its_role_can_be_assumed_a_little_later(world: World, error: Error) -> None:
    world.organization()
    made = _create(world, "web", RoleName="Access")
    world.sandbox.sleep(41)
    account = _status(world, made)["AccountId"]
    role = {"RoleArn": f"arn:aws:iam::{account}:role/Access", "RoleSessionName": "test"}
    world.sandbox.sleep(20)
    keys = world.client("sts").assume_role(**role)["Credentials"]
    assert keys["AccessKeyId"].startswith("ASIA")
    iam = world.in_account(account, "iam", "Access")
    (policy,) = iam.list_attached_role_policies(RoleName="Access")["AttachedPolicies"]
    assert policy["PolicyName"] == "AdministratorAccess"


def test_until_then_assuming_it_is_denied(begin: Callable[[Seed], World], error: Error) -> None:
    world = begin(replace(SEED, role_seconds=300))
    world.organization()
    made = _create(world, "web")
    world.sandbox.sleep(50)
    arn = f"arn:aws:iam::{_status(world, made)['AccountId']}:role/OrganizationAccountAccessRole"
    assert error(world.client("sts").assume_role, RoleArn=arn, RoleSessionName="test") == "AccessDenied"
    world.sandbox.sleep(300)
    assert world.client("sts").assume_role(RoleArn=arn, RoleSessionName="test")["Credentials"]


def test_its_services_can_take_a_while_too(begin: Callable[[Seed], World], error: Error) -> None:
    world = begin(replace(SEED, services_seconds=600))
    world.organization()
    account = world.account("log")
    assert error(world.in_account(account, "s3").list_buckets) == "SubscriptionRequiredException"
    assert error(world.in_account(account, "kms").list_keys) == "SubscriptionRequiredException"
    world.sandbox.sleep(600)
    assert world.in_account(account, "s3").list_buckets()["Buckets"] == []


def test_an_email_that_is_taken_fails_whoever_has_it_and_however_it_is_written(world: World) -> None:
    organizations = world.organization()
    for email in ("AWS@corp.example", "Dns@Corp.Example"):
        made = organizations.create_account(AccountName="x", Email=email)["CreateAccountStatus"]
        assert made["State"] == "IN_PROGRESS"
        world.sandbox.sleep(20)
        status = _status(world, made)
        assert (status["State"], status["FailureReason"]) == ("FAILED", "EMAIL_ALREADY_EXISTS")
        assert "AccountId" not in status
    assert _names(world) == ["management"]


def test_the_same_request_while_it_is_under_way_fails(world: World) -> None:
    world.organization()
    first, second = _create(world, "web"), _create(world, "web")
    assert first["Id"] != second["Id"]
    world.sandbox.sleep(60)
    assert _status(world, first)["State"] == "SUCCEEDED"
    assert _status(world, second)["FailureReason"] == "CONCURRENT_ACCOUNT_MODIFICATION"
    assert _names(world) == ["management", "web"]


def test_an_email_that_is_none_is_refused(world: World, error: Error) -> None:
    create = world.organization().create_account
    assert error(create, AccountName="x", Email="no-domain@x") == "InvalidInputException"


def test_creation_is_throttled_to_three_at_once_and_one_in_ten_seconds(
    begin: Callable[[Seed], World], error: Error
) -> None:
    world = begin(LARGE)
    create = world.organization().create_account
    for number in range(3):
        _create(world, f"a{number}")
    fourth = {"AccountName": "a3", "Email": "a3@corp.example"}
    assert error(create, **fourth) == "TooManyRequestsException"
    world.sandbox.sleep(5)
    assert error(create, **fourth) == "TooManyRequestsException"
    world.sandbox.sleep(5)
    create(**fourth)


def test_a_sixth_creation_at_once_is_refused(begin: Callable[[Seed], World], reason: Error) -> None:
    world = begin(replace(LARGE, creation_seconds=(600, 600)))
    create = world.organization().create_account
    for number in range(5):
        _create(world, f"a{number}")
        world.sandbox.sleep(10)
    sixth = {"AccountName": "a5", "Email": "a5@corp.example"}
    assert reason(create, **sixth) == "ACCOUNT_CREATION_RATE_LIMIT_EXCEEDED"
    world.sandbox.sleep(600)
    create(**sixth)


def test_the_quota_counts_accounts_creations_and_open_invitations(
    begin: Callable[[Seed], World], reason: Error
) -> None:
    world = begin(replace(SEED, account_quota=4))
    organizations = world.organization()
    world.account("a")
    _create(world, "b")
    organizations.invite_account_to_organization(Target={"Type": "ACCOUNT", "Id": "111111111111"})
    world.sandbox.sleep(20)
    assert reason(organizations.create_account, AccountName="c", Email="c@corp.example") == (
        "ACCOUNT_NUMBER_LIMIT_EXCEEDED"
    )
    other = {"Type": "ACCOUNT", "Id": "222222222222"}
    assert reason(organizations.invite_account_to_organization, Target=other) == "ACCOUNT_NUMBER_LIMIT_EXCEEDED"


def test_requests_are_listed_by_state_in_pages_that_end(begin: Callable[[Seed], World]) -> None:
    world = begin(replace(LARGE, creation_seconds=(1, 1)))
    organizations = world.organization()
    for number in range(45):
        _create(world, f"a{number}")
        world.sandbox.sleep(10)
    paginator = organizations.get_paginator("list_create_account_status")
    pages = [len(page["CreateAccountStatuses"]) for page in paginator.paginate(States=["SUCCEEDED"])]
    assert pages == [20, 20, 5]
    assert organizations.list_create_account_status(States=["FAILED"])["CreateAccountStatuses"] == []
    accounts = [len(page["Accounts"]) for page in organizations.get_paginator("list_accounts").paginate()]
    assert accounts == [20, 20, 6]
    parent = organizations.get_paginator("list_accounts_for_parent").paginate(ParentId=world.root())
    assert sum(len(page["Accounts"]) for page in parent) == 46


def test_a_request_that_nobody_made_is_not_found(world: World, error: Error) -> None:
    describe = world.organization().describe_create_account_status
    assert error(describe, CreateAccountRequestId="car-00000000") == "CreateAccountStatusNotFoundException"


def test_names_and_emails_can_be_read_and_changed(world: World, error: Error) -> None:
    organizations = world.organization()
    web, account = world.account("web"), world.client("account")
    assert error(account.get_primary_email, AccountId=web) == "AccessDeniedException"
    organizations.enable_aws_service_access(ServicePrincipal="account.amazonaws.com")
    assert account.get_primary_email(AccountId=web)["PrimaryEmail"] == "web@corp.example"
    account.put_account_name(AccountId=web, AccountName="website")
    assert account.get_account_information(AccountId=web)["AccountName"] == "website"
    assert account.start_primary_email_update(AccountId=web, PrimaryEmail="new@corp.example")["Status"] == "PENDING"
    accept = account.accept_primary_email_update
    assert error(accept, AccountId=web, PrimaryEmail="new@corp.example", Otp="000000") == "ValidationException"
    assert account.get_contact_information()["ContactInformation"]["CountryCode"] == "US"


def test_an_email_is_changed_with_the_code_that_was_sent_to_it(world: World, error: Error) -> None:
    organizations = world.organization()
    web, account = world.account("web"), world.client("account")
    organizations.enable_aws_service_access(ServicePrincipal="account.amazonaws.com")
    status, own = account.get_primary_email_update_status, world.client("sts").get_caller_identity()["Account"]
    assert error(status, AccountId=web) == "ResourceNotFoundException"
    assert error(status, AccountId=own) == "AccessDeniedException"
    start = account.start_primary_email_update
    assert error(start, AccountId=web, PrimaryEmail="WEB@corp.example") == "ConflictException"
    account.start_primary_email_update(AccountId=web, PrimaryEmail="new@corp.example")
    code = one_time_code("new@corp.example")
    accepted = account.accept_primary_email_update(AccountId=web, PrimaryEmail="new@corp.example", Otp=code)
    assert accepted["Status"] == "ACCEPTED"
    assert organizations.describe_account(AccountId=web)["Account"]["Email"] == "new@corp.example"
    assert account.get_primary_email_update_status(AccountId=web)["Status"] == "ACCEPTED"


def test_contacts_of_a_member_need_trusted_access_and_the_management_account_has_no_id(
    world: World, error: Error
) -> None:
    organizations = world.organization()
    web, account = world.account("web"), world.client("account")
    contact = {"Name": "Ada", "Title": "CFO", "EmailAddress": "ada@corp.example", "PhoneNumber": "+1 555 0100"}
    put, get = account.put_alternate_contact, account.get_alternate_contact
    assert error(put, AccountId=web, AlternateContactType="BILLING", **contact) == "AccessDeniedException"
    organizations.enable_aws_service_access(ServicePrincipal="account.amazonaws.com")
    put(AccountId=web, AlternateContactType="BILLING", **contact)
    found = get(AccountId=web, AlternateContactType="BILLING")["AlternateContact"]
    assert found == {**contact, "AlternateContactType": "BILLING"}
    assert error(get, AccountId=web, AlternateContactType="SECURITY") == "ResourceNotFoundException"
    assert error(get, AlternateContactType="BILLING") == "ResourceNotFoundException"
    own = world.client("sts").get_caller_identity()["Account"]
    assert error(get, AccountId=own, AlternateContactType="BILLING") == "AccessDeniedException"
    wrong = {**contact, "PhoneNumber": "none"}
    assert error(put, AccountId=web, AlternateContactType="BILLING", **wrong) == "ValidationException"
    account.delete_alternate_contact(AccountId=web, AlternateContactType="BILLING")
    assert error(get, AccountId=web, AlternateContactType="BILLING") == "ResourceNotFoundException"
