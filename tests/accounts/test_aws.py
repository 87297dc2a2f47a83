"""Accounts on the wire: creation without an idempotency token, where accounts are, and what "not yet" means."""

from datetime import timedelta

import pytest

from orgkit.accounts.aws import begin_create_account, read_accounts, settle_create_account
from orgkit.accounts.roles_aws import create_read_role, read_member
from orgkit.aws.retry import Refused
from orgkit.aws.session import Connection
from orgkit.errors import StepFailed
from orgkit.model.accounts import CreateAccount, CreateReadRole
from orgkit.model.desired import ACCESS_ROLE
from orgkit.model.directory import Directory
from orgkit.model.observed import Member, Unit
from tests.aws.conftest import Answer, CountingClock, Wire
from tests.plans.loader import desired_of, observed_of

ID = "222222222222"
STEP = CreateAccount(
    key="log-archive", name="log-archive", email="log@acme.example", role_name=ACCESS_ROLE,
    iam_access_to_billing="DENY", tags=(),
)  # fmt: skip
READ_ROLE = CreateReadRole(key="log-archive", name="log-archive", role_name=ACCESS_ROLE, services=())
NONE = Answer.json(CreateAccountStatuses=[])
SENT = Answer.json(CreateAccountStatus={"Id": "car-1", "State": "IN_PROGRESS"})


def directory() -> Directory:
    return Directory(observed_of({"organization": {}}), desired_of())


def status(state: str, **more: str) -> Answer:
    return Answer.json(CreateAccountStatus={"Id": "car-1", "State": state, **more})


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


def test_a_request_that_is_under_way_under_that_name_is_not_sent_again(aws: Connection, wire: Wire) -> None:
    wire.says(Answer.json(CreateAccountStatuses=[{"Id": "car-9", "AccountName": "log-archive"}]))
    assert begin_create_account(aws, STEP, directory()) == "car-9"
    assert wire.asked == ["ListCreateAccountStatus"]


def test_while_five_others_are_created_it_waits_and_sends_again(
    aws: Connection, wire: Wire, clock: CountingClock
) -> None:
    full = Answer.error("ConstraintViolationException", Reason="ACCOUNT_CREATION_RATE_LIMIT_EXCEEDED")
    wire.says(NONE, full, SENT)
    assert begin_create_account(aws, STEP, directory()) == "car-1"
    assert clock.slept == [15]


def test_an_account_is_there_when_it_succeeded_and_is_listed(aws: Connection, wire: Wire, clock: CountingClock) -> None:
    known = directory()
    wire.says(status("IN_PROGRESS"), status("SUCCEEDED", AccountId=ID), accounts(), accounts({"Id": ID}))
    settle_create_account(aws, STEP, known, "car-1")
    assert known.account("log-archive") == ID
    assert clock.slept == [5, 5]


def test_an_email_that_exists_is_success_when_the_account_is_ours(aws: Connection, wire: Wire) -> None:
    known = directory()
    failed = status("FAILED", FailureReason="EMAIL_ALREADY_EXISTS")
    wire.says(failed, accounts({"Id": ID, "Email": "LOG@acme.example"}))
    settle_create_account(aws, STEP, known, "car-1")
    assert known.account("log-archive") == ID


@pytest.mark.parametrize("reason", ["EMAIL_ALREADY_EXISTS", "ACCOUNT_LIMIT_EXCEEDED", "A_REASON_OF_NEXT_YEAR"])
def test_every_other_failure_is_told_with_what_to_do(aws: Connection, wire: Wire, reason: str) -> None:
    wire.says(status("FAILED", FailureReason=reason), accounts())
    with pytest.raises(StepFailed, match=f"could not create account log-archive: {reason}") as failed:
        settle_create_account(aws, STEP, directory(), "car-1")
    assert failed.value.code == reason
    assert failed.value.do


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
    read = {a.id: a for a in read_accounts(aws, "r-root", [Unit("Security", "ou-root-00000000", ())], {})}
    assert read[ID].unit == "Security"
    assert read["333333333333"].unit == "ou-root-99999999", "a unit made meanwhile is not the root"
    assert read["999999999999"].unit == ""
    assert wire.asked == ["ListAccounts"]


def test_where_no_paths_are_told_every_parent_is_asked(aws: Connection, wire: Wire) -> None:
    wire.says(accounts({"Id": ID}), accounts({"Id": ID}), accounts())
    (account,) = read_accounts(aws, "r-root", [Unit("Security", "ou-1", ())], {})
    assert account.unit == "Security"
    assert wire.asked == ["ListAccounts", "ListAccountsForParent", "ListAccountsForParent"]


def test_a_new_account_is_waited_for_and_its_credentials_too(aws: Connection, wire: Wire, clock: CountingClock) -> None:
    known = directory()
    known.accounts["log-archive"] = ID
    wire.says(
        xml_error("AccessDenied"), session(clock), xml_error("InvalidClientTokenId"), identity(),
        xml_error("NoSuchEntity"), xml("CreateRole", "<Role><RoleName>orgkit-read</RoleName></Role>"),
        xml_error("NoSuchEntity"), xml("PutRolePolicy"),
        session(clock), identity(),
    )  # fmt: skip
    create_read_role(aws, READ_ROLE, known)
    assert clock.slept == [10, 10]
    made = ["GetRole", "CreateRole", "GetRolePolicy", "PutRolePolicy", "AssumeRole", "GetCallerIdentity"]
    assert wire.asked[-6:] == made


def test_an_account_that_never_becomes_usable_ends_in_a_failure(aws: Connection, wire: Wire) -> None:
    known = directory()
    known.accounts["log-archive"] = ID
    wire.says(xml_error("AccessDenied"))
    with pytest.raises(StepFailed, match=r"account log-archive to be usable through .* took longer than 900 s"):
        create_read_role(aws, READ_ROLE, known)


def test_a_clear_no_means_that_the_read_role_is_not_there(aws: Connection, wire: Wire) -> None:
    wire.says(xml_error("AccessDenied"))
    assert read_member(aws, desired_of().accounts[0], ID, ()) == Member(ID, readable=False, current=False)


@pytest.mark.parametrize("answer", [xml_error("ExpiredToken"), Answer(200, "", "text/xml")], ids=["expired", "empty"])
def test_any_other_trouble_does_not_become_a_step_that_makes_the_role(
    aws: Connection, wire: Wire, answer: Answer
) -> None:
    wire.says(answer)
    with pytest.raises(Refused):
        read_member(aws, desired_of().accounts[0], ID, ())
