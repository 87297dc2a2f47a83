"""One sandbox process for all these tests, begun again for each: a reset takes milliseconds, a start half a second."""

import os
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives.asymmetric import rsa

from orgkit.sandbox.lifecycle import Sandbox, Seed, StandaloneAccount, start
from tests import cached_libraries

MANAGEMENT = "123456789012"
DNS = StandaloneAccount("111111111111", "dns", "dns@corp.example", "dns", has_trail=True)
LEGACY = StandaloneAccount("222222222222", "legacy", "legacy@corp.example", None)
SEED = Seed(MANAGEMENT, "aws@corp.example", "corp", standalone=(DNS, LEGACY), throttling=False)
LOADER = botocore.session.Session().get_component("data_loader")
GENERATE_KEY = rsa.generate_private_key
cached_libraries.cache_botocore()
CLIENTS: dict[tuple[Any, ...], Any] = {}
ONCE = Config(retries={"total_max_attempts": 1})


class World:
    """The sandbox of a test, and clients for its identities."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox

    def client(self, service: str, profile: str = "management", **settings: Any) -> Any:
        """Kept from test to test: a reset leaves the keys as they are, and making a client takes longer than a call."""
        known = (self.sandbox.endpoint_url, service, profile, *sorted(settings.items()))
        if known not in CLIENTS:
            CLIENTS[known] = self._client(service, profile, **settings)
        return CLIENTS[known]

    def _client(self, service: str, profile: str, **settings: Any) -> Any:
        session = botocore.session.Session(profile=profile)
        session.register_component("data_loader", LOADER)
        return boto3.Session(botocore_session=session).client(
            service, endpoint_url=self.sandbox.endpoint_url, config=ONCE, **settings
        )

    def in_account(self, account: str, service: str, role: str = "OrganizationAccountAccessRole", **more: Any) -> Any:
        arn = f"arn:aws:iam::{account}:role/{role}"
        keys = self.client("sts").assume_role(RoleArn=arn, RoleSessionName="test")["Credentials"]
        return self.client(
            service,
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys["SessionToken"],
            **more,
        )

    def organization(self, **settings: Any) -> Any:
        client = self.client("organizations")
        client.create_organization(**settings)
        return client

    def root(self) -> str:
        return str(self.client("organizations").list_roots()["Roots"][0]["Id"])

    def account(self, name: str) -> str:
        """Made, and usable."""
        organizations = self.client("organizations")
        made = organizations.create_account(AccountName=name, Email=f"{name}@corp.example")["CreateAccountStatus"]
        self.sandbox.sleep(100)
        status = organizations.describe_create_account_status(CreateAccountRequestId=made["Id"])
        return str(status["CreateAccountStatus"]["AccountId"])


@pytest.fixture(scope="session")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with start(SEED, tmp_path_factory.mktemp("sandbox")) as sandbox:
        yield sandbox


@pytest.fixture
def begin(process: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Callable[[Seed], World]:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in process.environment().items():
        monkeypatch.setenv(name, value)

    def reset(seed: Seed) -> World:
        process.reset(seed)
        return World(process)

    return reset


@pytest.fixture
def world(begin: Callable[[Seed], World]) -> World:
    return begin(SEED)


@pytest.fixture
def error() -> Callable[..., str]:
    """The code of the error that a call ends with."""

    def code(call: Callable[..., Any], **parameters: Any) -> str:
        with pytest.raises(ClientError) as raised:
            call(**parameters)
        return str(raised.value.response["Error"]["Code"])

    return code


@pytest.fixture
def reason() -> Callable[..., str]:
    """Return the Reason of an error, which Organizations has at the top of the response."""

    def output(call: Callable[..., Any], **parameters: Any) -> str:
        with pytest.raises(ClientError) as raised:
            call(**parameters)
        return str(raised.value.response["Reason"])

    return output


@pytest.fixture
def stock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Any]]:
    """moto as it is, in this process: what still differs from AWS, and so what still needs a correction.

    What is kept from test to test is of other packages: the session with its clients, and one key for all keys of KMS.
    """
    from moto import mock_aws
    from moto.kms import utils

    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setattr(utils.rsa, "generate_private_key", _key_of_size)
    with mock_aws(), monkeypatch.context() as within:
        within.setattr(boto3, "DEFAULT_SESSION", _stock_session())
        yield _stock_client


@cache
def _stock_session() -> boto3.Session:
    session = botocore.session.Session()
    session.register_component("data_loader", LOADER)
    return boto3.Session(botocore_session=session)


@cache
def _stock_client(service: str) -> Any:
    return boto3.client(service, region_name="us-east-1", config=ONCE)


@cache
def _key_of_size(public_exponent: int, key_size: int) -> Any:
    return GENERATE_KEY(public_exponent=public_exponent, key_size=key_size)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "sandbox"
