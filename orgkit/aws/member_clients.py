"""Clients for reads in member accounts: all accounts share them, and with them the connections that are open.

A client of its own for each of 1,000 accounts takes half a gigabyte, and a new TLS connection each.
"""

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

import orgkit.aws.crt  # noqa: F401  # before botocore

# isort: split
from botocore.credentials import Credentials

from orgkit.aws import credentials_in_use
from orgkit.dataclass import dataclass

# What a client is made with that has no account of its own: a request that names no member must not be signed.
NO_KEYS = {"aws_access_key_id": "-", "aws_secret_access_key": "-", "aws_session_token": "-"}


@dataclass(frozen=True)
class _Member:
    account: str
    credentials: Credentials


_member: ContextVar[_Member] = ContextVar("member")  # whose request the thread is sending


class MemberClient:
    """A shared client, for the reads in one account: each request is signed with the credentials of that account.

    Args:
        client: botocore's client, prepared by `sign_as_member`.
        account: The account.
        credentials: Those of a role in it.
    """

    def __init__(self, client: Any, account: str, credentials: Credentials) -> None:
        self.meta = client.meta
        self._client, self._member = client, _Member(account, credentials)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._client, name)

        def call(*args: Any, **parameters: Any) -> Any:
            token = _member.set(self._member)
            try:
                return method(*args, **parameters)
            finally:
                _member.reset(token)

        return call


def sign_as_member(client: Any) -> None:
    """Let a client sign each request as the member that sends it; LookupError where none does."""
    client.meta.events.register("before-sign", _use_credentials)


def current_account() -> str:
    """Return the account in which the thread is reading."""
    return _member.get().account


def _use_credentials(request: Any, **_: Any) -> None:
    credentials = _member.get().credentials
    credentials_in_use.remember(credentials)
    request.context.setdefault("signing", {})["request_credentials"] = credentials
