"""A plan comes from what was merged or reviewed, and records from runs of merged workflow files."""

import json
from typing import Any

import pytest

from orgkit.ci.workflow_runs import Workflows, run_gh
from orgkit.errors import WorkflowRefused

REPOSITORY, COMMIT, HEAD, DIGEST = "acme/runbooks", "a" * 40, "b" * 40, "d" * 64
OWN = {"full_name": REPOSITORY}
FORK = {"full_name": "eve/runbooks"}
RUN = {
    "id": 7, "path": ".github/workflows/orgkit-plan.yml", "event": "pull_request", "head_sha": HEAD,
    "head_branch": "change", "conclusion": "success", "repository": OWN, "head_repository": OWN,
}  # fmt: skip
APPLY = RUN | {
    "path": ".github/workflows/orgkit-apply.yml", "event": "workflow_dispatch", "head_branch": "main",
    "display_title": f"orgkit apply: phase 03, {DIGEST}, parameters/acme.toml", "conclusion": "failure",
}  # fmt: skip
PULL = {
    "number": 3, "merged_at": "2026-11-28T10:00:00Z", "head": {"sha": HEAD, "repo": OWN},
    "base": {"ref": "main", "repo": OWN},
}  # fmt: skip
RITA, BOB, BOT = (
    {"login": login, "type": kind} for login, kind in (("rita", "User"), ("bob", "User"), ("x[bot]", "Bot"))
)
REVIEW = {"state": "APPROVED", "commit_id": HEAD, "user": RITA}


def check(run: dict[str, Any] | None, status: str | None = "diverged", pull: Any = None, reviews: Any = ()) -> None:
    answers = {
        "actions/runs/7": run,
        f"compare/{HEAD}...{COMMIT}": {"status": status},
        f"commits/{HEAD}/pulls": [pull] if pull else [],
        "pulls/3/reviews": reviews,
        "collaborators/rita/permission": {"permission": "write"},
        "collaborators/bob/permission": {"permission": "read"},
        "collaborators/eve/permission": None,
    }

    def request(path: str) -> bytes | None:
        answer = answers[path.removeprefix(f"repos/{REPOSITORY}/").partition("?")[0]]
        return None if answer is None else json.dumps(answer).encode()

    Workflows(REPOSITORY, "main", COMMIT, request).check_plan_run("7")


def check_reviewed(pull: dict[str, Any], *reviews: dict[str, Any]) -> None:
    check(RUN, pull=pull, reviews=reviews)


def check_commit(status: str | None, *changes: dict[str, str], default: str = "main", branch: str = "main") -> None:
    answers = {
        f"repos/{REPOSITORY}": {"default_branch": default},
        f"repos/{REPOSITORY}/compare/{COMMIT}...{branch}": {"status": status, "files": changes},
    }
    workflows = Workflows(REPOSITORY, branch, COMMIT, lambda path: json.dumps(answers[path]).encode())
    workflows.check_commit(["parameters/acme.toml", "runbooks/03-accounts.ipynb"])


def test_a_commit_of_the_default_branch_is_taken_while_its_files_are_those_of_the_branch() -> None:
    check_commit("identical")
    check_commit("ahead", {"filename": "README.md"}, {"filename": "parameters/other.toml"})


@pytest.mark.parametrize(
    "change",
    [
        {"filename": "parameters/acme.toml"},
        {"filename": "runbooks/03-accounts.ipynb"},
        {"filename": "parameters/renamed.toml", "previous_filename": "parameters/acme.toml"},
    ],
)
def test_an_old_run_whose_files_were_replaced_is_not_run_again(change: dict[str, str]) -> None:
    with pytest.raises(WorkflowRefused, match="has changed since"):
        check_commit("ahead", {"filename": "README.md"}, change)


def test_more_changes_than_github_lists_may_be_any() -> None:
    with pytest.raises(WorkflowRefused, match="has changed since"):
        check_commit("ahead", *({"filename": f"{number}.md"} for number in range(300)))


