"""A phase killed at its worst moment, or stopped by a signal, and run again under the same approval."""

import json
import os
import signal
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from orgkit.model.plan import digest_of
from tests.bootstrap.fork_server import ForkedCommand
from tests.bootstrap.project import NESTED, Project, Stage, before, fork_server, new_project
from tests.kill_after import killed_after, stopped_after

FILES = ("plan.json", "review.json")
AT_ONCE = {"finalizing_seconds": 0, "policy_type_seconds": 0, "services_seconds": 0, "role_seconds": 0}
# Each phase is killed after each of these, one after the other, and then finishes.
KILLED_AFTER = {
    "organization": (
        "CreateOrganization",
        "enable-policy-type:RESOURCE_CONTROL_POLICY",
        "EnableRootFeature",
    ),
    "units": ("create-unit:Production",),
    "accounts": ("CreateAccount", "CreateReadRole"),
    "imports": ("InviteAccount", "AcceptInvitation", "MakeManageable"),
    "trail": ("CreateKey", "CreateBucket", "StartLogging"),
}


@pytest.fixture(scope="module")
def project(project: Project) -> Project:
    """With a KMS key, whose creation AWS would do twice."""
    project.file.write_text(project.file.read_text().replace("#kms_key = false", "kms_key = true"))
    return project


@pytest.mark.parametrize("phase", KILLED_AFTER)
def test_a_killed_phase_goes_on_under_the_same_approval(stage: Stage, phase: str) -> None:
    stage.begin(*before(phase))
    kill_and_go_on(stage, phase, KILLED_AFTER[phase])


def test_so_it_does_with_more_accounts_than_aws_makes_at_once(tmp_path: Path) -> None:
    stage = Stage(new_project(tmp_path / "project", NESTED))
    with stage.sandbox:
        stage.begin("organization", "units")
        kill_and_go_on(stage, "accounts", ("CreateAccount",))
        made = [call for call in stage.sandbox.calls() if call["operation"] == "CreateAccount" and not call["error"]]
        assert len(made) == len({call["parameters"]["Email"] for call in made}) == 6


def kill_and_go_on(stage: Stage, phase: str, steps: Sequence[str]) -> None:
    """However often it is killed: the approval is one, and nothing is made twice."""
    digest = stage.planned(phase)
    records, begun = [], 0  # AWS ends what was begun, also between the planning and the apply of the next run
    for step in steps:
        killed = stage.project.within(killed_after(step)).phase(phase, digest, code=7)
        assert killed["outcome"] == "interrupted"
        assert killed["next_command"].endswith(digest)
        planned = len(steps_of(Path(killed["record"])))
        assert planned - begun <= sum(map(len, killed["how_far"].values())) <= planned
        begun = len(killed["how_far"].get("begun", ()))
        records.append(Path(killed["record"]))
        assert calls_of(records[-1]), "it was killed before its first change"
    again = stage.project.phase(phase, digest)
    assert stage.doubles() == []
    assert stage.plan(phase).empty
    if again["outcome"] != "nothing to change":
        records.append(Path(again["record"]))
        planned = len(left(records[-1]))
        assert again["ended"].keys() == {"done"}
        assert planned - begun <= again["ended"]["done"] <= planned
    assert all((record / "manifest.json").exists() for record in records)
    assert {digest_of(*((record / name).read_bytes() for name in FILES)) for record in records} == {digest}
    remainders = [len(left(record)) for record in records[1:]]
    assert remainders == sorted(remainders, reverse=True)


def steps_of(record: Path) -> list[dict[str, Any]]:
    """What this run began to apply: the plan, or what was left of it."""
    return (
        left(record)
        if (record / "remainder.json").exists()
        else json.loads((record / "plan.json").read_text())["steps"]
    )


def left(record: Path) -> list[dict[str, Any]]:
    steps: list[dict[str, Any]] = json.loads((record / "remainder.json").read_text())["steps"]
    return steps


