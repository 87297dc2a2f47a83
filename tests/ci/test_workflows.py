"""What must hold of every workflow: pinned, with the fewest rights, without keys, and deaf to what others typed."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.ci.workflows import OWN, WRITTEN, jobs, parsed, steps

ALL = [OWN, *WRITTEN]
every = pytest.mark.parametrize("file", ALL, ids=lambda file: file.stem)
written = pytest.mark.parametrize("file", WRITTEN, ids=lambda file: file.stem)
PLAN, APPLY, DRIFT = (next(f for f in WRITTEN if f.stem == f"orgkit-{name}") for name in ("plan", "apply", "drift"))


def test_there_are_three_of_them():
    assert [file.stem for file in WRITTEN] == ["orgkit-apply", "orgkit-drift", "orgkit-plan"]


@every
def test_each_action_is_pinned_by_its_commit_and_says_its_version(file):
    used = re.findall(r"uses: (.*)", file.read_text())
    assert used
    assert [line for line in used if not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line)] == []


def test_an_action_has_one_commit_in_all_of_them():
    used = {use for file in ALL for use in re.findall(r"uses: (.*)", file.read_text())}
    assert len({use.partition("@")[0] for use in used}) == len(used)


@every
def test_nothing_that_somebody_typed_becomes_a_command(file):
    assert [step["name"] for step in steps(parsed(file)) if "${{" in step.get("run", "")] == []


@every
def test_each_script_is_one_that_bash_can_read(file):
    for step in steps(parsed(file)):
        done = subprocess.run(["bash", "-n"], input=step.get("run", ""), text=True, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr


@every
def test_no_key_and_no_secret_is_named(file):
    text = file.read_text()
    assert "secrets." not in text
    assert "aws-access-key-id" not in text
    assert re.findall(r"https?://", text) == []


@every
def test_none_runs_with_the_rights_of_this_repository_for_somebody_else(file):
    assert not {"pull_request_target", "workflow_run", "issue_comment"} & set(parsed(file)["on"])


@written
def test_a_job_has_the_rights_that_it_needs_and_no_others(file):
    workflow = parsed(file)
    assert workflow["permissions"] == {}
    (job,) = jobs(workflow)
    more = {"actions": "read"} if file == APPLY else {}
    assert job["permissions"] == {"contents": "read", "id-token": "write"} | more


def test_the_projects_own_tests_may_only_read():
    workflow = parsed(OWN)
    assert workflow["permissions"] == {"contents": "read"}
    assert [job for job in jobs(workflow) if "permissions" in job] == []


def test_the_projects_own_tests_run_on_every_python_that_it_runs_on():
    (job,) = jobs(parsed(OWN))
    pythons = job["strategy"]["matrix"]["python"]
    pyproject = (OWN.parents[2] / "pyproject.toml").read_text()
    assert pythons == re.findall(r"Programming Language :: Python :: (3\.\d+)", pyproject)
    assert job["steps"][-1]["run"] == "bash .ci/run"


@every
def test_a_checkout_leaves_no_token_behind(file):
    found = [step for step in steps(parsed(file)) if "actions/checkout@" in step.get("uses", "")]
    assert [step["with"] for step in found] == [{"persist-credentials": False}]


@every
def test_a_job_ends_and_does_not_meet_itself(file):
    workflow = parsed(file)
    assert workflow["concurrency"]["group"]
    assert all(0 < job["timeout-minutes"] <= 60 for job in jobs(workflow))


def test_an_apply_is_never_cut_short_by_the_next_one():
    assert parsed(APPLY)["concurrency"] == {"group": "orgkit-apply", "cancel-in-progress": False}


def test_a_pull_request_of_a_fork_gets_no_role():
    (job,) = jobs(parsed(PLAN))
    guard = "github.event.pull_request.head.repo.full_name == github.repository"
    assert job["if"] == f"github.event_name != 'pull_request' || {guard}"
    assert parsed(PLAN)["on"]["pull_request"] == {"paths": ["parameters/**"]}


def test_only_a_person_applies_behind_reviewers_and_only_what_was_merged():
    workflow = parsed(APPLY)
    (job,) = jobs(workflow)
    assert list(workflow["on"]) == ["workflow_dispatch"]
    assert job["environment"] == "org-apply"
    assert job["if"] == "github.ref == format('refs/heads/{0}', github.event.repository.default_branch)"


def test_what_only_plans_never_takes_the_role_that_applies():
    for file in (PLAN, DRIFT):
        assert [job["environment"] for job in jobs(parsed(file))] == ["org-plan"]
        assert "APPLY_ROLE" not in file.read_text()
        assert "orgkit run" not in file.read_text()
    assert "PLAN_ROLE" not in APPLY.read_text()


@written
def test_packages_are_installed_by_hash_and_before_there_are_credentials(file):
    names = [step["name"] for step in steps(parsed(file))]
    install = next(step for step in steps(parsed(file)) if "pip install" in step.get("run", ""))
    assert install["run"].startswith("python -m pip install --require-hashes --only-binary :all: ")
    assert names.index(install["name"]) < next(n for n, name in enumerate(names) if name.startswith("Take the role"))


@written
def test_credentials_last_an_hour_and_are_those_of_one_account(file):
    (taken,) = [step["with"] for step in steps(parsed(file)) if "configure-aws" in step.get("uses", "")]
    assert taken["role-duration-seconds"] == 3600
    assert taken["allowed-account-ids"] == "${{ vars.ORGKIT_ACCOUNT }}"
    assert taken["role-to-assume"].startswith("${{ vars.ORGKIT_")


def test_the_phases_that_can_be_chosen_are_those_that_change_something():
    from orgkit.phases import RUNBOOKS

    options = parsed(APPLY)["on"]["workflow_dispatch"]["inputs"]["phase"]["options"]
    assert options == [phase.number for phase in RUNBOOKS if phase.changes]


def test_records_are_kept_whatever_came_of_the_run():
    last = list(steps(parsed(APPLY)))[-2:]
    assert [step["if"] for step in last] == ["always() && steps.apply.outcome != 'skipped'", "always()"]
    assert last[0]["run"].startswith("orgkit records archive")
    assert last[1]["with"]["path"] == "outputs/"


def test_no_file_that_is_written_names_a_machine_or_a_registry():
    for file in (Path(OWN.parents[2]) / "orgkit" / "ci" / "github").iterdir():
        assert re.findall(r"pypi|/home/|localhost", file.read_text()) == []
