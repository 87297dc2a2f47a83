"""Reads end: pages have a budget, no page comes twice, and an answer that was cut is asked for again."""

import io
import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from http.client import HTTPResponse
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import IncompleteReadError

from orgkit.aws import response
from orgkit.aws.rejections import Rejected
from orgkit.aws.session import Connection
from orgkit.costs.bills import exports_aws
from orgkit.costs.bills.cost_explorer_aws import CostExplorer
from orgkit.costs.bills.month import Month
from orgkit.costs.prices import price_list_aws
from orgkit.errors import CouldNotRead, NoPriceList
from orgkit.phases.billing import aws as billing
from orgkit.records.reconcile import cloudtrail_aws
from orgkit.records.reconcile.journal_changes import Window
from tests.aws.conftest import Answer, CountingClock, Wire

WHOLE = json.dumps({"Organization": {"Id": "o-1"}, "Accounts": [{"Id": "1"}]})
XML = (
    "<GetRoleResponse><GetRoleResult><Role><RoleId>AROA</RoleId></Role></GetRoleResult></GetRoleResponse>"
    "<!-- the rest of it -->"
)
CUTS = {
    "before its announced length": lambda body, at: {"body": body[:at], "headers": {"Content-Length": str(len(body))}},
    "and re-framed": lambda body, at: {"body": body[:at]},
    "and closed": lambda body, at: {"body": body[:at], "headers": {"Content-Length": None}},
    "within a piece": lambda body, at: {
        "raw": b"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
        + f"{len(body):x}\r\n{body[:at]}".encode()
    },
}
Cut = Callable[[str, int], dict[str, Any]]


class Endless:
    """Stands for a connection whose pages never end."""

    endpoint = "http://127.0.0.1:1"

    def __init__(self, page: Callable[[int], dict[str, Any]]) -> None:
        self.page = page
        self.requests = 0
        self.clock = CountingClock()
        self.progress: Callable[..., None] = lambda *_: None

    def read(self, *_: Any, **__: Any) -> dict[str, Any]:
        self.requests += 1
        return self.page(self.requests)

    def caller(self) -> Any:
        return self

    account = "999999999999"


def fresh(name: str, **members: Any) -> Callable[[int], dict[str, Any]]:
    return lambda number: {name: f"token {number}", **members}


class NoCache:
    """Keeps nothing."""

    def get(self, *_: Any) -> None:
        return None

    def put(self, *_: Any) -> None:
        return None


def explorer(aws: Any) -> CostExplorer:
    return CostExplorer(aws, NoCache(), Decimal("0.01"), Decimal(1000))  # type: ignore[arg-type]


LOOPS: dict[str, tuple[Callable[[Any], Any], Callable[[int], dict[str, Any]]]] = {
    "anomaly monitors": (lambda aws: billing._monitors(aws), fresh("NextPageToken", AnomalyMonitors=[])),
    "cost allocation tags": (lambda aws: billing.cost_tags(aws), fresh("NextToken", CostAllocationTags=[])),
    "objects of an export": (
        lambda aws: exports_aws._objects(aws, Bucket="b", Prefix=""),
        fresh("NextContinuationToken", IsTruncated=True),
    ),
    "events of CloudTrail": (
        lambda aws: cloudtrail_aws.lookup_events(aws, "1", "us-east-1", Window(aws.clock.now(), aws.clock.now())),
        fresh("NextToken", Events=[]),
    ),
    "groups of Cost Explorer": (
        lambda aws: explorer(aws)._pages(Month.parse("2026-10"), {}, fresh=True),
        fresh("NextPageToken", ResultsByTime=[]),
    ),
}


