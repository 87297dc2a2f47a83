"""Applying from Python: the same rules as in a runbook, and nobody else applies meanwhile."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import orgkit
from orgkit.aws.clock import clock_of
from orgkit.aws.lock import exclusive, lock_of_machine
from orgkit.aws.session import Connection
from orgkit.engine import approve as approve_module
from orgkit.errors import AnotherRun, ApprovalMismatch, AwaitingApproval, CheckStops, OrgkitError, WrongPlace
from orgkit.model.desired import Attestation, Desired
from orgkit.model.outcome import StepStatus
from orgkit.model.plan import Plan, Target
from orgkit.phases.organizational_units.steps import CreateUnit
from orgkit.runbook.gate import Gate
from tests.aws.conftest import Answer, CountingClock, Wire, clock, own_environment, wire
from tests.aws.scene import CHANGE, go, set_up, xml
from tests.plans.loader import MANAGEMENT, ORGANIZATION, desired_of, reviewed

__all__ = ["clock", "own_environment", "wire"]

HOLDER = """
import sys, time
from pathlib import Path
from orgkit.aws.lock import exclusive
with exclusive(Path(sys.argv[1]), "x", "theirs"):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def stage(own_environment: Path, wire: Wire, monkeypatch: pytest.MonkeyPatch) -> Wire:
    set_up(wire)
    monkeypatch.setenv("ORGKIT_ENDPOINT_URL", wire.url)
    monkeypatch.setattr(approve_module, "clock_of", lambda: wire.clock)
    return wire


@contextmanager
def another_process_holds(file: Path) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(file)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


def test_an_approved_plan_is_applied(stage: Wire, clock: CountingClock) -> None:
    assert [outcome.status for outcome in go(clock).items] == [StepStatus.DONE]
    assert stage.asked.count(CHANGE) == 1


def test_what_was_done_under_an_approval_and_undone_is_not_done_again_and_a_new_planning_is(
    stage: Wire, clock: CountingClock
) -> None:
    """The wire shows the change as undone at each look."""
    desired = desired_of()
    aws = orgkit.connect(desired, clock=clock)

    def planned() -> orgkit.Plan:
        return orgkit.plan("organization", orgkit.observe(aws, desired, "organization"), desired)

    plan, again = planned(), planned()
    assert (plan.sha256 == again.sha256, plan.digest == again.digest) == (True, False)
    approval = orgkit.approve(plan, plan.digest, asserted_by="Jane")
    orgkit.apply(aws, desired, plan, approval)
    for _ in range(2):
        with pytest.raises(ApprovalMismatch, match="undone since"):
            orgkit.apply(aws, desired, plan, approval)
    with pytest.raises(ApprovalMismatch, match="for another plan"):
        orgkit.apply(aws, desired, again, approval)
    orgkit.apply(aws, desired, again, orgkit.approve(again, again.digest, asserted_by="Jane"))
    assert stage.asked.count(CHANGE) == 2


def test_an_approval_for_aws_names_its_approver_and_one_for_an_emulator_says_that_it_does_not() -> None:
    step = CreateUnit(path=("Security",), tags=())
    for kind in ("aws", "emulator"):
        plan = reviewed(Plan("units", Target(MANAGEMENT, ORGANIZATION, "aws", kind), (step,)), clock_of().now())
        if kind == "aws":
            for nobody in ("", "  "):
                with pytest.raises(AwaitingApproval, match="has no name"):
                    orgkit.approve(plan, plan.digest, asserted_by=nobody)
        else:
            assert "no approver was named" in orgkit.approve(plan, plan.digest, asserted_by="").as_json()["note"]
        assert "note" not in orgkit.approve(plan, plan.digest, asserted_by="Jane").as_json()


BAD_CLAIMS: tuple[tuple[Any, str], ...] = (
    ("Jane\x1b[2J", "cannot be seen"),
    ("Jane\nby Ada", "cannot be seen"),
    ("Ja\u200bne", "cannot be seen"),
    ("J\u0430ne", "mixes"),
    ("ghp_CANARYCANARYCANARYCANARYCANARY", "holds a secret"),
    ("https://ada:CANARY@example.com", "holds a secret"),
    ("J" * 301, "300 is the most"),
    (7, "no text"),
    (None, "no text"),
    (b"Jane", "no text"),
)


