"""08-health without tags and read roles: what it leaves out, one rename, and what orgkit's own run changed."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.bootstrap.project import PHASES_THAT_CHANGE, Stage, new_project
from tests.bootstrap.test_drift import Behind

FILE = "parameters/acme.toml"
SECRET = "arn:aws:s3:::secret/"


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    stage = Stage(new_project(tmp_path_factory.mktemp("adopted") / "project"))
    with stage.sandbox:
        yield stage


def select(it: Behind, kind: str, *data: str) -> None:
    """Let the trail log these management events, and the data events of these buckets."""
    resources = [{"Type": "AWS::S3::Object", "Values": list(data)}] if data else []
    selector = {"ReadWriteType": kind, "IncludeManagementEvents": True, "DataResources": resources}
    it.trail.put_event_selectors(TrailName="org-trail", EventSelectors=[selector])


def selectors_of(answer: dict[str, Any], name: str) -> list[dict[str, Any]]:
    return [row for row in answer[name] if row["attribute"] == "event selectors"]


def without_tags_and_roles(text: str) -> str:
    """The file as `orgkit adopt` writes it where orgkit has set no tag, and may enter no account."""
    tables = re.sub(r"(?m)^\[organization\.tags\]\n(?:[^\[\n].*\n|\n)*|^tags = .*$", "", text)
    for heading, lines in (
        ("organization", 'tags = "none"'),
        ("members", "read_role = false"),
        ("trail", "bucket_settings = false\nrecords_bucket = false"),
    ):
        tables = tables.replace(f"\n[{heading}]\n", f"\n[{heading}]\n{lines}\n")
    return tables


def test_what_an_approved_run_changed_is_no_drift(stage: Stage) -> None:
    """The file says nothing of selectors that log all management events: the next run of 05 is the only reason."""
    stage.begin(*PHASES_THAT_CHANGE)
    project, it = stage.project, Behind(stage)
    select(it, "WriteOnly", SECRET)
    assert project.phase("health", code=6)["record"]
    project.phase("trail", project.plan("trail")["digest"])
    stage.sandbox.sleep(6 * 60)
    answer = project.json("status", project.file, "--drift")
    assert (answer["drift"], answer["everything_compared"]) == ([], True)
    (row,) = selectors_of(answer, "changed_as_wanted")
    assert ["-05-trail-" in event["run"] for event in row["events"]] == [True]
    select(it, "All")
    stage.sandbox.sleep(6 * 60)
    answer = project.json("status", project.file, "--drift", code=6)
    (row,) = selectors_of(answer, "drift")
    assert (SECRET in row["before"], len(row["events"])) == (True, 2), "somebody else changed it after that run"


def test_of_an_adopted_organization_what_was_not_compared_is_said_and_a_rename_is_one_difference(stage: Stage) -> None:
    stage.begin(*PHASES_THAT_CHANGE)
    project, it = stage.project, Behind(stage)
    project.file.write_text(without_tags_and_roles(project.file.read_text(encoding="utf-8")), encoding="utf-8")
    select(it, "All", SECRET)
    shown = project.orgkit("run", FILE, "08").stdout
    left_out = "Not compared: roles, buckets, KMS keys (the file has read_role = false in [members])."
    assert left_out in " ".join(shown.split())
    it.organizations.update_organizational_unit(OrganizationalUnitId=it.unit("Security"), Name="SecOps")
    it.within("s3").delete_public_access_block(Bucket=it.bucket)
    select(it, "WriteOnly")
    stage.sandbox.sleep(6 * 60)
    shown = project.orgkit("status", FILE, "--drift", code=6).stdout
    plain = " ".join(shown.split())
    assert left_out in plain
    assert "everything that the file names was read" not in plain
    assert len(re.findall("SecOps", shown.partition("Drift that no step")[0])) == 1
    assert "CreateOrganizationalUnit" not in shown
    assert "organizations:UpdateOrganizationalUnit by" in plain
    assert SECRET in plain.partition("last run: ")[2], "what was removed is in the last run alone"
    assert shown.rstrip().endswith(f"next\n  orgkit plan {FILE}")
    assert all(len(line) <= 80 for line in shown.splitlines())
    parameters = project.folder / "parameters"
    shown = project.orgkit("run", "acme.toml", "08", code=6, cwd=parameters).stdout
    assert "`orgkit plan acme.toml`" in shown
    pages = sorted(project.folder.rglob("*-08-health-*/08-health.html"))
    assert "orgkit plan parameters/acme.toml" in pages[-1].read_text(encoding="utf-8"), "from the folder of the project"
    assert all("FILE" not in page.read_text(encoding="utf-8") for page in pages)
