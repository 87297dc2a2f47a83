"""Accounts on the wire: where accounts are, and what "not yet" means."""

from datetime import timedelta

import pytest

from orgkit.aws.rejections import Rejected
from orgkit.aws.session import Connection
from orgkit.aws.waiting import sleep_through
from orgkit.errors import CouldNotRead, StepFailed
from orgkit.model.desired import ACCESS_ROLE
from orgkit.model.matching import IdIndex
from orgkit.model.observed import Member, Unit
from orgkit.model.plan import ABSENT
from orgkit.phases.accounts.tree_aws import list_accounts, place_accounts
from orgkit.phases.member_access.member_roles_aws import read_member
from orgkit.phases.member_access.roles_aws import create_read_role, read_role_of
from orgkit.phases.member_access.steps import CreateReadRole
from tests.aws.conftest import Answer, CountingClock, Wire
from tests.plans.loader import desired_of, observed_of

ID, OTHER = "222222222222", "333333333333"
READ_ROLE = CreateReadRole(
    key="log-archive", name="log-archive", role_name=ACCESS_ROLE, services=(), starts_from=ABSENT
)


def directory() -> IdIndex:
    return IdIndex(observed_of({"organization": {}}), desired_of())


def known() -> IdIndex:
    """The account is made; now it is to be entered."""
    made = directory()
    made.accounts["log-archive"] = ID
    return made


def make_read_role(aws: Connection) -> None:
    """As an apply does it: it looks at what is there first, and waits for the account."""
    value = sleep_through(aws.clock, aws.progress, read_role_of(aws, READ_ROLE, known()))
    assert value == READ_ROLE.starts_from
    sleep_through(aws.clock, aws.progress, create_read_role(aws, READ_ROLE, known()))


def accounts(*items: dict[str, object]) -> Answer:
    return Answer.json(Accounts=list(items))


def xml(operation: str, inner: str = "") -> Answer:
    result = f"<{operation}Result>{inner}</{operation}Result>" if inner else ""
    return Answer(200, f"<{operation}Response>{result}</{operation}Response>", "text/xml")


def xml_error(code: str, status: int = 403) -> Answer:
    return Answer(status, f"<ErrorResponse><Error><Code>{code}</Code></Error></ErrorResponse>", "text/xml")


def session(clock: CountingClock) -> Answer:
    ends = f"{clock.now() + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"
    keys = "<AccessKeyId>ASIAMEMBER</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>"
    return xml("AssumeRole", f"<Credentials>{keys}<Expiration>{ends}</Expiration></Credentials>")


def identity() -> Answer:
    return xml("GetCallerIdentity", f"<Account>{ID}</Account><Arn>arn:aws:sts::{ID}:assumed-role/r/s</Arn>")


def test_accounts_are_placed_by_the_paths_that_aws_tells(aws: Connection, wire: Wire) -> None:
    inside = f"o-exampleorgid/r-root/ou-root-00000000/{ID}/"
    unknown = "o-exampleorgid/r-root/ou-root-99999999/333333333333/"
    root = "o-exampleorgid/r-root/999999999999/"
    wire.says(
        accounts(
            {"Id": ID, "Name": "log", "Email": "l@x", "State": "ACTIVE", "JoinedMethod": "CREATED", "Paths": [inside]},
            {"Id": "333333333333", "Paths": [unknown]},
            {"Id": "999999999999", "Paths": [root]},
        )
    )
    units = [Unit(("Security",), "ou-root-00000000", ())]
    read = {a.id: a for a in place_accounts(aws, list_accounts(aws), "r-root", units, {})}
    assert read[ID].unit == ("Security",)
    assert read["333333333333"].unit == ("ou-root-99999999",), "a unit made meanwhile is not the root"
    assert read["999999999999"].unit == ()
    assert wire.asked == ["ListAccounts"]


def test_where_no_paths_are_told_every_parent_is_asked(aws: Connection, wire: Wire) -> None:
    wire.says(accounts({"Id": ID}), accounts({"Id": ID}), accounts())
    (account,) = place_accounts(aws, list_accounts(aws), "r-root", [Unit(("Security",), "ou-1", ())], {})
    assert account.unit == ("Security",)
    assert wire.asked == ["ListAccounts", "ListAccountsForParent", "ListAccountsForParent"]


