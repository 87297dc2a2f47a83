"""What time does: credentials that end, pages that go on, requests that come too fast, and failures asked for."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from orgkit.sandbox.clock import VirtualClock
from orgkit.sandbox.corrections.throttling import CREATE_ACCOUNT, RATES
from orgkit.sandbox.lifecycle import start
from orgkit.sandbox.seed import Seed
from orgkit.sandbox.world import Principal
from orgkit.sandbox.world import World as Kept
from tests.sandbox.conftest import DNS, MANAGEMENT, SEED, World

Error = Callable[..., str]
EXPIRED = [
    ("organizations", "describe_organization", {}, "ExpiredTokenException", 400),
    ("cloudtrail", "describe_trails", {}, "ExpiredTokenException", 400),
    ("sts", "get_caller_identity", {}, "ExpiredToken", 403),
    ("iam", "list_roles", {}, "ExpiredToken", 403),
    ("s3", "get_bucket_policy", {"Bucket": "corp-logs"}, "ExpiredToken", 400),
]


def _refused(call: Callable[..., Any], **parameters: Any) -> tuple[str, int]:
    from botocore.exceptions import ClientError

    with pytest.raises(ClientError) as raised:
        call(**parameters)
    output = raised.value.response
    return output["Error"]["Code"], int(output["ResponseMetadata"]["HTTPStatusCode"])


@pytest.mark.parametrize(("service", "operation", "parameters", "code", "status"), EXPIRED)
def test_the_persons_credentials_end_when_the_seed_says(
    begin: Callable[[Seed], World], service: str, operation: str, parameters: Any, code: str, status: int
) -> None:
    world = begin(replace(SEED, credentials_seconds=900))
    world.organization()
    world.sandbox.sleep(900)
    assert _refused(getattr(world.client(service), operation), **parameters) == (code, status)
    assert world.client("sts", "user").get_caller_identity()["Account"] == MANAGEMENT  # long-lived keys have no end


def test_who_signs_in_again_goes_on_but_an_assumed_role_does_not() -> None:
    world = Kept(VirtualClock(real_time=False), replace(SEED, credentials_seconds=900))
    ends = world.clock.now() + timedelta(seconds=900)
    world.principals = {
        "person": Principal(MANAGEMENT, "arn:a", "id", expires_at=ends),
        "role": Principal(MANAGEMENT, "arn:b", "id", "arn:role", ends),
        "user": Principal(MANAGEMENT, "arn:c", "id"),
    }
    world.clock.skip(900)
    assert [key for key, each in world.principals.items() if world.is_expired(each)] == ["person", "role"]
    world.renew_credentials()
    assert [key for key, each in world.principals.items() if world.is_expired(each)] == ["role"]


def test_unless_the_seed_says_so_they_never_end(world: World) -> None:
    world.organization()
    world.sandbox.sleep(365 * 86400)
    assert world.client("sts").get_caller_identity()["Account"] == MANAGEMENT


def test_an_assumed_role_ends_at_its_expiration(world: World, error: Error) -> None:
    world.organization()
    web = world.account("web")
    arn = f"arn:aws:iam::{web}:role/OrganizationAccountAccessRole"
    keys = world.client("sts").assume_role(RoleArn=arn, RoleSessionName="test", DurationSeconds=900)["Credentials"]
    now = datetime.fromisoformat(world.sandbox.now())
    assert 890 <= (keys["Expiration"] - now).total_seconds() <= 900
    member = world.in_account(web, "iam")
    assert member.list_roles()["Roles"]
    world.sandbox.sleep(3601)
    assert error(member.list_roles) == "ExpiredToken"
    assert world.in_account(web, "iam").list_roles()["Roles"]


def test_a_session_token_ends_too(world: World, error: Error) -> None:
    keys = world.client("sts", "user").get_session_token(DurationSeconds=900)["Credentials"]
    names = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
    values = zip(names, (keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"]), strict=True)
    session = world.client("sts", **dict(values))
    assert session.get_caller_identity()["Account"] == MANAGEMENT
    world.sandbox.sleep(901)
    assert error(session.get_caller_identity) == "ExpiredToken"


@pytest.mark.parametrize("every", [1, 2, 3, 7])
def test_pages_can_be_empty_and_go_on_and_every_list_ends(begin: Callable[[Seed], World], every: int) -> None:
    world = begin(replace(SEED, empty_pages=every))
    organizations = world.organization()
    root = _paged(organizations, "list_roots", "Roots")[1][0]["Id"]
    for number in range(45):
        organizations.create_organizational_unit(ParentId=root, Name=f"unit {number}")
    pages: list[int] = []
    for _ in range(3):
        sizes, units = _paged(
            organizations, "list_organizational_units_for_parent", "OrganizationalUnits", ParentId=root
        )
        assert [each["Name"] for each in units] == [f"unit {number}" for number in range(45)]
        pages += sizes
    assert 0 in pages
    assert not any(one == two == 0 for one, two in pairwise(pages))
    assert len(_paged(organizations, "list_policies", "Policies", Filter="SERVICE_CONTROL_POLICY")[1]) == 1
    assert _paged(organizations, "list_tags_for_resource", "Tags", ResourceId=root)[1] == []


def test_without_the_seed_asking_no_page_is_empty(world: World) -> None:
    organizations = world.organization()
    assert all(organizations.list_roots()["Roots"] for _ in range(10))


def _paged(organizations: Any, operation: str, member: str, **parameters: Any) -> tuple[list[int], list[Any]]:
    pages = list(organizations.get_paginator(operation).paginate(**parameters))
    return [len(page[member]) for page in pages], [each for page in pages for each in page[member]]


def test_rates_are_those_of_aws_and_hold_unless_the_seed_says_otherwise(
    begin: Callable[[Seed], World], error: Error
) -> None:
    assert Seed(MANAGEMENT, "aws@corp.example").throttling
    assert (CREATE_ACCOUNT, RATES["CreateOrganizationalUnit"]) == ((0.1, 3.0), (1.0, 2.0))
    world = begin(replace(SEED, throttling=True, latency_seconds=0))
    organizations = world.organization()
    organizations.list_roots()
    organizations.list_roots()
    assert error(organizations.list_roots) == "TooManyRequestsException"
    world.sandbox.sleep(1)
    assert organizations.list_roots()["Roots"]


@pytest.mark.parametrize(
    ("operation", "parameters"),
    [
        ("create_organizational_unit", {"Name": "unit {number}"}),
        ("enable_aws_service_access", {"ServicePrincipal": "account.amazonaws.com"}),
        ("tag_resource", {"Tags": [{"Key": "a", "Value": "b"}]}),
    ],
)
def test_a_burst_is_let_through_and_then_one_call_for_each_share_of_a_second(
    begin: Callable[[Seed], World], error: Error, operation: str, parameters: dict[str, Any]
) -> None:
    world = begin(replace(SEED, throttling=True, latency_seconds=0))
    organizations, place = world.organization(), {}
    if operation == "create_organizational_unit":
        place = {"ParentId": world.root()}
    if operation == "tag_resource":
        place = {"ResourceId": world.root()}
    name = {"enable_aws_service_access": "EnableAWSServiceAccess"}.get(operation, "")
    rate, burst = RATES[name or operation.title().replace("_", "")]
    call = getattr(organizations, operation)
    named = [{key: _numbered(value, number) for key, value in parameters.items()} for number in range(20)]
    for number in range(int(burst)):
        call(**place, **named[number])
    assert error(call, **place, **named[18]) == "TooManyRequestsException"
    world.sandbox.sleep(1 / rate)
    call(**place, **named[19])


def _numbered(value: Any, number: int) -> Any:
    return value.format(number=number) if isinstance(value, str) else value


def test_each_account_has_rates_of_its_own(begin: Callable[[Seed], World]) -> None:
    world = begin(replace(SEED, throttling=True, latency_seconds=0))
    organizations, owner = world.organization(), world.client("organizations", "dns")
    invitation = organizations.invite_account_to_organization(Target={"Type": "ACCOUNT", "Id": DNS.id})["Handshake"]
    owner.accept_handshake(HandshakeId=invitation["Id"])
    for client in (organizations, organizations, owner, owner):
        client.describe_organization()


def test_the_first_creations_fail_as_the_seed_asks_and_the_others_do_not(begin: Callable[[Seed], World]) -> None:
    requests = ("INTERNAL_FAILURE", "ACCOUNT_LIMIT_EXCEEDED")
    world = begin(replace(SEED, creation_failures=requests))
    organizations = world.organization()
    output = []
    for name in ("web", "web", "web", "other"):
        email = f"{name}@corp.example"
        made = organizations.create_account(AccountName=name, Email=email)["CreateAccountStatus"]
        world.sandbox.sleep(60)
        status = organizations.describe_create_account_status(CreateAccountRequestId=made["Id"])["CreateAccountStatus"]
        output.append(status.get("FailureReason", status["State"]))
    assert output == [*requests, "SUCCEEDED", "SUCCEEDED"]
    assert len(organizations.list_accounts()["Accounts"]) == 3


def test_of_changes_at_once_those_that_come_later_are_refused_and_a_read_is_not(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two seconds of latency: on a machine that is busy, requests that leave together arrive far apart."""
    together = threading.Barrier(5)

    def outcome(call: Callable[..., Any], **parameters: Any) -> str:
        together.wait()
        try:
            call(**parameters)
        except ClientError as refused:
            return str(refused.response["Error"]["Code"])
        return "answered"

    with start(replace(SEED, latency_seconds=2), folder, real_time=True) as sandbox:
        for name, value in sandbox.environment().items():
            monkeypatch.setenv(name, value)
        world = World(sandbox)
        organizations = world.organization()
        make = partial(organizations.create_organizational_unit, ParentId=world.root())
        with ThreadPoolExecutor(5) as threads:
            changes = [threads.submit(outcome, make, Name=name) for name in ("a", "b", "c", "d")]
            read = threads.submit(outcome, organizations.list_accounts)
        assert read.result() == "answered"
        assert {change.result() for change in changes} == {"answered", "ConcurrentModificationException"}
        assert make(Name="later")["OrganizationalUnit"]["Name"] == "later"
