"""Calls on a real wire: a mutation goes out once, its intent is on disk before, and a cut answer is no answer."""

import json
import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from traceback import format_exception
from typing import Any

import pytest
from botocore.config import Config
from botocore.httpsession import URLLib3Session

from orgkit.aws import clients, waiting
from orgkit.aws.executor import ThreadedExecutor
from orgkit.aws.rejections import OutcomeUnknown, Rejected
from orgkit.aws.session import Connection, open_connection
from orgkit.errors import StepFailed, WrongAccount
from orgkit.journal.events import Journal, read_events
from tests.aws.conftest import SECRET, Answer, CountingClock, Wire

Send = Callable[[], dict[str, Any]]
MADE = Answer.json(OrganizationalUnit={"Id": "ou-1"})
LOST = {
    "a server's failure": Answer.error("ServiceException", 500),
    "a gateway's failure": Answer(503, "<html>", "text/html"),
    "a cut connection": Answer(reset=True),
    "an empty 200": Answer(200, ""),
    "a 200 that says nothing": Answer(200, "{}"),
    "a 200 cut in the middle": Answer(200, '{"OrganizationalUnit": {"Id"'),
}


@pytest.mark.parametrize("answer", LOST.values(), ids=LOST.keys())
def test_a_mutation_whose_answer_is_lost_is_unsure_and_was_sent_once(send: Send, wire: Wire, answer: Answer) -> None:
    wire.says(answer)
    with pytest.raises(OutcomeUnknown) as unsure:
        send()
    assert unsure.value.operation == "organizations:CreateOrganizationalUnit"
    assert wire.asked == ["CreateOrganizationalUnit"]
    assert [event.get("result") for event in read_events(wire.journal)] == [None, "unsure"]


def test_a_mutation_that_takes_too_long_is_unsure_and_was_sent_once(
    send: Send, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clients, "WRITE_CONFIG", clients.WRITE_CONFIG.merge(Config(read_timeout=0.2)))
    late = threading.Event()
    wire.says(Answer(after=late))
    with pytest.raises(OutcomeUnknown, match="ReadTimeoutError"):
        send()
    late.set()
    assert wire.asked == ["CreateOrganizationalUnit"]


def test_a_cut_xml_answer_is_unsure_too(aws: Connection, wire: Wire) -> None:
    wire.says(Answer(200, "<CreateRoleResponse><Crea", "text/xml"))
    with pytest.raises(OutcomeUnknown):
        aws.mutate("iam", "CreateRole", expect="Role", RoleName="r", AssumeRolePolicyDocument="{}")
    assert wire.asked == ["CreateRole"]


def test_settings_of_the_environment_do_not_bring_back_retries_of_mutations(
    send: Send, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "5")
    monkeypatch.setenv("AWS_RETRY_MODE", "adaptive")
    wire.says(LOST["a server's failure"])
    with pytest.raises(OutcomeUnknown):
        send()
    assert len(wire.asked) == 1


def test_nobody_listening_is_a_refusal_since_nothing_was_sent(aws: Connection) -> None:
    nowhere = open_connection(region="us-east-1", endpoint="http://127.0.0.1:9", clock=aws.clock, journal=aws.journal)
    with pytest.raises(Rejected, match="EndpointConnectionError"):
        nowhere.mutate("organizations", "CreateOrganization", FeatureSet="ALL")


def test_throttling_is_repeated_by_us_after_a_pause(send: Send, wire: Wire, clock: CountingClock) -> None:
    throttled = Answer.error("TooManyRequestsException")
    wire.says(throttled, throttled, MADE)
    assert send()["OrganizationalUnit"]["Id"] == "ou-1"
    assert len(wire.asked) == 3
    assert clock.slept == [1.0, 2.0]


def test_throttling_by_a_503_is_a_refusal_and_no_lost_answer(send: Send, wire: Wire, clock: CountingClock) -> None:
    wire.says(Answer.error("SlowDown", 503), MADE)
    send()
    assert clock.slept == [1.0]


