"""Sessions of identity providers and of federated users, as STS hands them out."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.ci.test_oidc import ACCOUNT, trust
from tests.ci.tokens import ISSUER, RIGHT, Token, refused, web_token
from tests.sandbox.conftest import MANAGEMENT, SEED, World

PROVIDERS = (ISSUER, f"{ISSUER}.evil.example", f"{ISSUER}/acme", "https://token.actions.evil.example")
ROLES = {"orgkit-plan": ("PlanRole", "org-plan"), "orgkit-apply": ("ApplyRole", "org-apply")}


@pytest.fixture
def assume(world: World) -> Callable[[str, dict[str, Any]], dict[str, Any]]:
    """Take a role of CI with a token; the account has providers of other issuers, too."""
    iam = world.client("iam")
    for url in PROVIDERS:
        iam.create_open_id_connect_provider(Url=url, ClientIDList=["sts.amazonaws.com"])
    for form in ("immutable", "name"):
        for name, (resource, _) in ROLES.items():
            statement = json.loads(json.dumps(trust(resource, SubjectForm=form)).replace(ACCOUNT, MANAGEMENT))
            document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
            iam.create_role(RoleName=f"{name}-{form}", AssumeRolePolicyDocument=document)
    config = Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1})
    sts = boto3.Session().client("sts", endpoint_url=world.sandbox.endpoint_url, config=config)

    def call(role: str, claims: dict[str, Any]) -> dict[str, Any]:
        session: dict[str, Any] = sts.assume_role_with_web_identity(
            RoleArn=f"arn:aws:iam::{MANAGEMENT}:role/{role}", RoleSessionName="run", WebIdentityToken=web_token(claims)
        )
        return session

    return call


@pytest.mark.parametrize("form", ["immutable", "name"])
def test_the_roles_of_ci_let_in_a_job_of_their_environment_and_no_other_token(
    assume: Callable[..., dict[str, Any]], form: str
) -> None:
    for role, (_, environment) in ROLES.items():
        session = assume(f"{role}-{form}", RIGHT.values(environment, form))
        assert session["AssumedRoleUser"]["Arn"].endswith(f":assumed-role/{role}-{form}/run")
        assert session["AssumedRoleUser"]["AssumedRoleId"].startswith("AROA")
        codes = {token.bearer: code_of(assume, f"{role}-{form}", token, environment, form) for token in refused(form)}
        audiences = {bearer for bearer, code in codes.items() if code == "InvalidIdentityToken"}
        assert audiences == {bearer for bearer in codes if "audience" in bearer or "authorized party" in bearer}
        assert {code for bearer, code in codes.items() if bearer not in audiences} == {"AccessDenied"}


def code_of(assume: Callable[..., Any], role: str, token: Token, environment: str, form: str) -> str:
    with pytest.raises(ClientError) as raised:
        assume(role, token.values(environment, form))
    return str(raised.value.response["Error"]["Code"])


def test_a_token_of_an_unknown_provider_an_old_one_and_one_that_is_none_are_invalid(
    assume: Callable[..., dict[str, Any]],
) -> None:
    claims = RIGHT.values("org-apply", "immutable")
    for wrong, code in (({"iss": "https://none.example"}, "InvalidIdentityToken"), ({"exp": 1}, "ExpiredToken")):
        with pytest.raises(ClientError, match=code):
            assume("orgkit-apply-immutable", claims | wrong)
    with pytest.raises(ClientError, match="InvalidIdentityToken"):
        assume("orgkit-apply-immutable", ["no claims"])  # type: ignore[arg-type]


def federated(world: World, service: str, **parameters: Any) -> Any:
    """A client of a federated user, made with the operator's long-lived key."""
    keys = world.client("sts", "user").get_federation_token(Name="Bob", **parameters)["Credentials"]
    names = {"aws_access_key_id": "AccessKeyId", "aws_secret_access_key": "SecretAccessKey"}
    session = {setting: keys[name] for setting, name in names.items()}
    return world.client(service, **session, aws_session_token=keys["SessionToken"])


def allowing(action: str, resource: str = "*") -> str:
    return json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": resource}]}
    )


def test_a_federated_user_may_do_what_both_the_users_and_the_sessions_policies_allow(
    begin: Callable[..., World],
) -> None:
    world = begin(replace(SEED, evaluate_policies=True, operator_policies=(allowing("*"),)))
    session = federated(world, "s3", Policy=allowing("s3:ListAllMyBuckets"))
    assert session.list_buckets()["Buckets"] == []
    with pytest.raises(ClientError, match="no session policy allows the s3:CreateBucket action"):
        session.create_bucket(Bucket="mine")
    assert federated(world, "sts").get_caller_identity()["Arn"] == f"arn:aws:sts::{MANAGEMENT}:federated-user/Bob"
    with pytest.raises(ClientError, match="no session policy allows"):
        federated(world, "s3").list_buckets()
    world = begin(replace(SEED, evaluate_policies=True, operator_policies=(allowing("sts:*"),)))
    with pytest.raises(ClientError, match="no identity-based policy allows the s3:ListAllMyBuckets action"):
        federated(world, "s3", Policy=allowing("s3:*")).list_buckets()


def test_what_a_bucket_grants_to_the_federated_user_needs_no_policy_of_the_session(begin: Callable[..., World]) -> None:
    world = begin(replace(SEED, evaluate_policies=True))
    buckets = world.client("s3")
    buckets.create_bucket(Bucket="shared")
    name = {"AWS": f"arn:aws:sts::{MANAGEMENT}:federated-user/Bob"}
    grant = {"Effect": "Allow", "Principal": name, "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::shared"}
    buckets.put_bucket_policy(Bucket="shared", Policy=json.dumps({"Version": "2012-10-17", "Statement": [grant]}))
    assert federated(world, "s3").list_objects_v2(Bucket="shared")["KeyCount"] == 0
    with pytest.raises(ClientError, match="no session policy allows"):
        federated(world, "s3").get_bucket_versioning(Bucket="shared")


def test_a_federation_token_needs_a_long_lived_key(world: World, error: Callable[..., str]) -> None:
    assert error(world.client("sts").get_federation_token, Name="Bob") == "AccessDenied"
