"""Somebody in AWS has named units and accounts in order to act: seen through the commands, and in the record."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bootstrap.project import Stage, new_project
from tests.runbook.hostile import HOSTILE, check_text, words_of

NAMES = [name for name in HOSTILE if len(name) < 128 and "/" not in name]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """An organization in which units and an account are named so, and nothing yet that the file asks for."""
    project = new_project(tmp_path_factory.mktemp("hostile") / "project")
    stage = Stage(project, throttling=False, empty_pages=0, finalizing_seconds=0, creation_seconds=(1, 1))
    with stage.sandbox:
        stage.begin("organization")
        aws = stage.client("organizations")
        root = aws.list_roots()["Roots"][0]["Id"]
        for name in NAMES:
            aws.create_organizational_unit(ParentId=root, Name=name)
        for name in HOSTILE[0], HOSTILE[4]:
            aws.create_account(AccountName=name, Email=f"a{len(name)}@example.com")
        stage.sandbox.sleep(5)
        yield stage


def test_a_plan_shows_such_names_as_text(stage: Stage) -> None:
    message = stage.project.orgkit("plan", stage.project.file, "units", code=3).stdout
    check_text(message)
    assert "<img src=x onerror=alert(1)>" in message
    assert "\N{REPLACEMENT CHARACTER}[2Jcleared" in message


def test_a_run_keeps_such_names_as_text_in_its_record(stage: Stage) -> None:
    done = stage.project.orgkit("run", stage.project.file, "units", code=3)
    check_text(done.stdout + done.stderr)
    (page,) = Path(stage.project.environment["ORGKIT_OUTPUTS"]).rglob("*-02-units-*/02-units.html")
    words = "".join(words_of(page))
    assert all(name in words for name in NAMES if name.isprintable())
    assert json.loads((page.parent / "result.json").read_text(encoding="utf-8"))["outcome"] == "awaiting approval"


def test_json_of_such_names_is_harmless_to_look_at_and_means_the_same(stage: Stage) -> None:
    message = stage.project.orgkit("plan", stage.project.file, "units", "--json", code=3).stdout
    check_text(message)
    (made,) = json.loads(message)["plans"]
    output = " ".join(made["unmanaged"])
    assert all(name in output for name in NAMES)


@pytest.mark.parametrize("arguments", [("plan",), ("plan", "--json"), ("run",), ("run", "--json")], ids=" ".join)
def test_an_account_that_passes_for_one_of_the_file_s_waits_for_a_decision_in_harmless_words(
    stage: Stage, arguments: tuple[str, ...]
) -> None:
    """Its tag says that it is ours, its email that it is not; and this would clear the screen and turn the line."""
    name = "\x1b[2J\u202egnp.exe"
    aws = stage.client("organizations")
    if not [account for account in aws.list_accounts()["Accounts"] if account["Name"] == name]:
        tags = [{"Key": "orgkit:key", "Value": "log-archive"}, {"Key": "\x1b[31m", "Value": "\u202e"}]
        aws.create_account(AccountName=name, Email=f"{name}@example.com", Tags=tags)
        stage.sandbox.sleep(5)
    command, *options = arguments
    # The other accounts are planned; a run stops, since 02 comes first.
    done = stage.project.orgkit(command, stage.project.file, "accounts", *options, code=3 if command == "plan" else 1)
    check_text(done.stdout)
    check_text(done.stderr)
    outputs = Path(stage.project.environment["ORGKIT_OUTPUTS"])
    if command == "plan":
        assert all(word in done.stdout for word in ("log-archive", "gnp.exe"))
    else:
        assert list(outputs.rglob("*-03-accounts-*/*.html"))
    assert all(str(path.relative_to(outputs)).isascii() for path in outputs.rglob("*"))
    for page in outputs.rglob("*-03-accounts-*/*.html"):
        assert "gnp.exe" in "".join(words_of(page))
    for file in outputs.rglob("*-03-accounts-*/*.json*"):
        check_text(file.read_text(encoding="utf-8"))
    for notebook in outputs.rglob("*-03-accounts-*/*.ipynb"):
        cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
        assert not [cell for cell in cells if "gnp.exe" in "".join(cell["source"])]