@pytest.mark.parametrize(
    ("code", "budget"),
    [
        ("TooManyRequestsException", 600),
        ("ConcurrentModificationException", 600),
        ("InsufficientS3BucketPolicyException", 180),
        ("FinalizingOrganizationException", 4500),
    ],
)
def test_every_attempt_is_journalled_and_waiting_ends(
    send: Send, wire: Wire, clock: CountingClock, code: str, budget: int
) -> None:
    wire.says(Answer.error(code))
    with pytest.raises(Rejected, match=f"{code}.*still answered so after {budget} s") as rejection:
        send()
    assert "run the phase again" in rejection.value.remedy
    assert sum(clock.slept) == pytest.approx(budget)
    events = list(read_events(wire.journal))
    assert [event["event"] for event in events] == ["intent", "answer"] * len(wire.asked)
    assert {event["result"] for event in events if event["event"] == "answer"} == {"refused"}


def test_a_clear_refusal_is_not_repeated_and_has_its_reason(send: Send, wire: Wire) -> None:
    """AWS's Reason stands at the top of the answer, not in its Error."""
    wire.says(Answer.error("ConstraintViolationException", Reason="OU_NUMBER_LIMIT_EXCEEDED"))
    with pytest.raises(Rejected) as rejection:
        send()
    assert (rejection.value.code, rejection.value.reason) == (
        "ConstraintViolationException",
        "OU_NUMBER_LIMIT_EXCEEDED",
    )
    assert rejection.value.message == "ConstraintViolationException it is"
    assert rejection.value.request_id == "request-1"
    assert len(wire.asked) == 1
    assert list(read_events(wire.journal))[-1]["code"] == "ConstraintViolationException OU_NUMBER_LIMIT_EXCEEDED"


def test_the_intent_is_on_disk_when_the_request_arrives(aws: Connection, send: Send, wire: Wire) -> None:
    wire.says(MADE)
    aws.journal.step = "create-unit:Security"
    aws.journal.sentence = "create organizational unit Security"
    send()
    intent = json.loads(wire.written[0])
    assert intent.pop("at")
    assert intent.pop("sent") == aws.clock.now().isoformat(timespec="milliseconds")
    assert len(intent.pop("intent")) == 12
    assert intent == {
        "event": "intent",
        "step": "create-unit:Security",
        "sentence": "create organizational unit Security",
        "call": "organizations:CreateOrganizationalUnit",
        "key": "Name=Security",
        "account": "",
        "region": "us-east-1",
    }


def test_the_answer_is_journalled_with_aws_s_request_id(send: Send, wire: Wire) -> None:
    wire.says(MADE)
    send()
    intent, answer = read_events(wire.journal)
    assert (answer["result"], answer["request_id"]) == ("committed", "request-1")
    assert answer["intent"] == intent["intent"]


def test_neither_documents_nor_credentials_are_journalled(aws: Connection, wire: Wire) -> None:
    wire.says(Answer(200, "<PutRolePolicyResponse><ResponseMetadata/></PutRolePolicyResponse>", "text/xml"))
    policy = '{"Statement": "canary-policy"}'
    aws.mutate("iam", "PutRolePolicy", RoleName="orgkit-read", PolicyName="p", PolicyDocument=policy)
    wire.says(Answer.error("AccessDeniedException"))
    with pytest.raises(Rejected):
        aws.mutate("kms", "PutKeyPolicy", KeyId="k", PolicyName="p", Policy=policy)
    written = wire.journal.read_text()
    assert "RoleName=orgkit-read" in written
    assert not [canary for canary in ("canary", "CANARY", SECRET) if canary in written]


def test_only_its_owner_can_read_the_journal(send: Send, wire: Wire) -> None:
    wire.says(MADE)
    send()
    assert wire.journal.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("answer", [LOST["a server's failure"], LOST["a cut connection"]])
def test_a_read_is_repeated_when_its_answer_is_lost(aws: Connection, wire: Wire, answer: Answer) -> None:
    wire.says(answer, Answer.json(Organization={"Id": "o-1"}))
    assert aws.read("organizations", "DescribeOrganization")["Organization"] == {"Id": "o-1"}
    assert len(wire.asked) == 2
    assert not wire.journal.exists()


