"""A workflow takes files that are in the commit, ordinary and unaltered, and in their folder: whatever was typed."""

import json
import subprocess
from pathlib import Path

import pytest

from orgkit.ci.checkout import check_files, files_of
from orgkit.ci.workflow_runs import Workflows
from orgkit.errors import WorkflowRefused
from orgkit.phases.registry import phase_of

FILE, APPROVAL = "parameters/acme.toml", "approvals/ada.json"
UNITS = phase_of("02")


def git(folder: Path, *arguments: str) -> None:
    name = ("-c", "user.name=ann", "-c", "user.email=ann@example.com")
    subprocess.run(["git", *name, "-C", folder, *arguments], check=True, capture_output=True)


def commit(folder: Path) -> None:
    git(folder, "add", "-A", "-f")
    git(folder, "commit", "-q", "-m", "x")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    return new_checkout(tmp_path)


@pytest.fixture(scope="module")
def unaltered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """For the tests that change nothing in it."""
    return new_checkout(tmp_path_factory.mktemp("unaltered"))


def new_checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "checkout"
    for name in (FILE, APPROVAL, f"runbooks/{UNITS.runbook}", "parameters/teams/a b.toml", "outputs/README.md"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("x")
    (tmp_path / "outside.toml").write_text("evil")
    git(folder, "init", "-q")
    commit(folder)
    return folder


def refusal(folder: Path, file: str = FILE, approval: str = "") -> str:
    with pytest.raises(WorkflowRefused) as refused:
        check_files(folder, file, approval, UNITS)
    return refused.value.reason


def test_a_file_that_is_tracked_under_parameters_is_taken(unaltered: Path) -> None:
    check_files(unaltered, FILE, APPROVAL, UNITS)
    check_files(unaltered, "parameters/teams/a b.toml")


@pytest.mark.parametrize(
    "name",
    [
        "", ".", "/", "parameters", "parameters/", "acme.toml", "README.md", "plan/x/acme.toml", "outputs/README.md",
        "runbooks/02-units.ipynb", "/etc/passwd", "../outside.toml", "parameters/../parameters/acme.toml",
        "parameters/../../outside.toml", "./parameters/acme.toml", "parameters//acme.toml", "parameters/./acme.toml",
        "parameters/acme.toml/", "parameters/acme.toml\n", "parameters/acme.toml\0", "parameters\\acme.toml",
        "PARAMETERS/acme.toml", "parameters/ACME.toml", "parameters/*.toml", ":(glob)parameters/*",
        ":/parameters/acme.toml",
        "parameters/acme.toml\u200b", "parameters/none.toml", "--parameters/acme.toml", "-C", "~/acme.toml",
        "$(touch x)", "parameters/$(touch x)", "parameters/acme.toml; touch x", ".git/config", "parameters/\udcff.toml",
    ],
)  # fmt: skip
def test_any_other_name_is_refused(unaltered: Path, name: str) -> None:
    assert refusal(unaltered, name)
    if name:
        assert refusal(unaltered, FILE, name)
    assert not (unaltered / "x").exists()


def test_an_approval_lies_under_approvals_or_parameters(checkout: Path) -> None:
    check_files(checkout, FILE, FILE)
    (checkout / "ada.json").write_text("x")
    commit(checkout)
    assert "under approvals/ or parameters/" in refusal(checkout, FILE, "ada.json")


@pytest.mark.parametrize("is_tracked", [True, False])
@pytest.mark.parametrize("target", ["acme.toml", "../outside.toml", "../../outside.toml"])
def test_a_symbolic_link_is_refused_wherever_it_leads(checkout: Path, target: str, is_tracked: bool) -> None:
    (checkout / "parameters" / "link.toml").symlink_to(target)
    if is_tracked:
        commit(checkout)
    assert ("symbolic link" if is_tracked else "not in the commit") in refusal(checkout, "parameters/link.toml")


def test_no_link_next_to_the_file_is_taken_for_its_price_book_or_key(checkout: Path) -> None:
    (checkout / "parameters" / "prices.toml").symlink_to("../../outside.toml")
    commit(checkout)
    assert "'parameters/prices.toml' is a symbolic link" in refusal(checkout)


@pytest.mark.parametrize("folder", ["parameters", "approvals", "runbooks"])
def test_a_folder_that_is_a_symbolic_link_is_refused(checkout: Path, folder: str) -> None:
    (checkout / folder).rename(checkout.parent / folder)
    (checkout / folder).symlink_to(checkout.parent / folder)
    assert refusal(checkout, FILE, APPROVAL)
    commit(checkout)
    assert refusal(checkout, FILE, APPROVAL)


def test_a_folder_that_became_a_symbolic_link_to_the_same_files_is_refused(checkout: Path) -> None:
    (checkout / "parameters" / "teams").rename(checkout / "teams")
    (checkout / "parameters" / "teams").symlink_to("../teams")
    assert "symbolic link" in refusal(checkout, "parameters/teams/a b.toml")


def test_a_submodule_and_a_folder_are_no_files(checkout: Path) -> None:
    nested = checkout / "parameters" / "module"
    nested.mkdir()
    git(nested, "init", "-q")
    (nested / "a").write_text("x")
    commit(nested)
    git(checkout, "add", "parameters/module")
    git(checkout, "commit", "-q", "-m", "x")
    assert "submodule" in refusal(checkout, "parameters/module")
    assert "a folder" in refusal(checkout, "parameters/teams")
    assert refusal(checkout, "parameters/module/a")


@pytest.mark.parametrize("name", [FILE, APPROVAL, f"runbooks/{UNITS.runbook}"])
def test_a_file_that_was_altered_since_the_checkout_is_refused(checkout: Path, name: str) -> None:
    (checkout / name).write_text("evil")
    assert f"'{name}' is not as in the commit" in refusal(checkout)
    (checkout / name).unlink()
    assert refusal(checkout)


@pytest.mark.parametrize(
    "name", ["parameters/prices.toml", "runbooks/orgkit.py", "runbooks/.hidden", "approvals/b.json"]
)
@pytest.mark.parametrize("is_ignored", [True, False])
def test_a_file_that_came_after_the_checkout_is_refused(checkout: Path, name: str, is_ignored: bool) -> None:
    if is_ignored:
        (checkout / ".gitignore").write_text(f"/{name}\n")
        commit(checkout)
    (checkout / name).write_text("x")
    assert f"'{name}' is not as in the commit" in refusal(checkout)


def test_a_runbook_that_the_commit_does_not_have_is_refused(checkout: Path) -> None:
    git(checkout, "rm", "-q", f"runbooks/{UNITS.runbook}")
    commit(checkout)
    assert "runbook 'runbooks/02-units.ipynb' is not in the commit" in refusal(checkout)


@pytest.mark.parametrize(
    "name", ["parameters/runbooks/02-units.ipynb", "parameters/outputs/x", "parameters/teams/outputs/x"]
)
def test_no_folder_under_parameters_takes_the_place_of_the_project(checkout: Path, name: str) -> None:
    (checkout / name).parent.mkdir(parents=True)
    (checkout / name).write_text("x")
    commit(checkout)
    assert "would take the place of" in refusal(checkout, "parameters/teams/a b.toml")


def test_a_folder_that_is_no_checkout_is_refused(tmp_path: Path) -> None:
    (tmp_path / "parameters").mkdir()
    (tmp_path / FILE).write_text("x")
    assert "git" in refusal(tmp_path)


WITH_KEYS = """
[approval.approvers]
ada = "ada.pub"
grace = { key = "../keys/grace.pub", arn = "arn:aws:iam::999999999999:user/grace" }
mary = "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
[records]
public_key = "../keys/records.pub"
"""
KEYS = ("parameters/ada.pub", "keys/grace.pub", "keys/records.pub")


@pytest.fixture
def with_keys(checkout: Path) -> Path:
    (checkout / "keys").mkdir()
    for name in KEYS:
        (checkout / name).write_text("a key")
    (checkout / FILE).write_text(WITH_KEYS)
    commit(checkout)
    return checkout


def test_the_files_of_a_job_are_also_those_that_its_parameters_file_names(with_keys: Path) -> None:
    """What the default branch may not have changed since an old run: whose keys approve is what was merged last."""
    check_files(with_keys, FILE, APPROVAL, UNITS)
    taken = files_of(with_keys, FILE, APPROVAL, UNITS)
    assert set(taken) == {FILE, APPROVAL, f"runbooks/{UNITS.runbook}", "parameters/prices.csv", *KEYS}
    for name in (*KEYS, "parameters/prices.csv"):
        with pytest.raises(WorkflowRefused, match="the default branch has changed"):
            workflows_after_change(name).check_commit(taken)
    workflows_after_change("keys/another.pub").check_commit(taken)


def workflows_after_change(name: str) -> Workflows:
    answer = {"default_branch": "main", "status": "ahead", "files": [{"filename": name}]}
    return Workflows("acme/runbooks", "main", "a" * 40, lambda _: json.dumps(answer).encode())


@pytest.mark.parametrize("name", KEYS)
@pytest.mark.parametrize("change", ["altered", "removed from the commit", "a link"])
def test_a_key_that_is_not_an_ordinary_unaltered_file_of_the_commit_is_refused(
    with_keys: Path, name: str, change: str
) -> None:
    key = with_keys / name
    if change == "altered":
        key.write_text("another key")
    elif change == "removed from the commit":
        git(with_keys, "rm", "-q", "--cached", name)
        git(with_keys, "commit", "-q", "-m", "x")
    else:
        key.unlink()
        key.symlink_to(with_keys.parent / "outside.toml")
        commit(with_keys)
    assert refusal(with_keys)


@pytest.mark.parametrize("path", ["../../outside.toml", "/etc/hostname", "~/ada.pub", "../.git/config"])
def test_a_key_outside_the_commit_is_refused(checkout: Path, path: str) -> None:
    (checkout / FILE).write_text(f'[approval.approvers]\nada = "{path}"\n')
    commit(checkout)
    reason = refusal(checkout)
    assert "lies outside the repository" in reason or "is not in the commit" in reason
