"""What an answer means for a change: refused for good, refused and repeatable, or unsure."""

import pytest
from botocore import exceptions as botocore
from botocore.parsers import ResponseParserError

from orgkit.aws.constraints import ADVICE, advice
from orgkit.aws.retry import EXPIRED, FINALIZING, THROTTLED, Refused, Unsure, classify, pause_before_repeat

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
        ResponseParserError("cut"),
    ],
    ids=repr,
)
def test_after_these_a_change_may_have_been_made(error: Exception) -> None:
    assert isinstance(classify("x", error), Unsure)


@pytest.mark.parametrize(
    "error",
    [
        answered("AccessDeniedException", 400),
        answered("SlowDown", 503),
        answered("Throttling", 500),
        botocore.EndpointConnectionError(**URL),
        botocore.ConnectTimeoutError(**URL),
        botocore.ParamValidationError(report="r"),
        botocore.NoCredentialsError(),
    ],
    ids=repr,
)
def test_after_these_nothing_was_changed(error: Exception) -> None:
    assert isinstance(classify("x", error), Refused)


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
    refused = classify("x", error)
    assert isinstance(refused, Refused)
    assert refused.code in EXPIRED
    assert "sign in" in advice(refused.reason, refused.code)


def test_only_what_can_pass_by_itself_is_repeated_and_waits_do_not_grow_without_end() -> None:
    for code in ("AccessDeniedException", "ConstraintViolationException", "LimitExceededException", ""):
        assert pause_before_repeat(Refused("x", code, "", "", ""), 0) is None
    for code in (*THROTTLED, *FINALIZING):
        pauses = [pause_before_repeat(Refused("x", code, "", "", ""), attempt) for attempt in range(200)]
        assert pauses[0]
        assert max(pause for pause in pauses if pause is not None) <= 60
        assert pauses[-1] is None


def test_a_reason_that_nobody_knows_yet_is_answered_with_the_safe_thing() -> None:
    assert "what is done stays done" in advice("A_REASON_OF_NEXT_YEAR", "ConstraintViolationException")
    assert advice("EMAIL_ALREADY_EXISTS") == ADVICE["EMAIL_ALREADY_EXISTS"]
    assert "orgkit permissions" in advice("", "AccessDeniedException")
