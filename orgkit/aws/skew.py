"""Is this machine's clock right? AWS's own answers tell the time, and it refuses what is signed with another."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from orgkit.errors import WrongPlace

LIMIT = timedelta(minutes=4)  # most services refuse a signature that is five minutes off
# One way to be told for each protocol; the general codes of a wrong signature mean the clock only with these words.
CODES = ("RequestTimeTooSkewed", "RequestExpired")
SIGNATURE = ("SignatureDoesNotMatch", "InvalidSignatureException")
WORDS = ("signature expired", "not yet current")


def time_of(answer: Mapping[str, Any]) -> datetime | None:
    """When AWS answered, by AWS's clock; None when the answer does not tell it in a way that can be read."""
    headers = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    try:
        told = parsedate_to_datetime(str(headers.get("date", "")))
    except ValueError:
        return None
    return told if told.tzinfo else told.replace(tzinfo=UTC)  # "-0000": a time in UTC, says RFC 5322


def is_skew(code: str, message: str) -> bool:
    """Does a refusal mean that the request was signed at another time than AWS's?"""
    return code in CODES or (code in SIGNATURE and any(words in message.lower() for words in WORDS))


def guard_clock(aws_says: datetime | None, we_say: datetime | None) -> None:
    """WrongPlace when the two are too far apart; nothing is said of a clock that AWS told nothing about."""
    if aws_says is not None and we_say is not None and abs(aws_says - we_say) > LIMIT:
        raise wrong_clock(aws_says, we_say)


def wrong_clock(aws_says: datetime | None, we_say: datetime, message: str = "") -> WrongPlace:
    """Both times, as far as they are known, and what to do."""
    theirs = f"AWS's says {_told(aws_says)}" if aws_says else "AWS's differs"
    return WrongPlace(
        f"the clock of this machine says {_told(we_say)}, and {theirs}: AWS refuses what is signed minutes before or "
        f"after{f' ({message})' if message else ''}.",
        "set the clock of this machine (let it follow a time server), then run the phase again.",
    )


def _told(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
