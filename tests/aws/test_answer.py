"""Answers that make no sense: whatever stands on the wire, a change is unsure of it and a read has no answer."""

import gzip
from collections.abc import Callable
from typing import Any

import pytest

from orgkit.aws.rejections import OutcomeUnknown, Rejected
from orgkit.aws.response import Answer as Members
from orgkit.aws.session import Connection
from orgkit.journal.events import read_events
from tests.aws.conftest import Answer, Wire

HTTP = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.1\r\nx-amzn-RequestId: r\r\n"
NONSENSE = {
    "a list": Answer(body="[]"),
    "a list of lists": Answer(body="[[1]]"),
    "a text": Answer(body='"OrganizationalUnit"'),
    "a number": Answer(body="7"),
    "null": Answer(body="null"),
    "the member is null": Answer(body='{"OrganizationalUnit": null, "Organization": null, "Accounts": null}'),
    "the member is a list": Answer(body='{"OrganizationalUnit": [1], "Organization": [1], "Accounts": 7}'),
    "the member is a text": Answer(body='{"OrganizationalUnit": "x", "Organization": "x", "Accounts": "xy"}'),
    "a time that is none": Answer(body='{"Accounts": [{"JoinedTimestamp": "yesterday"}]}'),
    "a page": Answer(body="<html><body>Sign in to this network</body></html>", kind="text/html"),
    "bytes that are no text": Answer(body='{"Organization": "\xff\xfe"}'),
    "nothing but zeros": Answer(body="\0\0\0\0"),
    "brackets without end": Answer(body="[" * 100_000),
    "half an answer": Answer(headers={"Content-Length": "9999"}),
    "an odd kind of length": Answer(raw=HTTP + b"Content-Length: many\r\n\r\n{}"),
    "pieces that are none": Answer(raw=HTTP + b"Transfer-Encoding: chunked\r\n\r\nnonsense\r\n"),
    "a compression that is none": Answer(headers={"Content-Encoding": "gzip"}),
    "half a compression": Answer(raw=HTTP + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"{}")[:-9]),
    "no status": Answer(raw=b"HTTP/1.1 \r\n\r\n"),
    "another protocol": Answer(raw=b"SSH-2.0-OpenSSH_9.9\r\n"),
    "an error without a word": Answer(500, ""),
    "an error that is a list": Answer(502, "[]"),
}
XML = {
    "a cut element": "<CreateRoleResponse><Crea",
    "another document": "<html/>",
    "no document": "nonsense",
    "nothing": "",
    "two documents": "<a/><b/>",
    "bytes that are no text": "<a>\xff</a>",
    "an element where a time belongs": (
        "<CreateRoleResponse><CreateRoleResult><Role><CreateDate>never</CreateDate></Role></CreateRoleResult>"
        "</CreateRoleResponse>"
    ),
}


@pytest.mark.parametrize("answer", NONSENSE.values(), ids=NONSENSE.keys())
def test_a_change_that_is_answered_with_nonsense_is_unsure(
    create_unit: Callable[[], dict[str, Any]], wire: Wire, answer: Answer
) -> None:
    wire.says(answer)
    with pytest.raises(OutcomeUnknown):
        create_unit()["OrganizationalUnit"]["Id"]
    assert wire.asked == ["CreateOrganizationalUnit"]
    assert [event["event"] for event in read_events(wire.journal)] == ["intent", "answer"]


@pytest.mark.parametrize("answer", NONSENSE.values(), ids=NONSENSE.keys())
def test_a_read_that_is_answered_with_nonsense_has_no_answer(aws: Connection, wire: Wire, answer: Answer) -> None:
    wire.says(answer)
    with pytest.raises(Rejected) as rejection:
        aws.read("organizations", "DescribeOrganization")["Organization"]["Id"]
    assert "AWS did not answer" in rejection.value.remedy
    with pytest.raises(Rejected, match="NoAnswer"):
        [item["Id"] for item in aws.pages("organizations", "ListAccounts", "Accounts")]


@pytest.mark.parametrize("body", XML.values(), ids=XML.keys())
def test_the_same_goes_for_xml(aws: Connection, wire: Wire, body: str) -> None:
    wire.says(Answer(200, body, "text/xml"))
    with pytest.raises(OutcomeUnknown):
        aws.mutate("iam", "CreateRole", expect="Role", RoleName="r", AssumeRolePolicyDocument="{}")["Role"]["RoleId"]
    with pytest.raises(Rejected, match="NoAnswer"):
        aws.read("iam", "GetRole", RoleName="r")["Role"]["RoleId"]


@pytest.mark.parametrize("tokens", ["a", "ab", "abc"])
def test_a_page_token_that_comes_a_second_time_is_a_fault(aws: Connection, wire: Wire, tokens: str) -> None:
    wire.says(*(Answer.json(Accounts=[], NextToken=token) for token in (*tokens, tokens[0])))
    message = f"NoAnswer: page {len(tokens) + 1} names the same next page as page 1$"
    with pytest.raises(Rejected, match=message):
        list(aws.pages("organizations", "ListAccounts", "Accounts"))
    assert len(wire.asked) == len(tokens) + 1


def test_a_change_whose_answer_says_nothing_has_at_least_a_request_id(aws: Connection, wire: Wire) -> None:
    """TagResource and its like answer with an empty body: something between us and AWS could have done that."""
    wire.says(Answer(200, ""))
    aws.mutate("organizations", "TagResource", ResourceId="ou-1", Tags=[])
    wire.says(Answer(200, "", headers={"x-amzn-RequestId": None}))
    with pytest.raises(OutcomeUnknown, match="the answer had no request id"):
        aws.mutate("organizations", "TagResource", ResourceId="ou-1", Tags=[])
    assert [event.get("result") for event in read_events(wire.journal)] == [None, "committed", None, "unsure"]


def test_a_member_that_is_missing_anywhere_in_an_answer_is_told_as_what_was_asked() -> None:
    parts = {"Roots": [{"PolicyTypes": [{"Type": "A"}]}], "Organization": {"Id": "o-1"}}
    read, changed = Members("s:Read", parts), Members("s:Change", parts, changes=True)
    assert read == parts
    assert read["Organization"]["Id"] == "o-1"
    with pytest.raises(Rejected, match="s:Read: NoAnswer: the answer had no Status"):
        read["Roots"][0]["PolicyTypes"][0]["Status"]
    with pytest.raises(OutcomeUnknown, match="s:Change: the answer had no Arn"):
        changed["Organization"]["Arn"]
    assert read.get("Other") is None
