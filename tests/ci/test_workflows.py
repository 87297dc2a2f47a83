"""What must hold of every workflow: pinned, with the fewest rights, without keys, and deaf to what others typed."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.ci.workflows import OWN, RELEASE, WRITTEN, jobs, parsed, steps

ALL = [OWN, RELEASE, *WRITTEN]
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
    more = {"actions": "read", "pull-requests": "read"} if file == APPLY else {}
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


def test_a_release_gives_each_job_the_rights_that_it_needs_and_no_others():
    workflow = parsed(RELEASE)
    assert workflow["permissions"] == {}
    assert {name: job["permissions"] for name, job in workflow["jobs"].items()} == {
        "build": {"contents": "read"},
        "attest": {"id-token": "write", "attestations": "write"},
        "publish": {"id-token": "write"},
    }


def test_a_release_is_built_from_a_tag_by_a_job_that_cannot_publish():
    workflow = parsed(RELEASE)
    assert workflow["on"] == {"push": {"tags": ["v*"]}}
    assert [job.get("needs") for job in jobs(workflow)] == [None, "build", "attest"]
    build, *others = jobs(workflow)
    assert [step["name"] for job in others for step in job["steps"] if "run" in step] == []
    scripts = " ".join(step.get("run", "") for step in build["steps"])
    assert all(part in scripts for part in ("make check", 'test "$TAG" = "v$version"', "tests.supply.sbom"))
    assert [job["environment"] for job in jobs(workflow) if "environment" in job] == ["pypi"]


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


def test_a_reviewer_sees_phase_digest_and_file_before_the_run_is_let_through():
    name = parsed(APPLY)["run-name"]
    for expression in ("inputs.phase", "inputs.digest", "inputs.file || vars.ORGKIT_FILE"):
        assert f"${{{{ {expression} }}}}" in name


@written
def test_each_name_of_a_file_is_checked_before_there_are_credentials(file):
    """Every variable that holds one is given to the check, and nothing takes such a name but from a variable."""
    scripts = [step.get("run", "") for step in steps(parsed(file))]
    checked = next(number for number, script in enumerate(scripts) if "orgkit ci check-inputs" in script)
    taken = next(n for n, step in enumerate(steps(parsed(file))) if "configure-aws" in step.get("uses", ""))
    assert checked < taken
    assert '-- "${ORGKIT_FILE:?' in scripts[checked]
    if file == APPLY:
        assert '--approval "$APPROVAL"' in scripts[checked]
        assert '--phase "$PHASE" --plan-run "$PLAN_RUN"' in scripts[checked]
    typed = set(re.findall(r"inputs\.(\w+)", file.read_text()))
    assert typed <= {"phase", "digest", "plan_run", "file", "approval", "ticket"}  # another one needs its own check
    used = {value for step in steps(parsed(file)) for value in step.get("with", {}).values()}
    assert {value for value in used if "inputs." in str(value)} <= {"${{ inputs.plan_run }}"}


def test_an_artifact_is_unpacked_outside_the_checkout_and_its_plan_alone_is_applied():
    names = [step["name"] for step in steps(parsed(APPLY))]
    (download,) = [step for step in steps(parsed(APPLY)) if "download-artifact" in step.get("uses", "")]
    assert download["with"]["path"] == "${{ runner.temp }}/orgkit-plans"
    take = next(step for step in steps(parsed(APPLY)) if "orgkit ci take-plan" in step.get("run", ""))
    assert '--artifact "$RUNNER_TEMP/orgkit-plans" --to "$RUNNER_TEMP/orgkit-plan"' in take["run"]
    users = [step["name"] for step in steps(parsed(APPLY)) if "orgkit-plans" in step.get("run", "")]
    assert users == [take["name"]]
    (apply,) = [step for step in steps(parsed(APPLY)) if step.get("id") == "apply"]
    assert '--plan-file "$RUNNER_TEMP/orgkit-plan/plan.json"' in apply["run"]
    check = next(step["name"] for step in steps(parsed(APPLY)) if "check-inputs" in step.get("run", ""))
    order = [check, download["name"], take["name"], "Take the role orgkit-apply", apply["name"]]
    assert sorted(order, key=names.index) == order


def test_records_of_earlier_runs_come_before_the_chain_of_the_archive_and_before_the_apply():
    scripts = [step.get("run", "") for step in steps(parsed(APPLY))]
    order = ("orgkit ci fetch-records", "orgkit records archive", "orgkit run")
    places = [next(number for number, script in enumerate(scripts) if command in script) for command in order]
    assert places == sorted(places)


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
    from orgkit.phases.registry import RUNBOOKS

    options = parsed(APPLY)["on"]["workflow_dispatch"]["inputs"]["phase"]["options"]
    assert options == [
        phase.number
        for phase in RUNBOOKS
        if phase.changes and phase.label not in ("policy-removal", "emails", "offboarding")
    ]


def test_records_are_kept_whatever_came_of_the_run():
    last = list(steps(parsed(APPLY)))[-2:]
    assert [step["if"] for step in last] == ["always() && steps.apply.outcome != 'skipped'", "always()"]
    assert last[0]["run"].startswith("orgkit records archive")
    assert last[1]["with"]["path"] == "outputs/"
    (job,) = jobs(parsed(APPLY))
    (apply,) = [step for step in job["steps"] if step.get("id") == "apply"]
    assert apply["timeout-minutes"] < job["timeout-minutes"]  # a job that is cut short keeps nothing


def test_no_file_that_is_written_names_a_machine_or_a_registry():
    for file in (Path(OWN.parents[2]) / "orgkit" / "ci" / "github").iterdir():
        assert re.findall(r"pypi|/home/|localhost", file.read_text()) == []