@pytest.mark.parametrize("name", ["asserted_by", "ticket"])
@pytest.mark.parametrize(("claim", "message"), BAD_CLAIMS)
def test_who_approves_and_for_what_is_checked_alike_in_every_way_in(name: str, claim: Any, message: str) -> None:
    """In Python when it is approved and when it is applied, and by the gate of lab and commands."""
    step = CreateUnit(path=("Security",), tags=())
    plan = reviewed(Plan("units", Target(MANAGEMENT, ORGANIZATION, "aws", "aws"), (step,)), clock_of().now())
    good: dict[str, Any] = {"asserted_by": "Jane", "ticket": "OPS-7"}
    with pytest.raises(ApprovalMismatch, match=rf"^(.|\n)*why: {name} (.|\n)*{message}") as in_python:
        orgkit.approve(plan, plan.digest, **good | {name: claim})
    assert "CANARY" not in str(in_python.value)
    approval = replace(orgkit.approve(plan, plan.digest, **good), **{name: claim})
    aws: Any = SimpleNamespace(clock=clock_of())
    with pytest.raises(ApprovalMismatch, match=message):
        orgkit.apply(aws, desired_of(), plan, approval)
    gate = Gate(plan, clock_of(), 24, "arn:of:jane")
    for method in ("button", "parameter"):
        with pytest.raises(ApprovalMismatch, match=message):
            gate.accept(*(good | {name: claim}).values(), method)
    gate.approval = approval
    with pytest.raises(ApprovalMismatch, match=message):
        gate.require(plan)


@pytest.mark.parametrize("hours", [10**9, 169, 0, -1, 1.5, True, "24", None, float("nan")])
def test_no_approval_holds_for_hours_that_the_parameters_file_could_not_give(hours: Any) -> None:
    step = CreateUnit(path=("Security",), tags=())
    plan = reviewed(Plan("units", Target(MANAGEMENT, ORGANIZATION, "aws", "emulator"), (step,)), clock_of().now())
    with pytest.raises(ApprovalMismatch, match=r"why: hours is .*1 to 168(.|\n)*do:  pass another number"):
        orgkit.approve(plan, plan.digest, asserted_by="Jane", hours=hours)
    assert orgkit.approve(plan, plan.digest, asserted_by="Jane", hours=168).expires_at


def test_the_file_s_approval_hours_end_an_approval_that_says_more(stage: Wire, clock: CountingClock) -> None:
    aws, desired, plan = plan_of(clock)
    approval = orgkit.approve(plan, plan.digest, asserted_by="Jane", hours=168)
    eight = replace(desired, organization=replace(desired.organization, approval_hours=8))
    clock.sleep(8 * 3600 + 1)
    with pytest.raises(ApprovalMismatch, match="could be approved for 8 hours"):
        orgkit.apply(aws, eight, plan, approval)
    assert CHANGE not in stage.asked
    orgkit.apply(aws, desired, plan, approval)  # its file says 24
    assert stage.asked.count(CHANGE) == 1


WRONG_FIELDS: tuple[dict[str, Any], ...] = (
    {"plan_sha256": "0" * 64},
    {"plan_sha256": ""},
    {"digest": "0" * 64},
    {"digest": None},
    *({"expires_at": value} for value in ("2026-11-24T12:00:00", "never", "", None, 7, "9999-99-99T00:00:00+00:00")),
    *({"at": value} for value in ("yesterday", "2026-11-23T12:00:00", None)),
)


@pytest.mark.parametrize("fields", WRONG_FIELDS, ids=str)
def test_an_approval_that_was_put_together_by_hand_is_refused_and_nothing_is_journaled(
    stage: Wire, clock: CountingClock, fields: dict[str, Any]
) -> None:
    aws, desired, plan = plan_of(clock)
    approval = replace(orgkit.approve(plan, plan.digest, asserted_by="Jane"), **fields)
    with pytest.raises(OrgkitError) as refusal:
        orgkit.apply(aws, desired, plan, approval)
    assert isinstance(refusal.value, ApprovalMismatch)
    assert [event for event in aws.journal.events if event["event"] == "apply"] == []
    assert CHANGE not in stage.asked


@pytest.mark.parametrize("review", [b"", b"{", b"[]", b"{}", b'{"planned_at": "noon"}', b'{"planned_at": 7}'])
def test_a_plan_that_does_not_say_when_it_was_made_is_not_approved(review: bytes) -> None:
    step = CreateUnit(path=("Security",), tags=())
    plan = replace(Plan("units", Target(MANAGEMENT, ORGANIZATION, "aws", "emulator"), (step,)), review_json=review)
    with pytest.raises(ApprovalMismatch):
        orgkit.approve(plan, plan.digest, asserted_by="Jane")


def root_user(mfa: int, access_keys: int) -> Answer:
    """What GetAccountSummary says of the root user."""
    values = {"AccountMFAEnabled": mfa, "AccountAccessKeysPresent": access_keys}
    entries = "".join(f"<entry><key>{key}</key><value>{value}</value></entry>" for key, value in values.items())
    return Answer(200, xml("GetAccountSummary", f"<SummaryMap>{entries}</SummaryMap>"), "text/xml")


