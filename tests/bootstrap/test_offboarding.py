"""16-offboarding on the sandbox: quarantine, seven days, and closing, each under an approval of its own."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orgkit.costs.bills.month import Month
from orgkit.parameters import load
from tests.bootstrap.project import PHASES_THAT_CHANGE, Stage, new_project, sentences

DAY, HOUR = 24 * 3600, 3600
ROLES = "OrganizationAccountAccessRole, orgkit-read"


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    stage = Stage(new_project(tmp_path_factory.mktemp("offboarding") / "project"))
    with stage.sandbox:
        yield stage


@pytest.fixture(autouse=True)
def begun(stage: Stage) -> Iterator[None]:
    """A bootstrapped organization, and a file that has taken out website-prod and wants it closed."""
    text, desired = stage.project.file.read_text(encoding="utf-8"), stage.desired
    stage.begin(*PHASES_THAT_CHANGE)
    remaining = re.sub(r"\n\[accounts\.website-prod\]\n.*?(?=\n# ──|\n\[)", "\n", text, count=1, flags=re.DOTALL)
    section = f'\n[offboarding.old-team]\naccount = "{account(stage)}"\nreason = "the team was dissolved"\n'
    stage.project.file.write_text(remaining + section, encoding="utf-8")
    stage.desired = load(stage.project.file)
    yield
    stage.project.file.write_text(text, encoding="utf-8")
    stage.desired = desired


def account(stage: Stage, name: str = "website-prod") -> str:
    pages = stage.client("organizations").get_paginator("list_accounts").paginate()
    return next(str(item["Id"]) for page in pages for item in page["Accounts"] if item["Name"] == name)


def state(stage: Stage) -> str:
    described = stage.client("organizations").describe_account(AccountId=account(stage))
    return str(described["Account"]["State"])


def waiting(plan: Any) -> str:
    return " ".join(item["what"] for item in plan["waiting"])


def put_delegation(stage: Stage, to: str) -> None:
    statement = {"Effect": "Allow", "Principal": {"AWS": to}, "Action": "organizations:List*", "Resource": "*"}
    content = json.dumps({"Version": "2012-10-17", "Statement": statement})
    stage.client("organizations").put_resource_policy(Content=content)


def fill(stage: Stage) -> None:
    """Give the account a tagged bucket, and last month's bill."""
    s3 = stage.client("s3", account(stage))
    s3.create_bucket(Bucket="old-team-data")
    s3.put_bucket_tagging(Bucket="old-team-data", Tagging={"TagSet": [{"Key": "Owner", "Value": "old"}]})
    with stage.connected() as aws:
        month = Month.from_datetime(aws.clock.now()).previous
    row = {"month": str(month), "account": "website-prod", "service": "AmazonEC2", "record_type": "Usage"}
    stage.sandbox.seed_bills({"rows": [{**row, "amount": "7.50"}], "page_size": 1000, "not_ready": []})


def test_an_account_is_put_into_quarantine_and_closed_after_seven_days_each_under_an_approval(stage: Stage) -> None:
    account_id, typed = account(stage), {"ORGKIT_CLOSE_ACCOUNTS": f"old-team={account(stage)}"}
    fill(stage)
    plan = stage.project.plan("16")
    assert "AmazonEC2 7.50 USD" in plan["warnings"][0]
    assert "1 in us-east-1; 2 region(s) were asked" in plan["warnings"][1]
    assert [step["id"] for step in plan["steps"]] == [
        "create-unit:Quarantine", "create-policy:orgkit-quarantine", "attach-policy:orgkit-quarantine: Quarantine",
        "quarantine-account:old-team", "tag-quarantined-account:old-team",
    ]  # fmt: skip
    assert f"all but the roles {ROLES} is denied there" in sentences(plan)[3]
    assert stage.project.phase("16", plan["digest"], code=8)["outcome"] == "waiting"
    assert (stage.project.plan("16", code=8)["steps"], state(stage)) == ([], "ACTIVE")

    stage.sandbox.sleep(6 * DAY)
    project = stage.project.within(typed)
    plan = project.plan("16", code=8)
    assert "can be closed from" in waiting(plan)
    stage.sandbox.sleep(DAY + HOUR)
    assert "Type its id" in waiting(stage.project.plan("16", code=8))
    plan = project.plan("16")
    assert [step["id"] for step in plan["steps"]] == ["close-account:old-team"]
    stage.project.phase("16", plan["digest"], code=8)
    assert state(stage) == "ACTIVE"
    aws, delegation = stage.client("organizations"), {"AccountId": account_id, "ServicePrincipal": "sso.amazonaws.com"}
    aws.register_delegated_administrator(**delegation)
    project.phase("16", plan["digest"], code=8)
    assert state(stage) == "ACTIVE"
    aws.deregister_delegated_administrator(**delegation)
    put_delegation(stage, account_id)
    assert "the organization's resource policy delegates to it" in waiting(project.plan("16", code=1))
    put_delegation(stage, account(stage, "log-archive"))
    done = project.phase("16", plan["digest"])
    assert (done["outcome"], done["steps"]) == ("done", 1)
    assert state(stage) == "PENDING_CLOSURE"
    assert stage.changes().count("organizations:CloseAccount") == 1
    plan = stage.project.plan("16", code=0)
    assert plan["steps"] == []
    assert plan["warnings"] == [f"old-team: account {account_id} (website-prod) is PENDING_CLOSURE."]
    (verified,) = project.json("records", "verify")["accounts"]
    assert (verified["faults"], verified["unsealed"]) == ([], [])
    record = Path(done["record"])
    steps = json.loads((record / "plan.json").read_text(encoding="utf-8"))["steps"]
    assert "because: the team was dissolved" in steps[0]["sentence"]
    assert "AmazonEC2 7.50 USD" in (record / "review.json").read_text(encoding="utf-8")
