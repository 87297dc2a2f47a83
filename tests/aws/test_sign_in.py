"""Each way to sign in to AWS, up to the first request that it signs: against servers on loopback, never the network."""

import base64
import getpass
import io
import json
import subprocess
import sys
import warnings
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha1, sha256
from pathlib import Path
from typing import Any

import botocore.credentials
import botocore.tokens
import botocore.utils
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from orgkit.aws import profiles
from orgkit.aws.session import Connection, open_connection
from orgkit.errors import ExtraMissing, OrgkitError, WrongAccount
from orgkit.journal.events import Journal
from orgkit.phases.permissions import policy_for
from orgkit.phases.registry import PHASES
from tests.aws.conftest import Answer, CountingClock, Wire

KEY = "ASIASIGNEDINSIGNEDIN"
USER = "arn:aws:iam::999999999999:user/ada"
MFA_DEVICE = "arn:aws:iam::999999999999:mfa/ada"
IDENTITY = (
    "<GetCallerIdentityResponse><GetCallerIdentityResult><Account>999999999999</Account><UserId>U</UserId>"
    f"<Arn>{USER}</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>"
)
ASSUMED = (
    f"<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>{KEY}</AccessKeyId><SecretAccessKey>s</SecretAccessKey>"
    "<SessionToken>t</SessionToken><Expiration>2100-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult>"
    "</AssumeRoleResponse>"
)
Open = Callable[[str], Connection]


