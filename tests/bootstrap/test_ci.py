"""From a pull request to an apply by the workflow files themselves, each job on a machine of its own.

Of the steps, pip's and the one that takes the role are replaced: the environment that runs the tests has orgkit, and
the sandbox hands out credentials. Checking out is `orgkit init` and a commit; artifacts are folders, and `gh` answers
with files. Everything else is bash on the lines that stand in the files.
"""

import hashlib
import html
import json
import re
import shutil
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from orgkit import errors
from orgkit.phases.permissions import reading_policy_for
from orgkit.phases.registry import PHASES
from tests.bootstrap.machine import GitHub, Machine
from tests.bootstrap.project import BIN, PHASES_THAT_CHANGE, Project, Stage, fork_server
from tests.bootstrap.test_approvals import untag
from tests.bootstrap.test_permissions import called
from tests.kill_after import killed_after

NewMachine = Callable[..., Machine]
FILE = "parameters/acme.toml"


@pytest.fixture
def machine(stage: Stage, tmp_path: Path) -> NewMachine:
    """Makes machines that share the sandbox and the artifacts, and nothing else.

    Their `orgkit` is a fork of a process that has imported it, where the installed script is not asked for.
    """
    runs, github, forks = count(101), GitHub(tmp_path / "github"), tmp_path / "forks"
    forks.mkdir()
    fork_server().install(forks)

    def new(
        phase: str = "", digest: str = "", plan_run: str = "", ticket: str = "",
        *, merged: bool = True, installed: bool = False,
    ) -> Machine:  # fmt: skip
        run_id = str(next(runs))
        folder = tmp_path / run_id
        Project(tmp_path).orgkit("init", folder, "--ci", "github")
        (folder / "home").mkdir()
        (folder / FILE).write_bytes(stage.project.file.read_bytes())
        settings = {**stage.project.settings, "ORGKIT_OUTPUTS": str(folder / "outputs")}
        contexts = {
            "${{ inputs.file || vars.ORGKIT_FILE }}": FILE,
            "${{ vars.ORGKIT_FILE }}": FILE,
            "${{ inputs.phase }}": phase,
            "${{ inputs.digest }}": digest,
            "${{ inputs.plan_run }}": plan_run,
            "${{ inputs.ticket }}": ticket,
            "${{ inputs.approval }}": "",
            "${{ github.run_id }}": run_id,
            "${{ github.token }}": "",
            "${{ github.run_attempt }}": "1",
            "${{ runner.temp }}": str(tmp_path / f"temp-{run_id}"),
        }
        programs = BIN if installed else forks
        return Machine(Project(folder, settings), contexts, tmp_path / "artifacts", github, programs, merged)

    return new


def planned(machine: NewMachine, **more: bool) -> Machine:
    plan = machine(**more)
    assert plan.run("orgkit-plan.yml") == 0
    return plan


def applying(machine: NewMachine, plan: Machine, **other: str | bool) -> Machine:
    values = {"phase": plan.outputs["phase"], "digest": plan.outputs["digest"]}
    return machine(**values | {"plan_run": plan.contexts["${{ github.run_id }}"]} | other)


def records(machine: Machine) -> list[Path]:
    """The records in the artifact of an apply, which is all that is left of its machine."""
    run_id = machine.contexts["${{ github.run_id }}"]
    return sorted(machine.artifacts.glob(f"{run_id}/orgkit-records-{run_id}-1/999999999999/*/manifest.json"))


def annotations(machine: Machine) -> Iterator[tuple[str, ...]]:
    return (match.groups() for match in re.finditer(r"^::(error|warning|notice) title=(.*?)::", machine.log, re.M))


@pytest.fixture
def plan_of_units(stage: Stage, machine: NewMachine) -> Machine:
    stage.begin("organization")
    return planned(machine)


