"""What is computed anew for each session, client, call or record although it never changes: once in a process.

For tests alone, whose processes make hundreds of clients.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

from botocore import hooks
from botocore.client import ClientCreator
from botocore.hooks import EventAliaser

from orgkit.sanitize import secrets

LONGEST = 1_000_000  # characters of a text whose secrets are searched once


def cache_botocore() -> None:
    """Names of events and classes of clients."""
    EventAliaser._alias_event_name = _once_a_name(EventAliaser._alias_event_name)
    hooks.accepts_kwargs = lambda _: True
    ClientCreator._create_client_class = _once_a_service(ClientCreator._create_client_class)


def cache_moto() -> None:
    """The names of the operations of each service."""
    from moto.core import responses

    responses.method_names_from_class = cache(responses.method_names_from_class)


def cache_searches() -> None:
    """The secrets of a text of any length; otherwise those of short texts alone are remembered."""
    secrets._SHORT = LONGEST


def _once_a_service(make: Callable[..., Any]) -> Callable[..., Any]:
    """The class of a service's client, with a method for each of its operations, is the same for every connection."""
    made: dict[str, Any] = {}

    def known(creator: Any, service: str, model: Any) -> Any:
        if service not in made:
            made[service] = make(creator, service, model)
        return made[service]

    return known


def _once_a_name(alias: Callable[..., str]) -> Callable[..., str]:
    """An event's alias is the same for every session; to find it is what takes longest in making one."""
    known: dict[str, str] = {}

    def once(aliaser: Any, name: str) -> str:
        if name not in known:
            known[name] = alias(aliaser, name)
        return known[name]

    return once
