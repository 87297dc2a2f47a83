"""Names and contacts on the sandbox: changed by approved plans that leave records, and asked of AWS by plain boto3."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from orgkit.sandbox.ids import one_time_code
from tests.bootstrap.project import Stage, new_project, sentences
from tests.faults.matrix import with_contact, with_former_names

BEGUN = ("organization", "units", "accounts", "imports")


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    project = new_project(tmp_path_factory.mktemp("changes") / "project")
    text = project.file.read_text(encoding="utf-8")
    project.file.write_text(with_contact(with_former_names(text)), encoding="utf-8")
    stage = Stage(project)
    with stage.sandbox:
        stage.begin(*BEGUN)
        yield stage


def tree(stage: Stage) -> dict[str, dict[str, str]]:
    """Names by ids."""
    aws = stage.client("organizations")
    root = aws.list_roots()["Roots"][0]["Id"]
    units = aws.list_organizational_units_for_parent(ParentId=root)["OrganizationalUnits"]
    accounts = aws.list_accounts()["Accounts"]
    return {"units": {unit["Id"]: unit["Name"] for unit in units}, "accounts": {a["Id"]: a["Name"] for a in accounts}}


def records(stage: Stage) -> list[str]:
    """The runs that are sealed."""
    lines = next(Path(stage.project.settings["ORGKIT_OUTPUTS"]).rglob("index.jsonl")).read_text(encoding="utf-8")
    return [json.loads(line)["run"] for line in lines.splitlines()]


def test_a_unit_and_an_account_get_their_names_in_place_and_keep_what_refers_to_their_ids(stage: Stage) -> None:
    stage.begin(*BEGUN)
    wanted, aws = tree(stage), stage.client("organizations")
    unit = next(identity for identity, name in wanted["units"].items() if name == "Production")
    account = next(identity for identity, name in wanted["accounts"].items() if name == "website-prod")
    aws.update_organizational_unit(OrganizationalUnitId=unit, Name="Live")
    stage.client("account").put_account_name(AccountId=account, AccountName="web")
    assert tree(stage) != wanted
    waiting = stage.project.plan("accounts")["waiting"]
    assert any("Production is named Live in AWS" in each["what"] for each in waiting)
    for phase, sentence in (
        ("units", "rename organizational unit Live to Production: its id, its accounts and its policies stay"),
        ("accounts", "rename account web to website-prod: its id and its email stay"),
    ):
        plan = stage.project.plan(phase)
        assert sentences(plan) == [sentence]
        stage.sandbox.forget_calls()
        assert stage.project.phase(phase, plan["digest"])["outcome"] == "done"
        assert len(stage.taken()) == 1
        assert stage.project.plan(phase, code=0)["steps"] == []
    assert tree(stage) == wanted
    assert aws.list_accounts_for_parent(ParentId=unit)["Accounts"][0]["Id"] == account
    assert len(records(stage)) == 2


def test_every_account_gets_its_contact_a_new_one_too_and_aws_throttles_none(stage: Stage) -> None:
    stage.begin(*BEGUN)
    account = stage.client("account")
    plan = stage.project.plan("14")
    assert [step["id"] for step in plan["steps"]] == [
        f"set-contact:{owner} SECURITY" for owner in ("management account", "dns", "log-archive", "website-prod")
    ]
    done = stage.project.phase("14", plan["digest"])
    assert done["outcome"] == "done"
    assert stage.taken() == ["account:PutAlternateContact"] * 4
    calls = [call for call in stage.sandbox.calls() if call["operation"] == "PutAlternateContact"]
    assert [call["status"] for call in calls] == [200] * 4
    for identity in tree(stage)["accounts"]:
        owner = {} if identity == stage.seed.management_account_id else {"AccountId": identity}
        stage.sandbox.sleep(1)
        found = account.get_alternate_contact(AlternateContactType="SECURITY", **owner)["AlternateContact"]
        assert (found["Name"], found["PhoneNumber"]) == ("Ada", "+1 555 555 0100")
    assert stage.project.plan("14", code=0)["steps"] == []
    assert len(records(stage)) == 1


def test_a_root_email_is_changed_in_two_runs_with_the_code_in_between(stage: Stage) -> None:
    stage.begin(*BEGUN)
    account, aws = stage.client("account"), stage.client("organizations")
    identity = next(identity for identity, name in tree(stage)["accounts"].items() if name == "website-prod")
    former, email = "aws-web@example.com", "aws-website-prod@example.com"
    account.start_primary_email_update(AccountId=identity, PrimaryEmail=former)
    account.accept_primary_email_update(AccountId=identity, PrimaryEmail=former, Otp=one_time_code(former))
    stage.sandbox.sleep(5 * 3600)
    plan = stage.project.plan("15")
    assert stage.project.phase("15", plan["digest"], code=8)["outcome"] == "waiting"
    waiting = stage.project.plan("15", code=8)
    assert waiting["steps"] == []
    assert waiting["waiting"][0]["who"] == f"the reader of {email}"
    code = stage.project.orgkit("sandbox", "code", email).stdout.strip()
    project = stage.project.within({"ORGKIT_EMAIL_CODES": f"website-prod={code}"})
    done = project.phase("15", project.plan("15")["digest"])
    assert done["outcome"] == "done"
    assert aws.describe_account(AccountId=identity)["Account"]["Email"] == email
    assert stage.project.plan("15", code=0)["steps"] == []
    assert len(records(stage)) == 2
    texts = [file.read_bytes() for file in Path(stage.project.settings["ORGKIT_OUTPUTS"]).rglob("*") if file.is_file()]
    assert not [text for text in texts if code.encode() in text], "no record has the code"