class TestAPullRequest:
    def test_becomes_an_organization_with_units_on_machines_that_share_the_artifact_alone(self, stage, machine):
        stage.begin()
        for number, installed in (("01", True), ("02", False)):
            plan = planned(machine, installed=installed)
            assert plan.outputs["phase"] == number
            assert plan.outputs["digest"] in plan.summary
            apply = applying(machine, plan, ticket="https://tickets.example/7")
            assert apply.run("orgkit-apply.yml") == 0, apply.log
            assert apply.outputs["outcome"] == "done"
            assert apply.outputs["digest"] == plan.outputs["digest"]
            assert apply.outputs["record"] in apply.summary.replace("&#45;", "-")
            (manifest,) = records(apply)
            approval = json.loads((manifest.parent / "approval.json").read_text())
            assert (approval["asserted_by"], approval["ticket"]) == ("ann", "https://tickets.example/7")
        listed = stage.client("organizations").list_organizational_units_for_parent(
            ParentId=stage.client("organizations").list_roots()["Roots"][0]["Id"]
        )
        assert sorted(unit["Name"] for unit in listed["OrganizationalUnits"]) == [
            "Infrastructure", "Production", "Security",
        ]  # fmt: skip

    def test_shows_a_reviewer_the_plan_its_digest_the_tree_and_the_cost(self, plan_of_units):
        output = html.unescape(plan_of_units.summary)
        assert "## 02-units: 3 steps" in output
        assert f"Digest <code>{plan_of_units.outputs['digest']}</code>" in output
        assert re.search(r"^\| 3 \| create organizational unit Security \| .* \| nothing \|$", output, re.M)
        assert "├─ + Security/  (new)" in output
        assert re.search(r"Cost of these steps, USD a month, expected \(low to high\): [1-9]", output)
        assert ("notice", "02-units%3A approval needed") in list(annotations(plan_of_units))

    def test_changes_nothing(self, stage, plan_of_units):
        assert stage.changes() == []

    def test_shows_nobodys_address_in_summary_or_log(self, plan_of_units):
        assert "a…@example.com" in html.unescape(plan_of_units.summary)
        for text in (html.unescape(plan_of_units.summary), plan_of_units.log):
            assert re.findall(r"[\w.-]+@example\.com", text) == []

    def test_with_a_file_that_needs_mending_fails_and_says_where(self, machine):
        plan = machine()
        (plan.project.folder / FILE).write_text("[organization]\nname = 7\n")
        assert plan.run("orgkit-plan.yml") == 2
        assert plan.outputs["exit_code"] == "2"
        assert "organization.name" in html.unescape(plan.summary)

    def test_makes_no_call_that_the_plan_role_may_not_make(self, stage, machine):
        stage.begin(*PHASES_THAT_CHANGE)
        planned(machine)
        statements = reading_policy_for([phase for phase in PHASES if phase.changes])["Statement"]
        assert called(stage) <= {action for statement in statements for action in statement["Action"]}
        entered = {c["parameters"]["RoleArn"] for c in stage.sandbox.calls() if c["operation"] == "AssumeRole"}
        assert {arn.rpartition("/")[2] for arn in entered} == {"orgkit-read"}