def test_a_read_that_is_throttled_is_repeated_six_times_at_most_and_waits_by_our_clock(
    aws: Connection, wire: Wire, clock: CountingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda seconds: seconds and pytest.fail("not by our clock"))
    wire.always["DescribeOrganization"] = Answer.error("TooManyRequestsException", 400)
    with pytest.raises(Rejected, match="TooManyRequestsException"):
        aws.read("organizations", "DescribeOrganization")
    assert len(wire.asked) == 6
    assert len(clock.slept) == 5
    assert sum(clock.slept) > 0


@pytest.mark.parametrize("name", ["an empty 200", "a 200 that says nothing"])
def test_a_read_that_answers_nothing_is_refused_and_never_means_nothing_there(
    aws: Connection, wire: Wire, name: str
) -> None:
    wire.says(LOST[name])
    with pytest.raises(Rejected, match=r"NoAnswer: the answer had no Organization$"):
        aws.read("organizations", "DescribeOrganization")["Organization"]
    with pytest.raises(Rejected, match=r"NoAnswer: the answer had no Accounts$"):
        list(aws.pages("organizations", "ListAccounts", "Accounts"))


def test_a_cut_xml_answer_to_a_read_is_refused(aws: Connection, wire: Wire) -> None:
    wire.says(Answer(200, "<GetRoleResponse><GetRol", "text/xml"))
    with pytest.raises(Rejected, match="NoAnswer"):
        aws.read("iam", "GetRole", RoleName="r")
    with pytest.raises(Rejected, match="NoAnswer"):
        list(aws.pages("iam", "ListUsers", "Users"))


def test_a_recent_answer_is_taken_until_it_is_too_old_and_a_refusal_is_none(
    aws: Connection, wire: Wire, clock: CountingClock
) -> None:
    def identity() -> str:
        return str(
            aws.recent("identity", 60.0, lambda: aws.read("organizations", "DescribeOrganization"))["Organization"][
                "Id"
            ]
        )

    wire.says(
        Answer.error("AccessDeniedException"), *(Answer.json(Organization={"Id": value}) for value in ("o-1", "o-2"))
    )
    with pytest.raises(Rejected):
        identity()
    assert (identity(), identity()) == ("o-1", "o-1")
    clock.sleep(60.0)
    assert identity() == "o-2"


