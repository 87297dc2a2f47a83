"""`orgkit apply` in a real terminal, on the sandbox: asked, rejected, interrupted, gone on with, and waiting."""

import json
import os
import re
import signal
from pathlib import Path

import pytest

from orgkit.cli import apply, approval_question
from orgkit.cli.execution import run_phase
from orgkit.phases.registry import phase_of
from orgkit.records.result import RunResult
from orgkit.records.seal import DEFAULT_SEALING
from orgkit.runbook.earlier_approval import UNNAMED, PlanToApprove
from orgkit.runbook.execution import execute
from orgkit.runbook.rejection import REJECTION_VARIABLE
from tests.bootstrap.project import EXAMPLE, Project, Stage, before, new_project
from tests.bootstrap.terminal import Terminal
from tests.conftest import Tell
from tests.kill_after import killed_after, stopped_after

DIGEST = r"digest ([0-9a-f]{64})"
QUESTION = "Digest, or no: "


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The example, but the owner of the account to import has to accept by hand."""
    project = new_project(tmp_path_factory.mktemp("apply") / "project")
    text, changes = re.subn(r'(?m)^profile = "dns"\n', "", EXAMPLE.read_text(encoding="utf-8"))
    assert changes == 1
    project.file.write_text(text, encoding="utf-8")
    return project


def approve(terminal: Terminal, name: str = "Ann Lee") -> str:
    """Answer the question with the digest that is shown; that digest."""
    digest = terminal.expect(DIGEST)[1]
    terminal.expect("Approver.*: ")
    terminal.type(name)
    terminal.expect(QUESTION)
    terminal.type(digest[:8])
    return digest


def test_a_plan_is_rejected_then_approved_interrupted_and_gone_on_with_under_one_approval(stage: Stage) -> None:
    stage.begin("organization")
    file = stage.project.file
    headless = stage.project.orgkit("apply", file, "units", code=3)
    digest = re.findall(DIGEST, headless.stdout)[-1]
    assert f"  orgkit run {file} 02 --approved-plan {digest}\n" in headless.stdout

    with Terminal(stage.project, "apply", file, "2", columns=40) as rejecting:
        assert rejecting.expect(DIGEST)[1] == digest, "the plan that was printed is the one that is asked about"
        rejecting.expect(r"Approver.*: ")
        rejecting.type("Ann Lee")
        for typed in ("12345678", "no"):
            rejecting.expect(QUESTION)
            rejecting.type(typed)
        text = rejecting.end(3)
    assert '"12345678" is not' in text
    assert f"digest {digest}\n" in text, "whole in a terminal of 40 columns, too"
    (record,) = Path(stage.project.settings["ORGKIT_OUTPUTS"]).glob("*/*-02-units-*")
    result = json.loads((record / "result.json").read_text())
    assert (result["exit_code"], result["digest"]) == (3, digest)
    assert "rejected by Ann Lee" in " ".join(result["reasons"])
    assert stage.changes() == []

    with Terminal(stage.project, "apply", file, "02", **stopped_after("create-unit:Production")) as first:
        assert approve(first) == digest
        kernel = first.stopped_descendant()
        with Terminal(stage.project, "apply", file, "02") as second:
            second.expect("approved by Ann Lee")
            second.expect(r"\(yes or no\): ")
            second.type("yes")
            assert "Another run is applying" in second.end(1)
        first.press_ctrl_c()
        first.expect(r"\^C")
        os.kill(kernel, signal.SIGCONT)
        text = first.end(7)
    assert "Not begun" in text
    assert text.endswith(f"  orgkit apply {file}\n")

    with Terminal(stage.project, "apply", file, "02") as resumed:
        assert resumed.expect(DIGEST)[1] == digest
        resumed.expect(r"\(yes or no\): ")
        resumed.type("yes")
        text = resumed.end(0)
    assert "02-units: done" in text
    assert "Approver" not in text
    assert stage.doubles() == []
    assert stage.project.plan("02", code=0)["steps"] == []


def test_one_command_and_one_approval_a_phase_until_only_somebody_else_can_act(stage: Stage, report: Tell) -> None:
    stage.begin(*before("imports"))
    file = stage.project.file
    with Terminal(stage.project, "apply", file, columns=200) as terminal:
        for _ in ("04", "05"):
            approve(terminal)
        text = terminal.end(8)
    asked = text.count(QUESTION)
    report(f"orgkit apply: 1 command and {asked} approvals for 2 changing phases, of which 1 waits")
    assert asked == 2
    assert "phases, " in text
    assert "USD 200.00 of credits" not in text, "the organization exists already"
    assert re.search(r"checks  0 that stop phases, \d+ warnings", text)
    assert "05-trail: done" in text
    assert "Amazon Simple Storage Service" in text, "06 shows its table"
    assert "accept-handshake" in text
    assert "\x1b[3" in terminal.raw, "a terminal has colors"
    assert text.endswith(f"  orgkit apply {file}\n")
    stage.sandbox.forget_calls()
    with Terminal(stage.project, "apply", file, NO_COLOR="1") as terminal:
        text = terminal.end(8)
    assert "Approver" not in text
    assert "\x1b[3" not in terminal.raw
    assert stage.changes() == []

    answer = stage.project.json("status", file, code=8)
    states = {phase["phase"]: phase["state"] for phase in answer["phases"]}
    assert states.pop("04-imports") == "waiting for someone"
    assert set(states.values()) == {"done"}
    assert answer["exit_code"] == 8
    text = stage.project.orgkit("status", file, code=8).stdout
    assert "  … waiting for someone\n" in text
    assert re.search(r"last run: waiting\n  outputs/.*-04-imports-[0-9a-f]{8}\n", text)
    assert stage.changes() == []


def test_an_approval_that_has_ended_is_named_and_the_phase_is_planned_again(stage: Stage) -> None:
    stage.begin("organization")
    file = stage.project.file
    digest = stage.project.plan("02")["digest"]
    stage.project.within(killed_after("CreateUnit")).phase("02", digest, code=7, more=("--approver", "Ann Lee"))
    again = stage.project.orgkit("apply", file, "02", code=3).stdout
    assert f"  orgkit run {file} 02 --approved-plan {digest}\n" in again
    stage.sandbox.sleep(25 * 3600)
    text = stage.project.orgkit("apply", file, "02", code=3).stdout
    reason = f"Planned again, since the earlier approval does not count any more: plan {digest[:12]} was made"
    assert reason in " ".join(text.split())
    assert digest not in text


@pytest.mark.parametrize(("committed", "code"), [(2, 5), (0, 4)])
def test_an_approval_that_ends_part_way_is_a_failure_when_something_was_changed(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, committed: int, code: int
) -> None:
    ended = RunResult("plan changed", 4, mutations={"committed": committed})
    monkeypatch.setattr(apply, "_run", lambda *_: ended)
    monkeypatch.setattr(approval_question, "ask_to_continue", lambda _: True)
    session = apply.ApplySession(
        stage.project.file, stage.project.file, stage.desired, None, Path(), DEFAULT_SEALING, "", named_phases=()
    )
    assert apply._ask_and_apply(session, phase_of("02"), PlanToApprove("0" * 64, "Ann Lee")) == code


def test_a_rejection_comes_from_a_person_and_never_from_the_environment(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    environments: list[dict[str, str]] = []
    monkeypatch.setattr(execute, "execute", lambda *_, environment, **__: environments.append(environment))
    monkeypatch.setenv(REJECTION_VARIABLE, "an old shell")
    for rejected_by in ("", "Ann Lee"):
        run_phase(phase_of("02"), stage.project.file, DEFAULT_SEALING, rejected_by=rejected_by, quiet=True)
    assert [environment.get(REJECTION_VARIABLE, "") for environment in environments] == ["", "Ann Lee"]


@pytest.mark.parametrize(("approver", "ticket"), [("Ann Lee", "OPS-7"), (UNNAMED, "")])
def test_the_approver_and_the_ticket_of_an_earlier_approval_stay_with_it(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, approver: str, ticket: str
) -> None:
    given: list[dict[str, str]] = []
    monkeypatch.setattr(apply, "_run", lambda *arguments: given.append(arguments[3]) or RunResult("done", 0))
    monkeypatch.setattr(approval_question, "ask_to_continue", lambda _: True)
    session = apply.ApplySession(
        stage.project.file, stage.project.file, stage.desired, None, Path(), DEFAULT_SEALING, "", named_phases=()
    )
    apply._ask_and_apply(session, phase_of("02"), PlanToApprove("0" * 64, approver, ticket=ticket))
    assert given == [{"ORGKIT_APPROVER": "" if approver == UNNAMED else approver, "ORGKIT_TICKET": ticket}]


def test_status_before_the_organization_names_what_comes_first_and_the_command(stage: Stage) -> None:
    stage.begin()
    file = stage.project.file
    text = stage.project.orgkit("status", file, code=3).stdout
    assert "  ▶ ready\n  10 step(s), first: create an organization" in text
    assert text.endswith(f"next\n  orgkit apply {file}\n")
    assert {call["operation"] for call in stage.sandbox.calls() if call["mutating"]} == set()


def test_phase_before_file_is_taken_for_one_version_more_and_says_so(stage: Stage) -> None:
    stage.begin()
    file = stage.project.file
    done = stage.project.orgkit("run", "2", file, code=1)
    assert f"The order is FILE PHASE now: orgkit run {file} 2\n" in done.stderr
    assert "01-organization" in done.stdout
    assert "The order" not in stage.project.orgkit("run", file, "units", code=1).stderr
