"""Every change that orgkit can send, on a real wire: one attempt each, an intent before it and an answer after it."""

import ast
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import botocore.session
import pytest

import orgkit
from orgkit.aws.rejections import OutcomeUnknown
from orgkit.aws.session import Connection
from orgkit.errors import ApprovalEnded
from orgkit.journal.events import read_events
from orgkit.phases.permissions import steps_of
from orgkit.phases.registry import RUNBOOKS
from tests.aws.conftest import Answer, CountingClock, Wire

ROOMS = Path(orgkit.__file__).parent
# Where the operation is no literal: what may be meant by it.
NAMED_ELSEWHERE = {
    "phases/organization/aws.py": [
        ("iam", "EnableOrganizationsRootCredentialsManagement", "EnabledFeatures"),
        ("iam", "EnableOrganizationsRootSessions", "EnabledFeatures"),
    ],
    "phases/storage/bucket_aws.py": [],  # Place.set: its callers are found below
}
WITH_BUCKETS = ("phases/trail/", "phases/storage/", "phases/state_backend/")
IAM = {
    "CreateBudget": "budgets:ModifyBudget",
    "PutBucketEncryption": "s3:PutEncryptionConfiguration",
    "PutBucketLifecycleConfiguration": "s3:PutLifecycleConfiguration",
    "PutPublicAccessBlock": "s3:PutBucketPublicAccessBlock",
    "PutObjectLockConfiguration": "s3:PutBucketObjectLockConfiguration",
}
NEVER = ("Close", "Remove", "Delete", "Leave", "Stop", "Disable", "Detach", "Cancel", "Decline", "Deregister")
READ_LIKE = ("View", "Get", "List", "Describe", "Head", "Lookup")


@dataclass(frozen=True)
class Sent:
    """One place where a change is sent."""

    file: str
    service: str
    operation: str
    expect: str | None

    def __str__(self) -> str:
        return f"{self.service}:{self.operation}"


def places() -> Iterator[Sent]:
    for path in sorted(ROOMS.rglob("*.py")):
        file = path.relative_to(ROOMS).as_posix()
        source = path.read_text(encoding="utf-8")
        if not file.startswith(("sandbox/", "aws/")) and ("mutate" in source or file.startswith(WITH_BUCKETS)):
            for node in ast.walk(ast.parse(source)):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                    yield from _sent(file, node, node.func.attr)


