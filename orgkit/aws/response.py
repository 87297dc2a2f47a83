"""One call and its answer, or all pages of it: whole, a refusal, or a doubt. A read that was cut is sent again.

botocore repeats a read when the connection breaks before its answer. When it breaks within the answer, botocore takes
the part that came as the whole: a JSON answer then has no members, and an optional member looks absent.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from time import monotonic
from typing import Any, TypeVar

import orgkit.aws.crt  # noqa: F401  # before botocore

# isort: split
from botocore.exceptions import (
    BotoCoreError,
    ChecksumError,
    FlexibleChecksumError,
    HTTPClientError,
    IncompleteReadError,
)
from botocore.parsers import ResponseParserError

from orgkit.aws.rejections import OutcomeUnknown, Rejected, as_rejected, classify
from orgkit.aws.waiting import MAX_READ_SECONDS
from orgkit.errors import ApprovalEnded

REQUEST_ID = ("x-amzn-requestid", "x-amz-request-id")  # the second is S3's
# What botocore does not repeat by itself; what it does has been repeated when it gets here.
CUT_ERRORS = (IncompleteReadError, ResponseParserError, ChecksumError, FlexibleChecksumError)
STREAM_ERRORS = (*CUT_ERRORS, HTTPClientError)  # of a body that is read after botocore has handed out its answer
PAUSES = (1.0, 4.0)  # seconds before the same read is asked for once more
NO_BODY = (204, 304)  # HTTP
# An organization of 50,000 accounts has 2,500 pages; AWS answers some in a second, and throttles.
MAX_PAGES = 5000
MAX_SECONDS = 1800.0  # seconds spent on asking, without what the caller does between two pages

T = TypeVar("T")
Token = Mapping[str, Any]  # the parameters that ask for a page; empty for the first, and after the last one
Page = TypeVar("Page")


class Answer(dict[str, Any]):
    """What AWS answered; to ask it, or anything in it, for a member that is missing is no KeyError.

    A cut, empty or nonsensical 200 is no answer: a read is refused for it, a change is unsure.
    """

    def __init__(self, operation: str, members: Mapping[str, Any], *, changes: bool = False) -> None:
        super().__init__({name: _checked_answer(operation, value, changes=changes) for name, value in members.items()})
        self.operation = operation
        self.changes = changes

    def __missing__(self, member: str) -> Any:
        reason = f"the answer had no {member}"
        raise (
            OutcomeUnknown(self.operation, reason)
            if self.changes
            else Rejected(self.operation, "NoAnswer", "", reason, "")
        )

    @property
    def request_id(self) -> str:
        """AWS's id of the request; "" for an answer that carries none, and so need not be AWS's."""
        metadata = self.get("ResponseMetadata", {})
        headers = metadata.get("HTTPHeaders", {})
        candidates = (metadata.get("RequestId"), *(headers.get(name) for name in REQUEST_ID))
        return next((str(name) for name in candidates if name), "")


def ask(
    client: Any, service: str, operation: str, parameters: Mapping[str, Any], sleep: Callable[[float], None]
) -> Answer:
    """One read, asked for again where its answer is cut; Rejected when there is no answer."""
    call, method = f"{service}:{operation}", getattr(client, method_name(client, operation))
    repeats = -1

    def send() -> Any:
        nonlocal repeats
        repeats += 1
        return method(**parameters)

    try:
        answer = Answer(call, repeat_cut(send, sleep, CUT_ERRORS))
    except Exception as error:
        raise as_rejected(call, error) from None
    if repeats:  # each request to Cost Explorer costs money
        metadata = answer["ResponseMetadata"]
        metadata["RetryAttempts"] = int(metadata.get("RetryAttempts", 0)) + repeats
    return answer


def ask_stream(
    read: Callable[[], Answer], consume: Callable[[Any], T], sleep: Callable[[float], None]
) -> tuple[Answer, T]:
    """One read and the bytes that its Body goes on to give; both again where the connection breaks within them.

    Rejected when they do not all arrive, or not as AWS hashed them.
    """
    operation = ""

    def read_body() -> tuple[Answer, T]:
        nonlocal operation
        answer = read()
        operation = answer.operation
        return answer, consume(answer["Body"])

    try:
        return repeat_cut(read_body, sleep, STREAM_ERRORS)
    except STREAM_ERRORS as error:
        raise as_rejected(operation, error) from None


def change(
    client: Any, service: str, operation: str, parameters: Mapping[str, Any], before_send: Callable[[], None]
) -> Answer:
    """One request to change something; Rejected when nothing was changed, OutcomeUnknown when that is not known.

    `before_send` is called when the request is signed and about to leave; ApprovalEnded is what it may raise.
    """
    call, method = f"{service}:{operation}", getattr(client, method_name(client, operation))

    def handle(**_: Any) -> None:
        before_send()

    client.meta.events.register("before-send", handle)
    try:
        return Answer(call, method(**parameters), changes=True)
    except ApprovalEnded:
        raise
    except Exception as error:
        raise classify(call, error) from None
    finally:
        client.meta.events.unregister("before-send", handle)


def _checked_answer(operation: str, value: Any, *, changes: bool) -> Any:
    if isinstance(value, dict):
        return Answer(operation, value, changes=changes)
    if isinstance(value, list):
        return [_checked_answer(operation, item, changes=changes) for item in value]
    return value


def method_name(client: Any, operation: str) -> str:
    """boto3's name for an operation: ListAWSServiceAccessForOrganization has irregular words."""
    names: dict[str, str] = client.meta.method_to_api_mapping
    return next(method for method, name in names.items() if name == operation)


