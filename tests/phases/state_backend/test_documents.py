"""Who may use the state, judged by the evaluation of policies: the documents of phase 09, and its backend block."""

import json
import re
from dataclasses import replace
from typing import Any

from orgkit.model.state_backend import APPLY_ROLE, PLAN_ROLE
from orgkit.phases.state_backend.backend_block import backend_block
from orgkit.phases.state_backend.documents import ISSUER, ORGANIZATION, bucket_statements, role_policy, trust
from orgkit.phases.state_backend.facts import StateFacts
from orgkit.phases.storage.documents import render, template
from orgkit.policy_evaluation.evaluation import Policies, Policy, evaluate
from orgkit.policy_evaluation.requests import Account, Principal, PrincipalKind, Request
from orgkit.policy_evaluation.service_authorization import find_action
from tests.phases.state_backend.world import (
    ACCOUNT_ID,
    GITHUB,
    IDS,
    SPEC,
    bucket_there,
    desired_with,
    facts_there,
    observed_with,
)

BUCKET = f"terraform-state-{ACCOUNT_ID}-us-east-1-an"


def test_the_trust_policies_have_the_four_conditions_and_no_wildcard() -> None:
    for role, environment in GITHUB.roles:
        document = trust(GITHUB, environment, partition="aws")
        (statement,) = document["Statement"]
        assert "*" not in json.dumps(document), role
        assert statement["Condition"] == {
            "StringEquals": {
                f"{ISSUER}:aud": "sts.amazonaws.com",
                f"{ISSUER}:repository_owner_id": "1234567",
                f"{ISSUER}:repository_id": "7654321",
                f"{ISSUER}:sub": f"repo:acme@1234567/infra@7654321:environment:{environment}",
            }
        }


EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
STATE = f"arn:aws:s3:::{BUCKET}/organization/terraform.tfstate"
LOCK = f"{STATE}.tflock"


def may(
    role: str, action: str, resource: str, *more: dict[str, Any], organization: str = "", tls: str = "true"
) -> bool:
    """Whether a session of the role may do it, by its own policies and the bucket's."""
    account = Account(ACCOUNT_ID, organization or IDS[ORGANIZATION])
    caller = Principal(PrincipalKind.ROLE_SESSION, f"arn:aws:sts::{ACCOUNT_ID}:assumed-role/{role}/job", account)
    owner = Account(ACCOUNT_ID, IDS[ORGANIZATION])
    request = Request(caller, action, resource, owner, {"aws:SecureTransport": tls})
    bucket = {"Version": "2012-10-17", "Statement": render(template(bucket_statements(BUCKET, partition="aws")), IDS)}
    own = role_policy(role, SPEC.with_account(ACCOUNT_ID), partition="aws")
    identity = tuple(Policy(document, name=str(n)) for n, document in enumerate((own, *more)))
    return evaluate(request, Policies(identity=identity, resource=Policy(bucket, name="bucket"))).is_allowed


def test_both_roles_read_the_state_and_hold_its_lock_and_only_the_one_for_applies_writes_it() -> None:
    for role in (PLAN_ROLE, APPLY_ROLE):
        assert may(role, "s3:ListBucket", f"arn:aws:s3:::{BUCKET}")
        assert may(role, "s3:GetObject", STATE)
        for action in ("s3:GetObject", "s3:PutObject", "s3:DeleteObject"):
            assert may(role, action, LOCK), (role, action)
        assert not may(role, "s3:GetObject", f"arn:aws:s3:::{BUCKET}/another.tfstate")
        assert may(role, "s3:PutObject", STATE) is (role == APPLY_ROLE)


def test_whatever_else_is_granted_the_plan_never_writes_the_state_and_neither_deletes_it() -> None:
    assert not may(PLAN_ROLE, "s3:PutObject", STATE, EVERYTHING)
    for role in (PLAN_ROLE, APPLY_ROLE):
        assert may(role, "s3:GetObjectTagging", STATE, EVERYTHING)
        assert not may(role, "s3:DeleteObject", STATE, EVERYTHING)
        assert not may(role, "s3:DeleteObjectVersion", STATE, EVERYTHING)


def test_the_bucket_denies_other_organizations_and_calls_without_tls_but_no_service_of_aws() -> None:
    assert not may(APPLY_ROLE, "s3:GetObject", STATE, EVERYTHING, organization="o-another")
    assert not may(APPLY_ROLE, "s3:GetObject", STATE, EVERYTHING, tls="false")
    (_, limit) = render(template(bucket_statements(BUCKET, partition="aws")), IDS)
    assert limit["Condition"]["BoolIfExists"] == {"aws:PrincipalIsAWSService": "false"}


def test_every_action_of_the_documents_is_one_of_aws() -> None:
    spec = SPEC.with_account(ACCOUNT_ID)
    documents = [role_policy(role, spec, partition="aws") for role in (PLAN_ROLE, APPLY_ROLE)]
    actions = {action for document in documents for item in document["Statement"] for action in item["Action"]}
    assert [action for action in sorted(actions) if find_action(action) is None] == []


def test_with_a_kms_key_both_roles_may_use_it_and_no_other() -> None:
    key = f"arn:aws:kms:us-east-1:{ACCOUNT_ID}:key/1234"
    for role in (PLAN_ROLE, APPLY_ROLE):
        statement = role_policy(role, replace(SPEC, kms_key=key), partition="aws")["Statement"][-1]
        assert (statement["Resource"], statement["Action"]) == (key, ["kms:Decrypt", "kms:GenerateDataKey"])


def test_the_backend_block_names_bucket_key_region_and_the_lock_of_s3() -> None:
    desired = desired_with()
    block = backend_block(observed_with(facts_there(desired)), desired)
    arguments = dict(re.findall(r"^    (\w+) += (.+)$", block.text, re.MULTILINE))
    assert arguments == {
        "bucket": f'"{BUCKET}"',
        "key": '"organization/terraform.tfstate"',
        "region": '"us-east-1"',
        "encrypt": "true",
        "use_lockfile": "true",
    }
    assert 'required_version = ">= 1.10.0"' in block.text


def test_the_block_names_the_key_that_the_bucket_has_since_encrypt_alone_means_s3s_own() -> None:
    key, desired = f"arn:aws:kms:us-east-1:{ACCOUNT_ID}:key/1234", desired_with()
    bucket = bucket_there(desired, encryption=f"aws:kms {key} with bucket key")
    block = backend_block(observed_with(facts_there(desired, bucket=bucket)), desired)
    assert f'kms_key_id   = "{key}"' in block.text


def test_a_string_of_aws_begins_no_template_of_hcl() -> None:
    block = backend_block(observed_with(facts_there(desired_with())), desired_with(key='a"${file("x")}%{if}\U0001f600'))
    assert '= "a\\"$${file(\\"x\\")}%%{if}\U0001f600"' in block.text


def test_without_an_account_there_is_no_block_and_a_sentence_says_why() -> None:
    assert "names no account" in backend_block(observed_with(StateFacts()), desired_with(account="")).note
    missing = backend_block(observed_with(StateFacts(), accounts=()), desired_with())
    assert (missing.text, "does not exist yet" in missing.note) == ("", True)
