"""What the tests of the bootstrap share: a project outside the checkout, and the AWS CLI in its own environment."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bootstrap.project import Project, Stage, new_project
from tests.environments import make_environment

POISON = "http://127.0.0.1:9"  # nobody answers there


@pytest.fixture(scope="session", autouse=True)
def no_settings_of_the_person() -> None:
    for name in [name for name in os.environ if name.startswith(("AWS_", "ORGKIT_"))]:
        del os.environ[name]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return new_project(tmp_path_factory.mktemp("road") / "project")


@pytest.fixture(scope="module")
def stage(project: Project) -> Iterator[Stage]:
    stage = Stage(project)
    with stage.sandbox:
        yield stage


@pytest.fixture(scope="session")
def aws_cli() -> Path:
    """Never one that happens to be on the path."""
    return make_environment(".venv-awscli")


@pytest.fixture(scope="session")
def poison(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The settings of a person who works with AWS every day: each would lead a call of ours astray."""
    home = tmp_path_factory.mktemp("home")
    (home / ".aws").mkdir()
    keys = "aws_access_key_id = AKIAPOISONPOISONPOIS\naws_secret_access_key = poison\n"
    (home / ".aws" / "credentials").write_text(f"[default]\n{keys}[management]\n{keys}[dns]\n{keys}")
    (home / ".aws" / "config").write_text(
        f"[default]\nregion = eu-north-1\nendpoint_url = {POISON}\n[profile management]\nregion = eu-north-1\n"
        f"[profile dns]\nendpoint_url = {POISON}\n[profile work]\nrole_arn = arn:aws:iam::1:role/x\n"
    )
    return {
        "HOME": str(home),
        "AWS_PROFILE": "work",
        "AWS_ACCESS_KEY_ID": "AKIAPOISONPOISONPOIS",
        "AWS_SECRET_ACCESS_KEY": "poison",
        "AWS_SESSION_TOKEN": "poison",
        "AWS_REGION": "eu-north-1",
        "AWS_DEFAULT_REGION": "eu-north-1",
        "AWS_ENDPOINT_URL": POISON,
        "AWS_ENDPOINT_URL_STS": POISON,
        "AWS_CA_BUNDLE": "/nowhere",
        "AWS_ROLE_ARN": "arn:aws:iam::000000000000:role/poison",
        "AWS_WEB_IDENTITY_TOKEN_FILE": "/nowhere",
        "HTTP_PROXY": POISON,
        "HTTPS_PROXY": POISON,
        "http_proxy": POISON,
        "https_proxy": POISON,
        "ORGKIT_ENDPOINT_URL": POISON,
        "ORGKIT_CLOCK_URL": POISON,
        "ORGKIT_OUTPUTS": "/nowhere",
        "ORGKIT_PERSON": "1",
        "MOTO_ACCOUNT_ID": "555555555555",
    }
