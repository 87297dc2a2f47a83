"""Somebody in AWS has named units and accounts in order to act: seen through the commands, and in the record."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.road.project import Stage, new_project
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
    said = stage.project.orgkit("plan", stage.project.file, "units", code=3).stdout
    check_text(said)
    assert "<img src=x onerror=alert(1)>" in said
    assert "\N{REPLACEMENT CHARACTER}[2Jcleared" in said


def test_a_run_keeps_such_names_as_text_in_its_record(stage: Stage) -> None:
    done = stage.project.orgkit("run", "units", stage.project.file, code=3)
    check_text(done.stdout + done.stderr)
    (page,) = Path(stage.project.environment["ORGKIT_OUTPUTS"]).rglob("*-02-units-*/02-units.html")
    words = "".join(words_of(page))
    assert all(name in words for name in NAMES if name.isprintable())
    assert json.loads((page.parent / "result.json").read_text(encoding="utf-8"))["outcome"] == "awaiting approval"