@pytest.mark.parametrize(("read", "page"), LOOPS.values(), ids=LOOPS.keys())
def test_pages_that_never_end_are_no_answer(
    read: Callable[[Any], Any], page: Callable[[int], dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(response, "MAX_PAGES", 7)
    aws = Endless(page)
    with pytest.raises(Rejected, match="NoAnswer: its pages did not end within 7 pages"):
        list(read(aws))
    assert aws.requests == 7


@pytest.mark.parametrize(("read", "page"), LOOPS.values(), ids=LOOPS.keys())
def test_a_token_that_comes_twice_is_a_fault_whatever_came_between(
    read: Callable[[Any], Any], page: Callable[[int], dict[str, Any]]
) -> None:
    aws = Endless(lambda number: page(number % 3))
    with pytest.raises(Rejected, match="NoAnswer: page 4 names the same next page as page 1"):
        list(read(aws))
    assert aws.requests == 4


def test_pages_of_botocore_s_own_paginators_have_the_same_budget(
    aws: Connection, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(response, "MAX_PAGES", 4)
    numbers = count()
    wire.answer = lambda *_: Answer.json(Accounts=[{"Id": "1"}], NextToken=f"t{next(numbers)}")  # type: ignore[method-assign]
    items = aws.pages("organizations", "ListAccounts", "Accounts")
    with pytest.raises(Rejected, match="did not end within 4 pages") as rejection:
        list(items)
    assert next(numbers) == 4
    assert "AWS did not answer" in rejection.value.remedy


def test_a_budget_of_seconds_counts_what_asking_takes_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = iter(count(0.0, 100.0))
    monkeypatch.setattr(response, "monotonic", lambda: next(ticks))
    monkeypatch.setattr(response, "MAX_SECONDS", 1000.0)
    numbers, spent = count(), []
    pages = response.walk_pages("s:List", lambda _: 0, lambda _: {"Token": next(numbers)})
    with pytest.raises(Rejected, match=r"did not end within 1000 s \(11 pages\)"):
        spent.extend(next(ticks) for _ in pages)  # a tick is the caller's own time
    assert next(numbers) == 11


def test_pages_that_end_are_read_to_their_end(aws: Connection, wire: Wire) -> None:
    """IAM names its tokens and its end otherwise than Organizations."""
    user = "<member><UserName>u{n}</UserName></member>"
    page = "<ListUsersResponse><ListUsersResult><Users>{user}</Users>{more}</ListUsersResult></ListUsersResponse>"
    more = "<IsTruncated>true</IsTruncated><Marker>m{n}</Marker>"
    pages = [page.format(user=user.format(n=n), more=more.format(n=n)) for n in range(3)]
    last = page.format(user=user.format(n=3), more="<IsTruncated>false</IsTruncated><Marker>m0</Marker>")
    wire.says(*(Answer(200, body, "text/xml") for body in (*pages, last)))
    assert [item["UserName"] for item in aws.pages("iam", "ListUsers", "Users")] == ["u0", "u1", "u2", "u3"]
    assert ["Marker=" in body for body in wire.bodies] == [False, True, True, True]


@pytest.mark.parametrize("cut", CUTS.values(), ids=CUTS.keys())
@pytest.mark.parametrize("at", [1, len(WHOLE) // 2, len(WHOLE) - 1])
def test_a_read_whose_answer_is_cut_is_asked_for_again(aws: Connection, wire: Wire, cut: Cut, at: int) -> None:
    whole = Answer(body=WHOLE)
    wire.says(Answer(**cut(WHOLE, at)), whole)
    answer = aws.read("organizations", "DescribeOrganization")
    assert answer["Organization"] == {"Id": "o-1"}
    assert answer["ResponseMetadata"]["RetryAttempts"] == 1  # counted where requests cost money
    wire.says(Answer.json(Accounts=[], NextToken="a"), Answer(**cut(WHOLE, at)), whole)
    assert list(aws.pages("organizations", "ListAccounts", "Accounts")) == [{"Id": "1"}]
    assert len(wire.asked) == 2 + 3
    assert wire.bodies[-1] == wire.bodies[-2] == '{"NextToken": "a"}'


@pytest.mark.parametrize("at", [0, 20, 60, len(XML) - 3])
def test_the_same_goes_for_xml_whose_end_a_parser_need_not_miss(aws: Connection, wire: Wire, at: int) -> None:
    cut = Answer(200, XML[:at], "text/xml", headers={"Content-Length": str(len(XML))})
    wire.says(cut, cut, Answer(200, XML, "text/xml"))
    assert aws.read("iam", "GetRole", RoleName="r")["Role"]["RoleId"] == "AROA"
    assert len(wire.asked) == 3


def test_an_answer_that_is_cut_every_time_is_no_answer_and_never_means_nothing_there(
    aws: Connection, wire: Wire, clock: CountingClock
) -> None:
    """Of a cut policy, or one of which nothing came, a caller that asks for an optional member would see none."""
    wire.says(Answer(200, '{"Version": "2012', "application/xml", headers={"Content-Length": "900"}))
    with pytest.raises(Rejected, match="NoAnswer: IncompleteReadError") as rejection:
        aws.read("organizations", "DescribeResourcePolicy").get("ResourcePolicy")
    assert len(wire.asked) == 1 + len(response.PAUSES)
    assert clock.slept == list(response.PAUSES)
    assert "AWS did not answer" in rejection.value.remedy


def test_a_change_whose_answer_is_cut_is_not_sent_again(aws: Connection, wire: Wire) -> None:
    wire.says(Answer(body="{", headers={"Content-Length": "900"}))
    with pytest.raises(Exception, match="the answer had no OrganizationalUnit"):
        aws.mutate("organizations", "CreateOrganizationalUnit", expect="OrganizationalUnit", ParentId="r", Name="n")
    assert len(wire.asked) == 1


def test_an_answer_without_a_body_is_whole() -> None:
    service = SimpleNamespace(resolved_protocol="rest-xml")
    operation = SimpleNamespace(http={"method": "HEAD"}, output_shape=None, service_model=service)
    head = {"body": b"", "status_code": 200, "headers": {"content-length": "7000"}}
    response.require_whole(operation, head)
    operation.http = {"method": "GET"}
    response.require_whole(operation, {**head, "status_code": 304})
    with pytest.raises(IncompleteReadError):
        response.require_whole(operation, head)


class Body:
    """Gives what it has, and then breaks."""

    def __init__(self, content: bytes, error: Exception | None) -> None:
        self.content, self.error = content, error

    def iter_chunks(self, _: int) -> Iterator[bytes]:
        yield self.content
        if self.error:
            raise self.error


def test_a_body_that_breaks_while_it_is_read_is_asked_for_from_its_beginning(
    aws: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = IncompleteReadError(actual_bytes=3, expected_bytes=6)
    bodies = [Body(b"abc", error), Body(b"", error), Body(b"abcdef", None)]
    monkeypatch.setattr(aws, "read", lambda *_, **__: response.Answer("s3:GetObject", {"Body": bodies.pop(0)}))
    aws.stream("s3", "GetObject", lambda body: exports_aws._write(tmp_path / "file", body), Bucket="b", Key="k")
    assert (tmp_path / "file").read_bytes() == b"abcdef"
    bodies[:] = [Body(b"abc", error)] * 3
    with pytest.raises(Rejected, match="s3:GetObject: NoAnswer: IncompleteReadError"):
        aws.stream("s3", "GetObject", lambda body: list(body.iter_chunks(1)), Bucket="b", Key="k")


def test_what_the_reader_of_a_body_raises_itself_is_neither_hidden_nor_repeated(
    aws: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    bodies = [Body(b"abc", None)]
    monkeypatch.setattr(aws, "read", lambda *_, **__: response.Answer("s3:GetObject", {"Body": bodies.pop(0)}))

    def full_disk(_: Any) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        aws.stream("s3", "GetObject", full_disk)


@pytest.mark.parametrize("cuts", [1, 2, 3])
def test_a_price_file_that_is_cut_is_fetched_again(wire: Wire, monkeypatch: pytest.MonkeyPatch, cuts: int) -> None:
    answers = [Answer(body='{"a"', headers={"Content-Length": "900"})] * cuts + [Answer(body='{"a": 1}')]
    fetches: list[int] = []
    monkeypatch.setattr(
        price_list_aws.urllib.request, "urlopen", lambda *_, **__: _response(answers[len(fetches)], fetches)
    )
    if cuts < price_list_aws.MAX_ATTEMPTS:
        assert price_list_aws.fetch("AmazonS3", "us-east-1") == {"a": 1}
    else:
        with pytest.raises(NoPriceList, match="was cut 3 times"):
            price_list_aws.fetch("AmazonS3", "us-east-1")
    assert len(fetches) == min(cuts + 1, price_list_aws.MAX_ATTEMPTS)


def _response(answer: Answer, fetches: list[int]) -> Any:
    """http.client's own reading of what stands on the wire."""

    class Connected:
        def makefile(self, *_: Any) -> io.BytesIO:
            length = answer.headers.get("Content-Length") or len(answer.body)
            return io.BytesIO(f"HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{answer.body}".encode())

    fetches.append(1)
    response = HTTPResponse(Connected())  # type: ignore[arg-type]
    response.begin()
    return response


def test_pages_that_never_end_stop_a_command_with_its_three_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(response, "MAX_PAGES", 3)
    aws = Endless(fresh("NextPageToken", ResultsByTime=[]))
    with pytest.raises(CouldNotRead, match="did not end within 3 pages"):
        explorer(aws).bill(Month.parse("2026-10"))
