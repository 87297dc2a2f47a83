"""Errors of botocore that AWS never saw: each has a cause on this machine, and a command that can be pasted."""

import re
import socket
from collections.abc import Iterator
from pathlib import Path

import botocore.exceptions
import pytest

from orgkit.aws.local_errors import CAUSES, code_of, local_error, local_remedy
from orgkit.aws.rejections import Rejected, as_rejected
from orgkit.aws.session import Connection, open_connection
from orgkit.errors import CouldNotRead, ExtraMissing, OrgkitError, Unreachable, WrongAccount, WrongPlace
from orgkit.journal.events import Journal
from tests.aws.conftest import Answer, CountingClock, Wire

# What orgkit itself would have to ask for wrongly, what AWS has answered, and what the outcome of a request depends on.
NOT_LOCAL = [
    "AliasConflictParameterError",
    "AwsChunkedWrapperError",
    "BotoCoreError",
    "ChecksumError",
    "ConnectionClosedError",
    "FlexibleChecksumError",
    "HTTPClientError",
    "IncompleteReadError",
    "InvalidDNSNameError",
    "InvalidExpressionError",
    "InvalidHostLabelError",
    "MissingParametersError",
    "OperationNotPageableError",
    "PaginationError",
    "ParamValidationError",
    "RangeError",
    "ReadTimeoutError",
    "ResponseStreamingError",
    "StubAssertionError",
    "StubResponseError",
    "UnStubbedResponseError",
    "UnknownClientMethodError",
    "UnknownKeyError",
    "UnknownParameterError",
    "UnseekableStreamError",
    "UnsupportedOutpostResourceError",
    "UnsupportedS3ArnError",
    "UnsupportedS3ControlArnError",
    "ValidationError",
    "WaiterConfigError",
    "WaiterError",
]


def test_every_error_that_botocore_knows_has_a_remedy_or_is_of_another_kind() -> None:
    """An update of botocore that adds one fails here."""
    found = {
        name
        for name, error in vars(botocore.exceptions).items()
        if isinstance(error, type) and issubclass(error, botocore.exceptions.BotoCoreError)
    }
    ours = {"CABundleError", "CredentialProcessError", "MFAPromptUnavailable", "NoAnswer", "NoCredentials",
            "UnreadableCredentials"}  # fmt: skip
    assert found - set(NOT_LOCAL) == set(CAUSES) - ours


@pytest.mark.parametrize("code", CAUSES)
def test_each_remedy_has_a_command_with_the_profile(code: str) -> None:
    remedy = local_remedy(code, "my profile", "my profile")
    assert "{" not in remedy
    assert "`" in remedy or remedy.startswith("python -m pip install ") or "check the network" in remedy
    for option in re.findall(r"--profile (\S+ ?\S+?)[` ]", remedy):
        assert option.startswith("'my profile'")
    assert "--profile default" not in local_remedy(code, "default", "default")


def test_an_error_of_next_year_is_taken_for_the_class_above_it() -> None:
    class NewSSOError(botocore.exceptions.SSOTokenLoadError):
        """Not yet known."""

    assert code_of(NewSSOError(error_msg="x")) == "SSOTokenLoadError"
    assert local_error("SomethingElse", "x", "y") is None