def plan_of(clock: CountingClock) -> tuple[Connection, Desired, Plan]:
    desired = desired_of()
    aws = orgkit.connect(desired, clock=clock)
    return aws, desired, orgkit.plan("organization", orgkit.observe(aws, desired, "organization"), desired)


@pytest.mark.parametrize("answer", [root_user(1, 1), root_user(0, 0), Answer.error("AccessDenied", 403)])
def test_a_finding_that_stops_the_phase_keeps_an_approved_plan_from_being_applied(
    stage: Wire, clock: CountingClock, answer: Answer
) -> None:
    aws, desired, plan = plan_of(clock)
    approval = orgkit.approve(plan, plan.digest, asserted_by="Jane")
    stage.always["GetAccountSummary"] = answer
    with pytest.raises(CheckStops, match=r"root access keys|MFA on root"):
        orgkit.apply(aws, desired, plan, approval)
    assert CHANGE not in stage.asked


def test_a_finding_takes_the_steps_that_it_stops_out_of_the_plan(stage: Wire, clock: CountingClock) -> None:
    stage.always["GetAccountSummary"] = root_user(1, 1)
    _, _, plan = plan_of(clock)
    assert (len(plan.steps), len(plan.stopped_steps), len(plan.stops)) == (0, 1, 1)


def test_what_cannot_be_read_stops_until_somebody_attests_it(stage: Wire, clock: CountingClock) -> None:
    stage.always["GetAccountSummary"] = Answer.error("AccessDenied", 403)
    aws, desired, plan = plan_of(clock)
    assert [finding.item for finding in plan.stops] == ["root access keys", "MFA on root"]
    attestations = tuple(Attestation(item, "Ada", "2026-11-20") for item in ("root_access_keys", "root_mfa"))
    desired = replace(desired, organization=replace(desired.organization, attestations=attestations))
    plan = orgkit.plan("organization", orgkit.observe(aws, desired, "organization"), desired)
    assert (len(plan.steps), plan.stops) == (1, ())


def test_two_applies_for_one_account_cannot_run_at_once(stage: Wire, clock: CountingClock) -> None:
    lock = lock_of_machine(MANAGEMENT, stage.url)
    with another_process_holds(lock) as process, pytest.raises(AnotherRun) as rejection:
        go(clock)
    assert f"account {MANAGEMENT}: process {process.pid}, run theirs holds the lock" in rejection.value.reason
    assert CHANGE not in stage.asked
    go(clock)  # the lock ended with its holder, killed as it was
    assert stage.asked.count(CHANGE) == 1


def test_a_runbook_of_the_project_that_is_named_keeps_the_library_out_as_well(
    stage: Wire, clock: CountingClock, tmp_path: Path
) -> None:
    with (
        exclusive(tmp_path / MANAGEMENT / ".lock", MANAGEMENT, "a-runbook"),
        pytest.raises(AnotherRun, match="run a-runbook"),
    ):
        go(clock, outputs=tmp_path)
    assert CHANGE not in stage.asked
    go(clock, outputs=tmp_path)


def test_the_lock_is_free_again_after_a_failure(stage: Wire, clock: CountingClock) -> None:
    stage.always[CHANGE] = Answer.error("AccessDeniedException")
    for _ in range(2):
        assert [outcome.status for outcome in go(clock).items] == [StepStatus.FAILED]
    with exclusive(lock_of_machine(MANAGEMENT, stage.url), MANAGEMENT):
        pass


def test_each_account_and_each_emulator_has_a_lock_of_its_own(tmp_path: Path) -> None:
    here = {"XDG_STATE_HOME": str(tmp_path)}
    ends = [None, "http://127.0.0.1:5000", "http://127.0.0.1:5001"]
    locks = {lock_of_machine(account, end, here) for account in (MANAGEMENT, "111111111111") for end in ends}
    assert len(locks) == 6
    assert all(lock.is_relative_to(tmp_path / "orgkit") for lock in locks)
    assert str(lock_of_machine(MANAGEMENT, None, {})) == f"~/.local/state/orgkit/{MANAGEMENT}.lock"


def test_only_its_owner_sees_the_lock(tmp_path: Path) -> None:
    lock = lock_of_machine(MANAGEMENT, None, {"XDG_STATE_HOME": str(tmp_path)})
    with exclusive(lock, MANAGEMENT):
        assert (lock.stat().st_mode & 0o777, lock.parent.stat().st_mode & 0o777) == (0o600, 0o700)
        assert lock.read_text() == f"process {os.getpid()}"


def test_a_lock_that_cannot_be_held_stops_the_apply(
    stage: Wire, clock: CountingClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    with pytest.raises(WrongPlace, match="cannot be opened"):
        go(clock)
    assert CHANGE not in stage.asked