@pytest.mark.parametrize(
    ("in_unit", "in_root", "place"),
    [
        ([{"Id": ID}], [{"Id": ID}], "in Security and in the root"),
        ([], [], "in no organizational unit"),
    ],
)
def test_an_account_that_moves_while_parents_are_asked_is_neither_placed_nor_taken_for_absent(
    aws: Connection, wire: Wire, in_unit: list[dict[str, str]], in_root: list[dict[str, str]], place: str
) -> None:
    wire.says(accounts({"Id": ID}), accounts(*in_unit), accounts(*in_root))
    with pytest.raises(CouldNotRead, match=f"account {ID} was listed {place}"):
        place_accounts(aws, list_accounts(aws), "r-root", [Unit(("Security",), "ou-1", ())], {})


def joined(clock: CountingClock, minutes: float) -> Answer:
    moment = clock.now() - timedelta(minutes=minutes)
    return accounts({"Id": OTHER}, {"Id": ID, "JoinedTimestamp": moment.timestamp()})


def test_a_new_account_is_waited_for_and_its_credentials_too(aws: Connection, wire: Wire, clock: CountingClock) -> None:
    wire.says(
        xml_error("AccessDenied"), joined(clock, minutes=1),
        session(clock), xml_error("AccessDenied"),  # one success is none: the next place does not know the role yet
        session(clock), session(clock), xml_error("InvalidClientTokenId"),
        session(clock), session(clock), identity(),
        xml_error("NoSuchEntity"), xml_error("NoSuchEntity"),
        xml("CreateRole", "<Role><RoleName>orgkit-read</RoleName></Role>"),
        xml_error("NoSuchEntity"), xml("PutRolePolicy"),
        session(clock), session(clock),
    )  # fmt: skip
    make_read_role(aws)
    assert clock.slept == [10, 10, 10]
    made = [
        "GetRole",
        "GetRole",
        "CreateRole",
        "GetRolePolicy",
        "PutRolePolicy",
        "AssumeRole",
        "AssumeRole",
    ]
    assert wire.asked[-7:] == made
    assert wire.asked.count("ListAccounts") == 1


@pytest.mark.parametrize("code", ["AccessDenied", "OptInRequired", "SubscriptionRequiredException"])
def test_an_account_that_has_been_there_for_longer_means_what_it_says(
    aws: Connection, wire: Wire, clock: CountingClock, code: str
) -> None:
    wire.says(xml_error(code), joined(clock, minutes=16))
    with pytest.raises(StepFailed, match=f"cannot be entered through role {ACCESS_ROLE}: .*{code}") as failed:
        make_read_role(aws)
    assert (clock.slept, failed.value.code) == ([], code)


def test_it_stops_meaning_not_yet_fifteen_minutes_after_it_has_joined(
    aws: Connection, wire: Wire, clock: CountingClock
) -> None:
    wire.says(xml_error("AccessDenied"), joined(clock, minutes=14), xml_error("AccessDenied"))
    with pytest.raises(StepFailed, match="cannot be entered"):
        make_read_role(aws)
    assert 60 < sum(clock.slept) <= 80


def test_an_account_that_never_becomes_usable_ends_in_a_failure(aws: Connection, wire: Wire) -> None:
    wire.says(xml_error("AccessDenied"), accounts(), xml_error("AccessDenied"))
    with pytest.raises(StepFailed, match=f"log-archive.* {ACCESS_ROLE}"):
        make_read_role(aws)


def test_our_own_credentials_that_have_ended_are_not_waited_for(
    aws: Connection, wire: Wire, clock: CountingClock
) -> None:
    wire.says(xml_error("InvalidClientTokenId"))
    with pytest.raises(Rejected, match="InvalidClientTokenId"):
        make_read_role(aws)
    assert clock.slept == []


def test_a_session_that_answers_as_another_account_stops_at_once(
    aws: Connection, wire: Wire, clock: CountingClock
) -> None:
    other = xml("GetCallerIdentity", f"<Account>{OTHER}</Account><Arn>arn:aws:sts::{OTHER}:assumed-role/r/s</Arn>")
    wire.says(session(clock), session(clock), other)
    with pytest.raises(StepFailed, match=f"a session for account {ID} answers as account {OTHER}"):
        make_read_role(aws)


def test_a_clear_no_means_that_the_read_role_is_not_there(aws: Connection, wire: Wire) -> None:
    wire.says(xml_error("AccessDenied"))
    assert read_member(aws, desired_of().accounts[0], ID, ()) == Member(ID, readable=False, current=False)


@pytest.mark.parametrize("answer", [xml_error("ExpiredToken"), Answer(200, "", "text/xml")], ids=["expired", "empty"])
def test_any_other_trouble_does_not_become_a_step_that_makes_the_role(
    aws: Connection, wire: Wire, answer: Answer
) -> None:
    wire.says(answer)
    with pytest.raises(Rejected):
        read_member(aws, desired_of().accounts[0], ID, ())
