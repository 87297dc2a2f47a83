"""The one clock: the system's, or the one that ORGKIT_CLOCK_URL names; AWS's answers show whether it is right."""

import json
import os
import time
import weakref
from collections.abc import Mapping
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from http.client import HTTPConnection, HTTPSConnection
from typing import Any, Protocol
from urllib.parse import urlsplit

from orgkit.aws.loopback import NotLoopback, loopback_url, shown_url
from orgkit.errors import WrongPlace

# Who may set the emulator's clock; `orgkit sandbox env` prints it. A page in a browser does not know it.
TOKEN_VARIABLE = "ORGKIT_SANDBOX_TOKEN"  # noqa: S105  the name of a setting
UNAUTHORIZED = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
MAX_SLEEP_SECONDS = 3600  # the longest sleep of a clock that lets the time pass for real
MAX_ANSWER_SECONDS = 0.25  # of this machine's time; an answer that took longer may be older than a stop of the process
MAX_READS = 5  # on a machine that is always slower the last answer counts

MAX_SKEW = timedelta(minutes=4)  # most services refuse a signature that is five minutes off
# How each protocol reports it; the general codes of a wrong signature mean the clock only with these words.
SKEW_CODES = ("RequestTimeTooSkewed", "RequestExpired")
SIGNATURE_CODES = ("SignatureDoesNotMatch", "InvalidSignatureException")
SKEW_WORDS = ("signature expired", "not yet current")


class Clock(Protocol):
    """Returns the time and sleeps."""

    def now(self) -> datetime: ...

    def sleep(self, seconds: float) -> None: ...


class SystemClock:
    """The time of this machine."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class RemoteClock:
    """A clock behind a URL: GET returns the time, POST {"sleep": seconds} lets it pass; both with a bearer token.

    It is asked at every event of a run. A connection that asked stays open, since to open one takes both sides five
    times as long as to ask. All lead to the address that was checked: no proxy is asked for, and no redirection is
    followed.
    """

    def __init__(self, url: str, token: str = "") -> None:
        self.url = url
        self._headers = {"Content-Type": "application/json", **bearer(token)}
        self._idle: list[HTTPConnection] = []
        weakref.finalize(self, _close, self._idle)

    def now(self) -> datetime:
        """Read the time; read it again when the answer took so long that it may be older than a stop of the process."""
        for _ in range(MAX_READS):
            started = time.monotonic()
            now = self._ask(None)
            if time.monotonic() - started <= MAX_ANSWER_SECONDS:
                break
        return now

    def sleep(self, seconds: float) -> None:
        self._ask(json.dumps({"sleep": seconds}).encode())

    def _ask(self, body: bytes | None) -> datetime:
        status, content = self._exchange(body)
        if status == HTTPStatus.OK:
            return datetime.fromisoformat(json.loads(content)["now"]).astimezone(UTC)
        token = f"refuses {TOKEN_VARIABLE}: it is missing, or that of another sandbox"
        reason = token if status in UNAUTHORIZED else f"answers with HTTP {status}"
        raise WrongPlace(
            f"the clock at {self.url} {reason}.",
            'take the settings of the sandbox that runs: eval "$(orgkit sandbox env)"',
        )

    def _exchange(self, body: bytes | None) -> tuple[int, bytes]:
        """Status and content of the answer. A sleep is never sent twice: it takes a connection of its own."""
        if body is not None:
            with closing(self._connect()) as connection:
                return self._send(connection, body)
        with suppress(IndexError, ConnectionError):  # none is open, or the server has closed it since
            return self._send_and_keep(self._idle.pop())
        return self._send_and_keep(self._connect())

    def _connect(self) -> HTTPConnection:
        parts = urlsplit(self.url)
        connection_class = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        return connection_class(parts.hostname or "", parts.port, timeout=MAX_SLEEP_SECONDS)

    def _send_and_keep(self, connection: HTTPConnection) -> tuple[int, bytes]:
        try:
            answer = self._send(connection, None)
        except BaseException:
            connection.close()
            raise
        self._idle.append(connection)
        return answer

    def _send(self, connection: HTTPConnection, body: bytes | None) -> tuple[int, bytes]:
        connection.request("POST" if body else "GET", urlsplit(self.url).path or "/", body, self._headers)
        answer = connection.getresponse()
        return answer.status, answer.read()


def _close(connections: list[HTTPConnection]) -> None:
    for connection in connections:
        connection.close()


def bearer(token: str) -> dict[str, str]:
    """The header that presents a token; none without one."""
    return {"Authorization": f"Bearer {token}"} if token else {}


def clock_of(environment: Mapping[str, str] = os.environ) -> Clock:
    """The clock that the environment names; the system's otherwise. WrongPlace for one that is not on this machine."""
    url = environment.get("ORGKIT_CLOCK_URL")
    if not url:
        return SystemClock()
    try:
        return RemoteClock(loopback_url(url, path=True), environment.get(TOKEN_VARIABLE, ""))
    except NotLoopback as problem:
        raise WrongPlace(
            f"ORGKIT_CLOCK_URL is {shown_url(url)!r}, which is not on this machine: {problem}.",
            'unset it, or take the settings of a sandbox: eval "$(orgkit sandbox env)"',
        ) from None


def time_of(answer: Mapping[str, Any]) -> datetime | None:
    """When AWS answered, by AWS's clock; None when the response has no date, or one that cannot be parsed."""
    headers = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    try:
        date = parsedate_to_datetime(str(headers.get("date", "")))
    except ValueError:
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)  # "-0000": a time in UTC, says RFC 5322


def is_skew(code: str, message: str) -> bool:
    """Does a refusal mean that the request was signed at another time than AWS's?"""
    return code in SKEW_CODES or (code in SIGNATURE_CODES and any(words in message.lower() for words in SKEW_WORDS))


def guard_clock(aws_says: datetime | None, we_say: datetime | None) -> None:
    """WrongPlace when the two are too far apart; a clock that AWS did not report is not compared."""
    if aws_says is not None and we_say is not None and abs(aws_says - we_say) > MAX_SKEW:
        raise wrong_clock(aws_says, we_say)


def wrong_clock(aws_says: datetime | None, we_say: datetime, message: str = "") -> WrongPlace:
    """Both times, as far as they are known, and what to do."""
    aws_time = f"AWS's says {_text(aws_says)}" if aws_says else "AWS's differs"
    return WrongPlace(
        f"the clock of this machine says {_text(we_say)}, and {aws_time}: AWS refuses what is signed minutes before or "
        f"after{f' ({message})' if message else ''}.",
        "set the clock of this machine (let it follow a time server), then run the phase again.",
    )


def _text(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
