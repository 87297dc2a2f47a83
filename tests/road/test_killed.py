"""A phase killed at its worst moment, or stopped by a signal, and run again under the same approval."""

import hashlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.road.project import BIN, NESTED, Project, Stage, before, new_project

KILLED_AFTER = [
    ("organization", "CreateOrganization"),
    ("organization", "enable policy type TAG_POLICY in the organization root"),
    ("organization", "EnableRootFeature"),
    ("units", "create organizational unit Shops/Online"),
    ("accounts", "CreateAccount"),
    ("accounts", "move account payroll to Back Office"),
    ("accounts", "CreateReadRole"),
    ("imports", "InviteAccount"),
    ("imports", "AcceptInvitation"),
    ("imports", "MakeManageable"),
    ("trail", "CreateBucket"),
    ("trail", "CreateKey"),
    ("trail", "CreateTrail"),
    ("trail", "StartLogging"),
]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Six accounts: more than AWS works on at once."""
    return new_project(tmp_path_factory.mktemp("killed") / "project", NESTED)


@pytest.mark.parametrize(("phase", "step"), KILLED_AFTER, ids=[f"{p}-{s.split()[-1]}" for p, s in KILLED_AFTER])
def test_a_killed_phase_goes_on_under_the_same_approval(stage: Stage, phase: str, step: str) -> None:
    stage.begin(*before(phase))
    digest = stage.plan(phase).digest
    keep(stage, phase, digest)
    killed = stage.project.phase(phase, digest, more=("--stop-after", step), code=7)
    assert killed["outcome"] == "interrupted"
    assert (Path(killed["record"]) / "manifest.json").exists()
    assert intents(killed)[-1]["event"] == "answer", "it was killed before its first change"

    left = len(stage.plan(phase).steps)
    again = stage.project.phase(phase, digest, code=8 if phase == "imports" else 0)
    assert again["ended"] == ({"done": left} if left else {})
    assert stage.doubles() == []
    assert stage.plan(phase).empty
    if left:
        first, second = (Path(each["record"]) for each in (killed, again))
        assert (first / "plan.json").read_bytes() == (second / "plan.json").read_bytes()
        assert hashlib.sha256((second / "plan.json").read_bytes()).hexdigest() == digest
        assert len(json.loads((second / "remainder.json").read_text())["steps"]) == left
        assert again["approval"]["plan_sha256"] == digest


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """An AWS whose clock runs as clocks do, and that takes a few seconds for an account."""
    project = new_project(tmp_path_factory.mktemp("signalled") / "project")
    stage = Stage(project, real_time=True, creation_seconds=(4, 5), role_seconds=0)
    with stage.sandbox:
        yield stage


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_aws_makes_accounts_ends_the_phase_and_it_goes_on_later(slow: Stage, number: int) -> None:
    slow.begin("organization", "units")
    digest = slow.plan("accounts").digest
    keep(slow, "accounts", digest)
    command = [str(BIN / "orgkit"), "run", "03", str(slow.project.file), "--approved-plan", digest, "--json"]
    running = subprocess.Popen(
        command, cwd=slow.project.folder, env=slow.project.environment, stdout=subprocess.PIPE, text=True,
        process_group=0,
    )  # fmt: skip
    until = time.monotonic() + 60
    while slow.changes().count("organizations:CreateAccount") < 2:
        assert time.monotonic() < until
        assert running.poll() is None
        time.sleep(0.05)
    # Ctrl-C reaches every process of the terminal, a service manager's SIGTERM the first one only.
    os.killpg(running.pid, number) if number == signal.SIGINT else running.send_signal(number)
    told, _ = running.communicate(timeout=60)
    assert running.returncode == 7
    assert json.loads(told)["outcome"] == "interrupted"

    again = slow.project.phase("accounts", digest)
    assert again["outcome"] == "done"
    assert slow.changes().count("organizations:CreateAccount") == 2
    assert slow.plan("accounts").empty


def keep(stage: Stage, phase: str, digest: str) -> None:
    """The plan is made and kept by the command, as a person would; it is the one that this process makes."""
    assert stage.project.plan(phase)["plan_sha256"] == digest


def intents(result: dict[str, Any]) -> list[dict[str, Any]]:
    events = (Path(result["record"]) / "events.jsonl").read_text().splitlines()
    return [event for event in map(json.loads, events) if event["event"] in ("intent", "answer")]
