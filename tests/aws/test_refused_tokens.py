"""A token that STS accepts and another service refuses is not one that has ended: signing in again would not help."""

from collections.abc import Callable
from pathlib import Path

import pytest

from orgkit.aws.refused_tokens import ENABLED_BY_DEFAULT, begin_with_mfa
from orgkit.aws.rejections import EXPIRED_CODES, Rejected
from orgkit.aws.session import Connection, open_connection
from orgkit.errors import REGION_NOT_ENABLED, SESSION_WITHOUT_MFA, TOKEN_NOT_ACCEPTED, WrongAccount
from orgkit.journal.events import Journal
from tests.aws.conftest import Answer, CountingClock, Wire

IDENTITY = (
    "<GetCallerIdentityResponse><GetCallerIdentityResult><Account>999999999999</Account><UserId>U</UserId><Arn>{}</Arn>"
    "</GetCallerIdentityResult></GetCallerIdentityResponse>"
)
USER = "arn:aws:iam::999999999999:user/team/ada"
FEDERATED = "arn:aws:sts::999999999999:federated-user/ada"
ROLE = "arn:aws:sts::999999999999:assumed-role/ops/ada"


def xml_error(code: str, status: int = 403) -> Answer:
    error = f"<Error><Code>{code}</Code><Message>The security token is invalid</Message></Error>"
    return Answer(status, f"<ErrorResponse>{error}</ErrorResponse>", "text/xml")


def s3_error(code: str) -> Answer:
    return Answer(
        400, f"<Error><Code>{code}</Code><Message>The provided token is malformed</Message></Error>", "text/xml"
    )


@pytest.fixture
def identified(wire: Wire) -> Callable[[str], None]:
    def answer(arn: str) -> None:
        wire.always["GetCallerIdentity"] = Answer(200, IDENTITY.format(arn), "text/xml")

    return answer


def rejected(call: Callable[[], object]) -> Rejected:
    with pytest.raises(Rejected) as rejection:
        call()
    return rejection.value


@pytest.mark.parametrize("arn", [USER, FEDERATED])
def test_iam_refuses_a_users_session_without_mfa(
    aws: Connection, wire: Wire, identified: Callable[[str], None], arn: str
) -> None:
    identified(arn)
    wire.always["GetAccountSummary"] = xml_error("InvalidClientTokenId")
    rejection = rejected(lambda: aws.read("iam", "GetAccountSummary"))
    assert rejection.code == SESSION_WITHOUT_MFA
    assert str(rejection) == (
        "iam:GetAccountSummary: SessionWithoutMFA (InvalidClientTokenId): The security token is invalid"
    )
    assert "--serial-number arn:aws:iam::999999999999:mfa/ada --token-code" in rejection.remedy
    assert "again" not in rejection.remedy.partition("Then run")[0]
    assert not aws.ended


def test_the_mfa_device_of_the_root_user_is_named_as_aws_names_it() -> None:
    assert "--serial-number arn:aws:iam::999999999999:mfa/root-account-mfa-device --" in begin_with_mfa(
        "arn:aws:iam::999999999999:root"
    )
    assert ":mfa/ada --token-code" in begin_with_mfa("arn:aws:iam::999999999999:user/division/ada")


def test_a_change_is_explained_as_a_read_is(aws: Connection, wire: Wire, identified: Callable[[str], None]) -> None:
    identified(USER)
    wire.always["CreateRole"] = xml_error("InvalidClientTokenId")
    call = lambda: aws.mutate("iam", "CreateRole", RoleName="r", AssumeRolePolicyDocument="{}")  # noqa: E731
    assert rejected(call).code == SESSION_WITHOUT_MFA
    assert [event["code"] for event in aws.journal.events if event["event"] == "answer"] == ["InvalidClientTokenId"]


def test_a_role_that_iam_does_not_know_yet_is_waited_for(
    aws: Connection, wire: Wire, identified: Callable[[str], None]
) -> None:
    identified(ROLE)
    wire.always["GetAccountSummary"] = xml_error("InvalidClientTokenId")
    assert rejected(lambda: aws.read("iam", "GetAccountSummary")).code == TOKEN_NOT_ACCEPTED