@pytest.mark.parametrize("status", ["diverged", "behind", None])
def test_a_commit_that_is_not_of_the_default_branch_is_refused(status: str | None) -> None:
    with pytest.raises(WorkflowRefused, match="not one of the default branch"):
        check_commit(status)
    with pytest.raises(WorkflowRefused, match="not one of the default branch"):
        check_commit("identical", default="trunk")


@pytest.mark.parametrize("status", ["ahead", "identical"])
@pytest.mark.parametrize("path", [RUN["path"], f"{RUN['path']}@main"])
def test_a_plan_of_a_merged_commit_is_taken(status: str, path: str) -> None:
    check(RUN | {"path": path}, status)
    check(RUN | {"event": "workflow_dispatch"}, status)


@pytest.mark.parametrize("status", ["behind", "diverged", "", None])
def test_a_plan_of_a_commit_that_was_not_merged_is_refused(status: str) -> None:
    with pytest.raises(WorkflowRefused, match="is not in main"):
        check(RUN, status)


@pytest.mark.parametrize(
    "change",
    [
        {"path": ".github/workflows/other.yml"},
        {"path": ".github/workflows/orgkit-plan.yml.yml"},
        {"path": "x/.github/workflows/orgkit-plan.yml"},
        {"path": None},
        {"event": "push"},
        {"event": "pull_request_target"},
        {"event": None},
        {"head_repository": FORK},
        {"head_repository": None},
        {"repository": FORK},
        {"conclusion": "failure"},
        {"conclusion": None},
        {"head_sha": "main"},
        {"head_sha": None},
        {"head_sha": f"{HEAD}...x"},
    ],
)
def test_any_other_run_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(WorkflowRefused):
        check(RUN | change, "identical")


@pytest.mark.parametrize("number", ["", "../7", "7?x", "-7", "7\n", "٧", "9" * 21])
def test_what_is_no_number_of_a_run_is_not_asked_for(number: str) -> None:
    with pytest.raises(WorkflowRefused, match="there is no run"):
        Workflows(REPOSITORY, "main", COMMIT, lambda path: pytest.fail(path)).check_plan_run(number)


def test_a_run_that_is_not_there_is_refused() -> None:
    with pytest.raises(WorkflowRefused, match="there is no run '7'"):
        check(None)


def test_a_plan_of_a_reviewed_head_whose_pull_request_was_squashed_is_taken() -> None:
    check_reviewed(PULL, REVIEW)
    check_reviewed(PULL, REVIEW | {"state": "CHANGES_REQUESTED"}, REVIEW)
    check_reviewed(PULL, REVIEW, REVIEW | {"state": "COMMENTED"})
    check_reviewed(PULL, REVIEW | {"commit_id": COMMIT, "user": BOB}, REVIEW)


@pytest.mark.parametrize(
    "change",
    [
        {"merged_at": None},
        {"head": {"sha": COMMIT, "repo": OWN}},  # commits came after the one that was planned
        {"head": {"sha": HEAD, "repo": FORK}},
        {"head": {"sha": HEAD, "repo": None}},
        {"base": {"ref": "other", "repo": OWN}},
        {"base": {"ref": "main", "repo": FORK}},
    ],
)
def test_a_head_of_another_pull_request_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(WorkflowRefused, match="is not in main"):
        check_reviewed(PULL | change, REVIEW)