@pytest.fixture
def signed_out(own_environment: Path, wire: Wire, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An environment without credentials, where the services that hand them out are the server's."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_LOGIN_CACHE_DIRECTORY", str(own_environment.parent / "login"))
    monkeypatch.setattr(botocore.tokens.SSOTokenProvider, "_SSO_TOKEN_CACHE_DIR", str(own_environment.parent / "sso"))
    for service in ("SIGNIN", "SSO", "SSO_OIDC", "STS"):
        monkeypatch.setenv(f"AWS_ENDPOINT_URL_{service}", wire.url)
    wire.always["GetCallerIdentity"] = Answer(200, IDENTITY, "text/xml")
    return own_environment


@pytest.fixture
def connection(signed_out: Path, wire: Wire, clock: CountingClock) -> Open:
    def connect(configuration: str = "") -> Connection:
        signed_out.write_text(configuration)
        return open_connection(region="us-east-1", endpoint=wire.url, journal=Journal(), clock=clock)

    return connect


def signs(aws: Connection, wire: Wire, key: str = KEY) -> None:
    """The first request that reaches AWS's service is signed with the key that was handed out."""
    assert aws.caller().arn == USER
    assert wire.asked[-1] == "GetCallerIdentity"
    assert f"Credential={key}/" in wire.headers[-1]["Authorization"]
    assert wire.headers[-1]["X-Amz-Security-Token"] == "t"


def in_hours(hours: float) -> str:
    return f"{datetime.now(UTC) + timedelta(hours=hours):%Y-%m-%dT%H:%M:%SZ}"


def handed_out(**others: Any) -> dict[str, Any]:
    return {"AccessKeyId": KEY, "SecretAccessKey": "s", "Token": "t", "Expiration": in_hours(1), **others}


def refusal(aws: Connection, error: type[OrgkitError]) -> OrgkitError:
    with pytest.raises(error) as stop:
        aws.caller()
    return stop.value


def test_keys_of_the_environment(connection: Open, wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("ACCESS_KEY_ID", KEY), ("SECRET_ACCESS_KEY", "s"), ("SESSION_TOKEN", "t")):
        monkeypatch.setenv(f"AWS_{name}", value)
    signs(connection(""), wire)


def test_an_mfa_session_of_a_profile(connection: Open, wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "mfa")
    keys = f"[profile mfa]\naws_access_key_id = {KEY}\naws_secret_access_key = s\naws_session_token = t\n"
    signs(connection(keys), wire)


def test_the_program_of_a_credential_process(connection: Open, wire: Wire, tmp_path: Path) -> None:
    output = {"Version": 1, "AccessKeyId": KEY, "SecretAccessKey": "s", "SessionToken": "t"}
    (tmp_path / "output").write_text(json.dumps(output))
    signs(connection(f"[default]\ncredential_process = cat {tmp_path / 'output'}\n"), wire)


@pytest.mark.parametrize("place", ["FULL", "RELATIVE"])
def test_the_role_of_a_container(connection: Open, wire: Wire, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    monkeypatch.setattr(botocore.utils.ContainerMetadataFetcher, "IP_ADDRESS", wire.url.removeprefix("http://"))
    monkeypatch.setenv(f"AWS_CONTAINER_CREDENTIALS_{place}_URI", f"{wire.url if place == 'FULL' else ''}/role?of=task")
    wire.always["GET of=task"] = Answer.json(**handed_out())
    signs(connection(""), wire)


def test_the_role_of_an_instance(connection: Open, wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "false")
    monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", wire.url)
    aws = connection("")
    wire.says(Answer(body="imds-token"), Answer(body="the-role"), Answer.json(Code="Success", **handed_out()))
    signs(aws, wire)
    assert wire.asked[:3] == ["PUT", "GET", "GET"]


SSO = (
    "[profile ops]\nsso_session = acme\nsso_account_id = 999999999999\nsso_role_name = ops\n"
    "[sso-session acme]\nsso_start_url = https://acme.awsapps.com/start\nsso_region = us-east-1\n"
)


def sso_token(folder: Path, hours: float) -> None:
    (folder / "sso").mkdir()
    token = {"accessToken": "sso-token", "expiresAt": in_hours(hours), "startUrl": "https://acme.awsapps.com/start"}
    (folder / "sso" / f"{sha1(b'acme').hexdigest()}.json").write_text(json.dumps(token))


def test_identity_center(connection: Open, wire: Wire, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "ops")
    sso_token(tmp_path, hours=1)
    ends = int((datetime.now(UTC) + timedelta(hours=1)).timestamp() * 1000)
    keys = {"accessKeyId": KEY, "secretAccessKey": "s", "sessionToken": "t", "expiration": ends}
    wire.always["GET role_name=ops&account_id=999999999999"] = Answer.json(roleCredentials=keys)
    signs(connection(SSO), wire)
    assert wire.headers[0]["x-amz-sso_bearer_token"] == "sso-token"


@pytest.mark.parametrize("hours", [None, -1], ids=["nobody has signed in", "the sign-in has ended"])
def test_identity_center_names_the_command_that_signs_in(
    connection: Open, wire: Wire, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hours: float | None
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "ops")
    if hours is not None:
        sso_token(tmp_path, hours)
    assert refusal(connection(SSO), WrongAccount).remedy.startswith("`aws sso login --profile ops`, then run")
    assert wire.asked == []


LOGIN = f"[default]\nlogin_session = {USER}\n"


def login_token(folder: Path, hours: float) -> ec.EllipticCurvePrivateKey:
    """What `aws login` leaves in its cache: temporary keys, and the key that proves whose refresh token it is."""
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    keys = {"accessKeyId": KEY, "secretAccessKey": "s", "sessionToken": "t", "accountId": "999999999999"}
    token = {
        "accessToken": keys | {"expiresAt": in_hours(hours)},
        "refreshToken": "refresh",
        "clientId": "arn:aws:signin:::devtools/same-device",
        "dpopKey": pem.decode(),
        "signInRegion": "us-east-1",
    }
    (folder / "login").mkdir()
    (folder / "login" / f"{sha256(USER.encode()).hexdigest()}.json").write_text(json.dumps(token))
    return key


def test_aws_login(connection: Open, wire: Wire, tmp_path: Path) -> None:
    login_token(tmp_path, hours=1)
    signs(connection(LOGIN), wire)


def test_aws_login_of_a_profile_that_a_role_names_as_its_source(connection: Open, wire: Wire, tmp_path: Path) -> None:
    login_token(tmp_path, hours=1)
    role = "[default]\nrole_arn = arn:aws:iam::999999999999:role/ops\nsource_profile = ada\n"
    wire.always["AssumeRole"] = Answer(200, ASSUMED, "text/xml")
    signs(connection(role + LOGIN.replace("[default]", "[profile ada]")), wire)


def test_aws_login_is_renewed_with_a_proof_that_awscrt_signs(connection: Open, wire: Wire, tmp_path: Path) -> None:
    key = login_token(tmp_path, hours=-1)
    keys = {"accessKeyId": "ASIARENEWEDRENEWEDRE", "secretAccessKey": "s", "sessionToken": "t"}
    wire.says(Answer.json(accessToken=keys, tokenType="aws_sigv4", expiresIn=900, refreshToken="next"))
    signs(connection(LOGIN), wire, key="ASIARENEWEDRENEWEDRE")
    header, claims, signature = wire.headers[0]["DPoP"].split(".")
    assert _decoded(header)["typ"] == "dpop+jwt"
    assert _decoded(claims)["htm"] == "POST"
    raw = _bytes(signature)
    pair = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
    key.public_key().verify(pair, f"{header}.{claims}".encode(), ec.ECDSA(hashes.SHA256()))


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _decoded(text: str) -> Mapping[str, Any]:
    return dict(json.loads(_bytes(text)))


def test_aws_login_without_a_session_names_the_command(connection: Open, wire: Wire) -> None:
    assert refusal(connection(LOGIN), WrongAccount).remedy.startswith("`aws login`, then run")
    assert wire.asked == []


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        ("TOKEN_EXPIRED", "`aws login`, then run"),
        ("USER_CREDENTIALS_CHANGED", "`aws login`, then run"),
        ("INSUFFICIENT_PERMISSIONS", "attach AWS's managed policy SignInLocalDevelopmentAccess"),
    ],
)
def test_aws_login_that_aws_does_not_renew_names_what_helps(
    connection: Open, wire: Wire, tmp_path: Path, error: str, remedy: str
) -> None:
    login_token(tmp_path, hours=-1)
    answer = {"error": error, "message": "no"}
    wire.says(Answer(400, json.dumps(answer), headers={"x-amzn-ErrorType": "AccessDeniedException"}))
    assert refusal(connection(LOGIN), WrongAccount).remedy.startswith(remedy)