@pytest.mark.parametrize("code", ["InvalidClientTokenId", "ExpiredToken", "UnrecognizedClientException"])
def test_credentials_have_ended_when_sts_refuses_them_too(aws: Connection, wire: Wire, code: str) -> None:
    wire.always["GetCallerIdentity"] = xml_error(code)
    wire.always["GetAccountSummary"] = xml_error("InvalidClientTokenId")
    rejection = rejected(lambda: aws.read("iam", "GetAccountSummary"))
    assert rejection.code == "InvalidClientTokenId"
    assert rejection.remedy.startswith("sign in again: `unset AWS_ACCESS_KEY_ID")
    assert wire.asked == ["GetAccountSummary", "GetCallerIdentity"]
    assert aws.ended
    with pytest.raises(WrongAccount, match="sign in again"):
        aws.caller()


def test_an_expired_token_needs_no_second_opinion(aws: Connection, wire: Wire) -> None:
    wire.always["GetAccountSummary"] = xml_error("ExpiredToken")
    assert rejected(lambda: aws.read("iam", "GetAccountSummary")).code in EXPIRED_CODES
    assert wire.asked == ["GetAccountSummary"]


TRAILS = ("cloudtrail", "DescribeTrails", "DescribeTrails", Answer.error("UnrecognizedClientException"))
BUCKETS = ("s3", "ListBuckets", "GET", s3_error("InvalidToken"))


@pytest.mark.parametrize(("service", "operation", "request_name", "answer"), [TRAILS, BUCKETS])
@pytest.mark.parametrize("region", ["me-central-1", "af-south-1", "eu-south-2", "mx-central-1"])
def test_a_region_that_is_not_enabled_is_named_with_the_command_that_enables_it(
    aws: Connection, wire: Wire, identified: Callable[[str], None], service: str, operation: str, request_name: str,
    answer: Answer, region: str,
) -> None:  # fmt: skip
    identified(ROLE)
    wire.always[request_name] = answer
    rejection = rejected(lambda: aws.read(service, operation, region=region))
    assert rejection.code == REGION_NOT_ENABLED
    assert rejection.remedy.startswith(f"`aws account enable-region --region-name {region}`;")
    assert not aws.ended


def test_s3_answers_a_head_without_a_code(own_environment: Path, wire: Wire, identified: Callable[[str], None]) -> None:
    aws = open_connection(region="me-central-1", endpoint=wire.url, journal=Journal(), clock=CountingClock())
    identified(ROLE)
    wire.always["HEAD"] = Answer(400, "", "text/xml")
    assert rejected(lambda: aws.read("s3", "HeadBucket", Bucket="b")).code == REGION_NOT_ENABLED


@pytest.mark.parametrize("region", sorted(ENABLED_BY_DEFAULT))
def test_a_region_that_every_account_has_is_never_said_to_be_off(
    aws: Connection, wire: Wire, identified: Callable[[str], None], region: str
) -> None:
    identified(ROLE)
    wire.always["DescribeTrails"] = Answer.error("UnrecognizedClientException")
    assert rejected(lambda: aws.read("cloudtrail", "DescribeTrails", region=region)).code == TOKEN_NOT_ACCEPTED


def test_a_member_account_is_named_in_the_command(
    aws: Connection, wire: Wire, identified: Callable[[str], None], clock: CountingClock
) -> None:
    identified(ROLE)
    wire.always["AssumeRole"] = Answer(
        200,
        "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIAM</AccessKeyId><SecretAccessKey>s"
        "</SecretAccessKey><SessionToken>t</SessionToken><Expiration>2100-01-01T00:00:00Z</Expiration></Credentials>"
        "</AssumeRoleResult></AssumeRoleResponse>",
        "text/xml",
    )
    member = aws.assume("111111111111", "orgkit-read")
    wire.always["GET"] = s3_error("InvalidToken")
    rejection = rejected(lambda: member.read("s3", "ListBuckets", region="me-central-1"))
    assert "--region-name me-central-1 --account-id 111111111111`" in rejection.remedy