def test_a_kernel_that_is_stopped_for_a_day_begins_nothing_after_its_approval_has_ended(
    stage: Stage, tmp_path: Path
) -> None:
    """A closed laptop does the same; here the kernel stops itself when its first step is done."""
    stage.begin("organization")
    digest = stage.planned("units")
    words = ("run", stage.project.file, "02", "--approved-plan", digest, "--json")
    running = forked(stage.project.within(stopped_after("CreateUnit")), words, tmp_path / "output")
    until = time.monotonic() + 60
    while not (stopped := stopped_child_of(running.pid)):
        assert time.monotonic() < until
        assert running.poll() is None
        time.sleep(0.05)
    before = stage.changes()
    assert "organizations:CreateOrganizationalUnit" in before
    stage.sandbox.sleep(25 * 3600)
    os.kill(stopped, signal.SIGCONT)
    code = running.wait(timeout=120)
    ended = json.loads((tmp_path / "output").read_text())
    assert ended["how_far"]["not begun"]
    assert (code, ended["outcome"]) == (4, "plan changed")
    assert "The approval ended during the apply" in ended["reasons"][0]
    assert ended["next_command"] == "orgkit plan FILE units"
    assert stage.changes() == before


def forked(project: Project, words: Sequence[object], output: Path) -> ForkedCommand:
    """`orgkit` in a fork of a process that has imported it, while it runs."""
    with output.open("w") as out, output.with_suffix(".errors").open("w") as errors:
        files = [out.fileno(), errors.fileno()]
        return fork_server().start([str(word) for word in words], project.folder, project.environment, files)


def stopped_child_of(process: int) -> int:
    """The process id of the child that SIGSTOP has stopped; 0 while none is."""
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return next((int(child) for child in children if state_of(child) == "T"), 0)


def state_of(process: str) -> str:
    """A letter, as ps shows it; "" of one that has ended."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """An AWS whose clock runs as clocks do, and that takes a few seconds for an account."""
    project = new_project(tmp_path_factory.mktemp("signalled") / "project")
    stage = Stage(project, real_time=True, **AT_ONCE, creation_seconds=(4, 5))
    with stage.sandbox:
        yield stage


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_aws_makes_accounts_ends_the_phase_and_it_goes_on_later(
    slow: Stage, number: int, tmp_path: Path
) -> None:
    """Ctrl-C reaches every process of the terminal, a service manager's SIGTERM the first one only."""
    slow.begin("organization", "units")
    digest = slow.planned("accounts")
    words, output = ("run", slow.project.file, "03", "--approved-plan", digest, "--json"), tmp_path / "output"
    running = forked(slow.project, words, output)
    until = time.monotonic() + 60
    # Not when AWS has taken the second: between that and the answer on disk the change is in doubt.
    while taken(slow).count("organizations:CreateAccount") < 2:
        assert time.monotonic() < until
        assert running.poll() is None
        time.sleep(0.05)
    (os.killpg if number == signal.SIGINT else os.kill)(running.pid, number)
    assert running.wait(timeout=60) == 7
    ended = json.loads(output.read_text())
    assert ended["outcome"] == "interrupted"
    assert {word: len(steps) for word, steps in ended["how_far"].items()} == {"begun": 2, "not begun": 4}
    assert ended["next_command"] == f"orgkit run FILE accounts --approved-plan {digest}"

    again = slow.project.phase("accounts", digest)
    assert again["outcome"] == "done"
    assert slow.taken().count("organizations:CreateAccount") == 2
    assert slow.plan("accounts").empty


def taken(stage: Stage) -> list[str]:
    """The mutations that AWS has taken from the run of 03 that is under way: none that it refused."""
    outputs = Path(stage.project.settings["ORGKIT_OUTPUTS"])
    journals = outputs.glob("*/*-03-accounts-*/events.jsonl")
    return [event["call"] for journal in journals for event in answers_of(journal.parent) if not event["code"]]


def calls_of(record: Path) -> list[str]:
    """The mutations that AWS has answered to this run."""
    return [event["call"] for event in answers_of(record)]


def answers_of(record: Path) -> list[dict[str, Any]]:
    """What the journal of a run has of AWS's answers."""
    events = map(json.loads, (record / "events.jsonl").read_text().splitlines())
    return [event for event in events if event["event"] == "answer"]