class TestAnApply:
    def test_is_recorded_as_let_through_by_its_reviewers_and_not_by_who_began_it(self, stage, machine, plan_of_units):
        """GitHub's answer through jq, with the filter that stands in the file."""
        answer = [
            {"state": state, "user": {"login": login}, "environments": [{"name": environment}]}
            for state, login, environment in (
                ("approved", "rita", "org-apply"),
                ("approved", "eve", "org-plan"),
                ("rejected", "joe", "org-apply"),
                ("approved", "rita", "org-apply"),
                ("approved", "bob", "org-apply"),
            )
        ]
        apply = applying(machine, plan_of_units)
        apply.github.answer(f"actions/runs/{apply.contexts['${{ github.run_id }}']}/approvals", answer)
        assert apply.run("orgkit-apply.yml") == 0, apply.log
        (manifest,) = records(apply)
        assert json.loads((manifest.parent / "approval.json").read_text())["asserted_by"] == "bob, rita"

    @pytest.mark.parametrize("place", [0, -1])
    def test_of_an_altered_digest_fails_and_changes_nothing(self, stage, machine, plan_of_units, place):
        letters = list(plan_of_units.outputs["digest"])
        letters[place] = "0" if letters[place] != "0" else "1"
        apply = applying(machine, plan_of_units, digest="".join(letters))
        assert apply.run("orgkit-apply.yml") == 4
        assert any(level == "error" for level, _ in annotations(apply))
        assert stage.changes() == []

    def test_of_a_plan_that_was_altered_in_the_artifact_fails(self, stage, machine, plan_of_units):
        (file,) = plan_of_units.artifacts.glob(f"*/orgkit-plans/*-{plan_of_units.outputs['digest'][:12]}/plan.json")
        file.write_text(file.read_text().replace("Security", "Insecurity"))
        assert applying(machine, plan_of_units).run("orgkit-apply.yml") == 4
        assert stage.changes() == []

    def test_of_a_plan_that_is_stale_fails_with_4_and_says_what_is_different(self, stage, machine, plan_of_units):
        organizations = stage.client("organizations")
        (root,) = organizations.list_roots()["Roots"]
        organizations.create_organizational_unit(ParentId=root["Id"], Name="Security")
        stage.sandbox.forget_calls()
        apply = applying(machine, plan_of_units)
        assert apply.run("orgkit-apply.yml") == 4
        assert apply.outputs["outcome"] == "plan changed"
        assert "Security" in html.unescape(apply.summary)
        assert stage.changes() == []
        assert len(records(apply)) == 1  # a refusal has its record too

    def test_of_what_is_no_digest_or_no_run_ends_at_the_first_step(self, stage, machine, plan_of_units):
        for other in ({"digest": "$(touch x)"}, {"plan_run": "../7"}, {"digest": ""}):
            apply = applying(machine, plan_of_units, **other)
            assert apply.run("orgkit-apply.yml") == 1
            assert list(annotations(apply)) == [("error", "Refused")]
            assert apply.ran == ["Check what was typed", "Keep the records"]
        assert stage.changes() == []

    def test_that_fails_keeps_its_record_and_is_taken_up_by_the_same_inputs(self, stage, machine, plan_of_units):
        stopped = applying(machine, plan_of_units)
        stopped.project = stopped.project.within(killed_after("CreateUnit"))
        assert stopped.run("orgkit-apply.yml") not in (0, 4)
        assert len(records(stopped)) == 1
        again = applying(machine, plan_of_units)
        assert again.run("orgkit-apply.yml") == 0, again.log
        assert stage.doubles() == []
        (first,), both = records(stopped), records(again)
        assert first.parent.name == both[0].parent.name  # the later run has taken the record of the earlier one
        assert len(both) == 2
        (verified,) = again.project.json("records", "verify")["accounts"]
        assert (verified["records"], verified["faults"]) == (2, [])

    def test_goes_on_with_the_chain_of_the_archive_on_each_fresh_machine(self, stage, machine):
        stage.begin(*PHASES_THAT_CHANGE)
        heads = []
        for unit in ("Production", "Security"):
            untag(stage, unit)
            apply = applying(machine, planned(machine))
            assert apply.run("orgkit-apply.yml") == 0, apply.log
            heads.append(apply.outputs["head"])
        somewhere = machine().project
        chain = somewhere.json("records", "archive", FILE)
        assert chain["head"] == heads[1]
        chained = (somewhere.folder / "outputs" / "999999999999" / "index.jsonl").read_text().splitlines()
        assert len(chained) == 2
        assert hashlib.sha256(f"{chained[0]}\n".encode()).hexdigest() == heads[0]


ROLE = "Take the role orgkit-apply"


