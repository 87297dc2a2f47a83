"""Terraform's plan of a hand-over: what it must not do, why it was not made, and that the folder stays as it is."""

import json
import os
import shutil
import signal
import stat
import time
from pathlib import Path
from typing import Any

import pytest

from orgkit.handover import plan_check
from orgkit.handover.addresses import Changes
from orgkit.handover.configuration import Configuration
from orgkit.handover.plan_check import PlanCheck, check_plan
from orgkit.handover.tools import TERRAFORM

ACCOUNT = 'aws_organizations_account.accounts["till"]'
CONFIGURATION = Configuration(
    "o-1", TERRAFORM, {"providers.tf": 'alias = "log_archive"'}, {("aws_organizations_account", "1"): ACCOUNT}, (), (),
    Changes({}),
)  # fmt: skip
PROGRAM = """#!/bin/sh
env > {seen}/environment
ls -a > {seen}/files
echo "$@" >> {seen}/commands
{script}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "handed over"
    folder.mkdir()
    for name in ("providers.tf", "own.tf", "terraform.tfstate"):
        (folder / name).write_text(name, encoding="utf-8")
    (folder / ".terraform").mkdir()
    return folder


def check(folder: Path, monkeypatch: Any, *changes: dict[str, Any], script: str = "", endpoint: str = "") -> PlanCheck:
    """Check with a program that plans these changes."""
    programs = folder.parent / "programs"
    programs.mkdir()
    plan = folder.parent / "plan.json"
    plan.write_text(json.dumps({"resource_changes": changes}), encoding="utf-8")
    program = programs / "terraform"
    show = f'case "$1" in show) cat "{plan}";; esac'
    program.write_text(PROGRAM.format(seen=folder.parent, script=script or show), encoding="utf-8")
    program.chmod(stat.S_IRWXU)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    return check_plan(folder, CONFIGURATION, endpoint or None)


def change(address: str, *actions: str, **more: Any) -> dict[str, Any]:
    return {"address": address, "mode": "managed", "change": {"actions": actions, **more}}


def test_a_plan_that_imports_alone_passes_and_the_folder_stays_as_it_is(folder, monkeypatch):
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    result = check(folder, monkeypatch, change(ACCOUNT, "no-op", importing={"id": "1"}), change("aws_x.y", "forget"))
    assert (result.problems, result.unchecked) == ((), "")
    assert result.sentence == "Terraform's plan: 1 to import, 0 to add, 0 to change, 0 to destroy; 0 unchanged"
    assert before == {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    commands = (folder.parent / "commands").read_text().splitlines()
    assert [line.split()[0] for line in commands] == ["init", "plan", "show"]
    assert "-lock=false" in commands[1]
    assert ".terraform" not in (folder.parent / "files").read_text().splitlines()


def test_terraform_calls_aws_where_orgkit_does(folder, monkeypatch):
    monkeypatch.setenv("TF_DATA_DIR", str(folder))
    check(folder, monkeypatch, endpoint="http://127.0.0.1:5000")
    settings = (folder.parent / "environment").read_text().splitlines()
    assert "AWS_ENDPOINT_URL=http://127.0.0.1:5000" in settings
    assert not any(line.startswith(f"TF_DATA_DIR={folder}") for line in settings)
    assert plan_check.OVERRIDE in (folder.parent / "files").read_text().splitlines()
    assert not (folder / plan_check.OVERRIDE).exists()


def test_a_plan_that_replaces_or_destroys_anything_does_not_pass(folder, monkeypatch):
    result = check(folder, monkeypatch, change(ACCOUNT, "delete", "create"), change("aws_s3_bucket.own", "delete"))
    assert result.problems == (f"it would replace {ACCOUNT}", "it would destroy aws_s3_bucket.own")


def test_what_was_handed_over_must_not_change_and_what_a_person_added_may(folder, monkeypatch):
    values = {"before": {"name": "a", "email": "x"}, "after": {"name": "b", "email": "x"}}
    result = check(
        folder, monkeypatch, change(ACCOUNT, "update", **values), change("aws_s3_bucket.own", "update"),
        change("aws_s3_bucket.other", "create"),
    )  # fmt: skip
    assert result.problems == (f"it would update {ACCOUNT} (name)",)


def test_without_terraform_nothing_is_checked_and_the_command_is_named(folder, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda _: None)
    result = check_plan(folder, CONFIGURATION, None)
    assert result.sentence == "not checked by Terraform: Terraform is not installed here"
    assert result.command == f"terraform -chdir='{folder}' init && terraform -chdir='{folder}' plan"


ERROR = """cat >&2 <<'END'
╷
│ Warning: Something else
╵
╷
│ Error: Instance cannot be destroyed
│
│   on 03-accounts.tf line 3:
│    3: resource
│
│ More.
╵
END
exit 1"""


@pytest.mark.parametrize("command", ["init", "plan"])
def test_the_error_of_terraform_is_named(folder, monkeypatch, command):
    result = check(folder, monkeypatch, script=f'if [ "$1" = {command} ]; then\n{ERROR}\nfi')
    message = "Error: Instance cannot be destroyed on 03-accounts.tf line 3: 3: resource"
    if command == "init":
        assert (result.unchecked, result.problems) == (f"`terraform init` failed: {message}", ())
    else:
        assert (result.unchecked, result.problems) == ("", (f"there is no plan: {message}",))


def test_terraform_and_its_plugins_end_when_they_take_too_long(folder, monkeypatch):
    monkeypatch.setattr(plan_check, "INIT_SECONDS", 0.3)
    result = check(folder, monkeypatch, script=f"sleep 60 & echo $! > {folder.parent}/plugin; wait")
    assert "has not ended" in result.unchecked
    plugin = int((folder.parent / "plugin").read_text())
    for _ in range(100):
        if _has_ended(plugin):
            return
        time.sleep(0.02)
    os.kill(plugin, signal.SIGKILL)
    raise AssertionError("the plugin goes on")


def _has_ended(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True