class TestAfterTheApprovalHasEnded:
    """The clock is looked at right before each change, whatever the step has waited for since it began."""

    @pytest.fixture
    def ended(self, aws: Connection, clock: CountingClock) -> Connection:
        aws.journal.step = "create-unit:Security"
        aws.journal.expires_at = clock.now()
        clock.sleep(1)
        return aws

    def test_no_first_change_of_a_step_is_sent(
        self, ended: Connection, wire: Wire, create_unit: Callable[[], object]
    ) -> None:
        with pytest.raises(ApprovalEnded, match="the approval ended at 2026-11-23T12:00:00"):
            create_unit()
        with pytest.raises(ApprovalEnded):
            ended.mutate_once("organizations", "CreateAccount", Email="a@example.com", AccountName="a")
        assert wire.asked == []
        assert ended.journal.events == []

    def test_a_change_that_was_refused_before_is_not_sent_again(
        self, aws: Connection, wire: Wire, clock: CountingClock, create_unit: Callable[[], object]
    ) -> None:
        wire.says(Answer.error("ConcurrentModificationException"), Answer.json(OrganizationalUnit={"Id": "ou-1"}))
        aws.journal.step, aws.journal.expires_at = "create-unit:Security", clock.now()
        with pytest.raises(ApprovalEnded):
            create_unit()  # the pause before the second attempt takes it past the end
        assert wire.asked == ["CreateOrganizationalUnit"]

    def test_a_process_that_was_stopped_between_its_intent_and_the_call_sends_nothing(
        self, aws: Connection, wire: Wire, clock: CountingClock, create_unit: Callable[[], object],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:  # fmt: skip
        write = aws.journal.write

        def write_and_stop(event: str, **values: object) -> dict[str, Any]:
            entry = write(event, **values)
            clock.sleep(25 * 3600 if event == "intent" else 0)
            return entry

        monkeypatch.setattr(aws.journal, "write", write_and_stop)
        aws.journal.step, aws.journal.expires_at = "create-unit:Security", clock.now()
        with pytest.raises(ApprovalEnded):
            create_unit()
        assert wire.asked == []
        answers = [event for event in read_events(wire.journal) if event["event"] == "answer"]
        assert [(each["result"], each["code"]) for each in answers] == [("refused", "ApprovalEnded: it was not sent")]
        aws.journal.expires_at = None
        wire.says(Answer.json(OrganizationalUnit={"Id": "ou-1"}))
        create_unit()
        assert wire.asked == ["CreateOrganizationalUnit"]

    def test_a_step_of_which_aws_has_a_part_is_carried_to_its_end(
        self, aws: Connection, wire: Wire, clock: CountingClock, create_unit: Callable[[], object]
    ) -> None:
        wire.says(Answer.json(OrganizationalUnit={"Id": "ou-1"}))
        aws.journal.step, aws.journal.expires_at = "create-unit:Security", clock.now()
        create_unit()
        clock.sleep(25 * 3600)
        create_unit()
        assert len(wire.asked) == 2
        aws.journal.step = "create-unit:Production"
        with pytest.raises(ApprovalEnded):
            create_unit()


def _sent(file: str, call: ast.Call, method: str) -> Iterator[Sent]:
    literals = [each.value if isinstance(each, ast.Constant) else None for each in call.args]
    if method in ("mutate", "mutate_once"):
        if literals[1] is None:
            yield from (Sent(file, *named) for named in NAMED_ELSEWHERE[file])
        else:
            expect = next((word.value for word in call.keywords if word.arg == "expect"), None)
            output = str(expect.value) if isinstance(expect, ast.Constant) else None
            yield Sent(file, str(literals[0]), str(literals[1]), output)
    elif method == "set" and file.startswith(WITH_BUCKETS) and literals:
        yield Sent(file, "s3", str(literals[0]), None)


ALL = tuple(places())
EACH = tuple({(each.service, each.operation): each for each in ALL}.values())


def test_all_of_them_are_found() -> None:
    """Each is an action that some step names, and each action of a step that is not a read is found."""
    named = {action for phase in RUNBOOKS for step in steps_of(phase) for action in step.actions}
    found = {_as_iam(each) for each in EACH}
    assert len(EACH) > 25
    assert found <= named
    beside = {action for action in named - found if not action.split(":")[1].startswith(READ_LIKE)}
    assert beside <= {
        "iam:CreateServiceLinkedRole", "sts:AssumeRole", "organizations:RegisterDelegatedAdministrator",
        "cloudtrail:AddTags", "kms:TagResource", "s3:PutBucketTagging", "kms:GenerateDataKey*", "kms:Decrypt",
    }  # fmt: skip


def test_only_a_phase_that_takes_something_away_sends_what_undoes_something() -> None:
    packages = {phase.package.rpartition(".")[2] for phase in RUNBOOKS if phase.takes_away}
    undoing = [each for each in ALL if each.operation.startswith(NEVER)]
    assert {each.file.split("/")[1] for each in undoing} == packages, [str(each) for each in undoing]


@pytest.mark.parametrize("sent", ALL, ids=str)
def test_an_answer_that_has_anything_in_it_is_known_by_what_it_must_have(sent: Sent) -> None:
    """What AWS answers with nothing at all is known by its request id, and by planning again."""
    shape = _operation(sent).output_shape
    inside = {
        name for name, member in (shape.members if shape else {}).items() if "location" not in member.serialization
    }
    assert (sent.expect in inside) if inside else (sent.expect is None)


SERVER_ERROR, THROTTLED = ("InternalFailure", 500), ("ThrottlingException", 400)
FAULTS = ("a server's failure", "a gateway's failure", "a reset", "throttling")


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("sent", EACH, ids=str)
def test_each_is_sent_once_and_only_a_clear_refusal_is_sent_again(
    sent: Sent, fault: str, aws: Connection, wire: Wire, clock: CountingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "9")
    wire.says(_fault(sent, fault), _success(sent))
    if fault == "throttling":
        _send(aws, sent)
        _check(sent, wire, ["refused", "committed"])
        assert clock.slept == [1.0]
    else:
        with pytest.raises(OutcomeUnknown):
            _send(aws, sent)
        _check(sent, wire, ["unsure"])
        assert clock.slept == []


def _send(aws: Connection, sent: Sent) -> None:
    aws.mutate(sent.service, sent.operation, expect=sent.expect, **_parameters(_operation(sent).input_shape))


def _check(sent: Sent, wire: Wire, results: list[str]) -> None:
    """As many requests as intents; each intent is on disk when its request arrives, and no answer of it is."""
    events = list(read_events(wire.journal))
    assert len(wire.asked) == len(results)
    assert [event["event"] for event in events] == ["intent", "answer"] * len(results)
    assert [event["result"] for event in events[1::2]] == results
    assert [intent["intent"] for intent in events[::2]] == [answer["intent"] for answer in events[1::2]]
    for number, written in enumerate(wire.written):
        last = [json.loads(line) for line in written.splitlines()]
        assert len(last) == 2 * number + 1
        assert last[-1]["call"] == str(sent)
        assert last[-1]["event"] == "intent"


def _fault(sent: Sent, fault: str) -> Answer:
    if fault == "a reset":
        return Answer(reset=True)
    if fault == "a gateway's failure":
        return Answer(502, "<html><body>Bad Gateway</body></html>", "text/html")
    code, status = SERVER_ERROR if fault == "a server's failure" else THROTTLED
    if _protocol(sent).endswith("json"):
        return Answer.error(code, status)
    error = f"<Error><Code>{code}</Code><Message>m</Message></Error>"
    return Answer(status, error if sent.service == "s3" else f"<ErrorResponse>{error}</ErrorResponse>", "text/xml")


def _success(sent: Sent) -> Answer:
    name, inside = sent.operation, sent.expect
    if _protocol(sent).endswith("json"):
        return Answer(body=json.dumps({inside: _empty(sent)}) if inside else "")
    if sent.service == "s3":
        return replace(Answer(200, "", "text/xml"), headers={"x-amzn-RequestId": None, "x-amz-request-id": "r-1"})
    members = f"<{name}Result>{f'<{inside}></{inside}>'}</{name}Result>" if inside else ""
    return Answer(200, f"<{name}Response>{members}</{name}Response>", "text/xml")


def _empty(sent: Sent) -> object:
    kind = _operation(sent).output_shape.members[sent.expect].type_name
    return {"structure": {}, "list": []}.get(kind, "x")


@cache
def _operation(sent: Sent) -> Any:
    return _model(sent.service).operation_model(sent.operation)


@cache
def _model(service: str) -> Any:
    return botocore.session.get_session().get_service_model(service)


def _protocol(sent: Sent) -> str:
    return str(_model(sent.service).metadata["protocol"])


def _parameters(shape: Any) -> dict[str, Any]:
    """The smallest request that botocore takes for one."""
    return {name: _value(shape.members[name]) for name in shape.required_members} if shape else {}


def _value(shape: Any) -> Any:
    if shape.type_name == "structure":
        return _parameters(shape)
    if shape.type_name == "list":
        return [_value(shape.member)]
    plain = {"boolean": True, "integer": 1, "long": 1}
    return plain.get(shape.type_name, (getattr(shape, "enum", None) or ["acme-long-enough-for-an-arn"])[0])


def _as_iam(each: Sent) -> str:
    """IAM has names of its own for budgets and some of S3's settings, and none for the bucket's part in them."""
    return IAM.get(each.operation, str(each))