class TestWhatWasNotMerged:
    """Somebody who may push a branch decides what the artifact of its plan holds, and nobody has reviewed that."""

    @pytest.fixture
    def branch(self, stage: Stage, machine: NewMachine) -> Machine:
        """A plan of a branch's own parameters file, and an artifact with whatever its job put there."""
        stage.begin("organization")
        branch = machine()
        file = branch.project.folder / FILE
        file.write_text(file.read_text().replace("Security", "Owned-by-a-branch"))
        assert branch.run("orgkit-plan.yml") == 0, branch.log
        folder = branch.artifacts / branch.contexts["${{ github.run_id }}"] / "orgkit-plans" / "x"
        shutil.copytree(branch.project.folder / "runbooks", folder / "runbooks")
        (folder / "acme.toml").write_text(file.read_text())
        stage.sandbox.forget_calls()
        return branch

    def test_is_no_parameters_file_no_approval_and_no_plan(self, stage, machine, branch):
        file, approval = "${{ inputs.file || vars.ORGKIT_FILE }}", "${{ inputs.approval }}"
        temp = branch.contexts["${{ runner.temp }}"].rpartition("-")[0]
        typed = [{file: "plan/x/acme.toml"}, {file: f"../{Path(temp).name}-102/orgkit-plans/x/acme.toml"}]
        for more in [*typed, {approval: f"{temp}-103/orgkit-plans/x/a.json"}, {}]:
            if not more:  # the plan alone is the branch's: it was never merged
                branch.github.merged.clear()
            apply = applying(machine, branch)
            apply.contexts |= more
            assert apply.run("orgkit-apply.yml") == 1
            assert ("error", errors.WorkflowRefused.summary) in list(annotations(apply))
            assert ("is not in main" in " ".join(apply.log.split())) == (not more)
            assert ROLE not in apply.ran
            assert records(apply) == []
        assert stage.sandbox.calls() == []

    def test_is_no_runbook_that_runs_under_the_role(self, stage, machine, branch, tmp_path):
        """Neither by a file next to it nor in the place of the one in the checkout."""
        (runbook,) = branch.artifacts.glob("*/orgkit-plans/x/runbooks/02-units.ipynb")
        notebook, proof = json.loads(runbook.read_text()), tmp_path / "proof"
        for cell in notebook["cells"]:
            cell |= {"source": f"open({str(proof)!r}, 'w').write('')"} if cell["cell_type"] == "code" else {}
        runbook.write_text(json.dumps(notebook))
        shutil.copytree(runbook.parent, runbook.parents[2] / "runbooks")
        apply = applying(machine, branch)
        assert apply.run("orgkit-apply.yml") == 4  # the merged file plans something else
        assert ROLE in apply.ran
        assert not proof.exists()
        assert stage.changes() == []


class TestDrift:
    def test_fails_the_job_of_the_night_and_is_named(self, stage, machine):
        stage.begin("organization")
        night = machine()
        assert night.run("orgkit-drift.yml") == 3
        assert ("error", "Drift") in list(annotations(night))
        assert "create organizational unit Security" in html.unescape(night.summary)

    def test_of_nothing_is_quiet(self, stage, machine):
        stage.begin(*PHASES_THAT_CHANGE)
        night = machine()
        assert night.run("orgkit-drift.yml") == 0, night.log
        assert [title for level, title in annotations(night) if level != "notice"] == []


def test_github_is_told_nothing_where_there_is_no_github(stage):
    stage.begin()
    done = stage.project.orgkit("plan", stage.project.file, "--github", code=1)
    assert "GITHUB_STEP_SUMMARY" in done.stderr
    assert stage.sandbox.calls() == []


def test_names_that_want_to_command_the_runner_are_read_while_it_does_not_listen(stage, machine):
    stage.begin("organization")
    organizations = stage.client("organizations")
    (root,) = organizations.list_roots()["Roots"]
    organizations.create_organizational_unit(ParentId=root["Id"], Name="::error::x ##[error]y ```|<img src=x>")
    plan = planned(machine)
    deaf = r"^::stop-commands::(\w{32})\n(.*?)^::\1::\n"
    assert "::error::x" in "".join(lines for _, lines in re.findall(deaf, plan.log, re.M | re.S))
    assert "::error::x" not in re.sub(deaf, "", plan.log, flags=re.M | re.S)
    outside = re.sub(r"^(`{3,})text\n.*?^\1$", "", plan.summary, flags=re.M | re.S)
    assert "<img" not in outside
    assert "```" not in outside


def test_init_adds_the_files_of_ci_to_a_project_that_is_there_and_touches_none(tmp_path):
    here = Project(tmp_path)
    here.orgkit("init", tmp_path / "acme")
    stored = tmp_path / "acme" / "ci" / "README.md"
    stored.parent.mkdir()
    stored.write_text("ours")
    before = {file: file.read_bytes() for file in (tmp_path / "acme").rglob("*") if file.is_file()}
    here.orgkit("init", ".", "--ci", "github", cwd=tmp_path / "acme")
    assert {file: file.read_bytes() for file in before} == before
    added = {file for file in (tmp_path / "acme").rglob("*") if file.is_file()} - before.keys()
    assert sorted(str(file.relative_to(tmp_path / "acme")) for file in added) == [
        ".github/workflows/orgkit-apply.yml",
        ".github/workflows/orgkit-drift.yml",
        ".github/workflows/orgkit-plan.yml",
        "ci/github-oidc.yaml",
        "ci/requirements.in",
    ]