def test_with_the_time_that_a_caller_passes_no_clock_is_asked_for_recent_answers(
    aws: Connection, clock: CountingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = clock.now()
    monkeypatch.setattr(type(clock), "now", lambda _self: pytest.fail("the clock was asked"))
    values = [aws.recent(name, 60.0, str(name).lower, now) for name in ("A", "B", "A")]
    assert values == ["a", "b", "a"]
    late = now + timedelta(seconds=60)
    assert (aws.recent("A", 60.0, lambda: "new", now), aws.recent("A", 60.0, lambda: "new", late)) == ("a", "new")


def test_an_empty_page_is_not_the_last_one_as_long_as_it_names_another(aws: Connection, wire: Wire) -> None:
    one = [{"Id": "1"}]
    wire.says(
        Answer.json(Accounts=one, NextToken="a"), Answer.json(Accounts=[], NextToken="b"), Answer.json(Accounts=one)
    )
    assert list(aws.pages("organizations", "ListAccounts", "Accounts")) == [*one, *one]


def test_a_refusal_in_the_middle_of_the_pages_refuses_the_whole(aws: Connection, wire: Wire) -> None:
    wire.says(Answer.json(Accounts=[{"Id": "1"}], NextToken="a"), Answer.error("AccessDeniedException"))
    with pytest.raises(Rejected, match="AccessDeniedException"):
        list(aws.pages("organizations", "ListAccounts", "Accounts"))


def test_a_proxy_of_the_environment_is_no_way_to_an_emulator(
    own_environment: Path, send: Send, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    wire.says(MADE)
    send()
    assert len(wire.asked) == 1


def test_a_profile_without_working_credentials_is_a_refusal_for_who_uses_it(
    aws: Connection, own_environment: Path
) -> None:
    own_environment.write_text("[profile dns]\ncredential_process = /bin/false\n")
    for profile in ("dns", "nobody"):
        with pytest.raises(Rejected):
            aws.as_owner(profile).read("sts", "GetCallerIdentity")
        with pytest.raises(Rejected):
            aws.as_owner(profile).mutate("organizations", "AcceptHandshake", HandshakeId="h-1")


@pytest.mark.parametrize("message", ["nonsense", "[]", '{"Version": 1}', '{"Version": 1, "AccessKeyId": 7}'])
def test_credentials_that_botocore_stumbles_over_are_none(aws: Connection, own_environment: Path, message: str) -> None:
    script = own_environment.parent / "says"
    script.write_text(f"#!/bin/sh\necho '{message}'\n")
    script.chmod(0o700)
    own_environment.write_text(f"[profile odd]\ncredential_process = {script}\n")
    owner = aws.as_owner("odd")
    with pytest.raises(Rejected):
        owner.read("iam", "ListUsers")
    with pytest.raises(Rejected):
        owner.mutate("iam", "CreateUser", UserName="u")
    with pytest.raises(WrongAccount):
        owner.caller()


@pytest.mark.parametrize(
    "script",
    [
        "echo 'CANARY: sign-in refused' >&2; exit 3",
        "echo CANARY",
        """echo '{"Version": "CANARY"}'""",
        """echo '{"Version": 1, "AccessKeyId": "CANARY"}'""",
    ],
)
def test_what_the_command_of_a_credential_process_prints_is_in_no_message(
    aws: Connection, own_environment: Path, script: str
) -> None:
    command = own_environment.parent / "says"
    command.write_text(f"#!/bin/sh\n{script}\n")
    command.chmod(0o700)
    own_environment.write_text(f"[profile odd]\ncredential_process = {command}\n")
    owner = aws.as_owner("odd")
    for call in (
        lambda: owner.read("iam", "ListUsers"),
        lambda: owner.mutate("iam", "CreateUser", UserName="u"),
        owner.caller,
    ):
        with pytest.raises((Rejected, WrongAccount)) as rejection:
            call()
        assert "CANARY" not in f"{rejection.value} {vars(rejection.value)} {aws.journal.events}"
        assert "CANARY" not in "".join(format_exception(rejection.value))


def test_who_is_calling_is_asked_once(aws: Connection, wire: Wire) -> None:
    wire.says(Answer(200, IDENTITY, "text/xml"))
    assert aws.caller() == aws.caller()
    aws.read("sts", "GetCallerIdentity")
    assert wire.asked == ["GetCallerIdentity", "GetCallerIdentity"]
    assert aws.caller().aws_says == wire.clock.now()


def test_credentials_that_end_are_noticed_although_who_called_is_known(aws: Connection, wire: Wire) -> None:
    wire.says(Answer(200, IDENTITY, "text/xml"), Answer.error("ExpiredTokenException"))
    aws.caller()
    with pytest.raises(Rejected) as rejection:
        aws.read("organizations", "DescribeOrganization")
    assert "sign in" in rejection.value.remedy
    assert aws.ended


def test_a_profile_is_opened_once_and_again_when_its_credentials_have_ended(
    aws: Connection, own_environment: Path, wire: Wire
) -> None:
    keys = "aws_access_key_id = {key}\naws_secret_access_key = s\naws_session_token = t\n"
    own_environment.write_text("[profile dns]\n" + keys.format(key="ASIAOLD") + "[profile web]\n" + keys)
    first = aws.as_owner("dns")
    assert aws.as_owner("dns") is first
    assert aws.as_owner("web") is not first
    wire.says(Answer.error("ExpiredTokenException"))
    with pytest.raises(Rejected):
        first.read("organizations", "DescribeOrganization")
    own_environment.write_text("[profile dns]\n" + keys.format(key="ASIANEW"))
    wire.says(Answer(200, IDENTITY, "text/xml"))
    assert aws.as_owner("dns").caller().access_key == "ASIANEW"


def test_without_credentials_nobody_is_calling(aws: Connection, monkeypatch: pytest.MonkeyPatch, wire: Wire) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name)
    with pytest.raises(WrongAccount, match="no AWS credentials were found"):
        aws.caller()
    assert wire.asked == []


def test_refused_credentials_are_the_wrong_ones(aws: Connection, wire: Wire) -> None:
    wire.says(Answer(403, _xml_error("ExpiredToken"), "text/xml"))
    with pytest.raises(WrongAccount, match="ExpiredToken"):
        aws.caller()


def test_the_caller_is_told_without_its_secret(aws: Connection, wire: Wire) -> None:
    wire.says(Answer(200, IDENTITY, "text/xml"))
    caller = aws.caller()
    assert (caller.account, caller.is_root_user, caller.is_temporary, caller.partition) == (
        "999999999999", False, True, "aws",
    )  # fmt: skip
    assert SECRET not in repr(caller)


def test_a_session_in_a_member_account_is_kept_and_renewed_before_it_ends(
    aws: Connection, wire: Wire, clock: CountingClock
) -> None:
    wire.says(Answer(200, session_until(clock, hours=1), "text/xml"))
    first = aws.assume("111111111111", "orgkit-read")
    clock.sleep(49 * 60)
    assert aws.assume("111111111111", "orgkit-read") is first
    clock.sleep(60)
    assert aws.assume("111111111111", "orgkit-read") is not first
    assert wire.asked == ["AssumeRole", "AssumeRole"]


def keys_in(header: str) -> str:
    return header.partition("Credential=")[2].partition("/")[0]


def test_members_share_a_client_and_each_signs_with_its_own_keys(
    aws: Connection, wire: Wire, clock: CountingClock
) -> None:
    sessions = [session_until(clock, hours=1).replace("ASIAMEMBER", f"ASIAMEMBER{number}") for number in range(3)]
    wire.says(*(Answer(200, each, "text/xml") for each in sessions))
    members = [aws.assume(f"{number}" * 12, "orgkit-read") for number in range(3)]
    wire.always["GetRole"] = Answer(200, "<GetRoleResponse><GetRoleResult/></GetRoleResponse>", "text/xml")
    wire.headers.clear()
    aws.executor = ThreadedExecutor(3)
    aws.executor.map(lambda member: member.read("iam", "GetRole", RoleName="a"), members * 4)
    used = Counter(keys_in(headers["Authorization"]) for headers in wire.headers)
    assert used == {"ASIAMEMBER0": 4, "ASIAMEMBER1": 4, "ASIAMEMBER2": 4}
    assert list(aws._clients._for_members) == [("iam", "us-east-1")]


def test_a_connection_that_is_released_has_closed_every_client_and_makes_another_when_it_is_asked(
    aws: Connection, wire: Wire, clock: CountingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[str] = []
    monkeypatch.setattr(URLLib3Session, "close", lambda self: closed.append("one"))
    wire.always["AssumeRole"] = Answer(200, session_until(clock, hours=1), "text/xml")
    wire.always["GetRole"] = Answer(200, "<GetRoleResponse><GetRoleResult/></GetRoleResponse>", "text/xml")
    member = aws.assume("111111111111", "orgkit-read")
    member.read("iam", "GetRole", RoleName="a")
    member._clients.get("iam", None, reads=False)  # the one that a change in the member account makes
    aws.release()
    assert len(closed) == 3, "of STS, and two of IAM in the member account: for reads and for changes"
    assert member.read("iam", "GetRole", RoleName="a")["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_a_shared_client_signs_nothing_for_nobody(aws: Connection, wire: Wire) -> None:
    client = aws._clients._get_for_members("iam", "us-east-1")
    with pytest.raises(LookupError):
        client.get_role(RoleName="a")
    assert wire.asked == []


def test_threads_that_enter_the_same_account_make_one_session(
    aws: Connection, wire: Wire, clock: CountingClock
) -> None:
    wire.says(Answer(200, session_until(clock, hours=1), "text/xml"))
    members = ThreadedExecutor(8).map(lambda _: aws.assume("111111111111", "orgkit-read"), range(8))
    assert wire.asked == ["AssumeRole"]
    assert len({id(member) for member in members}) == 1


def test_a_session_that_aws_refuses_before_its_time_is_renewed(
    aws: Connection, wire: Wire, clock: CountingClock
) -> None:
    wire.says(Answer(200, session_until(clock, hours=1), "text/xml"))
    first = aws.assume("111111111111", "orgkit-read")
    wire.always["ListUsers"] = Answer(403, _xml_error("ExpiredToken"), "text/xml")
    with pytest.raises(Rejected):
        first.read("iam", "ListUsers")
    assert aws.assume("111111111111", "orgkit-read") is not first


def test_whoever_watches_now_watches_the_sessions_that_are_there_already(
    aws: Connection, wire: Wire, clock: CountingClock
) -> None:
    wire.says(Answer(200, session_until(clock, hours=1), "text/xml"))
    member = aws.assume("111111111111", "orgkit-read")
    aws.progress = lambda *_: None
    assert aws.assume("111111111111", "orgkit-read").progress is aws.progress
    assert member.progress is aws.progress


def test_a_session_that_was_narrowed_is_for_the_same_policy_alone(
    aws: Connection, wire: Wire, clock: CountingClock
) -> None:
    wire.says(Answer(200, session_until(clock, hours=1), "text/xml"))
    narrow = aws.assume("111111111111", "admin", policy="{}")
    wide = aws.assume("111111111111", "admin")
    assert wide is not narrow
    assert aws.assume("111111111111", "admin", policy="{}") is narrow
    assert aws.assume("111111111111", "admin", policy="[]") not in (narrow, wide)
    assert ["Policy=" in body for body in wire.bodies] == [True, False, True]


def test_waiting_asks_until_there_is_an_answer_and_no_longer_than_its_budget(
    aws: Connection, clock: CountingClock
) -> None:
    answers = iter([None, None, "there"])
    output: list[tuple[str, float, float]] = []
    aws.progress = lambda *progress: output.append(progress)
    assert aws.wait_for("it", lambda: next(answers), every=5, at_most=60) == "there"
    assert output == [("it", pytest.approx(0.0, abs=1), 60), ("it", pytest.approx(5.0, abs=1), 60)]
    with pytest.raises(StepFailed, match="it took longer than 60 s"):
        aws.wait_for("it", lambda: None, every=25, at_most=60)
    assert sum(clock.slept) == pytest.approx(5 + 5 + 60, abs=1)


@pytest.mark.parametrize("jump", [timedelta(days=1), -timedelta(days=1)], ids=["forward", "back"])
def test_a_clock_that_is_set_meanwhile_neither_ends_a_wait_nor_prolongs_it(
    aws: Connection, clock: CountingClock, jump: timedelta
) -> None:
    def look() -> None:
        clock.time += jump

    with pytest.raises(StepFailed, match="took longer than 60 s"):
        aws.wait_for("it", look, every=5, at_most=60)
    assert sum(clock.slept) == pytest.approx(60, abs=1)


def test_looking_takes_time_too_but_a_machine_that_slept_has_not_waited(
    aws: Connection, clock: CountingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = iter([0.0, 40.0, 40.0, 80.0])  # two looks of forty seconds
    monkeypatch.setattr(waiting, "monotonic", lambda: next(looks))
    with pytest.raises(StepFailed):
        aws.wait_for("it", lambda: None, every=10, at_most=60)
    assert clock.slept == [10]
    looks = iter([0.0, 90_000.0, 90_000.0, 90_001.0])
    output = iter([None, "there"])
    assert aws.wait_for("it", lambda: next(output), every=10, at_most=600) == "there"


@pytest.fixture
def send(create_unit: Send) -> Send:
    return create_unit


def test_a_journal_without_a_file_only_remembers() -> None:
    journal = Journal()
    journal.write("intent", call="x")
    assert [event["call"] for event in journal.events] == ["x"]


IDENTITY = (
    "<GetCallerIdentityResponse><GetCallerIdentityResult><Account>999999999999</Account><UserId>U</UserId>"
    "<Arn>arn:aws:sts::999999999999:assumed-role/operator/jane</Arn></GetCallerIdentityResult>"
    "</GetCallerIdentityResponse>"
)


def session_until(clock: CountingClock, *, hours: int) -> str:
    ends = f"{clock.now() + timedelta(hours=hours):%Y-%m-%dT%H:%M:%SZ}"
    return (
        "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIAMEMBER</AccessKeyId>"
        f"<SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>{ends}</Expiration>"
        "</Credentials></AssumeRoleResult></AssumeRoleResponse>"
    )


def _xml_error(code: str) -> str:
    return f"<ErrorResponse><Error><Code>{code}</Code><Message>m</Message></Error></ErrorResponse>"
