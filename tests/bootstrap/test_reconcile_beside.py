"""What `orgkit records reconcile` trusts and where it looks: a run of 02, and changes made outside orgkit.

Emails are masked in its record, so that the record's own copy of the parameters file cannot be loaded again.
"""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import fits_80_columns
from tests.bootstrap.project import Stage, new_project

HOUR = 3600
MANAGEMENT = "999999999999"
PLANTED = "20261127T000000Z-02-units-00000000"


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    project = new_project(tmp_path_factory.mktemp("beside") / "project")
    whole = project.file.read_text(encoding="utf-8").replace("#mask_emails = false", "mask_emails = true")
    project.file.write_text(whole, encoding="utf-8")
    stage = Stage(project)
    with stage.sandbox:
        stage.begin("organization", "units", "accounts")
        yield stage


@pytest.fixture(scope="module")
def record(stage: Stage) -> Path:
    """A run of 02 that sends changes in the management account alone, long after the accounts were made."""
    stage.sandbox.sleep(2 * HOUR)
    aws = stage.client("organizations")
    unit = aws.list_organizational_units_for_parent(ParentId=aws.list_roots()["Roots"][0]["Id"])["OrganizationalUnits"]
    aws.untag_resource(ResourceId=unit[0]["Id"], TagKeys=["ManagedBy"])
    stage.sandbox.sleep(HOUR)
    done = stage.project.phase("02", stage.project.plan("02")["digest"])
    return Path(done["record"])


def account_of(stage: Stage, name: str) -> str:
    accounts = stage.client("organizations").list_accounts()["Accounts"]
    return str(next(account["Id"] for account in accounts if account["Name"] == name))


@pytest.fixture(scope="module")
def behind(stage: Stage, record: Path) -> dict[str, str]:
    """Request ids of what somebody does with the same credentials just after the run; by place."""
    archive, website = account_of(stage, "log-archive"), account_of(stage, "website-prod")
    made = {
        "management": stage.client("iam").create_user(UserName="behind"),
        "archive": stage.client("iam", archive).create_user(UserName="behind"),
        "website": stage.client("iam", website).create_user(UserName="behind"),
        "region": stage.client("sns", region_name="eu-central-1").create_topic(Name="behind"),
    }
    stage.sandbox.sleep(HOUR)
    return {name: str(answer["ResponseMetadata"]["RequestId"]) for name, answer in made.items()}


def reconcile(stage: Stage, record: Path, *more: str, code: int = 6) -> dict[str, Any]:
    return dict(stage.project.json("records", "reconcile", record.name, *more, code=code))


def ids(events: list[dict[str, str]]) -> set[str]:
    return {event["request_id"] for event in events}


def told_of(stage: Stage, record: Path, *more: str) -> str:
    output = stage.project.orgkit("records", "reconcile", record.name, *more, code=6).stdout
    assert fits_80_columns(output), output
    return " ".join(output.split())


def test_the_log_archive_account_and_whatever_account_was_entered_are_asked(stage, record, behind):
    found = reconcile(stage, record)
    assert found["counts"]["matched"] == len(found["mutations"]) > 0
    assert ids(found["unmatched"]) == {behind[name] for name in ("management", "archive", "website")}


def test_it_is_said_who_was_asked_and_what_was_not(stage, record, behind):
    found, archive = reconcile(stage, record), account_of(stage, "log-archive")
    assert {"account": MANAGEMENT, "region": "us-east-1"} in found["asked"]
    assert {"account": archive, "region": "us-east-1"} in found["asked"]
    assert "eu-central-1" in found["not_asked"]["regions"]
    assert found["not_asked"]["accounts"] == []
    text = told_of(stage, record)
    assert " asked: " in text
    assert f"{MANAGEMENT} in us-east-1" in text
    assert "not asked:" in text
    assert "eu-central-1" in text


def test_all_regions_are_asked_when_that_is_wanted(stage, record, behind):
    found = reconcile(stage, record, "--all-regions")
    assert ids(found["unmatched"]) == set(behind.values())
    assert found["not_asked"]["regions"] == []
    assert found["unasked"] == []


def test_a_journal_that_anybody_can_write_hides_nothing(stage, record, behind):
    planted = record.parent / PLANTED
    planted.mkdir()
    at = json.loads((record / "events.jsonl").read_text(encoding="utf-8").splitlines()[-1])["at"]
    intent = {"event": "intent", "at": at, "intent": "a", "call": "iam:CreateUser", "account": MANAGEMENT}
    answer = {"event": "answer", "at": at, "intent": "a", "result": "committed", "request_id": behind["management"]}
    (planted / "events.jsonl").write_text("".join(json.dumps(e) + "\n" for e in (intent, answer)), encoding="utf-8")
    found, text = reconcile(stage, record), told_of(stage, record)
    shutil.rmtree(planted)
    ((claimed),) = found["claimed"]
    assert (claimed["request_id"], claimed["run"]) == (behind["management"], PLANTED)
    assert ids(found["unmatched"]) == {behind["archive"], behind["website"]}
    assert "Claimed by a run that is not sealed" in text
    assert PLANTED in text


def test_a_record_that_was_changed_is_told_and_hides_nothing(stage, record, behind):
    journal = record / "events.jsonl"
    whole = journal.read_bytes()
    journal.write_bytes(whole + b"{}\n")
    found, text = reconcile(stage, record), told_of(stage, record)
    journal.write_bytes(whole)
    assert found["faults"] == [f"{record.name}, events.jsonl: was changed after it was sealed"]
    assert found["counts"]["matched"] == len(found["mutations"])
    assert len(found["unmatched"]) == 3
    assert "was changed after it was sealed" in text
    assert reconcile(stage, record)["faults"] == []


def test_a_run_that_nobody_sealed_is_looked_at_and_never_clean(stage, record, behind):
    beside = record.parent / record.name.replace(record.name[-8:], "00000001")
    shutil.copytree(record, beside, ignore=lambda *_: ["manifest.json"])
    found, text = reconcile(stage, beside), told_of(stage, beside)
    shutil.rmtree(beside)
    assert found["sealed"] is False
    assert "is not sealed" in text


def test_the_file_that_the_run_has_read_is_found_in_the_project_and_asked_for_when_it_is_not_there(
    stage, record, behind
):
    file, elsewhere = stage.project.file, stage.project.folder / "elsewhere.toml"
    file.rename(elsewhere)
    output = stage.project.orgkit("records", "reconcile", record.name, code=1).stderr
    found = reconcile(stage, record, "--file", str(elsewhere))
    elsewhere.rename(file)
    assert "--file" in output
    assert "do:" in output
    assert len(found["unmatched"]) == 3
