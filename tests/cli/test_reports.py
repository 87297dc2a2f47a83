"""Commands that report: for a person, and as one object for a program."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.bootstrap.project import Project, Stage, new_project

ID = 'id = "444444444444"'


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return new_project(tmp_path_factory.mktemp("reports") / "project")


@pytest.fixture(scope="module")
def stage(project: Project):
    stage = Stage(project)
    with stage.sandbox:
        yield stage


def test_check_counts_what_is_in_the_file(project):
    assert "well-formed: 3 units, 2 accounts, 1 import" in project.orgkit("check", project.file).stdout
    assert project.json("check", project.file)["problems"] == []


def test_a_file_with_ids_of_accounts_is_planned_or_rehearsed_on_a_copy(project):
    pinned = project.folder / "parameters" / "pinned.toml"
    pinned.write_text(project.file.read_text().replace("[accounts.website-prod]", f"[accounts.website-prod]\n{ID}"))
    for command in ("check", "estimate"):
        *_, plan, copy = project.orgkit(command, pinned).stdout.splitlines()
        assert plan == f"next    orgkit plan {pinned}"
        assert copy.startswith(f"        orgkit rehearse {pinned} --like-live ")
    sandboxes = {*project.folder.glob("outputs/sandbox/*")}
    refused = project.orgkit("rehearse", pinned, code=1)
    text = " ".join(refused.stderr.split())
    assert "the id of accounts.website-prod, which an empty sandbox does not have" in text
    assert f"orgkit rehearse {pinned} --like-live" in text
    assert "remove" not in text
    assert {*project.folder.glob("outputs/sandbox/*")} == sandboxes


def test_check_lists_problems_with_their_places_for_a_program(project):
    broken = project.folder / "parameters" / "broken.toml"
    broken.write_text(project.file.read_text().replace('unit = "Production"', 'unit = "Produktion"'))
    answer: dict[str, Any] = project.json("check", broken, code=2)
    assert [problem["place"] for problem in answer["problems"]] == ["accounts.website-prod.unit"]


def test_the_estimate_ends_with_the_next_command_and_its_numbers_stand_below_each_other(project):
    lines = project.orgkit("estimate", project.file).stdout.splitlines()
    assert lines[-1] == f"next    orgkit rehearse {project.file}"
    (total,) = {line for line in lines if re.match(r"Total .* \d", line) and len(line.split()) == 4} & set(lines[:12])
    heads = [line for line in lines[:6] if line.startswith("origin")]
    assert [head.index("high") + 4 for head in heads] == [len(total)]


def test_the_estimate_adds_up_for_a_program(project):
    answer = project.json("estimate", project.file)
    rows = [row for row in answer["rows"] if row["x_Scenario"] == "expected"]
    assert f"{sum(float(row['EffectiveCost']) for row in rows):.2f}" == answer["expected"]
    assert all(row["x_PriceSource"] for row in rows)
    assert "BilledCost" not in rows[0]


def test_permissions_print_a_policy_document(project):
    policy = json.loads(project.orgkit("permissions", "03").stdout)
    assert policy["Version"] == "2012-10-17"
    assert "organizations:CreateAccount" in [action for s in policy["Statement"] for action in s["Action"]]


def test_a_plan_names_steps_reasons_digest_and_costs_in_80_columns(stage):
    stage.begin()
    text = stage.project.orgkit("plan", stage.project.file, "01", code=3).stdout
    assert "+ create an organization with all features" in text
    assert "because there is no organization" in text
    (digest,) = re.findall(r"^digest ([0-9a-f]{64})$", text, re.M)
    assert list(Path(stage.project.settings["ORGKIT_OUTPUTS"]).glob(f"*/plans/*-{digest[:12]}"))
    command = f"next    orgkit run {stage.project.file} 01 --approved-plan {digest}"
    assert command in text.splitlines(), "whole, however long it is"
    assert all(len(line) <= 80 or " orgkit " in line for line in text.splitlines()), text


def test_records_are_listed_and_shown(stage):
    stage.begin()
    ended = stage.project.phase("01", code=3)
    name = ended["record"].rpartition("/")[2]
    home = stage.project.folder
    listed = stage.project.json("records", "list")
    assert name in [record["name"] for record in listed]
    assert name in stage.project.orgkit("records", "list").stdout
    shown = json.loads(stage.project.orgkit("records", "show", name[-8:], cwd=home).stdout)
    assert shown["result"]["outcome"] == "awaiting approval"
    assert set(shown["manifest"]["files"]) >= {"plan.json", "review.json", "events.jsonl", "result.json"}


def test_a_sandbox_is_started_used_and_stopped(project):
    started = project.orgkit("sandbox", "start", project.file)
    try:
        assert "answers on http://127.0.0.1:" in started.stdout
        assert project.json("sandbox", "status")["running"] is True
        again = project.orgkit("sandbox", "start", project.file, code=1)
        assert "running already" in again.stderr
        lines = project.orgkit("sandbox", "env").stdout.splitlines()
        settings = {line.split("=")[0].removeprefix("export ") for line in lines}
        assert {"ORGKIT_ENDPOINT_URL", "AWS_PROFILE", "AWS_CONFIG_FILE"} <= settings
        assert not any(name.startswith("AWS_ENDPOINT_URL") for name in settings)
    finally:
        project.orgkit("sandbox", "stop")
    assert project.json("sandbox", "status", code=1)["running"] is False


def test_the_target_is_refused_before_jupyterlab_is_said_to_open(stage):
    refused = stage.project.orgkit("lab", stage.project.file, "--target", "aws", code=1)
    assert "JupyterLab opens" not in refused.stdout
    assert "ORGKIT_ENDPOINT_URL is set" in refused.stderr