@pytest.fixture
def silent_tls() -> Iterator[str]:
    """A port that takes connections and never answers."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    yield f"https://127.0.0.1:{listener.getsockname()[1]}"
    listener.close()


def stop_of(aws: Connection) -> OrgkitError:
    with pytest.raises(OrgkitError) as stop:
        aws.caller()
    return stop.value


NO_KEYS = {"AWS_ACCESS_KEY_ID": ""}
ROLE = "[default]\nrole_arn = arn:aws:iam::1:role/r\n"
LOOP = f"{ROLE}source_profile = b\n[profile b]\nrole_arn = arn:aws:iam::1:role/b\nsource_profile = default\n"
SHOW, SETTINGS = "`aws configure list`", "`env | grep ^AWS_`"
CONFIGURATIONS = {
    "a profile that is not there": ("", {"AWS_PROFILE": "acme"}, WrongPlace, "acme", "`aws configure list-profiles`"),
    "a file of another kind": ("[default\n", {}, WrongPlace, "Unable to parse config file", "correct that file"),
    "half of the keys": ("", {"AWS_SECRET_ACCESS_KEY": ""}, WrongAccount, "AWS_SECRET_ACCESS_KEY", "`unset AWS_"),
    "a role without a source": (f"{ROLE}source_profile = nobody\n", NO_KEYS, WrongPlace, "nobody", SHOW),
    "roles that name each other": (LOOP, NO_KEYS, WrongPlace, "loop", SHOW),
    "an unknown source": (f"{ROLE}credential_source = Moon\n", NO_KEYS, WrongPlace, "Moon", SHOW),
    "an unknown mode": ("[default]\ndefaults_mode = fast\n", {}, WrongPlace, "fast", SETTINGS),
    "an unknown kind of endpoint": ("[default]\nsts_regional_endpoints = x\n", {}, WrongPlace, "option x", SETTINGS),
    "no credentials": ("", NO_KEYS, WrongAccount, "no AWS credentials were found", "`aws login`"),
}


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_a_configuration_that_cannot_be_used_is_named(
    own_environment: Path, wire: Wire, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    configuration, environment, error, reason, remedy = CONFIGURATIONS[name]
    own_environment.write_text(configuration)
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)
        if not value:
            monkeypatch.delenv(variable)
    if "AWS_ACCESS_KEY_ID" in environment:
        monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
        monkeypatch.delenv("AWS_SESSION_TOKEN")
    with pytest.raises(error) as stop:
        open_connection(region="us-east-1", endpoint=wire.url, journal=Journal(), clock=CountingClock()).caller()
    assert reason.casefold() in stop.value.reason.casefold()
    assert remedy in stop.value.remedy
    assert wire.asked == []


@pytest.mark.parametrize("kind", ["missing", "folder", "text"])
def test_a_ca_bundle_that_cannot_be_read_is_named(
    own_environment: Path, silent_tls: str, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    bundle = own_environment.parent / "ca.pem"
    if kind == "folder":
        bundle.mkdir()
    if kind == "text":
        bundle.write_text("no certificate")
    monkeypatch.setenv("AWS_CA_BUNDLE", str(bundle))
    aws = open_connection(region="us-east-1", endpoint=silent_tls, journal=Journal(), clock=CountingClock())
    stop = stop_of(aws)
    assert isinstance(stop, WrongPlace)
    assert f"{str(bundle)!r} (AWS_CA_BUNDLE) cannot be used" in stop.reason
    assert "`unset AWS_CA_BUNDLE" in stop.remedy


def test_an_address_where_nobody_answers_is_no_matter_of_credentials(own_environment: Path) -> None:
    closed = socket.socket()
    closed.bind(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{closed.getsockname()[1]}"
    closed.close()
    stop = stop_of(open_connection(region="us-east-1", endpoint=url, journal=Journal(), clock=CountingClock()))
    assert isinstance(stop, Unreachable)
    assert str(stop).startswith("AWS could not be reached")
    assert url in stop.reason
    assert "sign in" not in str(stop)


def test_a_proxy_that_does_not_answer_is_named(own_environment: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://ada:secret@127.0.0.1:9")
    stop = stop_of(open_connection(region="us-east-1", endpoint=None, journal=Journal(), clock=CountingClock()))
    assert isinstance(stop, CouldNotRead)
    assert "Failed to connect to proxy URL" in stop.reason
    assert "unset HTTPS_PROXY" in stop.remedy
    assert "secret" not in str(stop)


def test_transfer_acceleration_of_the_configuration_is_not_used(own_environment: Path, wire: Wire) -> None:
    """Buckets cannot be made or configured through it, and no bucket of orgkit has it on."""
    own_environment.write_text("[default]\ns3 =\n  use_accelerate_endpoint = true\n  addressing_style = path\n")
    aws = open_connection(region="us-east-1", endpoint=wire.url, journal=Journal(), clock=CountingClock())
    wire.says(Answer(200, "<ListAllMyBucketsResult><Buckets/></ListAllMyBucketsResult>", "text/xml"))
    assert aws.read("s3", "ListBuckets")["Buckets"] == []
    for bucket in ("org-trail-1", "org.trail"):
        url = aws._clients.get("s3", None, reads=True).generate_presigned_url("head_bucket", {"Bucket": bucket})
        assert "accelerate" not in url


def test_dual_stack_and_fips_of_the_configuration_do_not_stop_a_sandbox(own_environment: Path, wire: Wire) -> None:
    own_environment.write_text("[default]\nuse_dualstack_endpoint = true\nuse_fips_endpoint = true\n")
    aws = open_connection(region="us-east-1", endpoint=wire.url, journal=Journal(), clock=CountingClock())
    wire.says(Answer(200, "<ListAllMyBucketsResult><Buckets/></ListAllMyBucketsResult>", "text/xml"))
    assert aws.read("s3", "ListBuckets")["Buckets"] == []


RETRIEVAL = botocore.exceptions.CredentialRetrievalError
ERRORS = {
    "SSOTokenLoadError": (botocore.exceptions.SSOTokenLoadError(error_msg="x"), "`aws sso login --profile p`"),
    "LoginRefreshRequired": (botocore.exceptions.LoginRefreshRequired(), "`aws login --profile p`"),
    "InvalidRegionError": (botocore.exceptions.InvalidRegionError(region_name="us east"), "home_region"),
    "ApiVersionNotFoundError": (
        botocore.exceptions.ApiVersionNotFoundError(data_path="x", api_version="1"),
        "python -m pip install",
    ),
    "MissingDependencyException": (botocore.exceptions.MissingDependencyException(msg="x"), "'botocore[crt]'"),
    "RefreshWithMFAUnsupportedError": (
        botocore.exceptions.RefreshWithMFAUnsupportedError(),
        "--profile p --format env",
    ),
    "MetadataRetrievalError": (RETRIEVAL(provider="container-role", error_msg="x"), "AWS_CONTAINER_CREDENTIALS"),
    "CredentialProcessError": (RETRIEVAL(provider="custom-process", error_msg="x"), "credential_process --profile p"),
    "CredentialRetrievalError": (RETRIEVAL(provider="sso", error_msg="x"), "`aws configure list --profile p`"),
}


@pytest.mark.parametrize("code", ERRORS)
def test_an_error_is_known_by_its_class(code: str) -> None:
    error, remedy = ERRORS[code]
    rejection = as_rejected("s3:ListBuckets", error)
    rejection.profile = rejection.source = "p"
    assert rejection.code == code
    assert remedy in rejection.remedy


def test_a_missing_package_is_no_missing_credential() -> None:
    rejection = Rejected("x", "MissingDependencyException", "", "", "")
    error = local_error(rejection.code, "x", rejection.remedy)
    assert isinstance(error, ExtraMissing)
    assert error.remedy == "python -m pip install 'botocore[crt]'"
