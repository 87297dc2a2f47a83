"""A rehearsal that begins as the organization that is there: what it shows, what it keeps, and where it is valid."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from orgkit.errors import ApprovalMismatch
from orgkit.model.approval import ApprovedPlan, check_remainder
from orgkit.sandbox.snapshot import read_snapshot
from tests.bootstrap.project import PHASES_THAT_CHANGE, Stage

MORE = '\n[units.Research]\n[accounts.lab]\nemail = "aws-lab@example.com"\nunit = "Research"\n'


@pytest.fixture(scope="module")
def kept(project: Any) -> Path:
    return Path(project.folder) / "masked.json"


@pytest.fixture(scope="module")
def rehearsed(stage: Stage, kept: Path) -> dict[str, Any]:
    """The output of a rehearsal for a file with one more unit and one more account than the live organization."""
    stage.begin(*PHASES_THAT_CHANGE)
    file = stage.project.file.with_name("more.toml")
    file.write_text(stage.project.file.read_text() + MORE)
    options = ("--like-live", "--keep-snapshot", kept, "--mask")
    output: dict[str, Any] = stage.project.json("rehearse", file, *options)
    return output


def names(node: dict[str, Any]) -> list[str]:
    return [node["name"], *(name for child in node.get("children", ()) for name in names(child))]


def test_only_what_the_file_adds_is_planned_and_the_live_organization_stays_as_it_is(
    stage: Stage, rehearsed: dict[str, Any]
) -> None:
    steps = {label: [step.split(" <")[0] for step in sentences] for label, sentences in rehearsed["steps"].items()}
    assert steps == {
        "02-units": ["create organizational unit Research"],
        "03-accounts": [
            "create account lab", "move account lab to Research",
            "make read-only role orgkit-read in account lab, through OrganizationAccountAccessRole",
        ],
    }  # fmt: skip
    assert stage.changes() == []


def test_before_and_after_have_the_live_ids_and_the_cost_is_known(stage: Stage, rehearsed: dict[str, Any]) -> None:
    before, after = names(rehearsed["organization_before"]), names(rehearsed["organization"])
    assert {"Research", "lab"} <= {*after} - {*before}
    shown = json.dumps(rehearsed["organization_before"])
    live = stage.client("organizations").list_accounts()["Accounts"]
    assert len(live) == 4
    assert all(account["Id"] in shown for account in live)
    assert rehearsed["costs"]["made_expected"]
    assert any(item["subject"] == "quotas" for item in rehearsed["snapshot"]["not_read"])


def test_an_approval_of_the_rehearsal_is_not_valid_for_aws(rehearsed: dict[str, Any], stage: Stage) -> None:
    (file,) = Path(rehearsed["records"]).glob("*/plans/*-units-*/plan.json")
    target = json.loads(file.read_text())["target"]
    assert target["kind"] == "emulator"
    live = stage.plan("units")
    assert target["organization"] == live.target.organization
    rehearsed_plan = replace(live, target=replace(live.target, kind=target["kind"]))
    with pytest.raises(ApprovalMismatch, match="on an emulator"):
        check_remainder(
            replace(live, target=replace(live.target, kind="aws")), ApprovedPlan.from_plan(rehearsed_plan), ()
        )


def test_the_masked_copy_has_no_name_email_or_id_of_the_organization(
    stage: Stage, rehearsed: dict[str, Any], kept: Path
) -> None:
    text, snapshot = kept.read_text(), read_snapshot(kept)
    organizations = stage.client("organizations")
    for account in organizations.list_accounts()["Accounts"]:
        assert account["Id"] not in text
        assert account["Email"] not in text
        assert f'"{account["Name"]}"' not in text
    assert organizations.describe_organization()["Organization"]["Id"] not in text
    assert kept.stat().st_mode & 0o777 == 0o600
    assert len(snapshot.accounts) == 4
    assert rehearsed["snapshot"]["is_masked"] is False  # the rehearsal itself has the real names


def test_a_masked_copy_is_refused_with_the_file_of_the_organization(
    stage: Stage, rehearsed: dict[str, Any], kept: Path
) -> None:
    refused = stage.project.orgkit("rehearse", stage.project.file, "--snapshot", kept, code=2)
    assert "A masked snapshot has other ids than AWS." in " ".join(refused.stderr.split())
