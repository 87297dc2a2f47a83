"""Each guard on the whole way from connecting to applying: nothing that changes anything leaves past it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from orgkit.aws.rejections import Rejected
from orgkit.aws.session import Connection
from orgkit.errors import OrgkitError, WrongAccount, WrongPlace
from tests.aws.conftest import Answer, CountingClock, Wire
from tests.aws.scene import ARN, CHANGE, READS, described, go, identity, set_up
from tests.aws.test_session import session_until
from tests.plans.loader import MANAGEMENT

MEMBER = "111111111111"


class World:
    """What a case may change before it goes."""

    def __init__(self, wire: Wire, clock: CountingClock, config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.wire, self.clock, self.config, self.set = wire, clock, config, monkeypatch.setenv
        self.changes = config.parent / "changes.toml"


def a_root_user(world: World) -> None:
    world.wire.always["GetCallerIdentity"] = identity(f"arn:aws:iam::{MANAGEMENT}:root")


def another_account(world: World) -> None:
    world.wire.always["GetCallerIdentity"] = identity(ARN.replace(MANAGEMENT, MEMBER))


def another_partition(world: World) -> None:
    world.wire.always["GetCallerIdentity"] = identity(ARN.replace("arn:aws:", "arn:aws-cn:"))


def an_identity_that_makes_no_sense(world: World) -> None:
    message = identity()
    world.wire.always["GetCallerIdentity"] = replace(message, body=message.body.replace(ARN, "nobody"))


def a_member_account(world: World) -> None:
    world.wire.always["DescribeOrganization"] = described(management=MEMBER)


def a_foreign_organization(world: World) -> None:
    world.changes.write_text('[organization]\norganization_id = "o-anotheronex"\n')


def long_lived_keys(world: World) -> None:
    world.set("AWS_ACCESS_KEY_ID", "AKIACANARYCANARYCANA")


def long_lived_keys_of_the_root_user_that_the_file_allows(world: World) -> None:
    long_lived_keys(world)
    a_root_user(world)
    world.changes.write_text("[organization]\nlong_lived_keys = true\n")


def an_endpoint_in_the_environment(world: World) -> None:
    world.set("AWS_ENDPOINT_URL_ORGANIZATIONS", world.wire.url)


def an_endpoint_in_a_profile(world: World) -> None:
    world.config.write_text(f"[default]\nendpoint_url = {world.wire.url}\n")


def an_emulator_elsewhere(world: World) -> None:
    world.set("ORGKIT_ENDPOINT_URL", "http://192.0.2.1:5000")


def a_clock_that_is_slow(world: World) -> None:
    world.clock.time -= timedelta(minutes=20)


def a_clock_that_is_fast(world: World) -> None:
    world.clock.time += timedelta(minutes=20)


CASES: list[tuple[Callable[[World], None], type[OrgkitError]]] = [
    (a_root_user, WrongAccount),
    (another_account, WrongAccount),
    (another_partition, WrongAccount),
    (an_identity_that_makes_no_sense, WrongAccount),
    (a_member_account, WrongAccount),
    (a_foreign_organization, WrongAccount),
    (long_lived_keys, WrongAccount),
    (long_lived_keys_of_the_root_user_that_the_file_allows, WrongAccount),
    (an_endpoint_in_the_environment, WrongPlace),
    (an_endpoint_in_a_profile, WrongPlace),
    (an_emulator_elsewhere, WrongPlace),
    (a_clock_that_is_slow, WrongPlace),
    (a_clock_that_is_fast, WrongPlace),
]


@pytest.fixture
def world(own_environment: Path, wire: Wire, monkeypatch: pytest.MonkeyPatch) -> World:
    set_up(wire)
    monkeypatch.setenv("ORGKIT_ENDPOINT_URL", wire.url)
    return World(wire, CountingClock(wire.clock.time), own_environment, monkeypatch)


@pytest.mark.parametrize(("case", "error"), CASES, ids=lambda value: getattr(value, "__name__", ""))
def test_nothing_is_changed_past_a_guard(world: World, case: Callable[[World], None], error: type[OrgkitError]) -> None:
    case(world)
    with pytest.raises(error) as rejection:
        go(world.clock, world.changes)
    assert len(str(rejection.value).splitlines()) == 3
    assert rejection.value.exit_code == 1
    assert set(world.wire.asked) <= {"GetCallerIdentity", "DescribeOrganization"}


def test_without_any_of_that_the_same_way_ends_in_a_change(world: World) -> None:
    """Else the test above would show nothing."""
    assert [outcome.reason for outcome in go(world.clock, world.changes).items] == [""]
    assert set(world.wire.asked) - READS == {CHANGE}


def test_long_lived_keys_pass_when_the_file_allows_them(world: World) -> None:
    long_lived_keys(world)
    world.changes.write_text("[organization]\nlong_lived_keys = true\n")
    go(world.clock, world.changes)
    assert CHANGE in world.wire.asked


@pytest.fixture
def member(aws: Connection, wire: Wire, clock: CountingClock) -> Connection:
    wire.always["AssumeRole"] = Answer(200, session_until(clock, hours=1), "text/xml")
    return aws.assume(MEMBER, "OrganizationAccountAccessRole")


def make_role(member: Connection) -> None:
    member.mutate("iam", "PutRolePolicy", RoleName="r", PolicyName="p", PolicyDocument="{}")


def test_a_session_that_is_in_another_account_than_it_should_be_changes_nothing(member: Connection, wire: Wire) -> None:
    wire.always["GetCallerIdentity"] = identity(ARN)
    for _ in range(2):
        with pytest.raises(WrongAccount, match=f"session for account {MEMBER} answers as account {MANAGEMENT}"):
            make_role(member)
    assert wire.asked == ["AssumeRole", "GetCallerIdentity"]
    assert not wire.journal.exists()


def test_a_session_whose_account_is_not_told_changes_nothing(member: Connection, wire: Wire) -> None:
    wire.always["GetCallerIdentity"] = Answer(403, "<ErrorResponse><Error><Code>X</Code></Error></ErrorResponse>")
    with pytest.raises(Rejected):
        make_role(member)
    assert wire.asked == ["AssumeRole", "GetCallerIdentity"]


def test_a_session_is_asked_once_in_which_account_it_is(member: Connection, wire: Wire) -> None:
    wire.always["GetCallerIdentity"] = identity(ARN.replace(MANAGEMENT, MEMBER))
    wire.says(Answer(200, "<PutRolePolicyResponse/>", "text/xml"))
    make_role(member)
    make_role(member)
    assert wire.asked == ["AssumeRole", "GetCallerIdentity", "PutRolePolicy", "PutRolePolicy"]
