"""A step that AWS carries out in its own time: begun with one call, settled by asking how it went."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from orgkit.aws.session import Connection

Begin = Callable[[Connection, Any, Any], str]
Settle = Callable[[Connection, Any, Any, str], None]


@dataclass(frozen=True)
class Asynchronous:
    """`begin` answers with the request's id; at most `in_flight` at once, `burst` then one `every` seconds."""

    begin: Begin
    settle: Settle
    in_flight: int
    burst: int
    every: float
