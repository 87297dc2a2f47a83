"""Pages as Organizations cuts them: at most 20, tokens that say nothing."""

import base64
from collections.abc import Sequence
from typing import Any, TypeVar

from orgkit.sandbox.corrections.registry import refusal

Item = TypeVar("Item")
MAX_PAGE_SIZE = 20  # AWS's page size for every List operation of Organizations; moto has 100, 123 or none


def page(items: Sequence[Item], parameters: dict[str, Any]) -> tuple[Sequence[Item], str | None]:
    """The asked-for page of `items` and the token of the next one."""
    size = parameters.get("MaxResults", MAX_PAGE_SIZE)
    if not isinstance(size, int) or not 1 <= size <= MAX_PAGE_SIZE:
        raise refusal("InvalidInputException", "You specified an invalid value for MaxResults.", "MAX_VALUE_EXCEEDED")
    start = _position(parameters.get("NextToken"))
    end = start + size
    return items[start:end], _token(end) if end < len(items) else None


def answer(member: str, items: Sequence[Any], parameters: dict[str, Any]) -> dict[str, Any]:
    """The answer of a List operation, whose items are under that member."""
    page_items, token = page(items, parameters)
    return {member: list(page_items), **({"NextToken": token} if token else {})}


def _token(position: int) -> str:
    return base64.urlsafe_b64encode(f"page:{position}".encode()).decode()


def _position(token: str | None) -> int:
    if token is None:
        return 0
    try:
        return int(base64.urlsafe_b64decode(token).decode().removeprefix("page:"))
    except ValueError:
        message = "You provided a NextToken that isn't valid."
        raise refusal("InvalidInputException", message, "INVALID_NEXT_TOKEN") from None