def repeat_cut(read: Callable[[], T], sleep: Callable[[float], None], errors: tuple[type[BotoCoreError], ...]) -> T:
    """Ask until an answer comes whole, three times at most; the last error goes on to the caller."""
    for pause in PAUSES:
        try:
            return read()
        except errors:
            sleep(pause)
    return read()


def require_whole(operation_model: Any, response_dict: dict[str, Any], **_: Any) -> None:
    """Handler of botocore's event before-parse: raise one of CUT_ERRORS for an answer that is not all there."""
    body = response_dict["body"]
    if not isinstance(body, bytes):  # a stream, which checks its own length
        return
    if operation_model.http.get("method") != "HEAD" and response_dict["status_code"] not in NO_BODY:
        length = str(response_dict["headers"].get("content-length") or "")
        if length.isdecimal() and int(length) != len(body):
            raise IncompleteReadError(actual_bytes=len(body), expected_bytes=int(length))
    if body and response_dict["status_code"] < 300 and _is_json(operation_model):
        _require_json(body)


def _is_json(operation_model: Any) -> bool:
    output = operation_model.output_shape
    return operation_model.service_model.resolved_protocol in ("json", "rest-json") and not (
        output is not None and "payload" in output.serialization
    )


def _require_json(body: bytes) -> None:
    """botocore takes what it cannot parse for an answer without members."""
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        raise ResponseParserError("the answer is not JSON") from None


def walk_pages(operation: str, fetch: Callable[[Token], Page], token_of: Callable[[Page], Token]) -> Iterator[Page]:
    """Fetch page after page, until one names no successor.

    Args:
        operation: what is asked, for the message.
        fetch: asks for one page.
        token_of: what a page says of its successor.

    Raises:
        Rejected: when a token comes twice, or the pages do not end within the budget. What was read until then is
            not the whole, and must not be taken for it.
    """
    seen: dict[str, int] = {}
    seconds, token = 0.0, dict[str, Any]()
    for number in range(1, MAX_PAGES + 1):
        began = monotonic()
        page = fetch(token)
        seconds += min(monotonic() - began, MAX_READ_SECONDS)  # a machine that was asleep meanwhile has not asked
        yield page
        token = dict(token_of(page))
        if not token:
            return
        first = seen.setdefault(repr(sorted(token.items())), number)
        if first != number:
            raise _no_answer(operation, f"page {number} names the same next page as page {first}")
        if seconds > MAX_SECONDS:
            raise _no_answer(operation, f"its pages did not end within {MAX_SECONDS:.0f} s ({number} pages)")
    raise _no_answer(operation, f"its pages did not end within {MAX_PAGES} pages")


def ask_pages(
    client: Any,
    service: str,
    operation: str,
    member: str,
    parameters: Mapping[str, Any],
    sleep: Callable[[float], None],
    before_page: Callable[[], None],
) -> Iterator[dict[str, Any]]:
    """Every item of a paged read; a page may be empty and still have a successor, but never without its member."""
    # botocore's own loop ends with an error only when the same token comes twice in succession.
    pages = client.get_paginator(method_name(client, operation)).paginate(**parameters)

    def fetch(token: Token) -> Answer:
        before_page()
        return ask(client, service, operation, {**parameters, **token}, sleep)

    def token_of(page: Answer) -> Token:
        tokens: Token = pages._get_next_token(page)
        return {name: value for name, value in tokens.items() if value is not None}

    for page in walk_pages(f"{service}:{operation}", fetch, token_of):
        yield from page[member]


def next_token(page: Mapping[str, Any], name: str) -> Token:
    """What a page says of its successor, for an operation that botocore has no paginator for."""
    return {name: page[name]} if page.get(name) else {}


def _no_answer(operation: str, reason: str) -> Rejected:
    return Rejected(operation, "NoAnswer", "", reason, "")
