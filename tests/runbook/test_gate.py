"""The gate: nothing passes without a word, and a word is for one plan, one target and some hours."""

import json
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from orgkit.aws.clock import clock_of
from orgkit.engine.approve import apply as apply_plan
from orgkit.engine.approve import approve
from orgkit.errors import ApprovalMismatch, AwaitingApproval, OutOfOrder
from orgkit.journal.events import Journal, event_time
from orgkit.model.outcome import StepStatus
from orgkit.model.plan import Plan, Target
from orgkit.phases.organizational_units.steps import CreateUnit
from orgkit.phases.registry import phase_of
from orgkit.records import outputs
from orgkit.runbook import stages
from orgkit.runbook.earlier_approval import plan_to_approve
from orgkit.runbook.form import PREFIX, describe_decision, show_gate, view_of_gate
from orgkit.runbook.gate import Gate, open_gate
from orgkit.runbook.run import Run
from tests.aws.conftest import CountingClock
from tests.plans.loader import desired_of, reviewed

DESIRED = desired_of()
ACCOUNT = DESIRED.organization.management_account_id
TARGET = Target(ACCOUNT, "o-exampleorgid", "aws", "aws")
STEPS = tuple(CreateUnit(path=(path,), tags=()) for path in "AB")
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
PLAN = reviewed(Plan("units", TARGET, STEPS, warnings=("It costs something.",)), NOON)
Open = Callable[..., Gate]


