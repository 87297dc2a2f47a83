"""How an apply ends that could not be brought to its end: what its record says to a person who is frightened by it."""

from datetime import timedelta
from pathlib import Path

import pytest

from orgkit.aws import session
from orgkit.aws.retry import BUSY, FINALIZING, NO_ROOM, PASSES, THROTTLED
from orgkit.errors import EXIT_FAILED, EXIT_RETRY_LATER, NotYet, StepFailed, Stop
from orgkit.journal import read_events
from orgkit.outcome import Outcome
from orgkit.outcome import Result as StepResult
from orgkit.record.result import Result, compute
from orgkit.runbook import stages
from tests.aws.conftest import Answer, CountingClock, Wire, clock, own_environment, wire
from tests.aws.scene import CHANGE, set_up

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


def apply() -> tuple[Stop | None, Result, Path]:
    """Phase 01 as its cells have it, approved; what stopped it, its result, and its folder."""
    run = stages.begin("organization", str(BASE))
    aws = stages.connect(run)
    plan = stages.plan(run, stages.read(run, aws))
    gate = stages.approve(run, aws, plan)
    gate.accept("Jane", "", "button")
    stopped = None
    try:
        stages.apply(run, aws, plan, gate)
    except Stop as stop:
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
    assert "AWS still answered so after 4500 s" in stopped.why
    assert "same command, under the same approval" in stopped.do


def test_a_refusal_that_does_not_pass_by_itself_is_a_failure(at_wire: Wire) -> None:
    at_wire.always[CHANGE] = Answer.error("AccessDeniedException")
    stopped, result, _ = apply()
    assert type(stopped) is StepFailed
    assert (result.outcome, result.exit_code) == ("failed", EXIT_FAILED)


def failed(sentence: str, code: str) -> Outcome:
    return Outcome(sentence, "+", StepResult.FAILED, why="AWS said no.", do="mend it.", code=code)


@pytest.mark.parametrize("code", sorted(PASSES))
def test_whoever_has_nothing_to_mend_is_told_so(code: str) -> None:
    stop = stages._failure([failed("one", code), failed("two", code)])
    assert (type(stop), stop.code, stop.exit_code) == (NotYet, code, 9)
    assert stop.why.startswith("one: ")


def test_a_step_that_somebody_has_to_mend_is_told_before_one_that_passes_by_itself() -> None:
    stop = stages._failure([failed("one", "TooManyRequestsException"), failed("two", "AccessDeniedException")])
    assert (type(stop), stop.exit_code) == (StepFailed, EXIT_FAILED)
    assert stop.why.startswith("two: ")


def test_what_passes_by_itself_is_what_a_change_is_repeated_for() -> None:
    assert THROTTLED | BUSY | FINALIZING | {NO_ROOM} == PASSES
    assert not PASSES & {"", "AccessDeniedException", "ExpiredToken", "NoAnswer", "EndpointConnectionError"}


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
