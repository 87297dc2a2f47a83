"""The checks against the sandbox: what a seed sets wrong is found, through the wire."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from orgkit.aws.session import open_connection
from orgkit.journal.events import Journal
from orgkit.model.observed import Unread
from orgkit.phases.management_account.aws import read_facts
from orgkit.phases.management_account.checks import check
from orgkit.phases.management_account.findings import Finding
from orgkit.sandbox.lifecycle import Sandbox, Seed, start

from .conftest import ACCOUNT, desired_with, target_of

OPTED_IN = ("us-east-1", "ap-east-1")
SEED = Seed(management_account_id=ACCOUNT, management_email="aws-management@acme.dev", management_alias="acme")


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with start(SEED, tmp_path_factory.mktemp("sandbox")) as running:
        yield running


def checked(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, **seed: Any) -> dict[str, Finding]:
    sandbox.reset(replace(SEED, **seed))
    for name, value in sandbox.environment().items():
        monkeypatch.setenv(name, value)
    aws = open_connection(region="us-east-1", endpoint=sandbox.endpoint_url, journal=Journal())
    desired = desired_with(home_region="us-east-1")
    facts = read_facts(aws, desired, aws.caller(), workloads="control_tower" in seed)
    return {each.item: each for each in check(facts, desired, target_of(aws.kind))}


def test_a_fresh_account_stops_nothing(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    findings = checked(sandbox, monkeypatch)
    assert [each for each in findings.values() if each.verdict == "stops"] == []
    assert "USD 200.00" in findings["account plan and credits"].message


@pytest.mark.parametrize(
    ("seed", "item", "verdict"),
    [
        ({"mfa": False}, "MFA on root", "stops"),
        ({"control_tower": True}, "Control Tower", "stops"),
        ({"control_tower": True, "control_tower_region": "eu-west-3"}, "Control Tower", "stops"),
        ({"control_tower": True, "control_tower_region": "ap-east-1", "regions": OPTED_IN}, "Control Tower", "stops"),
        ({"root_access_keys": True}, "root access keys", "stops"),
        ({"control_tower": True, "controls_only": True}, "Control Tower", "warns"),
        ({"consolidated_billing": True}, "feature set", "stops"),
        ({"account_quota": 2}, "account quota", "stops"),
        ({"management_alias": ""}, "account alias", "warns"),
        ({"plan": "PAID", "credits_usd": "0"}, "account plan and credits", "ok"),
    ],
)
def test_what_a_seed_sets_is_found(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, seed: dict[str, Any], item: str, verdict: str
) -> None:
    assert checked(sandbox, monkeypatch, **seed)[item].verdict == verdict


def test_workloads_are_found_where_they_are(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    checked(sandbox, monkeypatch)
    aws = open_connection(region="us-east-1", endpoint=sandbox.endpoint_url, journal=Journal())
    aws.mutate(
        "dynamodb", "CreateTable", TableName="orders", BillingMode="PAY_PER_REQUEST", region="eu-central-1",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    )  # fmt: skip
    facts = read_facts(aws, desired_with(), aws.caller(), workloads=True)
    assert facts.workloads is not None
    assert [(each.region, each.names) for each in facts.workloads if each.service == "DynamoDB tables"] == [
        ("eu-central-1", ("orders",)),
        ("us-east-1", ()),
    ]
    assert not isinstance(facts.keys, Unread)
