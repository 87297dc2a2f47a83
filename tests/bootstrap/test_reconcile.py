"""`orgkit records reconcile`: runs compared with the sandbox's own log, and changes made outside orgkit.

One bootstrap, in order of time: phases 01 to 04, then 05 while somebody else acts as the same identity.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orgkit.model.desired import READ_ROLE
from tests import fits_80_columns
from tests.bootstrap.project import Stage, new_project

BEFORE = ("organization", "units", "accounts", "imports")
HOUR = 3600


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    stage = Stage(new_project(tmp_path_factory.mktemp("reconcile") / "project"))
    with stage.sandbox:
        stage.begin()
        yield stage


def run_phase(stage: Stage, phase: str) -> Path:
    done = stage.project.phase(phase, stage.planned(phase))
    return Path(done["record"])


def reconcile(stage: Stage, record: Path, code: int = 0) -> dict[str, Any]:
    return dict(stage.project.json("records", "reconcile", record.name[-8:], code=code))


def archive_of(stage: Stage) -> str:
    accounts = stage.client("organizations").list_accounts()["Accounts"]
    return str(next(account["Id"] for account in accounts if account["Name"] == "log-archive"))


@pytest.fixture(scope="module")
def before(stage: Stage) -> list[Path]:
    records = [run_phase(stage, phase) for phase in BEFORE]
    stage.sandbox.sleep(HOUR)
    return records


@pytest.fixture(scope="module")
def trail(stage: Stage, before: list[Path]) -> Path:
    return run_phase(stage, "trail")


@pytest.fixture(scope="module")
def behind(stage: Stage, trail: Path) -> dict[str, str]:
    """Request ids of what somebody does with the same credentials, and with the same role, just after the run."""
    archive = archive_of(stage)
    user = stage.client("iam").create_user(UserName="behind")
    inside = stage.client("iam", archive).create_user(UserName="behind")
    stage.sandbox.forget_calls()
    ids = {name: made["ResponseMetadata"]["RequestId"] for name, made in (("management", user), ("archive", inside))}
    return {**ids, "account": archive}


def test_a_while_later_every_change_of_every_run_is_matched_and_nothing_is_beside_them(stage, before):
    stage.sandbox.forget_calls()
    for record in before:
        found = reconcile(stage, record)
        assert found["counts"]["matched"] == len(found["mutations"]) > 0
        assert (found["unmatched"], found["unasked"]) == ([], [])
    accounts = {each["account"] for each in reconcile(stage, before[2])["mutations"]}
    assert len(accounts) > 1, "03 makes roles in the accounts that it creates"


def test_aws_is_asked_no_faster_than_it_allows_and_only_to_look(stage, before):
    requests = [call for call in stage.sandbox.calls() if call["operation"] == "LookupEvents"]
    assert requests
    assert [call["error"] for call in requests if call["error"]] == []
    assert stage.changes() == []


def test_at_once_nothing_is_visible_yet(stage, trail):
    found = reconcile(stage, trail, code=9)
    assert found["counts"]["not yet visible"] == len(found["mutations"]) > 0
    output = stage.project.orgkit("records", "reconcile", trail.name, code=9).stdout
    assert "Not yet visible: AWS's log takes up to 15 minutes" in output
    assert fits_80_columns(output), output


def test_what_was_done_behind_its_back_is_found_in_both_accounts_and_named(stage, trail, behind):
    stage.sandbox.sleep(HOUR / 3)
    found = reconcile(stage, trail, code=6)
    assert found["counts"]["matched"] == len(found["mutations"])
    assert {each["account"] for each in found["mutations"]} >= {behind["account"], "999999999999"}
    known = {each["account"]: each for each in found["unmatched"]}
    assert {each["request_id"] for each in known.values()} == {behind["management"], behind["archive"]}
    assert known["999999999999"]["arn"] == "arn:aws:iam::999999999999:user/orgkit-operator"
    assert known[behind["account"]]["arn"].endswith(":assumed-role/OrganizationAccountAccessRole/another-client")
    assert {each["call"] for each in known.values()} == {"iam:CreateUser"}


def test_a_person_reads_who_it_was_at_80_columns(stage, trail, behind):
    output = stage.project.orgkit("records", "reconcile", trail.name, code=6)
    assert fits_80_columns(output.stdout), output.stdout
    text = " ".join(output.stdout.split())
    assert "2 unmatched event(s) in CloudTrail." in text
    assert f"iam:CreateUser in account {behind['account']}, us-east-1" in text
    assert "role/OrganizationAccountAccessRole/another-client" in text
    assert "reading AWS's log of account 999999999999 in us-east-1, page 1" in output.stderr


def test_a_request_id_that_is_taken_out_of_the_journal_is_missed_on_both_sides(stage, trail, behind):
    journal = trail / "events.jsonl"
    whole = journal.read_text(encoding="utf-8")
    events = [json.loads(line) for line in whole.splitlines()]
    last = next(event for event in reversed(events) if event["event"] == "answer")
    taken, last["request_id"] = last["request_id"], ""
    journal.write_text("".join(json.dumps(event) + "\n" for event in events), encoding="utf-8")
    found = reconcile(stage, trail, code=6)
    journal.write_text(whole, encoding="utf-8")
    assert found["counts"]["unknown"] == 1
    assert taken in {each["request_id"] for each in found["unmatched"]}


def test_a_change_that_is_taken_out_of_the_journal_is_beside_it(stage, trail, behind):
    journal = trail / "events.jsonl"
    whole = journal.read_text(encoding="utf-8")
    events = [json.loads(line) for line in whole.splitlines()]
    last = next(event for event in reversed(events) if event["event"] == "answer")
    left = [event for event in events if event.get("intent") != last["intent"]]
    journal.write_text("".join(json.dumps(event) + "\n" for event in left), encoding="utf-8")
    found = reconcile(stage, trail, code=6)
    journal.write_text(whole, encoding="utf-8")
    assert last["request_id"] in {each["request_id"] for each in found["unmatched"]}
    assert len(found["unmatched"]) == 3


def test_where_the_read_role_may_not_look_an_access_role_may_and_without_both_nothing_is_clean(stage, trail, behind):
    itself = {"Effect": "Allow", "Principal": {"AWS": behind["account"]}, "Action": "sts:AssumeRole"}
    nobody = json.dumps({"Version": "2012-10-17", "Statement": [itself]})
    inside = stage.client("iam", behind["account"])
    inside.update_assume_role_policy(RoleName=READ_ROLE, PolicyDocument=nobody)
    assert reconcile(stage, trail, code=6)["counts"]["could not be asked"] == 0
    inside.update_assume_role_policy(RoleName="OrganizationAccountAccessRole", PolicyDocument=nobody)
    found = reconcile(stage, trail, code=6)
    assert {each["account"] for each in found["unasked"]} == {behind["account"]}
    lost = {each["account"] for each in found["mutations"] if each["verdict"] == "could not be asked"}
    assert lost == {behind["account"]}
    output = stage.project.orgkit("records", "reconcile", trail.name, code=6).stdout
    assert f"Account {behind['account']} could not be asked" in " ".join(output.split())


def test_after_90_days_the_log_is_gone_and_that_is_said(stage, trail, behind):
    stage.sandbox.sleep(91 * 24 * HOUR)
    output = stage.project.orgkit("records", "reconcile", trail.name, code=1).stderr
    assert "older than the 90 days" in " ".join(output.split())


def test_answers_that_were_lost_are_found_in_aws_s_log(tmp_path_factory):
    """Which calls lose their answer depends on the seed: the first one with which a change does."""
    remarks: set[str] = set()
    for seed in range(1, 9):
        stage = Stage(
            new_project(tmp_path_factory.mktemp("lost") / "project"), faults=("lost-response",), fault_seed=seed
        )
        with stage.sandbox:
            stage.begin()
            record = run_phase(stage, "organization")
            stage.sandbox.sleep(HOUR)
            found = reconcile(stage, record)
        assert found["unmatched"] == []
        remarks |= {each["remark"] for each in found["mutations"] if each["result"] not in ("committed", "refused")}
        if "no answer had come; AWS logs it as done" in remarks:
            return
    raise AssertionError(remarks)