@pytest.mark.parametrize(
    "reviews",
    [
        [],
        [REVIEW | {"commit_id": COMMIT}],  # approved before the last push
        [REVIEW | {"state": "COMMENTED"}],
        [REVIEW | {"user": BOB}],  # who may read, and so review
        [REVIEW | {"user": BOT}],
        [REVIEW | {"user": {"login": "eve", "type": "User"}}],
        [REVIEW | {"user": {"login": "../rita", "type": "User"}}],
        [REVIEW | {"user": None}],
        [REVIEW, REVIEW | {"state": "CHANGES_REQUESTED"}],
        [REVIEW, REVIEW | {"state": "DISMISSED"}],
    ],
)
def test_a_head_that_nobody_has_approved_is_refused(reviews: list[dict[str, Any]]) -> None:
    with pytest.raises(WorkflowRefused, match="is not in main"):
        check_reviewed(PULL, *reviews)


def archives(*runs: dict[str, Any], names: tuple[str, ...] = ("orgkit-records-7-1",), status: str = "identical") -> Any:
    listed = [{"id": number, "name": name} for number, name in enumerate(names, 1)]

    def request(path: str) -> bytes:
        answers = {"artifacts?": {"artifacts": listed}, "runs?": {"workflow_runs": runs}, "compare": {"status": status}}
        return next((json.dumps(answer).encode() for part, answer in answers.items() if part in path), path.encode())

    return list(Workflows(REPOSITORY, "main", COMMIT, request).record_archives(DIGEST))


def test_records_of_earlier_attempts_are_found_by_the_title_of_their_runs() -> None:
    names = ("orgkit-records-7-1", "orgkit-records-7-2", "orgkit-plans", "orgkit-records-8-1", "orgkit-records-7-1x")
    assert archives(APPLY, names=names) == [
        ("orgkit-records-7-2", f"repos/{REPOSITORY}/actions/artifacts/2/zip".encode()),
        ("orgkit-records-7-1", f"repos/{REPOSITORY}/actions/artifacts/1/zip".encode()),
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"display_title": f"orgkit apply: phase 03, {'e' * 64}, parameters/acme.toml"},
        {"path": ".github/workflows/orgkit-plan.yml"},
        {"head_branch": "change"},
        {"event": "push"},
        {"head_repository": FORK},
    ],
)
def test_records_of_other_runs_are_left(change: dict[str, Any]) -> None:
    assert archives(APPLY | change) == []


def test_records_of_a_workflow_file_that_was_never_merged_are_left() -> None:
    """A tag may be called as the default branch is, and may hold any file."""
    assert archives(APPLY, status="diverged") == []


def test_outside_a_job_nothing_is_asked() -> None:
    right = {"GITHUB_REPOSITORY": REPOSITORY, "GITHUB_REF_NAME": "main", "GITHUB_SHA": COMMIT}
    assert Workflows.from_environment(right) == Workflows(REPOSITORY, "main", COMMIT)
    for wrong in ({"GITHUB_SHA": ""}, {"GITHUB_REPOSITORY": "acme/../x/y"}, {"GITHUB_REF_NAME": ""}):
        with pytest.raises(WorkflowRefused):
            Workflows.from_environment(right | wrong)


def test_an_answer_that_is_no_json_is_refused() -> None:
    with pytest.raises(WorkflowRefused, match="not JSON"):
        Workflows(REPOSITORY, "main", COMMIT, lambda path: b"<html>").check_plan_run("7")


@pytest.mark.parametrize(
    ("script", "expected"), [("printf ok", b"ok"), ("echo 'gh: Not Found (HTTP 404)' >&2; exit 1", None)]
)
def test_gh_answers_or_has_no_such_resource(tmp_path, monkeypatch, script: str, expected: bytes | None) -> None:
    (tmp_path / "gh").write_text(f"#!/bin/sh\n{script}\n")
    (tmp_path / "gh").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert run_gh("x") == expected


def test_a_failure_of_gh_is_no_answer(tmp_path, monkeypatch) -> None:
    (tmp_path / "gh").write_text("#!/bin/sh\necho 'HTTP 502' >&2; exit 1\n")
    (tmp_path / "gh").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    with pytest.raises(WorkflowRefused, match="502"):
        run_gh("x")
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(WorkflowRefused, match="cannot be asked"):
        run_gh("x")
