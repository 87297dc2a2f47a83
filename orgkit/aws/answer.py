"""One call, and what comes back: an answer whose members are there, or a refusal, or a doubt."""

from collections.abc import Iterator, Mapping
from typing import Any

from orgkit.aws.retry import Refused, Unsure, as_refused, classify

REQUEST_ID = ("x-amzn-requestid", "x-amz-request-id")  # the second is S3's


class Answer(dict[str, Any]):
    """What AWS answered; to ask it, or anything in it, for a member that is missing is no KeyError.

    A cut, empty or nonsensical 200 is no answer: a read is refused for it, a change is unsure.
    """

    def __init__(self, operation: str, members: Mapping[str, Any], *, changes: bool = False) -> None:
        super().__init__({name: _within(operation, value, changes=changes) for name, value in members.items()})
        self.operation = operation
        self.changes = changes

    def __missing__(self, member: str) -> Any:
        why = f"the answer had no {member}"
        raise Unsure(self.operation, why) if self.changes else Refused(self.operation, "NoAnswer", "", why, "")

    @property
    def request_id(self) -> str:
        """AWS's id of the request; "" for an answer that carries none, and so need not be AWS's."""
        about = self.get("ResponseMetadata", {})
        headers = about.get("HTTPHeaders", {})
        found = (about.get("RequestId"), *(headers.get(name) for name in REQUEST_ID))
        return next((str(name) for name in found if name), "")


def ask(client: Any, service: str, operation: str, parameters: Mapping[str, Any]) -> Answer:
    """One read; Refused when there is no answer."""
    call, method = f"{service}:{operation}", getattr(client, _name(client, operation))
    try:
        return Answer(call, method(**parameters))
    except Exception as error:
        raise as_refused(call, error) from None


def change(client: Any, service: str, operation: str, parameters: Mapping[str, Any]) -> Answer:
    """One request to change something; Refused when nothing was changed, Unsure when that is not known."""
    call, method = f"{service}:{operation}", getattr(client, _name(client, operation))
    try:
        return Answer(call, method(**parameters), changes=True)
    except Exception as error:
        raise classify(call, error) from None


def streamed(answer: Answer, member: str = "Body") -> bytes:
    """The bytes that an answer goes on to give; Refused when they do not all arrive, or not as AWS hashed them."""
    try:
        return bytes(answer[member].read())
    except Exception as error:
        raise as_refused(answer.operation, error) from None


def ask_pages(
    client: Any, service: str, operation: str, member: str, parameters: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    """Every item of a paged read; a page may be empty and still have a successor, but never without its member."""
    call = f"{service}:{operation}"
    paginator = client.get_paginator(_name(client, operation))
    try:
        for page in paginator.paginate(**parameters):
            yield from Answer(call, page)[member]
    except Exception as error:
        raise as_refused(call, error) from None


def _within(operation: str, value: Any, *, changes: bool) -> Any:
    if isinstance(value, dict):
        return Answer(operation, value, changes=changes)
    if isinstance(value, list):
        return [_within(operation, item, changes=changes) for item in value]
    return value


def _name(client: Any, operation: str) -> str:
    """boto3's name for an operation: ListAWSServiceAccessForOrganization has irregular words."""
    names: dict[str, str] = client.meta.method_to_api_mapping
    return next(method for method, name in names.items() if name == operation)
