"""What an answer means for a change: refused for good, refused and repeatable, or unsure."""

import http.client
import ssl

import pytest
from botocore import exceptions as botocore
from botocore.parsers import ResponseParserError

from orgkit.aws.advice import ADVICE, advice
from orgkit.aws.local_errors import CREDENTIAL_CODES
from orgkit.aws.rejections import (
    EXPIRED_CODES,
    FINALIZING_CODES,
    THROTTLING_CODES,
    UNREACHABLE_CODES,
    OutcomeUnknown,
    Rejected,
    as_rejected,
    classify,
)
from orgkit.aws.waiting import BACKOFFS, Backoff, Repeats, backoff_for

URL = {"endpoint_url": "https://organizations.us-east-1.amazonaws.com"}


def answered(code: str, status: int) -> botocore.ClientError:
    error = {"Error": {"Code": code, "Message": "m"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return botocore.ClientError(error, "Operation")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "error",
    [
        answered("ServiceException", 500),
        answered("InternalFailure", 500),
        answered("ServiceUnavailable", 503),
        answered("504", 504),
        botocore.ReadTimeoutError(**URL),
        botocore.ConnectionClosedError(**URL),
        botocore.HTTPClientError(error="incomplete read"),
        botocore.SSLError(error="bad record", **URL),
        botocore.HTTPClientError(error=http.client.IncompleteRead(b"")),
        botocore.IncompleteReadError(actual_bytes=1, expected_bytes=2),
        botocore.FlexibleChecksumError(error_msg="other content"),
        ResponseParserError("cut"),
        http.client.IncompleteRead(b"half"),
        http.client.BadStatusLine("nonsense"),
        ssl.SSLError("bad record mac"),
        ConnectionResetError(),
        KeyError("Message"),
        AttributeError("'list' object has no attribute 'get'"),
        ValueError("Invalid timestamp"),
        UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"),
        RecursionError(),
    ],
    ids=repr,
)
def test_after_these_a_change_may_have_been_made_and_a_read_has_no_answer(error: Exception) -> None:
    assert isinstance(classify("x", error), OutcomeUnknown)
    assert as_rejected("x", error).code == "NoAnswer"


def test_the_words_of_what_a_parser_stumbled_over_are_not_told() -> None:
    """They may be the answer itself, and that of AssumeRole has keys in it."""
    for error in (ResponseParserError("canary-secret"), KeyError("canary-secret"), ValueError("canary-secret")):
        assert "canary" not in str(classify("sts:AssumeRole", error))


@pytest.mark.parametrize(
    "error",
    [
        answered("AccessDeniedException", 400),
        answered("SlowDown", 503),
        answered("Throttling", 500),
        botocore.EndpointConnectionError(**URL),
        botocore.ConnectTimeoutError(**URL),
        botocore.SSLError(error="[SSL: CERTIFICATE_VERIFY_FAILED] self-signed certificate", **URL),
        botocore.ProxyConnectionError(proxy_url="http://proxy"),
        botocore.ParamValidationError(report="r"),
        botocore.NoCredentialsError(),
    ],
    ids=repr,
)
def test_after_these_nothing_was_changed(error: Exception) -> None:
    assert isinstance(classify("x", error), Rejected)


@pytest.mark.parametrize(
    "error",
    [
        botocore.NoCredentialsError(),
        botocore.CredentialRetrievalError(provider="p", error_msg="e"),
        botocore.PartialCredentialsError(provider="p", cred_var="v"),
        botocore.TokenRetrievalError(provider="p", error_msg="e"),
        botocore.UnauthorizedSSOTokenError(),
        botocore.SSOTokenLoadError(error_msg="e"),
        botocore.LoginRefreshRequired(),
        answered("ExpiredToken", 403),
        answered("ExpiredTokenException", 400),
    ],
    ids=repr,
)
def test_after_these_somebody_has_to_sign_in_before_anything_more_can_be_done(error: Exception) -> None:
    rejection = classify("x", error)
    assert isinstance(rejection, Rejected)
    assert rejection.code in EXPIRED_CODES
    assert "sign in" in advice(rejection.reason, rejection.code)


def refused_for(code: str, reason: str = "") -> Rejected:
    return Rejected("x", code, reason, "m", "")


def test_what_does_not_pass_by_itself_is_not_repeated() -> None:
    for code in ("AccessDeniedException", "ConstraintViolationException", "LimitExceededException", ""):
        assert Repeats().pause(refused_for(code)) is None


@pytest.mark.parametrize("patience", BACKOFFS, ids=lambda patience: min(patience.codes))
def test_pauses_grow_to_a_minute_at_most_and_end_exactly_with_the_budget_of_their_kind(patience: Backoff) -> None:
    repeats, pauses = Repeats(), []
    while (pause := repeats.pause(refused_for(min(patience.codes)))) is not None:
        pauses.append(pause)
    assert pauses[0] == patience.first
    assert max(pauses) <= 60
    assert sum(pauses) == repeats.seconds == pytest.approx(patience.max_seconds)


def test_each_kind_of_refusal_has_a_budget_of_its_own() -> None:
    repeats = Repeats()
    while repeats.pause(refused_for("ConcurrentModificationException")) is not None:
        pass
    assert repeats.pause(refused_for("TooManyRequestsException")) == 1.0
    assert backoff_for(refused_for("FinalizingOrganizationException")) is BACKOFFS[-1]
    assert BACKOFFS[-1].max_seconds >= 3600, "AWS says up to an hour"


def test_one_throttle_costs_a_second_for_that_is_when_the_bucket_has_a_token_again() -> None:
    repeats = Repeats()
    pauses = [repeats.pause(refused_for("TooManyRequestsException")) for _ in range(7)]
    assert pauses == [1, 2, 4, 8, 16, 32, 60]


def test_what_helps_is_told_where_the_answer_says_nothing_about_rights() -> None:
    for codes in (THROTTLING_CODES, FINALIZING_CODES, UNREACHABLE_CODES, *(patience.codes for patience in BACKOFFS)):
        assert all("run the phase again" in refused_for(code).remedy for code in codes)
    assert all("sign in" in refused_for(code).remedy for code in EXPIRED_CODES - CREDENTIAL_CODES)
    assert refused_for("AccessDeniedException").remedy == refused_for("ConstraintViolationException", "X").remedy == ""


def test_how_long_it_was_repeated_in_vain_is_told_and_nothing_is_lost() -> None:
    after = Rejected("s:Op", "TooManyRequestsException", "R", "slow down", "id-1").with_seconds(600.0)
    assert str(after) == "s:Op: TooManyRequestsException (R): slow down (AWS still answered so after 600 s)"
    assert (after.code, after.reason, after.request_id) == ("TooManyRequestsException", "R", "id-1")


def test_a_reason_that_nobody_knows_yet_is_answered_with_the_safe_thing() -> None:
    assert "what is done stays done" in advice("A_REASON_OF_NEXT_YEAR", "ConstraintViolationException")
    assert advice("EMAIL_ALREADY_EXISTS") == ADVICE["EMAIL_ALREADY_EXISTS"]
    assert "orgkit permissions" in advice("", "AccessDeniedException")
