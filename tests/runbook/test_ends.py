"""How an apply ends that could not be brought to its end: what its record says to a person who is frightened by it."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NoReturn

import pytest

from orgkit.aws import response, session
from orgkit.aws.rejections import CONFLICT_CODES, FINALIZING_CODES, NO_CAPACITY, THROTTLING_CODES, TRANSIENT_CODES
from orgkit.engine import approve
from orgkit.errors import (
    EXIT_FAILED,
    EXIT_PLAN_CHANGED,
    EXIT_RETRY_LATER,
    AnotherRun,
    ApprovalEnded,
    CheckStops,
    Interrupted,
    NotYet,
    OrgkitError,
    StepFailed,
)
from orgkit.journal.events import read_events
from orgkit.model.outcome import Outcome, Outcomes
from orgkit.model.outcome import StepStatus as StepStatus
from orgkit.records.result import RunResult, compute
from orgkit.runbook import stages
from tests.aws.conftest import Answer, CountingClock, Wire, clock, own_environment, wire
from tests.aws.scene import CHANGE, go, set_up

__all__ = ["clock", "own_environment", "wire"]

BASE = Path(__file__).parents[1] / "plans" / "base.toml"


@pytest.fixture
def at_wire(own_environment: Path, wire: Wire, clock: CountingClock, monkeypatch: pytest.MonkeyPatch) -> Wire:
    """An organization that lacks one trusted service, and a clock that only counts."""
    set_up(wire)
    monkeypatch.setenv("ORGKIT_ENDPOINT_URL", wire.url)
    monkeypatch.setenv("ORGKIT_OUTPUTS", str(own_environment.parent / "outputs"))
    monkeypatch.setattr(stages, "clock_of", lambda: clock)
    monkeypatch.setattr(session, "clock_of", lambda: clock)
    return wire


def apply() -> tuple[OrgkitError | None, RunResult, Path]:
    """Phase 01 as its cells have it, approved; what stopped it, its result, and its folder."""
    run = stages.begin("organization", str(BASE))
    aws = stages.connect(run)
    plan = stages.plan(run, stages.read(run, aws))
    gate = stages.approve(run, aws, plan)
    gate.accept("Jane", "", "button")
    stopped = None
    try:
        stages.apply(run, aws, plan, gate)
    except OrgkitError as stop:
        stopped = stop
    return stopped, compute(None, list(read_events(run.folder / "events.jsonl"))), run.folder


def test_an_organization_that_is_still_being_set_up_ends_the_run_as_not_yet(
    at_wire: Wire, clock: CountingClock
) -> None:
    at_wire.always[CHANGE] = Answer.error("FinalizingOrganizationException")
    stopped, result, _ = apply()
    assert isinstance(stopped, NotYet)
    assert (result.outcome, result.exit_code, result.succeeded) == ("not yet", EXIT_RETRY_LATER, False)
    assert result.ended == {"failed": 1}
    assert sum(clock.slept) == 4500
    assert "AWS still answered so after 4500 s" in stopped.reason
    assert "same command, under the same approval" in stopped.remedy


def test_a_refusal_that_does_not_pass_by_itself_is_a_failure(at_wire: Wire) -> None:
    at_wire.always[CHANGE] = Answer.error("AccessDeniedException")
    stopped, result, _ = apply()
    assert type(stopped) is StepFailed
    assert (result.outcome, result.exit_code) == ("failed", EXIT_FAILED)


def test_a_finding_that_comes_up_after_the_approval_stops_the_apply_before_anything_is_sent(at_wire: Wire) -> None:
    run = stages.begin("organization", str(BASE))
    aws = stages.connect(run)
    plan = stages.plan(run, stages.read(run, aws))
    gate = stages.approve(run, aws, plan)
    gate.accept("Jane", "", "button")
    at_wire.always["GetAccountSummary"] = Answer.error("AccessDenied", 403)
    with pytest.raises(CheckStops, match="root access keys"):
        stages.apply(run, aws, plan, gate)
    with pytest.raises(CheckStops, match="root access keys"):
        stages.approve(run, aws, stages.plan(run, stages.read(run, aws)), plan.digest)
    with pytest.raises(CheckStops, match="root access keys"):
        stages.verify(run, aws)
    assert CHANGE not in at_wire.asked


def failed(sentence: str, code: str) -> Outcome:
    return Outcome(sentence, "+", StepStatus.FAILED, reason="AWS rejected it.", remedy="fix it.", code=code)


@pytest.mark.parametrize("code", sorted(TRANSIENT_CODES))
def test_a_transient_failure_asks_only_to_run_again_later(code: str) -> None:
    stop = stages._failure([failed("one", code), failed("two", code)])
    assert (type(stop), stop.code, stop.exit_code) == (NotYet, code, 9)
    assert stop.reason.startswith("one: ")


def after(*outcomes: Outcome) -> OrgkitError:
    """What ends a run whose last step was left because its approval had ended."""
    ended = Outcome("last", "+", StepStatus.SKIPPED, code="ApprovalEnded")
    stop = stages._stop_after(Outcomes((*outcomes, ended)), datetime(2026, 11, 24, tzinfo=UTC))
    assert stop is not None
    return stop


def test_a_step_that_failed_is_not_said_to_go_on_under_an_approval_that_has_ended_since() -> None:
    stop = after(failed("one", "AccessDeniedException"))
    assert (type(stop), stop.exit_code, stop.reason) == (StepFailed, EXIT_FAILED, "one: AWS rejected it.")
    assert stop.remedy.startswith("fix it. But the approval ended at 2026-11-24T00:00:00")
    assert "plan again" in stop.remedy


def test_to_wait_for_aws_does_not_help_where_the_approval_has_ended_since() -> None:
    stop = after(failed("one", "TooManyRequestsException"))
    assert (type(stop), stop.exit_code) == (ApprovalEnded, EXIT_PLAN_CHANGED)
    assert "one: AWS rejected it." in stop.reason
    assert "plan again" in stop.remedy
    assert "same approval" not in stop.remedy


def test_a_step_that_somebody_has_to_mend_is_told_before_one_that_passes_by_itself() -> None:
    stop = stages._failure([failed("one", "TooManyRequestsException"), failed("two", "AccessDeniedException")])
    assert (type(stop), stop.exit_code) == (StepFailed, EXIT_FAILED)
    assert stop.reason.startswith("two: ")


def test_what_passes_by_itself_is_what_a_change_is_repeated_for() -> None:
    assert THROTTLING_CODES | CONFLICT_CODES | FINALIZING_CODES | {NO_CAPACITY} == TRANSIENT_CODES
    assert not TRANSIENT_CODES & {"", "AccessDeniedException", "ExpiredToken", "NoAnswer", "EndpointConnectionError"}


def test_a_clock_that_goes_wrong_meanwhile_ends_in_an_exact_record(at_wire: Wire, clock: CountingClock) -> None:
    """AWS refuses the change for the time at which it was signed: nothing was done, and a person sets the clock."""
    at_wire.always[CHANGE] = Answer.error("InvalidSignatureException", Message="Signature expired: it is now earlier")
    at_wire.clock = CountingClock(clock.time + timedelta(minutes=3))
    stopped, result, folder = apply()
    assert isinstance(stopped, StepFailed)
    assert result.exit_code == EXIT_FAILED
    assert result.ended == {"failed": 1}
    assert result.mutations == {"attempted": 1, "committed": 0, "refused": 1, "unsure": 0}
    why, do = result.reasons[1:]
    assert "the clock of this machine says" in why
    assert do.startswith("set the clock of this machine")
    assert do.endswith("then run the phase again.")
    (step,) = [event for event in read_events(folder / "events.jsonl") if event["event"] == "step"]
    assert (step["result"], step["do"]) == ("failed", do)


def test_credentials_that_end_meanwhile_leave_the_rest_and_say_what_to_run_next(at_wire: Wire) -> None:
    at_wire.always["ListAWSServiceAccessForOrganization"] = Answer.json(EnabledServicePrincipals=[])
    at_wire.always[CHANGE] = Answer.error("ExpiredTokenException")
    stopped, result, _ = apply()
    assert stopped is not None
    assert stopped.remedy.startswith("sign in again")
    assert result.exit_code == EXIT_FAILED
    assert [len(result.how_far[word]) for word in ("failed", "not begun")] == [1, 1]
    assert result.next_command == f"orgkit run FILE organization --approved-plan {result.digest}"


def ctrl_c(*_: object, **__: object) -> NoReturn:
    raise KeyboardInterrupt


def test_ctrl_c_while_a_change_is_on_its_way_leaves_it_in_doubt(at_wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(response, "change", ctrl_c)
    stopped, result, _ = apply()
    assert isinstance(stopped, Interrupted)
    assert (result.outcome, result.exit_code) == ("interrupted", 7)
    assert stopped.reason == "Ctrl-C or a signal ended the run."
    assert "looks at what is there" in stopped.remedy
    assert list(result.how_far) == ["in doubt"]
    assert result.next_command == f"orgkit run FILE organization --approved-plan {result.digest}"


def test_ctrl_c_before_the_first_change_says_that_nothing_was_changed(
    at_wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stages, "apply_steps", ctrl_c)
    stopped, result, _ = apply()
    assert stopped is not None
    assert stopped.reason == "Ctrl-C or a signal ended the run, and had changed nothing."
    assert list(result.how_far) == ["not begun"]


def test_a_library_that_would_apply_while_a_runbook_does_is_told_which_run_it_is(
    at_wire: Wire, clock: CountingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever folder the records of either are kept in."""
    rejection: list[AnotherRun] = []

    def meanwhile(*_: object, **__: object) -> Outcomes:
        with pytest.raises(AnotherRun) as found:
            go(clock)
        rejection.append(found.value)
        return Outcomes(())

    monkeypatch.setattr(stages, "apply_steps", meanwhile)
    stopped, result, folder = apply()
    assert stopped is None
    assert f"run {folder.name} holds the lock" in rejection[0].reason
    assert CHANGE not in at_wire.asked
    assert result.mutations["attempted"] == 0
    go(clock)
    assert at_wire.asked.count(CHANGE) == 1


def test_a_runbook_that_would_apply_while_the_library_does_is_refused_and_changes_nothing(
    at_wire: Wire, clock: CountingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends: list[tuple[OrgkitError | None, RunResult, Path]] = []

    def meanwhile(*_: object, **__: object) -> Outcomes:
        ends.append(apply())
        return Outcomes(())

    monkeypatch.setattr(approve, "apply_steps", meanwhile)
    go(clock)
    ((stopped, result, _),) = ends
    assert isinstance(stopped, AnotherRun)
    assert f"process {os.getpid()}, run library holds the lock" in stopped.reason
    assert (result.outcome, result.exit_code) == ("refused", 1)
    assert CHANGE not in at_wire.asked
