"""A project whose phase was killed by an older orgkit, with a change in doubt, is carried on by this one."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from orgkit.journal.events import read_events
from tests.bootstrap.project import Project, Stage, new_project

DATA = Path(__file__).parents[1] / "data" / "schema-1"
ACCOUNT = "999999999999"
DIGEST = "d503bd7ff87700f540be8f1d3df4a2baebcd82e0a92b923d1728f6a77d7b7a11"
KILLED, IN_DOUBT = "20261128T200642Z-02-units-7d13bd5e", "2ccbd8558319"
UNIT = "[units.Infrastructure]\n"  # in the file; its creation is in doubt
Begin = Callable[..., Stage]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("schema-1") / "project"
    stage = Stage(new_project(folder, DATA / "project" / "parameters" / "acme.toml"))
    with stage.sandbox:
        yield stage


@pytest.fixture
def begin(stage: Stage) -> Begin:
    """A fresh AWS as phase 01 leaves it, with the older orgkit's outputs, its plan of 02 made a moment ago."""

    def begin(*, aws_did_it: bool, asked_for: bool = True) -> Stage:
        text = (DATA / "project" / "parameters" / "acme.toml").read_text()
        stage.project.file.write_text(text if asked_for else text.replace(UNIT, ""))
        stage.begin("organization")
        outputs = Path(stage.project.settings["ORGKIT_OUTPUTS"])
        shutil.copytree(DATA / "project" / "outputs", outputs, dirs_exist_ok=True)
        (review,) = (outputs / ACCOUNT / "plans").glob(f"*-{DIGEST[:12]}/review.json")
        planned = json.loads(review.read_text()) | {"planned_at": stage.sandbox.now()}
        review.write_text(json.dumps(planned))
        if aws_did_it:
            client = stage.client("organizations")
            (root,) = client.list_roots()["Roots"]
            tags = {"ManagedBy": "orgkit", "Name": "Infrastructure", "Project": "acme"}
            client.create_organizational_unit(
                ParentId=root["Id"], Name="Infrastructure", Tags=[{"Key": k, "Value": v} for k, v in tags.items()]
            )
        stage.sandbox.forget_calls()
        return stage

    return begin


def settled(project: Project) -> list[Any]:
    """Return the results of the change in doubt in all runs."""
    events = (event for file in project_files(project) for event in read_events(file))
    return [event["result"] for event in events if event["event"] == "settled" and event["intent"] == IN_DOUBT]


def project_files(project: Project) -> list[Path]:
    return sorted((Path(project.settings["ORGKIT_OUTPUTS"]) / ACCOUNT).glob("*/events.jsonl"))


def created(stage: Stage) -> list[str]:
    calls = (call for call in stage.sandbox.calls() if call["operation"] == "CreateOrganizationalUnit")
    return [call["parameters"]["Name"] for call in calls if 200 <= call["status"] < 300]


@pytest.mark.parametrize("aws_did_it", [True, False], ids=["AWS did it", "AWS did not"])
def test_the_old_plan_is_refused_and_under_a_new_one_the_change_is_resolved(begin: Begin, aws_did_it: bool) -> None:
    stage = begin(aws_did_it=aws_did_it)
    rejection = stage.project.phase("02", DIGEST, code=4)
    assert "was planned by an older orgkit (plan schema 1, and this one has 2)" in rejection["why"]
    assert rejection["do"].startswith("plan and approve again")
    assert (stage.changes(), settled(stage.project)) == ([], [])
    digest = stage.project.plan("02")["digest"]
    done = stage.project.phase("02", digest)
    assert settled(stage.project) == ["adopted" if aws_did_it else "not-committed"]
    assert sum(KILLED in line and "CreateOrganizationalUnit" in line for line in done["found"]) == 1
    assert created(stage) == [*([] if aws_did_it else ["Infrastructure"]), "Production", "Security"]
    assert stage.project.plan("02", code=0)["steps"] == []
    (account,) = stage.project.json("records", "verify")["accounts"]
    assert (account["records"], account["faults"]) == (2, [])  # 01 of the older orgkit, and the last one


@pytest.mark.parametrize(("aws_did_it", "became"), [(True, "adopted"), (False, "not-shown")])
def test_when_the_file_no_longer_asks_for_it_only_aws_says_whether_it_was_done(
    begin: Begin, aws_did_it: bool, became: str
) -> None:
    stage = begin(aws_did_it=aws_did_it, asked_for=False)
    stage.project.phase("02", stage.project.plan("02")["digest"])
    assert settled(stage.project) == [became]
    assert created(stage) == ["Production", "Security"]


def test_without_the_plan_of_the_killed_run_nothing_is_taken_for_done(begin: Begin) -> None:
    """The sentence alone says nothing: it stays in doubt, and every run says so."""
    stage = begin(aws_did_it=False)
    (Path(stage.project.settings["ORGKIT_OUTPUTS"]) / ACCOUNT / KILLED / "plan.json").unlink()
    done = stage.project.phase("02", stage.project.plan("02")["digest"])
    assert settled(stage.project) == []
    (line,) = (line for line in done["found"] if "CreateOrganizationalUnit" in line)
    assert "not known: what AWS shows does not say whether it was done" in line


def test_an_old_plan_cannot_be_approved_with_a_signature(stage: Stage) -> None:
    from orgkit.errors import ApprovalMismatch
    from orgkit.records.approval_request import find_request

    plan = DATA / "project" / "outputs" / ACCOUNT / "plans" / "20261128T200655Z-units-d503bd7ff877" / "plan.json"
    with pytest.raises(ApprovalMismatch, match="planned by an older orgkit"):
        find_request(DATA, ACCOUNT, str(plan))


def test_records_of_schema_1_verify(stage: Stage, tmp_path: Path) -> None:
    """One of them is of a resumed plan: what was left of it is compared with the whole."""
    for part in ("project", "resumed"):
        shutil.copytree(DATA / part / "outputs", tmp_path, dirs_exist_ok=True)
    (account,) = stage.project.within({"ORGKIT_OUTPUTS": str(tmp_path)}).json("records", "verify")["accounts"]
    assert (account["records"], account["faults"], account["unsealed"]) == (2, [], [KILLED])
    assert list(tmp_path.rglob("remainder.json"))