@pytest.fixture(autouse=True)
def nobody_there(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ORGKIT_PERSON", "ORGKIT_APPROVER", "ORGKIT_TICKET", "ORGKIT_APPROVAL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ORGKIT_APPROVER", "Jane")


@pytest.fixture
def clock() -> CountingClock:
    return CountingClock(NOON)


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def opened(base: Path, clock: CountingClock) -> Open:
    def make(plan: Plan = PLAN, digest: str = "") -> Gate:
        run = outputs.new_run_folder(base, ACCOUNT, "units", clock.now())
        return open_gate(base, run, plan, "arn:of:jane", DESIRED, digest, clock)

    return make


@pytest.fixture
def stored(base: Path, clock: CountingClock) -> Callable[[Plan], str]:
    def keep(plan: Plan = PLAN) -> str:
        assert outputs.keep_plan(base, ACCOUNT, plan)
        return plan.digest

    return keep


def test_without_an_approval_the_gate_awaits_one_and_names_the_digest(opened: Open) -> None:
    gate = opened()
    assert gate.approval is None
    assert PLAN.digest in describe_decision(gate)
    assert "It costs something." in describe_decision(gate)
    with pytest.raises(AwaitingApproval, match=PLAN.digest) as awaiting:
        gate.require(PLAN)
    assert awaiting.value.exit_code == 3
    with pytest.raises(AwaitingApproval, match=PLAN.digest):
        gate.require_decision()  # which the apply cell asks before it reads AWS


def test_the_digest_of_a_kept_plan_opens_it(
    opened: Open, stored: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORGKIT_APPROVER", "Jane")
    monkeypatch.setenv("ORGKIT_TICKET", "OPS-1")
    gate = opened(digest=stored())
    approval = gate.require(PLAN)
    assert approval.as_json() == {
        "digest": PLAN.digest,
        "plan_sha256": PLAN.sha256,
        "target": {"account": ACCOUNT, "organization": "o-exampleorgid", "partition": "aws", "kind": "aws"},
        "asserted_by": "Jane",
        "authenticated_as": "arn:of:jane",
        "how": "parameter",
        "at": "2026-11-23T12:00:00+00:00",
        "expires_at": "2026-11-24T12:00:00+00:00",
        "ticket": "OPS-1",
    }
    assert describe_decision(gate).startswith(
        "Approved by Jane, for OPS-1 (parameter), until 2026-11-24T12:00:00+00:00"
    )


@pytest.mark.parametrize("name", ["ORGKIT_APPROVER", "ORGKIT_TICKET"])
def test_a_secret_in_what_an_approver_says_opens_nothing_and_is_not_shown(
    opened: Open, stored: Callable[..., str], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "Bob AKIACANARYCANARYCANA")
    with pytest.raises(ApprovalMismatch, match=r"holds a secret \(access key id\)") as refusal:
        opened(digest=stored())
    assert "CANARY" not in str(refusal.value)


def test_a_plan_file_that_nobody_kept_opens_nothing(opened: Open) -> None:
    with pytest.raises(ApprovalMismatch, match="no plan with the digest"):
        opened(digest=PLAN.digest)


def test_the_digest_of_another_plan_opens_nothing(opened: Open, stored: Callable[[Plan], str]) -> None:
    other = stored(replace(PLAN, steps=STEPS[:1]))
    with pytest.raises(ApprovalMismatch, match=r"it would also create organizational unit B"):
        opened(digest=other)


def test_half_a_digest_opens_nothing(opened: Open, stored: Callable[..., str]) -> None:
    with pytest.raises(ApprovalMismatch, match="is not a digest"):
        opened(digest=stored()[:12])


def test_an_approval_from_an_emulator_opens_nothing_on_aws(opened: Open, stored: Callable[[Plan], str]) -> None:
    with pytest.raises(ApprovalMismatch, match="on an emulator"):
        opened(digest=stored(replace(PLAN, target=replace(TARGET, kind="emulator"))))


def test_a_kept_plan_opens_nothing_after_its_hours(
    opened: Open, stored: Callable[..., str], clock: CountingClock
) -> None:
    digest = stored()
    clock.sleep(24 * 3600 + 1)
    with pytest.raises(ApprovalMismatch, match="could be approved for 24 hours"):
        opened(digest=digest)


def test_an_approval_ends_between_two_cells_too(opened: Open, stored: Callable[..., str], clock: CountingClock) -> None:
    gate = opened(digest=stored())
    clock.sleep(24 * 3600)
    gate.require(PLAN)
    clock.sleep(0.001)
    with pytest.raises(ApprovalMismatch, match="the approval ended at 2026-11-24T12:00:00"):
        gate.require(PLAN)


def test_what_is_planned_again_at_the_apply_must_still_be_the_approved_plan(
    opened: Open, stored: Callable[..., str]
) -> None:
    gate = opened(digest=stored())
    gate.require(PLAN)
    with pytest.raises(ApprovalMismatch, match=r"1 of the 2 steps .* no record here"):
        gate.require(replace(PLAN, steps=STEPS[1:]))
    with pytest.raises(ApprovalMismatch, match="it would also create organizational unit C"):
        gate.require(replace(PLAN, steps=(*STEPS, CreateUnit(path=("C",), tags=()))))


def test_what_a_killed_run_has_done_is_left_out_and_must_not_come_back(
    opened: Open, stored: Callable[..., str], base: Path, clock: CountingClock
) -> None:
    digest = stored()
    run = outputs.new_run_folder(base, ACCOUNT, "units", clock.now())
    journal = Journal(run / "events.jsonl")
    journal.write("apply", digest=digest, steps=[{"id": step.id} for step in STEPS])
    journal.write("step", step=STEPS[0].id, sentence=STEPS[0].sentence, result=str(StepStatus.DONE))
    rest = opened(replace(PLAN, steps=STEPS[1:]), digest)
    assert rest.require(replace(PLAN, steps=STEPS[1:])).digest == digest
    with pytest.raises(ApprovalMismatch, match="undone since: create organizational unit A"):
        opened(PLAN, digest)


def test_what_a_killed_runner_s_kernel_does_after_a_run_began_was_not_undone_and_counts_at_the_apply(
    base: Path, clock: CountingClock, stored: Callable[..., str]
) -> None:
    digest = stored()
    killed, run = (outputs.new_run_folder(base, ACCOUNT, "units", clock.now()) for _ in range(2))
    kernel = Journal(killed / "events.jsonl")
    kernel.write("apply", digest=digest, steps=[{"id": step.id} for step in PLAN.steps])
    Journal(run / "events.jsonl").write("phase", phase="units")
    time.sleep(0.002)  # events have milliseconds
    kernel.write("step", step=PLAN.steps[0].id, sentence=PLAN.steps[0].sentence, result="done")
    gate = open_gate(base, run, PLAN, "arn:of:jane", DESIRED, digest, clock)
    with pytest.raises(ApprovalMismatch, match="undone since"):
        gate.require(PLAN)


def test_what_it_does_while_the_next_apply_reads_aws_leaves_the_earlier_approval_as_it_was(
    base: Path, clock: CountingClock, stored: Callable[..., str]
) -> None:
    digest = stored()
    killed = outputs.new_run_folder(base, ACCOUNT, "units", clock.now())
    facts = {"digest": digest, "asserted_by": "Jane", "at": NOON.isoformat(), "expires_at": "2026-11-24T12:00:00+00:00"}
    (killed / "approval.json").write_text(json.dumps(facts))
    kernel = Journal(killed / "events.jsonl")
    kernel.write("apply", digest=digest, steps=[{"id": step.id} for step in PLAN.steps])
    began = event_time()
    time.sleep(0.002)  # events have milliseconds
    kernel.write("step", step=PLAN.steps[0].id, sentence=PLAN.steps[0].sentence, result="done")
    request = plan_to_approve(base, DESIRED, phase_of("units"), PLAN, "arn:of:jane", clock.now(), began=began)
    assert (request.digest, request.approved_by, request.outdated) == (digest, "Jane", "")
    later = plan_to_approve(base, DESIRED, phase_of("units"), PLAN, "arn:of:jane", clock.now(), began=event_time())
    assert "undone since" in later.outdated


def test_an_empty_plan_needs_no_approval_whatever_was_given(opened: Open) -> None:
    gate = opened(replace(PLAN, steps=()), "0" * 64)
    assert gate.approval is None
    assert describe_decision(gate) == "There is nothing to approve: the plan is empty."


def test_a_phase_that_comes_too_early_is_refused_before_anybody_is_asked(opened: Open) -> None:
    with pytest.raises(OutOfOrder, match="run 01-organization"):
        opened(replace(PLAN, needs=("the organization does not exist yet: run 01-organization",)))
    opened(replace(PLAN, needs=("something",), steps=()))


def test_a_rejected_plan_is_not_applied_and_may_be_approved_after_all(opened: Open) -> None:
    gate = opened()
    gate.accept("Jane", "", "button")
    gate.reject("Joe")
    assert describe_decision(gate) == "Rejected by Joe: nothing will be applied."
    with pytest.raises(AwaitingApproval, match="rejected by Joe"):
        gate.require(PLAN)
    gate.accept("Jane", "", "button")
    assert gate.require(PLAN).asserted_by == "Jane"


def test_without_a_person_no_form_is_made(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orgkit.runbook.form._show_form", lambda *_: pytest.fail("a form"))
    monkeypatch.setattr("IPython.display.display", lambda *_, **__: None)
    show_gate(opened())
    assert view_of_gate(opened()).text.splitlines()[0] == f"AWS account {ACCOUNT}"
    assert view_of_gate(opened()).text.splitlines()[1].startswith("Awaiting approval.")


class Form:
    """The form as a person uses it."""

    def __init__(self, gate: Gate, monkeypatch: pytest.MonkeyPatch, name: str = "") -> None:
        shown: list[Any] = []
        self.place: list[str] = []  # what stands above the form, one after another
        handle = SimpleNamespace(update=lambda bundle, raw: self.place.append(bundle["text/plain"]))

        def display(thing: Any, **_: Any) -> Any:
            shown.append(thing)
            return handle

        monkeypatch.setenv("ORGKIT_PERSON", "1")
        monkeypatch.setattr("IPython.display.display", display)
        monkeypatch.setattr("orgkit.runbook.form.default_approver", lambda: name)
        show_gate(gate)
        self.above, self.box = shown
        *fields, buttons, self.said = self.box.children
        self.fields = {field.description: field for field in fields}
        self.approver, self.ticket, self.typed, *account = fields
        self.account = account[0] if account else None
        self.approve, self.reject = buttons.children


@pytest.fixture
def form(opened: Open, monkeypatch: pytest.MonkeyPatch) -> tuple[Form, Gate]:
    gate = opened()
    return Form(gate, monkeypatch), gate


def test_who_types_a_name_and_the_begin_of_the_digest_has_approved(form: tuple[Form, Gate]) -> None:
    shown, gate = form
    shown.approver.value, shown.ticket.value = " Jane ", "OPS-1"
    shown.typed.value = PLAN.digest[:PREFIX].upper() + " "
    shown.account.value = ACCOUNT
    shown.approve.click()
    assert gate.approval is not None
    assert (gate.approval.asserted_by, gate.approval.ticket, gate.approval.how) == ("Jane", "OPS-1", "button")
    said, button, sentence = shown.box.children
    assert said is shown.said
    assert "Approved by Jane" in shown.said.value
    assert button.layout.display == "none"  # until the extension of JupyterLab shows it, and hides the sentence
    assert "orgkit-apply" in button._dom_classes
    assert "Run Selected Cell and All Below" in sentence.value
    assert not button._click_handlers.callbacks  # no widget calls AWS
    assert "Approved by Jane, for OPS-1" in shown.place[-1]
    gate.require(PLAN)


def test_on_aws_the_account_is_typed_too_and_on_a_sandbox_nobody_asks_for_it(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_aws = Form(opened(), monkeypatch)
    assert "AWS account" in on_aws.above["text/html"]
    on_aws.approver.value, on_aws.typed.value = "Jane", PLAN.digest
    for wrong in ("", "99999999999", "111111111111"):
        on_aws.account.value = wrong
        on_aws.approve.click()
        assert f"all twelve digits: {ACCOUNT}" in on_aws.said.value
        assert on_aws.place == []
    gate = opened(replace(PLAN, target=replace(TARGET, kind="emulator")))
    sandbox = Form(gate, monkeypatch)
    assert sandbox.account is None
    assert "Sandbox account" in sandbox.above["text/html"]
    sandbox.approver.value, sandbox.typed.value = "Jane", gate.plan.digest
    sandbox.approve.click()
    assert gate.approval is not None


def test_every_field_has_a_label_and_every_button_a_word(form: tuple[Form, Gate]) -> None:
    shown, _ = form
    assert list(shown.fields) == ["Approver", "Ticket", f"First {PREFIX} of the digest", "Id of the AWS account"]
    assert [button.description for button in (shown.approve, shown.reject)] == ["Approve", "Reject"]
    assert 'role="status"' in shown.said.value


@pytest.mark.parametrize(
    ("name", "typed", "message"),
    [
        ("", PLAN.digest[:PREFIX], "Type your name"),
        ("   ", PLAN.digest[:PREFIX], "Type your name"),
        ("Jane", "", f"Type the first {PREFIX} characters"),
        ("Jane", PLAN.digest[: PREFIX - 1], f"Type the first {PREFIX} characters"),
        ("Jane", PLAN.digest[1 : PREFIX + 1], f"Type the first {PREFIX} characters"),
        ("Jane", PLAN.digest + "0", f"Type the first {PREFIX} characters"),
    ],
)
def test_a_click_alone_approves_nothing(form: tuple[Form, Gate], name: str, typed: str, message: str) -> None:
    shown, gate = form
    shown.approver.value, shown.typed.value = name, typed
    shown.approve.click()
    assert gate.approval is None
    assert message in shown.said.value
    assert len(shown.box.children) == 6


def test_the_name_of_the_environment_or_of_git_is_offered_and_approves_nothing_by_itself(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = opened()
    shown = Form(gate, monkeypatch, "Jane Doe")
    assert shown.approver.value == "Jane Doe"
    shown.approve.click()
    assert gate.approval is None
    assert f"Type the first {PREFIX} characters" in shown.said.value


def test_reject_needs_no_name(form: tuple[Form, Gate]) -> None:
    shown, gate = form
    shown.reject.click()
    assert gate.rejected_by == "somebody"
    assert "Rejected by somebody" in shown.said.value
    assert shown.box.children == (shown.said,)


def test_an_error_of_the_form_is_shown_in_it(form: tuple[Form, Gate], monkeypatch: pytest.MonkeyPatch) -> None:
    """Errors of a widget's callback show nowhere else."""
    shown, gate = form
    monkeypatch.setattr(gate, "accept", lambda *_: 1 / 0)
    shown.approver.value, shown.typed.value, shown.account.value = "Jane", PLAN.digest, ACCOUNT
    shown.approve.click()
    assert "could not be recorded: division by zero" in shown.said.value


def test_in_the_library_an_approval_is_for_one_plan_and_ends(clock: CountingClock) -> None:
    with pytest.raises(ApprovalMismatch, match="was approved; this plan is"):
        approve(PLAN, "0" * 64, asserted_by="Jane")
    with pytest.raises(ApprovalMismatch, match="this plan is a preview"):
        approve(replace(PLAN, target=replace(TARGET, organization=None)), "", asserted_by="Jane")
    plan = reviewed(PLAN, clock_of().now())
    approval = approve(plan, plan.digest, asserted_by="Jane")
    aws: Any = type("Aws", (), {"clock": clock})()
    with pytest.raises(ApprovalMismatch, match="for another plan"):
        apply_plan(aws, DESIRED, replace(plan, steps=STEPS[:1]), approval)
    clock.time = datetime.fromisoformat(approval.expires_at)
    clock.sleep(1)
    with pytest.raises(ApprovalMismatch, match="the approval ended at"):
        apply_plan(aws, DESIRED, plan, approval)


def test_a_cell_below_the_gate_that_runs_all_the_same_still_awaits_the_approval(tmp_path: Path) -> None:
    run, aws = Run(phase_of("units"), tmp_path, desired_of(), tmp_path, tmp_path, Journal()), cast(Any, None)
    run.journal.write("plan", digest=PLAN.digest)
    run.journal.write("stop", kind="AwaitingApproval", why="1 step waits.", do="decide.")
    for cell in (lambda: stages.verify(run, aws), lambda: stages.record(run)):
        with pytest.raises(AwaitingApproval, match="1 step waits"):
            cell()
    assert [event["event"] for event in run.journal.events] == ["plan", "stop", "stop", "stop"]
    run.journal.write("apply", digest=PLAN.digest)
    stages.record(run)
    assert run.journal.events[-1]["event"] == "end"