def test_without_awscrt_aws_login_names_the_package_and_not_the_sign_in(
    connection: Open, wire: Wire, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    login_token(tmp_path, hours=1)
    monkeypatch.setattr(botocore.credentials, "EC", None)
    monkeypatch.setitem(sys.modules, "awscrt.crypto", None)
    stop = refusal(connection(LOGIN), ExtraMissing)
    assert stop.remedy == "python -m pip install 'botocore[crt]'"
    assert "sign in" not in str(stop)
    assert wire.asked == []


ROLE = (
    f"[profile ops]\nrole_arn = arn:aws:iam::999999999999:role/ops\nsource_profile = ada\nmfa_serial = {MFA_DEVICE}\n"
    "[profile ada]\naws_access_key_id = AKIAADA\naws_secret_access_key = s\n"
)


def test_a_role_with_mfa_asks_for_the_code_in_a_terminal(
    connection: Open, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    questions: list[str] = []
    monkeypatch.setenv("AWS_PROFILE", "ops")
    monkeypatch.setattr(getpass, "getpass", lambda question: questions.append(question) or "123456")
    wire.always["AssumeRole"] = Answer(200, ASSUMED, "text/xml")
    signs(connection(ROLE), wire)
    assert questions == [f"Enter MFA code for {MFA_DEVICE}: "]
    assert "TokenCode=123456" in wire.bodies[0]


@pytest.mark.parametrize("error", [EOFError, NotImplementedError, OSError, getpass.GetPassWarning])
def test_a_role_with_mfa_where_nobody_can_be_asked_names_the_command_that_asks(
    connection: Open, wire: Wire, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def nobody(question: str) -> str:
        raise error(question)

    monkeypatch.setenv("AWS_PROFILE", "ops")
    monkeypatch.setattr(getpass, "getpass", nobody)
    stop = refusal(connection(ROLE), WrongAccount)
    assert f"Enter MFA code for {MFA_DEVICE} cannot be asked here" in stop.reason
    assert stop.remedy.startswith(
        '`eval "$(aws configure export-credentials --profile ops --format env)"` in a terminal'
    )
    assert wire.asked == []


def test_a_pipe_is_not_read_as_a_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(getpass, "getpass", getpass.fallback_getpass)
    monkeypatch.setattr(sys, "stdin", io.StringIO("123456\n"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # as outside the tests, where a warning is no error
        with pytest.raises(profiles.MFAPromptUnavailable):
            profiles.ask_for_code("Enter MFA code for device: ")


NATIVE = """
import json, sys
from orgkit.aws.session import open_connection
from orgkit.journal.events import Journal
aws = open_connection(region="us-east-1", endpoint=sys.argv[1], journal=Journal())
print(json.dumps([aws.caller().arn, "_awscrt" in sys.modules, "botocore.crt.auth" in sys.modules]))
"""


@pytest.mark.parametrize("configuration", ["", LOGIN], ids=["keys of the environment", "aws login"])
def test_awscrt_is_loaded_for_profiles_of_aws_login_alone_and_signs_no_request(
    connection: Open, wire: Wire, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, configuration: str
) -> None:
    """It takes a tenth of a second to load, and botocore would sign with it in every process."""
    login_token(tmp_path, hours=1)
    connection(configuration)
    if not configuration:
        for name, value in (("ACCESS_KEY_ID", KEY), ("SECRET_ACCESS_KEY", "s"), ("SESSION_TOKEN", "t")):
            monkeypatch.setenv(f"AWS_{name}", value)
    done = subprocess.run([sys.executable, "-c", NATIVE, wire.url], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [USER, bool(configuration), False]


def test_the_policy_for_a_person_allows_aws_login_and_that_of_a_workflow_does_not() -> None:
    (statement,) = (item for item in policy_for(PHASES, sign_in=True)["Statement"] if item["Sid"] == "SignIn")
    assert statement["Action"] == ["signin:AuthorizeOAuth2Access", "signin:CreateOAuth2Token"]
    assert statement["Resource"] == "arn:aws:signin:*:*:oauth2/public-client/*"
    assert "signin:" not in json.dumps(policy_for(PHASES))
