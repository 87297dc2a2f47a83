"""This machine's clock is compared with AWS's before any change, and a difference is not taken for bad credentials."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from orgkit.aws.clock import guard_clock, is_skew, time_of
from orgkit.aws.rejections import Rejected
from orgkit.aws.session import Connection
from orgkit.engine.connect import connect
from orgkit.errors import WrongPlace
from orgkit.journal.events import read_events
from tests.aws.conftest import Answer, CountingClock, Wire
from tests.aws.test_identity import OPERATOR, says_identity
from tests.plans.loader import desired_of

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def with_date(date: str | None) -> dict[str, Any]:
    return {"ResponseMetadata": {"HTTPHeaders": {} if date is None else {"date": date}}}


@pytest.fixture
def at_wire(own_environment: Path, wire: Wire, monkeypatch: pytest.MonkeyPatch) -> Wire:
    monkeypatch.setenv("ORGKIT_ENDPOINT_URL", wire.url)
    wire.says(says_identity(OPERATOR.arn))
    return wire


@pytest.mark.parametrize("off", [timedelta(minutes=6), -timedelta(minutes=6), timedelta(hours=9), -timedelta(days=400)])
def test_a_clock_that_is_minutes_off_is_refused_with_both_times_before_anything_else(
    at_wire: Wire, off: timedelta
) -> None:
    with pytest.raises(WrongPlace) as rejection:
        connect(desired_of(), clock=CountingClock(NOON + off))
    assert f"says {NOON + off:%Y-%m-%d %H:%M:%S} UTC" in rejection.value.reason
    assert "AWS's says 2026-11-23 12:00:00 UTC" in rejection.value.reason
    assert "set the clock of this machine" in rejection.value.remedy
    assert len(str(rejection.value).splitlines()) == 3
    assert at_wire.asked == ["GetCallerIdentity"]


@pytest.mark.parametrize("off", [timedelta(0), timedelta(minutes=3, seconds=59), -timedelta(minutes=3)])
def test_a_clock_that_is_nearly_right_passes(at_wire: Wire, off: timedelta) -> None:
    connect(desired_of(), clock=CountingClock(NOON + off))


@pytest.mark.parametrize("date", [None, "", "yesterday", "Mon, 99 Nov 2026 12:00:00 GMT", "12:00", "0", "\xff"])
def test_a_date_that_is_missing_or_cannot_be_read_is_no_refusal(at_wire: Wire, date: str | None) -> None:
    identity = says_identity(OPERATOR.arn)
    at_wire.says(Answer(identity.status, identity.body, identity.kind, headers={"Date": date}))
    assert connect(desired_of(), clock=CountingClock(NOON + timedelta(days=9))).caller().aws_says is None
    assert time_of(with_date(date)) is None
    guard_clock(None, NOON)


def test_the_date_of_an_answer_is_read_in_every_zone() -> None:
    for date in ("Mon, 23 Nov 2026 12:00:00 GMT", "Mon, 23 Nov 2026 13:00:00 +0100", "Mon, 23 Nov 2026 12:00:00 -0000"):
        assert time_of(with_date(date)) == NOON
    assert time_of({}) is None


EXPIRED = "Signature expired: 20261123T115000Z is now earlier than 20261123T115500Z (20261123T120000Z - 5 min.)"
EARLY = "Signature not yet current: 20261123T121000Z is still later than 20261123T120500Z"


@pytest.mark.parametrize(
    ("code", "message", "skew"),
    [
        ("RequestTimeTooSkewed", "The difference between the request time and the current time is too large.", True),
        ("RequestExpired", "Request has expired.", True),
        ("SignatureDoesNotMatch", EXPIRED, True),
        ("SignatureDoesNotMatch", EARLY, True),
        ("InvalidSignatureException", EXPIRED, True),
        ("InvalidSignatureException", EARLY, True),
        ("SignatureDoesNotMatch", "The request signature we calculated does not match", False),
        ("ExpiredToken", "The security token included in the request is expired", False),
        ("AccessDenied", EXPIRED, False),
    ],
)
def test_what_aws_says_of_a_clock_is_known_in_each_of_its_words(code: str, message: str, skew: bool) -> None:
    assert is_skew(code, message) is skew


@pytest.mark.parametrize("code", ["InvalidSignatureException", "RequestExpired", "RequestTimeTooSkewed"])
def test_a_clock_that_goes_wrong_later_is_told_the_same_way(
    aws: Connection, wire: Wire, clock: CountingClock, code: str
) -> None:
    wire.says(Answer.error(code, Message=EXPIRED))
    wire.clock = CountingClock(NOON + timedelta(minutes=9))
    for call in (
        lambda: aws.read("organizations", "DescribeOrganization"),
        lambda: list(aws.pages("organizations", "ListAccounts", "Accounts")),
        lambda: aws.mutate("organizations", "CreateOrganization", FeatureSet="ALL"),
    ):
        with pytest.raises(WrongPlace, match="says 2026-11-23 12:00:00 UTC, and AWS's says 2026-11-23 12:09:00 UTC"):
            call()
    assert [event.get("result") for event in read_events(wire.journal)] == [None, "refused"]
    assert clock.slept == []


def test_wrong_keys_are_not_taken_for_a_wrong_clock(aws: Connection, wire: Wire) -> None:
    wire.says(Answer.error("InvalidSignatureException", Message="The request signature we calculated does not match"))
    with pytest.raises(Rejected, match="InvalidSignatureException"):
        aws.read("organizations", "DescribeOrganization")
