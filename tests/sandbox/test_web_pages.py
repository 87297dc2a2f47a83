"""The sandbox takes nothing from a web page, no AWS call without a signature, and no order without its token."""

import gzip
import http.client
import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import botocore
import pytest
from botocore import UNSIGNED
from botocore.auth import S3SigV4QueryAuth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from orgkit.aws.clock import TOKEN_VARIABLE, clock_of
from orgkit.errors import WrongPlace
from orgkit.sandbox import access
from tests.ci.tokens import web_token
from tests.sandbox.conftest import MANAGEMENT, World

A_MINUTE = 60  # how much of the sandbox's time a test takes at most; a sleep that was not refused would take a day
KEYS = Credentials("ASIAEXAMPLEEXAMPLEEX", "secret", "token")
WHO = b"Action=GetCallerIdentity&Version=2011-06-15"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
CONTROL = (
    "/orgkit/status", "/orgkit/clock", "/orgkit/calls", "/orgkit/calls/clear", "/orgkit/reset", "/orgkit/sign-in",
    "/orgkit/bills", "/orgkit/none", "/moto-api", "/moto-api/", "/moto-api/data.json", "/moto-api/reset",
    "/moto-api/recorder/start-recording", "/moto-api/recorder/download-recording", "/moto%2Dapi/reset",
    "/orgkit%2Fclock", "/moto-api/config",
)  # fmt: skip
# What a browser sends along, whatever the page wants; `{own}` is the sandbox's address.
FOREIGN: dict[str, dict[str, str]] = {
    "a form": {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site", "Content-Type": "text/plain"},
    "a form of an older browser": {"Origin": "https://evil.example"},
    "a page without an origin": {"Origin": "null"},
    "a page on another port": {"Origin": "http://127.0.0.1:8888"},
    "a page with another scheme": {"Origin": "https://{own}"},
    "a picture": {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
    "a page of the same site": {"Sec-Fetch-Site": "same-site"},
    "a site of no browser": {"Sec-Fetch-Site": "else"},
    "a link": {"Referer": "https://evil.example/page"},
    "a link whose page looks like this one": {"Referer": "http://{own}.evil.example/"},
    "a link with a user": {"Referer": "http://{own}@evil.example/"},
    "a link with a backslash": {"Referer": "http://evil.example\\@{own}/"},
    "two origins": {"Origin": "http://{own}, https://evil.example"},
    "a name that resolves to this machine": {"Host": "evil.example"},
    "a name that resolves to this machine, with the port": {"Host": "evil.example:{port}"},
    "such a page about itself": {
        "Host": "evil.example:{port}", "Origin": "http://evil.example:{port}", "Sec-Fetch-Site": "same-origin",
    },
    "a name that begins like it": {"Host": "127.0.0.1.evil.example"},
    "a name that ends like it": {"Host": "evil.localhost"},
    "all addresses": {"Host": "0.0.0.0:{port}"},
    "no name": {"Host": ""},
    "two names": {"Host": "127.0.0.1:{port}, evil.example"},
}  # fmt: skip
OWN: dict[str, dict[str, str]] = {
    "a client": {},
    "by name": {"Host": "localhost:{port}"},
    "by IPv6": {"Host": "[::1]:{port}"},
    "typed by a person": {"Sec-Fetch-Site": "none"},
    "a page of its own": {
        "Origin": "http://{own}",
        "Referer": "http://{own}/moto-api/",
        "Sec-Fetch-Site": "same-origin",
    },
}


class Client:
    """Sends what it is given, and nothing else."""

    def __init__(self, url: str, token: str = "") -> None:
        self.own, self.token = urlsplit(url).netloc, token

    def ask(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> tuple[int, str, Mapping[str, str]]:
        port = self.own.rpartition(":")[2]
        values = {k: v.replace("{own}", self.own).replace("{port}", port) for k, v in (headers or {}).items()}
        connection = http.client.HTTPConnection(self.own, timeout=20)
        connection.putrequest(method, path, skip_host="Host" in values, skip_accept_encoding=True)
        for name, value in {"Content-Length": str(len(body)), **values}.items():
            connection.putheader(name, value)
        connection.endheaders(body)
        answer = connection.getresponse()
        read = answer.status, answer.read().decode(), dict(answer.headers)
        connection.close()
        return read

    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def signed(self, service: str = "sts", body: bytes = WHO, keys: Credentials = KEYS) -> dict[str, str]:
        request = AWSRequest("POST", f"http://{self.own}/", headers=FORM, data=body)
        SigV4Auth(keys, service, "us-east-1").add_auth(request)
        return dict(request.headers.items())

    def presigned(self, keys: Credentials = KEYS) -> str:
        request = AWSRequest("GET", f"http://{self.own}/corp-{MANAGEMENT}/report", headers={})
        S3SigV4QueryAuth(keys, "s3", "us-east-1").add_auth(request)
        return f"{urlsplit(request.url).path}?{urlsplit(request.url).query}"


@pytest.fixture
def client(world: World) -> Client:
    return Client(world.sandbox.endpoint_url, world.sandbox.token)


def seconds_between(first: str, second: str) -> float:
    return abs((datetime.fromisoformat(second) - datetime.fromisoformat(first)).total_seconds())


def of(world: World) -> Credentials:
    """The keys of the profile `management`."""
    frozen = world.client("sts")._request_signer._credentials.get_frozen_credentials()
    return Credentials(frozen.access_key, frozen.secret_key, frozen.token)


@pytest.mark.parametrize("headers", FOREIGN.values(), ids=FOREIGN.keys())
def test_a_web_page_gives_no_order_and_reads_nothing(world: World, client: Client, headers: dict[str, str]) -> None:
    """Not even with a signature or the token, which no page has."""
    world.client("sts").get_caller_identity()
    before, calls, keys = world.sandbox.now(), world.sandbox.calls(), of(world)
    attempts = [
        client.ask("POST", "/orgkit/clock", b'{"sleep": 86400}', headers),
        client.ask("POST", "/orgkit/clock", b'{"sleep": 86400}', client.bearer() | headers),
        client.ask("GET", "/orgkit/calls", b"", client.bearer() | headers),
        client.ask("GET", "/moto-api/data.json", b"", client.bearer() | headers),
        client.ask("OPTIONS", "/orgkit/clock", b"", {"Access-Control-Request-Method": "POST"} | headers),
        client.ask("POST", "/", WHO, FORM | headers),
        client.ask("POST", "/", WHO, client.signed(keys=keys) | headers),
        client.ask("GET", client.presigned(keys), b"", headers),
        client.ask("PUT", "/bucket", b"", headers),
        client.ask("POST", "/", b"Action=AssumeRoleWithWebIdentity&Version=2011-06-15", FORM | headers),
        client.ask("OPTIONS", "/", b"", {"Access-Control-Request-Method": "POST"} | headers),
    ]
    assert [status for status, _, _ in attempts] == [403] * len(attempts)
    assert not [text for _, text, _ in attempts if MANAGEMENT in text.replace(f"corp-{MANAGEMENT}", "")]
    assert not [name for _, _, answer in attempts for name in answer if name.lower().startswith("access-control-")]
    assert world.sandbox.calls() == calls
    assert seconds_between(before, world.sandbox.now()) < A_MINUTE


@pytest.mark.parametrize("headers", OWN.values(), ids=OWN.keys())
def test_a_client_on_this_machine_is_answered(world: World, client: Client, headers: dict[str, str]) -> None:
    keys, storage = of(world), world.client("s3")
    storage.create_bucket(Bucket=f"corp-{MANAGEMENT}")
    storage.put_object(Bucket=f"corp-{MANAGEMENT}", Key="report", Body=f"of {MANAGEMENT}".encode())
    for status, text, _ in (
        client.ask("POST", "/", WHO, client.signed(keys=keys) | headers),
        client.ask("GET", client.presigned(keys), b"", headers),
    ):
        assert (status, MANAGEMENT in text) == (200, True), text
    assert client.ask("GET", "/orgkit/clock", b"", client.bearer() | headers)[0] == 200
    assert client.ask("GET", "/moto-api/", b"", client.bearer() | headers)[0] == 200


@pytest.mark.parametrize("path", CONTROL)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_control_route_needs_the_token(world: World, client: Client, path: str, method: str) -> None:
    before, token = world.sandbox.now(), client.token
    others = (
        "", token, f"Basic {token}", f"bearer {token}", f"Bearer {token}x", f"Bearer {token[:-1]}", "Bearer ",
        f"Bearer {token}, Bearer x", "Bearer \xe9", client.signed(keys=of(world))["Authorization"],
    )  # fmt: skip
    for value in others:
        headers = {"Authorization": value} if value else {}
        status, text, _ = client.ask(method, f"{path}?token={token}", b"{}", headers)
        assert (status, "it has no control token" in text, token in text) == (403, True, False)
    assert seconds_between(before, world.sandbox.now()) < A_MINUTE


def test_the_token_is_its_own_in_each_sandbox_and_shown_to_its_owner_alone(world: World) -> None:
    token = world.sandbox.token
    assert len(token) >= 40
    assert world.sandbox.environment()[TOKEN_VARIABLE] == token
    assert token not in repr(world.sandbox)
    written = [path for path in world.sandbox.folder.rglob("*") if path.is_file() and token in path.read_text()]
    assert [path.name for path in written] == ["server.json"]
    assert token not in Path(f"/proc/{world.sandbox.pid}/cmdline").read_text()


def test_a_clock_without_the_token_says_how_to_get_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = world.sandbox.environment()
    assert seconds_between(clock_of(environment).now().isoformat(), world.sandbox.now()) < A_MINUTE
    for token in ({}, {TOKEN_VARIABLE: "another"}):
        with pytest.raises(WrongPlace, match=r'refuses ORGKIT_SANDBOX_TOKEN[^$]*eval "\$\(orgkit sandbox env\)"'):
            clock_of({"ORGKIT_CLOCK_URL": environment["ORGKIT_CLOCK_URL"], **token}).sleep(1)


@pytest.mark.parametrize(
    ("headers", "path"),
    [
        ({}, "/"), ({"Authorization": ""}, "/"), ({"Authorization": "Bearer x"}, "/"),
        ({"Authorization": "AWS4-HMAC-SHA256"}, "/"), ({"Authorization": "AWS AKIA:signature"}, "/"),
        ({"Authorization": "AWS4-HMAC-SHA256 Credential=A/20261129/us-east-1/sts/aws4_request"}, "/"),
        ({"Authorization": "x Credential=A/20261129/us-east-1/sts/aws4_request, Signature=0"}, "/"),
        ({}, "/?X-Amz-Credential=A/20261129/us-east-1/sts/aws4_request"),
        ({}, "/?X-Amz-Credential=A%2F20261129%2Fus-east-1%2Fsts%2Faws4_request&X-Amz-Signature=00"),
        ({}, "/?AWSAccessKeyId=AKIA&Signature=x&Expires=1"),
    ],
)  # fmt: skip
def test_a_call_without_a_signature_is_refused_and_not_logged(
    world: World, client: Client, headers: dict[str, str], path: str
) -> None:
    before = world.sandbox.now()
    status, text, _ = client.ask("POST", path, b"Action=ListUsers&Version=2010-05-08", FORM | headers)
    assert (status, "MissingAuthenticationToken" in text) == (403, True)
    target = {"X-Amz-Target": "AWSOrganizationsV20161128.ListRoots", "Content-Type": "application/x-amz-json-1.1"}
    status, text, _ = client.ask("POST", path, b"{}", target | headers)
    assert (status, "MissingAuthenticationTokenException" in text) == (400, True)
    status, text, _ = client.ask("PUT", f"/bucket{path[1:]}", b"", headers)
    assert status in (400, 403)
    assert "AccessDenied" in text or "MissingAuthenticationToken" in text
    assert world.sandbox.calls() == []
    assert seconds_between(before, world.sandbox.now()) < A_MINUTE


def test_a_body_that_is_no_text_is_no_accident(client: Client) -> None:
    for headers in (FORM, FORM | {"X-Amz-Target": "\xff"}, {"X-Amz-Target": "a.b"}):
        assert client.ask("POST", "/", b"Action=\xff\xfe&\x00=%ff", headers)[0] in (400, 403)


def test_the_operations_without_a_signature_are_all_that_aws_has() -> None:
    data = Path(botocore.__file__).parent / "data"
    signs = (b'"none"', b"smithy.api#noAuth")
    services = set()
    for folder in data.iterdir():
        versions = sorted(folder.glob("*/service-2.json.gz"))
        if versions and any(sign in gzip.decompress(versions[-1].read_bytes()) for sign in signs):
            services.add(folder.name)
    operations = access.unsigned_operations().values()
    assert {operation.service for operation in operations} == set(access.UNSIGNED_SERVICES)
    assert services >= set(access.UNSIGNED_SERVICES)
    for service in services - set(access.UNSIGNED_SERVICES):  # where "none" means something else
        (model,) = sorted((data / service).glob("*/service-2.json.gz"))[-1:]
        described = json.loads(gzip.decompress(model.read_bytes()))["operations"].values()
        assert not [op for op in described if op.get("authtype") == "none" or "smithy.api#noAuth" in op.get("auth", ())]
    names = {f"{operation.service}:{operation.name}" for operation in operations}
    assert {"sts:AssumeRoleWithWebIdentity", "sts:AssumeRoleWithSAML", "sso:GetRoleCredentials"} <= names
    assert {"sso-oidc:CreateToken", "cognito-identity:GetId", "cognito-idp:SignUp"} <= names
    assert not {"sts:AssumeRole", "sts:GetCallerIdentity", "cognito-idp:CreateUserPool"} & names


PROVIDER = "token.actions.githubusercontent.com"
CLAIMS = {"iss": f"https://{PROVIDER}", "aud": "sts.amazonaws.com"}
TRUST = {
    "Effect": "Allow",
    "Principal": {"Federated": f"arn:aws:iam::{MANAGEMENT}:oidc-provider/{PROVIDER}"},
    "Action": "sts:AssumeRoleWithWebIdentity",
    "Condition": {"StringEquals": {f"{PROVIDER}:sub": "repo:corp/aws:environment:apply"}},
}


def test_a_role_for_a_web_identity_is_assumed_unsigned_by_whom_its_trust_policy_names(world: World) -> None:
    document = json.dumps({"Version": "2012-10-17", "Statement": [TRUST]})
    world.client("iam").create_role(RoleName="orgkit-apply", AssumeRolePolicyDocument=document)
    for url in (f"https://{PROVIDER}", "https://evil.example"):
        world.client("iam").create_open_id_connect_provider(Url=url, ClientIDList=["sts.amazonaws.com"])
    sts = _unsigned(world, "sts")
    role = {"RoleArn": f"arn:aws:iam::{MANAGEMENT}:role/orgkit-apply", "RoleSessionName": "run-1"}
    keys = sts.assume_role_with_web_identity(
        WebIdentityToken=web_token(CLAIMS | {"sub": "repo:corp/aws:environment:apply"}), **role
    )["Credentials"]
    caller = world.client(
        "sts",
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
    ).get_caller_identity()
    assert caller["Arn"] == f"arn:aws:sts::{MANAGEMENT}:assumed-role/orgkit-apply/run-1"
    refused = (
        role | {"WebIdentityToken": web_token(CLAIMS | {"sub": "repo:corp/aws:environment:plan"})},
        role
        | {
            "WebIdentityToken": web_token(
                CLAIMS | {"sub": "repo:corp/aws:environment:apply", "iss": "https://evil.example"}
            )
        },
        role | {"WebIdentityToken": web_token(CLAIMS), "RoleArn": f"arn:aws:iam::{MANAGEMENT}:role/none"},
    )
    for parameters in refused:
        with pytest.raises(ClientError, match="AccessDenied"):
            sts.assume_role_with_web_identity(**parameters)
    with pytest.raises(ClientError, match="InvalidIdentityToken"):
        sts.assume_role_with_web_identity(WebIdentityToken="nonsense", **role)
    with pytest.raises(ClientError, match="MissingAuthenticationToken"):
        sts.get_caller_identity()


def test_other_operations_without_a_signature_reach_their_service(world: World) -> None:
    pools = _unsigned(world, "cognito-identity")
    assert pools.get_credentials_for_identity(IdentityId="us-east-1:0")["IdentityId"] == "us-east-1:0"
    with pytest.raises(ClientError, match="MissingAuthenticationTokenException"):
        pools.list_identity_pools(MaxResults=1)
    with pytest.raises(ClientError, match="NotImplementedInSandbox"):
        _unsigned(world, "sso-oidc").register_client(clientName="c", clientType="public")


def _unsigned(world: World, service: str) -> Any:
    config = Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1})
    return boto3.Session().client(service, endpoint_url=world.sandbox.endpoint_url, config=config)
