"""The one clock: the system's, or the one that ORGKIT_CLOCK_URL names; AWS's answers show whether it is right."""

import json
import os
import time
import urllib.request
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Protocol
from urllib.error import HTTPError

from orgkit.aws.loopback import NotLoopback, loopback_url, shown_url
from orgkit.errors import WrongPlace

# Who may set the emulator's clock; `orgkit sandbox env` prints it. A page in a browser does not know it.
TOKEN_VARIABLE = "ORGKIT_SANDBOX_TOKEN"  # noqa: S105  the name of a setting
UNAUTHORIZED = (401, 403)  # HTTP
MAX_ANSWER_SECONDS = 0.25  # of this machine's time; what was answered before a stop of the process is older than that
MAX_READS = 5  # a machine that is always slower has a clock all the same

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
    """A clock behind a URL: GET returns the time, POST {"sleep": seconds} lets it pass; both with a bearer token."""

    def __init__(self, url: str, token: str = "") -> None:
        self.url = url
        self._headers = {"Content-Type": "application/json", **bearer(token)}

    def now(self) -> datetime:
        """Read the time; once more where the answer took so long that it can be of before a stop of the process."""
        for _ in range(MAX_READS):
            started = time.monotonic()
            now = self._ask(None)
            if time.monotonic() - started <= MAX_ANSWER_SECONDS:
                break
        return now

    def sleep(self, seconds: float) -> None:
        self._ask(json.dumps({"sleep": seconds}).encode())

    def _ask(self, body: bytes | None) -> datetime:
        request = urllib.request.Request(self.url, data=body, headers=self._headers)
        try:
            with loopback_opener().open(request, timeout=3600) as answer:
                return datetime.fromisoformat(json.load(answer)["now"]).astimezone(UTC)
        except HTTPError as error:
            token = f"refuses {TOKEN_VARIABLE}: it is missing, or that of another sandbox"
            reason = token if error.code in UNAUTHORIZED else f"answers with HTTP {error.code}"
            raise WrongPlace(
                f"the clock at {self.url} {reason}.",
                'take the settings of the sandbox that runs: eval "$(orgkit sandbox env)"',
            ) from None


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A token is for the address that was checked, and for no other that it names."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        """None makes a redirection an error."""


def bearer(token: str) -> dict[str, str]:
    """The header that presents a token; none without one."""
    return {"Authorization": f"Bearer {token}"} if token else {}


def loopback_opener() -> urllib.request.OpenerDirector:
    """Opens addresses on this machine: no proxy leads there, and no redirection away from there."""
    return urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect())


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
